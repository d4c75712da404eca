"""The packaged model by OpenVINO, held against the same model by transformers.

Where the reference holds the file's weights in bfloat16, it rounds a score by about a tenth.
"""

from __future__ import annotations

import json
import sys
import tempfile
import threading
from pathlib import Path

import numpy as np
import pytest
from scripted_models import BLOCKS, PREFIX
from test_language_model import adapter, folder_of

from recommender.language_model import (
    Frame,
    HuggingFaceModel,
    ModelError,
    OpenVinoModel,
    base_checksum,
    load_language_model,
    openvino_files,
    prepare_model,
)
from recommender.ui.memory import let_go, mapped

__all__ = ["adapter"]  # a fixture
MANY = [f" Film number {n}{', quiet' * (n % 5)}? Answer:" for n in range(23)]
CHAT = [("system", "You answer in a sentence."), ("user", "What is a whale?")]
FRAME = Frame(
    first="what",
    phrases={
        "what": (("A whale", "whale"), ("A teapot", "teapot"), ("A rusty nail", "nail")),
        "is": (("is a large animal of the sea", "animal"), ("is a kind of pot", "pot")),
        "stop": ((".", "end"),),
    },
    following={"what": ("is",), "is": ("stop",), "stop": ()},
    last=("stop",),
)


def test_scores_are_the_files_own(packed_model: OpenVinoModel, model_cache: Path) -> None:
    """In bfloat16 they would be off by a tenth, with zero points in 16 bits by a hundredth."""
    reference = load_language_model("auto", quantization="float32", cache=model_cache)
    ours, theirs = (m.score(PREFIX, MANY + BLOCKS) for m in (packed_model, reference))
    assert np.abs(ours - theirs).max() < 1e-4


def test_neither_order_nor_company_changes_a_score(packed_model: OpenVinoModel) -> None:
    scores = packed_model.score(PREFIX, MANY)
    order = np.random.default_rng(1).permutation(len(MANY))
    assert np.array_equal(packed_model.score(PREFIX, [MANY[n] for n in order]), scores[order])
    alone = np.concatenate([packed_model.score(PREFIX, [block]) for block in MANY[:4]])
    assert np.abs(alone - scores[:4]).max() < 1e-4
    assert packed_model.score(PREFIX, []).shape == (0,)


def test_a_sequence_that_served_before_leaves_nothing_behind(packed_model: OpenVinoModel) -> None:
    first = packed_model.score(PREFIX, BLOCKS)
    packed_model.score(PREFIX * 3, MANY)
    list(packed_model.stream(CHAT, 5))
    assert np.array_equal(packed_model.score(PREFIX, BLOCKS), first)


def test_likelihoods_are_those_of_the_file(
    packed_model: OpenVinoModel, unquantized_model: HuggingFaceModel
) -> None:
    asked = "The capital of France is", [" Paris", " Rome", " a small green dog"]
    ours, reference = (m.likelihood(*asked) for m in (packed_model, unquantized_model))
    assert ours == pytest.approx(reference, abs=0.3)
    assert ours.argmax() == 0


def test_a_frame_is_filled_sensibly_whatever_was_written_before(
    packed_model: OpenVinoModel,
) -> None:
    text = "".join(packed_model.stream(CHAT, 30, FRAME))
    assert text == "A whale is a large animal of the sea."
    "".join(packed_model.stream([("system", "Be brief."), ("user", "Hello")], 8))
    assert "".join(packed_model.stream(CHAT, 30, FRAME)) == text


def test_free_text_begins_as_the_reference_has_it(
    packed_model: OpenVinoModel, unquantized_model: HuggingFaceModel
) -> None:
    texts = ["".join(m.stream(CHAT, 12)) for m in (packed_model, unquantized_model)]
    assert texts[0].split()[:4] == texts[1].split()[:4]


def test_scores_and_texts_at_the_same_time_stay_apart(packed_model: OpenVinoModel) -> None:
    alone = packed_model.score(PREFIX, MANY), "".join(packed_model.stream(CHAT, 10))
    found: list[object] = [None] * 4

    def work(n: int) -> None:
        if n % 2:
            found[n] = packed_model.score(PREFIX, MANY)
        else:
            found[n] = "".join(packed_model.stream(CHAT, 10))

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found[0] == found[2] == alone[1]
    assert np.array_equal(found[1], alone[0]) and np.array_equal(found[3], alone[0])


def test_an_adapter_stands_beside_the_weights(
    packed_model: OpenVinoModel, adapter: Path, model_cache: Path
) -> None:
    ours, reference = (
        load_language_model("auto", quantization=q, adapter=str(adapter), cache=model_cache)
        for q in ("gguf", "float32")
    )
    assert isinstance(ours, OpenVinoModel)
    scores = ours.score(PREFIX, BLOCKS)
    assert np.abs(scores - packed_model.score(PREFIX, BLOCKS)).max() > 0.3
    assert np.abs(scores - reference.score(PREFIX, BLOCKS)).max() < 1e-4
    assert ours.describe()["adapter"] == str(adapter)


def test_the_numbers_of_an_adapter_can_be_let_go_of(
    packed_model: OpenVinoModel, adapter: Path, model_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They lie in a file below the models that only the mapping still knows; or in memory."""

    def load() -> OpenVinoModel:
        model = load_language_model(
            "auto", quantization="gguf", adapter=str(adapter), cache=model_cache
        )
        assert isinstance(model, OpenVinoModel)
        return model

    before = mapped(model_cache / "models")
    model = load()
    scores = model.score(PREFIX, BLOCKS)
    if sys.platform == "linux":
        let_go(mapped(model_cache / "models") - before)
        assert "adapter.bin (deleted)" in Path("/proc/self/maps").read_text(encoding="utf-8")
    assert not list(model_cache.rglob(".adapter-*"))
    assert np.array_equal(model.score(PREFIX * 2, BLOCKS), load().score(PREFIX * 2, BLOCKS))

    def no_room(**_: object) -> None:
        raise OSError("read-only file system")

    def full(*_: object) -> None:
        raise RuntimeError("the file can't be written")

    monkeypatch.setattr(tempfile, "TemporaryDirectory", no_room)
    assert np.array_equal(load().score(PREFIX, BLOCKS), scores)
    monkeypatch.undo()
    monkeypatch.setattr("openvino.save_model", full)
    assert np.array_equal(load().score(PREFIX, BLOCKS), scores)


def test_an_adapter_of_another_kind_is_refused(
    adapter: Path, model_cache: Path, tmp_path: Path
) -> None:
    config = json.loads((adapter / "adapter_config.json").read_text())
    (tmp_path / "adapter_config.json").write_text(json.dumps(config | {"use_dora": True}))
    (tmp_path / "adapter_model.safetensors").write_bytes(
        (adapter / "adapter_model.safetensors").read_bytes()
    )
    with pytest.raises(ModelError, match="no plain LoRA; use --quantization nf4"):
        load_language_model("auto", quantization="gguf", adapter=str(tmp_path), cache=model_cache)


def test_the_base_of_cards_is_known_without_its_weights(
    packed_model: OpenVinoModel, unquantized_model: HuggingFaceModel, model_cache: Path
) -> None:
    kept = openvino_files.kept_checksum(folder_of(model_cache))
    assert kept == base_checksum(unquantized_model._model)


def test_auto_takes_what_serves_best(
    packed_model: OpenVinoModel, model_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert prepare_model("auto", model_cache).endswith("ready")
    if not _has_cuda():
        assert isinstance(load_language_model("auto", cache=model_cache), OpenVinoModel)
    monkeypatch.setattr(openvino_files, "is_installed", lambda: False)
    with pytest.raises(ModelError, match="use --quantization nf4"):
        load_language_model("auto", quantization="gguf", cache=model_cache)


def test_a_long_text_is_read_as_the_file_has_it(
    packed_model: OpenVinoModel, model_cache: Path
) -> None:
    """Also where it is read in parts."""
    reference = load_language_model("auto", quantization="float32", cache=model_cache)
    asked = f"{PREFIX} " * 12, BLOCKS
    assert np.abs(packed_model.score(*asked) - reference.score(*asked)).max() < 1e-3


def _has_cuda() -> bool:
    import torch

    return torch.cuda.is_available()


def test_a_new_conversion_takes_the_place_of_older_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(openvino_files, "_convert", lambda source, draft: None)
    (tmp_path / "openvino-0").mkdir()
    (tmp_path / "tokenizer.json").touch()
    folder = openvino_files.converted(tmp_path / "model.gguf", tmp_path, "checksum")
    assert openvino_files.kept_checksum(tmp_path) == "checksum"
    assert {path.name for path in tmp_path.iterdir()} == {folder.name, "tokenizer.json"}
