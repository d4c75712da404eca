"""Cases: what a scorer is asked, and apart from it the right answer.

Promises that a scorer's `Question` never holds the answer, that the same seed makes the same
cases whichever of them are made, and that the order of the candidates says nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from prompts.instruction import Aspects
from recommender.evaluation.data import Behaviour, Places

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Question:
    """What is known of a case before the answer: places in the catalog, and words."""

    id: str
    history: Places
    candidates: Places
    aspects: Aspects = field(default_factory=Aspects)


@dataclass(frozen=True)
class Case:
    """A question and which of its candidates is right."""

    question: Question
    right: int


class CaseScorer(Protocol):
    """One array of scores for each question, as long as its candidates; higher is better.

    The order of questions or candidates changes nothing.
    """

    @property
    def name(self) -> str: ...

    def score(self, questions: Sequence[Question]) -> list[NDArray[np.floating[Any]]]: ...


def random_among(
    right: int, others: int, count: int, known: Places, seed: int, number: int
) -> tuple[Places, int]:
    """`right` among `others` random items of a catalog of `count`, none of them in `known`.

    Gives the candidates in random order and the number of the right one. Depends on the seed
    and the case's own number alone, so that a sample's cases are those of the whole.
    """
    rng = np.random.default_rng([seed, number])
    taken = {right, *known.tolist()}
    if count - len(taken) < others:
        raise ValueError(f"{others} negatives of {count} items, {len(taken)} of them known")
    chosen: list[int] = []
    while len(chosen) < others:
        for place in rng.integers(count, size=others).tolist():
            if place not in taken and len(chosen) < others:
                taken.add(place)
                chosen.append(place)
    return shuffled(right, chosen, rng)


def shuffled(right: int, others: Sequence[int], rng: np.random.Generator) -> tuple[Places, int]:
    """The candidates in random order, and the number of the right one."""
    order = rng.permutation(len(others) + 1)
    candidates = np.array([right, *others], dtype=np.int32)[order]
    return candidates, int(np.flatnonzero(order == 0)[0])


def titles(behaviour: Behaviour, history: Places, most: int = 20) -> tuple[str, ...]:
    """The last items of a history by name, oldest first, as the app tells them."""
    return tuple(behaviour.catalog.items[place].name for place in history[-most:])
