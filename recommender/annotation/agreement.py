"""How far annotators agree: Krippendorff's alpha, with intervals.

The coefficient is the library's (Krippendorff, "Computing Krippendorff's alpha-reliability",
2011). Intervals are percentiles over resampled units: what is judged is drawn anew, whole,
with all its judgements, since other cases are what a figure is to hold for.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

import krippendorff
import numpy as np
from numpy.typing import NDArray

NOMINAL, ORDINAL = "nominal", "ordinal"
RESAMPLES = 1_000


@dataclass(frozen=True)
class Alpha:
    """Alpha with its 95 % interval. None where it is not defined: fewer than two judgements
    of any unit, or all alike."""

    value: float | None
    low: float | None
    high: float | None
    units: int  # with two judgements or more
    judgements: int  # of these units


@dataclass(frozen=True)
class Rating:
    """One value that an annotator gave to a unit: a comparison, a pick, a list."""

    unit: Hashable
    annotator: str
    value: float


def alpha(
    ratings: Iterable[Rating], level: str, seed: int = 0, resamples: int = RESAMPLES
) -> Alpha:
    """Alpha of all annotators. `level` is "nominal" or "ordinal"."""
    units: dict[Hashable, list[float]] = {}
    for rating in ratings:
        units.setdefault(rating.unit, []).append(rating.value)
    return _with_interval([[values] for values in units.values()], level, seed, resamples)


def alpha_of(
    annotator: str, ratings: Sequence[Rating], level: str, seed: int = 0,
    resamples: int = RESAMPLES,
) -> Alpha:  # fmt: skip
    """Alpha of one annotator with the others: each unit is paired with each other's value.

    The pairs of a unit are resampled together.
    """
    mine = {r.unit: r.value for r in ratings if r.annotator == annotator}
    pairs: dict[Hashable, list[list[float]]] = {}
    for rating in ratings:
        if rating.annotator != annotator and rating.unit in mine:
            pairs.setdefault(rating.unit, []).append([mine[rating.unit], rating.value])
    return _with_interval(list(pairs.values()), level, seed, resamples)


def _with_interval(
    groups: Sequence[Sequence[Sequence[float]]], level: str, seed: int, resamples: int
) -> Alpha:
    """Alpha over sets of values that were given to one thing; those of a group are drawn
    together."""
    paired = [[values for values in group if len(values) > 1] for group in groups]
    paired = [group for group in paired if group]
    sets = [values for group in paired for values in group]
    domain = np.unique([value for values in sets for value in values])
    judgements = sum(map(len, sets))
    if len(domain) < 2 or len(paired) < 2:
        return Alpha(None, None, None, len(paired), judgements)
    counts = np.array([[values.count(v) for v in domain] for values in map(list, sets)])
    owner = np.repeat(np.arange(len(paired)), [len(group) for group in paired])
    rng = np.random.default_rng(seed)
    drawn = []
    for _ in range(resamples):
        times = np.bincount(rng.integers(len(paired), size=len(paired)), minlength=len(paired))
        resampled = _alpha(np.repeat(counts, times[owner], axis=0), domain, level)
        if resampled is not None:
            drawn.append(resampled)
    low, high = np.percentile(drawn, [2.5, 97.5])
    value = _alpha(counts, domain, level)
    return Alpha(value, float(low), float(high), len(paired), judgements)


def _alpha(counts: NDArray[np.int64], domain: NDArray[np.float64], level: str) -> float | None:
    """Alpha of counts of shape (sets, values); None where all values are alike, so that there
    is nothing to agree about."""
    if (counts.sum(axis=0) > 0).sum() < 2:
        return None
    return float(
        krippendorff.alpha(value_counts=counts, value_domain=domain, level_of_measurement=level)
    )
