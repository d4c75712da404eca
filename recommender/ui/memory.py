"""The memory of a process that serves for days: what is freed goes back, what stays is let be."""

from __future__ import annotations

import ctypes
import gc
import sys

_MMAP_THRESHOLD, _ARENA_MAX = -3, -8  # numbers of options in glibc's malloc.h
_LARGE = 128 * 1024  # bytes from which a piece is a mapping of its own, given back when freed
_ARENAS = 2


def give_back() -> bool:
    """Let what is freed go back to the system; whether the C library takes such orders.

    By itself glibc has arenas for each thread, of which a page has dozens, and the longer it
    runs the larger the pieces that it takes from them. What the model keeps for a turn then
    leaves gaps everywhere, and a server grows for as long as visitors come.
    """
    if sys.platform != "linux":
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    options = ((_MMAP_THRESHOLD, _LARGE), (_ARENA_MAX, _ARENAS))
    return mallopt is not None and all(mallopt(*option) == 1 for option in options)


def settle() -> None:
    """Leave what is loaded alone: looking through a large catalog for cycles, as Python does now
    and then, would hold a turn up by half a second."""
    gc.collect()
    gc.freeze()
