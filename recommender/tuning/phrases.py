"""Salient phrases: what a text is about, by words that are rare elsewhere, without a model.

A phrase is a run of words that carry meaning, taken for a noun with what describes it by
what stands around it: an article, a possessive or a preposition before it, a preposition,
a joint or a full stop behind it. It is worth its words' rarity over the texts that the
finder was made from, so that "pop filter" beats "nice thing". It knows no grammar beyond
that and reads English only.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator

from recommender.understanding.everyday import EVERYDAY
from recommender.understanding.words import word_set

_TOKEN = re.compile(r"[A-Za-z][A-Za-z'’-]*|[.,;:!?()\n\"“”–—]")
_LONGEST = 3  # words of a phrase
_PREPOSITIONS = word_set(
    "of with about for in on at from by into under against between among through without like "
    "amid behind near inside onto over during across toward towards"
)
_OPENERS = _PREPOSITIONS | word_set(
    "a an the his her their its our my your this these those two three four five some many more "
    "and or"
)
_CLOSERS = (
    _PREPOSITIONS
    | word_set(
        ". , ; : ! ? ( ) and or but who whom whose that which when where while as is are was were has"
    )
    | {"\n", '"', "“", "”", "–", "—"}
)
_EMPTY = (
    EVERYDAY
    | _OPENERS
    | _CLOSERS
    | word_set(
        "than because although although directed starring written produced starred stars released "
        "distributed american british based novel company pictures studios screenplay featuring title "
        "titled plot director produced production theatrical distribution box office adaptation sequel "
        "various several must very really quite certain former latter same own"
    )
)
_ADVERB = re.compile(r".+(?:ly|n't|'s|ing)$")


class PhraseFinder:
    """Finds the phrases of a text that set it apart from the texts that it was made from.

    A word that fewer than `fewest` texts have is a slip or a name more often than a trait,
    and no phrase holds it.
    """

    def __init__(self, texts: Iterable[str], fewest: int = 2) -> None:
        self._fewest = fewest
        self._held: Counter[str] = Counter()
        self._count = 0
        for text in texts:
            self._count += 1
            self._held.update({word.lower() for word in _TOKEN.findall(text)})

    def rarity(self, word: str) -> float:
        """The inverse document frequency of a word, greater where fewer texts have it."""
        return math.log((self._count + 1) / (self._held[word.lower()] + 1))

    def find(self, text: str, most: int, without: str = "") -> list[str]:
        """The most salient phrases, best first; none that shares a word with `without`."""
        barred = {word.lower() for word in _TOKEN.findall(without)}
        scored = {
            " ".join(words): self.worth(words)
            for words in _phrases(text)
            if not barred.intersection(words)
        }
        chosen: list[str] = []
        used: set[str] = set()
        for phrase in sorted(scored, key=lambda p: (-scored[p], p)):
            if scored[phrase] > 0 and not used.intersection(phrase.split()):
                chosen.append(phrase)
                used.update(phrase.split())
            if len(chosen) == most:
                break
        return chosen

    def worth(self, words: list[str]) -> float:
        """How much a phrase tells; 0 where too few texts have a word of it."""
        if any(self._held[word] < self._fewest for word in words):
            return 0.0
        return sum(self.rarity(word) for word in words) / len(words) * (0.6 + 0.4 * len(words))


def _phrases(text: str) -> Iterator[list[str]]:
    """Runs between what opens a noun phrase and what closes one; none that holds a name."""
    run: list[str] | None = None
    begins = True  # a capital at the start of a sentence is no name
    for token in [*_TOKEN.findall(text), "."]:
        word = token.lower()
        if run and word in _CLOSERS and len(run) <= _LONGEST:
            yield run
        if word in _OPENERS:
            run = []
        elif word in _EMPTY or (token[0].isupper() and not begins) or _ADVERB.fullmatch(word):
            run = None
        elif run is not None:
            run.append(word)
        begins = token in (".", "!", "?", "\n")
