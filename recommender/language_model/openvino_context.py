"""What a compiled model of OpenVINO has read, and reading on, within bounded memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from recommender.language_model.openvino_adapter import put_beside
from recommender.language_model.openvino_files import Floats
from recommender.language_model.openvino_graph import CHOSEN, KEPT, MASK

# By itself it computes in bfloat16 where it can, by which one list in eleven has other picks.
OPTIONS = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"}
# OpenVINO keeps the room that the most tokens took which it read at once, half a MB each, and what
# it prepares for every shape that it meets: so tokens are bounded, and shapes are few, see `shapes`.
# Rows of like length need little filling up, and four at once cost no more a token than twelve.
_AT_ONCE, _ROWS = 128, 4  # most tokens, most rows
_BLOCK_STEP, _TEXT_STEP = 4, 16  # what lengths are multiples of
_LONG, _LONG_BLOCK = 240, 80  # tokens of a conversation that has gone on for a while; of an item
_PAIR = _AT_ONCE // 2  # most tokens of two blocks in a row
# Tokens that the room for keys and values is a multiple of. What OpenVINO prepares for a shape it
# prepares anew, and keeps, behind each room (a tenth of a MB), and to change between rooms takes
# some milliseconds; 128 would make turns slower by 3 %.
_ROOM_STEP = 64
_UNSEEN = np.float32(-1e9)  # added to a product of query and key; e to it is 0
Places = NDArray[np.int64]
T = TypeVar("T")
Row = Sequence[Sequence[int]]  # blocks behind one another, none of which sees another


@dataclass(frozen=True)
class Memory:
    """What was read: its keys and values, with room behind them, and how many tokens it is."""

    kept: Floats  # (2 · layers, h, room, d), never written to
    position: int


class Context:
    """What a model has read, and reading on."""

    def __init__(self, request: Any) -> None:
        self._request = request
        inputs = request.get_compiled_model().inputs
        (shape,) = (i.get_partial_shape() for i in inputs if i.get_any_name() == KEPT)
        layers, heads, _, size = shape
        empty = (layers.get_length(), heads.get_length(), 0, size.get_length())
        self.put_back(Memory(np.zeros(empty, dtype=np.float32), 0))

    def read(self, tokens: Sequence[int]) -> Floats:
        """Read tokens, one at least, behind what was read; the state at their end, (d,)."""
        for begin in range(0, len(tokens), _AT_ONCE):
            part = tokens[begin : begin + _AT_ONCE]
            states, read = self._infer([[part]], padded(len(part)), np.array([[len(part) - 1]]))
            self._keep(read, len(part))
        return np.array(states[0, 0])

    def branch(self, rows: Sequence[Row], *, whole: bool = False) -> list[list[Floats]]:
        """The states of each block of several rows, each block behind what was read alone: at
        its end, (1, d), or the `whole` block's, (l, d). What was read stays as it is."""
        ends = [np.cumsum([len(block) for block in row]) for row in rows]
        length = stepped(max(of_row[-1] for of_row in ends))
        if whole:
            chosen = np.tile(np.arange(length), (len(rows), 1))
        else:  # as many in each row: the last one again where a row has fewer blocks
            most = max(map(len, ends))
            chosen = np.array([np.pad(e, (0, most - len(e)), mode="edge") for e in ends]) - 1
        found = np.array(self._infer(rows, length, chosen)[0])
        if whole:
            return [np.split(of_row, e)[:-1] for of_row, e in zip(found, ends, strict=True)]
        return [list(of_row[: len(e), None]) for of_row, e in zip(found, ends, strict=True)]

    def read_shapes(self) -> None:
        """Read each of `shapes` behind as much as a long conversation, for its end's state alone."""
        self.read([0] * _LONG)
        for rows, length in shapes():
            self._infer([[[0] * length]] * rows, length, np.full((rows, 1), length - 1))

    def memory(self) -> Memory:
        """What was read, for any context to go on from."""
        self._own = False
        return Memory(self._kept, self._position)

    def put_back(self, memory: Memory) -> None:
        self._kept, self._position, self._own = memory.kept, memory.position, False

    def _infer(
        self, rows: Sequence[Row], length: int, chosen: Places
    ) -> tuple[Floats, list[Floats]]:
        """The states at the `chosen` places of rows that are filled up, (n, k) to (n, k, d), and
        the tokens' keys and values in turn, (n, h, l, d); all until this is called again."""
        room = self._kept.shape[2]
        ids = np.zeros((len(rows), length), dtype=np.int64)
        places = np.zeros((len(rows), length), dtype=np.int64)
        # What is seen: all that was read, and of a token's own block what stands before it.
        mask = np.full((len(rows), 1, length, room + length), _UNSEEN, dtype=np.float32)
        mask[..., : self._position] = 0
        for row, blocks in enumerate(rows):
            end = 0
            for block in blocks:
                begin, end = end, end + len(block)
                ids[row, begin:end] = block
                places[row, begin:end] = self._position + np.arange(len(block))
                own = mask[row, 0, begin:end, room + begin : room + end]
                own[np.tril_indices(len(block))] = 0
        states, *read = self._request.infer(
            {
                "input_ids": ids,
                "position_ids": places,
                CHOSEN: chosen,
                KEPT: self._kept,
                MASK: mask,
            },
            share_inputs=True,
            share_outputs=True,
        ).values()
        return states, read

    def _keep(self, read: Sequence[Floats], count: int) -> None:
        """Put the first tokens' keys and values behind those that are kept."""
        end = self._position + count
        if not self._own or end > self._kept.shape[2]:
            layers, heads, _, size = self._kept.shape
            places = -(-end // _ROOM_STEP) * _ROOM_STEP
            room = np.zeros((layers, heads, places, size), np.float32)
            room[:, :, : self._position] = self._kept[:, :, : self._position]
            self._kept, self._own = room, True
        for kept, new in zip(self._kept, read, strict=True):
            kept[:, self._position : end] = new[0, :, :count]
        self._position = end


class Reader:
    """A compiled model, with or without an adapter, and the contexts that ask it."""

    def __init__(self, core: Any, path: Path, adapter: Path | None) -> None:
        model = core.read_model(path)
        if adapter is not None:
            put_beside(core, model, adapter, path.parent)
        self._compiled = core.compile_model(model, "CPU", OPTIONS)

    def context(self) -> Context:
        """An empty context, for one caller's use.

        It is not kept for the next caller: half a millisecond makes another, and its request
        would hold on to the keys and values that it was given last, 50 MB behind 600 tokens.
        """
        return Context(self._compiled.create_infer_request())

    def warm_up(self) -> None:
        """Read every shape of `shapes` once, so that what OpenVINO prepares for it is there
        before a visitor's text has it."""
        self.context().read_shapes()


def shapes() -> list[tuple[int, int]]:
    """Rows and length of all that is read at once, blocks beyond `_LONG_BLOCK` apart; the largest
    first."""
    texts = {(1, padded(length)) for length in range(1, _AT_ONCE + 1)}
    blocks = {
        (rows, length)
        for rows in range(1, _ROWS + 1)
        for length in range(_BLOCK_STEP, min(_AT_ONCE // rows, _LONG_BLOCK) + 1, _BLOCK_STEP)
    }
    return sorted(texts | blocks, key=lambda shape: (shape[0] * shape[1], shape), reverse=True)


def padded(length: int) -> int:
    """The next of a few lengths of text: 2, 4, 8, 16, then in steps.

    A length that differs from the one before costs half as much as a token, so one token, which
    often stands between two and two while writing, is read as two.
    """
    if length <= _TEXT_STEP:
        return max(2, 1 << (length - 1).bit_length())
    return -(-length // _TEXT_STEP) * _TEXT_STEP


def stepped(length: int) -> int:
    """The next of the lengths that rows are filled up to."""
    return -(-length // _BLOCK_STEP) * _BLOCK_STEP


def paired(order: Sequence[int], lengths: Sequence[int]) -> list[list[int]]:
    """Blocks in rows, the longest row first; `order` has the longest block first.

    A long block and a short one make a row of much the same length as any other such row, so
    that less is filled up, by 6 % of what a list of films has.
    """
    rows, rest = [], list(order)
    while rest:
        row = [rest.pop(0)]
        if rest and lengths[row[0]] + lengths[rest[-1]] <= _PAIR:
            row.append(rest.pop())
        rows.append(row)
    return sorted(rows, key=lambda row: -sum(lengths[n] for n in row))


def even_chunks(rows: Sequence[T], lengths: Sequence[int]) -> list[Sequence[T]]:
    """Rows, the longest first, in even parts within what is read at once; rows of which two are
    beyond that are read each for itself. `lengths` are those of the rows."""
    alone = sum(2 * stepped(length) > _AT_ONCE for length in lengths)
    chunks = [rows[n : n + 1] for n in range(alone)]
    rest = rows[alone:]
    if rest:
        most = min(_ROWS, _AT_ONCE // stepped(lengths[alone]))
        size = -(-len(rest) // -(-len(rest) // most))
        chunks += [rest[begin : begin + size] for begin in range(0, len(rest), size)]
    return chunks
