"""An encoder and language models that play a script, behind the protocols of the source.

Nothing here is loaded or learned: the encoder hashes words, the model's scores are a
checksum of the block, its text is what the test gives it.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender.language_model import Frame
from retrieval.catalog import fold

# What any model can be asked, scripted or not.
PREFIX = "A user asks for a film: a scary film set in space.\nQuestion: does the user want the film"
BLOCKS = [
    " Alien (1979), horror, science fiction, deep space? Answer:",
    " Paddington (2014), family, comedy? Answer:",
    " Up? Answer:",
    " Ōtani’s Garden (2019), documentary? Answer:",
    " Heat (1995), crime, thriller, heist, obsession, Los Angeles? Answer:",
]
FILMS = Path(__file__).with_name("films.jsonl")  # the small catalog
DIMENSION = 256


class HashingEncoder:
    """Texts are near when they share words."""

    def __init__(self, name: str = "hashing-256") -> None:
        self.name = name

    def encode(self, texts: Sequence[str], progress: bool = False) -> NDArray[np.float32]:
        vectors = np.zeros((len(texts), DIMENSION), dtype=np.float32)
        for row, text in enumerate(texts):
            for word in fold(text).split() or ["nothing"]:
                vectors[row, zlib.crc32(word.encode()) % DIMENSION] += 1.0
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def opinion(prefix: str, blocks: Sequence[str]) -> NDArray[np.float64]:
    """A score for each block that only the block decides."""
    return np.array([zlib.crc32(block.encode()) % 1000 / 100 - 5 for block in blocks])


class ScriptedModel:
    """Gives `scores` for blocks and writes `pieces`; counts what it was asked.

    `pause_s` is slept before every piece. `asked` counts the calls for scores, `heard` keeps
    what each stream was asked, and the counters say how many began and how many ended, for
    whatever reason.
    """

    name = "scripted"

    def __init__(
        self,
        scores: Callable[[str, Sequence[str]], NDArray[np.float64]] = opinion,
        pieces: Sequence[str] | Callable[[], Iterator[str]] = ("Nothing worth saying.",),
        *,
        pause_s: float = 0.0,
        writes_freely: bool = True,
    ) -> None:
        self._scores = scores
        self._pieces = pieces
        self._pause_s = pause_s
        self.writes_freely = writes_freely
        self.asked = 0
        self.heard: list[tuple[Sequence[tuple[str, str]], Frame | None]] = []
        self.streams_begun = 0
        self.streams_ended = 0

    def describe(self) -> dict[str, Any]:
        return {
            "language_model": self.name, "quantization": "none", "adapter": None, "device": "cpu",
        }  # fmt: skip

    def score(self, prefix: str, blocks: Sequence[str]) -> NDArray[np.float64]:
        self.asked += 1
        return self._scores(prefix, blocks)

    def likelihood(self, prefix: str, continuations: Sequence[str]) -> NDArray[np.float64]:
        self.asked += 1
        return self._scores(prefix, continuations)

    def stream(
        self, messages: Sequence[tuple[str, str]], max_tokens: int, frame: Frame | None = None
    ) -> Iterator[str]:
        self.streams_begun += 1
        self.heard.append((messages, frame))
        try:
            for piece in self._pieces() if callable(self._pieces) else self._pieces:
                time.sleep(self._pause_s)
                yield piece
        finally:
            self.streams_ended += 1
