"""Figures of large catalogs, at a tiny size: made vectors, recall."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.clusters import made_vectors, shape_of
from benchmarks.scale import kept_vectors, measure
from retrieval.index_plan import Budget


@pytest.fixture(scope="module")
def real() -> np.ndarray:
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(12, 24))
    vectors = centres[rng.integers(12, size=900)] + 0.7 * rng.normal(size=(900, 24))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def test_made_vectors_lie_as_near_to_each_other_as_real_ones(real: np.ndarray) -> None:
    made = np.concatenate(list(made_vectors(real, 900, seed=1)))
    assert made.shape == real.shape
    np.testing.assert_allclose(np.linalg.norm(made, axis=1), 1, atol=1e-5)
    noise = np.random.default_rng(2).normal(size=real.shape)
    noise /= np.linalg.norm(noise, axis=1, keepdims=True)
    found, wanted, other = (
        shape_of(vectors.astype(np.float32), 12) for vectors in (made, real, noise)
    )
    for what in ("nearest", "tenth"):
        off = np.abs(np.subtract(found[what], wanted[what])).mean()
        assert off < 0.5 * np.abs(np.subtract(other[what], wanted[what])).mean()


def test_the_figures_of_a_small_catalog(real: np.ndarray, tmp_path: Path) -> None:
    path = tmp_path / "made.npy"
    vectors = kept_vectors(real, 3_000, path)
    record = measure(
        vectors, path, real, {"items": real[:20]}, real[20:60], tmp_path,
        Budget(exact_up_to=100, recall=0.9), ("lists", "exact"),
    )  # fmt: skip
    assert record["manifest"]["lists"] > 0 and record["manifest"]["count"] == 3_000
    lists, exact = record["searches"]["lists"], record["searches"]["exact"]
    for name in ("none", "10 %", "10 % in one region"):
        assert exact[name]["recall, items"] > 0.99
        assert lists[name]["recall, items"] > 0.8
        assert lists[name]["p50_ms"] >= 0
    assert lists["resident_mb"] > lists["resident_mb_before"]
