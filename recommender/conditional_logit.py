"""Weights of several scores under which the right candidate is the likeliest choice.

A conditional logit (McFadden, 1974): the chance of a candidate is the softmax, over the
candidates of its case, of the weighted sum of its scores. Promises the same weights for the
same cases; how scores are scaled before is the caller's matter.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def fit_choice(
    features: Sequence[Floats], right: Sequence[int], ridge: float = 1.0, *, positive: bool = False
) -> Floats:
    """The weights, shape (k,), of cases with their scores, each (candidates, k).

    `right` says which candidate of each case is right. `ridge` draws the weights to 0, and
    keeps them finite where one score tells every case apart; with `positive` none is below 0.
    """
    from scipy import optimize, special  # at first use, as the command line's help is light

    count = features[0].shape[1]
    longest = max(len(scores) for scores in features)
    # Cases are padded to one length with candidates that nobody could choose.
    table = np.zeros((len(features), longest, count))  # (cases, m, k)
    there = np.zeros((len(features), longest), dtype=bool)
    for n, scores in enumerate(features):
        table[n, : len(scores)], there[n, : len(scores)] = scores, True
    rows, chosen = np.arange(len(features)), np.asarray(right)
    own = table[rows, chosen].sum(axis=0)  # (k,)

    def cost(weights: Floats) -> tuple[float, Floats]:
        values = np.where(there, table @ weights, -np.inf)  # (cases, m)
        log_sums = special.logsumexp(values, axis=1)
        chances = np.exp(values - log_sums[:, None])
        loss = float((log_sums - values[rows, chosen]).sum() + ridge / 2 * weights @ weights)
        slope = np.einsum("nm,nmk->k", chances, table) - own + ridge * weights
        return loss, slope

    start = np.full(count, 0.5 if positive else 0.0)
    bounds = [(0, None)] * count if positive else None
    found = optimize.minimize(cost, start, jac=True, method="L-BFGS-B", bounds=bounds)
    return np.asarray(found.x, dtype=np.float64)
