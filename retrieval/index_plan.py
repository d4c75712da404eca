"""How vectors are to be searched: exactly or by lists, in how many bits, looking how far.

Promises a plan that keeps to a budget of memory, and lists whose recall was measured: the
search looks further until it finds what is wanted, or as far as there is. It knows nothing
of items or files.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from retrieval.nearest import (
    CODECS,
    FEW,
    ExactVectors,
    InvertedLists,
    Vectors,
    blocks,
    exact_nearest,
    learn_lists,
)

# Told what is done, how far it is and how far it goes.
Steps = Callable[[str, int, int], None]

RECALL_AT = 50  # neighbours
QUERIES = 300  # that recall is measured with
_FILTERED = 150  # of them, for each filter
_PASSING = (0.1, 0.01)  # shares of the vectors that filters let through, while it is learned
_BESIDE = 24  # bytes of a vector in lists, apart from its numbers: id, place, list
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Budget:
    """What an index may take: MB of memory; and what it must find, as recall at 50.

    Up to `exact_up_to` vectors every one is compared, if they fit; that takes a few
    milliseconds, and misses nothing.
    """

    memory_mb: int = 512
    recall: float = 0.95
    exact_up_to: int = 40_000


@dataclass(frozen=True)
class Plan:
    """How many lists, of how stored vectors; 0 lists is exact search."""

    lists: int = 0
    codec: str = "fp32"


@dataclass(frozen=True)
class Facts:
    """How an index is searched, and what was measured; 0 lists is exact search."""

    lists: int = 0
    codec: str = "fp32"
    probes: int = 0
    further: float = 1.0  # a search with a filter, by what was lacking in those tried
    recall: float = 1.0
    recall_wanted: float = 1.0


def plan(count: int, dimension: int, budget: Budget) -> Plan:
    """Exact search where it is fast and fits, else the finest storage that fits, or the least."""
    room = budget.memory_mb * 1e6
    if count <= budget.exact_up_to and count * dimension * 4 <= room:
        return Plan()
    lists = max(1, int(2 * np.sqrt(count)))
    for codec, (bits, _) in CODECS.items():
        if count * (dimension * bits / 8 + _BESIDE) + lists * dimension * 4 <= room:
            return Plan(lists, codec)
    return Plan(lists, list(CODECS)[-1])


def learned(
    vectors: NDArray[np.float32], budget: Budget, steps: Steps,
    queries: NDArray[np.float32] | None = None,
) -> tuple[Vectors, Facts]:  # fmt: skip
    """Vectors that can be searched, with what was measured of it; (n, d), also of a mapped file.

    Recall is measured with `queries`, (q, d), such as will come; else with `between_items`.
    """
    how = plan(vectors.shape[0], vectors.shape[1], budget)
    if not how.lists:
        return ExactVectors.of(np.asarray(vectors)), Facts()
    lists = learn_lists(vectors, how.lists, how.codec, steps)
    queries = between_items(vectors) if queries is None else queries
    right = exact_nearest(queries, vectors, min(RECALL_AT, len(vectors)), steps)
    searched = InvertedLists(lists, 1)
    found, sure = recall(searched, queries, right)
    while sure < budget.recall and searched.probes < how.lists:
        searched.probes = min(max(searched.probes + 1, int(searched.probes * 1.1)), how.lists)
        found, sure = recall(searched, queries, right)
        steps("looking further", searched.probes, how.lists)
    if found < budget.recall:
        log.warning(
            "recall is %.3f where %.3f is wanted: vectors of %s are too coarse; allow the index "
            "more memory", found, budget.recall, how.codec,
        )  # fmt: skip
    look_further(searched, vectors, queries[:_FILTERED], budget.recall, steps)
    return searched, Facts(
        how.lists, how.codec, searched.probes, searched.further, round(found, 4), budget.recall
    )


def look_further(
    searched: InvertedLists, vectors: NDArray[np.float32], queries: NDArray[np.float32],
    wanted: float, steps: Steps, seed: int = 2,
) -> None:  # fmt: skip
    """Let filtered searches look as far as they must to find what is wanted, too.

    Tried are filters that let a tenth and a hundredth through, spread evenly or lying together;
    where so few pass that all are compared, there is nothing to learn.
    """
    rng = np.random.default_rng(seed)
    filters = []
    for passing in _PASSING:
        filters.append(rng.random(len(vectors)) < passing)
        around = np.asarray(vectors[int(rng.integers(len(vectors)))])
        near = np.concatenate([vectors[part] @ around for part in blocks(len(vectors))])
        filters.append(near >= np.quantile(near, 1 - passing))
    for tried, allowed in enumerate(filters, start=1):
        places = np.flatnonzero(allowed)
        if len(places) > FEW:
            inside = exact_nearest(queries, np.asarray(vectors[places]), RECALL_AT, no_steps)
            right = places[inside]
            while recall(searched, queries, right, allowed)[1] < wanted:
                if searched.further * searched.probes >= searched.lists:
                    break  # it looks into all, and the storage is too coarse
                searched.further = round(searched.further * 1.1, 4)
        steps("trying filters", tried, len(filters))


def recall(
    searched: Vectors, queries: NDArray[np.float32], right: NDArray[np.int64],
    allowed: NDArray[np.bool_] | None = None,
) -> tuple[float, float]:  # fmt: skip
    """The share of the right places, (queries, k), that a search for k finds; and what that
    share is at least, with 95 % confidence, over as many other queries of their kind.
    `allowed`, (n,), is the filter that the right places pass."""
    k = right.shape[1]
    found = [
        len(np.intersect1d(searched.search(query, k, allowed)[0], places)) / k
        for query, places in zip(queries, right, strict=True)
    ]
    # Twice the variance: of these queries' mean, and of the others'.
    error = 1.64 * float(np.std(found)) * np.sqrt(2 / len(found))
    return float(np.mean(found)), float(np.mean(found) - error)


def between_items(vectors: NDArray[np.float32], seed: int = 1) -> NDArray[np.float32]:
    """Queries near one item, or between two or three; (≤ 300, d).

    A wish in words lies further from every item, and takes three times as many lists; where
    there are words, measure with wishes.
    """
    rng = np.random.default_rng(seed)
    count = min(QUERIES, len(vectors))
    drawn = rng.integers(len(vectors), size=(count, 3))
    places, back = np.unique(drawn, return_inverse=True)
    parts = np.asarray(vectors[places], dtype=np.float32)[back.reshape(drawn.shape)]  # (q, 3, d)
    among = np.arange(3) <= np.arange(count)[:, None] % 3  # (q, 3)
    queries = (parts * among[:, :, None]).sum(axis=1)
    lengths = np.maximum(np.linalg.norm(queries, axis=1, keepdims=True), 1e-9)
    return np.asarray(queries / lengths, dtype=np.float32)


def shown_steps() -> Steps:
    """Steps as bars in the terminal."""
    bars: dict[str, tqdm[None]] = {}

    def step(what: str, done: int, of: int) -> None:
        if what not in bars:
            bars[what] = tqdm(total=of, desc=what)
        bars[what].update(done - bars[what].n)
        if done >= of:
            bars[what].close()

    return step


def no_steps(what: str, done: int, of: int) -> None:
    """Tells nobody."""
