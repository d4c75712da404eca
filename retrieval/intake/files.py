"""A file, folder or archive as its members, unpacked as they are read and never to the disk.

What a member unpacks to is counted, so that a bomb is refused and not run. Names inside an
archive are only names: nothing is written under them.
"""

from __future__ import annotations

import gzip
import io
import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from retrieval.fields import CatalogError
from retrieval.intake.bounds import Bounds

EXPECTED = "CSV, TSV, JSON, JSON lines or Parquet, each also packed by gzip or zip"
_HEAD = 1 << 16  # bytes by which a content is known
# What files begin with that are no table, whatever they are called.
_OTHERS = {
    b"\x89PNG\r\n": "a PNG image", b"\xff\xd8\xff": "a JPEG image", b"GIF8": "a GIF image",
    b"%PDF": "a PDF", b"\x7fELF": "a program", b"MZ": "a program",
    b"SQLite format 3\0": "an SQLite database", b"\xd0\xcf\x11\xe0": "an old Office document",
    b"7z\xbc\xaf": "a 7z archive", b"Rar!": "a RAR archive", b"\xfd7zXZ": "packed by xz",
    b"BZh": "packed by bzip2", b"\x28\xb5\x2f\xfd": "packed by zstd", b"RIFF": "a sound or picture",
    b"ARROW1": "an Arrow file",
}  # fmt: skip


_DAMAGED = (
    EOFError, OSError, zlib.error, zipfile.BadZipFile, lzma.LZMAError, NotImplementedError,
)  # fmt: skip


@dataclass(frozen=True)
class Member:
    """One file of what was given. `name` is relative and for people, `packed` its size."""

    name: str
    packed: int
    open: Callable[[], Bounded]

    @property
    def stem(self) -> str:
        """The name without folders and without the endings of packing and format."""
        return PurePosixPath(self.name).name.split(".")[0].lower()


class Bounded(io.RawIOBase):
    """A stream that ends in a `CatalogError` where more comes out than the bounds allow."""

    def __init__(self, inner: Any, name: str, packed: int, bounds: Bounds) -> None:
        self._inner, self._name, self._packed, self._bounds = inner, name, packed, bounds
        self.count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]
        try:
            content = self._inner.read(len(view))
        except _DAMAGED as error:
            raise CatalogError(_damaged(self._name, error)) from error
        self.count += len(content)
        bounds = self._bounds
        if self.count > bounds.size or (
            self.count > bounds.free and self.count > bounds.ratio * max(self._packed, 1)
        ):
            raise CatalogError(
                f"{self._name}: unpacks to more than {self.count >> 20} MB from "
                f"{self._packed:,} bytes; expected at most {bounds.size >> 20} MB and "
                f"{bounds.ratio} times the packed size, as a catalog has; unpack it yourself "
                f"if you trust it"
            )
        view[: len(content)] = content
        return len(content)

    def close(self) -> None:
        self._inner.close()
        super().close()


def members(path: Path, bounds: Bounds) -> list[Member]:
    """The files in what is given; one for a plain file. Raises `CatalogError`."""
    try:
        if path.is_dir():
            found = [
                _of_file(one, one.relative_to(path).as_posix(), bounds)
                for one in sorted(path.rglob("*"))
                if one.is_file() and one.resolve().is_relative_to(path.resolve())
            ]
        elif path.is_file() and _starts_with(path, b"PK\x03\x04"):
            found = list(_of_zip(path, bounds))
        elif path.is_file():
            found = [_of_file(path, path.name, bounds)]
        elif path.exists():
            raise CatalogError(f"{path}: is a pipe or a device; expected a file or folder of "
                               f"{EXPECTED}")  # fmt: skip
        else:
            raise CatalogError(f"{path}: there is no such file or folder; name one of {EXPECTED}")
    except (OSError, zipfile.BadZipFile, NotImplementedError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise CatalogError(f"{path}: can't be read ({why}); expected {EXPECTED}") from error
    if not 0 < len(found) <= bounds.members:
        many = f"{len(found):,} files; expected at most {bounds.members:,} of"
        raise CatalogError(f"{path}: holds {many if found else 'no file; expected'} {EXPECTED}")
    return found


@contextmanager
def opened(member: Member) -> Iterator[Any]:
    """The content of a member, unpacked. Raises `CatalogError` where it is no table at all."""
    with member.open() as inner:
        stream = io.BufferedReader(inner, _HEAD)
        head = stream.peek(_HEAD)[:_HEAD]
        if not head.strip(b"\0 \r\n\t\xef\xbb\xbf"):
            raise CatalogError(f"{member.name}: is empty; expected {EXPECTED}")
        for magic, what in _OTHERS.items():
            if head.startswith(magic):
                raise CatalogError(
                    f"{member.name}: is {what} by its first bytes, whatever its name says; "
                    f"expected {EXPECTED}"
                )
        if head.startswith((b"PK\x03\x04", b"\x1f\x8b")):
            raise CatalogError(f"{member.name}: is packed twice; unpack it once")
        yield stream


def _of_file(path: Path, name: str, bounds: Bounds) -> Member:
    packed = path.stat().st_size

    def open_it() -> Bounded:
        raw = path.open("rb")
        packs = raw.read(2) == b"\x1f\x8b"
        raw.seek(0)
        inner: Any = gzip.GzipFile(fileobj=raw, mode="rb") if packs else raw
        return Bounded(inner, name, packed, bounds)

    return Member(name, packed, open_it)


def _of_zip(path: Path, bounds: Bounds) -> Iterator[Member]:
    with zipfile.ZipFile(path) as archive:
        infos = [info for info in archive.infolist() if not info.is_dir()]
    names = [info.filename for info in infos]
    if "[Content_Types].xml" in names:
        raise CatalogError(f"{path.name}: is an Office document; save its table as CSV")
    for info in infos:
        parts = PurePosixPath(info.filename.replace("\\", "/")).parts
        if ".." in parts or info.filename.startswith(("/", "\\")) or ":" in info.filename:
            raise CatalogError(
                f"{path.name}: names a file outside of itself ({info.filename!r}); "
                f"such an archive is not trusted, pack the table alone"
            )
        if info.flag_bits & 1:
            raise CatalogError(f"{path.name}: is locked by a password; unpack it yourself")
        if "__MACOSX" in parts or parts[-1].startswith("."):
            continue

        def open_it(info: zipfile.ZipInfo = info) -> Bounded:
            try:
                inner: Any = zipfile.ZipFile(path).open(info)  # noqa: SIM115 — closed with the stream
                packs = inner.read(2) == b"\x1f\x8b"
                inner.seek(0)
            except _DAMAGED as error:
                raise CatalogError(_damaged(info.filename, error)) from error
            if packs:
                inner = gzip.GzipFile(fileobj=inner, mode="rb")
            return Bounded(inner, info.filename, info.compress_size, bounds)

        yield Member(info.filename, info.compress_size, open_it)


def _damaged(name: str, error: Exception) -> str:
    return f"{name}: damaged or cut short while it was unpacked ({error}); fetch or pack it again"


def _starts_with(path: Path, magic: bytes) -> bool:
    with path.open("rb") as content:
        return content.read(len(magic)) == magic
