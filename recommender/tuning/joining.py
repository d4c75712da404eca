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
from recommender.conditional_logit import fit_choice
from recommender.tuning.checkpoints import card_of

LANGUAGE, RETRIEVAL, COLLABORATIVE = "language", "retrieval", "collaborative"
_RIDGE = 2e-3  # for each case


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
    right = [case.fitting for case in cases]
    best = _fit(tables, right)
    chance = np.random.default_rng(seed)
    resamples = (chance.integers(len(tables), size=len(tables)) for _ in range(draws))
    drawn = np.array(
        [_fit([tables[n] for n in rows], [right[n] for n in rows]) for rows in resamples]
    ).reshape(draws, len(names))
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


def _fit(tables: Sequence[NDArray[np.float64]], right: Sequence[int]) -> NDArray[np.float64]:
    """Shares of shape (sources,) under which the fitting candidates are likeliest."""
    found = fit_choice(tables, right, _RIDGE * len(tables), positive=True)
    total = found.sum()
    return found / total if total > 0 else np.full(len(found), 1 / len(found))


def _standard(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    spread = scores.std()
    return (scores - scores.mean()) / spread if spread > 1e-9 else np.zeros_like(scores)
