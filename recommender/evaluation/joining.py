"""Several scorers joined into one by weights that were learned on validation cases.

Promises weights from validation alone, and one score for each candidate: the sum of the
scorers' scores, each brought to a common scale, by weight. The weights are a conditional
logit's: the right one of a case's candidates is chosen with the softmax of the joined
scores. It knows nothing of interactions between scorers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special, stats

from recommender.evaluation.cases import Case, CaseScorer, Question
from recommender.evaluation.runs import first_picks

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Weights:
    """What a scorer's scores are divided by, and how much they then count."""

    spreads: Mapping[str, float]
    shares: Mapping[str, float]


class JoinedScorer:
    """The weighted sum of scorers, each score held against its case's mean.

    Where `by_case`, scores are standardised within a case, as the app does; else by a spread
    learned over all cases, which keeps how sure a scorer is.
    """

    def __init__(
        self, scorers: Sequence[CaseScorer], weights: Weights, name: str = "joined"
    ) -> None:
        self.name = name
        self._scorers, self.weights = list(scorers), weights

    def score(self, questions: Sequence[Question]) -> list[NDArray[np.floating[Any]]]:
        total = [np.zeros(len(q.candidates)) for q in questions]
        for scorer in self._scorers:
            factor = self.weights.shares[scorer.name] / self.weights.spreads[scorer.name]
            for n, scores in enumerate(scorer.score(questions)):
                total[n] = total[n] + factor * (scores - np.mean(scores))
        return list(total)


class ReorderedScorer:
    """The first `top` of one scorer put in the order of another; the rest stay as they are.

    So a scorer that is too slow for a whole catalog can be asked about one.
    """

    def __init__(self, first: CaseScorer, second: CaseScorer, top: int, name: str) -> None:
        self.name = name
        self._first, self._second, self._top = first, second, top

    def score(self, questions: Sequence[Question]) -> list[NDArray[np.floating[Any]]]:
        scores = [np.array(s, dtype=np.float64) for s in self._first.score(questions)]
        best = [first_picks(q.candidates, s, self._top)
                for q, s in zip(questions, scores, strict=True)]  # fmt: skip
        fewer = [replace(q, candidates=q.candidates[numbers])
                 for q, numbers in zip(questions, best, strict=True)]  # fmt: skip
        for total, numbers, opinion in zip(scores, best, self._second.score(fewer), strict=True):
            ranks = stats.rankdata(opinion)  # ties share, 1 is the lowest
            total[numbers] = total.max() + ranks if np.isfinite(opinion).all() else np.nan
        return list(scores)


def learn_weights(
    scorers: Sequence[CaseScorer], cases: Sequence[Case], ridge: float = 1.0
) -> Weights:
    """The conditional logit's weights of scorers on cases with equally many candidates."""
    questions = [case.question for case in cases]
    right = np.array([case.right for case in cases])
    columns = [np.stack(scorer.score(questions)).astype(np.float64) for scorer in scorers]
    centred = [c - c.mean(axis=1, keepdims=True) for c in columns]
    spreads = [max(float(c.std()), 1e-9) for c in centred]
    features = np.stack([c / s for c, s in zip(centred, spreads, strict=True)], axis=2)
    shares = fit_choice(features, right, ridge)
    names = [scorer.name for scorer in scorers]
    return Weights(
        dict(zip(names, spreads, strict=True)), dict(zip(names, shares.tolist(), strict=True))
    )


def fit_choice(features: Floats, right: NDArray[np.int64], ridge: float = 1.0) -> Floats:
    """Weights under which the right candidates are likeliest; features (cases, m, k)."""
    rows = np.arange(len(right))
    own = features[rows, right]  # (cases, k)

    def cost(weights: Floats) -> tuple[float, Floats]:
        values = features @ weights  # (cases, m)
        log_sums = special.logsumexp(values, axis=1)
        chances = np.exp(values - log_sums[:, None])
        loss = float((log_sums - values[rows, right]).sum() + ridge / 2 * weights @ weights)
        slope = np.einsum("nm,nmk->k", chances, features) - own.sum(axis=0) + ridge * weights
        return loss, slope

    start = np.zeros(features.shape[2])
    found = optimize.minimize(cost, start, jac=True, method="L-BFGS-B")
    weights: Floats = found.x
    return weights
