"""What every retriever reckons alike: the vector of a query, leanings met, variety.

Works on vectors and items that were found; finds none itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from retrieval.catalog import Item
from retrieval.encoder import Encoder
from retrieval.query import Query, RetrieverWeights

Floats = NDArray[np.float32]


def query_vector(
    query: Query,
    encoder: Encoder,
    vectors_of: Callable[[Sequence[str]], Floats],
    weights: RetrieverWeights,
    fade: float = 1.0,
) -> Floats | None:
    """The unit vector to search with, shape (d,); None where nothing is known.

    `vectors_of` gives the vectors of items by their ids, (m, d), without unknown ones. A liked
    item counts `fade` times as much as the one after it.
    """
    parts: list[Floats] = []
    text = query.text or ", ".join(value for group in query.leanings for _, value in group)
    if text:
        parts.append(encoder.encode([text])[0])
    for ids, weight, each in (
        (query.liked, weights.liked, fade),
        (query.history, weights.history, fade),
        (query.disliked, -weights.disliked, 1.0),
    ):
        vectors = vectors_of(ids) if ids else ()
        if len(vectors):
            shares = np.float32(each) ** np.arange(len(vectors), dtype=np.float32)[::-1]
            parts.append(np.float32(weight) * unit(np.average(vectors, 0, shares)))
    total = np.sum(parts, axis=0) if parts else np.zeros(1, dtype=np.float32)
    return unit(total) if total.any() else None


def leaning_shares(query: Query, items: Sequence[Item]) -> Floats:
    """The share of the query's leanings that each item meets, (len(items),)."""
    shares = np.zeros(len(items), dtype=np.float32)
    for row, item in enumerate(items):
        met = 0.0
        for group in query.leanings:
            held = sum(value in item.facets.get(name, ()) for name, value in group)
            # One of a group is most of it: "scary" is horror or a thriller.
            met += 0.75 * bool(held) + 0.25 * held / len(group)
        shares[row] = met / max(len(query.leanings), 1)
    return shares


def spread(vectors: Floats, scores: Floats, k: int, variety: float) -> NDArray[np.int64]:
    """Rows in the order of maximal marginal relevance (Carbonell & Goldstein, 1998).

    `vectors` (m, d) are of unit length; `variety` is lambda, 1 looks at the scores alone.
    """
    nearest = np.zeros(len(scores), dtype=np.float32)  # cosine to the nearest one chosen
    chosen: list[int] = []
    while len(chosen) < min(k, len(scores)):
        worth = variety * scores - (1 - variety) * nearest
        worth[chosen] = -np.inf
        row = int(worth.argmax())
        chosen.append(row)
        nearest = np.maximum(nearest, vectors @ vectors[row])
    return np.array(chosen, dtype=np.int64)


def unit(vector: Floats) -> Floats:
    """A vector at length one; one of length 0 stays."""
    length = float(np.linalg.norm(vector))
    return np.asarray(vector / length if length else vector, dtype=np.float32)
