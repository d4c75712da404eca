"""The memory of a process that serves for days: what is freed goes back, what stays is let be."""

from __future__ import annotations

import ctypes
import gc
import sys
from pathlib import Path

_MMAP_THRESHOLD, _ARENA_MAX = -3, -8  # numbers of options in glibc's malloc.h
_LARGE = 128 * 1024  # bytes from which a piece is a mapping of its own, given back when freed
_ARENAS = 2
_DONT_NEED = 4  # of madvise, in Linux's mman.h


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


def let_go(folder: Path) -> int:
    """Bytes of the files below `folder` that this process maps to read, and lets go of.

    What is read of them again comes back from the file. OpenVINO packs the weights of a model
    its own way at the first use, and what it packed them from would stay beside them. Not for
    while a model is loaded or given up: what takes a file's place meanwhile would be lost.
    """
    if sys.platform != "linux":
        return 0
    advise, above = ctypes.CDLL(None).madvise, f"{folder.resolve()}/"
    advise.argtypes = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int
    gone = 0
    for line in Path("/proc/self/maps").read_text(encoding="utf-8").splitlines():
        place, access, _, _, _, *path = line.split(maxsplit=5)
        # What was written to would be lost.
        if path and path[0].startswith(above) and "w" not in access:
            begin, end = (int(address, 16) for address in place.split("-"))
            gone += (end - begin) * (advise(begin, end - begin, _DONT_NEED) == 0)
    return gone
