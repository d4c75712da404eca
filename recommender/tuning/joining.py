"""The shares of the joined score, learned on validation examples and kept in a card.

Promises: the shares are those by which the fitting candidates are likeliest, none below 0,
all adding up to 1, each with an interval over examples drawn anew; the same cases give the
same shares. Scores are standardised over an example's candidates, as ranking does it. It
makes no scores itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recommender.adapter_card import Card, with_weights, write_card
from recommender.tuning.checkpoints import card_of

LANGUAGE, RETRIEVAL, COLLABORATIVE = "language", "retrieval", "collaborative"
_RIDGE = 1e-3  # keeps the shares finite where one score tells every case apart


@dataclass(frozen=True)
class Case:
    """One example's candidates: scores by their source, each of shape (n,), and who fits."""

    scores: Mapping[str, NDArray[np.float64]]
    fitting: int


@dataclass(frozen=True)
class Shares:
    """What each source is worth, with 95 % intervals."""

    of: Mapping[str, float]
    intervals: Mapping[str, tuple[float, float]]
    cases: int

    def as_weights(self) -> dict[str, float]:
        """As ranking takes them: `rank_weight` is the model's share against the retriever's."""
        language, retrieval = self.of.get(LANGUAGE, 0.0), self.of.get(RETRIEVAL, 0.0)
        known = language + retrieval
        weights = {"rank_weight": round(language / known, 3) if known else 0.0}
        if COLLABORATIVE in self.of:
            weights["collaborative_weight"] = round(self.of[COLLABORATIVE], 3)
        return weights


def fit_weights(cases: Sequence[Case], *, draws: int = 200, seed: int = 0) -> Shares:
    """The shares by a conditional logit. Raises `ValueError` where there is nothing to fit."""
    names = list(cases[0].scores) if cases else []
    if not names or any(list(case.scores) != names for case in cases):
        raise ValueError("cases must be there, all with scores of the same sources")
    tables = [
        np.stack([_standard(case.scores[name]) for name in names], axis=1) for case in cases
    ]  # each (candidates, sources)
    margins = [table - table[case.fitting] for table, case in zip(tables, cases, strict=True)]
    best = _fit(margins, len(names))
    chance = np.random.default_rng(seed)
    drawn = np.array(
        [_fit([margins[n] for n in chance.integers(len(margins), size=len(margins))], len(names))
         for _ in range(draws)]
    ).reshape(draws, len(names))  # fmt: skip
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0) if draws else (best, best)
    return Shares(
        {name: float(best[n]) for n, name in enumerate(names)},
        {name: (float(low[n]), float(high[n])) for n, name in enumerate(names)},
        len(cases),
    )


def store_weights(folder: Path, shares: Shares) -> Card:
    """Write the shares into a checkpoint's card. Raises `CardError`."""
    card = with_weights(card_of(folder), **shares.as_weights())
    write_card(folder, card)
    return card


def _fit(margins: Sequence[NDArray[np.float64]], sources: int) -> NDArray[np.float64]:
    """Shares of shape (sources,) under which the fitting candidates are likeliest."""
    from scipy.optimize import minimize

    def cost(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        value, slope = _RIDGE * weights @ weights, 2 * _RIDGE * weights
        for margin in margins:  # (candidates, sources); 0 for the fitting one
            logits = margin @ weights
            top = logits.max()
            odds = np.exp(logits - top)
            value += (top + np.log(odds.sum())) / len(margins)
            slope = slope + (odds / odds.sum()) @ margin / len(margins)
        return float(value), slope

    found = minimize(
        cost, np.full(sources, 0.5), jac=True, method="L-BFGS-B", bounds=[(0, None)] * sources
    )
    total = found.x.sum()
    return np.asarray(found.x / total if total > 0 else np.full(sources, 1 / sources))


def _standard(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    spread = scores.std()
    return (scores - scores.mean()) / spread if spread > 1e-9 else np.zeros_like(scores)
