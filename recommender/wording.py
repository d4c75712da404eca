"""What the recommender says around its picks: openings, empty results, small talk, chips.

Plain text; the user's words and the catalog's are quoted as they are.
"""

from __future__ import annotations

from collections.abc import Sequence

from recommender.dialogue import Act, Choice, DialogueState, Pick
from recommender.understanding.elsewhere import is_crisis
from recommender.understanding.understander import Understanding
from retrieval.catalog import Catalog, Kind
from retrieval.limits import Limit, LimitFilter

_MOST_CHIPS = 4


def opening(understanding: Understanding, catalog: Catalog, repeated: bool) -> str:
    """The line before the picks: what was looked for, and what still holds."""
    state = understanding.state
    wish = state.wish[-1].words if state.wish else ""
    limits = ", ".join(dict.fromkeys(_in_words(s.limit, state, catalog) for s in state.limits))
    liked = [catalog[m.item_id].title for m in state.liked if m.turn >= state.began]
    if Act.UNDO in understanding.acts and understanding.taken_back:
        start = f"Without “{', '.join(understanding.taken_back)}”"
    elif Act.MORE in understanding.acts:
        start = "More of the same"
    elif wish:
        start = f"For “{wish}”"
    elif liked:
        start = f"Close to {listed(liked)}"
    else:
        start = f"Some {catalog.nouns} to look at"
    line = f"{start} ({limits}):" if limits else f"{start}:"
    if repeated:
        line = f"Nothing new is left for this; these you have been shown before.\n{line}"
    return line


def left_the_catalog(names: Sequence[str]) -> str:
    """Says plainly that items which were shown before are no longer there."""
    quoted = listed([f"“{name}”" for name in names])
    return f"{quoted} {'has' if len(names) == 1 else 'have'} left the catalog in the meantime."


def closing_question(state: DialogueState, catalog: Catalog, asked_before: bool) -> str:
    """One question back where the wish is too vague to go on, never twice in a row."""
    if asked_before or state.limits or state.leanings or state.liked:
        return ""
    category = next(iter(catalog.of_kind(Kind.CATEGORY)), None)
    if category is None:
        return ""
    return f"Is there a {category.label} you are in the mood for, or one {catalog.noun} you loved?"


def nothing_fits(understanding: Understanding, catalog: Catalog, limits: LimitFilter) -> str:
    """Says that nothing passes all limits, and which would have to give."""
    state = understanding.state
    all_limits = [s.limit for s in state.limits]
    given, count = limits.conflict(all_limits, state.excluded)
    if not given:
        return "Nothing else in the catalog fits; all that does is known to you already."
    words = [f"“{_said(limit, state)}”" for limit in given]
    amount = f"{count} {catalog.noun if count == 1 else catalog.nouns}"
    return (
        f"No {catalog.noun} in this catalog fits all of that: "
        f"{', '.join(_in_words(limit, state, catalog) for limit in all_limits)}. "
        f"Without {' and '.join(words)} there would be {amount}."
    )


def conflict_chips(understanding: Understanding, limits: LimitFilter) -> tuple[str, ...]:
    state = understanding.state
    given, _ = limits.conflict([s.limit for s in state.limits], state.excluded)
    return tuple(f"Forget {_said(limit, state)}" for limit in given)[:_MOST_CHIPS]


def small_talk(understanding: Understanding, catalog: Catalog) -> str:
    """The short answer to what asks for no items, leading back to what can be asked."""
    acts = understanding.acts
    if Act.UNSAFE in acts:
        if is_crisis(understanding.utterance):
            return (
                "I am sorry that you feel this way. I can only recommend "
                f"{catalog.nouns}, but please talk to someone you trust, or to a crisis line in "
                "your country; in an emergency call the emergency number. You matter."
            )
        return f"I can't help with that. I can recommend {catalog.nouns}, if you like."
    if Act.OFF_TOPIC in acts:
        return (
            f"That is outside what I know: I recommend {catalog.nouns} and answer questions about "
            f"them. What kind of {catalog.noun} would you like?"
        )
    if Act.GREET in acts and Act.START_OVER not in acts:
        return (
            f"Hello! Tell me in your own words what {catalog.noun} you are looking for: a mood, "
            f"a {catalog.noun} you loved, or what it must and must not be."
        )
    if Act.THANK in acts:
        return f"You're welcome. Say “more” for other {catalog.nouns}, or start something new."
    return "All right, we start afresh. What are you looking for?"


def aside(catalog: Catalog) -> str:
    """What is said of a request that leads elsewhere, beside the picks for the rest."""
    return f"The other thing is beyond me: all I know is {catalog.nouns}."


def which_one(choice: Choice, catalog: Catalog) -> str:
    """Asks which of several items of one title is meant."""
    names = [_told_apart(i, choice, catalog) for i in choice.item_ids]
    return f"There is more than one “{choice.words}” here. Do you mean {' or '.join(names)}?"


def choice_chips(choice: Choice, catalog: Catalog) -> tuple[str, ...]:
    return tuple(_told_apart(i, choice, catalog) for i in choice.item_ids)[:_MOST_CHIPS]


def _told_apart(item_id: str, choice: Choice, catalog: Catalog) -> str:
    """The name of an item, with a person of it where the names of several are the same."""
    item = catalog[item_id]
    if sum(catalog[i].name == item.name for i in choice.item_ids) < 2:
        return item.name
    people = [v for f in catalog.of_kind(Kind.PERSON) for v in item.values(f.name)[:1]]
    return f"{item.name}, {people[0]}" if people else item.name


def chips(state: DialogueState, picks: Sequence[Pick], catalog: Catalog) -> tuple[str, ...]:
    """Short utterances that make sense next."""
    found = ["Something else"]
    for f in catalog.of_kind(Kind.YEAR):
        found += [f"Something {f.more[0]}"] if f.more else []
    for f in catalog.of_kind(Kind.NUMBER):
        found += [f"Something {f.less[0]}"] if f.less else []
    if picks:
        found.append(f"More like {picks[0].item.name}")
    return tuple(found[:_MOST_CHIPS])


def _in_words(limit: Limit, state: DialogueState, catalog: Catalog) -> str:
    return limit.in_words(catalog) if _reads_well(limit, catalog) else _said(limit, state)


def _said(limit: Limit, state: DialogueState) -> str:
    return next(s.words for s in state.limits if s.limit == limit)


def _reads_well(limit: Limit, catalog: Catalog) -> bool:
    """Whether a limit's own words read well: those of a theme that is ruled out do not."""
    return not (limit.negated and limit.of_words(catalog))


def listed(titles: Sequence[str]) -> str:
    """ "A, B and C"."""
    return " and ".join([", ".join(titles[:-1]), titles[-1]]) if len(titles) > 1 else titles[0]
