"""From a query to candidates: dense search, words, facet agreement, others' tastes, variety.

The dense score alone does not know that "scary" leans towards horror or that two films
share a director, so facets that a query leans towards add a bonus to it, and so, where
interactions are at hand, do the tastes of others. The bonuses and the weights are settings,
measured in `benchmarks/`. Nothing here goes through the whole catalog but masks.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retrieval.catalog import Catalog
from retrieval.collaborative import CollaborativeIndex
from retrieval.encoder import Encoder
from retrieval.index import DenseIndex
from retrieval.lexical import LexicalIndex
from retrieval.limits import LimitFilter
from retrieval.query import Candidate as Candidate
from retrieval.query import Query as Query
from retrieval.query import Retriever as Retriever
from retrieval.query import RetrieverWeights as RetrieverWeights
from retrieval.scoring import leaning_shares, query_vector, spread, unit

_TITLES = 5  # latest items whose titles BM25 is asked for


@dataclass(frozen=True)
class Bonus:
    """What is added to the scores of some items: their places, rising, and the values."""

    places: NDArray[np.int64]
    values: NDArray[np.float32]

    def times(self, weight: float) -> Bonus:
        return Bonus(self.places, np.float32(weight) * self.values)

    def at(self, places: NDArray[np.int64]) -> NDArray[np.float32]:
        """The bonus of any items, 0 where there is none; shape as `places`."""
        if not len(self.places):
            return np.zeros(len(places), dtype=np.float32)
        at = np.minimum(np.searchsorted(self.places, places), len(self.places) - 1)
        return np.where(self.places[at] == places, self.values[at], np.float32(0))


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
        fade = self._weights.fade if self._by_items(query) else 1.0
        vector = query_vector(query, self._encoder, self.vectors_of, self._weights, fade)
        if vector is None:  # nothing is known: the middle of the catalog
            vector = unit(self._index.middle)
        # Bonuses may lift an item from below the first k cosines, so more are looked at.
        found, cosines = self._index.search(vector, max(4 * k, 200), allowed)
        bonuses = self._bonuses(query)
        reaching = self._reached(bonuses, query, allowed, k)
        if query.wishes:  # the nearest that break none are looked at too
            kept = allowed & self.filter.mask(query.wishes)
            reaching.append(self._index.search(vector, k, kept)[0])
        # What is found by these alone lies beyond the reach of the dense search.
        missed = np.setdiff1d(np.concatenate([found[:0], *reaching]), found)
        places = np.concatenate([found, missed])
        scores = np.concatenate([cosines, self._index.vectors_of(missed) @ vector])
        scores = np.float32(self._weights.dense) * scores
        scores = scores + self._leaning(query, places)
        scores = scores + self._popularity(query, places) - self._losses(query, places)
        for bonus in bonuses:
            scores = scores + bonus.at(places)
        order = np.lexsort((places, -scores))  # ties by place, so that answers repeat
        places, scores = places[order], scores[order]
        if query.varied:
            chosen = spread(self._index.vectors_of(places), scores, k, self._weights.variety)
            places, scores = places[chosen], scores[chosen]
        return [
            Candidate(self.catalog.items[place], float(score))
            for place, score in zip(places[:k], scores[:k], strict=True)
        ]

    def vectors_of(self, ids: Sequence[str]) -> NDArray[np.float32]:
        """The vectors of items, (m, d), in the order of the ids; unknown ones are left out."""
        places = [self.catalog.place[i] for i in ids if i in self.catalog]
        return self._index.vectors_of(np.array(places, dtype=np.int64))

    def _leaning(self, query: Query, places: NDArray[np.int64]) -> NDArray[np.float32]:
        items = [self.catalog.items[place] for place in places] if query.leanings else []
        shares = leaning_shares(query, items) if items else np.zeros(len(places), np.float32)
        return self._weights.leaning * shares

    def _bonuses(self, query: Query) -> list[Bonus]:
        """What is added for reasons that are not dense."""
        bonuses = []
        if query.text and self._weights.lexical:
            bonuses.append(Bonus(*self._lexical.matches(query.text)).times(self._weights.lexical))
        if self._by_items(query) and self._weights.titles:
            latest = [self.catalog[i].name for i in query.known if i in self.catalog][-_TITLES:]
            found = self._lexical.matches("; ".join(latest))
            bonuses.append(Bonus(*found).times(self._weights.titles))
        if self._collaborative is not None:
            weight, fade = self._weights.collaborative, 1.0
            if self._by_items(query):
                weight, fade = self._weights.tastes, self._weights.fade
            others = self._collaborative.matches(query.known, query.disliked, fade)
            bonuses.append(Bonus(*others).times(weight))
        return bonuses

    def _by_items(self, query: Query) -> bool:
        """Whether the items of a query are all there is to go by, beside others' tastes."""
        return self._collaborative is not None and query.wordless

    def _popularity(self, query: Query, places: NDArray[np.int64]) -> NDArray[np.float32]:
        """What some items gain by how widely they are liked, shape as `places`."""
        if self._collaborative is None:
            return np.zeros(len(places), dtype=np.float32)
        weight = self._weights.popularity + self._weights.unknown / (1 + len(query.known))
        return np.float32(weight) * self._collaborative.popularity[places]

    def _reached(
        self, bonuses: Sequence[Bonus], query: Query, allowed: NDArray[np.bool_], k: int
    ) -> list[NDArray[np.int64]]:
        """The places of the k best by each bonus and by popularity, less what wishes take."""
        found = []
        for bonus in bonuses:
            places = bonus.places[allowed[bonus.places]]
            worth = bonus.at(places) - self._losses(query, places)
            if self._collaborative is not None:
                worth = worth + self._popularity(query, places)
            found.append(places[_highest(worth, k)])
        if self._collaborative is not None:
            places = self._collaborative.most_popular(allowed, 4 * k)
            worth = self._popularity(query, places) - self._losses(query, places)
            found.append(places[_highest(worth, k)])
        return found

    def _losses(self, query: Query, places: NDArray[np.int64]) -> NDArray[np.float32]:
        """What is taken off some items for the wishes that they break, shape as `places`."""
        return self._weights.wish * self.filter.breaks(query.wishes, places)


def _highest(values: NDArray[np.float32], k: int) -> NDArray[np.int64]:
    """Places of the k highest values above 0, highest first, ties by place."""
    places = np.flatnonzero(values > 0)
    if len(places) > k:  # a full sort of a large catalog takes longer than all else
        least = np.partition(values[places], -k)[-k]
        places = places[values[places] >= least]
    return places[np.argsort(-values[places], kind="stable")[:k]]
