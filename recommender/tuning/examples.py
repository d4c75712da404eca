"""The example: one filled instruction, and its lines in a file.

Promises: an `Example` is checked when it is made, so what a file gives is fit for training;
reading streams, so a file may be larger than memory; a line that can't be used stops the
reading and is named; writing is atomic, so a file is whole or not there; the same examples
give the same bytes, compressed or not. It does not make examples (`instructions.py`).

A scored example has `blocks` with a `label` each and is trained on their log-odds of yes; a
written one has a `target` and is trained on its text. Never both. Labels are grades of fit;
where just one block fits it has 1.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

TRAIN = "train"
VALIDATION = "validation"
SPLITS = (TRAIN, VALIDATION)
GREATEST_GRADE = 3


class ExampleError(ValueError):
    """An example, or a line of a file of examples, that can't be used."""


@dataclass(frozen=True)
class Example:
    """One filled instruction with what the model should answer."""

    id: str  # unique in its file, the same for the same seed
    template: str  # id in templates.toml
    source: str  # name of the reader that the behaviour came from
    user: str | None  # None where no user stands behind it
    split: str  # "train" | "validation"
    prefix: str  # what is read first
    blocks: tuple[str, ...] = ()  # scored: one text for each candidate
    labels: tuple[int, ...] = ()  # scored: 0 where the block does not fit, else how well, to 3
    items: tuple[str, ...] = ()  # ids of the items of the blocks, or of the target
    target: str = ""  # written: what follows the prefix

    def __post_init__(self) -> None:
        if not self.id or not self.template or not self.source or not self.prefix:
            raise ExampleError("id, template, source and prefix must not be empty")
        if self.split not in SPLITS:
            raise ExampleError(f"split must be one of {SPLITS}, not {self.split!r}")
        if bool(self.blocks) == bool(self.target):
            raise ExampleError("needs either blocks (scored) or a target (written), not both")
        if len(self.blocks) != len(self.labels):
            raise ExampleError(f"{len(self.blocks)} blocks, but {len(self.labels)} labels")
        if not set(self.labels) <= set(range(GREATEST_GRADE + 1)):
            raise ExampleError(
                f"labels must be from 0 to {GREATEST_GRADE}, not {sorted(set(self.labels))}"
            )
        if len(self.blocks) > 1 and not any(self.labels):
            raise ExampleError("of several blocks at least one has to fit")
        if len(self.blocks) > 1 and all(self.labels):
            raise ExampleError("of several blocks at least one must not fit")

    @property
    def scored(self) -> bool:
        return bool(self.blocks)

    @property
    def best(self) -> int:
        """The place of the block that fits best, the first of several."""
        return self.labels.index(max(self.labels))

    @classmethod
    def from_dict(cls, data: Any) -> Example:
        """The example of a parsed line. Raises `ExampleError`."""
        wanted = [f.name for f in fields(cls)]
        if not isinstance(data, dict) or sorted(data) != sorted(wanted):
            found = sorted(data) if isinstance(data, dict) else type(data).__name__
            raise ExampleError(f"expected an object with the keys {wanted}, found {found}")
        for name in ("id", "template", "source", "split", "prefix", "target"):
            if not isinstance(data[name], str):
                raise ExampleError(f"{name!r} must be text, not {data[name]!r}")
        if not isinstance(data["user"], str | None):
            raise ExampleError(f"'user' must be text or null, not {data['user']!r}")
        for name, kind in (("blocks", str), ("labels", int), ("items", str)):
            if not isinstance(data[name], list) or not all(type(v) is kind for v in data[name]):
                raise ExampleError(f"{name!r} must be a list of {kind.__name__}")
        lists = {name: tuple(data[name]) for name in ("blocks", "labels", "items")}
        return cls(**{**data, **lists})

    def as_line(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False, separators=(",", ":")) + "\n"


def read_examples(path: Path) -> Iterator[Example]:
    """The examples of a JSONL file, .gz by its name, one at a time. Raises `ExampleError`."""
    try:
        with _opened(path) as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield _parsed(line, path, number)
    except UnicodeDecodeError as error:
        raise ExampleError(f"{path}: not UTF-8; make the file again") from error
    except (OSError, EOFError, zlib.error) as error:
        raise ExampleError(
            f"{path}: can't be read ({error}); expected JSONL, compressed if its name ends in .gz"
        ) from error


def _opened(path: Path) -> TextIO:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8")
    return path.open(encoding="utf-8")


def _parsed(line: str, path: Path, number: int) -> Example:
    try:
        return Example.from_dict(json.loads(line))
    except (json.JSONDecodeError, RecursionError, ExampleError) as error:
        raise ExampleError(
            f"{path}, line {number}: {error}; make the file again by `instructions make`"
        ) from error


class ExampleWriter:
    """Writes examples one at a time; the file appears, whole, when the writer closes.

    Used with `with`: an error inside leaves no file behind and an older one untouched.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._part = path.with_name(f".{path.name}.{os.getpid()}.part")
        self.count = 0

    def __enter__(self) -> ExampleWriter:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._file = self._part.open("wb")
        self._compressed: gzip.GzipFile | None = None
        if self._path.suffix == ".gz":
            # Neither name nor time go into the header: same examples, same bytes.
            self._compressed = gzip.GzipFile("", "wb", 6, self._file, mtime=0)
        # Typed as what both have in common; a GzipFile is no BinaryIO to mypy.
        binary: Any = self._compressed or self._file
        self._text = io.TextIOWrapper(binary, encoding="utf-8", newline="\n")
        return self

    def write(self, example: Example) -> None:
        self._text.write(example.as_line())
        self.count += 1

    def write_all(self, examples: Iterable[Example]) -> None:
        for example in examples:
            self.write(example)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self._text.flush()
            if self._compressed:
                self._compressed.close()
            if kind is None:
                self._file.flush()
                os.fsync(self._file.fileno())
        finally:
            self._file.close()
            if kind is not None:
                self._part.unlink(missing_ok=True)
        if kind is None:
            os.replace(self._part, self._path)
