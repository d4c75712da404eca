"""Figures of items judged alone (T0): who tells the right ones apart, and how sure to be.

Promises figures over all judged items of all cases, though a case is what is resampled:
the area under the curve as the mean of each case's share in it, so that its interval counts
a user's items as one. The chances that accuracy and Brier score look at come from a logistic
curve, fitted on the other half of the cases, since the scores of most rankers are no
log-odds. What a language model says as it is stands beside them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special, stats

from recommender.evaluation.runs import Row

Floats = NDArray[np.float64]
_BINS = 10


@dataclass(frozen=True)
class Judged:
    """All judged items: the score, whether it was right, and of which case it was."""

    scores: Floats
    right: NDArray[np.bool_]
    case: NDArray[np.int64]

    @classmethod
    def of(cls, rows: Sequence[Row]) -> Judged:
        """What the rows of a run judged; those of wrong outputs have no scores."""
        kept = [row for row in rows if row.scores]
        return cls(
            np.array([s for row in kept for s in row.scores]),
            np.array([n == row.number for row in kept for n in range(len(row.scores))], dtype=bool),
            np.array([n for n, row in enumerate(kept) for _ in row.scores], dtype=np.int64),
        )


def per_case_pointwise(judged: Judged, log_odds: bool) -> dict[str, Floats]:
    """For each figure one value a case, the mean of which is the figure.

    "AUC", "accuracy" and "Brier" for all; where scores are `log_odds`, "accuracy as it is",
    by yes being likelier than no.
    """
    chances = fitted_chances(judged)
    result = {
        "AUC": areas(judged),
        "accuracy": _mean_by_case(judged, (chances >= 0.5) == judged.right),
        "Brier": _mean_by_case(judged, (chances - judged.right) ** 2),
    }
    if log_odds:
        result["accuracy as it is"] = _mean_by_case(judged, (judged.scores > 0) == judged.right)
    return result


def areas(judged: Judged) -> Floats:
    """Each case's share in the area under the ROC curve; their mean is the area.

    DeLong's components (1988): of a right item the share of wrong ones below it, of a wrong
    one the share of right ones above it, ties by half. The two of a case, less the area, vary
    as the area does under resampled cases.
    """
    right, scores = judged.right, judged.scores
    among_all = stats.rankdata(scores)
    own, other = stats.rankdata(scores[right]), stats.rankdata(scores[~right])
    above = (among_all[right] - own) / max((~right).sum(), 1)
    below = 1 - (among_all[~right] - other) / max(right.sum(), 1)
    cases = int(judged.case.max(initial=-1)) + 1
    share = np.bincount(judged.case[right], above, cases) / right.sum()
    share += np.bincount(judged.case[~right], below, cases) / (~right).sum()
    result: Floats = share * cases - above.mean()
    return result


def fitted_chances(judged: Judged) -> Floats:
    """The chance of being right by a logistic curve of the score (Platt), fitted on the cases
    of the other parity."""
    chances = np.full(len(judged.scores), judged.right.mean() if len(judged.right) else 0.0)
    for parity in (0, 1):
        told = judged.case % 2 == parity
        learned = ~told
        if told.any() and len(np.unique(judged.right[learned])) == 2:
            middle, spread = judged.scores[learned].mean(), judged.scores[learned].std() or 1.0
            slope, level = _curve((judged.scores[learned] - middle) / spread, judged.right[learned])
            chances[told] = special.expit(slope * (judged.scores[told] - middle) / spread + level)
    return chances


def pointwise_calibration(judged: Judged, log_odds: bool) -> dict[str, Any]:
    """How far the fitted chances are from what happened; for `log_odds` also those as they
    are. Each bin holds its mean chance, its share of right ones and its size."""
    if not len(judged.scores):
        return {}
    error, table = binned(fitted_chances(judged), judged.right)
    result: dict[str, Any] = {"error": error, "bins": table, "of": "each item"}
    if log_odds:
        result["error_as_it_is"] = binned(special.expit(judged.scores), judged.right)[0]
    return result


def binned(chances: Floats, happened: NDArray[Any]) -> tuple[float, list[list[float]]]:
    """The expected calibration error over ten bins, and the bins."""
    bins = np.minimum((chances * _BINS).astype(int), _BINS - 1)
    table = [
        [
            float(chances[bins == b].mean()),
            float(happened[bins == b].mean()),
            int((bins == b).sum()),
        ]
        for b in range(_BINS)
        if (bins == b).any()
    ]
    return sum(abs(c - h) * n for c, h, n in table) / len(chances), table


def _curve(scores: Floats, right: NDArray[np.bool_]) -> tuple[float, float]:
    signs = np.where(right, 1.0, -1.0)

    def cost(curve: Floats) -> tuple[float, Floats]:
        margins = signs * (curve[0] * scores + curve[1])
        slopes = -signs * special.expit(-margins)
        loss = float(-special.log_expit(margins).mean()) + 1e-4 * float(curve @ curve)
        return loss, np.array([(slopes * scores).mean(), slopes.mean()]) + 2e-4 * curve

    found = optimize.minimize(cost, np.zeros(2), jac=True, method="L-BFGS-B").x
    return float(found[0]), float(found[1])


def _mean_by_case(judged: Judged, values: NDArray[Any]) -> Floats:
    result: Floats = np.bincount(judged.case, values) / np.bincount(judged.case)
    return result
