"""Which items hold a value, and whose prose has a word: lists of places, as one array each.

Promises answers whose time depends on how many items are found, not on how many there are.
It knows nothing of what values and words mean.
"""

from __future__ import annotations

import bisect
import re
from array import array
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from retrieval.catalog import fold

_WORD = re.compile(r"\w+(?:'\w+)*")
Places = NDArray[np.int32]


class Postings:
    """The places of the items that hold each value, in order.

    Made from (place, value), by rising places. A list of its own for each value would take a
    hundred bytes more, and most values of a large catalog are held by one item.
    """

    def __init__(self, held: Iterable[tuple[int, str]]) -> None:
        self._number: dict[str, int] = {}
        places, numbers = array("i"), array("i")
        for place, value in held:
            places.append(place)
            numbers.append(self._number.setdefault(value, len(self._number)))
        by_value = np.frombuffer(numbers, dtype=np.int32) if numbers else np.empty(0, np.int32)
        order = np.argsort(by_value, kind="stable")
        self._places = np.array(places, dtype=np.int32)[order]
        counts = np.bincount(by_value, minlength=len(self._number))
        self._starts = np.concatenate([[0], np.cumsum(counts)])

    @property
    def values(self) -> Iterable[str]:
        return self._number.keys()

    def of(self, value: str) -> Places:
        """The places of the items that hold a value."""
        number = self._number.get(value)
        if number is None:
            return np.empty(0, dtype=np.int32)
        return self._places[self._starts[number] : self._starts[number + 1]]


class Prose:
    """Folded texts, found by the beginnings of their words."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = texts
        self._postings = Postings(
            (place, word) for place, text in enumerate(texts) for word in _words(fold(text))
        )
        self._words = sorted(self._postings.values)

    def with_words(self, words: str) -> Places:
        """The places of the texts in which these folded words stand; of the last word a
        beginning is enough, so that "zombie" finds "zombies"."""
        *whole, last = words.split() or [""]
        first = bisect.bisect_left(self._words, last)
        behind = bisect.bisect_left(self._words, f"{last}\U0010ffff")
        lists = [self._postings.of(word) for word in self._words[first:behind]]
        found = np.unique(np.concatenate(lists)) if lists else np.empty(0, dtype=np.int32)
        for word in whole:
            found = np.intersect1d(found, self._postings.of(word))
        if not whole:
            return found
        needle = re.compile(rf"\b{re.escape(words)}")
        together = [p for p in found.tolist() if needle.search(fold(self._texts[p]))]
        return np.array(together, dtype=np.int32)


def _words(folded: str) -> set[str]:
    """The words of a text, also what stands behind an apostrophe: "s" of "man's"."""
    found = set(_WORD.findall(folded))
    return found | {part for word in found if "'" in word for part in word.split("'")}
