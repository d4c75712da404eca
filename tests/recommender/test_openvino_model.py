"""The packaged model by OpenVINO, held against the same model by transformers.

Where the reference holds the file's weights in bfloat16, it rounds a score by about a tenth.
"""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

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
from recommender.language_model.openvino_context import (
    Context,
    even_chunks,
    padded,
    paired,
    shapes,
    stepped,
)
from recommender.language_model.openvino_graph import keep_outside, linears, with_chosen_tokens

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


def test_a_text_that_is_closed_frees_its_place(packed_model: OpenVinoModel) -> None:
    writing = packed_model.stream(CHAT, 200)
    next(writing)
    writing.close()
    reader = packed_model._writer
    before = len(reader._idle)
    "".join(packed_model.stream(CHAT, 3))
    assert len(reader._idle) == before


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


def test_few_shapes_are_ever_read() -> None:
    """OpenVINO keeps what it prepares for each, so their number bounds its memory."""
    assert len(shapes()) == len(set(shapes())) < 100
    texts = {padded(length) for length in range(1, 129)}
    assert len(texts) < 16
    assert all(0 <= padded(length) - length < 16 for length in range(1, 129))
    assert {(1, length) for length in texts} <= set(shapes())
    for lengths in ([n] * count for count in range(1, 9) for n in range(1, 81)):
        rows = paired(range(len(lengths)), lengths)
        totals = [sum(lengths[n] for n in row) for row in rows]
        for chunk in even_chunks(list(zip(rows, totals, strict=True)), totals):
            assert (len(chunk), stepped(chunk[0][1])) in shapes()


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """Rows and length of what is read at once, as it is read."""
    seen: list[tuple[int, int]] = []
    infer = Context._infer

    def watched(self: Context, rows: Any, longest: int, chosen: Any) -> Any:
        seen.append((len(rows), longest))
        return infer(self, rows, longest, chosen)

    monkeypatch.setattr(Context, "_infer", watched)
    return seen


def test_no_more_is_read_at_once_than_room_is_kept_for(
    packed_model: OpenVinoModel, read: list[tuple[int, int]]
) -> None:
    """Room is kept for the most that was ever read at once, so a long text would cost it for good."""
    packed_model.score(PREFIX * 10, [f" Film{', quiet' * n}? Answer:" for n in range(0, 40, 4)])
    list(packed_model.stream([("user", "What is a whale? " * 30)], 2))
    assert max(rows * longest for rows, longest in read) <= 128
    assert (1, 128) in read  # a part of the text


def test_once_warm_it_meets_nothing_new(
    packed_model: OpenVinoModel, read: list[tuple[int, int]]
) -> None:
    before = packed_model.score(PREFIX, MANY)
    packed_model.warm_up()
    met = set(read)
    assert set(shapes()) <= met
    assert np.array_equal(packed_model.score(PREFIX, MANY), before)
    packed_model.score(PREFIX * 7, [f" Film{', quiet' * n}? Answer:" for n in range(0, 37, 3)])
    list(packed_model.stream([("user", "What is a whale? " * 30)], 2))
    list(packed_model.stream(CHAT, 30, FRAME))
    assert set(read) == met


def test_a_long_text_is_read_as_the_file_has_it(
    packed_model: OpenVinoModel, model_cache: Path
) -> None:
    """Also where it is read in parts."""
    reference = load_language_model("auto", quantization="float32", cache=model_cache)
    asked = f"{PREFIX} " * 12, BLOCKS
    assert np.abs(packed_model.score(*asked) - reference.score(*asked)).max() < 1e-3


@pytest.mark.parametrize("count", [0, 1, 3, 4, 5, 16, 20, 23])
def test_blocks_are_parted_evenly_within_what_is_read_at_once(count: int) -> None:
    order = list(range(count))
    for longest in (20, 40, 64, 400):
        chunks = even_chunks(order, [longest] * count)
        assert [n for chunk in chunks for n in chunk] == order
        assert len({len(chunk) for chunk in chunks[:-1]}) <= 1
        most = max(1, min(4, 128 // longest))
        assert all(len(chunk) <= most for chunk in chunks)
        assert len(chunks) == -(-count // most)


def test_a_long_row_makes_parts_smaller_but_loses_none() -> None:
    assert even_chunks("abcde", [64, 40, 20, 20, 20]) == ["ab", "cd", "e"]
    assert even_chunks("abcdef", [200, 65, 32, 32, 32, 20]) == ["a", "b", "cdef"]


def test_a_long_block_shares_its_row_with_a_short_one() -> None:
    lengths = [25, 38, 20, 31, 70, 28]
    order = sorted(range(6), key=lambda n: -lengths[n])
    assert paired(order, lengths) == [[4], [1, 2], [3, 0], [5]]
    assert paired([], []) == []


def test_blocks_in_a_row_see_nothing_of_each_other(packed_model: OpenVinoModel) -> None:
    """Nor do they stand behind one another: each is read as if it were there alone."""
    tokens = [packed_model._ids(block) for block in MANY[:4]]
    with packed_model._ranker.context() as context:
        context.read(packed_model._ids(PREFIX))
        together = context.branch([tokens[:2], tokens[2:]], whole=True)
        for block, states in zip(tokens, [own for row in together for own in row], strict=True):
            ((alone,),) = context.branch([[block]], whole=True)
            assert states.shape == alone.shape == (len(block), alone.shape[1])
            assert np.abs(states - alone).max() < 1e-3


def test_what_was_kept_stays_as_it_was_wherever_one_reads_on(packed_model: OpenVinoModel) -> None:
    prefix, block = packed_model._ids(PREFIX * 2)[:17], packed_model._ids(MANY[0])[:8]
    with packed_model._ranker.context() as first, packed_model._ranker.context() as second:
        first.read(prefix)
        memory = first.memory()  # with room for the block
        kept = memory.kept.copy()
        expected = first.read(block)
        first.read(block)
        second.put_back(memory)
        assert np.array_equal(second.read(block), expected)
        assert np.array_equal(memory.kept, kept)
        second.put_back(memory)
        assert np.array_equal(second.branch([[block]])[0][0][0], second.branch([[block]])[0][0][0])
        assert np.abs(second.branch([[block]])[0][0][0] - expected).max() < 1e-3


@pytest.fixture
def graph(model_cache: Path, packed_model: OpenVinoModel) -> Any:
    """The converted model's graph, to be read."""
    import openvino

    (path,) = model_cache.glob("models/*/openvino-*/reader.xml")
    return openvino.Core().read_model(path)


def test_the_model_keeps_nothing_itself(graph: Any) -> None:
    assert not graph.get_variables() and not graph.get_sinks()
    names = {given.get_any_name() for given in graph.inputs}
    assert names == {"input_ids", "position_ids", "chosen", "kept", "mask"}
    kept = next(i for i in graph.inputs if i.get_any_name() == "kept").get_partial_shape()
    assert len(graph.outputs) == 1 + kept[0].get_length()


def test_a_model_that_is_built_in_another_way_is_refused(graph: Any) -> None:
    """Rather than served with wrong numbers: it holds nothing itself, and nothing goes past
    its first product."""
    with pytest.raises(ModelError, match="unknown way"):
        keep_outside(graph)
    with pytest.raises(ModelError, match="unknown way"):
        with_chosen_tokens(graph, linears(graph)[0])


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
