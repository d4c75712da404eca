"""What is asked of a retriever and what it answers: queries, candidates, and the protocol.

Plain data; how candidates are found is each retriever's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from retrieval.catalog import Item
from retrieval.limits import Limit


@dataclass(frozen=True)
class Query:
    """What to look for.

    `text` is the wish in words. Items near `liked` are drawn closer, a little so those near
    `history` (liked before, apart from this wish); both are told oldest first. Items near
    `disliked` are pushed away.
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

    @property
    def wordless(self) -> bool:
        """Whether only items speak for what is wanted."""
        return not self.text and not self.leanings

    @property
    def known(self) -> list[str]:
        """The items that the person likes, each once, the latest last."""
        return list(dict.fromkeys((*self.liked[::-1], *self.history[::-1])))[::-1]


@dataclass(frozen=True)
class Candidate:
    """An item with its retrieval score: cosine plus bonuses, higher is better."""

    item: Item
    score: float


class Retriever(Protocol):
    """At most k candidates, best first, no item twice, every one within the limits."""

    def retrieve(self, query: Query, k: int) -> list[Candidate]: ...

    def vectors_of(self, ids: Sequence[str]) -> NDArray[np.float32]:
        """The unit vectors of items, (m, d), in the order of the ids, without unknown ones."""
        ...


@dataclass(frozen=True)
class RetrieverWeights:
    """How the parts of a query add up; shares of a unit vector, and bonuses in cosine.

    `dense` times the cosine is where a score begins; 0 leaves it out, as it does with the others.
    `liked`, `history` and `disliked` weigh the mean vector of those items against the wish.
    `leaning` is added for the share of the leanings that an item meets, `lexical` for the
    best BM25 score. `collaborative` is added for the item for which the tastes of others speak
    most, `popularity` for the one that most people liked, and `unknown` more where no item is
    known that the person likes, half of it where one is, a third where two are; all only with
    interactions, and chosen with `recommender/evaluation/redial.py`. `wish` is taken off for each wish that
    an item breaks. `variety` is the lambda of maximal marginal relevance (1 looks at relevance
    alone).

    Where interactions are at hand and a query has no words, its items are read as a sequence:
    the tastes of others weigh `tastes` instead of `collaborative`, BM25 is asked for the latest
    items' titles with the weight `titles`, and an item counts `fade` times as much as the one
    after it. These were chosen with `benchmarks/hybrid.py`.
    """

    dense: float = 1.0
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
    tastes: float = 2.5
    titles: float = 0.4
    fade: float = 0.8
