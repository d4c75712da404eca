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
from torch import nn
from tqdm import tqdm

from recommender.language_model import HuggingFaceModel, load_weights
from recommender.tuning.batches import Encoded, ScoredBatch, WrittenBatch, endless, join, pack
from recommender.tuning.checkpoints import save_adapter
from recommender.tuning.encoding import Sets, read_sets
from recommender.tuning.losses import Objective
from recommender.tuning.options import TuningError, TuningOptions
from recommender.tuning.progress import Metrics, Place
from recommender.tuning.validation import rows, summed_up


class Masters:
    """The adapter in 32 bits beside the one in the model, with its optimizer.

    The model computes in bfloat16, which is fast on a CPU and on a GPU alike; steps of a
    small learning rate would be rounded away in it.
    """

    def __init__(self, model: nn.Module, options: TuningOptions) -> None:
        self.live = {n: p for n, p in model.named_parameters() if p.requires_grad}
        self.copies = {n: p.detach().float().clone() for n, p in self.live.items()}
        self.optimizer = torch.optim.AdamW(
            list(self.copies.values()), lr=options.learning_rate, weight_decay=options.weight_decay
        )
        self._limit = options.clip

    def gather(self) -> None:
        """Add the gradients of a backward pass, in 32 bits."""
        for name, parameter in self.live.items():
            if parameter.grad is None:
                continue
            copy = self.copies[name]
            gradient = parameter.grad.float()
            copy.grad = gradient if copy.grad is None else copy.grad + gradient
            parameter.grad = None

    def step(self, rate: float) -> None:
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        nn.utils.clip_grad_norm_(list(self.copies.values()), self._limit)
        self.optimizer.step()
        self.optimizer.zero_grad()
        self.publish()

    def restore(self, copies: dict[str, torch.Tensor]) -> None:
        """Take over an earlier state of the adapter."""
        with torch.no_grad():
            for name, copy in self.copies.items():
                copy.copy_(copies[name])
        self.publish()

    @torch.no_grad()
    def publish(self) -> None:
        """Write the copies into the model."""
        for name, parameter in self.live.items():
            parameter.copy_(self.copies[name])


def learning_rate(options: TuningOptions, step: int, done: float) -> float:
    """Warm-up by steps, then a straight line down to a tenth at the end of the run.

    `done` is the share of the run that lies behind.
    """
    warm = min(1.0, (step + 1) / options.warmup)
    return options.learning_rate * warm * (1 - 0.9 * min(1.0, done))


def with_adapter(model: Any, options: TuningOptions) -> Any:
    """The model with a fresh LoRA adapter on its linear layers, and nothing else to learn."""
    from peft import LoraConfig, get_peft_model

    config = LoraConfig(
        r=options.rank,
        lora_alpha=2 * options.rank,
        lora_dropout=options.dropout,
        target_modules="all-linear",
        task_type="SEQ_2_SEQ_LM" if model.config.is_encoder_decoder else "CAUSAL_LM",
    )
    model.config.use_cache = False
    # In the model's own precision: adapters in 32 bits cost a quarter of the speed.
    return get_peft_model(model, config, autocast_adapter_dtype=False)


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
        self.model = with_adapter(base, options)
        inner = self.model.get_base_model()
        self.serving = HuggingFaceModel(options.model, inner, tokenizer, options.quantization, "")
        self.sets: Sets = read_sets(options, self.serving, tokenizer.eos_token_id)
        objective = Objective(inner, *self.serving.answers).to(self.accelerator.device)
        # Several processes average gradients in a wrapper; one needs none.
        self.objective = self.accelerator.prepare_model(objective)
        self.masters = Masters(self.model, options)
        self.place = Place()
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
        with tqdm(initial=place.step, unit="step", disable=not self._is_main) as bar:
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
                self.metrics.write(line)
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
    def _is_main(self) -> bool:
        return bool(self.accelerator.is_main_process)


def tune(options: TuningOptions) -> Path:
    """Run to the end and write the adapter; gives its folder. Raises `TuningError`."""
    options.out.mkdir(parents=True, exist_ok=True)
    run = Run(options)
    place = run.go()
    run.masters.restore(place.best or run.masters.copies)
    save_adapter(run.model, options.out, options.model)
    return options.out
