"""What is read at once, behind what, and that it is all there is to a model of OpenVINO."""

from __future__ import annotations

import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scripted_models import PREFIX
from test_openvino_model import CHAT, FRAME, MANY

from recommender.language_model import ModelError, OpenVinoModel
from recommender.language_model.openvino_context import (
    Context,
    even_chunks,
    padded,
    paired,
    shapes,
    stepped,
)
from recommender.language_model.openvino_graph import keep_outside, linears, with_chosen_tokens


def test_few_shapes_are_ever_read() -> None:
    """OpenVINO keeps what it prepares for each, so their number bounds its memory."""
    assert len(shapes()) == len(set(shapes())) < 100
    texts = {padded(length) for length in range(1, 129)}
    assert len(texts) < 16
    assert all(0 <= padded(length) - length < 16 for length in range(1, 129))
    assert padded(1) == padded(2) == 2  # between which writing would change all the time
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
    context = packed_model._ranker.context()
    context.read(packed_model._ids(PREFIX))
    together = context.branch([tokens[:2], tokens[2:]], whole=True)
    for block, states in zip(tokens, [own for row in together for own in row], strict=True):
        ((alone,),) = context.branch([[block]], whole=True)
        assert states.shape == alone.shape == (len(block), alone.shape[1])
        assert np.abs(states - alone).max() < 1e-3


def test_what_was_kept_stays_as_it_was_wherever_one_reads_on(packed_model: OpenVinoModel) -> None:
    prefix, block = packed_model._ids(PREFIX * 2)[:17], packed_model._ids(MANY[0])[:8]
    first, second = packed_model._ranker.context(), packed_model._ranker.context()
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


def test_room_for_what_is_read_comes_in_few_sizes(packed_model: OpenVinoModel) -> None:
    """Since each shape behind each size of room is prepared for itself."""
    context = packed_model._ranker.context()
    rooms = set()
    for count in (3, 2, 40, 30, 1, 60):
        context.read([5] * count)
        memory = context.memory()
        rooms.add(memory.kept.shape[2])
        context.put_back(memory)  # as a text that begins alike does
    assert memory.position == 136 and rooms == {64, 128, 192}


def test_nothing_is_kept_of_a_text_that_has_ended(
    packed_model: OpenVinoModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether it was closed or came to its end: what a long one holds is no small matter."""
    kept: list[weakref.ref[Any]] = []
    infer = Context._infer

    def watched(self: Context, *asked: Any) -> Any:
        kept.append(weakref.ref(self._kept))
        return infer(self, *asked)

    monkeypatch.setattr(Context, "_infer", watched)
    packed_model.score(PREFIX, MANY)
    asked = CHAT[1:]  # without a beginning that the next text may share
    list(packed_model.stream(asked, 5))
    writing = packed_model.stream(asked, 200)
    next(writing)
    assert any(one() is not None for one in kept)
    writing.close()
    assert not any(one() is not None for one in kept)


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
