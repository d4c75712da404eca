"""A packaged encoder on a CPU by OpenVINO: the same vectors, without torch in the process.

Who serves needs the encoder for one short text a turn; torch alone would take more memory than
that encoder and its catalog. The conversion is made once, by whoever has torch at hand anyway,
and kept in the data folder.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import warnings
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

FORMAT = 1  # raised when what the folder holds changes
_MODEL, _TOKENIZER, _ABOUT = "encoder.xml", "tokenizer.json", "about.json"
_INPUTS = ("input_ids", "attention_mask")
# A bfloat16 machine would else compute in it, and the vectors would not be those of the index.
_OPTIONS = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"}
_BATCH = 64
# OpenVINO keeps what it prepares for every shape that it meets, so shapes are kept few.
_STEP = 16  # tokens


def is_installed() -> bool:
    return find_spec("openvino") is not None


class OpenVinoEncoder:
    """An encoder converted by `converted`. Safe to share between threads."""

    def __init__(self, name: str, folder: Path) -> None:
        import openvino
        from tokenizers import Tokenizer

        self.name = name
        about = json.loads((folder / _ABOUT).read_text(encoding="utf-8"))
        self._length = int(about["max_tokens"])
        self._tokenizer = Tokenizer.from_file(str(folder / _TOKENIZER))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(self._length)
        self._compiled = openvino.Core().compile_model(folder / _MODEL, "CPU", _OPTIONS)
        self._dimensions = int(about["dimensions"])

    def encode(self, texts: Sequence[str], progress: bool = False) -> NDArray[np.float32]:
        vectors = np.empty((len(texts), self._dimensions), dtype=np.float32)
        tokens = [read.ids for read in self._tokenizer.encode_batch(list(texts))]
        order = sorted(range(len(texts)), key=lambda n: -len(tokens[n]))
        request = self._compiled.create_infer_request()
        with tqdm(total=len(texts), desc="encoding", unit="", disable=not progress) as bar:
            for start in range(0, len(order), _BATCH):
                chunk = order[start : start + _BATCH]
                found = request.infer(_padded([tokens[n] for n in chunk], self._length))[0]
                vectors[chunk] = found / np.linalg.norm(found, axis=1, keepdims=True)
                bar.update(len(chunk))
        return vectors


def _padded(rows: Sequence[Sequence[int]], limit: int) -> dict[str, NDArray[np.int64]]:
    longest = min(limit, -(-max(map(len, rows)) // _STEP) * _STEP)
    ids = np.zeros((len(rows), longest), dtype=np.int64)
    mask = np.zeros_like(ids)
    for row, tokens in enumerate(rows):
        ids[row, : len(tokens)] = tokens
        mask[row, : len(tokens)] = 1
    return dict(zip(_INPUTS, (ids, mask), strict=True))


def folder_of(source: Path, cache: Path) -> Path:
    """Where the conversion of a packaged encoder, by the folder of its files, is kept."""
    weights = source / "model.safetensors"
    size = weights.stat().st_size if weights.exists() else 0  # tells versions apart, unread
    return cache / "models" / f"{source.parent.name}-{size}" / f"openvino-{FORMAT}"


def is_converted(folder: Path) -> bool:
    return (folder / _ABOUT).exists()


def convert(model: Any, source: Path, folder: Path) -> None:
    """Write a model of sentence-transformers, loaded from `source`, as OpenVINO reads it.

    Raises `OSError` where the folder can't be written, and what OpenVINO raises where the
    model can't be converted.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=".converting-", dir=folder.parent))
    try:
        _save(model, draft / _MODEL)
        shutil.copy(source / _TOKENIZER, draft / _TOKENIZER)
        about = {"max_tokens": model.max_seq_length,
                 "dimensions": model.get_embedding_dimension()}  # fmt: skip
        (draft / _ABOUT).write_text(json.dumps(about), encoding="utf-8")
        os.replace(draft, folder)
    except OSError:
        if not is_converted(folder):  # else another process was faster
            raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _save(model: Any, path: Path) -> None:
    import openvino
    import torch

    class Sentences(torch.nn.Module):
        """Tokens in, one vector a text out."""

        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> Any:
            read = {"input_ids": input_ids, "attention_mask": attention_mask}
            return self.model(read)["sentence_embedding"]

    ids = torch.ones((2, 8), dtype=torch.long)
    with torch.inference_mode(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the tracer's, of branches that no text takes
        made = openvino.convert_model(
            Sentences().eval(), example_input=dict(zip(_INPUTS, (ids, ids), strict=True))
        )
    for port, name in zip(made.inputs, _INPUTS, strict=True):
        port.get_tensor().set_names({name})
    openvino.save_model(made, path, compress_to_fp16=False)
