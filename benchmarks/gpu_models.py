"""The models that `benchmarks.gpu` times, on a GPU or a CPU, and what they take of its memory.

Where weights can't be had, random ones of the same shape cost the same time. They are made on
the device and quantized by the loader's own options; nothing goes through a disk.
"""

from __future__ import annotations

import copy
import gc
from pathlib import Path
from typing import Any

import torch
import transformers
from peft import PeftModel

from recommender.language_model import SMALL_MODEL, HuggingFaceModel, ModelError
from recommender.language_model.continuous_batching import BatchingModel
from recommender.language_model.hugging_face import sharing_weights
from recommender.language_model.loading import load_language_model, weight_options
from recommender.language_model.packaged import hush, unpacked

# The published shapes: of SmolLM2-135M, of Qwen3-4B, and one for a test.
_SMOLLM2 = transformers.LlamaConfig(
    vocab_size=49_152, hidden_size=576, num_hidden_layers=30, num_attention_heads=9,
    num_key_value_heads=3, head_dim=64, intermediate_size=1536, max_position_embeddings=8192,
    tie_word_embeddings=True,
)  # fmt: skip
_4B = transformers.Qwen3Config(
    vocab_size=151_936, hidden_size=2560, num_hidden_layers=36, num_attention_heads=32,
    num_key_value_heads=8, head_dim=128, intermediate_size=9728, max_position_embeddings=8192,
    tie_word_embeddings=True,
)  # fmt: skip
_TINY = transformers.LlamaConfig(
    vocab_size=49_152, hidden_size=64, num_hidden_layers=2, num_attention_heads=4,
    num_key_value_heads=2, intermediate_size=128, max_position_embeddings=8192,
    tie_word_embeddings=True,
)  # fmt: skip
_ADAPTER = Path(__file__).parents[1] / "checkpoints" / "smollm2-ranking"  # its ranking's own
SHAPES = {"smollm2": _SMOLLM2, "4b": _4B, "tiny": _TINY}


def loaded(
    name: str, quantization: str, device: str, tokenizer_at: str, cache: Path
) -> HuggingFaceModel:
    """The model of a name; one of random weights says so in its own name.

    Raises `ModelError` where there is no tokenizer.
    """
    if name == "smollm2":
        try:
            model = load_language_model(
                SMALL_MODEL, quantization=quantization, adapter="auto", cache=cache
            )
            assert isinstance(model, HuggingFaceModel)
            return model
        except ModelError:
            pass
    tokenizer = _tokenizer(tokenizer_at, cache)
    network = _random(SHAPES[name], quantization, device, tokenizer.eos_token_id)
    named = f"{name} (random weights)"
    if name != "smollm2":
        return BatchingModel(named, network, tokenizer, quantization, "")
    ranker = PeftModel.from_pretrained(sharing_weights(network), str(_ADAPTER))
    return HuggingFaceModel(
        named, ranker.get_base_model().eval(), tokenizer, quantization, _ADAPTER.name, network
    )


def one_by_one(model: HuggingFaceModel) -> HuggingFaceModel:
    """The same model, which writes each visitor's texts by itself."""
    return HuggingFaceModel(
        model.name, model._model, model._tokenizer, model._quantization, model._adapter,
        model._writer, model._weights,
    )  # fmt: skip


def _random(config: Any, quantization: str, device: str, end: int) -> Any:
    torch.manual_seed(0)
    config = copy.deepcopy(config)
    config.eos_token_id = config.pad_token_id = end
    with torch.device(device):
        network = transformers.AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16)
    if quantization != "none":
        network = type(network).from_pretrained(
            None, config=config, state_dict=network.state_dict(),
            **weight_options(quantization, device),
        )  # fmt: skip
    return network.eval()


def _tokenizer(at: str, cache: Path) -> Any:
    hush()
    try:
        source = at or str(unpacked(SMALL_MODEL, cache) or SMALL_MODEL)
        return transformers.AutoTokenizer.from_pretrained(source)
    except (OSError, ValueError) as error:
        raise ModelError(
            f"no tokenizer ({type(error).__name__}); give a folder that has one by --tokenizer"
        ) from error


def is_there(device: str) -> bool:
    return device == "cpu" or torch.cuda.is_available()


def device_name(device: str) -> str:
    return torch.cuda.get_device_name() if device == "cuda" else "CPU"


def wait_for(device: str) -> None:
    """Until the device has done all it was told to."""
    if device == "cuda":
        torch.cuda.synchronize()


def forget_peak(device: str) -> None:
    """Free what nobody holds, and count the peak of memory anew."""
    gc.collect()
    if device == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()


def peak_mb(device: str) -> float | None:
    """The most memory that was held on a GPU since `forget_peak`, in MB; None on a CPU."""
    return torch.cuda.max_memory_allocated() / 2**20 if device == "cuda" else None


def held_mb(device: str) -> float | None:
    """The memory held on a GPU now, in MB; None on a CPU."""
    return torch.cuda.memory_allocated() / 2**20 if device == "cuda" else None
