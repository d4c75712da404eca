"""What ranking and explaining ask of a language model, whoever answers.

Plain types alone; no library of models is loaded here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray


class ModelError(RuntimeError):
    """A model that can't be had; the message says why and what to do."""


@dataclass(frozen=True)
class Frame:
    """What a bound text looks like: slots with their phrases, and what may follow what.

    The text begins with a phrase of `first` and ends behind one of `last`. A phrase is its
    text and what it says; nothing is said twice.
    """

    first: str
    phrases: Mapping[str, tuple[tuple[str, str], ...]]
    following: Mapping[str, tuple[str, ...]]
    last: tuple[str, ...]


class LanguageModel(Protocol):
    """What ranking and explaining ask of a language model.

    `score` and `likelihood` read the prefix once however many blocks there are, and the
    order of the blocks changes nothing.
    """

    @property
    def name(self) -> str: ...

    @property
    def writes_freely(self) -> bool:
        """Whether the model is able enough to write without a frame."""
        ...

    def describe(self) -> dict[str, Any]:
        """Name, quantization, device and adapter, for the record; `rank_weight` where the
        adapter's card says how much its scores are worth."""
        ...

    def score(self, prefix: str, blocks: Sequence[str]) -> NDArray[np.float64]:
        """Log-odds of "yes" against "no" after prefix + block; shape (len(blocks),)."""
        ...

    def likelihood(self, prefix: str, continuations: Sequence[str]) -> NDArray[np.float64]:
        """Mean log-probability per token of each continuation of the prefix."""
        ...

    def stream(
        self, messages: Sequence[tuple[str, str]], max_tokens: int, frame: Frame | None = None
    ) -> Iterator[str]:
        """Greedy text after (role, text) messages, in pieces; closing it stops the model.

        With a frame nothing but a text of that frame can be written; an engine that can't
        bind its output may ignore it.
        """
        ...


@runtime_checkable
class WarmsUp(Protocol):
    """A language model that prepares much at what it meets for the first time."""

    def warm_up(self) -> None:
        """Meet all of it at once, so that no reply waits for it and its memory stays as it is;
        takes a quarter of a minute on two cores, in which it answers all the same."""
        ...
