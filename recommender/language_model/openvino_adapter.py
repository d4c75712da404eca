"""A LoRA adapter beside the weights of a model that OpenVINO reads.

The weights stay packed as they are; each product gets two thin ones beside it.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from recommender.language_model.openvino_files import Floats
from recommender.language_model.openvino_graph import linears_by_name
from recommender.language_model.protocol import ModelError

_FLOATS = {"F16": np.float16, "F32": np.float32}
_DOWN, _UP = ".lora_A.weight", ".lora_B.weight"
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


def _in_file(core: Any, arrays: Mapping[str, Floats], below: Path) -> dict[str, Any]:
    """Constants of a graph by name, whose numbers lie in a mapped file without a name.

    OpenVINO packs a copy its own way and keeps these beside it; so a process that serves can let
    go of them, as of the model's files (`recommender.ui.memory`). Where no file can be made
    `below`, they lie in memory.
    """
    import openvino
    from openvino import opset13

    constants = [opset13.constant(numbers, name=name) for name, numbers in arrays.items()]
    try:
        # Windows does not delete a file that is mapped.
        with tempfile.TemporaryDirectory(
            prefix=".adapter-", dir=below, ignore_cleanup_errors=True
        ) as own:
            file = Path(own) / "adapter.xml"
            results = [opset13.result(constant) for constant in constants]
            openvino.save_model(openvino.Model(results, [], "adapter"), file, False)
            constants = [
                node
                for node in core.read_model(file).get_ops()
                if node.get_type_name() == "Constant"
            ]
    except (OSError, RuntimeError):  # the folder's or OpenVINO's, as of a disk that is full
        pass
    return {node.get_friendly_name(): node for node in constants}


def put_beside(core: Any, model: Any, folder: Path, below: Path) -> None:
    """Add a LoRA adapter (Hu et al., arXiv 2106.09685) to the products that it tunes.

    Its numbers go into a file in the folder `below`, whose name is gone when this returns. Raises
    `ModelError` where `folder` holds another kind of adapter, or one of other products.
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
    arrays: dict[str, Floats] = {}
    for key, down in weights.items():
        if not key.endswith(_DOWN):
            continue
        name = key.removeprefix("base_model.model.").removesuffix(_DOWN)
        if name not in products:
            raise ModelError(f"adapter {str(folder)!r} tunes {name}, which the model lacks")
        arrays[name + _DOWN] = down
        arrays[name + _UP] = weights[key.removesuffix(_DOWN) + _UP] * scale
    constants = _in_file(core, arrays, below)
    for name, product in products.items():
        if name + _DOWN not in constants:
            continue
        readers = list(product.output(0).get_target_inputs())
        thin = opset13.matmul(product.input_value(0), constants[name + _DOWN], False, True)
        beside = opset13.matmul(thin, constants[name + _UP], False, True)
        whole = opset13.add(product.output(0), beside.output(0))
        for reader in readers:
            reader.replace_source_output(whole.output(0))
    model.validate_nodes_and_infer_types()
