"""What can be set about a tuning run, and the presets; a wrong setting is named at once.

Imports no library, so that the command line's help stays light.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from retrieval.encoder import DEFAULT_ENCODER

SCORINGS = ("block", "likelihood", "labels")
PARTS = ("ranker", "retriever")
OBJECTIVES = ("softmax", "dpo")


class TuningError(ValueError):
    """A run that can't begin or go on; the message says why and what to do."""


@dataclass(frozen=True)
class TuningOptions:
    """One run. Durations in minutes, lengths in tokens; 0 is no limit.

    `objective` "dpo" learns from pairs of blocks, of which one is preferred, beside the model
    as it begins; `beta` is how firmly it is held to that, higher is closer. Scores of a tuned
    ranker differ by a few units between fitting and unfitting items, and with .5 the loss is
    all but spent once a margin has grown by as much. `begin` is a checkpoint to go on from.

    Without steps and minutes a run is one epoch, and without `layers` all layers learn. The learning rate was the best of those
    tried on video games with the small model; a larger model wants a lower one.
    """

    instructions: Path
    out: Path
    model: str = "auto"
    encoder: str = DEFAULT_ENCODER  # of part "retriever"
    catalog: str = ""  # of part "retriever": whose item texts the index embeds
    part: str = "ranker"
    quantization: str = "none"
    scoring: str = "block"
    objective: str = "softmax"
    beta: float = 0.5  # of objective "dpo"
    begin: Path | None = None
    data: Path = Path("data")  # where packaged models are unpacked
    rank: int = 16
    layers: int = 0  # of the model's end that learn; what lies below costs no backward pass
    dropout: float = 0.0
    learning_rate: float = 5e-4
    weight_decay: float = 0.0
    clip: float = 1.0
    warmup: int = 10  # steps
    batch: int = 4  # examples read at once
    accumulate: int = 1  # batches to a step
    length: int = 1024  # tokens of an example at most
    multiple: int = 1  # lengths are padded to it; static shapes on a GPU
    steps: int = 0
    minutes: float = 0.0
    validation: int = 100  # examples
    validate_every: int = 50  # steps
    save_every: int = 50  # steps
    seed: int = 0
    compile: bool = False  # layers, by torch.compile; pays after a minute on a GPU
    resume: bool = False

    def __post_init__(self) -> None:
        self._require(self.part in PARTS, "part", f"one of {PARTS}")
        self._require(self.scoring in SCORINGS, "scoring", f"one of {SCORINGS}")
        self._require(self.objective in OBJECTIVES, "objective", f"one of {OBJECTIVES}")
        plain = self.objective == "softmax"
        self._require(plain or (self.part, self.scoring) == ("ranker", "block"), "objective",
                      "softmax, unless the part is ranker and the scoring block")  # fmt: skip
        self._require(self.part == "ranker" or self.begin is None, "begin", "none for a retriever")
        self._require(self.beta > 0, "beta", "more than 0")
        self._require(self.quantization in ("nf4", "none"), "quantization", "nf4 or none")
        for name in ("rank", "batch", "accumulate", "multiple", "warmup", "validate_every",
                     "save_every"):  # fmt: skip
            self._require(getattr(self, name) >= 1, name, "1 or more")
        for name in ("layers", "steps", "minutes", "validation", "weight_decay"):
            self._require(getattr(self, name) >= 0, name, "0 or more")
        self._require(self.learning_rate > 0, "learning_rate", "more than 0")
        self._require(self.clip > 0, "clip", "more than 0")
        self._require(0 <= self.dropout < 1, "dropout", "from 0 to below 1")
        self._require(self.length >= 16, "length", "16 tokens or more")

    def _require(self, holds: bool, name: str, expected: str) -> None:
        if not holds:
            raise TuningError(f"{name} is {getattr(self, name)!r}; expected {expected}")


# An encoder learns by the other pairs of its batch, so its batches are large.
_RETRIEVER: Mapping[str, Any] = {"batch": 32, "learning_rate": 2e-4, "length": 256, "warmup": 20}

# What a machine asks for. A GPU reads more at once, in few different shapes.
PRESETS: Mapping[str, Mapping[str, Any]] = {
    "cpu": {},
    "gpu": {"batch": 16, "multiple": 128, "learning_rate": 2e-4, "warmup": 30},
    "qlora": {"quantization": "nf4", "batch": 4, "accumulate": 4, "multiple": 128,
              "learning_rate": 2e-4, "warmup": 30},
}  # fmt: skip


def options_of(preset: str, given: Mapping[str, Any]) -> TuningOptions:
    """A preset's options, with those that were given (not None) in their place."""
    known = {field.name for field in fields(TuningOptions)}
    chosen = {n: v for n, v in given.items() if n in known and v is not None}
    part = _RETRIEVER if chosen.get("part") == "retriever" else {}
    return TuningOptions(**{**PRESETS[preset], **part, **chosen})
