"""Which items hold a value, and whose prose has a word: lists of places, as one array each.

Promises answers whose time depends on how many items are found, not on how many there are.
It knows nothing of what values and words mean.
"""

from __future__ import annotations

import bisect
import re
from array import array
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from retrieval.catalog import fold

# An apostrophe is a word of its own, so that "s" begins one in "man's", as it does for \b.
_WORD = re.compile(r"\w+|'")
_END = -1  # of a text
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
    """Texts, found by words that stand one behind the other, the last by its beginning.

    Every text's words are kept in their order as numbers, and the places in it by word, so that
    a phrase is looked for among the texts that hold its rarest word, and no text is read again.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        number: dict[str, int] = {}
        said, lengths = array("i"), array("i")
        for text in texts:
            words = _WORD.findall(fold(text))
            said.extend(number.setdefault(word, len(number)) for word in words)
            said.append(_END)
            lengths.append(len(words) + 1)
        self._words = sorted(number)
        # Numbers in the order of the alphabet: words that begin alike are then neighbours.
        rank = np.empty(len(number) + 1, dtype=np.int32)
        rank[_END] = _END
        rank[[number[word] for word in self._words]] = np.arange(len(number))
        self._said = rank[np.array(said, dtype=np.int32)]
        self._at = np.argsort(self._said, kind="stable")[len(lengths) :].astype(np.int32)
        places = np.repeat(np.arange(len(lengths), dtype=np.int32), np.array(lengths, dtype=int))
        self._places = places[self._at]
        self._starts = np.searchsorted(self._said[self._at], np.arange(len(number) + 1))

    def with_words(self, words: str) -> Places:
        """The places of the texts in which these folded words stand, some of them repeated; of
        the last word a beginning is enough, so that "zombie" finds "zombies"."""
        *whole, last = _WORD.findall(words) or [""]
        first = bisect.bisect_left(self._words, last)
        behind = bisect.bisect_left(self._words, f"{last}\U0010ffff")
        if not whole:
            return self._places[self._starts[first] : self._starts[behind]]
        ranges = [self._range(word) for word in whole]
        rarest = min(range(len(whole)), key=lambda n: ranges[n][1] - ranges[n][0])
        found = slice(self._starts[ranges[rarest][0]], self._starts[ranges[rarest][1]])
        begins, places = self._at[found] - rarest, self._places[found]
        for n, (low, high) in enumerate([*ranges, (first, behind)]):
            # Where a text is over before, its end stands there, and that is no word's number.
            there = self._said[np.minimum(begins + n, len(self._said) - 1)]
            fits = (there >= low) & (there < high) & (begins >= 0)
            begins, places = begins[fits], places[fits]
        return places

    def _range(self, word: str) -> tuple[int, int]:
        """The numbers from which and up to which a whole word reaches: one, or none."""
        place = bisect.bisect_left(self._words, word)
        return place, place + (place < len(self._words) and self._words[place] == word)
