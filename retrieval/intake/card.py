"""What is told of a catalog: how many items, which fields, how full, what to beware of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from retrieval.fields import Kind, fold

_TOP = 8
_COUNTED = 200_000  # different values of a field, past which they are no longer told apart
_SPARSE = 0.3


class Facts:
    """Counts over rows as they pass."""

    def __init__(self, year: str = "year") -> None:
        self.items = 0
        self._year = year
        self._dated: Counter[int] = Counter()
        self._held: Counter[str] = Counter()
        self._values: dict[str, Counter[str]] = {}
        self._ends: dict[str, tuple[float, float]] = {}
        self._titles: Counter[int] = Counter()

    def add(self, row: Mapping[str, Any]) -> None:
        self.items += 1
        title = fold(row["title"])
        self._titles[hash(title)] += 1
        if self._year in row:
            self._dated[hash((title, row[self._year]))] += 1
        for name, value in row.items():
            if name in ("id", "title"):
                continue
            self._held[name] += 1
            if isinstance(value, list):
                known = self._values.setdefault(name, Counter())
                known.update(v for v in value if len(known) < _COUNTED or v in known)
            elif isinstance(value, (int, float)):
                low, high = self._ends.get(name, (value, value))
                self._ends[name] = (min(low, value), max(high, value))

    def fields(self, fields: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Each field with its coverage and its commonest values, or its least and greatest."""
        told = []
        for field in fields:
            name = field["name"]
            share = self._held[name] / self.items if self.items else 0.0
            one = {**field, "coverage": round(share, 4)}
            if name in self._ends:
                one["least"], one["greatest"] = self._ends[name]
            if name in self._values:
                one["values"] = len(self._values[name])
                one["commonest"] = [v for v, _ in self._values[name].most_common(_TOP)]
            told.append(one)
        return told

    def warnings(self, fields: Sequence[Mapping[str, Any]]) -> list[str]:
        """What a user should know before relying on the catalog."""
        found = []
        again = sum(count for count in self._titles.values() if count > 1)
        if again:
            dated = sum(count for count in self._dated.values() if count > 1)
            years = f", {dated:,} of them the year too" if dated else ""
            found.append(f"{again:,} items share their title with another{years}")
        for one in self.fields(fields):
            if one["coverage"] == 0:
                found.append(f"no item has {one['label']!r} ({one['name']})")
            elif one["coverage"] < _SPARSE:
                found.append(f"only {one['coverage']:.0%} of the items have {one['label']!r} "
                             f"({one['name']})")  # fmt: skip
        kinds = {field["kind"] for field in fields}
        if not kinds & {Kind.CATEGORY, Kind.KEYWORD}:
            found.append("no categories: wishes are matched by titles and prose alone")
        if Kind.TEXT not in kinds:
            found.append("no prose: reasons can only name facts")
        return found


def facts_of(rows: Iterable[Mapping[str, Any]], fields: Sequence[Mapping[str, Any]]) -> Facts:
    """The facts of all rows of a catalog with these fields."""
    facts = Facts(year_among(fields))
    for row in rows:
        facts.add(row)
    return facts


def year_among(fields: Sequence[Mapping[str, Any]]) -> str:
    """The name of the field that holds the year; "" where none does."""
    return next((field["name"] for field in fields if field["kind"] == Kind.YEAR), "")


def in_words(card: Mapping[str, Any]) -> str:
    """The card as lines for a terminal."""
    lines = [f"{card['name']}: {card['items']:,} items from {card['source']}"]
    if card.get("rows"):
        change = card["change"]
        counts = ", ".join(
            f"{change[k]:,} {k}" for k in ("added", "updated", "removed", "unchanged") if change[k]
        )
        lines.append(
            f"  {card['rows']:,} rows in, {card['refused']:,} refused, {card['seconds']:.1f} s"
            f"{f' ({counts})' if counts else ''}"
        )
    lines += [f"  refused: {n:,} × {cause}" for cause, n in card.get("causes", {}).items()]
    lines += [f"  mended: {n:,} {what}" for what, n in card.get("mended", {}).items()]
    if card.get("refused"):
        lines.append(f"  the refused rows, with number and cause: {card['refused_file']}")
    lines.append("  fields:")
    lines += [f"    {_field_line(one)}" for one in card["fields"]]
    if card.get("skipped"):
        lines.append(f"  left out: {', '.join(card['skipped'])}")
    lines += [f"  beware: {warning}" for warning in card["warnings"]]
    return "\n".join(lines)


def _field_line(field: Mapping[str, Any]) -> str:
    line = f"{field['name']}: {field['kind']} {field['label']!r}, {field['coverage']:.0%} full"
    if "least" in field:
        line += f", {field['least']:g} to {field['greatest']:g} {field['unit']}".rstrip()
    if "values" in field:
        line += f", {field['values']:,} values: {', '.join(field['commonest'][:4])} …"
    return line
