"""Files of interactions: who took or rated which item, one row each, read as a stream.

Promises a line for every row that can't be read. Learns nothing and keeps nothing.
"""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any


class InteractionsError(ValueError):
    """Interactions that can't be learned from; the message says where, and what to do."""


def read_interactions(path: Path) -> Iterator[dict[str, Any]]:
    """The rows of a file of interactions: CSV with a header, or JSONL, either also gzipped.

    Each needs `user` and `item` (an id of the catalog) and may have a `rating` and a `time`;
    anything else is not read. Raises `InteractionsError` with the line that is broken.
    """
    kind = path.name.removesuffix(".gz").rsplit(".", 1)[-1]
    if kind not in ("csv", "jsonl"):
        raise InteractionsError(f"{path}: expected .csv or .jsonl, also with .gz after it")
    try:
        with _open(path) as lines:
            rows = _csv_rows(lines, path) if kind == "csv" else _jsonl_rows(lines, path)
            for number, row in rows:
                yield _interaction(row, f"{path}, line {number}")
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        raise InteractionsError(f"{path}: can't be read: {error}") from error


def in_time(row: Mapping[str, Any]) -> tuple[float, str]:
    """A key that sorts rows by their `time`: a number, or a date that sorts as text."""
    time = row.get("time")
    try:
        return (float(time), "") if time not in (None, "") else (0.0, "")
    except (TypeError, ValueError):
        return 0.0, str(time)


def _open(path: Path) -> IO[str]:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8", newline="")
    return path.open(encoding="utf-8", newline="")


def _csv_rows(lines: IO[str], path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    reader = csv.DictReader(lines)
    missing = [name for name in ("user", "item") if name not in (reader.fieldnames or ())]
    if missing:
        raise InteractionsError(
            f"{path}: has no column {' nor '.join(missing)}, only {reader.fieldnames}; name its "
            f"columns user, item and, where there is one, rating"
        )
    for row in reader:
        yield reader.line_num, row


def _jsonl_rows(lines: IO[str], path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                row = json.loads(line)
            except (json.JSONDecodeError, RecursionError) as error:
                raise InteractionsError(f"{path}, line {number}: not JSON ({error})") from error
            if not isinstance(row, dict):
                raise InteractionsError(f"{path}, line {number}: expected a JSON object")
            yield number, row


def _interaction(row: Mapping[str, Any], where: str) -> dict[str, Any]:
    found: dict[str, Any] = {"rating": None, "time": row.get("time")}
    for name in ("user", "item"):
        value = row.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if not isinstance(value, str) or not value:
            raise InteractionsError(f"{where}: needs {name!r} as text, found {value!r}")
        found[name] = value
    rating = row.get("rating")
    if rating not in (None, ""):
        try:
            found["rating"] = float(rating)
        except (TypeError, ValueError):
            raise InteractionsError(
                f"{where}: expected a number as rating, found {rating!r}"
            ) from None
        if found["rating"] != found["rating"]:
            raise InteractionsError(f"{where}: expected a number as rating, found {rating!r}")
    return found
