"""Checkpoints: an adapter in a folder of its own, with a card that says where it came from."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any


def save_adapter(model: Any, folder: Path, base: str) -> None:
    """Write the adapter of a peft model into a folder, each file whole or not at all."""
    draft = Path(tempfile.mkdtemp(prefix=".adapter-", dir=folder))
    try:
        model.save_pretrained(draft)
        (draft / "README.md").unlink(missing_ok=True)  # the card says what there is to say
        settings = json.loads((draft / "adapter_config.json").read_text(encoding="utf-8"))
        settings["base_model_name_or_path"] = base  # a name, not a folder of this machine
        (draft / "adapter_config.json").write_text(json.dumps(settings, indent=1) + "\n")
        for file in draft.iterdir():
            os.replace(file, folder / file.name)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
