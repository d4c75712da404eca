"""JSON to records: an object a line, an array, or a document with a list of objects in it.

Lines may be Python's literals instead, as the older files of Amazon's and Steam's items are.
"""

from __future__ import annotations

import ast
import io
from collections.abc import Iterator, Mapping
from typing import Any

from retrieval.field_table import entry_of
from retrieval.fields import CatalogError, Kind
from retrieval.intake.bounds import Bounds
from retrieval.intake.json_shapes import brief, listed, loaded, one_by_one, whole
from retrieval.intake.records import Record, Refused
from retrieval.intake.text import lines

_COUNTED = (Kind.CATEGORY, Kind.KEYWORD)
_LONGEST_LITERAL = 1 << 20  # characters


def is_json(head: bytes) -> bool:
    """Whether a content begins as JSON does."""
    return head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"{", b"["))


def json_records(
    stream: io.BufferedReader, name: str, bounds: Bounds
) -> Iterator[Record | Refused]:
    """The records of JSON in any of its shapes. Raises `CatalogError` where there are none."""
    head = stream.peek(1 << 16)[: 1 << 16].lstrip(b"\xef\xbb\xbf \t\r\n")
    first = head.split(b"\n", 1)[0].strip()
    lined = first.endswith(b"}") and b"{" in head[len(first) :]
    if head.startswith(b"{") and (lined or head.startswith((b"{'", b"{u'"))):
        yield from _of_lines(stream, name, bounds)
        return
    content = stream.read(bounds.document + 1)
    if len(content) > bounds.document:
        raise CatalogError(
            f"{name}: is one JSON document of more than {bounds.document >> 20} MB; write one "
            f"object a line instead"
        )
    text = content.decode("utf-8-sig", errors="replace")
    try:
        document = loaded(text)
    except (ValueError, RecursionError) as error:
        if (several := one_by_one(text)) is not None:
            yield from (Record(n, flat(one, bounds)) for n, one in enumerate(several, start=1))
            return
        if head.startswith(b"{") and b"\n{" in content:
            yield from _of_lines(io.BufferedReader(io.BytesIO(content)), name, bounds)  # type: ignore[type-var]
            return
        raise CatalogError(f"{name}: not JSON ({brief(error)}); mend it or save it anew") from error
    for number, one in enumerate(listed(document, name), start=1):
        if isinstance(one, Mapping):
            yield Record(number, flat(one, bounds))
        else:
            yield Refused.of(number, f"expected an object, found {type(one).__name__}", one)


def flat(
    row: Mapping[str, Any], bounds: Bounds, prefix: str = "", depth: int = 1
) -> dict[str, Any]:
    """An object with the fields of the objects inside it as its own: {"details.pages": 7}.

    Of lists of objects the names are kept. What lies deeper than the bounds is left out.
    """
    cells: dict[str, Any] = {}
    for key, value in row.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping) and _is_counts(key, value):
            cells[name] = [str(one) for one in value][: bounds.values]  # {"Action": 12, …}
        elif isinstance(value, Mapping):
            if depth < bounds.depth and len(cells) < bounds.columns:
                cells |= flat(value, bounds, f"{name}.", depth + 1)
        elif isinstance(value, (list, tuple)):
            cells[name] = [one for part in value[: 10 * bounds.values] for one in _named(part)]
        else:
            cells[name] = value
    return cells


def _is_counts(key: str, value: Mapping[str, Any]) -> bool:
    """Whether an object counts values of a field of kinds or themes: tags with their votes."""
    counts = all(isinstance(one, (int, float)) for one in value.values())
    return counts and bool(value) and bool(entry_of(key, _COUNTED)[1])


def _named(part: Any) -> list[Any]:
    """What a part of a list is called: itself, its name, or the parts that it has."""
    if isinstance(part, Mapping):
        for key in ("name", "title", "value", "description", "text", "label"):
            if isinstance(part.get(key), (str, int, float)):
                return [part[key]]
        return []
    if isinstance(part, (list, tuple)):
        return [one for one in part if isinstance(one, (str, int, float))]
    return [] if part is None else [part]


def _of_lines(stream: io.BufferedReader, name: str, bounds: Bounds) -> Iterator[Record | Refused]:
    faults = good = 0
    for line in lines(stream, bounds):
        text = line.text.strip()
        if not text:
            continue
        cause = "the line is longer than can be read" if line.too_long else ""
        row: Any = None
        if not cause:
            row, cause = _object(text)
        if not cause and not isinstance(row, dict):
            cause = f"expected a JSON object, found {type(row).__name__}"
        if cause:
            faults += 1
            if faults > 1_000 and faults > good:
                raise CatalogError(f"{name}, line {line.number}: most lines so far are no JSON "
                                   f"objects (the last: {cause})")  # fmt: skip
            yield Refused.of(line.number, cause, text)
        else:
            good += 1
            yield Record(line.number, flat(row, bounds), line.note)


def _object(text: str) -> tuple[Any, str]:
    """What a line holds, and "", or nothing and the cause."""
    try:
        return loaded(text), ""
    except RecursionError:
        return None, "nested too deeply"
    except ValueError as error:
        cause = f"not JSON ({brief(error)})"
    if len(text) <= _LONGEST_LITERAL and text.startswith(("{'", "{u'", '{u"')):
        try:
            return whole(ast.literal_eval(text)), ""
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            return None, cause
    return None, cause
