"""The loop of a run: steps until it is over, lines of figures, places to go on from.

Promises: a run that was killed and is resumed ends as if it had not been killed, since what
is random in a step hangs on seed and step alone; the state that was best in validation is
the one a run ends with. What a step does it is told; it knows neither models nor data.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import torch
from tqdm import tqdm

from recommender.adapter_card import CARD, Figure
from recommender.tuning.adapter import Masters, learning_rate
from recommender.tuning.options import TuningError, TuningOptions
from recommender.tuning.progress import (
    STATE,
    Metrics,
    Place,
    draw_curves,
    load_place,
    read_metrics,
    save_place,
)
from recommender.tuning.validation import Figures


def check_folder(options: TuningOptions) -> None:
    """Refuse to write over a checkpoint or a run that can go on. Raises `TuningError`."""
    options.out.mkdir(parents=True, exist_ok=True)
    if (options.out / CARD).exists():
        raise TuningError(f"{options.out}: a finished checkpoint; take another name or delete it")
    if (options.out / STATE).exists() and not options.resume:
        raise TuningError(
            f"{options.out}: a run that was stopped; go on with --resume or delete it"
        )


class Loop:
    """One run: how far it has come, and what remains.

    `data` is the checksum of what is learned from, `examples` how many there are. Of several
    `processes` the first (`process` 0) writes.
    """

    def __init__(
        self, options: TuningOptions, masters: Masters, data: str, examples: int,
        process: int = 0, processes: int = 1,
    ) -> None:  # fmt: skip
        self.options = options
        self.masters = masters
        self.process = process
        self.examples_a_step = options.batch * options.accumulate * processes
        self.steps = options.steps  # of the whole run, 0 where time alone ends it
        if not options.steps and not options.minutes:
            self.steps = max(1, examples // self.examples_a_step)
        free = {"resume", "out", "data", "save_every", "instructions"}
        chosen = {n: v for n, v in vars(options).items() if n not in free and v is not None}
        plain = {n: v if isinstance(v, int | float | str) else str(v) for n, v in chosen.items()}
        self._settings = plain | {"instructions": data, "processes": processes}
        self.place = self._found_place()
        self.metrics = Metrics(options.out / "metrics.jsonl")
        if process == 0:
            self.metrics.cut(self.place.step)

    def done(self) -> float:
        """The share of the run that lies behind."""
        shares = [0.0]
        if self.steps:
            shares.append(self.place.step / self.steps)
        if self.options.minutes:
            shares.append(self.place.seconds / (self.options.minutes * 60))
        return max(shares)

    def go(
        self, learn: Callable[[], tuple[float, int]], validate: Callable[[], Figures | None]
    ) -> None:
        """Step to the end. `learn` leaves gradients and gives loss and number of tokens."""
        options, place = self.options, self.place
        with tqdm(initial=place.step, unit="step", disable=self.process != 0) as bar:
            began = time.monotonic() - place.seconds
            while self.done() < 1:
                line = self._step(learn)
                place.seconds = time.monotonic() - began
                bar.total = self.steps or round(place.step / max(self.done(), 1e-9))
                bar.set_postfix(loss=f"{line['loss']:.3f}", refresh=False)
                bar.update()
                last = self.done() >= 1
                if place.step % options.validate_every == 0 or last:
                    line |= self._judged(validate())
                if self.process == 0:
                    self.metrics.write(line)
                    if place.step % options.save_every == 0 and not last:
                        self._save()
        self.masters.restore(place.best or self.masters.copies)

    def _step(self, learn: Callable[[], tuple[float, int]]) -> dict[str, Any]:
        options, place = self.options, self.place
        rate = learning_rate(options, place.step, self.done())
        torch.manual_seed(hash((options.seed, place.step, self.process)))
        began = time.monotonic()
        loss, tokens = learn()
        if not torch.isfinite(torch.tensor(loss)):
            raise TuningError(f"the loss of step {place.step} is no number; lower --learning-rate")
        self.masters.step(rate)
        place.step += 1
        place.examples += self.examples_a_step
        return {"step": place.step, "loss": round(loss, 5), "lr": round(rate, 9),
                "examples": place.examples,
                "tokens_per_s": round(tokens / (time.monotonic() - began)),
                "seconds": round(place.seconds, 1)}  # fmt: skip

    def _judged(self, figures: Figures | None) -> dict[str, float]:
        """The line's share of validation; the best state so far is kept aside."""
        if figures is None:
            return {}
        if figures.worth > self.place.best_worth:
            self.place.best_worth, self.place.best_step = figures.worth, self.place.step
            self.place.best = {n: c.detach().clone() for n, c in self.masters.copies.items()}
        return figures.as_dict()

    def _save(self) -> None:
        masters = self.masters
        state = {"copies": masters.copies, "optimizer": masters.optimizer.state_dict(),
                 "settings": self._settings}  # fmt: skip
        save_place(self.options.out / STATE, self.place, state)

    def _found_place(self) -> Place:
        """Where the run stands: at its beginning, or where a killed one was saved."""
        path = self.options.out / STATE
        if not (self.options.resume and path.exists()):
            return Place()
        place, state = load_place(path, self._settings)
        self.masters.restore(state["copies"])
        self.masters.optimizer.load_state_dict(state["optimizer"])
        return place

    def facts(self) -> dict[str, Any]:
        """What a card tells of the run."""
        place = self.place
        return {"steps": place.step, "examples": place.examples, "best_step": place.best_step,
                "minutes": round(place.seconds / 60, 1)}  # fmt: skip

    def figures(self, command: str) -> tuple[Figure, ...]:
        """The kept state's figures of validation, and the curves drawn beside them."""
        lines, step = read_metrics(self.metrics.path), self.place.best_step
        draw_curves(lines, self.options.out / "curves.svg")
        best = next((line for line in lines if line["step"] == step), {})
        return tuple(
            Figure(f"validation {name} at step {step}", best[name], command)
            for name in ("hr@1", "ndcg", "validation_loss")
            if name in best
        )

    def forget_place(self) -> None:
        """Nothing is left to go on from."""
        (self.options.out / STATE).unlink(missing_ok=True)
