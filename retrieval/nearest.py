"""Nearest vectors by cosine, exactly or by inverted lists. The only home of FAISS.

Promises places and cosines of unit vectors, best first, with filters inside the search, and
single vectors read back. Which way is taken for how many vectors is decided in `index`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import faiss
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Places = NDArray[np.int64]
Mask = NDArray[np.bool_]
Found = tuple[Places, Floats]

# How a vector's numbers are stored, by name: bits of each, and FAISS's name of it.
CODECS = {
    "fp16": (16, faiss.ScalarQuantizer.QT_fp16),
    "sq8": (8, faiss.ScalarQuantizer.QT_8bit),
    "sq6": (6, faiss.ScalarQuantizer.QT_6bit),
    "sq4": (4, faiss.ScalarQuantizer.QT_4bit),
}
_ROUNDS, _LEARNED_FROM = 10, 50  # of k-means; vectors for each list
FEW = 2_000  # vectors that are compared one by one
# How much further a filtered search looks: to these powers of how rare what passes is, and of how
# densely it lies together (`benchmarks/scale.py`); what is lacking then is learned with the lists.
_FURTHER, _TOGETHER = 0.1, 0.4
_BLOCK = 20_000  # vectors added at once


class Vectors(Protocol):
    """Vectors that can be searched. `count` and `dimension` are their shape."""

    @property
    def count(self) -> int: ...

    @property
    def dimension(self) -> int: ...

    def search(self, query: Floats, k: int, allowed: Mask | None) -> Found:
        """Places and cosines of the k best of those allowed; k is not more than there are."""
        ...

    def vectors_of(self, places: Places) -> Floats:
        """The vectors at some places, (m, d), as exactly as they are stored."""
        ...

    def write(self, file: Path) -> None: ...


class ExactVectors:
    """Every vector is compared."""

    def __init__(self, index: Any, vectors: Floats) -> None:
        self._index = index
        # Not a view of what the index holds: whoever has it may outlive the index.
        self.vectors = vectors

    @classmethod
    def of(cls, vectors: Floats) -> ExactVectors:
        vectors = np.ascontiguousarray(vectors, dtype=np.float32)
        index = faiss.IndexFlatIP(vectors.shape[1])
        index.add(vectors)
        return cls(index, vectors)

    @property
    def count(self) -> int:
        return len(self.vectors)

    @property
    def dimension(self) -> int:
        return int(self.vectors.shape[1])

    def search(self, query: Floats, k: int, allowed: Mask | None) -> Found:
        parameters = None
        if allowed is not None:
            selector, _kept = _selector(allowed)
            parameters = faiss.SearchParameters(sel=selector)  # type: ignore[call-arg]
        scores, places = self._index.search(query[None], k, params=parameters)
        return places[0], scores[0]

    def vectors_of(self, places: Places) -> Floats:
        return self.vectors[places]

    def write(self, file: Path) -> None:
        faiss.write_index(self._index, str(file))


class InvertedLists:
    """Vectors in lists by their nearest centre; a search looks into the lists nearest to it.

    `probes` is how many lists an unfiltered search looks into. A filtered one looks into more,
    until it has met as large a share of the allowed vectors, `further` times that and more the
    fewer these are and the nearer they lie together.
    """

    def __init__(self, index: Any, probes: int, further: float = 1.0) -> None:
        self._index = index
        self.probes, self.further = probes, further
        packed = faiss.vector_to_array(index.direct_map.array)  # list and place in the list
        self._list_of = (packed >> 32).astype(np.int32)  # (n,)
        self._sizes = np.bincount(self._list_of, minlength=index.nlist)  # (lists,)
        self._centres = index.quantizer.reconstruct_n(0, index.nlist)  # (lists, d)

    @property
    def count(self) -> int:
        return int(self._index.ntotal)

    @property
    def dimension(self) -> int:
        return int(self._index.d)

    @property
    def lists(self) -> int:
        return int(self._index.nlist)

    def search(self, query: Floats, k: int, allowed: Mask | None) -> Found:
        if allowed is None:
            parameters = faiss.SearchParametersIVF(nprobe=self.probes)  # type: ignore[call-arg]
        else:
            places = np.flatnonzero(allowed)
            if len(places) <= max(FEW, k):
                return _best(places, self.vectors_of(places) @ query, k)
            selector, _kept = _selector(allowed)
            parameters = faiss.SearchParametersIVF(  # type: ignore[call-arg]
                nprobe=self._enough(query, k, places), sel=selector
            )
        scores, found = self._index.search(query[None], k, params=parameters)
        return found[0][found[0] >= 0], scores[0][found[0] >= 0]

    def vectors_of(self, places: Places) -> Floats:
        return np.asarray(self._index.reconstruct_batch(places), dtype=np.float32)

    def write(self, file: Path) -> None:
        faiss.write_index(self._index, str(file))

    def _enough(self, query: Floats, k: int, places: Places) -> int:
        """How many lists to look into for vectors at these places."""
        rarity = self.count / len(places)
        held = np.bincount(self._list_of[places], minlength=self.lists)
        # How many times as dense as anywhere what passes is around one that passes: 1 where it
        # is spread evenly, up to the rarity where it fills whole lists.
        density = float((held**2 / np.maximum(self._sizes, 1)).sum()) / len(places) * rarity
        share = self.probes / self.lists * rarity**_FURTHER * max(density, 1.0) ** _TOGETHER
        share *= self.further
        wanted = max(4 * k, min(share, 1.0) * len(places))
        nearest = np.argsort(-(self._centres @ query))
        enough = int(np.searchsorted(np.cumsum(held[nearest]), wanted)) + 1
        return min(max(enough, self.probes), self.lists)


@dataclass(frozen=True)
class ChangedVectors:
    """Vectors of which some came after the others were put in lists, or are no longer there.

    `rows`, shape (n,), holds for each place its row in `base`, or behind these in `added`.
    Nothing of `base` is written to, so that whoever searches it goes on undisturbed.
    """

    base: Vectors
    rows: Places
    added: Floats

    @property
    def count(self) -> int:
        return len(self.rows)

    @property
    def dimension(self) -> int:
        return self.base.dimension

    def search(self, query: Floats, k: int, allowed: Mask | None) -> Found:
        passing = self._kept_in_base
        new = self._new_places
        if allowed is not None:
            passing = np.zeros(self.base.count, dtype=bool)
            places = np.flatnonzero(allowed)
            rows = self.rows[places]
            passing[rows[rows < self.base.count]] = True
            new = new[allowed[new]]
        old = min(k, int(passing.sum()))
        found, cosines = _nothing() if old == 0 else self.base.search(query, old, passing)
        own = self.added[self.rows[new] - self.base.count] @ query
        return _best(
            np.concatenate([self._place_of[found], new]), np.concatenate([cosines, own]), k
        )

    def vectors_of(self, places: Places) -> Floats:
        rows = self.rows[places]
        result = np.empty((len(places), self.dimension), dtype=np.float32)
        old = rows < self.base.count
        result[old] = self.base.vectors_of(rows[old])
        result[~old] = self.added[rows[~old] - self.base.count]
        return result

    def write(self, file: Path) -> None:
        self.base.write(file)

    @cached_property
    def _kept_in_base(self) -> Mask:
        kept = np.zeros(self.base.count, dtype=bool)
        kept[self.rows[self.rows < self.base.count]] = True
        return kept

    @cached_property
    def _new_places(self) -> Places:
        return np.flatnonzero(self.rows >= self.base.count)

    @cached_property
    def _place_of(self) -> Places:
        places = np.full(self.base.count, -1, dtype=np.int64)
        old = np.flatnonzero(self.rows < self.base.count)
        places[self.rows[old]] = old
        return places


def learn_lists(
    vectors: Floats, lists: int, codec: str, step: Callable[[str, int, int], None], seed: int = 0
) -> Any:
    """FAISS's inverted lists over vectors, which may lie in a mapped file; (n, d), n ≥ lists.

    `step` is told what is done, how far it is and how far it goes.
    """
    count, dimension = vectors.shape
    rng = np.random.default_rng(seed)
    drawn = rng.choice(count, min(count, lists * _LEARNED_FROM), replace=False)
    sample = np.ascontiguousarray(vectors[np.sort(drawn)])
    centres = sample[rng.choice(len(sample), lists, replace=False)]
    for done in range(_ROUNDS):
        means = faiss.Clustering(dimension, lists)
        means.niter, means.spherical, means.seed = 1, True, seed
        means.min_points_per_centroid, means.max_points_per_centroid = 1, _LEARNED_FROM
        faiss.copy_array_to_vector(centres.ravel(), means.centroids)
        means.train(sample, faiss.IndexFlatIP(dimension))
        centres = faiss.vector_to_array(means.centroids).reshape(lists, dimension)
        step("learning lists", done + 1, _ROUNDS)
    quantizer = faiss.IndexFlatIP(dimension)
    quantizer.add(centres)
    index = faiss.IndexIVFScalarQuantizer(
        quantizer, dimension, lists, CODECS[codec][1], faiss.METRIC_INNER_PRODUCT
    )
    index.train(sample)
    for start in range(0, count, _BLOCK):
        index.add(np.ascontiguousarray(vectors[start : start + _BLOCK]))
        step("filling lists", min(start + _BLOCK, count), count)
    index.make_direct_map(True)
    return index


def read_vectors(file: Path, probes: int, further: float = 1.0) -> Vectors:
    """Vectors from a file. Raises `RuntimeError`.

    Read to memory: mapped from the file, lists take twice as long to search.
    """
    index = faiss.read_index(str(file), faiss.IO_FLAG_READ_ONLY)
    if probes:
        return InvertedLists(index, probes, further)
    return ExactVectors(index, index.reconstruct_n(0, index.ntotal))


def exact_nearest(
    queries: Floats, vectors: Floats, k: int, step: Callable[[str, int, int], None]
) -> Places:
    """Places of the k nearest to each query, shape (queries, k), whatever it takes."""
    heap = faiss.ResultHeap(len(queries), k, keep_max=True)
    for start in range(0, len(vectors), _BLOCK):
        block = np.ascontiguousarray(vectors[start : start + _BLOCK])
        scores, places = faiss.knn(queries, block, min(k, len(block)), faiss.METRIC_INNER_PRODUCT)
        heap.add_result(scores, places + start)
        step("comparing with exact search", min(start + _BLOCK, len(vectors)), len(vectors))
    heap.finalize()
    return np.asarray(heap.I, dtype=np.int64)


def blocks(count: int) -> Iterator[slice]:
    for start in range(0, count, _BLOCK):
        yield slice(start, min(start + _BLOCK, count))


def _selector(allowed: Mask) -> tuple[Any, Any]:
    """FAISS's selector of a mask, with the bits that have to outlive it."""
    bits = np.packbits(allowed, bitorder="little")
    return faiss.IDSelectorBitmap(len(allowed), faiss.swig_ptr(bits)), bits


def _best(places: Places, cosines: Floats, k: int) -> Found:
    order = np.lexsort((places, -cosines))[:k]
    return places[order], cosines[order]


def _nothing() -> Found:
    return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32)
