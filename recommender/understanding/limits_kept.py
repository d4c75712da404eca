"""Which hard limits hold after a turn: what is added, superseded, widened and allowed again.

Hard limits stay until a later turn replaces, lifts or contradicts them.
"""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterable
from dataclasses import replace

from recommender.dialogue import Act, DialogueState, Phrase, StatedLimit
from recommender.understanding.lexicon import Lexicon
from recommender.understanding.reading import ComparisonRead, Reading, contradict, interval
from recommender.understanding.taking_back import without_words
from retrieval.catalog import fold
from retrieval.limits import Limit

_ADDING = re.compile(
    r"\b(?:also|as well|in addition)\b|^and\b|(?<!too )\btoo[.!]*$|"
    r"^make (?:it|them) (?!an? |the )(?:more )?\w+|^(?:with )?(?:more|some|a bit of) \w+|\b(?:if (?:at all )?possible|if you can|ideally|preferably)\W*$"
)
_WIDENING = re.compile(r"^(?:or|and)\b")


def with_limits(
    state: DialogueState, reading: Reading, turn: int, act: Act, spoken: str, lexicon: Lexicon
) -> DialogueState:
    """The state with the limits of a reading, each old one kept, replaced or widened.

    `act` is ASK where the reading is a new wish, else REFINE.
    """
    adding = bool(_ADDING.search(spoken))
    asked = [old.limit for old in state.limits if not old.limit.negated]
    new = [
        StatedLimit(read.instead, read.words, turn)
        if read.instead and any(_shares_value(read.limit, one) for one in asked)
        else StatedLimit(read.limit, read.words, turn)
        for read in reading.limits
    ]
    new += [
        s for s in (_compared(c, state, reading, turn, lexicon) for c in reading.comparisons) if s
    ]
    new = [one for one in new if not any(_implies(other.limit, one.limit) for other in new)]
    kept = list(state.limits)
    if act is Act.ASK and any(_starts_afresh(one.limit) for one in new):
        kept = [old for old in kept if not _starts_afresh(old.limit)]
    kept = _permitted(kept, reading, adding, lexicon)
    if act is Act.REFINE and (adding or _WIDENING.search(spoken)):
        kept, new = _widened(kept, new, or_else=spoken.startswith("or "))
    kept = [
        old for old in kept if not any(_supersedes(one.limit, old.limit, adding) for one in new)
    ]
    # "More violent" takes "less violent" back.
    wanted = {fold(leaning.words) for leaning in state.leanings if leaning.turn == turn}
    kept = [old for old in kept if not (_is_of_words(old.limit) and wanted & set(old.limit.values))]
    distinct: dict[Limit, StatedLimit] = {one.limit: one for one in (*kept, *new)}
    gone = [old for old in state.limits if old not in kept and old.limit.values]
    wish = without_words(state.wish, gone)
    if not wish and state.wish and reading.wish:
        wish = (Phrase(reading.wish, turn),)
    # A soft wish ends where what it leans towards is ruled out.
    barred = [one.limit for one in new if one.limit.negated and one.limit.values]
    leanings = tuple(
        leaning
        for leaning in state.leanings
        if leaning.turn == turn
        or not any(
            fold(leaning.words) in {fold(value) for value in limit.values}
            or (leaning.field in limit.fields and set(leaning.values[:1]) & set(limit.values))
            for limit in barred
        )
    )
    return replace(state, limits=tuple(distinct.values()), leanings=leanings, wish=wish)


def _implies(one: Limit, other: Limit) -> bool:
    """Whether a one-sided bound leaves nothing for another to rule out: "shorter, under 200"."""
    if one.fields != other.fields or one.values or other.values or one.negated or other.negated:
        return False
    if one.minimum is None and other.minimum is None and one.maximum and other.maximum:
        return one.maximum < other.maximum
    if one.maximum is None and other.maximum is None and one.minimum and other.minimum:
        return one.minimum > other.minimum
    return False


def _permitted(
    kept: list[StatedLimit], reading: Reading, adding: bool, lexicon: Lexicon
) -> list[StatedLimit]:
    """What is left of limits where something is allowed: "Korean is fine too"."""
    result = []
    for old in kept:
        for leave in reading.permitted:
            if _shares_value(leave, old.limit) and old.limit.negated:
                break
            exclusive = set(leave.fields) <= lexicon.exclusive
            if leave.fields == old.limit.fields and not old.limit.negated and (adding or exclusive):
                values = tuple(dict.fromkeys((*old.limit.values, *leave.values)))
                old = replace(old, limit=Limit(leave.fields, values))
        else:
            result.append(old)
    return result


def _starts_afresh(limit: Limit) -> bool:
    """Whether a limit says what kind of thing is wanted, which a new request says anew."""
    return bool(limit.values) and not limit.negated


def _compared(
    read: ComparisonRead, state: DialogueState, reading: Reading, turn: int, lexicon: Lexicon
) -> StatedLimit | None:
    """A bound from "newer" or "shorter", against the items spoken of or shown last."""
    catalog = lexicon.catalog
    ids: Iterable[str] = [i for item in reading.items for i in item.ids] or state.last_shown
    numbers = [
        catalog[i].numbers[read.field]
        for i in ids
        if i in catalog and read.field in catalog[i].numbers
    ]
    if not numbers:
        return None
    middle = round(statistics.median(numbers))
    limit = (
        Limit((read.field,), minimum=middle + 1)
        if read.direction > 0
        else Limit((read.field,), maximum=middle - 1)
    )
    return StatedLimit(limit, read.words, turn)


def _is_of_words(limit: Limit) -> bool:
    """Whether a limit rules out words of the items' text rather than values of one field."""
    return limit.negated and (limit.in_title or len(limit.fields) > 1)


def _shares_value(one: Limit, other: Limit) -> bool:
    return bool(set(one.fields) & set(other.fields)) and bool(set(one.values) & set(other.values))


def _widened(
    kept: list[StatedLimit], new: list[StatedLimit], or_else: bool
) -> tuple[list[StatedLimit], list[StatedLimit]]:
    """Old and new limits, where a turn adds an alternative: "and the 90s too", "or a thriller"."""
    for place, one in enumerate(new):
        for old in list(kept):
            limit = _union(old.limit, one.limit, or_else)
            if limit is None:
                continue
            kept.remove(old)
            new[place] = replace(one, limit=limit, words=f"{old.words} {one.words}")
            low, high = sorted((old.limit, one.limit), key=lambda x: x.minimum or 0)
            if not limit.values and (low.maximum or 0) + 1 < (high.minimum or 0):
                gap = Limit(
                    limit.fields, minimum=(low.maximum or 0) + 1, maximum=(high.minimum or 0) - 1,
                    negated=True,
                )  # fmt: skip
                new.append(replace(one, limit=gap))
            break
    return kept, new


def _union(old: Limit, new: Limit, or_else: bool) -> Limit | None:
    if old.fields != new.fields or old.negated or new.negated:
        return None
    if old.values and new.values:
        both = tuple(dict.fromkeys((*old.values, *new.values)))
        return Limit(old.fields, both) if or_else else None
    bounds = (old.minimum, old.maximum, new.minimum, new.maximum)
    if old.values or new.values or None in bounds:
        return None
    known = [bound for bound in bounds if bound is not None]
    return Limit(old.fields, minimum=min(known), maximum=max(known))


def _supersedes(new: Limit, old: Limit, adding: bool) -> bool:
    """Whether a new limit takes the place of an old one."""
    if not set(new.fields) & set(old.fields) or bool(new.values) != bool(old.values):
        return False
    if new.values:
        if new.negated != old.negated:
            return bool(set(new.values) & set(old.values))
        return not (adding or new.negated)
    return contradict(new, old) or _bounds_supersede(new, old)


def _bounds_supersede(new: Limit, old: Limit) -> bool:
    """The same for bounds that could both hold."""
    if None not in (new.minimum, new.maximum) and new.negated:
        return False
    if None not in (old.minimum, old.maximum):
        if old.negated:
            return False
        # "from the 80s", then "after 1985", goes on within; any other span is a new one.
        bound = new.minimum if new.maximum is None else new.maximum
        one_sided = None in (new.minimum, new.maximum)
        assert old.minimum is not None
        assert old.maximum is not None
        return not (one_sided and bound is not None and old.minimum < bound < old.maximum)
    if None not in (new.minimum, new.maximum):
        low, high = interval(old)
        assert new.minimum is not None
        assert new.maximum is not None
        return not (low <= new.minimum and new.maximum <= high)
    return _opens_up(new) == _opens_up(old)


def _opens_up(limit: Limit) -> bool:
    """Whether a one-sided bound lets the greater numbers through."""
    return (limit.maximum is None) != limit.negated
