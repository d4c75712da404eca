"""Free texts of many visitors, written together on a GPU.

The continuous batching of transformers writes the next token of every text in one pass; a text
joins between two passes, and leaves when it is over or its visitor is gone. Scores, texts within
a frame, and whatever can't be batched go the way of `HuggingFaceModel`.
"""

from __future__ import annotations

import contextlib
import copy
import itertools
import queue
import threading
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any

from recommender.language_model.hugging_face import ABLE, HuggingFaceModel, sharing_weights
from recommender.language_model.slot_grammar import grown

if TYPE_CHECKING:
    import torch

_MEMORY_SHARE = 0.3  # of what is free, for the texts' caches; scores need room beside them
_HEARTBEAT_S = 0.1
_NOTICE_S = 1.0  # until a text learns that what writes it has ended


def batches(model: Any) -> bool:
    """Whether a model of transformers is one whose texts are worth writing together."""
    return (
        model.device.type == "cuda"
        and not model.config.is_encoder_decoder
        and int(model.num_parameters()) >= ABLE
    )


class BatchingModel(HuggingFaceModel):
    """A causal model that writes the texts of many visitors in one pass.

    The cache for the texts is taken when the first is asked for, and given back by `close`.
    """

    _batch: _Batch | None = None
    _lock = threading.Lock()

    def close(self) -> None:
        """End what is being written, and free the cache; a later text opens another."""
        with self._lock:
            batch, self._batch = self._batch, None
        if batch is not None:
            batch.close()

    def _write(self, inputs: dict[str, torch.Tensor], max_tokens: int) -> Iterator[str]:
        with self._lock:
            if self._batch is None:
                self._batch = _Batch(self._writer)
            batch = self._batch
        if not batch.is_open:  # its loop has failed before; one by one is slow, and works
            yield from super()._write(inputs, max_tokens)
            return
        tokens = batch.tokens(inputs["input_ids"][0].tolist(), max_tokens)
        with contextlib.closing(tokens):
            yield from grown(tokens, self._tokenizer)


class _Batch:
    """The loop of the library that writes, and a thread that hands out what it wrote."""

    def __init__(self, writer: Any) -> None:
        import transformers

        how = copy.deepcopy(writer.generation_config)
        how.do_sample = False
        # It sets another way of attending, which scores could not do with.
        self._manager = sharing_weights(writer).init_continuous_batching(
            generation_config=how,
            continuous_batching_config=transformers.ContinuousBatchingConfig(
                max_memory_percent=_MEMORY_SHARE
            ),
        )
        self._waiting: dict[str, queue.SimpleQueue[Any]] = {}
        self._closed = threading.Event()
        self._numbers = itertools.count()
        self._manager.start()
        self._thread = threading.Thread(target=self._hand_out, name="handing out")
        self._thread.start()

    @property
    def is_open(self) -> bool:
        return bool(self._manager.is_running())

    def tokens(self, prompt: list[int], max_tokens: int) -> Generator[int, None, None]:
        """The tokens of a text as they come; closing it takes the text out.

        Raises `RuntimeError` where the loop has failed or was closed.
        """
        name, told, over = f"text {next(self._numbers)}", 0, False
        found = self._waiting[name] = queue.SimpleQueue()
        try:
            self._manager.add_request(
                prompt, request_id=name, max_new_tokens=max_tokens, streaming=True
            )
            while not over:
                try:
                    output = found.get(timeout=_NOTICE_S)
                except queue.Empty:
                    if not self.is_open:
                        raise RuntimeError("continuous batching has ended") from None
                    continue
                if output.error:
                    raise RuntimeError(output.error)
                over = output.is_finished()
                # The list grows in the loop's thread: what is new is read once.
                new = output.generated_tokens[told:]
                told += len(new)
                yield from new
        finally:
            del self._waiting[name]
            if not over:
                self._manager.cancel_request(name)

    def close(self) -> None:
        self._closed.set()
        self._thread.join()

    def _hand_out(self) -> None:
        # The library's thread would keep the interpreter from ending; this one, which is waited
        # for like it, ends both once the main thread is over.
        while not self._closed.is_set() and threading.main_thread().is_alive():
            output = self._manager.get_result(timeout=_HEARTBEAT_S)
            if output is None:
                if not self._manager.is_running():
                    break
            elif found := self._waiting.get(output.request_id):
                found.put(output)
        self._manager.stop(block=True, hard_stop=True)
