"""CSV, TSV and their kin to records.

A quote that is opened and never closed would swallow the rest of a file; here it costs the
one line that it stands in.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from retrieval.field_table import column_words
from retrieval.fields import CatalogError
from retrieval.intake.bounds import Bounds
from retrieval.intake.columns import TITLES
from retrieval.intake.records import Record, Refused
from retrieval.intake.text import Line, lines

_DELIMITERS = (",", "\t", ";", "|", "\x1f")
_MOST_LINES = 300  # of one record, a long description with paragraphs has far fewer
_SHOWN = 40  # lines by which the delimiter is known
_ALONE = "\x1e"  # delimiter of a table of one column: stands in no text
_LONGEST_CELL = 64 << 20  # characters; a line is bounded before
_SEPARATOR = re.compile(r'"?sep=(.)"?[;,\s]*')  # how spreadsheets name the delimiter


@dataclass
class _Source:
    """Lines that can be put back."""

    fresh: Iterator[Line]
    waiting: deque[Line] = field(default_factory=deque)

    def next(self) -> Line | None:
        return self.waiting.popleft() if self.waiting else next(self.fresh, None)


def delimited(
    stream: io.BufferedReader, name: str, bounds: Bounds, header: tuple[str, ...] = ()
) -> Iterator[Record | Refused]:
    """The rows of a table, under the names of its first row, or of `header`.

    Raises `CatalogError` where no delimiter makes columns of the text.
    """
    csv.field_size_limit(_LONGEST_CELL)  # of the whole process, so the same for everybody
    source = _Source(map(_plain, lines(stream, bounds)))
    first = [line for _ in range(_SHOWN) if (line := source.next()) is not None]
    while first and not first[0].text.strip():
        del first[0]
    if first and (named := _SEPARATOR.fullmatch(first[0].text.strip())):
        delimiter = named[1]
        del first[0]
    else:
        delimiter = _delimiter_of(first, name)
    source.waiting.extend(first)
    names = header or _names_of(source, delimiter, name, bounds)
    faults = good = 0
    while (parsed := _record(source, delimiter, len(names))) is not None:
        if isinstance(parsed, Refused):
            faults += 1
            if faults > 1_000 and faults > good:
                raise CatalogError(
                    f"{name}, line {parsed.row}: most rows so far can't be read as a table "
                    f"(the last: {parsed.cause}); check its quotes and delimiters"
                )
            yield parsed
            continue
        row, values, note = parsed
        if any(value.strip() for value in values):
            good += 1
            yield Record(row, dict(zip(names, values, strict=False)), note)


def _plain(line: Line) -> Line:
    """MovieLens' older files part by two colons, which no reader of CSV knows."""
    if "::" not in line.text or any(mark in line.text.split("::")[0] for mark in ",;\t|"):
        return line
    return Line(line.number, line.text.replace("::", "\x1f"), line.note, line.too_long)


def _record(
    source: _Source, delimiter: str, columns: int
) -> Refused | tuple[int, list[str], str] | None:
    """The next record with the number of its first line; None at the end."""
    taken: list[Line] = []

    def feed() -> Iterator[str]:
        while len(taken) < _MOST_LINES and (line := source.next()) is not None:
            taken.append(line)
            yield line.text

    quoting: Literal[0, 3] = csv.QUOTE_NONE if delimiter == "\x1f" else csv.QUOTE_MINIMAL
    try:
        values = next(csv.reader(feed(), delimiter=delimiter, strict=True, quoting=quoting), None)
    except csv.Error:
        values = []  # what stands in quotes goes on after them, or to the end
    if values is None:
        return None
    first = taken[0]
    if first.too_long:
        source.waiting.extendleft(reversed(taken[1:]))
        return Refused.of(first.number, "the line is longer than can be read", first.text)
    if len(values) == columns or _all_blank(values[columns:], values):
        note = next((line.note for line in taken if line.note), "")
        return first.number, values, note
    source.waiting.extendleft(reversed(taken[1:]))
    alone = next(csv.reader([first.text], delimiter=delimiter, quoting=csv.QUOTE_NONE), [])
    if '"' in first.text:
        loose = next(csv.reader([first.text], delimiter=delimiter), [])
        if len(taken) == 1 and len(loose) == columns:  # a stray quote inside of quotes
            return first.number, loose, first.note
        if len(taken) > 1 or first.text.count('"') % 2:
            return Refused.of(first.number, "a quote is opened and not closed", first.text)
        alone = loose
    if not first.text.strip():
        return first.number, [], ""
    cause = f"has {len(alone)} cells, the first row has {columns}"
    return Refused.of(first.number, cause, first.text)


def _all_blank(rest: list[str], values: list[str]) -> bool:
    """Whether a row is only longer by empty cells at its end."""
    return bool(values) and bool(rest) and not any(value.strip() for value in rest)


def _delimiter_of(first: list[Line], name: str) -> str:
    """The delimiter that makes the same number of columns, more than one, of most lines.

    Remarks above the table are taken out of `first`.
    """
    texts = [line.text for line in first if line.text.strip() and not line.too_long]
    best, share, above = "", 0.0, 0
    for delimiter in _DELIMITERS:
        rows = list(csv.reader(texts, delimiter=delimiter))
        counts = Counter(len(row) for row in rows if row)
        width, agreeing = counts.most_common(1)[0] if counts else (0, 0)
        remarks = next((n for n, row in enumerate(rows) if not _is_remark(row, width)), 0)
        header = len(rows[remarks]) if rows else 0
        if width > 1 and header > 1:
            agreement = agreeing / len(rows) + (0.5 if header == width else 0) + width / 1000
            if agreement > share:
                best, share, above = delimiter, agreement, remarks
    del first[:above]
    if not best and texts and column_words(texts[0].strip(" \r\n\"'")) in TITLES:
        best = _ALONE
    if not best:
        beginning = texts[0][:60].strip() if texts else ""
        raise CatalogError(
            f"{name}: no table can be seen in it; looked for columns parted by comma, tab, "
            f"semicolon, bar or two colons, for one column under the name title, for JSON and "
            f"for Parquet; it begins {beginning!r}"
        )
    return best


def _is_remark(row: list[str], width: int) -> bool:
    """Whether a row is a remark above the table: "# exported by the shop"."""
    return len(row) != width and bool(row) and row[0].lstrip().startswith("#")


def _names_of(source: _Source, delimiter: str, name: str, bounds: Bounds) -> tuple[str, ...]:
    line = source.next()
    text = line.text if line is not None else ""
    if line is not None and line.too_long:
        raise CatalogError(f"{name}: the row of names is longer than can be read")
    cells = next(csv.reader([text], delimiter=delimiter), [])
    if len(cells) > bounds.columns:
        raise CatalogError(f"{name}: has {len(cells)} columns; expected at most {bounds.columns}")
    if line is not None and any(
        re.fullmatch(r"-?\d+(\.\d+)?|https?://.*", c.strip()) for c in cells
    ):
        source.waiting.appendleft(line)  # a row of its own: the table has no names
        cells = [""] * len(cells)
    names: list[str] = []
    for place, cell in enumerate(cells, start=1):
        known = cell.strip() or f"column {place}"
        names.append(known if known not in names else f"{known} ({place})")
    return tuple(names)
