"""JSON to a list of objects, in any of the shapes that programs write.

A list of objects or of rows, also under a key, an object of objects by id, objects one behind the
other, or columns with their values, as pandas writes tables.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from retrieval.fields import CatalogError

_LONGEST_WHOLE = 400  # digits; what is longer stays text
_HALF = re.compile(r"\\u[dD][89a-fA-F]")  # an escape of half a letter, whose other half may lack
_NEXT = re.compile(r"[\s,]*")
_DEEPEST = 4  # objects in objects in which a list of items is looked for


def loaded(text: str) -> Any:
    """JSON as Python has it, each letter whole. Raises `ValueError`, `RecursionError`."""
    try:
        document = json.loads(text)
    except json.JSONDecodeError:
        raise
    except ValueError:  # a number of more digits than Python reads
        document = json.loads(text, parse_int=_number)
    return whole(document) if _HALF.search(text) else document


def _number(digits: str) -> int | str:
    return int(digits) if len(digits) <= _LONGEST_WHOLE else digits


def whole(value: Any) -> Any:
    """The same, with a mark in the place of half letters, which no file can hold."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, (list, tuple)):
        return [whole(one) for one in value]
    if isinstance(value, dict):
        return {whole(key): whole(one) for key, one in value.items()}
    return value


def one_by_one(text: str) -> list[dict[str, Any]] | None:
    """Objects one behind the other, with no list around them; None where the text is not such."""
    decoder = json.JSONDecoder()
    found: list[dict[str, Any]] = []
    place = 0
    while (start := _NEXT.match(text, place)) and start.end() < len(text):
        try:
            one, place = decoder.raw_decode(text, start.end())
        except (ValueError, RecursionError):
            return None
        if not isinstance(one, dict):
            return None
        found.append(whole(one))
    return found if len(found) > 1 else None


def listed(document: Any, name: str) -> list[Any]:
    """The list of objects in a document, whatever stands around it. Raises `CatalogError`."""
    if isinstance(document, list):
        return _under_names(document)
    if isinstance(document, dict):
        if any(isinstance(document.get(key), str) for key in ("title", "name")):
            return [document]  # one item
        if (columns := _columns(document)) is not None:
            return columns
        if found := _longest_list(document, 1):
            return found
        inner = [v for v in document.values() if isinstance(v, dict)]
        if len(inner) > 1 and len(inner) == len(document) and set(inner[0]) & set(inner[1]):
            return [{"id": key, **value} for key, value in document.items()]
        if found := _longest_list(document, _DEEPEST):
            return found
        if document:
            return [document]
    raise CatalogError(f"{name}: JSON without objects; expected a list of objects, one an item")


def _under_names(rows: list[Any]) -> list[Any]:
    """Rows that are lists, the first with the names, as objects; others as they are."""
    if len(rows) > 1 and all(isinstance(row, list) for row in rows[:20]):
        names = rows[0]
        if len(set(map(str, names))) == len(names) and all(isinstance(n, str) for n in names):
            return _zipped(names, rows[1:])
    return rows


def _columns(document: Mapping[str, Any]) -> list[Any] | None:
    """The rows of a table that is written column by column; None where it is none."""
    names, data = document.get("columns"), document.get("data")
    if isinstance(names, list) and isinstance(data, list) and data and isinstance(data[0], list):
        return _zipped(list(map(str, names)), data)
    held = list(document.values())
    if len(held) > 1 and all(isinstance(v, list) and len(v) == len(held[0]) > 1 for v in held):
        return None if _of_objects(held) else _zipped(list(document), list(zip(*held, strict=True)))
    if len(held) > 1 and all(isinstance(v, dict) and v.keys() == held[0].keys() for v in held):
        rows = list(held[0])  # of objects, each with the same rows by their numbers
        if len(rows) > 1 and all(str(row).isdecimal() for row in rows):
            return _zipped(list(document), [[v[row] for v in held] for row in rows])
    return None


def _of_objects(lists: list[list[Any]]) -> bool:
    return any(isinstance(one, dict) for values in lists for one in values[:1])


def _zipped(names: list[str], rows: Sequence[Sequence[Any]]) -> list[Any]:
    """Rows of as many cells as there are names, as objects; others as they are."""
    return [
        dict(zip(names, row, strict=True))
        if isinstance(row, (list, tuple)) and len(row) == len(names) else row
        for row in rows
    ]  # fmt: skip


def _longest_list(document: Mapping[str, Any], depth: int) -> list[Any]:
    """The longest list of objects in an object, or in the objects inside it."""
    found: list[Any] = []
    for value in document.values():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            found = max(found, value, key=len)
        elif isinstance(value, dict) and depth > 1:
            found = max(found, _longest_list(value, depth - 1), key=len)
    return found


def brief(error: Exception) -> str:
    return "nested too deeply" if isinstance(error, RecursionError) else str(error)[:120]
