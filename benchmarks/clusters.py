"""Vectors of any number with the clusters of real ones, for figures about large catalogs.

Real are the sentence vectors of items drawn from the sets under a data folder (video games,
CDs, films, books; each in proportion to its size), or of the bundled films without one.
Each made vector stands between a real one and one of its nearest neighbours, moved along
the differences of pairs of other neighbours there, as far as brings made vectors no nearer to
each other than as many real ones are. So it varies only where, and as much as,
real items of its neighbourhood do: dense clusters stay dense, thin ones thin. What that comes to
`shape_of` says, of real vectors and of as many made ones.
"""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.vq import kmeans2
from tqdm import tqdm

from retrieval.catalog import load_catalog
from retrieval.encoder import Encoder

Floats = NDArray[np.float32]
NEIGHBOURS = 12  # of a real vector, which span the directions it may move in
_BLOCK = 20_000  # vectors made at once
_COMPARED = 4_000  # vectors by which it is chosen how far to move
_DIRECTIONS = 4  # in which a vector is moved
_LONGEST = 400  # characters of a text
_SETS = (
    ("video_games/items.jsonl.gz", ("title", "platform", "kind")),
    ("cds/items.jsonl.gz", ("title", "categories")),
    ("movies/wikipedia_films.jsonl.gz", ("title", "genres", "cast", "extract")),
    ("books/books.csv.gz", ("title", "authors", "categories", "description")),
)


def texts_of(data: Path | None, count: int, seed: int = 0) -> list[str]:
    """Texts of at most `count` real items, drawn from all sets; of the bundled films without."""
    if data is None:
        movies = load_catalog("movies")
        texts = [movies.describe(item) for item in movies.items]
    else:
        texts = [text for name, columns in _SETS for text in _read(data / name, columns)]
    order = np.random.default_rng(seed).permutation(len(texts))
    return [texts[n] for n in order[:count]]


def real_vectors(encoder: Encoder, texts: list[str], kept: Path) -> Floats:
    """Vectors of texts, (n, d), encoded once and kept in a file."""
    if kept.is_file() and len(vectors := np.load(kept)) == len(texts):
        return np.asarray(vectors, dtype=np.float32)
    kept.parent.mkdir(parents=True, exist_ok=True)
    parts = [encoder.encode(texts[n : n + 500]) for n in tqdm(range(0, len(texts), 500))]
    vectors = np.concatenate(parts)
    np.save(kept, vectors)
    return vectors


def made_vectors(real: Floats, count: int, seed: int = 0) -> Iterator[Floats]:
    """Blocks of unit vectors, `count` in all, each of shape (≤ 20,000, d)."""
    near = nearest(real, real, min(NEIGHBOURS, len(real) - 1), apart=True)[0]
    noise = _noise_like(real, near)
    rng = np.random.default_rng(seed)
    for start in range(0, count, _BLOCK):
        yield _moved(real, near, min(_BLOCK, count - start), noise, rng)


def _noise_like(real: Floats, near: NDArray[np.int64]) -> float:
    """How far to move, so that as many made vectors lie as near to each other as real ones."""
    some = np.random.default_rng(3).choice(len(real), min(_COMPARED, len(real)), replace=False)
    wanted = float(np.median(nearest(real[some], real[some], 1, apart=True)[1]))

    def off(noise: float) -> float:
        made = _moved(real, near, len(some), noise, np.random.default_rng(4))
        return abs(float(np.median(nearest(made, made, 1, apart=True)[1])) - wanted)

    return min((0.05 * step for step in range(1, 17)), key=off)


def _moved(
    real: Floats, near: NDArray[np.int64], size: int, noise: float, rng: np.random.Generator
) -> Floats:
    """Vectors between a real one and a neighbour, moved along differences of neighbours."""
    at = rng.integers(len(real), size=size)
    around = near[at]  # (size, neighbours)
    share = rng.uniform(0, 0.5, size=(size, 1)).astype(np.float32)
    block = (1 - share) * real[at] + share * real[_any_of(around, rng)]
    for _ in range(_DIRECTIONS):
        step = rng.normal(scale=noise, size=(size, 1)).astype(np.float32)
        block += step * (real[_any_of(around, rng)] - real[_any_of(around, rng)])
    return np.asarray(block / np.linalg.norm(block, axis=1, keepdims=True), dtype=np.float32)


def nearest(
    queries: Floats, vectors: Floats, k: int, apart: bool = False
) -> tuple[NDArray[np.int64], Floats]:
    """Places and cosines of the k nearest, each (queries, k); with `apart` not the query itself."""
    places, cosines = [], []
    for start in range(0, len(queries), 1000):
        found = queries[start : start + 1000] @ vectors.T
        if apart:
            rows = np.arange(len(found))
            found[rows, start + rows] = -2
        best = np.argpartition(-found, k - 1, axis=1)[:, :k]
        values = np.take_along_axis(found, best, axis=1)
        order = np.argsort(-values, axis=1)
        places.append(np.take_along_axis(best, order, axis=1))
        cosines.append(np.take_along_axis(values, order, axis=1))
    return np.concatenate(places), np.concatenate(cosines)


def shape_of(vectors: Floats, clusters: int = 100, seed: int = 0) -> dict[str, list[float]]:
    """Quantiles (.05, .25, .5, .75, .95) of what clusters are like: the cosine to the nearest
    and to the tenth neighbour, and the share of vectors in each k-means cluster."""
    cosines = nearest(vectors, vectors, 10, apart=True)[1]
    clusters = min(clusters, len(vectors) // 10)
    labels = kmeans2(vectors, clusters, iter=10, minit="points", seed=seed)[1]
    sizes = np.bincount(labels, minlength=clusters) / len(vectors)
    at = np.array([0.05, 0.25, 0.5, 0.75, 0.95])
    found: dict[str, NDArray[np.floating[Any]]] = {
        "nearest": cosines[:, 0], "tenth": cosines[:, 9], "cluster": sizes,
    }  # fmt: skip
    return {name: np.quantile(values, at).tolist() for name, values in found.items()}


def _any_of(around: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """One of each row."""
    return around[np.arange(len(around)), rng.integers(around.shape[1], size=len(around))]


def _read(path: Path, columns: tuple[str, ...]) -> Iterator[str]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
        rows = csv.DictReader(lines) if ".csv" in path.name else map(json.loads, lines)
        for row in rows:
            values = [row.get(name) or "" for name in columns]
            parts = [", ".join(v) if isinstance(v, list) else str(v) for v in values]
            yield ". ".join(part for part in parts if part)[:_LONGEST]
