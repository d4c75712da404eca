"""Undo: what an utterance takes back of what was said before, by name or as a whole turn.

"Undo" goes back to the state before the last turn; "forget the comedy part", "any year is
fine" or "never mind the kids" take back what their words name, wherever it is held.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from recommender.dialogue import DialogueState, Leaning, Mention, Phrase, Session, StatedLimit
from recommender.understanding.ranges import read_ranges
from recommender.understanding.reading import contradict
from recommender.understanding.words import FUNCTION_WORDS, singular
from retrieval.catalog import Catalog, Field, Kind, fold

_LATEST = re.compile(
    r"(?:(?:ok(?:ay)?|no|nah|oh|actually|sorry|please|h+m+|er+|right|so|then|wait|oops|ah|eh|can you|could you|can we|let's|you (?:can|may|could)|i think)[,.]? )*(?:(?:undo|reverse|cancel|scrap|revert|ignore|forget|drop|take back|remove|delete|lose)(?: (?:that|the|my|this)(?: very)? (?:last|latest|previous|most recent) (?:\w+ )?(?:one|thing|step|bit|part|change|turn|message|limit|restriction|filter|condition|request|rule|wish|addition))|undo(?: (?:that|it|this))?|"
    r"(?:take|put) (?:that|it) back|go back(?: (?:one|a) step)?(?: to (?:what|how|where|the way) (?:it|we|they|things|that) (?:was|were|had|stood)(?: it)?(?: before| earlier)?)?|step back|scrap (?:that|it|this)|never ?mind(?: (?:that|it|this))?|"
    r"forget (?:that|it|this|i said (?:that|it)|what i (?:just )?said|the last (?:one|thing|bit))|ignore (?:that|it|the last (?:one|thing|bit)|what i (?:just )?said)|i take (?:that|it) back|strike that|revert(?: that)?|as it was(?: before)?)"
    r"(?:,? please)?[ .!]*"
)
_FINE = r"(?:fine|ok|okay|allowed|alright|all right|good|welcome|acceptable|cool)"
_BY_NAME = re.compile(
    r"(?:^|^i |[,.;!] |\b(?:ok|okay|please|and|but|then|actually|oh|sorry|well|h+m+|no|can you|could you|let's|(?:you|we) (?:may|can|could|might)(?: as well| now| just| safely| also| happily)?|feel free to|(?:i|we) (?:want to|would like to|'d like to)|just|then),? )(?:forget|drop|remove|ignore|lift|lose|relax|undo|delete|take (?:back|out|away)|skip|cancel|scratch|"
    r"never ?mind|scrap)(?: about)? (?:that i (?:said i )?(?:wanted |want |like |love |liked |loved |need |asked for |mentioned )?)?(?:the |that |my |it'?s |it must be |any |what i said about |being |a |an )*"
    r"(?:(?:limit|restriction|condition|rule|requirement|filter|constraint|thing|part|bit)s? (?:on|for|about|of|with) (?:the )?)?(?P<what>[^,.;!?]+)"
    rf"|^(?:(?:ok(?:ay)?|well|actually|oh),? )?(?P<every>any) (?P<any>.+?)(?: (?:is|will be|would be|will do|works) ?{_FINE}?(?: (?:now|too|by me|with me|as well|again))*)?[.!]*$"
    r"|^(?:(?:ok(?:ay)?|well|actually|oh|h+m+|forget (?:that|it))[,.]? )*(?:(?:the|its?) )?(?P<matter>.+?) (?:(?:doesn't|does not|don't|do not|doesnt|dont) (?:really |actually )?matter|(?:isn't|is not|isnt|aren't) (?:really |actually |that |so )?(?:important|crucial|essential|a must|an issue)|is (?:irrelevant|unimportant|optional))\b.*"
    r"|\b(?:don't|do not|dont) (?:really |actually )?(?:care about|mind) (?:about )?(?:the |its? )?(?P<care>.+?)(?: (?:anymore|any more|now|at all|that much|so much|really))?[.!]*$"
    r"|\b(?:doesn'?t|does not|don'?t|needn'?t) (?:have|need) to be (?:with |by |in |from |a |an )?(?P<need>.+?)(?: (?:actually|anymore|any more|now|though|tho|at all))*[.!]*$"
    r"|^no (?P<limitless>.+?) (?:limit|restriction|preference)s?[.!]*$"
    rf"|^(?:(?:ok(?:ay)?|well|actually|oh|and|but|h+m+|great|sure|fine|right)[,. ]+)*(?P<fine>.+?)(?: (?:is|are|would be)|['’]s) (?:also |totally |actually |perfectly |really )?{_FINE}"
    r"(?:,? (?:too|as well|now|again|after all|with me|by me|really|actually|tbh|though|tho|come to think of it|i guess|i suppose|if need be))*[.!]*$"
)
_TAILS = frozenset(
    {
        "part",
        "bit",
        "thing",
        "idea",
        "requirement",
        "stuff",
        "limit",
        "filter",
        "restriction",
        "condition",
        "wish",
        "one",
        "rule",
        "constraint",
        "aspect",
        "side",
    }
)
_UNSEEN = re.compile(
    r"\b(?:haven'?t|have not|never|didn'?t|did not)(?: actually| really| ever)? (?:see|seen|watch|watched|read|play|played|finish|finished)\b"
)
# Which of two bounds is meant: "drop the minimum length".
_SIDES = {"minimum": -1, "min": -1, "lower": -1, "maximum": 1, "max": 1, "upper": 1}
Held = TypeVar("Held", StatedLimit, Leaning, Phrase)


@dataclass(frozen=True)
class TakenBack:
    """The state without what was taken back, what that was, and the text left to read.

    With `turn` a whole turn was undone and the state is that of an earlier one.
    """

    state: DialogueState
    limits: tuple[StatedLimit, ...]
    words: tuple[str, ...]
    rest: str
    turn: bool = False


def take_back(
    text: str, session: Session, state: DialogueState, catalog: Catalog
) -> TakenBack | None:
    """What a text takes back, or None where it takes nothing back."""
    spoken = text.lower().strip()
    if _LATEST.fullmatch(spoken) and session.turn:
        before = _state_before(session)
        gone = tuple(one for one in state.limits if one not in before.limits)
        return TakenBack(before, gone, (text,), "", turn=True)
    leading = re.match(r"forget (?:that|it),\s+", spoken)  # "forget that, the year doesn't matter"
    if leading:
        text = text[leading.end() :]
        spoken = text.lower().strip()
    match = _BY_NAME.search(spoken)
    if match is None:
        return None
    rest = text[match.end() :].strip(" ,.;:!?-")
    rest = re.sub(r"^(?:but|and|just|then)\b[ ,]*", "", rest, flags=re.IGNORECASE)
    target = next(group for name, group in match.groupdict().items() if group and name != "every")
    return _take_back_named(target, match, state, catalog, rest)


def unseen(text: str) -> bool:
    """Whether a text says that something was not seen."""
    return bool(_UNSEEN.search(text.lower().replace("’", "'")))


def _state_before(session: Session) -> DialogueState:
    """The state that an undo goes back to; what was shown since stays shown."""
    now = session.state
    target = now.stands_for - 1
    before = next((s for s in reversed(session.earlier) if s.stands_for <= target), DialogueState())
    return replace(before, shown=now.shown, last_shown=now.last_shown, spoken_of=now.spoken_of)


def _take_back_named(
    target: str, match: re.Match[str], state: DialogueState, catalog: Catalog, rest: str
) -> TakenBack | None:
    words = {singular(word) for word in fold(target).split()} - FUNCTION_WORDS
    labels = {word for f in catalog.fields.values() for word in names_of(f)}
    words = words - {"number", "amount", "kind", "level"} or words
    of_fields = bool(words) and words - set(_SIDES) <= labels
    bare = {word for word in words if word not in _TAILS} or words
    if match["any"] and not match["what"] and not match["fine"] and not of_fields:
        return None  # "any good comedies?"
    fine = bool(match["fine"])
    side = next((sign for word, sign in _SIDES.items() if word in words), 0)
    bare = bare - set(_SIDES) if side and bare - set(_SIDES) else bare
    limits = tuple(one for one in state.limits if _is_lifted(one, bare, fine, catalog))
    limits = tuple(one for one in limits if not side or _side_of(one) in (0, side))
    if side and bare <= set(_SIDES):  # "forget the upper limit"
        limits = tuple(one for one in state.limits if _side_of(one) == side)
    if fine:  # "over two hours is fine too"
        limits += tuple(
            one for one in state.limits
            if of_fields and one not in limits and one.limit.values
            and words & {w for name in one.limit.fields for w in names_of(catalog.fields[name])}
        )  # fmt: skip
        allowed = [found.limit for found in read_ranges(target, catalog)]
        limits += tuple(
            one for one in state.limits
            if one not in limits and any(contradict(one.limit, limit) for limit in allowed)
        )  # fmt: skip
    if fine or match["limitless"]:
        if limits:
            return TakenBack(without_limits(state, limits), limits, _said(limits), rest)
        return TakenBack(state, (), (), rest) if of_fields and not fine else None
    leanings = _naming(state.leanings, bare)
    wishes = _naming(state.wish, bare)
    tastes: tuple[Phrase | Leaning, ...] = (
        *_naming(state.taste, bare),
        *_naming(state.taste_leanings, bare),
    )
    context = _naming_context(state.context, bare)
    mentions = (
        _of_titles((*state.liked, *state.disliked, *state.seen), bare, catalog)
        if not limits
        else ()
    )
    gone: tuple[StatedLimit | Leaning | Phrase | Mention, ...] = (
        *limits,
        *leanings,
        *wishes,
        *tastes,
        *context,
        *mentions,
    )
    if not gone:
        asked = match["what"] and re.match(r"\W*(?:forget|undo|take back)\b", match[0].lstrip("i "))
        return TakenBack(state, (), (), rest) if of_fields or asked else None
    state = without_limits(state, limits)
    state = replace(
        state,
        leanings=tuple(one for one in state.leanings if one not in leanings),
        wish=_without_said(state.wish, bare) if wishes else state.wish,
        taste=tuple(one for one in state.taste if one not in tastes),
        taste_leanings=tuple(one for one in state.taste_leanings if one not in tastes),
        context=tuple(one for one in state.context if one not in context),
        liked=tuple(one for one in state.liked if one not in mentions),
        disliked=tuple(one for one in state.disliked if one not in mentions),
        seen=tuple(one for one in state.seen if one not in mentions),
    )
    return TakenBack(state, limits, _said(gone), rest)


def _said(gone: Iterable[StatedLimit | Leaning | Phrase | Mention]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.words for one in gone))


def _naming(held: Sequence[Held], words: set[str]) -> tuple[Held, ...]:
    """What was said in one of the words, or leans towards a value of one."""
    return tuple(
        one for one in held
        if words & _singulars(one.words, *(one.values if isinstance(one, Leaning) else ()))
    )  # fmt: skip


def _naming_context(held: Sequence[Phrase], words: set[str]) -> tuple[Phrase, ...]:
    return tuple(one for one in held if words & (_singulars(one.words) | {one.kind}))


def _of_titles(held: Sequence[Mention], words: set[str], catalog: Catalog) -> tuple[Mention, ...]:
    """Mentions of items whose title the words name."""
    found = []
    for one in held:
        title = _singulars(catalog[one.item_id].title) if one.item_id in catalog else set()
        if title and (title <= words or (words <= title and words)):
            found.append(one)
    return tuple(found)


def _singulars(*texts: str) -> set[str]:
    return {singular(word) for word in fold(" ".join(texts)).split()} - FUNCTION_WORDS


def _without_said(wish: tuple[Phrase, ...], words: set[str]) -> tuple[Phrase, ...]:
    """The wish without the words; a phrase goes as a whole where little else is left of it."""
    kept = []
    for phrase in wish:
        if not words & _singulars(phrase.words):
            kept.append(phrase)
            continue
        left = [w for w in phrase.words.split() if singular(fold(w)) not in words]
        if any(fold(w) not in FUNCTION_WORDS for w in left) and len(left) > 1:
            kept.append(replace(phrase, words=" ".join(left)))
    return tuple(kept)


def without_limits(state: DialogueState, gone: Sequence[StatedLimit]) -> DialogueState:
    """A state without limits, and without their words in the wish."""
    return replace(
        state,
        limits=tuple(one for one in state.limits if one not in gone),
        wish=without_words(state.wish, gone),
    )


def without_words(wish: tuple[Phrase, ...], gone: Iterable[StatedLimit]) -> tuple[Phrase, ...]:
    """A wish without the words of limits that hold no more: "a French film", any language."""
    said = [re.escape(one.words) for one in gone]
    if not said:
        return wish
    result = []
    for phrase in wish:
        words = re.sub(rf"\b(?:{'|'.join(said)})\b", " ", phrase.words, flags=re.IGNORECASE)
        words = re.sub(r"\s+", " ", words).strip(" ,.;:-")
        if any(word not in FUNCTION_WORDS for word in fold(words).split()):
            result.append(replace(phrase, words=words))
    return tuple(result)


def _is_lifted(stated: StatedLimit, words: set[str], fine: bool, catalog: Catalog) -> bool:
    limit = stated.limit
    if not fine or limit.negated:
        return bool(words & _words_of(stated, catalog))
    if limit.values:  # "no subtitles" asked for a language; "subtitles are ok" takes it back
        said = fold(stated.words).split()
        return bool(words & {singular(w) for w in said}) and bool(
            {"no", "without", "not"} & set(said)
        )
    # "longer is fine" takes back an upper bound, "older is fine" a lower one.
    f = catalog.fields[limit.fields[0]]
    for phrases, bound in ((f.more, limit.maximum), (f.less, limit.minimum)):
        if bound is not None and any(set(fold(phrase).split()) <= words for phrase in phrases):
            return True
    return False


def _side_of(stated: StatedLimit) -> int:
    """-1 for a least, +1 for a greatest number alone, 0 for anything else."""
    limit = stated.limit
    return (limit.maximum is not None) - (limit.minimum is not None) if not limit.values else 0


def _words_of(stated: StatedLimit, catalog: Catalog) -> set[str]:
    said = [stated.words, *stated.limit.values, stated.limit.in_words(catalog)]
    said += [word for name in stated.limit.fields for word in names_of(catalog.fields[name])]
    return {singular(word) for word in fold(" ".join(said)).split()} - FUNCTION_WORDS


def names_of(f: Field) -> set[str]:
    """The words by which a field itself is spoken of, in the singular."""
    names = f"{f.name} {f.label}"
    if f.kind is Kind.YEAR:
        names += " year date decade age period era"
    if f.kind is Kind.PERSON:  # "actress", "director", "author"
        names += " " + " ".join(word for role in f.roles for word in role.split() if len(word) > 4)
    if "longer" in f.more:  # a duration or a number of pages
        names += " length long duration time running runtime"
    return {singular(word) for word in fold(names).split()}
