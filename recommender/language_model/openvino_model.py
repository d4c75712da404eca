"""A packaged model on a CPU by OpenVINO: 4-bit weights as the file has them.

It computes in 32 bits, so that it picks what the file's own numbers say, on any processor. An
adapter stands beside the weights as thin products, so that they stay in 4 bits and nothing is
rounded anew.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender.language_model.openvino_adapter import put_beside
from recommender.language_model.openvino_files import HEAD, READER, Floats, output_rows
from recommender.language_model.packed_tokenizer import PackedTokenizer
from recommender.language_model.protocol import Frame, ModelError
from recommender.language_model.slot_grammar import fill, grown

# By itself it computes in bfloat16 where it can, by which one list in eleven has other picks, and
# keeps keys and values in 8 bits, which would not be put back as they were computed.
_EXACT = {"INFERENCE_PRECISION_HINT": "f32", "KV_CACHE_PRECISION": "f32"}
_OPTIONS = {"PERFORMANCE_HINT": "LATENCY", **_EXACT}
# OpenVINO keeps what it prepares for every shape that it meets, so shapes are few. Rows of like
# length need little filling up, and four at once cost no more a token than twelve.
_BLOCKS_AT_ONCE, _ROW_STEP, _BLOCK_STEP = 4, 2, 4  # most rows; multiples of rows and tokens
_ABLE = 1_000_000_000  # bytes of packed weights; smaller models can't write freely


class OpenVinoModel:
    """A causal model converted by `openvino_files`. Safe to share between threads."""

    def __init__(
        self, name: str, folder: Path, tokenizer: PackedTokenizer, *, adapter: str = "",
        ranking: Path | None = None, writing: Path | None = None,
        weights: Mapping[str, float] | None = None,
    ) -> None:  # fmt: skip
        """`ranking` and `writing` are adapter folders, or the same one, or none; `adapter` is
        what they are called, `weights` the shares of the score that belong to them.

        Raises `ModelError` for an adapter that is no plain LoRA of this model.
        """
        import openvino

        self.name = name
        self._tokenizer = tokenizer
        self._adapter = adapter
        self._weights = dict(weights or {})
        self._core = openvino.Core()
        self._able = (folder / READER).with_suffix(".bin").stat().st_size >= _ABLE
        self._head = self._core.read_model(folder / HEAD)
        self._logits: Any = None  # compiled when first asked for; a score needs two rows alone
        self._loading = threading.Lock()
        path = folder / READER
        readers = {which: _Reader(self._core, path, which) for which in {ranking, writing}}
        self._ranker, self._writer = readers[ranking], readers[writing]
        self._beginning: tuple[tuple[int, ...], _Memory | None] = ((), None)  # of the last prompt
        yes, no = (self._ids(word)[0] for word in (" yes", " no"))
        if yes == no:
            raise ModelError(f"{name}: its tokenizer begins yes and no alike; it can't be asked")
        rows = output_rows(self._head, [yes, no])
        self._direction = rows[0] - rows[1]  # (d,)

    @property
    def writes_freely(self) -> bool:
        return self._able

    def describe(self) -> dict[str, Any]:
        return {
            "language_model": self.name,
            "quantization": "gguf",
            "adapter": self._adapter or None,
            "device": "cpu",
            **self._weights,
        }

    # --- scores -------------------------------------------------------------------------

    def score(self, prefix: str, blocks: Sequence[str]) -> NDArray[np.float64]:
        result = np.empty(len(blocks), dtype=np.float64)
        for n, _, states in self._behind(prefix, blocks):
            result[n] = states[-1] @ self._direction
        return result

    def likelihood(self, prefix: str, continuations: Sequence[str]) -> NDArray[np.float64]:
        result = np.empty(len(continuations), dtype=np.float64)
        for n, ids, states in self._behind(prefix, continuations, with_last=True):
            logits = self._logits_of(states[:-1])  # (l, vocabulary)
            highest = logits.max(-1)
            total = highest + np.log(np.exp(logits - highest[:, None]).sum(-1))
            result[n] = (logits[np.arange(len(ids)), ids] - total).mean()
        return result

    def _behind(
        self, prefix: str, blocks: Sequence[str], *, with_last: bool = False
    ) -> Iterator[tuple[int, list[int], Floats]]:
        """Each block's place, tokens and states, (l, d), behind the prefix, which is read once;
        `with_last` also the state at the prefix's end, in front.

        Blocks are read in an order of their own, so that the caller's can't change a bit.
        """
        start = self._ids(prefix)
        if not start:
            raise ValueError("the prefix is empty")
        tokens = [self._ids(block) or [self._tokenizer.eos_token_id] for block in blocks]
        order = sorted(range(len(blocks)), key=lambda n: (-len(tokens[n]), blocks[n]))
        with self._ranker.sequence() as sequence:
            last = sequence.read(start)[-1]
            memory = sequence.memory()
            parts = max(1, -(-len(order) // _BLOCKS_AT_ONCE))
            size = max(1, -(-len(order) // parts))  # even parts: rows that fill up cost as much
            for begin in range(0, len(order), size):
                chunk = order[begin : begin + size]
                sequence.put_back(memory)
                states = sequence.branch([tokens[n] for n in chunk])
                for row, n in enumerate(chunk):
                    own = states[row, : len(tokens[n])]
                    yield n, tokens[n], np.concatenate([last[None], own]) if with_last else own

    # --- text ---------------------------------------------------------------------------

    def stream(
        self, messages: Sequence[tuple[str, str]], max_tokens: int, frame: Frame | None = None
    ) -> Iterator[str]:
        with self._writer.sequence() as sequence:
            reading = _Reading(sequence, self._read_prompt(sequence, messages))
            if frame is None:
                yield from grown(self._free(reading, max_tokens), self._tokenizer)
                return

            def best(written: Sequence[int], allowed: Sequence[int]) -> int:
                rows = output_rows(self._head, list(allowed))
                return int(allowed[int((rows @ reading.advance(written)).argmax())])

            yield from fill(frame, self._tokenizer, best, max_tokens)

    def _free(self, reading: _Reading, max_tokens: int) -> Iterator[int]:
        """Greedy tokens without a frame."""
        written: list[int] = []
        while len(written) < max_tokens:
            token = int(self._logits_of(reading.advance(written)[None])[0].argmax())
            if token == self._tokenizer.eos_token_id:
                return
            written.append(token)
            yield token

    def _read_prompt(self, sequence: _Sequence, messages: Sequence[tuple[str, str]]) -> Floats:
        """Read a prompt; the state at its end, (d,).

        All but the last message is read for itself and kept: prompts that begin alike share
        it, and what follows is the same whatever was written before.
        """
        prompt = self._prompt(messages, ends=True)
        beginning = self._prompt(messages[:-1], ends=False) if len(messages) > 1 else []
        if tuple(prompt[: len(beginning)]) != tuple(beginning) or not beginning:
            return sequence.read(prompt)[-1]
        kept, memory = self._beginning
        if memory is not None and kept == tuple(beginning):
            sequence.put_back(memory)
        else:
            sequence.read(beginning)
            self._beginning = tuple(beginning), sequence.memory()
        return sequence.read(prompt[len(beginning) :])[-1]

    def _prompt(self, messages: Sequence[tuple[str, str]], *, ends: bool) -> list[int]:
        if not self._tokenizer.chat_template:
            return self._ids("\n\n".join(text for _, text in messages))
        chat = [{"role": role, "content": text} for role, text in messages]
        return self._tokenizer.apply_chat_template(chat, add_generation_prompt=ends)

    def _ids(self, text: str) -> list[int]:
        return self._tokenizer(text, add_special_tokens=False)["input_ids"]

    def _logits_of(self, states: Floats) -> Floats:
        """Logits of the whole vocabulary; (n, d) to (n, vocabulary)."""
        with self._loading:
            if self._logits is None:
                self._logits = self._core.compile_model(self._head, "CPU", _OPTIONS)
            request = self._logits.create_infer_request()
        logits: Floats = request.infer([np.ascontiguousarray(states)])[0]
        return logits


class _Reader:
    """A compiled model, with or without an adapter, and its requests, each with a memory."""

    def __init__(self, core: Any, path: Path, adapter: Path | None) -> None:
        model = core.read_model(path)
        if adapter is not None:
            put_beside(model, adapter)
        self._compiled = core.compile_model(model, "CPU", _OPTIONS)
        self._idle: list[_Sequence] = []

    @contextmanager
    def sequence(self) -> Iterator[_Sequence]:
        """An empty sequence for one caller's use."""
        try:
            sequence = self._idle.pop()
        except IndexError:
            sequence = _Sequence(self._compiled.create_infer_request())
        try:
            sequence.clear()
            yield sequence
        finally:
            self._idle.append(sequence)


@dataclass(frozen=True)
class _Memory:
    """What was read: keys and values as tensors, which of them count, the next position."""

    tensors: list[Any]
    counts: NDArray[np.int64]  # (n,), 0 for padding
    position: int


class _Sequence:
    """What a model has read, and reading on."""

    def __init__(self, request: Any) -> None:
        self._request = request
        self.clear()

    def clear(self) -> None:
        self._request.reset_state()
        self._counts = np.zeros(0, dtype=np.int64)
        self._position = 0

    def read(self, tokens: Sequence[int]) -> Floats:
        """Read tokens behind what was read; their states, (l, d)."""
        states = self._infer([tokens], _padded(len(tokens)))
        counts = np.arange(states.shape[1]) < len(tokens)
        self._counts = np.concatenate([self._counts, counts.astype(np.int64)])
        self._position += len(tokens)
        return np.array(states[0, : len(tokens)])

    def branch(self, rows: Sequence[Sequence[int]]) -> Floats:
        """The states of several rows, (n, l, d), each behind what was read; it is to be put
        back after that."""
        longest = -(-max(map(len, rows)) // _BLOCK_STEP) * _BLOCK_STEP
        filled = [*rows, *[rows[0]] * (-len(rows) % _ROW_STEP)]
        return np.array(self._infer(filled, longest)[: len(rows)])

    def _infer(self, rows: Sequence[Sequence[int]], longest: int) -> Floats:
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
        })[0]  # fmt: skip
        return states

    def memory(self) -> _Memory:
        import openvino

        states = self._request.query_state()
        tensors = [openvino.Tensor(np.array(state.state.data)) for state in states]
        return _Memory(tensors, self._counts, self._position)

    def put_back(self, memory: _Memory) -> None:
        self._request.reset_state()
        for variable, kept in zip(self._request.query_state(), memory.tensors, strict=True):
            variable.state = kept
        self._counts, self._position = memory.counts, memory.position


def _padded(length: int) -> int:
    """The next of a few lengths: 1, 2, 4, 8, 16, then in steps of 16, and above 96 of 32."""
    step = 16 if length <= 96 else 32
    return 1 << (length - 1).bit_length() if length <= 16 else -(-length // step) * step


class _Reading:
    """The state behind a prompt and a text that grows, read no more than needed."""

    def __init__(self, sequence: _Sequence, last: Floats) -> None:
        self._sequence = sequence
        self._last = last
        self._read = 0

    def advance(self, written: Sequence[int]) -> Floats:
        """The state behind the text so far; (d,)."""
        if len(written) > self._read:
            self._last = self._sequence.read(written[self._read :])[-1]
            self._read = len(written)
        return self._last
