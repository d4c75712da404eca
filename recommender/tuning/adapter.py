"""The adapter while it learns: its numbers in 32 bits, its optimizer, its learning rate.

Promises: nothing but the adapter learns; small steps are not rounded away, whatever the
model's precision. It knows no data and no loss.
"""

from __future__ import annotations

import re
from typing import Any

import torch
from torch import nn

from recommender.tuning.options import TuningOptions

_LAYER = re.compile(r"\.(?:layers|block|h)\.(\d+)\.")


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
    """The model with a LoRA adapter on its linear layers, and nothing else to learn: a fresh
    one, or that of the checkpoint to begin with."""
    from peft import LoraConfig, PeftModel, get_peft_model

    model.config.use_cache = False
    if options.begin is not None:
        begun = PeftModel.from_pretrained(
            model, str(options.begin), is_trainable=True, autocast_adapter_dtype=False
        )
        return _of_the_end(begun, options.layers)
    config = LoraConfig(
        r=options.rank,
        lora_alpha=2 * options.rank,
        lora_dropout=options.dropout,
        target_modules="all-linear",
        task_type="SEQ_2_SEQ_LM" if model.config.is_encoder_decoder else "CAUSAL_LM",
    )
    # In the model's own precision: adapters in 32 bits cost a quarter of the speed.
    return _of_the_end(get_peft_model(model, config, autocast_adapter_dtype=False), options.layers)


def _of_the_end(model: Any, layers: int) -> Any:
    """The same model, of which only the adapter of the last layers learns; all where 0."""
    if not layers:
        return model
    learning = [(n, p) for n, p in model.named_parameters() if p.requires_grad]
    numbers = [int(found[1]) if (found := _LAYER.search(n)) else None for n, _ in learning]
    last = max((n for n in numbers if n is not None), default=0)
    for (_, parameter), number in zip(learning, numbers, strict=True):
        if number is not None and number <= last - layers:
            parameter.requires_grad_(False)
    return model
