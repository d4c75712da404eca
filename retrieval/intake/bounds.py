"""How much of a file is read at most, so that no file can fill the memory or the disk."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Bounds:
    """The most that is taken in. Sizes in bytes, lengths in characters.

    `size` is that of what a file unpacks to; past `free` it may be at most `ratio` times the
    packed size. A `document` is JSON that can only be read as a whole. Rows past `rows` are
    an error, since half a catalog would pass for a whole one.
    """

    size: int = 32 << 30
    ratio: int = 200
    free: int = 64 << 20
    document: int = 1 << 30
    rows: int = 10_000_000
    line: int = 16 << 20
    members: int = 1_000
    columns: int = 500
    text: int = 20_000
    title: int = 1_000
    values: int = 100
    value: int = 200
    depth: int = 4


OWN = Bounds()  # a file of whoever runs this
VISITOR = Bounds(
    size=64 << 20, free=8 << 20, document=32 << 20, rows=20_000, line=2 << 20, members=20, columns=200,
    text=5_000,
)  # fmt: skip
