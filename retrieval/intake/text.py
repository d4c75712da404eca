"""Bytes to lines, in whatever encoding they are.

UTF-16 and UTF-32, which are told by their first bytes, are made UTF-8 for every reader. UTF-8 is
tried line by line, so that one bad line spoils no other. A line that is not UTF-8 is read in
the encoding that suits all such lines near the beginning.
"""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from dataclasses import dataclass

from charset_normalizer import from_bytes

from retrieval.intake.bounds import Bounds

_COMMONEST = "cp1252"
_SAMPLE = 1 << 16  # bytes of lines that are not UTF-8, enough to tell their encoding
_MARKS = {b"\xff\xfe\0\0": "utf-32", b"\0\0\xfe\xff": "utf-32", b"\xff\xfe": "utf-16",
          b"\xfe\xff": "utf-16"}  # fmt: skip
_WIDE = 0.4  # of every second byte that is 0, from which a text is UTF-16 without a mark
_CONTROLS = bytes([*range(9), *range(14, 27), 28, 29, 30, 31, 127])
_BINARY = 0.03  # of the bytes that are control characters, from which a content is no text
# Encodings in which catalogs are met; others make letters of what is none.
_KNOWN = ["cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "shift_jis", "euc_jp", "gb18030",
          "big5", "euc_kr", "koi8_r", "mac_roman"]  # fmt: skip


@dataclass(frozen=True)
class Line:
    """A line with its end, its number from 1, and what had to be mended to read it.

    Of one that is `too_long` only the beginning is there.
    """

    number: int
    text: str
    note: str = ""
    too_long: bool = False


class _AsUtf8(io.RawIOBase):
    """A stream in another encoding, as UTF-8."""

    def __init__(self, inner: io.BufferedReader, encoding: str) -> None:
        self._inner = inner
        self._decoder = codecs.getincrementaldecoder(encoding)("replace")
        self._ready = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]
        while not self._ready:
            raw = self._inner.read(len(view))
            self._ready = self._decoder.decode(raw, not raw).encode("utf-8", "replace")
            if not raw and not self._ready:
                return 0
        part, self._ready = self._ready[: len(view)], self._ready[len(view) :]
        view[: len(part)] = part
        return len(part)


def as_utf8(stream: io.BufferedReader) -> io.BufferedReader:
    """A content as it is, or as UTF-8 where its first bytes say that it is UTF-16 or UTF-32."""
    head = stream.peek(1 << 16)[: 1 << 16]
    encoding = next((name for magic, name in _MARKS.items() if head.startswith(magic)), "")
    if not encoding and len(head) > 1:
        noughts = [head[first::2].count(0) / len(head[first::2]) for first in (0, 1)]
        if max(noughts) > _WIDE and min(noughts) < _WIDE / 4:
            encoding = "utf-16-be" if noughts[0] > noughts[1] else "utf-16-le"
    return io.BufferedReader(_AsUtf8(stream, encoding), 1 << 16) if encoding else stream


def is_binary(head: bytes) -> bool:
    """Whether a content is no text: not one with a stray control character here and there."""
    return len(head) - len(head.translate(None, _CONTROLS)) > _BINARY * len(head)


def lines(stream: io.BufferedReader, bounds: Bounds) -> Iterator[Line]:
    """The lines of a text in UTF-8 or any common encoding of one byte or two."""
    head = stream.peek(1 << 16)[: 1 << 16]
    if b"\n" not in head and b"\r" in head:  # as old Macs end their lines
        text = io.TextIOWrapper(stream, "utf-8-sig", errors="replace", newline=None)
        yield from _of_text(text, bounds)
        return
    other = ""
    for number, raw in enumerate(iter(lambda: stream.readline(bounds.line), b""), start=1):
        raw = raw.removeprefix(b"\xef\xbb\xbf") if number == 1 else raw
        too_long = len(raw) >= bounds.line and not raw.endswith(b"\n")
        while too_long and (rest := stream.readline(bounds.line)) and not rest.endswith(b"\n"):
            pass
        try:
            note = "freed of zero bytes" if b"\0" in raw else ""
            yield Line(number, raw.decode("utf-8").replace("\0", ""), note, too_long)
        except UnicodeDecodeError:
            other = other or _encoding_of(raw + head)
            mended = raw.decode(other, errors="replace").replace("\0", "")
            yield Line(number, mended, f"not UTF-8, read as {other}", too_long)


def _of_text(text: io.TextIOWrapper, bounds: Bounds) -> Iterator[Line]:
    for number, line in enumerate(iter(lambda: text.readline(bounds.line), ""), start=1):
        too_long = len(line) >= bounds.line and not line.endswith("\n")
        while too_long and (rest := text.readline(bounds.line)) and not rest.endswith("\n"):
            pass
        yield Line(number, line.replace("\0", ""), "", too_long)


def _encoding_of(sample: bytes) -> str:
    """The encoding of the lines that are not UTF-8; Windows-1252 where nothing suits better."""
    odd = b"".join(line for line in sample.splitlines(keepends=True) if not _is_utf8(line))
    if len(odd) < 200:  # too little to tell
        return _COMMONEST
    found = from_bytes(odd[:_SAMPLE], cp_isolation=_KNOWN)
    best = found.best()
    # Its neighbours differ from it by a few letters, so they must be better by more than chance.
    common = next((one for one in found if one.encoding == _COMMONEST), None)
    if best is None or (common is not None and common.chaos <= best.chaos + 0.02):
        return _COMMONEST
    return best.encoding


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
