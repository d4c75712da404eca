"""A network's weights as one NumPy file, since a pickle could run code when it is read."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn


def save_weights(path: Path, network: nn.Module) -> None:
    """Write weights as one file, which is replaced as a whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".draft.npz")
    arrays: dict[str, Any] = {k: v.numpy() for k, v in network.state_dict().items()}
    np.savez_compressed(draft, **arrays)
    os.replace(draft, path)


def load_weights(path: Path, network: nn.Module) -> bool:
    """Read weights into a network of the same make; gives whether there were any."""
    if not path.exists():
        return False
    with np.load(path, allow_pickle=False) as stored:
        network.load_state_dict({k: torch.from_numpy(stored[k]) for k in stored.files})
    return True
