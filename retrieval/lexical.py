"""BM25 over the words of a catalog, for what a dense encoder blurs: names, rare words."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence

import bm25s
import numpy as np
import Stemmer
from numpy.typing import NDArray

from retrieval.catalog import Catalog, fold

logging.getLogger("bm25s").setLevel(logging.WARNING)  # it announces every step by itself
_COMMON = 20_000  # items; words of more add to what rarer words found, and find nothing alone
_AT_ONCE = 20_000  # texts that are taken apart at once


class LexicalIndex:
    """Robertson's BM25 (k1 1.5, b .75) by bm25s, on stemmed words without stop words."""

    def __init__(self, catalog: Catalog) -> None:
        self._count = len(catalog)
        vocabulary: dict[str, int] = {}
        # One number a word, shared by all texts: their words would be far larger.
        rows = [
            [vocabulary.setdefault(token, len(vocabulary)) for token in tokens]
            for tokens in self._tokens_of(catalog)
        ]
        self._bm25 = bm25s.BM25()
        # Where no item has a word, one stands in, which no query can name.
        self._bm25.index((rows, vocabulary or {"": 0}), show_progress=False)

    def scores(self, text: str) -> NDArray[np.float32]:
        """A score for each item, shape (n,), scaled so that the best is 1; 0 is no match."""
        result = np.zeros(self._count, dtype=np.float32)
        if self._count > _COMMON:
            places, scores = self.matches(text)
            result[places] = scores
            return result
        # Of a small catalog the whole is looked at anyway, and merging lists takes longer.
        sums = np.zeros(self._count)
        for word in self._known(text):
            held, worth = self._holding(word)
            sums[held] += worth
        result = sums.astype(np.float32)
        best = float(result.max(initial=0.0))
        return result / np.float32(best) if best > 0 else result

    def matches(self, text: str) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """The places of the items that match, in their order, and their scores.

        Words that more than 20,000 items have raise the items that rarer words found; they
        find items only where there are no rarer ones.
        """
        words = self._known(text)
        held_by = [self._holding(word) for word in words]
        rare = max(1, sum(len(held) <= _COMMON for held, _ in held_by))  # they stand in front
        places, scores = _summed(held_by[:rare])
        for held, worth in held_by[rare:]:
            at = np.minimum(np.searchsorted(held, places), len(held) - 1)
            scores = scores + np.where(held[at] == places, worth[at], np.float32(0))
        best = float(scores.max(initial=0.0))
        return places, scores / np.float32(best) if best > 0 else scores

    def _known(self, text: str) -> list[int]:
        """The numbers of a text's words that items have, rare ones first."""
        known, starts = self._bm25.vocab_dict, self._bm25.scores["indptr"]
        words = [known[w] for w in stemmed([text])[0] if w in known]
        return sorted(words, key=lambda word: int(starts[word + 1] - starts[word]))

    def _holding(self, word: int) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """The places of the items that have a word, in order, and what it is worth in each."""
        starts = self._bm25.scores["indptr"]
        own = slice(int(starts[word]), int(starts[word + 1]))
        return self._bm25.scores["indices"][own], self._bm25.scores["data"][own]

    def _tokens_of(self, catalog: Catalog) -> Iterator[list[str]]:
        for start in range(0, len(catalog), _AT_ONCE):
            part = catalog.items[start : start + _AT_ONCE]
            yield from stemmed([catalog.describe(item) for item in part])


def stemmed(texts: list[str]) -> list[list[str]]:
    """The stems of the words of each text, without stop words."""
    tokens: list[list[str]] = bm25s.tokenize(
        [fold(text) for text in texts],
        stopwords="en",
        stemmer=Stemmer.Stemmer("english"),
        return_ids=False,
        show_progress=False,
    )
    return tokens


def _summed(
    lists: Sequence[tuple[NDArray[np.int32], NDArray[np.float32]]],
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Lists of places, each in order and without repeats, as one in order; scores are summed."""
    if not lists:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32)
    both = np.concatenate([held for held, _ in lists])
    order = np.argsort(both, kind="stable")  # which merges what is in order already
    both, worth = both[order], np.concatenate([worth for _, worth in lists])[order]
    first = np.flatnonzero(np.diff(both, prepend=-1))
    sums = np.add.reduceat(worth, first, dtype=np.float64) if len(first) else worth
    return both[first].astype(np.int64), sums.astype(np.float32)
