"""Coordinate descent finds what its grid holds; a text is encoded once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from recommender.evaluation.weight_search import RememberingEncoder, descend
from retrieval.retriever import RetrieverWeights

START = RetrieverWeights(liked=0.0, history=0.0)
GRID = {"liked": (0.0, 1.0, 2.0), "history": (0.0, 1.0, 2.0)}


def test_one_round_goes_along_each_weight_once_and_two_go_on() -> None:
    # Worth 3 at (2, 2), 2 at (1, 2), 1 at (1, 0), elsewhere 0: the first round goes by
    # (1, 0) to (1, 2), only the second from there to (2, 2).
    worths = {(2.0, 2.0): 3.0, (1.0, 2.0): 2.0, (1.0, 0.0): 1.0}

    def worth(weights: RetrieverWeights) -> float:
        return worths.get((weights.liked, weights.history), 0.0)

    first = descend(START, GRID, worth)
    assert (first.liked, first.history) == (1.0, 2.0)
    second = descend(START, GRID, worth, rounds=2)
    assert (second.liked, second.history) == (2.0, 2.0)


def test_a_tie_keeps_the_weights_that_were_first() -> None:
    assert descend(START, GRID, lambda weights: 0.5) == START


def test_a_text_is_encoded_once() -> None:
    asked: list[Sequence[str]] = []

    class Counting:
        name = "counting"

        def encode(self, texts: Sequence[str], progress: bool = False) -> NDArray[np.float32]:
            asked.append(texts)
            return np.full((len(texts), 1), len(asked), dtype=np.float32)

    encoder = RememberingEncoder(Counting())
    assert encoder.name == "counting"
    for texts in (["a"], ["b"], ["a"], ["a", "b"], ["b"]):
        encoder.encode(texts)
    assert asked == [["a"], ["b"], ["a", "b"]]
    assert encoder.encode(["a"]).tolist() == [[1.0]]
