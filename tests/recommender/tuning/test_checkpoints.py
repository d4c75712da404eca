"""Checkpoints: a card that says all, and adapters that go only where they belong."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from toy_task import toy_examples  # noqa: E402

from recommender.adapter_card import (  # noqa: E402
    CardError,
    read_card,
    write_card,
)
from recommender.language_model import (  # noqa: E402
    ModelError,
    base_checksum,
    load_language_model,
    load_weights,
    loading,
)
from recommender.ranking import UNTUNED_WEIGHT, weight_of  # noqa: E402
from recommender.tuning.checkpoints import card_of, faults, listing  # noqa: E402
from recommender.tuning.options import TuningError, TuningOptions  # noqa: E402
from recommender.tuning.trainer import tune  # noqa: E402

PREFIX, BLOCKS = (
    "the user likes what is odd . Question: does",
    [" odd1 ? Answer:", " calm2 ? Answer:"],
)


@pytest.fixture(scope="module")
def tuned(tiny_llama: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from recommender.tuning.examples import ExampleWriter

    root = tmp_path_factory.mktemp("checkpoints")
    with ExampleWriter(root / "toy.jsonl") as writer:
        writer.write_all(toy_examples(40))
    return tune(
        TuningOptions(
            instructions=root / "toy.jsonl", out=root / "toy", model=str(tiny_llama), rank=4,
            learning_rate=1e-2, steps=10, validation=8, validate_every=5,
        ),
        "python -m recommender tune …",
    )  # fmt: skip


@pytest.fixture
def checkpoint(tuned: Path, tmp_path: Path) -> Path:
    """A copy that a test may spoil."""
    return Path(shutil.copytree(tuned, tmp_path / "toy"))


def scores(model: Path, adapter: str) -> Any:
    loaded = load_language_model(str(model), quantization="none", adapter=adapter)
    return loaded.score(PREFIX, BLOCKS)


def spoil(folder: Path, **changes: Any) -> None:
    write_card(folder, replace(card_of(folder), **changes))


def test_the_card_says_what_the_checkpoint_was_made_from(tuned: Path, tiny_llama: Path) -> None:
    card = card_of(tuned)
    assert (card.base, card.instructions, card.serves) == (
        str(tiny_llama),
        "toy.jsonl",
        ("ranking",),
    )
    assert card.settings["steps"] == 10 and card.settings["rank"] == 4
    assert [f.command for f in card.figures] == ["python -m recommender tune …"] * 3
    assert list(faults(tuned, card, Path())) == []
    assert listing(tuned.parent) == [
        f"toy: language model, serves ranking, for {tiny_llama}, made {card.made}"
    ]


def test_a_card_comes_back_as_it_was_written(checkpoint: Path) -> None:
    card = replace(
        card_of(checkpoint), licence='"quoted" \\ ünïcode', weights={"rank_weight": 0.25}
    )
    write_card(checkpoint, card)
    assert read_card(checkpoint) == card


def test_an_adapter_of_another_base_is_refused(
    checkpoint: Path, tiny_llama: Path, tmp_path: Path
) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    other = AutoModelForCausalLM.from_pretrained(tiny_llama)
    with torch.no_grad():
        other.model.norm.weight.mul_(1.1)  # the same shape, tuned further
    other.save_pretrained(tmp_path / "other")
    AutoTokenizer.from_pretrained(tiny_llama).save_pretrained(tmp_path / "other")
    with pytest.raises(ModelError, match=rf"tuned on {tiny_llama}.*use --model"):
        scores(tmp_path / "other", str(checkpoint))


def test_an_adapter_for_other_templates_is_refused(checkpoint: Path, tiny_llama: Path) -> None:
    spoil(checkpoint, templates="0123456789ab")
    with pytest.raises(ModelError, match=r"version 0123456789ab.*tune again"):
        scores(tiny_llama, str(checkpoint))
    assert any("0123456789ab" in fault for fault in faults(checkpoint, card_of(checkpoint), Path()))


def test_a_base_has_one_checksum_in_4_bits_and_in_16(tiny_llama: Path) -> None:
    packed, plain = (load_weights(str(tiny_llama), q, Path())[0] for q in ("nf4", "none"))
    assert base_checksum(packed) == base_checksum(plain)


@pytest.fixture
def serving_from(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that --adapter auto looks into holds the checkpoint."""
    found = loading.default_adapter
    monkeypatch.setattr(
        loading, "default_adapter", lambda *given: found(*given, root=checkpoint.parent)
    )
    return checkpoint


def test_auto_takes_the_default_checkpoint_that_fits(serving_from: Path, tiny_llama: Path) -> None:
    plain = scores(tiny_llama, "none")
    np.testing.assert_array_equal(scores(tiny_llama, "auto"), plain)  # none is marked yet
    card = replace(card_of(serving_from), default=True, weights={"rank_weight": 0.4})
    write_card(serving_from, card)
    model = load_language_model(str(tiny_llama), quantization="none", adapter="auto")
    assert abs(model.score(PREFIX, BLOCKS) - plain).max() > 1e-3
    assert model.describe()["adapter"] == "toy"
    assert weight_of(None, model) == 0.4 and weight_of(0.1, model) == 0.1
    spoil(serving_from, base_checksum="of another base")
    model = load_language_model(str(tiny_llama), quantization="none", adapter="auto")
    assert model.describe()["adapter"] is None and weight_of(None, model) == UNTUNED_WEIGHT
    np.testing.assert_array_equal(model.score(PREFIX, BLOCKS), plain)


@pytest.mark.parametrize("quantization", ["none", "nf4"])
def test_an_adapter_for_ranking_leaves_the_explanations_alone(
    checkpoint: Path, tiny_llama: Path, quantization: str
) -> None:
    def load(adapter: str) -> Any:
        return load_language_model(str(tiny_llama), quantization=quantization, adapter=adapter)

    def text(model: Any) -> str:
        return "".join(model.stream([("user", PREFIX)], 12))

    plain, ranks, both = load("none"), load(str(checkpoint)), None
    assert abs(ranks.score(PREFIX, BLOCKS) - plain.score(PREFIX, BLOCKS)).max() > 1e-3
    assert text(ranks) == text(plain)
    # The base is held once: every large number of one model is also the other's.
    held = {p.data_ptr() for p in ranks._writer.parameters()}
    shared = [p for name, p in ranks._model.named_parameters() if "lora_" not in name]
    assert all(p.data_ptr() in held for p in shared)
    spoil(checkpoint, serves=("ranking", "explaining"))
    both = load(str(checkpoint))
    assert both._writer is both._model


def test_faults_are_named(checkpoint: Path) -> None:
    (checkpoint / "adapter_model.safetensors").write_bytes(b"cut short")
    spoil(checkpoint, figures=())
    found = " ".join(faults(checkpoint, card_of(checkpoint), Path()))
    assert "not the file" in found and "no figures" in found


@pytest.mark.parametrize(
    ("line", "said"),
    [('kind = "language model', "can't be read as TOML"), ('kind = "oracle"', "kind is 'oracle'"),
     ('serves = ["cooking"]', "serves is"), ("surprise = 1", "surprise")],
)  # fmt: skip
def test_a_broken_card_is_named(checkpoint: Path, line: str, said: str) -> None:
    card = checkpoint / "card.toml"
    key = line.split(" ")[0]
    kept = [text for text in card.read_text().splitlines() if not text.startswith(f"{key} =")]
    card.write_text("\n".join([line, *kept]))
    with pytest.raises(CardError, match=rf"card\.toml.*{said}"):
        read_card(checkpoint)


def test_a_finished_checkpoint_is_not_written_over(
    tuned: Path, toy_options: Any, tiny_llama: Path
) -> None:
    with pytest.raises(TuningError, match="a finished checkpoint"):
        tune(toy_options(tiny_llama, out=tuned))
