"""A catalog's texts as vectors: its items, and wishes such as may come of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from retrieval.catalog import Catalog
from retrieval.encoder import Encoder
from retrieval.index_plan import Budget, Steps, plan
from retrieval.nearest import blocks


def wish_texts(catalog: Catalog, count: int, seed: int = 2) -> list[str]:
    """Short texts such as people might look for: values of an item, and words of its prose."""
    rng = np.random.default_rng(seed)
    texts = []
    for place in rng.integers(len(catalog), size=count).tolist():
        item = catalog.items[place]
        values = [v for held in item.facets.values() for v in held] or [item.title]
        said = rng.choice(values, size=min(2, len(values)), replace=False).tolist()
        words = " ".join(item.texts.values()).split()
        first = int(rng.integers(max(1, len(words) - 6)))
        texts.append(" ".join([*said, *words[first : first + 6]]))
    return texts


def encoded_items(
    catalog: Catalog, encoder: Encoder, budget: Budget, draft: Path, progress: bool, steps: Steps
) -> NDArray[np.float32]:
    """The vectors of a catalog, (n, d); of a large one in a mapped file, not in memory."""
    if not plan(len(catalog), 1, budget).lists:
        texts = [catalog.describe(item) for item in catalog.items]
        return encoder.encode(texts, progress=progress)
    vectors: NDArray[np.float32] | None = None
    for part in blocks(len(catalog)):
        texts = [catalog.describe(item) for item in catalog.items[part]]
        encoded = encoder.encode(texts)
        if vectors is None:
            shape = (len(catalog), encoded.shape[1])
            vectors = np.lib.format.open_memmap(draft / "vectors.npy", "w+", np.float32, shape)
        vectors[part] = encoded
        steps("encoding", part.stop, len(catalog))
    assert vectors is not None  # a catalog that is large enough for lists is not empty
    return vectors
