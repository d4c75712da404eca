"""Tuning a language model by a LoRA adapter on scored and written examples.

Promises: examples are read as serving reads them and validated by the code that serves; one
call makes a checkpoint out of a file of examples, on one device, or on several under
`accelerate launch`. It does not make examples and knows no catalog.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

from recommender.adapter_card import write_card
from recommender.language_model import (
    SMALL_MODEL,
    HuggingFaceModel,
    base_checksum,
    load_weights,
)
from recommender.tuning.adapter import Masters, with_adapter
from recommender.tuning.batches import Encoded, ScoredBatch, WrittenBatch, endless, join, pack
from recommender.tuning.checkpoints import check_begin, make_card, save_adapter
from recommender.tuning.encoding import read_sets
from recommender.tuning.loop import Loop, check_folder
from recommender.tuning.losses import Objective, margins
from recommender.tuning.options import TuningOptions
from recommender.tuning.validation import Figures, rows, summed_up


class Run:
    """A run under way: the model with its adapter, the data, and the loop over both."""

    def __init__(self, options: TuningOptions) -> None:
        from accelerate import Accelerator

        self.options = options
        self.accelerator = Accelerator()
        device = self.accelerator.device
        torch.manual_seed(options.seed)  # the adapter's first numbers
        base, tokenizer, _ = load_weights(
            options.model, options.quantization, options.data, str(device)
        )
        self.base_checksum = base_checksum(base)
        check_begin(options, self.base_checksum)
        self.model = with_adapter(base, options)
        inner = self.model.get_base_model()
        if options.compile:
            _compile_layers(inner)
        self.serving = HuggingFaceModel(options.model, inner, tokenizer, options.quantization, "")
        self.sets = read_sets(options, self.serving, tokenizer.eos_token_id)
        beta = options.beta if options.objective == "dpo" else None
        self.plain = Objective(inner, *self.serving.answers, beta).to(device)
        self.before: Figures | None = None
        if beta is not None:
            # Before a killed run's adapter is put in: the reference is the model as it began.
            self.sets = self.sets.beside(self._margins(self.sets.pairs()))
            self.before = self.validate()
        # Several processes average gradients in a wrapper, and wait for each other in it.
        self.objective = self.accelerator.prepare_model(self.plain)
        self.masters = Masters(self.model, options)
        self.loop = Loop(
            options, self.masters, self.sets.checksum, len(self.sets.train),
            self.accelerator.process_index, self.accelerator.num_processes,
        )  # fmt: skip
        self._batches = self._from_here()

    def learn(self) -> tuple[float, int]:
        """The gradients of one step; its loss and number of tokens."""
        loss, tokens, share = 0.0, 0, self.options.accumulate
        self.model.train()
        for _ in range(share):
            batch = self._tensors(next(self._batches))
            part = self.objective(batch) / share
            self.accelerator.backward(part)
            self.masters.gather()
            loss, tokens = loss + float(part.detach()), tokens + batch.tokens
        return loss, tokens * self.accelerator.num_processes

    def validate(self) -> Figures | None:
        """Figures of the adapter as it stands, each process on its share of the examples."""
        if not self.sets.validation:
            return None
        self.model.eval()
        accelerator = self.accelerator
        mine = self.sets.validation[accelerator.process_index :: accelerator.num_processes]
        # Serving reads with a cache, in shapes that no layer was compiled for.
        with torch.compiler.set_stance("force_eager"):
            found = rows(mine, self.serving, self.options.scoring, self._loss)
        table = torch.tensor(found, dtype=torch.float32).reshape(-1, 3).to(accelerator.device)
        padded = accelerator.pad_across_processes(table, pad_index=-1)
        everyone = accelerator.gather(padded).cpu()
        return summed_up(everyone[everyone[:, 2] >= 0])  # a loss below 0 is padding

    def _margins(self, pairs: Sequence[Encoded]) -> dict[str, float]:
        """By how much the model as it stands prefers the fitting block of each pair."""
        self.model.eval()
        found: dict[str, float] = {}
        with torch.no_grad():
            for at in tqdm(range(0, len(pairs), self.options.batch), desc="reference", leave=False):
                part = pairs[at : at + self.options.batch]
                batch = pack(part, self.options.multiple).to(self.accelerator.device)
                each = margins(self.plain.scores(batch), batch.labels).tolist()
                found.update(zip((pair.id for pair in part), each, strict=True))
        return found

    def facts(self) -> dict[str, Any]:
        """What the card tells of the run beside its options."""
        facts: dict[str, Any] = self.loop.facts()
        facts["templates_seen"] = list(self.sets.templates)
        if self.options.begin is not None:
            config = next(iter(self.model.peft_config.values()))
            facts |= {"begun_from": self.options.begin.name, "rank": config.r}
        if self.options.objective == "dpo":
            facts |= {"objective": "dpo", "beta": self.options.beta}
        if self.before is not None and self.before.hit_rate is not None:
            facts["pairs_right_before"] = round(self.before.hit_rate, 5)
        return facts

    def _from_here(self) -> Iterator[list[Encoded]]:
        """This process's batches, from where the run stands."""
        options, accelerator = self.options, self.accelerator
        behind = self.loop.place.step * options.accumulate * accelerator.num_processes
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

    def _loss(self, example: Encoded) -> float:
        with torch.no_grad():
            return float(self.plain(self._tensors([example])))


def _compile_layers(model: Any) -> None:
    """Compile what a model repeats: one layer is compiled for all, in seconds."""
    repeated = set(model._no_split_modules or ())
    for part in model.modules():
        if type(part).__name__ in repeated:
            part.compile()


def tune(options: TuningOptions, command: str = "") -> Path:
    """Run to the end and write the checkpoint; gives its folder.

    `command` is what the card gives as the way to the figures. Raises `TuningError`, and
    `ModelError` where the base can't be had.
    """
    check_folder(options)
    run = Run(options)
    run.loop.go(run.learn, run.validate)
    if run.accelerator.is_main_process:
        base = SMALL_MODEL if options.model == "auto" else options.model
        save_adapter(run.model, options.out, base)
        card = make_card(
            options, base, run.base_checksum, run.sets.checksum, run.sets.serves(),
            run.facts(), run.loop.figures(command),
        )  # fmt: skip
        write_card(options.out, card)
        run.loop.forget_place()
    return options.out
