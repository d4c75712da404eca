"""Figures of ranked candidates with one right answer, and how sure they are.

Promises that ties share: where several candidates have the right one's score, its rank is
each of theirs with equal chance, and every figure is the expectation over them. So a scorer
that finds all alike gets what chance gives, never a hit. Written here since the libraries
looked at break ties by position or by id, either of which may know the answer. It knows
nothing of several right answers or grades of relevance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
HIT_CUTS = (1, 3, 5, 10)
GAIN_CUTS = (3, 5, 10)
RECALL_CUTS = (20, 50, 100)
RESAMPLES = 2000


@dataclass(frozen=True)
class Standing:
    """Where the right answer stands: how many are above it, how many level, of how many.

    A `wrong` output (a failure, a number that is none, items that were not asked about)
    stands last, and is counted as wrong besides.
    """

    above: int
    level: int  # others with the same score
    of: int
    wrong: bool = False


@dataclass(frozen=True)
class Figure:
    """A mean over cases with its 95 % bootstrap interval."""

    value: float
    low: float
    high: float
    n: int

    def __str__(self) -> str:
        return f"{self.value:.4f} ({self.low:.4f}–{self.high:.4f})"


def standing(scores: Sequence[float] | Floats, right: int) -> Standing:
    """Where candidate number `right` stands by these scores, higher is better."""
    values = np.asarray(scores, dtype=np.float64)
    if not np.isfinite(values).all():
        return Standing(len(values) - 1, 0, len(values), wrong=True)
    above = int((values > values[right]).sum())
    level = int((values == values[right]).sum()) - 1
    return Standing(above, level, len(values))


def first_hit(stands: Standing) -> float:
    """The chance that the right answer comes first."""
    return 0.0 if stands.above or stands.wrong else 1 / (stands.level + 1)


def gain(stands: Standing) -> float:
    """NDCG without a cut: with one right answer, the discount of its rank."""
    ranks = np.arange(stands.above + 1, stands.above + stands.level + 2)
    return 0.0 if stands.wrong else float((1 / np.log2(1 + ranks)).mean())


def per_case(standings: Sequence[Standing], whole_catalog: bool = False) -> dict[str, Floats]:
    """For each figure its value in every case; the mean over cases is the figure.

    With one right answer the hit rate at k is also the recall at k; cuts that reach beyond
    the number of candidates say nothing, and are left out.
    """
    above = np.array([s.above for s in standings], dtype=np.int64)
    level = np.array([s.level for s in standings], dtype=np.int64)
    fewest = min((s.of for s in standings), default=0)
    longest = max((s.of for s in standings), default=0)
    ranks = np.arange(1, longest + 1, dtype=np.float64)
    result = {}
    for cut in HIT_CUTS:
        if cut <= fewest:
            result[f"HR@{cut}"] = _expected(ranks <= cut, above, level)
    for cut in GAIN_CUTS:
        if cut <= fewest:
            gains = np.where(ranks <= cut, 1 / np.log2(1 + ranks), 0.0)
            result[f"NDCG@{cut}"] = _expected(gains, above, level)
    result["MRR"] = _expected(1 / ranks, above, level)
    if whole_catalog or fewest >= RECALL_CUTS[0]:
        for cut in RECALL_CUTS:
            if cut <= fewest:
                result[f"R@{cut}"] = _expected(ranks <= cut, above, level)
    result["wrong"] = np.array([float(s.wrong) for s in standings])
    for name in result:
        if name != "wrong":  # a wrong output earns nothing, wherever it stands
            result[name] = np.where(result["wrong"] > 0, 0.0, result[name])
    return result


def figures(values: Mapping[str, Floats], seed: int = 0) -> dict[str, Figure]:
    """The means of several figures over the same cases, with percentile intervals."""
    if not values:
        return {}
    matrix = np.stack([np.asarray(v, dtype=np.float64) for v in values.values()], axis=1)
    means = resampled_means(matrix, seed)
    low, high = np.percentile(means, [2.5, 97.5], axis=0)
    return {
        name: Figure(float(matrix[:, n].mean()), float(low[n]), float(high[n]), len(matrix))
        for n, name in enumerate(values)
    }


def resampled_means(matrix: Floats, seed: int, resamples: int = RESAMPLES) -> Floats:
    """Means of the columns under resampled rows, shape (resamples, columns)."""
    rng = np.random.default_rng(seed)
    count = len(matrix)
    result = np.empty((resamples, matrix.shape[1]))
    for n in range(resamples):
        times = np.bincount(rng.integers(count, size=count), minlength=count)
        result[n] = times @ matrix / count
    return result


def _expected(
    gains: NDArray[np.bool_] | Floats, above: NDArray[np.int64], level: NDArray[np.int64]
) -> Floats:
    """The mean of the gains of the ranks above + 1 … above + level + 1."""
    summed = np.concatenate([[0.0], np.cumsum(gains, dtype=np.float64)])
    result: Floats = (summed[above + level + 1] - summed[above]) / (level + 1)
    return result
