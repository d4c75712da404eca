"""A GGUF file as OpenVINO reads it, made once and kept beside the unpacked model.

OpenVINO's own reader of GGUF rounds the zero points of 4-bit groups to whole numbers, which
moves a score by a unit or more; here they are put back as the file has them, so that what is
served are the numbers of the file. The output matrix is cut off: a score needs two of its
rows, and only free text all of them. What else is made otherwise is in `openvino_graph`.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender.language_model.openvino_graph import (
    head_alone,
    keep_outside,
    linears,
    with_chosen_tokens,
    without_head,
)
from recommender.language_model.protocol import ModelError

FORMAT = 4  # raised when what the folder holds changes
READER, HEAD, ABOUT = "reader.xml", "head.xml", "about.json"
_GROUP_BYTES = {"Q4_0": 18, "Q4_1": 20, "Q8_0": 34}  # of 32 weights; their scale comes first
_MODULES = {
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
Floats = NDArray[np.float32]


def is_installed() -> bool:
    """Whether OpenVINO and its reader of GGUF are here."""
    from importlib.util import find_spec

    return bool(find_spec("openvino") and find_spec("openvino_genai"))


def converted(source: Path, unpacked: Path, checksum: str) -> Path:
    """The folder with what OpenVINO loads of a GGUF file, made on the first call.

    It lies in `unpacked`; `checksum` is the base's, kept for the cards of adapters. Raises
    `ModelError` where the file's way of packing is not one of Q4_0, Q4_1 and Q8_0.
    """
    folder = unpacked / f"openvino-{FORMAT}"
    if (folder / ABOUT).exists():
        return folder
    draft = Path(tempfile.mkdtemp(prefix=".converting-", dir=unpacked))
    try:
        _convert(source, draft)
        about = {"base_checksum": checksum}
        (draft / ABOUT).write_text(json.dumps(about), encoding="utf-8")
        os.replace(draft, folder)
        for other in unpacked.glob("openvino-*"):
            if other != folder:  # of an earlier version
                shutil.rmtree(other, ignore_errors=True)
    except OSError:
        if not (folder / ABOUT).exists():  # else another process was faster
            raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return folder


def kept_checksum(unpacked: Path) -> str | None:
    """The base's checksum, where the file is converted already."""
    try:
        about = json.loads((unpacked / f"openvino-{FORMAT}" / ABOUT).read_text(encoding="utf-8"))
        return str(about["base_checksum"])
    except (OSError, ValueError, KeyError):
        return None


def _convert(source: Path, draft: Path) -> None:
    import openvino
    import openvino_genai

    # It writes beside the file that it is given.
    raw = draft / "raw"
    raw.mkdir()
    (raw / source.name).symlink_to(source.resolve())
    openvino_genai.LLMPipeline(str(raw / source.name), "CPU", enable_save_ov_model=True)
    core = openvino.Core()
    model = core.read_model(raw / "openvino_model.xml")
    *products, head = linears(model)
    _name_and_mend(products, source)
    with_chosen_tokens(model, [node for node in products if _ends_attention(node)][-1])
    without_head(model, head)
    keep_outside(model)
    openvino.save_model(model, draft / READER, compress_to_fp16=False)
    whole = core.read_model(raw / "openvino_model.xml")
    openvino.save_model(head_alone(linears(whole)[-1]), draft / HEAD, compress_to_fp16=False)
    del model, whole  # they map files that are deleted now
    shutil.rmtree(raw)


def _name_and_mend(products: list[Any], source: Path) -> None:
    """Give products their names, and their weights the zero points of the file.

    A product is known by the scales of its weights, which the reader takes over as they are.
    """
    import gguf
    from openvino import opset13

    file = gguf.GGUFReader(source)
    heads = {
        name: int(file.fields[f"llama.attention.{key}"].contents())
        for name, key in (("attn_q", "head_count"), ("attn_k", "head_count_kv"))
        if f"llama.attention.{key}" in file.fields
    }
    tensors: dict[bytes, tuple[str, Floats, Floats]] = {}
    for tensor in file.tensors:
        block, _, rest = tensor.name.partition(".")[2].partition(".")
        module = rest.removesuffix(".weight")
        if module in _MODULES:
            name = f"model.layers.{block}.{_MODULES[module]}"
            scales, zeros = _scales_and_zeros(tensor)
            if module in heads:
                scales, zeros = (_halves(a, heads[module]) for a in (scales, zeros))
            tensors[scales.astype(np.float16).tobytes()] = name, scales, zeros
    for node in products:
        numbers, scale = _packing(node)
        key = scale.astype(np.float16).tobytes()
        if key not in tensors:
            raise ModelError(f"{source.name}: OpenVINO's reading of it is not understood")
        name, scales, zeros = tensors[key]
        node.set_friendly_name(name)
        # In 16 bits zero points would move a score by up to .01.
        shifted = opset13.subtract(opset13.convert(numbers, "f32"), zeros[..., None])
        weights = opset13.multiply(shifted, scales[..., None])
        shape = np.array(node.input_value(1).get_shape())
        node.input(1).replace_source_output(opset13.reshape(weights, shape, False).output(0))


def _scales_and_zeros(tensor: Any) -> tuple[Floats, Floats]:
    """Scale and zero point of each group of 32 weights; shape (rows, groups).

    A weight is scale · (number − zero point).
    """
    kind = tensor.tensor_type.name
    if kind not in _GROUP_BYTES:
        raise ModelError(
            f"{tensor.name} is packed as {kind}; OpenVINO serves {', '.join(_GROUP_BYTES)} here"
        )
    groups = tensor.data.reshape(len(tensor.data), -1, _GROUP_BYTES[kind])
    numbers = np.ascontiguousarray(groups[..., :4]).view(np.float16).astype(np.float32)
    scales: Floats = numbers[..., 0]
    if kind == "Q4_1":
        lowest = numbers[..., 1]
        return scales, np.divide(-lowest, scales, out=np.zeros_like(scales), where=scales != 0)
    return scales, np.full_like(scales, 8 if kind == "Q4_0" else 128)


def _halves(rows: Floats, heads: int) -> Floats:
    """Rows of queries or keys in the order of transformers, whose rotary halves stand apart;
    in a file of the llama family they alternate."""
    count = len(rows)
    by_pair = rows.reshape(heads, count // heads // 2, 2, -1)
    return by_pair.swapaxes(1, 2).reshape(count, -1)


def _packing(node: Any) -> tuple[Any, Floats]:
    """The packed numbers of a product's weights, and their scales; (rows, groups)."""
    inner = node.input_value(1).get_node()
    while inner.get_type_name() != "Multiply":
        inner = inner.input_value(0).get_node()
    scales = _constant(inner.input_value(1)).astype(np.float32)[..., 0]
    while inner.get_type_name() != "Constant":
        inner = inner.input_value(0).get_node()
    return inner, scales


def _constant(output: Any) -> NDArray[Any]:
    node = output.get_node()
    while node.get_type_name() != "Constant":
        node = node.input_value(0).get_node()
    data: NDArray[Any] = node.get_data()
    return data


def _ends_attention(node: Any) -> bool:
    return str(node.get_friendly_name()).endswith(_MODULES["attn_output"])


def output_rows(head: Any, tokens: list[int]) -> Floats:
    """Rows of the output matrix of `HEAD`, unpacked; shape (len(tokens), d)."""
    (product,) = linears(head)
    inner = product.input_value(1).get_node()
    while inner.get_type_name() != "Multiply":
        inner = inner.input_value(0).get_node()
    scales = _constant(inner.input_value(1))[tokens].astype(np.float32)
    shift = inner.input_value(0).get_node()
    packed = _constant(shift.input_value(0))[tokens].astype(np.float32)
    zeros = _constant(shift.input_value(1))[tokens].astype(np.float32)
    rows: Floats = ((packed - zeros) * scales).reshape(len(tokens), -1)
    return rows
