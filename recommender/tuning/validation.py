"""Validation during a run: hit rate, NDCG and loss on examples that are not trained on.

Promises: candidates are scored by the code that serves them, so the figures are those that
serving would have, and ties share as they do in evaluation. It bounds nothing itself: it takes the
examples it is given.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from recommender.evaluation.metrics import first_hit, gain, standing
from recommender.language_model import HuggingFaceModel
from recommender.tuning.batches import Encoded
from recommender.tuning.encoding import asked
from recommender.tuning.examples import Example


@dataclass(frozen=True)
class Figures:
    """Means over the examples that have the figure; None where none has."""

    hit_rate: float | None  # the fitting block comes first
    ndcg: float | None  # over all blocks of an example
    loss: float
    examples: int

    @property
    def worth(self) -> float:
        """What the best state of a run is chosen by, higher is better."""
        return -self.loss if self.ndcg is None else self.ndcg

    def as_dict(self) -> dict[str, float]:
        figures = {"hr@1": self.hit_rate, "ndcg": self.ndcg, "validation_loss": self.loss}
        return {name: round(value, 5) for name, value in figures.items() if value is not None}


def rows(
    examples: Sequence[tuple[Example, Encoded]],
    model: HuggingFaceModel,
    scoring: str,
    loss: Callable[[Encoded], float],
) -> list[tuple[float, float, float]]:
    """Hit, gain and loss of each example; hit and gain are NaN where nothing is ranked.

    `loss` gives the training loss of an example that is not scored by blocks.
    """
    found = []
    for example, encoded in examples:
        if len(example.blocks) < 2:
            found.append((math.nan, math.nan, loss(encoded)))
            continue
        prefix, blocks = asked(example, scoring)
        ask = model.score if scoring == "block" else model.likelihood
        scores = ask(prefix, blocks)
        stands = standing(scores, example.best)
        cost = listwise(scores, example.labels) if scoring == "block" else loss(encoded)
        if sum(example.labels) == 1:
            found.append((first_hit(stands), gain(stands), cost))
        else:
            found.append((*graded(scores, example.labels), cost))
    return found


def graded(scores: NDArray[np.float64], labels: Sequence[int]) -> tuple[float, float]:
    """Of several blocks that fit: whether one of the best comes first, and NDCG."""
    grades = np.array(labels)
    order = np.lexsort((grades, -scores))  # of equal scores the worse come first
    gains = np.exp2(grades) - 1
    discounts = 1 / np.log2(np.arange(2, len(gains) + 2))
    best = float(np.sort(gains)[::-1] @ discounts)
    return float(grades[order[0]] == grades.max()), float(gains[order] @ discounts) / best


def listwise(scores: NDArray[np.float64], labels: Sequence[int]) -> float:
    """The loss that scores of blocks are trained on, of one example."""
    gains = np.exp2(np.array(labels)) - 1
    return float(np.logaddexp.reduce(scores) - scores @ gains / gains.sum())


def summed_up(found: torch.Tensor) -> Figures:
    """Figures of rows of shape (n, 3)."""
    ranked = found[~found[:, 0].isnan()]
    return Figures(
        hit_rate=float(ranked[:, 0].mean()) if len(ranked) else None,
        ndcg=float(ranked[:, 1].mean()) if len(ranked) else None,
        loss=float(found[:, 2].mean()),
        examples=len(found),
    )
