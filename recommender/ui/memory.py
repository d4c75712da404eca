"""The memory of a process that serves for days: what is freed goes back, what stays is let be."""

from __future__ import annotations

import ctypes
import gc
import sys
from collections.abc import Iterable
from pathlib import Path

_MMAP_THRESHOLD, _ARENA_MAX = -3, -8  # numbers of options in glibc's malloc.h
_LARGE = 128 * 1024  # bytes from which a piece is a mapping of its own, given back when freed
_ARENAS = 2
_DONT_NEED = 4  # of madvise, in Linux's mman.h
Place = tuple[int, int]


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
    and then, would hold a turn up by half a second. What loading has freed between it goes back,
    some 30 MB, which glibc by itself would keep."""
    gc.collect()
    gc.freeze()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:
        trim(0)


def mapped(folder: Path) -> set[Place]:
    """Where this process maps files below `folder` to read, as addresses from and to."""
    if sys.platform != "linux":
        return set()
    above, found = f"{folder.resolve()}/", set()
    for line in Path("/proc/self/maps").read_text(encoding="utf-8").splitlines():
        place, access, _, _, _, *path = line.split(maxsplit=5)
        # What was written to would be lost.
        if path and path[0].startswith(above) and "w" not in access:
            begin, end = (int(address, 16) for address in place.split("-"))
            found.add((begin, end))
    return found


def let_go(places: Iterable[Place]) -> int:
    """Let go of what lies in memory of files that are `mapped`; gives its bytes.

    What is read of them again comes back from the file. OpenVINO packs the weights of a model
    its own way at the first use, and what it packed them from would stay beside them. The files
    have to stay mapped meanwhile: of anything else in their place the content is lost.
    """
    if sys.platform != "linux":
        return 0
    advise, gone = ctypes.CDLL(None).madvise, 0
    advise.argtypes = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int
    for begin, end in places:
        gone += (end - begin) * (advise(begin, end - begin, _DONT_NEED) == 0)
    return gone
