"""BM25 over the words of a catalog, for what a dense encoder blurs: names, rare words."""

from __future__ import annotations

import logging

import bm25s
import numpy as np
import Stemmer
from numpy.typing import NDArray

from retrieval.catalog import Catalog, fold

logging.getLogger("bm25s").setLevel(logging.WARNING)  # it announces every step by itself


class LexicalIndex:
    """Robertson's BM25 (k1 1.5, b .75) by bm25s, on stemmed words without stop words."""

    def __init__(self, catalog: Catalog) -> None:
        self._stemmer = Stemmer.Stemmer("english")
        tokens = self._tokens([catalog.describe(item) for item in catalog.items])
        self._bm25 = bm25s.BM25()
        self._bm25.index(tokens, show_progress=False)

    def scores(self, text: str) -> NDArray[np.float32]:
        """A score for each item, shape (n,), scaled so that the best is 1; 0 is no match."""
        words = [w for w in self._tokens([text])[0] if w in self._bm25.vocab_dict]
        if not words:
            return np.zeros(self._bm25.scores["num_docs"], dtype=np.float32)
        scores = np.asarray(self._bm25.get_scores(words), dtype=np.float32)
        best = float(scores.max())
        return scores / best if best > 0 else scores

    def _tokens(self, texts: list[str]) -> list[list[str]]:
        tokens: list[list[str]] = bm25s.tokenize(
            [fold(text) for text in texts],
            stopwords="en",
            stemmer=self._stemmer,
            return_ids=False,
            show_progress=False,
        )
        return tokens
