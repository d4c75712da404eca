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

from recommender.tuning.options import TuningError

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


def save_place(path: Path, place: Place, state: dict[str, Any]) -> None:
    """Write a place with the optimizer's state; a kill leaves the one before or this one."""
    part = path.with_name(f".{path.name}.part")
    with part.open("wb") as file:
        torch.save({"place": vars(place), **state}, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, path)


def load_place(path: Path, settings: dict[str, Any]) -> tuple[Place, dict[str, Any]]:
    """A saved place and the state beside it.

    Raises `TuningError` where it is unreadable or was saved by a run with other settings.
    """
    try:
        state = torch.load(path, weights_only=True)
        place, before = Place(**state.pop("place")), state["settings"]
    except Exception as error:  # unpickling fails in many ways; to the caller they are one
        raise TuningError(
            f"{path}: can't be read ({type(error).__name__}); delete it to begin again"
        ) from error
    other = [f"{n} {before.get(n)!r}, now {v!r}" for n, v in settings.items() if before.get(n) != v]
    if other:
        raise TuningError(
            f"{path}: the run was begun with {'; '.join(other)}; resume with the same settings, "
            f"or delete the file to begin again"
        )
    return place, state


def draw_curves(lines: list[dict[str, Any]], path: Path) -> None:
    """Loss, validation figures and learning rate over the steps, as an SVG."""
    from matplotlib.figure import Figure as Drawing

    drawing = Drawing(figsize=(7, 6), layout="constrained")
    above, below = drawing.subplots(2, 1, sharex=True)
    above.plot(*_series(lines, "loss"), color="0.8", linewidth=0.8, label="loss of a step")
    steps, losses = _series(lines, "loss")
    above.plot(steps, _smooth(losses), color="tab:blue", label="loss, smoothed")
    above.plot(*_series(lines, "validation_loss"), "o-", color="tab:red", label="validation loss")
    above.set_ylabel("loss")
    for name, mark in (("hr@1", "o-"), ("ndcg", "s-")):
        below.plot(*_series(lines, name), mark, markersize=4, label=f"validation {name.upper()}")
    below.set(ylabel="validation", xlabel="step", ylim=(0, 1))
    for part in (above, below):
        part.legend(frameon=False)
        part.spines[["top", "right"]].set_visible(False)
    draft = path.with_name(f".{path.name}.part")
    drawing.savefig(draft, format="svg", metadata={"Date": None})
    os.replace(draft, path)


def _series(lines: list[dict[str, Any]], name: str) -> tuple[list[int], list[float]]:
    having = [line for line in lines if name in line]
    return [line["step"] for line in having], [line[name] for line in having]


def _smooth(values: list[float], share: float = 0.95) -> list[float]:
    """A running mean that forgets, without the pull of its beginning."""
    smooth, mean = [], 0.0
    for n, value in enumerate(values, start=1):
        mean = share * mean + (1 - share) * value
        smooth.append(mean / (1 - share**n))
    return smooth
