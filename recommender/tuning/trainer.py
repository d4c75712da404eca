"""Tuning a language model by a LoRA adapter: the loop, and what can be set about it.

Promises: only the adapter learns; its master copy is in 32 bits whatever the model's
precision; a run that was killed and is resumed ends as if it had not been killed; the best
state by validation is the one that is kept. Runs on one device, or on several under
`accelerate launch`. It does not make examples and knows no catalog.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

from recommender.adapter_card import CARD, Figure, write_card
from recommender.language_model import SMALL_MODEL, HuggingFaceModel, base_checksum, load_weights
from recommender.tuning.adapter import Masters, learning_rate, with_adapter
from recommender.tuning.batches import Encoded, ScoredBatch, WrittenBatch, endless, join, pack
from recommender.tuning.checkpoints import make_card, save_adapter
from recommender.tuning.encoding import Sets, read_sets
from recommender.tuning.losses import Objective
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
from recommender.tuning.validation import rows, summed_up


class Run:
    """A run under way: the model, its adapter, the data, and how far it has come."""

    def __init__(self, options: TuningOptions) -> None:
        from accelerate import Accelerator

        self.options = options
        self.accelerator = Accelerator()
        torch.manual_seed(options.seed)  # the adapter's first numbers
        base, tokenizer, self.source = load_weights(
            options.model, options.quantization, options.data, str(self.accelerator.device)
        )
        self.base_checksum = base_checksum(base)
        self.model = with_adapter(base, options)
        inner = self.model.get_base_model()
        self.serving = HuggingFaceModel(options.model, inner, tokenizer, options.quantization, "")
        self.sets: Sets = read_sets(options, self.serving, tokenizer.eos_token_id)
        objective = Objective(inner, *self.serving.answers).to(self.accelerator.device)
        # Several processes average gradients in a wrapper; one needs none.
        self.objective = self.accelerator.prepare_model(objective)
        self.masters = Masters(self.model, options)
        self.place = self._found_place()
        self.metrics = Metrics(options.out / "metrics.jsonl")

    @property
    def steps(self) -> int:
        """Steps of the whole run, 0 where time alone ends it."""
        options = self.options
        if options.steps or options.minutes:
            return options.steps
        return max(1, len(self.sets.train) // self._examples_a_step)

    @property
    def _examples_a_step(self) -> int:
        return self.options.batch * self.options.accumulate * self.accelerator.num_processes

    def done(self) -> float:
        """The share of the run that lies behind."""
        shares = [0.0]
        if self.steps:
            shares.append(self.place.step / self.steps)
        if self.options.minutes:
            shares.append(self.place.seconds / (self.options.minutes * 60))
        return max(shares)

    def go(self) -> Place:
        """Step until the run is over."""
        options, place = self.options, self.place
        batches = self._batches()
        with tqdm(initial=place.step, unit="step", disable=not self.is_main) as bar:
            began = time.monotonic() - place.seconds
            while self.done() < 1:
                share = self.done()
                rate = learning_rate(options, place.step, share)
                line = self._step(batches, rate)
                place.seconds = time.monotonic() - began
                bar.total = self.steps or round(place.step / max(self.done(), 1e-9))
                bar.set_postfix(loss=f"{line['loss']:.3f}")
                bar.update()
                last = self.done() >= 1
                if place.step % options.validate_every == 0 or last:
                    line |= self._validated()
                if self.is_main:
                    self.metrics.write(line)
                    if place.step % options.save_every == 0 and not last:
                        self._save()
        return place

    def _step(self, batches: Iterator[list[Encoded]], rate: float) -> dict[str, Any]:
        options, place = self.options, self.place
        # What is random in a step hangs on seed and step alone, so a resumed run repeats it.
        torch.manual_seed(hash((options.seed, place.step, self.accelerator.process_index)))
        began, loss, tokens = time.monotonic(), 0.0, 0
        self.model.train()
        for _ in range(options.accumulate):
            batch = self._tensors(next(batches))
            part = self.objective(batch) / options.accumulate
            self.accelerator.backward(part)
            self.masters.gather()
            loss, tokens = loss + float(part.detach()), tokens + batch.tokens
        if not torch.isfinite(torch.tensor(loss)):
            raise TuningError(f"the loss of step {place.step} is no number; lower --learning-rate")
        self.masters.step(rate)
        place.step += 1
        place.examples += self._examples_a_step
        speed = tokens / (time.monotonic() - began) * self.accelerator.num_processes
        return {"step": place.step, "loss": round(loss, 5), "lr": rate,
                "examples": place.examples, "tokens_per_s": round(speed),
                "seconds": round(place.seconds, 1)}  # fmt: skip

    def _save(self) -> None:
        masters = self.masters
        state = {"copies": masters.copies, "optimizer": masters.optimizer.state_dict(),
                 "settings": self._settings()}  # fmt: skip
        save_place(self.options.out / STATE, self.place, state)

    def _found_place(self) -> Place:
        """Where the run stands: at its beginning, or where a killed one was saved."""
        path = self.options.out / STATE
        if not (self.options.resume and path.exists()):
            return Place()
        place, state = load_place(path, self._settings())
        self.masters.restore(state["copies"])
        self.masters.optimizer.load_state_dict(state["optimizer"])
        return place

    def _settings(self) -> dict[str, Any]:
        """What a resumed run must have in common with the one that was killed."""
        free = {"resume", "out", "data", "save_every", "instructions"}
        chosen = {n: v for n, v in vars(self.options).items() if n not in free}
        processes = self.accelerator.num_processes
        return chosen | {"instructions": self.sets.checksum, "processes": processes}

    def _batches(self) -> Iterator[list[Encoded]]:
        """This process's batches, from where the run stands."""
        options, accelerator = self.options, self.accelerator
        behind = self.place.step * options.accumulate * accelerator.num_processes
        every = endless(self.sets.train, options.batch, options.seed, behind)
        return islice(every, accelerator.process_index, None, accelerator.num_processes)

    def _tensors(self, examples: Sequence[Encoded]) -> ScoredBatch | WrittenBatch:
        multiple = self.options.multiple
        batch: ScoredBatch | WrittenBatch
        if examples[0].blocks:
            batch = pack(examples, multiple)
        else:
            coder = self.serving.is_encoder_decoder
            batch = join(examples, encoder_decoder=coder, multiple=multiple)
        return batch.to(self.accelerator.device)

    def _validated(self) -> dict[str, float]:
        """Figures of the adapter as it stands; the best so far is kept aside."""
        if not self.sets.validation:
            return {}
        self.model.eval()
        mine = self.sets.validation[
            self.accelerator.process_index :: self.accelerator.num_processes
        ]
        found = torch.tensor(rows(mine, self.serving, self.options.scoring, self._loss))
        device = self.accelerator.device
        figures = summed_up(self.accelerator.gather_for_metrics(found.to(device)).cpu())
        if figures.worth > self.place.best_worth:
            self.place.best_worth, self.place.best_step = figures.worth, self.place.step
            self.place.best = {n: c.detach().clone() for n, c in self.masters.copies.items()}
        return figures.as_dict()

    def _loss(self, example: Encoded) -> float:
        with torch.no_grad():
            return float(self.objective(self._tensors([example])))

    @property
    def is_main(self) -> bool:
        return bool(self.accelerator.is_main_process)


def tune(options: TuningOptions, command: str = "") -> Path:
    """Run to the end and write the checkpoint; gives its folder. Raises `TuningError`.

    `command` is what the card gives as the way to the figures of validation.
    """
    check_folder(options)
    run = Run(options)
    run.metrics.cut(run.place.step)
    place = run.go()
    if run.is_main:
        run.masters.restore(place.best or run.masters.copies)
        base = SMALL_MODEL if options.model == "auto" else options.model
        save_adapter(run.model, options.out, base)
        lines = read_metrics(run.metrics.path)
        draw_curves(lines, options.out / "curves.svg")
        facts = {"steps": place.step, "examples": place.examples, "best_step": place.best_step,
                 "minutes": round(place.seconds / 60, 1)}  # fmt: skip
        card = make_card(options, base, run.base_checksum, run.sets.checksum,
                         run.sets.serves(), facts, _figures(lines, place, command))  # fmt: skip
        write_card(options.out, card)
        (options.out / STATE).unlink(missing_ok=True)
    return options.out


def check_folder(options: TuningOptions) -> None:
    """Refuse to write over a checkpoint or a run that can go on. Raises `TuningError`."""
    options.out.mkdir(parents=True, exist_ok=True)
    if (options.out / CARD).exists():
        raise TuningError(f"{options.out}: a finished checkpoint; take another name or delete it")
    if (options.out / STATE).exists() and not options.resume:
        raise TuningError(
            f"{options.out}: a run that was stopped; go on with --resume or delete it"
        )


def _figures(lines: Sequence[dict[str, Any]], place: Place, command: str) -> tuple[Figure, ...]:
    """The best state's figures, as the card gives them."""
    best = next((line for line in lines if line["step"] == place.best_step), {})
    return tuple(
        Figure(f"validation {name} at step {place.best_step}", best[name], command)
        for name in ("hr@1", "ndcg", "validation_loss")
        if name in best
    )
