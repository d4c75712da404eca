"""Records to rows of a catalog by a plan, or the cause why not; what was mended is counted."""

from __future__ import annotations

import datetime
import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from retrieval.fields import Kind, fold
from retrieval.intake.bounds import Bounds
from retrieval.intake.cleaning import (
    amount_in,
    is_formula,
    is_no_title,
    is_nothing,
    parts,
    plain,
    year_of,
)
from retrieval.intake.columns import Column, Plan
from retrieval.intake.records import Record

_ENDS_IN_YEAR = re.compile(r"(.*\S)\s*\((\d{4})(?:[–-]\d{0,4})?\)\s*", re.S)
_TURNED = re.compile(r"(.{2,}), (The|An|A|Les|Le|La|L'|Das|Der|Die|El|Los|Las|Il)(?=$| \()")
_EARLIEST = 1000
_UNKNOWN_AT_NOUGHT = ("pages", "minutes", "hours", "stars", "ratings")  # units


class RowError(ValueError):
    """A record that makes no item; the message is the cause."""


class Rows:
    """Makes rows by a plan. `mended` counts, by what was done, the cells that were changed."""

    def __init__(self, plan: Plan, bounds: Bounds) -> None:
        self._plan, self._bounds = plan, bounds
        self._latest = datetime.date.today().year + 10
        self._people = [c.field for c in plan.of_role(Kind.PERSON)]
        self._year = "year" if plan.year_in_title else ""
        self._year = next((c.field for c in plan.of_role(Kind.YEAR)), self._year)
        self.mended: Counter[str] = Counter()

    @property
    def has_id(self) -> bool:
        """Whether ids are the file's own, not made here."""
        return self._plan.id is not None

    def row(self, record: Record) -> dict[str, Any]:
        """The row of a record: `id`, `title` and the fields that it has. Raises `RowError`."""
        title = self._title(record.cells.get(self._plan.title.name))
        if not title:
            raise RowError(f"has no title (column {self._plan.title.name!r} is empty)")
        row: dict[str, Any] = {"id": "", "title": title}
        if self._plan.year_in_title and (found := _ENDS_IN_YEAR.fullmatch(title)):
            row["title"] = found[1]
            self._put_year(row, "year", found[2])
        row["title"] = _TURNED.sub(r"\2 \1", row["title"], count=1).replace("L' ", "L'")
        for column in self._plan.fields:
            value = record.cells.get(column.name)
            if not is_nothing(value):
                self._put(row, column, value)
        row["id"] = self._id(record, row)
        if record.note:
            self.mended[f"rows that were {record.note}"] += 1
        return row

    def alike(self, row: dict[str, Any]) -> bytes | None:
        """What two rows of one item have in common, where the year is known."""
        if self._year not in row:
            return None
        people = sorted(fold(p) for name in self._people for p in row.get(name, ()))
        key = f"{fold(row['title'])}\0{row[self._year]:g}\0{'|'.join(people)}"
        return hashlib.sha256(key.encode()).digest()[:12]

    def _id(self, record: Record, row: dict[str, Any]) -> str:
        column = self._plan.id
        if column is not None:
            value = record.cells.get(column.name)
            if isinstance(value, float) and value.is_integer():
                value = int(value)
            known = plain("" if is_nothing(value) else value)
            if not known:
                raise RowError(f"has no id (column {column.name!r} is empty)")
            if len(known) > 2 * self._bounds.value:
                raise RowError(f"has an id of {len(known):,} characters")
            return known
        people = [p for name in self._people for p in row.get(name, ())]
        key = "\0".join([fold(row["title"]), f"{row.get(self._year, 0):g}", *map(fold, people)])
        return hashlib.sha256(key.encode()).hexdigest()[:12]

    def _put(self, row: dict[str, Any], column: Column, value: Any) -> None:
        if column.role == Kind.YEAR:
            self._put_year(row, column.field, value)
        elif column.role == Kind.NUMBER:
            number = amount_in(value)
            if number is None:
                self.mended[f"values of {column.name!r} left out that are no number"] += 1
            elif number or column.unit not in _UNKNOWN_AT_NOUGHT:
                row[column.field] = number
        elif column.role == Kind.TEXT:
            joined = " ".join(map(str, value)) if isinstance(value, list) else value
            text = "" if is_nothing(joined) else self._text(joined, self._bounds.text, column.name)
            if text:
                row[column.field] = text
        elif column.flag:
            if str(value).strip().lower() in ("true", "yes", "1"):
                row[column.field] = [column.label]
        elif values := self._values(column, value):
            row[column.field] = values

    def _put_year(self, row: dict[str, Any], name: str, value: Any) -> None:
        year = year_of(value)
        if year is not None and _EARLIEST <= year <= self._latest:
            row[name] = year
        elif year != 0:
            self.mended[f"years left out of {name!r} that can't be "
                        f"(outside {_EARLIEST} to {self._latest})"] += 1  # fmt: skip

    def _values(self, column: Column, value: Any) -> list[str]:
        values = parts(value, column.mark)
        if len(values) > self._bounds.values:
            self.mended[f"lists in {column.name!r} cut to {self._bounds.values} values"] += 1
        kept = values[: self._bounds.values]
        return [self._text(one, self._bounds.value, column.name) for one in kept]

    def _title(self, value: Any) -> str:
        if isinstance(value, list):  # as "title": ["The one", "its other name"]
            value = next((one for one in value if not is_no_title(one)), None)
        return "" if is_no_title(value) else self._text(value, self._bounds.title, "title")

    def _text(self, value: Any, most: int, name: str) -> str:
        raw = str(value)
        text = plain(raw)
        self._count(raw, text)
        if len(text) > most:
            self.mended[f"cells of {name!r} cut to {most:,} characters"] += 1
            text = text[: most - 1].rstrip() + "…"
        return text

    def _count(self, raw: str, text: str) -> None:
        if is_formula(text):
            self.mended["texts that a spreadsheet would run as a formula (kept as text)"] += 1
        for sign, what in _SIGNS:
            if sign(raw, text):
                self.mended[what] += 1


_SIGNS: Iterable[tuple[Callable[[str, str], bool], str]] = (
    (lambda raw, text: "\ufffd" in text, "texts with letters that could not be read"),
    (lambda raw, text: "<" in raw and raw.count("<") > text.count("<"), "texts freed of markup"),
    (lambda raw, text: "&" in raw and ";" in raw and raw.count("&") > text.count("&"),
     "texts freed of entities"),
    (lambda raw, text: ("Ã" in raw or "â€" in raw) and raw != text, "texts in a broken encoding mended"),
)  # fmt: skip
