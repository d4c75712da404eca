"""Tiny models with random weights, and options of runs on the toy task."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from toy_task import save_tokenizer, toy_examples

from recommender.tuning.examples import Example, ExampleWriter


@pytest.fixture(scope="session")
def tiny_llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    folder = tmp_path_factory.mktemp("base") / "tiny-llama"
    size = save_tokenizer(folder)
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=size, hidden_size=64, intermediate_size=128, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2, tie_word_embeddings=True,
        bos_token_id=None, eos_token_id=1, pad_token_id=0, initializer_range=0.2,
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_t5(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import torch
    from transformers import T5Config, T5ForConditionalGeneration

    folder = tmp_path_factory.mktemp("base") / "tiny-t5"
    size = save_tokenizer(folder)
    torch.manual_seed(0)
    config = T5Config(
        vocab_size=size, d_model=64, d_kv=16, d_ff=128, num_layers=2, num_heads=4,
        decoder_start_token_id=0, pad_token_id=0, eos_token_id=1, dropout_rate=0.0,
    )  # fmt: skip
    T5ForConditionalGeneration(config).save_pretrained(folder)
    return folder


@pytest.fixture
def write_examples(tmp_path: Path) -> Callable[[list[Example]], Path]:
    def write(examples: list[Example]) -> Path:
        path = tmp_path / "toy.jsonl"
        with ExampleWriter(path) as writer:
            writer.write_all(examples)
        return path

    return write


@pytest.fixture
def toy_options(write_examples: Callable[[list[Example]], Path], tmp_path: Path) -> Any:
    """Options of a short run on the toy task; keyword arguments take the place of some."""
    from recommender.tuning.options import TuningOptions

    def make(model: Path, examples: list[Example] | None = None, **given: Any) -> TuningOptions:
        chosen = {"rank": 8, "learning_rate": 1e-2, "batch": 8, "steps": 60, "validation": 40,
                  "validate_every": 20, "out": tmp_path / "out", "data": tmp_path} | given  # fmt: skip
        return TuningOptions(
            instructions=write_examples(examples or toy_examples(200)), model=str(model), **chosen
        )

    return make
