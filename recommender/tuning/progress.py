"""How far a run is: its place, saved whole or not at all, and its figures line by line.

Promises: a saved place holds all that the rest of the run depends on; it fits the run that
made it or is refused; the lines of figures end where the saved place stands. It draws the
curves of a run from its lines alone.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

STATE = "state.pt"


@dataclass
class Place:
    """Where a run stands. The order of data and all chance hang on the step alone."""

    step: int = 0
    examples: int = 0
    seconds: float = 0.0
    best_worth: float = float("-inf")
    best_step: int = 0
    best: dict[str, torch.Tensor] = field(default_factory=dict)  # the adapter, 32 bits


class Metrics:
    """One JSON line a step, appended; a resumed run cuts what came after its place."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, line: dict[str, Any]) -> None:
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    def cut(self, step: int) -> None:
        """Forget the steps after this one, and a line that was cut short."""
        kept = [line for line in read_metrics(self.path) if line["step"] <= step]
        part = self.path.with_name(f".{self.path.name}.part")
        part.write_text("".join(json.dumps(line) + "\n" for line in kept), encoding="utf-8")
        os.replace(part, self.path)


def read_metrics(path: Path) -> list[dict[str, Any]]:
    """The lines of a run, as far as they are whole."""
    lines = []
    if path.exists():
        for text in path.read_text(encoding="utf-8").splitlines():
            try:
                lines.append(json.loads(text))
            except json.JSONDecodeError:
                break
    return lines
