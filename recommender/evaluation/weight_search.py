"""Looking for better weights of the retriever: coordinate descent, and texts encoded once.

Promises weights worth at least those it was given, by the measure it was given. Knows
nothing of data: whoever asks takes care that the measure looks at a validation half only.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from retrieval.encoder import Encoder
from retrieval.retriever import RetrieverWeights


class RememberingEncoder:
    """An encoder that encodes a text once, however many weights are tried on it."""

    def __init__(self, encoder: Encoder) -> None:
        self.name = encoder.name
        self._encoder = encoder
        self._known: dict[tuple[str, ...], NDArray[np.float32]] = {}

    def encode(self, texts: Sequence[str], progress: bool = False) -> NDArray[np.float32]:
        key = tuple(texts)
        if key not in self._known:
            self._known[key] = self._encoder.encode(texts, progress)
        return self._known[key]


def descend(
    weights: RetrieverWeights,
    grid: Mapping[str, Sequence[float]],
    worth: Callable[[RetrieverWeights], float],
    rounds: int = 1,
) -> RetrieverWeights:
    """The weights of most worth that changing one at a time by the grid comes to.

    Each step that is better goes to stderr; a tie keeps the weights that were first.
    """
    best = worth(weights)
    for _ in range(rounds):
        for name, values in grid.items():
            for value in values:
                trial = replace(weights, **{name: value})
                if trial != weights and (got := worth(trial)) > best + 1e-6:
                    best, weights = got, trial
                    print(f"  {name} = {value}: {best:.4f}", file=sys.stderr)
    return weights
