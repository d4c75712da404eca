"""What "the second one", "that", "both" and "the older of the two" mean.

Items are those of the last reply with picks and those last spoken of; which words compare
and which name a value comes from the catalog. Text that points at nothing stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from recommender.dialogue import DialogueState
from recommender.understanding.lexicon import Lexicon
from recommender.understanding.nouns import pattern_of
from recommender.understanding.shown_items import by_digits, by_title
from recommender.understanding.telling_apart import at_hand, by_value
from recommender.understanding.words import split_words
from retrieval.catalog import Catalog, Kind

_PLACES = {
    "first": 0, "1st": 0, "second": 1, "2nd": 1, "third": 2, "3rd": 2, "fourth": 3, "4th": 3,
    "fifth": 4, "5th": 4, "frist": 0, "thrid": 2, "sixth": 5, "6th": 5, "last": -1, "middle": 1, "top": 0, "final": -1,
}  # fmt: skip
_COUNTS = {"two": 2, "2": 2, "three": 3, "3": 3, "couple": 2, "few": 3}
_PLACE = "|".join(sorted(_PLACES, key=len, reverse=True))
# What may stand behind "the second" for it to be a pick and not part of "the second world war".
_ENDS = (
    r"(?=\s*(?:$|[,.;:!?)(—–-]|'s\b|’s\b|\b(?:and|but|or|please|is|was|isn't|wasn't|looks?|sounds?|seems?|i|i've|"
    r"i'd|we|we've|again|though|already|too|to|than|with|though|tho|just|only|for|in|on|because|cause|as|if|"
    r"which|that|has|have|does|did|do|got|gets|go|no|not|nah|yes|yeah|maybe|instead|so|about|by|of|out|tonight|had|got|either|neither|nor|really|don't|doesn't|didn't|a|five|four|three|two|one|\d)\b))"
)
_ENDS_ASKING = r"(?= (?!world|war|half|time|part|act|name|person|lady|man|date|day|night|week|year|thing|class|century|chapter|season|love|aid|sequel)\w|\s*(?:$|[,.;:!?)]|'s\b))"
_ALL = (
    r"(?:all(?: (?:of|three of|the))? (?:these|those|them)|all three|all of it|any of (?:these|those|them)(?: (?:three|two|ones))?|"
    r"these(?: (?:ones|three|two))?|"
    r"those(?: (?:ones|three|two))?|(?<=love )them|(?<=loved )them|(?<=like )them|(?<=liked )them|(?<=hate )them|(?<=hated )them|"
    r"(?<=seen )them|(?<=saw )them|(?<=watched )them|(?<=read )them|(?<=of )them all|(?<=know )them)"
)
_ATTITUDE = (
    r"(?:love|loved|loves|adore|adored|like|liked|likes|enjoy|enjoyed|hate|hated|dislike|disliked|"
    r"seen|saw|see|watched|watch|read|heard|played|finished|know|knew|recommend(?:ed)?|suggest(?:ed)?|"
    r"similar to|than|not|of|about|for|with|give|rate|gave|forget|skip|drop|pick(?:ed)?|cho(?:o)?se|show|try|"
    r"who made|to|from|in)"
)
_IT = re.compile(
    rf"\b(?:{_ATTITUDE}) (?P<it>it|that one|this one|that|this)\b(?! (?:would|could|might|was like|way|kind|sort|much|many|"
    r"bad|long|old|scary|good|time|year|evening|weekend|week|decade|century|is|are|has|have|isn't|aren't|doesn't|don't|mood|"
    r"vein|style|genre|director|author|actor|actress|i|we|you|my|will|can)\b)"
)
_DESCRIBED = re.compile(r"\b(?:that|the|a) (?:one|film|movie|book) (?:where|in which|when)\b")
_NUMBERED = re.compile(
    r"(?:\b(?:number|no\.|nr\.?|option|pick) ?|#)(?P<n>\d|one|two|three|four|five)\b"
)
_NUMBER_WORDS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5}
_PRONOUN = (
    r"\b(?:it|this|its|it's|that's|this one|that one|the {nouns}|"
    r"that(?! (?:is|are|was|has|have|isn't|does|doesn't|won't|makes?|will|can|i|we|you)\b))\b"
)


@dataclass(frozen=True)
class Reference:
    """A part of a text, by its characters, and the items that it points at."""

    start: int
    end: int
    item_ids: tuple[str, ...]
    bare: bool = False  # "it", "that": what an item named beside it may be meant by


def read_references(
    text: str, state: DialogueState, lexicon: Lexicon, *, asking: bool = False
) -> list[Reference]:
    """All references in a text, in order, none overlapping; longer ones go first.

    In a question (`asking`) "the second" is a pick whatever verb follows it.
    """
    if not state.last_shown and not state.spoken_of:
        return []
    spoken = text.lower()
    if len(spoken) != len(text):
        return []
    named = [
        *by_title(text, (*at_hand(state), *state.shown), lexicon),
        *by_digits(spoken, state.last_shown),
    ]
    found = [*(Reference(*one) for one in named), *_by_place(spoken, state, lexicon, asking),
             *(Reference(*one) for one in by_value(text, state, lexicon)),
             *_together(spoken, state, lexicon), *_by_pronoun(spoken, state)]  # fmt: skip
    kept: list[Reference] = []
    for one in sorted(found, key=lambda r: (r.start - r.end, r.start)):
        if one.item_ids and all(one.end <= k.start or k.end <= one.start for k in kept):
            kept.append(one)
    return _with_antecedents(sorted(kept, key=lambda r: r.start))


def _with_antecedents(found: list[Reference]) -> list[Reference]:
    """References of which a bare pronoun means what was named before it in the same text."""
    result: list[Reference] = []
    for one in found:
        before = [r.item_ids for r in result if not r.bare]
        result.append(replace(one, item_ids=before[-1]) if one.bare and before else one)
    return result


def pronoun_item(spoken: str, state: DialogueState, catalog: Catalog) -> str:
    """The item that a bare "it" or "that" in a question means, or ""."""
    if pattern_of(_PRONOUN, catalog).search(spoken):
        if state.spoken_of:
            return state.spoken_of[0]
        return state.last_shown[0] if state.last_shown else ""
    return ""


# --- by place ------------------------------------------------------------------------


# What makes a pick of "the second": a word for it, or nothing that it could belong to.
_CARRIED = (
    r"(?: (?:one|ones|pick|picks|option|suggestion|recommendation|result)\b|(?: of (?:them|these|those|the (?:three|two|list)))"
    r"|(?: {nouns}\b(?! (?:by|of|that|from|in|with|about|where|who)\b))|{ends})"
)
_BY_PLACE = (
    rf"\b(?:the |your |that )?(?P<place>{_PLACE})(?: and (?:the )?(?P<also>{_PLACE}))?"
    r"(?: (?P<count>two|three|couple|few|2|3)(?: of (?:them|these|those))?)?{carried}"
)


def _by_place(
    spoken: str, state: DialogueState, lexicon: Lexicon, asking: bool
) -> Iterator[Reference]:
    shown = state.last_shown
    if not shown:
        return
    carried = _CARRIED.replace("{ends}", _ENDS_ASKING if asking else _ENDS)
    for match in pattern_of(_BY_PLACE.replace("{carried}", carried), lexicon.catalog).finditer(
        spoken
    ):
        if match["place"] in ("top", "final", "middle", "last") and not match[0].startswith(
            ("the ", "that ")
        ):
            continue
        if match["place"] == "last" and re.match(
            r" (?:night|week|year|month|time|decade)", spoken[match.end() :]
        ):
            continue
        places = [match["place"], *([match["also"]] if match["also"] else [])]
        ids: list[str] = []
        for word in places:
            place = _PLACES[word]
            if match["count"]:
                count = _COUNTS[match["count"]]
                ids += shown[-count:] if place < 0 else shown[place : place + count]
            elif -len(shown) <= place < len(shown):
                ids.append(shown[place])
        yield Reference(*_trimmed(spoken, match), tuple(dict.fromkeys(ids)))
    for match in _NUMBERED.finditer(spoken):
        place = _NUMBER_WORDS.get(match["n"]) or int(match["n"])
        if 1 <= place <= len(shown):
            yield Reference(match.start(), match.end(), (shown[place - 1],))


def _trimmed(spoken: str, match: re.Match[str]) -> tuple[int, int]:
    return match.start(), match.start() + len(match[0].rstrip())


# --- by pronoun ----------------------------------------------------------------------


def _names_kind(before: str, lexicon: Lexicon) -> bool:
    """Whether words name kinds of items, in the plural, for "those" to mean."""
    words = split_words(before)
    return any(
        words[match.last - 1].folded != words[match.last - 1].singular
        and any(value.kind is Kind.CATEGORY for value in match.meanings)
        for match in lexicon.values(words)
    )


def _together(spoken: str, state: DialogueState, lexicon: Lexicon) -> Iterator[Reference]:
    for match in re.finditer(
        r"(?<!we )(?<!us )(?<!you )(?<!they )\b(?:both(?: of (?:them|these|those))?(?! of\b| the (?:first|second|third|last)\b)|the two(?: of them)?|either of them)\b",
        spoken,
    ):
        pair = state.spoken_of if len(state.spoken_of) == 2 else state.last_shown[:2]
        yield Reference(match.start(), match.end(), tuple(pair))
    for match in re.finditer(
        rf"\b{_ALL}\b(?! (?:days|people|actors|things|kinds|are|years|sort|with|by|from|in|that|who|where)\b)",
        spoken,
    ):
        if (
            re.search(r"\b(?:with|starring|by|featuring) $", spoken[: match.start()])
            and match[0] == "them"
        ):
            continue  # people
        if match[0].startswith(("those", "these", "them", "any of", "all")) and _names_kind(
            spoken[: match.start()], lexicon
        ):  # fmt: skip
            continue  # "he hates musicals so none of those"
        yield Reference(match.start(), match.end(), tuple(state.last_shown))


def _by_pronoun(spoken: str, state: DialogueState) -> Iterator[Reference]:
    opening = re.match(r"(?:that one|this one)\b(?= (?:is|was|looks|sounds|has)\b|'s)", spoken)
    if opening:
        target = state.spoken_of or state.last_shown[:1]
        yield Reference(opening.start(), opening.end(), tuple(target[:1]), bare=True)
    for match in _IT.finditer(spoken):
        if _DESCRIBED.search(spoken[: match.start()]):
            continue  # "that one where he is on an island, loved it" is none of those at hand
        if re.search(
            r"\b(?:i'd|i would|would|we'd|you) like$", spoken[: match.start("it")].rstrip()
        ):
            continue
        if re.search(
            r"\b(?:with|in|about|for|to|from|of)$", spoken[: match.start("it")].rstrip()
        ) and match["it"] in ("it", "that", "this"):
            continue  # "with a dog in it", "enough of that", "apart from that"
        target = state.spoken_of or state.last_shown[:1]
        yield Reference(match.start("it"), match.end("it"), tuple(target[:1]), bare=True)
