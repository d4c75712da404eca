"""From a query to candidates: dense search, words, facet agreement, others' tastes, variety.

The dense score alone does not know that "scary" leans towards horror or that two films
share a director, so facets that a query leans towards add a bonus to it, and so, where
interactions are at hand, do the tastes of others. The bonuses and the weights are settings,
measured in `benchmarks/`.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from retrieval.catalog import Catalog, Item
from retrieval.collaborative import CollaborativeIndex
from retrieval.encoder import Encoder
from retrieval.index import DenseIndex
from retrieval.lexical import LexicalIndex
from retrieval.limits import Limit, LimitFilter


@dataclass(frozen=True)
class Query:
    """What to look for.

    `text` is the wish in words. Items near `liked` are drawn closer, a little so those near
    `history` (liked before, apart from this wish); items near `disliked` are pushed away.
    Each of `leanings` is a group of (field, value) pairs that mean the same soft wish.
    Items that break one of `limits` or whose id is in `without` are never searched; those that
    break one of `wishes` only lose by it. With `varied`, candidates are spread.
    """

    text: str = ""
    liked: tuple[str, ...] = ()
    history: tuple[str, ...] = ()
    disliked: tuple[str, ...] = ()
    leanings: tuple[tuple[tuple[str, str], ...], ...] = ()
    limits: tuple[Limit, ...] = ()
    wishes: tuple[Limit, ...] = ()
    without: frozenset[str] = frozenset()
    varied: bool = False


@dataclass(frozen=True)
class Candidate:
    """An item with its retrieval score: cosine plus bonuses, higher is better."""

    item: Item
    score: float


class Retriever(Protocol):
    """At most k candidates, best first, no item twice, every one within the limits."""

    def retrieve(self, query: Query, k: int) -> list[Candidate]: ...


@dataclass(frozen=True)
class RetrieverWeights:
    """How the parts of a query add up; shares of a unit vector, and bonuses in cosine.

    `liked`, `history` and `disliked` weigh the mean vector of those items against the wish.
    `leaning` is added for the share of the leanings that an item meets, `lexical` for the
    best BM25 score. `collaborative` is added for the item for which the tastes of others speak
    most, `popularity` for the one that most people liked, and `unknown` more where no item is
    known that the person likes, half of it where one is, a third where two are; all only with
    interactions, and chosen with `recommender/evaluation/redial.py`. `wish` is taken off for each wish that
    an item breaks. `variety` is the lambda of maximal marginal relevance (1 looks at relevance
    alone).
    """

    liked: float = 1.2
    history: float = 0.1
    disliked: float = 0.3
    leaning: float = 0.25
    lexical: float = 0.2
    collaborative: float = 0.3
    popularity: float = 0.2
    unknown: float = 0.0
    wish: float = 0.2
    variety: float = 0.6


class DenseRetriever:
    """Retrieval from one catalog by its dense index."""

    def __init__(
        self,
        catalog: Catalog,
        encoder: Encoder,
        index: DenseIndex,
        weights: RetrieverWeights | None = None,
        collaborative: CollaborativeIndex | None = None,
    ) -> None:
        self.catalog = catalog
        self.filter = LimitFilter(catalog)
        self._encoder = encoder
        self._index = index
        self._lexical = LexicalIndex(catalog)
        self._collaborative = collaborative
        self._weights = weights or RetrieverWeights()

    def reweighted(self, weights: RetrieverWeights) -> DenseRetriever:
        """The same retriever under other weights; indexes are shared."""
        other = copy.copy(self)
        other._weights = weights
        return other

    def with_interactions(self, collaborative: CollaborativeIndex | None) -> DenseRetriever:
        """The same retriever with the tastes of others, or without them."""
        other = copy.copy(self)
        other._collaborative = collaborative
        return other

    def retrieve(self, query: Query, k: int) -> list[Candidate]:
        allowed = self.filter.mask(query.limits, query.without)
        vector = self._vector(query)
        # Bonuses may lift an item from below the first k cosines, so more are looked at.
        places, cosines = self._index.search(vector, max(4 * k, 200), allowed)
        scores = cosines + self._weights.leaning * self._leaning_shares(query, places)
        bonuses = self._bonuses(query)
        loss = self._losses(query)
        reaching = [np.where(bonus > 0, bonus - loss, 0.0) for bonus in bonuses]
        if query.wishes:  # the nearest that break none are looked at too
            kept = self._index.search(vector, k, allowed & (loss == 0))[0]
            reaching.append(np.isin(np.arange(len(loss)), kept).astype(np.float32))
        for bonus in reaching:
            missed = np.setdiff1d(_highest(np.where(allowed, bonus, 0.0), k), places)
            if len(missed):  # found by this alone, beyond the reach of the dense search
                extra = self._index.vectors[missed] @ vector
                extra = extra + self._weights.leaning * self._leaning_shares(query, missed)
                places = np.concatenate([places, missed])
                scores = np.concatenate([scores, extra])
        for bonus in (*bonuses, -loss):
            scores = scores + bonus[places]
        order = np.lexsort((places, -scores))  # ties by place, so that answers repeat
        places, scores = places[order], scores[order]
        if query.varied:
            chosen = self._spread(places, scores, k)
            places, scores = places[chosen], scores[chosen]
        return [
            Candidate(self.catalog.items[place], float(score))
            for place, score in zip(places[:k], scores[:k], strict=True)
        ]

    def _vector(self, query: Query) -> NDArray[np.float32]:
        """The unit vector to search with, shape (d,)."""
        vectors = self._index.vectors
        text = query.text or ", ".join(value for group in query.leanings for _, value in group)
        total = np.zeros(vectors.shape[1], dtype=np.float32)
        if text:
            total += self._encoder.encode([text])[0]
        for ids, weight in (
            (query.liked, self._weights.liked),
            (query.history, self._weights.history),
            (query.disliked, -self._weights.disliked),
        ):
            places = [self.catalog.place[i] for i in ids if i in self.catalog]
            if places:
                total += weight * _unit(vectors[places].mean(axis=0))
        if not total.any():
            total = vectors.mean(axis=0)  # nothing is known: the middle of the catalog
        return _unit(total)

    def _bonuses(self, query: Query) -> list[NDArray[np.float32]]:
        """What is added for reasons that are not dense, each of shape (n,)."""
        bonuses = []
        if query.text and self._weights.lexical:
            bonuses.append(self._weights.lexical * self._lexical.scores(query.text))
        if self._collaborative is not None:
            known = dict.fromkeys((*query.liked, *query.history))
            others = self._collaborative.scores(list(known), query.disliked)
            popularity = self._weights.popularity + self._weights.unknown / (1 + len(known))
            bonuses.append(
                self._weights.collaborative * others + popularity * self._collaborative.popularity
            )
        return bonuses

    def _losses(self, query: Query) -> NDArray[np.float32]:
        """What is taken off each item for the wishes that it breaks, shape (n,)."""
        broken = np.zeros(len(self.catalog), dtype=np.float32)
        for wish in query.wishes:
            broken += ~self.filter.mask((wish,))
        return self._weights.wish * broken

    def _leaning_shares(self, query: Query, places: NDArray[np.int64]) -> NDArray[np.float32]:
        shares = np.zeros(len(places), dtype=np.float32)
        if query.leanings:
            for row, place in enumerate(places):
                facets = self.catalog.items[place].facets
                met = 0.0
                for group in query.leanings:
                    held = sum(value in facets.get(name, ()) for name, value in group)
                    # One of a group is most of it: "scary" is horror or a thriller.
                    met += 0.75 * bool(held) + 0.25 * held / len(group)
                shares[row] = met / len(query.leanings)
        return shares

    def _spread(
        self, places: NDArray[np.int64], scores: NDArray[np.float32], k: int
    ) -> NDArray[np.int64]:
        """Rows in the order of maximal marginal relevance (Carbonell & Goldstein, 1998)."""
        vectors = self._index.vectors[places]
        nearest = np.zeros(len(places), dtype=np.float32)  # cosine to the nearest one chosen
        chosen: list[int] = []
        while len(chosen) < min(k, len(places)):
            worth = self._weights.variety * scores - (1 - self._weights.variety) * nearest
            worth[chosen] = -np.inf
            row = int(worth.argmax())
            chosen.append(row)
            nearest = np.maximum(nearest, vectors @ vectors[row])
        return np.array(chosen, dtype=np.int64)


def _highest(values: NDArray[np.float32], k: int) -> NDArray[np.int64]:
    """Places of the k highest values above 0, highest first, ties by place."""
    places = np.flatnonzero(values > 0)
    if len(places) > k:  # a full sort of a large catalog takes longer than all else
        least = np.partition(values[places], -k)[-k]
        places = places[values[places] >= least]
    return places[np.argsort(-values[places], kind="stable")[:k]]


def _unit(vector: NDArray[np.float32]) -> NDArray[np.float32]:
    length = float(np.linalg.norm(vector))
    return np.asarray(vector / length if length else vector, dtype=np.float32)
