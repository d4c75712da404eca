"""Remarks on items that wish for nothing: "Saw the first one at the pictures. Cracking."

A part of an utterance that judges an item, or says that it is known, has no wish in its
other words unless a wishing word is among them; nor has what goes on with it. A verdict behind
it is on the item. What items are and what is said of them is read before.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from recommender.understanding.everyday import EVERYDAY
from recommender.understanding.lexicon import Lexicon
from recommender.understanding.reading import ItemRead, Reading
from recommender.understanding.verdicts import GOOD, judged_behind, verdict_of
from recommender.understanding.words import word_set
from retrieval.catalog import fold

_PART = re.compile(
    r"\S.*?(?:[.!?;,]+(?=\s|$)|\s[-–—]\s|(?=\s(?:but|so|and(?= (?:i|we|now|want|something|anything|more|show|find|give|that|the))|then)\s)|$)",
    re.IGNORECASE,
)
_JUDGING = word_set(
    "love loved loves adore adored adores liked likes enjoy enjoyed enjoys hate hated hates "
    "disliked loathe loathed seen saw watched rewatched read finished played heard done fave "
    "favourite favorite appeal appeals"
)
WISHING = word_set(
    "want wants wanted need needs something anything nothing more another else recommend suggest "
    "find show give please instead similar than less too looking fancy what who which how "
    "why should similarly also or shorter longer newer older funnier scarier along lines "
    "vein style spirit mood vibe vibes except without no prefer rather"
)
_CRIES = word_set(
    "ooh oooh oh ah aah aww wow yay ugh omg course yep yup aye ha haha lol hah mm mmm er um"
)


class Remarks:
    """Tells remarks from wishes in the words of one catalog."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._judging = _JUDGING | {fold(word) for word in lexicon.catalog.done}

    def without(self, text: str, reading: Reading, read: Callable[[str], Reading]) -> Reading:
        """A reading without what its remarks seem to wish for, with the verdicts in them."""
        if not reading.items or len(text) > 600:
            return reading
        kept: list[str] = []
        judged: list[ItemRead] = []  # of the remark before
        judged_any = False
        items = list(reading.items)
        for match in _PART.finditer(text):
            part = match[0]
            inside = [one for one in items if one.words and one.words in part]
            sign = verdict_of(fold(part).split(), self._lexicon.nouns) if not inside else 0
            if inside and self._is_remark(part, inside):
                judged, judged_any = inside, True
            elif judged and sign:
                for one in judged:
                    items[items.index(one)] = _judged(one, sign)
                judged = []
            elif not (judged and not inside and self._says_nothing(part, read)):
                kept.append(part)
        if judged_any:
            kept = [part for part in kept if not self._is_interjection(part, items)]
        if "".join(kept) == "".join(m[0] for m in _PART.finditer(text)):
            return replace(reading, items=items)
        left = read(" ".join(kept).strip(" ,")) if kept else Reading(text)
        return replace(left, text=text, items=items)

    def _is_remark(self, part: str, inside: Sequence[ItemRead]) -> bool:
        outside = part
        for one in inside:
            outside = outside.replace(one.words, " ", 1)
        words = set(fold(outside).split())
        lone = words - {"a", "an", "the"}
        if words & WISHING or any(_likened(part, one.words) for one in inside):
            return False
        if any(one.seen for one in inside) or words & self._judging:
            return True
        behind = part[part.find(inside[-1].words) + len(inside[-1].words) :]
        if judged_behind(behind.lower()):
            return True
        return bool(lone) and all(one.disliked for one in inside)

    def _is_interjection(self, part: str, items: Sequence[ItemRead]) -> bool:
        """Whether a part only exclaims, or names an item of which the rest speaks."""
        for one in items:
            part = part.replace(one.words, " ", 1) if one.words else part
        words = set(fold(part).split())
        return not words & (WISHING | self._lexicon.nouns) and words <= EVERYDAY | GOOD | _CRIES

    def _says_nothing(self, part: str, read: Callable[[str], Reading]) -> bool:
        """Whether a part that goes on with a remark has nothing to look for in it."""
        words = set(fold(part).split())
        if words & WISHING or words & self._lexicon.nouns:
            return False
        found = read(part)
        return not (found.items or found.limits or found.leanings or found.comparisons)


def _likened(part: str, words: str) -> bool:
    """Whether likeness to an item is wished for: "like Heat", not "I like Heat"."""
    before = fold(part[: part.find(words)]).split()
    return before[-1:] == ["like"] and before[-2:-1] not in (
        ["i"],
        ["we"],
        ["really"],
        ["also"],
        ["do"],
    )


def _judged(item: ItemRead, sign: int) -> ItemRead:
    return replace(item, liked=sign > 0, disliked=sign < 0)
