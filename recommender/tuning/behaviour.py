"""Behaviour: what people did and said about the items of a catalog, as plain records.

A reader (`read_*.py`) turns one layout of files into one `Behaviour`; whatever makes
instructions knows these records only, so that a data set is added by adding a reader.
Promises that the last item of each history, the test of a leave-one-out evaluation, never
leaves a reader, and that the one before it is marked for validation.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from retrieval.catalog import Catalog

FEWEST = 4  # items of a history: two to learn from, one to validate, one to test


class BehaviourError(ValueError):
    """Files of behaviour that can't be used; the message says where, and what to do."""


@dataclass(frozen=True)
class History:
    """What one user liked or bought, oldest first, as ids; `validation` came right after."""

    user: str
    items: tuple[str, ...]
    validation: str


@dataclass(frozen=True)
class Review:
    """What a user wrote about an item."""

    user: str
    item: str
    text: str


@dataclass(frozen=True)
class Said:
    """One side's words up to the other's; `items` are the ids that they name."""

    by_user: bool
    text: str
    items: tuple[str, ...] = ()


@dataclass(frozen=True)
class Talk:
    """A conversation; `welcome` are the ids that the user liked the sound of."""

    id: str
    said: tuple[Said, ...]
    welcome: frozenset[str]


@dataclass(frozen=True)
class Behaviour:
    """One source: its items and what is known of people's dealings with them.

    `lists` are ids that a recommender once took for near each other, whoever for. `files`
    maps the files that were read to their SHA-256; `left_out` says in words what was not
    taken and why.
    """

    name: str
    catalog: Catalog
    histories: tuple[History, ...] = ()
    reviews: tuple[Review, ...] = ()
    talks: tuple[Talk, ...] = ()
    lists: tuple[tuple[str, ...], ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    left_out: str = ""


def leave_two_out(user: str, items: Iterable[str]) -> History | None:
    """A history without its last item, the one before it kept apart; None if too short."""
    known = tuple(dict.fromkeys(items))
    if len(known) < FEWEST:
        return None
    return History(user, known[:-2], known[-2])


def is_for_testing(dialogue: str) -> bool:
    """Whether a dialogue belongs to the half that is kept for testing."""
    return hashlib.sha256(dialogue.encode()).digest()[0] % 2 == 1


def split_of_item(item_id: str) -> str:
    """Where a search for an item belongs: "train" (80 %), "validation" or "test" (10 % each).

    The same at every call, for searches without a history, which can't leave the last out.
    """
    number = int.from_bytes(hashlib.sha256(f"split {item_id}".encode()).digest()[:4], "big")
    return "train" if number < 0.8 * 2**32 else "validation" if number < 0.9 * 2**32 else "test"


def checksums(root: Path, *paths: Path) -> dict[str, str]:
    """SHA-256 of files, by their paths below the data folder."""
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in paths
        if path.is_file()
    }


def json_rows(path: Path, *needed: str) -> Iterator[dict[str, Any]]:
    """The objects of a JSONL file, .gz by its name. Raises `BehaviourError` with the line."""
    for number, line in _lines(path):
        try:
            row = json.loads(line)
        except (json.JSONDecodeError, RecursionError) as error:
            raise BehaviourError(f"{path}, line {number}: not JSON: {error}") from error
        yield _with(row, needed, path, number)


def csv_rows(path: Path, *needed: str, delimiter: str = ",") -> Iterator[dict[str, Any]]:
    """The rows of a CSV file with a header, .gz by its name. Raises `BehaviourError`."""
    try:
        with opened(path) as lines:
            for number, row in enumerate(csv.DictReader(lines, delimiter=delimiter), start=2):
                yield _with(row, needed, path, number)
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        raise BehaviourError(f"{path}: can't be read as CSV: {error}") from error


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    try:
        with opened(path) as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield number, line
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise BehaviourError(f"{path}: can't be read: {error}") from error


def opened(path: Path, encoding: str = "utf-8") -> TextIO:
    """A file of lines, .gz by its name."""
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding=encoding, newline="")
    return path.open(encoding=encoding, newline="")


def _with(row: Any, needed: Iterable[str], path: Path, number: int) -> dict[str, Any]:
    missing = [name for name in needed if not isinstance(row, dict) or row.get(name) is None]
    if missing or not isinstance(row, dict):
        raise BehaviourError(
            f"{path}, line {number}: expected an object with {', '.join(needed)}; "
            f"lacks {', '.join(missing) or 'all'}"
        )
    return row
