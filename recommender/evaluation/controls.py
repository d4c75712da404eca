"""Controls: scorers of which it is known beforehand what they must come to.

Promises that the first candidate, or a random one, gets what chance gives, and that who is
told the answers is always right; where a task gives them anything else, the task is wrong,
and no other figure of it may be believed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender.evaluation.cases import Question
from recommender.evaluation.data import Behaviour

Scores = list[NDArray[np.floating[Any]]]
CONTROLS = ("first", "random", "told")


class First:
    """Finds the first candidate best, the second next, and so on."""

    name = "first"

    def score(self, questions: Sequence[Question]) -> Scores:
        return [-np.arange(len(q.candidates), dtype=np.float64) for q in questions]


class Random:
    """Scores by a draw for each question and candidate, whatever the order of either."""

    name = "random"

    def __init__(self, count: int, seed: int) -> None:
        self._count, self._seed = count, seed

    def score(self, questions: Sequence[Question]) -> Scores:
        return [self._drawn(q)[q.candidates] for q in questions]

    def _drawn(self, question: Question) -> NDArray[np.float64]:
        key = [self._seed, *question.id.encode()]
        return np.random.default_rng(key).random(self._count)


class Told:
    """Is told the answers: by the user's next item, or by the item's own id."""

    name = "told"

    def __init__(self, behaviour: Behaviour, split: str, by_item: bool) -> None:
        self._right = (
            behaviour.catalog.place
            if by_item
            else {user: behaviour.case(n, split)[1] for n, user in enumerate(behaviour.users)}
        )

    def score(self, questions: Sequence[Question]) -> Scores:
        return [(q.candidates == self._right[q.id]).astype(np.float64) for q in questions]


def make_control(
    name: str, behaviour: Behaviour, split: str, by_item: bool, seed: int
) -> First | Random | Told:
    """One of `CONTROLS`."""
    if name == "first":
        return First()
    if name == "random":
        return Random(len(behaviour.catalog), seed)
    return Told(behaviour, split, by_item)
