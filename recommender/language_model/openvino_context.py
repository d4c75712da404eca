"""What a compiled model of OpenVINO has read, and reading on, within bounded memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender.language_model.openvino_adapter import put_beside
from recommender.language_model.openvino_files import CHOSEN, Floats

# By itself it computes in bfloat16 where it can, by which one list in eleven has other picks, and
# keeps keys and values in 8 bits, which would not be put back as they were computed.
_EXACT = {"INFERENCE_PRECISION_HINT": "f32", "KV_CACHE_PRECISION": "f32"}
OPTIONS = {"PERFORMANCE_HINT": "LATENCY", **_EXACT}
# OpenVINO keeps the room that the most tokens took which it read at once, .7 MB each, and what it
# prepares for every shape that it meets: so tokens are bounded, and shapes are few, see `shapes`.
# Rows of like length need little filling up, and four at once cost no more a token than twelve.
_AT_ONCE, _ROWS = 160, 4  # most tokens, most blocks
_BLOCK_STEP, _TEXT_STEP = 4, 16  # what lengths are multiples of
_LONG, _LONG_BLOCK = 240, 80  # tokens of a conversation that has gone on for a while; of an item
Places = NDArray[np.int64]


@dataclass(frozen=True)
class Memory:
    """What was read: keys and values as tensors, which of them count, the next position."""

    tensors: list[Any]
    counts: Places  # (n,), 0 for padding
    position: int


class Context:
    """What a model has read, and reading on."""

    def __init__(self, request: Any) -> None:
        self._request = request
        self.clear()

    def clear(self) -> None:
        self._request.reset_state()
        self._counts = np.zeros(0, dtype=np.int64)
        self._position = 0

    def read(self, tokens: Sequence[int]) -> Floats:
        """Read tokens, one at least, behind what was read; the state at their end, (d,)."""
        for begin in range(0, len(tokens), _AT_ONCE):
            part = tokens[begin : begin + _AT_ONCE]
            length = padded(len(part))
            states = self._infer([part], length, np.array([[len(part) - 1]]))
            counts = np.arange(length) < len(part)
            self._counts = np.concatenate([self._counts, counts.astype(np.int64)])
            self._position += len(part)
        return np.array(states[0, 0])

    def branch(self, rows: Sequence[Sequence[int]], *, whole: bool) -> list[Floats]:
        """The states of several rows, each behind what was read: at its end, (1, d), or the
        `whole` row's, (l, d). What was read is to be put back after that."""
        longest = stepped(max(map(len, rows)))
        ends = np.array([[len(row) - 1] for row in rows])
        chosen = np.tile(np.arange(longest), (len(rows), 1)) if whole else ends
        states = np.array(self._infer(rows, longest, chosen))
        return [of_row[: len(row)] for row, of_row in zip(rows, states, strict=True)]

    def read_shapes(self) -> None:
        """Read each of `shapes` behind as much as a long conversation, for its end's state alone."""
        self.read([0] * _LONG)
        memory = self.memory()
        for rows, length in shapes():
            self.put_back(memory)
            self._infer([[0] * length] * rows, length, np.full((rows, 1), length - 1))

    def _infer(self, rows: Sequence[Sequence[int]], longest: int, chosen: Places) -> Floats:
        """The states at the `chosen` places of rows that are filled up; (n, k) to (n, k, d)."""
        ids = np.zeros((len(rows), longest), dtype=np.int64)
        counts = np.zeros((len(rows), longest), dtype=np.int64)
        for row, tokens in enumerate(rows):
            ids[row, : len(tokens)] = tokens
            counts[row, : len(tokens)] = 1
        before = np.tile(self._counts, (len(rows), 1))
        places = np.arange(self._position, self._position + longest)
        states: Floats = self._request.infer({
            "input_ids": ids,
            "attention_mask": np.concatenate([before, counts], axis=1),
            "position_ids": np.tile(places, (len(rows), 1)),
            "beam_idx": np.zeros(len(rows), dtype=np.int32),  # each row goes on the first
            CHOSEN: chosen,
        })[0]  # fmt: skip
        return states

    def memory(self) -> Memory:
        import openvino

        states = self._request.query_state()
        tensors = [openvino.Tensor(state.state.data) for state in states]
        return Memory(tensors, self._counts, self._position)

    def put_back(self, memory: Memory) -> None:
        self._request.reset_state()
        for variable, kept in zip(self._request.query_state(), memory.tensors, strict=True):
            variable.state = kept
        self._counts, self._position = memory.counts, memory.position


class Reader:
    """A compiled model, with or without an adapter, and the contexts that ask it."""

    def __init__(self, core: Any, path: Path, adapter: Path | None) -> None:
        model = core.read_model(path)
        if adapter is not None:
            put_beside(model, adapter)
        self._compiled = core.compile_model(model, "CPU", OPTIONS)
        self._idle: list[Context] = []

    @contextmanager
    def context(self) -> Iterator[Context]:
        """An empty context, for one caller's use."""
        try:
            context = self._idle.pop()
        except IndexError:
            context = Context(self._compiled.create_infer_request())
        try:
            context.clear()
            yield context
        finally:
            self._idle.append(context)

    def warm_up(self) -> None:
        """Read every shape of `shapes` once, so that what OpenVINO prepares for it is there
        before a visitor's text has it."""
        with self.context() as context:
            context.read_shapes()


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
    """The next of a few lengths of text: 1, 2, 4, 8, 16, then in steps."""
    if length <= _TEXT_STEP:
        return 1 << (length - 1).bit_length()
    return -(-length // _TEXT_STEP) * _TEXT_STEP


def stepped(length: int) -> int:
    """The next of the lengths that rows are filled up to."""
    return -(-length // _BLOCK_STEP) * _BLOCK_STEP


def even_chunks(order: Sequence[int], lengths: Sequence[int]) -> list[Sequence[int]]:
    """The order of blocks, the longest first, in even parts within what is read at once; a
    block beyond that is read for itself."""
    for most in range(min(_ROWS, len(order)), 0, -1):
        parts = -(-len(order) // most)
        size = -(-len(order) // parts)
        chunks = [order[begin : begin + size] for begin in range(0, len(order), size)]
        if all(len(c) * stepped(lengths[c[0]]) <= _AT_ONCE for c in chunks) or size == 1:
            return chunks
    return []
