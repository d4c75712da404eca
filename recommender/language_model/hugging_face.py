"""A model of the transformers library, causal or encoder–decoder, on a GPU or a CPU.

Scores blocks behind a prefix that is read once, and writes token by token within a frame or
by the library's own generation without one.
"""

from __future__ import annotations

import copy
import threading
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from recommender.language_model.protocol import Frame, ModelError
from recommender.language_model.slot_grammar import fill

if TYPE_CHECKING:
    import torch

_BLOCKS_AT_ONCE = 32  # bounds the memory of the repeated cache; more is no faster on a CPU
ABLE = 1_000_000_000  # parameters; smaller models lose the facts when they write freely


class HuggingFaceModel:
    """A causal or encoder–decoder model of the transformers library."""

    def __init__(
        self, name: str, model: Any, tokenizer: Any, quantization: str, adapter: str,
        writer: Any = None, weights: Mapping[str, float] | None = None,
    ) -> None:  # fmt: skip
        """`writer` writes texts where the adapter of `model` serves ranking alone."""
        self.name = name
        self._model = model
        self._writer = model if writer is None else writer
        self._weights = dict(weights or {})
        self._tokenizer = tokenizer
        self._quantization = quantization
        self._adapter = adapter
        self._encoder_decoder = bool(model.config.is_encoder_decoder)
        self._last_prompt: tuple[list[int], Any] = ([], None)
        self._last_prompt_lock = threading.Lock()
        self._yes, self._no = self._token(" yes"), self._token(" no")
        if self._yes == self._no:
            raise ModelError(f"{name}: its tokenizer begins yes and no alike; it can't be asked")

    @property
    def writes_freely(self) -> bool:
        # num_parameters counts the parameters of 4-bit layers as if they were unpacked.
        return int(self._model.num_parameters()) >= ABLE

    def describe(self) -> dict[str, Any]:
        return {
            "language_model": self.name,
            "quantization": self._quantization,
            "adapter": self._adapter or None,
            "device": str(self._model.device),
            **self._weights,
        }

    # --- scores -------------------------------------------------------------------------

    def score(self, prefix: str, blocks: Sequence[str]) -> NDArray[np.float64]:
        import torch

        with torch.inference_mode():
            head = self._model.get_output_embeddings().weight
            direction = (head[self._yes] - head[self._no]).float()  # (d,)

            def log_odds(
                hidden: torch.Tensor, ids: torch.Tensor, lengths: torch.Tensor
            ) -> torch.Tensor:
                last = hidden[
                    torch.arange(len(lengths), device=hidden.device), lengths - 1
                ]  # (n, d)
                return last.float() @ direction

            return self._per_block(prefix, blocks, log_odds)

    def likelihood(self, prefix: str, continuations: Sequence[str]) -> NDArray[np.float64]:
        import torch

        with torch.inference_mode():
            head = self._model.get_output_embeddings()
            before = self._last_hidden(prefix)  # (d,), predicts a continuation's first token

            def mean_log_probability(
                hidden: torch.Tensor, ids: torch.Tensor, lengths: torch.Tensor
            ) -> torch.Tensor:
                first = before.expand(len(ids), 1, -1)
                logits = head(torch.cat([first, hidden[:, :-1]], dim=1)).float()  # (n, l, vocab)
                chosen = logits.log_softmax(-1).gather(-1, ids[..., None])[..., 0]
                real = torch.arange(ids.shape[1], device=ids.device) < lengths[:, None]
                return (chosen * real).sum(-1) / lengths

            return self._per_block(prefix, continuations, mean_log_probability)

    def _per_block(self, prefix: str, blocks: Sequence[str], read: Any) -> NDArray[np.float64]:
        """Apply `read` to the hidden states of each block behind the prefix.

        The prefix is read once; its cache is repeated over batches of blocks. Blocks are
        batched in an order of their own, so that the caller's order can't change a bit.
        """
        import torch

        tokens = [self.tokens(block, start=False) for block in blocks]
        order = sorted(range(len(blocks)), key=lambda n: (len(tokens[n]), blocks[n]))
        result = np.empty(len(blocks), dtype=np.float64)
        memory = self._read_prefix(prefix)
        for start in range(0, len(order), _BLOCKS_AT_ONCE):
            chunk = order[start : start + _BLOCKS_AT_ONCE]
            # Filled in here and sent once: each row sent by itself would wait for a GPU.
            longest = max(len(tokens[n]) for n in chunk)
            rows = [tokens[n] + [0] * (longest - len(tokens[n])) for n in chunk]
            ids = torch.tensor(rows, device=self._model.device)  # (n, l)
            lengths = torch.tensor([len(tokens[n]) for n in chunk], device=self._model.device)
            hidden = self._read_blocks(memory, ids, lengths)  # (n, l, d)
            result[chunk] = read(hidden, ids, lengths).double().cpu().numpy()
        return result

    def _read_prefix(self, prefix: str) -> Any:
        """What the model keeps of the prefix: encoder states, or key–value cache and length."""
        import torch

        ids = torch.tensor([self.tokens(prefix, start=True)], device=self._model.device)
        if self._encoder_decoder:
            return self._model.get_encoder()(input_ids=ids).last_hidden_state
        return self._decoder()(input_ids=ids, use_cache=True), ids.shape[1]

    def _read_blocks(self, memory: Any, ids: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        import torch

        count, longest = ids.shape
        real = (torch.arange(longest, device=ids.device) < lengths[:, None]).long()
        if self._encoder_decoder:
            begin = ids.new_full((count, 1), self._model.config.decoder_start_token_id)
            states = memory.expand(count, -1, -1)
            return self._decoded(torch.cat([begin, ids], dim=1), states)[:, 1:]
        output, length = memory
        cache = copy.deepcopy(output.past_key_values)
        cache.batch_repeat_interleave(count)
        mask = torch.cat([real.new_ones((count, length)), real], dim=1)
        positions = torch.arange(length, length + longest, device=ids.device).expand(count, -1)
        hidden = self._decoder()(
            input_ids=ids, past_key_values=cache, attention_mask=mask, position_ids=positions
        ).last_hidden_state
        return torch.as_tensor(hidden)

    def _last_hidden(self, prefix: str) -> torch.Tensor:
        """The state from which the first token of a continuation is predicted; shape (d,)."""
        import torch

        memory = self._read_prefix(prefix)
        if self._encoder_decoder:
            begin = torch.tensor([[self._model.config.decoder_start_token_id]])
            return self._decoded(begin.to(self._model.device), memory)[0, -1]
        return torch.as_tensor(memory[0].last_hidden_state[0, -1])

    def _decoder(self) -> Any:
        return self._model.get_decoder()

    @property
    def answers(self) -> tuple[int, int]:
        """The tokens of yes and no that a score compares."""
        return self._yes, self._no

    def tokens(self, text: str, *, start: bool) -> list[int]:
        """A text as a score reads it, at the start of what is read or behind it."""
        ids: list[int] = self._tokenizer(text, add_special_tokens=start and self._encoder_decoder)[
            "input_ids"
        ]
        if start and not ids:
            raise ValueError("the prefix is empty")
        return ids or [self._tokenizer.eos_token_id]

    def tokens_of_each(self, texts: Sequence[str], *, start: bool) -> list[list[int]]:
        """What `tokens` gives for each of many texts, read together."""
        if not texts:
            return []
        read = self._tokenizer(list(texts), add_special_tokens=start and self._encoder_decoder)
        if start and not all(read["input_ids"]):
            raise ValueError("the prefix is empty")
        return [ids or [self._tokenizer.eos_token_id] for ids in read["input_ids"]]

    def _token(self, word: str) -> int:
        return int(self._tokenizer(word, add_special_tokens=False)["input_ids"][0])

    # --- text ---------------------------------------------------------------------------

    def prompt_tokens(self, messages: Sequence[tuple[str, str]]) -> list[int]:
        """The prompt that `stream` writes behind."""
        tokens: list[int] = self._prompt(messages)["input_ids"][0].tolist()
        return tokens

    def stream(
        self, messages: Sequence[tuple[str, str]], max_tokens: int, frame: Frame | None = None
    ) -> Iterator[str]:
        inputs = self._prompt(messages)
        if frame is not None:
            reader = _PromptReader(self, inputs["input_ids"])
            return fill(frame, self._tokenizer, reader.best, max_tokens)
        return self._write(inputs, max_tokens)

    def _write(self, inputs: dict[str, torch.Tensor], max_tokens: int) -> Iterator[str]:
        """Greedy text without a frame, by the library's own generation in a thread."""
        from transformers import StoppingCriteriaList, TextIteratorStreamer

        streamer = TextIteratorStreamer(
            self._tokenizer, skip_prompt=not self._encoder_decoder, skip_special_tokens=True
        )
        stopped = threading.Event()
        failure: list[BaseException] = []

        def write() -> None:
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    self._writer.generate(
                        **inputs,
                        max_new_tokens=max_tokens,
                        do_sample=False,
                        streamer=streamer,
                        pad_token_id=self._tokenizer.eos_token_id,
                        stopping_criteria=StoppingCriteriaList([_StopWhen(stopped)]),
                    )
            except BaseException as error:
                failure.append(error)
                streamer.end()

        writer = threading.Thread(target=write, name="writing", daemon=True)
        writer.start()
        try:
            yield from streamer
            if failure:
                raise failure[0]
        finally:
            stopped.set()
            writer.join(timeout=2.0)  # one token's time; the thread is a daemon beyond that

    # --- reading step by step -----------------------------------------------------------

    @property
    def is_encoder_decoder(self) -> bool:
        return self._encoder_decoder

    def output_rows(self, tokens: Sequence[int]) -> torch.Tensor:
        """The rows of the output matrix for some tokens; shape (n, d)."""
        rows: torch.Tensor = self._model.get_output_embeddings().weight[list(tokens)]
        return rows

    def read_prompt(self, ids: list[int]) -> tuple[Any, torch.Tensor]:
        """The cache behind a prompt and the state at its end; reuses the last prompt's."""
        with self._last_prompt_lock:
            known, cache = self._last_prompt
            common = 0
            while common < min(len(known), len(ids) - 1) and known[common] == ids[common]:
                common += 1
            cache = copy.deepcopy(cache) if common else None
        if cache is not None and common < len(known):
            try:
                cache.crop(common - len(known))  # a negative number is so many tokens less
            except RuntimeError:  # a sliding window has forgotten what stood there
                cache, common = None, 0
        output = self._writer.get_decoder()(
            input_ids=self._tensor(ids[common:]), past_key_values=cache, use_cache=True
        )
        with self._last_prompt_lock:
            self._last_prompt = (list(ids), copy.deepcopy(output.past_key_values))
        return output.past_key_values, output.last_hidden_state[0, -1]

    def read_on(self, cache: Any, ids: Sequence[int]) -> torch.Tensor:
        """Read more tokens into a cache; the state behind the last; shape (d,)."""
        output = self._writer.get_decoder()(input_ids=self._tensor(ids), past_key_values=cache)
        state: torch.Tensor = output.last_hidden_state[0, -1]
        return state

    def encode(self, ids: list[int]) -> Any:
        return self._writer.get_encoder()(input_ids=self._tensor(ids)).last_hidden_state

    def decode(self, states: Any, written: Sequence[int]) -> torch.Tensor:
        begin = [self._model.config.decoder_start_token_id, *written]
        return self._decoded(self._tensor(begin), states, self._writer)[0, -1]

    def _decoded(self, ids: torch.Tensor, states: Any, model: Any = None) -> torch.Tensor:
        """What the decoder of an encoder–decoder makes of tokens, ready for the output matrix."""
        output = (model or self._model).get_decoder()(input_ids=ids, encoder_hidden_states=states)
        hidden: torch.Tensor = output.last_hidden_state  # (n, l, d)
        config = self._model.config
        if getattr(config, "scale_decoder_outputs", False):
            # T5 with tied embeddings scales here, outside of its decoder.
            hidden = hidden * config.d_model**-0.5
        return hidden

    def _tensor(self, ids: Sequence[int]) -> torch.Tensor:
        import torch

        return torch.tensor([list(ids)], device=self._model.device)

    def _prompt(self, messages: Sequence[tuple[str, str]]) -> dict[str, torch.Tensor]:
        if getattr(self._tokenizer, "chat_template", None):
            chat = [{"role": role, "content": text} for role, text in messages]
            encoded = self._tokenizer.apply_chat_template(
                chat, add_generation_prompt=True, return_tensors="pt", return_dict=True
            )
        else:
            text = "\n\n".join(text for _, text in messages)
            encoded = self._tokenizer(text, return_tensors="pt")
        return {key: encoded[key].to(self._model.device) for key in ("input_ids", "attention_mask")}


def sharing_weights(model: Any) -> Any:
    """A second model over the same numbers, with a configuration and an adapter of its own."""
    shared = [*model.parameters(), *model.buffers()]
    # The scales of 4-bit weights are neither, and a twelfth of them.
    shared += [m.quant_state for m in model.modules() if hasattr(m, "quant_state")]
    return copy.deepcopy(model, {id(part): part for part in shared})


class _PromptReader:
    """The state of a model behind a prompt and the text so far, read no more than needed.

    Prompts that begin alike share the reading of what they have in common: the model keeps
    the cache of its last prompt.
    """

    def __init__(self, model: HuggingFaceModel, prompt: torch.Tensor) -> None:
        self._model = model
        self._prompt: list[int] = prompt[0].tolist()
        self._memory: Any = None
        self._read = 0  # tokens of the text that are in the memory

    def best(self, written: Sequence[int], allowed: Sequence[int]) -> int:
        """The likeliest of the allowed tokens."""
        import torch

        with torch.inference_mode():
            hidden = self._advance(written)  # (d,)
            rows = self._model.output_rows(allowed)
            return allowed[int((rows.float() @ hidden.float()).argmax())]

    def _advance(self, written: Sequence[int]) -> torch.Tensor:
        if self._model.is_encoder_decoder:
            if self._memory is None:
                self._memory = self._model.encode(self._prompt)
            return self._model.decode(self._memory, written)
        if self._memory is None:
            self._memory, hidden = self._model.read_prompt(self._prompt)
            if not written:
                return hidden
        hidden = self._model.read_on(self._memory, written[self._read :])
        self._read = len(written)
        return hidden


class _StopWhen:
    """Ends a generation at the next token once an event is set."""

    def __init__(self, event: threading.Event) -> None:
        self._event = event

    def __call__(self, input_ids: torch.Tensor, scores: Any, **_: Any) -> torch.Tensor:
        import torch

        return torch.full((len(input_ids),), self._event.is_set(), device=input_ids.device)
