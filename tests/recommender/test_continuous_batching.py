"""Texts written together are those written alone; who leaves takes nobody along.

A tiny model with random weights, on a CPU, where continuous batching is slow and writes the same.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from recommender.language_model import HuggingFaceModel
from recommender.language_model.continuous_batching import BatchingModel, batches

torch = pytest.importorskip("torch")
ROOT = Path(__file__).parents[2]
ASKED = [[("user", f"Write of the number {n}.")] for n in range(3)]
TOKENS = 12


@pytest.fixture(scope="module")
def parts(model_cache: Path, unquantized_model: HuggingFaceModel) -> tuple[Any, Any]:
    """A network and its tokenizer."""
    from transformers import AutoModelForCausalLM, LlamaConfig

    tokenizer = unquantized_model._tokenizer
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=64, intermediate_size=128, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2, eos_token_id=tokenizer.eos_token_id,
    )  # fmt: skip
    return AutoModelForCausalLM.from_config(config, dtype=torch.float32).eval(), tokenizer


@pytest.fixture
def model(parts: tuple[Any, Any]) -> Iterator[BatchingModel]:
    made = BatchingModel("tiny", *parts, "none", "")
    yield made
    made.close()


def written(model: HuggingFaceModel, asked: list[tuple[str, str]]) -> str:
    return "".join(model.stream(asked, TOKENS))


def test_texts_written_together_are_those_written_alone(
    model: BatchingModel, parts: tuple[Any, Any]
) -> None:
    alone = HuggingFaceModel("tiny", *parts, "none", "")
    found: dict[int, str] = {}
    threads = [
        threading.Thread(target=lambda n=n: found.update({n: written(model, ASKED[n])}))
        for n in range(len(ASKED))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [found[n] for n in range(len(ASKED))] == [written(alone, asked) for asked in ASKED]
    # Writing together changes how its copy attends, and nothing about scores.
    blocks = [" one? Answer:", " another one? Answer:"]
    assert (model.score("Is it", blocks) == alone.score("Is it", blocks)).all()


def test_a_text_comes_in_pieces_and_leaves_when_it_is_closed(model: BatchingModel) -> None:
    endless = model.stream(ASKED[0], 4000)
    for _ in range(3):
        next(endless)
    endless.close()  # type: ignore[attr-defined]
    assert model._batch is not None
    scheduler = model._batch._manager.batch_processor.scheduler
    deadline = time.perf_counter() + 20
    while scheduler.has_pending_requests() and time.perf_counter() < deadline:
        time.sleep(0.05)
    assert not scheduler.has_pending_requests()
    assert not model._batch._waiting
    assert written(model, ASKED[1])


def test_where_the_loop_has_failed_texts_are_written_one_by_one(model: BatchingModel) -> None:
    first = written(model, ASKED[0])
    assert model._batch is not None
    model._batch.close()
    assert not model._batch.is_open
    assert written(model, ASKED[0]) == first


def test_only_a_large_causal_model_on_a_gpu_writes_so(parts: tuple[Any, Any]) -> None:
    assert not batches(parts[0])


def test_a_program_ends_though_it_closed_nothing(model_cache: Path) -> None:
    program = f"""
import sys
import torch
from transformers import AutoTokenizer, AutoModelForCausalLM, LlamaConfig
from recommender.language_model.continuous_batching import BatchingModel
tokenizer = AutoTokenizer.from_pretrained({str(next((model_cache / "models").iterdir()))!r})
config = LlamaConfig(vocab_size=len(tokenizer), hidden_size=64, intermediate_size=128,
                     num_hidden_layers=1, num_attention_heads=4)
model = BatchingModel("tiny", AutoModelForCausalLM.from_config(config), tokenizer, "none", "")
print(len(list(model.stream([("user", "Hello")], 4))))
"""
    finished = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, timeout=120, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    assert finished.stdout.strip() == "4"
