"""Plain transformers, for comparison: what asking a model costs by the library's own calls.

Each candidate is a prompt of its own, instruction and all, in one padded batch of which only
the last logits are kept; texts are written by `generate`, without a frame.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender.language_model.hugging_face import HuggingFaceModel
from recommender.language_model.loading import load_language_model
from recommender.language_model.protocol import Frame


class PlainTransformers:
    """A causal model of the transformers library in bfloat16; a `LanguageModel` but for
    likelihoods."""

    writes_freely = False

    def __init__(self, name: str, adapter: str, cache: Path) -> None:
        loaded = load_language_model(name, quantization="none", adapter=adapter, cache=cache)
        assert isinstance(loaded, HuggingFaceModel)
        self.name = name
        self._described = loaded.describe()
        self._yes, self._no = loaded.answers
        self._model, self._writer, self._tokenizer = (
            loaded._model,
            loaded._writer,
            loaded._tokenizer,
        )
        if self._tokenizer.pad_token is None:
            self._tokenizer.pad_token = self._tokenizer.eos_token

    def describe(self) -> dict[str, Any]:
        return self._described

    def score(self, prefix: str, blocks: Sequence[str]) -> NDArray[np.float64]:
        import torch

        prompts = [prefix + block for block in blocks]
        batch = self._tokenizer(prompts, return_tensors="pt", padding=True, padding_side="left")
        with torch.inference_mode():
            logits = self._model(**self._known(batch), logits_to_keep=1).logits[:, -1].float()
        odds: NDArray[np.float64] = (logits[:, self._yes] - logits[:, self._no]).double().numpy()
        return odds

    def stream(
        self, messages: Sequence[tuple[str, str]], max_tokens: int, frame: Frame | None = None
    ) -> Iterator[str]:
        chat = [{"role": role, "content": text} for role, text in messages]
        prompt = self._tokenizer.apply_chat_template(
            chat, add_generation_prompt=True, return_tensors="pt", return_dict=True
        )
        written = self._writer.generate(
            **self._known(prompt), max_new_tokens=max_tokens, do_sample=False,
            pad_token_id=self._tokenizer.pad_token_id,
        )  # fmt: skip
        new = written[0, prompt["input_ids"].shape[1] :]
        yield self._tokenizer.decode(new, skip_special_tokens=True)

    @staticmethod
    def _known(batch: Mapping[str, Any]) -> dict[str, Any]:
        return {name: batch[name] for name in ("input_ids", "attention_mask")}


def product_rate(precision: str) -> float:
    """Operations a second of a large product in bfloat16 or float32, the best of several."""
    import torch

    one = torch.ones((1024, 1024), dtype=getattr(torch, precision))
    other = torch.ones((1024, 4096), dtype=one.dtype)
    best = 0.0
    for _ in range(8):
        since = time.perf_counter()
        one @ other
        best = max(best, 2 * 1024**2 * 4096 / (time.perf_counter() - since))
    return best
