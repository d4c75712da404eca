"""What every reader of a format gives: records under the names of their columns, and faults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

KEPT = 2_000  # characters of a refused row that are kept


@dataclass(frozen=True)
class Record:
    """One row as it stands in its file. `row` is its line where the format has lines, else
    its number from 1; a `note` says what had to be mended to read it."""

    row: int
    cells: Mapping[str, Any]
    note: str = ""


@dataclass(frozen=True)
class Refused:
    """A row that can't be taken, with the cause and what is left of it to look at."""

    row: int
    cause: str
    content: str

    @classmethod
    def of(cls, row: int, cause: str, content: object) -> Refused:
        return cls(row, cause, str(content)[:KEPT])
