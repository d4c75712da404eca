"""A LoRA adapter beside the weights of a model that OpenVINO reads.

The weights stay packed as they are; each product gets two thin ones beside it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from recommender.language_model.openvino_files import Floats
from recommender.language_model.openvino_graph import linears_by_name
from recommender.language_model.protocol import ModelError

_FLOATS = {"F16": np.float16, "F32": np.float32}
_BEYOND = (  # what of an adapter's settings is more than two thin products
    "use_dora", "modules_to_save", "alpha_pattern", "rank_pattern", "layer_replication",
    "trainable_token_indices",
)  # fmt: skip


def _read(path: Path) -> dict[str, Floats]:
    """The tensors of a file of safetensors, in 32 bits; read without torch, which serving does
    not need otherwise. Raises `ValueError` for another type of numbers than an adapter has."""
    from safetensors import deserialize

    found = {}
    for name, tensor in deserialize(path.read_bytes()):
        data, kind = tensor["data"], tensor["dtype"]
        if kind == "BF16":  # the upper half of a 32-bit number
            numbers = (np.frombuffer(data, np.uint16).astype(np.uint32) << 16).view(np.float32)
        elif kind in _FLOATS:
            numbers = np.frombuffer(data, _FLOATS[kind]).astype(np.float32)
        else:
            raise ValueError(f"{name} holds {kind}")
        found[name] = numbers.reshape(tensor["shape"])
    return found


def put_beside(model: Any, folder: Path) -> None:
    """Add a LoRA adapter (Hu et al., arXiv 2106.09685) to the products that it tunes.

    Raises `ModelError` where the folder holds another kind of adapter, or of other products.
    """
    from openvino import opset13
    from safetensors import SafetensorError

    try:
        config = json.loads((folder / "adapter_config.json").read_text(encoding="utf-8"))
        weights = _read(folder / "adapter_model.safetensors")
    except (OSError, ValueError, SafetensorError) as error:
        raise ModelError(f"adapter {str(folder)!r} can't be read ({error})") from error
    others = [key for key in _BEYOND if config.get(key)]
    if config.get("peft_type") != "LORA" or config.get("bias", "none") != "none" or others:
        raise ModelError(f"adapter {str(folder)!r} is no plain LoRA; use --quantization nf4 for it")
    scale = config["lora_alpha"] / config["r"] ** (0.5 if config.get("use_rslora") else 1.0)
    products = linears_by_name(model)
    for key, down in weights.items():
        if not key.endswith(".lora_A.weight"):
            continue
        name = key.removeprefix("base_model.model.").removesuffix(".lora_A.weight")
        if name not in products:
            raise ModelError(f"adapter {str(folder)!r} tunes {name}, which the model lacks")
        up = weights[key.replace(".lora_A.", ".lora_B.")]
        product = products[name]
        readers = list(product.output(0).get_target_inputs())
        thin = opset13.matmul(product.input_value(0), opset13.constant(down), False, True)
        beside = opset13.matmul(thin, opset13.constant(up * scale), False, True)
        whole = opset13.add(product.output(0), beside.output(0))
        for reader in readers:
            reader.replace_source_output(whole.output(0))
    model.validate_nodes_and_infer_types()
