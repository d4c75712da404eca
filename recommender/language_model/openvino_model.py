"""A packaged model on a CPU by OpenVINO: 4-bit weights as the file has them.

It computes in 32 bits, so that it picks what the file's own numbers say, on any processor. An
adapter stands beside the weights as thin products, so that they stay in 4 bits and nothing is
rounded anew.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender.language_model.openvino_context import (
    OPTIONS,
    Context,
    Memory,
    Reader,
    even_chunks,
    paired,
)
from recommender.language_model.openvino_files import HEAD, READER, Floats, output_rows
from recommender.language_model.packed_tokenizer import PackedTokenizer
from recommender.language_model.protocol import Frame, ModelError
from recommender.language_model.slot_grammar import fill, grown

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
        readers = {which: Reader(self._core, path, which) for which in {ranking, writing}}
        self._ranker, self._writer = readers[ranking], readers[writing]
        self._beginning: tuple[tuple[int, ...], Memory | None] = ((), None)  # of the last prompt
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

    def warm_up(self) -> None:
        for reader in {self._ranker, self._writer}:  # which may be one
            reader.warm_up()

    # --- scores -------------------------------------------------------------------------

    def score(self, prefix: str, blocks: Sequence[str]) -> NDArray[np.float64]:
        result = np.empty(len(blocks), dtype=np.float64)
        for n, _, states in self._behind(prefix, blocks):
            result[n] = states[-1] @ self._direction
        return result

    def likelihood(self, prefix: str, continuations: Sequence[str]) -> NDArray[np.float64]:
        result = np.empty(len(continuations), dtype=np.float64)
        for n, ids, states in self._behind(prefix, continuations, whole=True):
            logits = self._logits_of(states[:-1])  # (l, vocabulary)
            highest = logits.max(-1)
            total = highest + np.log(np.exp(logits - highest[:, None]).sum(-1))
            result[n] = (logits[np.arange(len(ids)), ids] - total).mean()
        return result

    def _behind(
        self, prefix: str, blocks: Sequence[str], *, whole: bool = False
    ) -> Iterator[tuple[int, list[int], Floats]]:
        """Each block's place, tokens and state at its end, (1, d), behind the prefix, which is
        read once; `whole` gives all states, (1 + l, d), that at the prefix's end in front.

        Blocks are read in an order of their own, so that the caller's can't change a bit.
        """
        start = self._ids(prefix)
        if not start:
            raise ValueError("the prefix is empty")
        tokens = [self._ids(block) or [self._tokenizer.eos_token_id] for block in blocks]
        order = sorted(range(len(blocks)), key=lambda n: (-len(tokens[n]), blocks[n]))
        rows = paired(order, [len(ids) for ids in tokens])
        context = self._ranker.context()
        last = context.read(start)
        for chunk in even_chunks(rows, [sum(len(tokens[n]) for n in row) for row in rows]):
            states = context.branch([[tokens[n] for n in row] for row in chunk], whole=whole)
            for row, of_row in zip(chunk, states, strict=True):
                for n, own in zip(row, of_row, strict=True):
                    yield n, tokens[n], np.concatenate([last[None], own]) if whole else own

    # --- text ---------------------------------------------------------------------------

    def stream(
        self, messages: Sequence[tuple[str, str]], max_tokens: int, frame: Frame | None = None
    ) -> Iterator[str]:
        context = self._writer.context()
        reading = _Reading(context, self._read_prompt(context, messages))
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

    def _read_prompt(self, context: Context, messages: Sequence[tuple[str, str]]) -> Floats:
        """Read a prompt; the state at its end, (d,).

        All but the last message is read for itself and kept: prompts that begin alike share
        it, and what follows is the same whatever was written before.
        """
        prompt = self._prompt(messages, ends=True)
        beginning = self._prompt(messages[:-1], ends=False) if len(messages) > 1 else []
        if tuple(prompt[: len(beginning)]) != tuple(beginning) or not beginning:
            return context.read(prompt)
        kept, memory = self._beginning
        if memory is not None and kept == tuple(beginning):
            context.put_back(memory)
        else:
            context.read(beginning)
            self._beginning = tuple(beginning), context.memory()
        return context.read(prompt[len(beginning) :])

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
                self._logits = self._core.compile_model(self._head, "CPU", OPTIONS)
            request = self._logits.create_infer_request()
        logits: Floats = request.infer([np.ascontiguousarray(states)])[0]
        return logits


class _Reading:
    """The state behind a prompt and a text that grows, read no more than needed."""

    def __init__(self, context: Context, last: Floats) -> None:
        self._context = context
        self._last = last
        self._read = 0

    def advance(self, written: Sequence[int]) -> Floats:
        """The state behind the text so far; (d,)."""
        if len(written) > self._read:
            self._last = self._context.read(written[self._read :])
            self._read = len(written)
        return self._last
