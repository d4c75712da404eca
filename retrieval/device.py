"""Whether a GPU is at hand, asked at no cost where there is none."""

from __future__ import annotations

import ctypes
from functools import cache

_DRIVERS = ("libcuda.so.1", "nvcuda.dll")


@cache
def has_cuda() -> bool:
    """Whether CUDA can be used. Without a driver for it torch, 200 MB, is not even imported."""
    if not any(map(_loads, _DRIVERS)):
        return False
    import torch

    return torch.cuda.is_available()


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True
