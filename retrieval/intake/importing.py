"""From a file to a kept catalog: look at it, say what was seen, then take it in.

A file is read twice, first for a sample of its rows, then row by row; it is never held as a
whole, but for a JSON document.
"""

from __future__ import annotations

import random
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from retrieval.field_table import field_order
from retrieval.fields import CatalogError
from retrieval.intake.bounds import Bounds
from retrieval.intake.card import Facts, year_among
from retrieval.intake.columns import SKIP, TITLE, Column, Plan, recognise
from retrieval.intake.draft import Draft
from retrieval.intake.files import members
from retrieval.intake.layouts import records_in
from retrieval.intake.records import Record, Refused
from retrieval.intake.rows import RowError, Rows
from retrieval.intake.storage import CatalogStorage, Change

_SAMPLE = 4_000
_NAMES = 20_000  # of columns that are counted
Progress = Callable[[int], None]  # told how many rows were read


@dataclass(frozen=True)
class Look:
    """A file that was looked at: what becomes of its columns, and how many rows it has.

    Of more columns than the bounds allow the fullest are taken and `left_out` are not.
    """

    path: Path
    plan: Plan
    rows: int
    left_out: int = 0


@dataclass
class _Reading:
    """What is counted while rows are taken."""

    facts: Facts
    rows: int = 0
    refused: int = 0
    causes: Counter[str] = field(default_factory=Counter)


def look(
    path: Path,
    bounds: Bounds,
    given: Mapping[str, str] | None = None,
    progress: Progress | None = None,
) -> Look:
    """Recognise the columns of a file. `given` maps columns to roles.

    Raises `CatalogError` where the file can't be understood, saying what was looked for.
    """
    sample: list[Record] = []
    named: Counter[str] = Counter()
    chance, good, rows, last = random.Random(0), 0, 0, ""
    for one in _records(path, bounds, progress):
        rows += 1
        if isinstance(one, Refused):
            last = last or f"row {one.row} {one.cause}"
            continue
        good += 1
        if len(named) <= _NAMES:
            named.update(one.cells.keys())
        if len(sample) < _SAMPLE:
            sample.append(one)
        elif (place := chance.randrange(good)) < _SAMPLE:
            sample[place] = one
    if not sample:
        raise CatalogError(
            f"{path.name}: holds no row that can be read{f' ({last})' if last else ''}; expected "
            f"names of columns and below them a row for each item, or an object for each"
        )
    left_out = 0
    if len(named) > bounds.columns:
        kept = {name for name, _ in named.most_common(bounds.columns)} | set(given or ())
        left_out = len(named.keys() - kept)
        sample = [replace(r, cells={k: v for k, v in r.cells.items() if k in kept}) for r in sample]
    return Look(path, recognise(sample, path.name, given or {}), rows, left_out)


def take_in(
    seen: Look, storage: CatalogStorage, name: str, bounds: Bounds, *, card: Mapping[str, Any] | None = None,
    keep_duplicates: bool = False, progress: Progress | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Make a file that was looked at the catalog of a storage; gives the card.

    What the storage held before is replaced in one step, at the end. Raises `CatalogError`,
    and then nothing has changed.
    """
    about = about_of(name, seen, card or {})
    return _into(seen, storage, about, bounds, True, keep_duplicates, progress)


def take_up(
    path: Path, storage: CatalogStorage, bounds: Bounds, progress: Progress | None = None
) -> dict[str, Any]:
    """Add the items of a file to a catalog, or put them in the place of those of their ids;
    gives the card of the change. The columns mean what they meant at the import."""
    with storage.reading() as stored:
        about = dict(stored.about)
    known = {column["name"]: Column(**_tuples(column)) for column in about["columns"]}
    seen = look(path, bounds)
    plan = _as_before(seen.plan, known, bool(about["year_in_title"]), path.name)
    return _into(Look(path, plan, seen.rows), storage, about, bounds, False, True, progress)


def about_of(name: str, seen: Look, card: Mapping[str, Any]) -> dict[str, Any]:
    """How a catalog is read: its fields in order, and what its columns were."""
    plan = seen.plan
    fields = [
        {"name": c.field, "kind": str(c.role), "label": c.label, "unit": c.unit}
        for c in plan.fields
    ]
    if plan.year_in_title:
        fields.append({"name": "year", "kind": "year", "label": "year", "unit": ""})
    return {
        "name": name, "source": seen.path.name, "card": dict(card),
        "fields": sorted(fields, key=lambda f: field_order(f["name"], f["kind"])),
        "columns": [asdict(column) for column in plan.columns],
        "year_in_title": plan.year_in_title,
    }  # fmt: skip


def _into(
    seen: Look, storage: CatalogStorage, about: Mapping[str, Any], bounds: Bounds, whole: bool,
    keep_duplicates: bool, progress: Progress | None,
) -> dict[str, Any]:  # fmt: skip
    begun = time.perf_counter()
    rows = Rows(seen.plan, bounds)
    reading = _Reading(Facts(year_among(about["fields"])))
    with storage.drafting() as draft:
        for one in _records(seen.path, bounds, progress):
            _take(one, draft, rows, reading, keep_duplicates)
        if not reading.facts.items:
            causes = "; ".join(f"{n:,} × {cause}" for cause, n in reading.causes.most_common(3))
            raise CatalogError(
                f"{seen.path.name}: none of {reading.rows:,} rows makes an item ({causes})"
            )
        change = storage.merge(draft, about, replace=whole)
        refused_file = storage.write_refused(draft.refused())
    told = _card(seen, about, reading, rows, change, time.perf_counter() - begun)
    told["refused_file"] = str(refused_file)
    if whole:
        storage.write_card(told)
    return told


def _take(
    one: Record | Refused, draft: Draft, rows: Rows, reading: _Reading, keep_duplicates: bool
) -> None:
    reading.rows += 1
    if isinstance(one, Record):
        try:
            row = rows.row(one)
            alike = None if keep_duplicates else rows.alike(row)
            cause = draft.put(row, one.row, alike, has_id=rows.has_id)
        except RowError as error:
            cause = str(error)
        if not cause:
            reading.facts.add(row)
            return
        one = Refused.of(one.row, cause, dict(one.cells))
    reading.refused += 1
    reading.causes[_without_details(one.cause)] += 1
    draft.refuse(one)


def _card(
    seen: Look,
    about: Mapping[str, Any],
    reading: _Reading,
    rows: Rows,
    change: Change,
    seconds: float,
) -> dict[str, Any]:
    return {
        "name": about["name"], "source": about["source"], "version": change.version,
        "items": reading.facts.items, "rows": reading.rows, "refused": reading.refused,
        "causes": dict(reading.causes.most_common()), "mended": dict(rows.mended.most_common()),
        "change": asdict(change), "seconds": round(seconds, 2),
        "fields": reading.facts.fields(about["fields"]),
        "id": seen.plan.id.name if seen.plan.id else "made from title, year and people",
        "title": seen.plan.title.name,
        "skipped": [column.name for column in seen.plan.of_role(SKIP)],
        "warnings": _too_many(seen) + reading.facts.warnings(about["fields"]),
    }  # fmt: skip


def _too_many(seen: Look) -> list[str]:
    taken = len(seen.plan.columns)
    return [
        f"more columns than are taken in: the {taken:,} that are filled most often, without "
        f"{seen.left_out:,} others"
    ] if seen.left_out else []  # fmt: skip


def _records(path: Path, bounds: Bounds, progress: Progress | None) -> Iterator[Record | Refused]:
    for count, one in enumerate(records_in(members(path, bounds), path.name, bounds), start=1):
        if count > bounds.rows:
            raise CatalogError(f"{path.name}: has more than {bounds.rows:,} rows; split it, or "
                               f"leave rows out")  # fmt: skip
        if progress is not None and not count % 1_000:
            progress(count)
        yield one


def _as_before(plan: Plan, known: Mapping[str, Column], year_in_title: bool, name: str) -> Plan:
    """The plan of another file for the same catalog."""
    columns = []
    for column in plan.columns:
        if column.name in known:
            then = known[column.name]
            columns.append(replace(then, mark=column.mark or then.mark))
        elif column.role in ("id", TITLE):
            columns.append(column)
    result = Plan(tuple(columns), year_in_title)
    for role in (TITLE, "id"):
        before = [c.name for c in known.values() if c.role == role]
        found = result.of_role(role)
        if before and not found:
            raise CatalogError(
                f"{name}: needs the column {before[0]!r} as at the import, or {role!r}"
            )
        if len(found) > 1:
            columns.remove(next(c for c in found if c.name not in known))
    return Plan(tuple(columns), year_in_title)


def _tuples(column: Mapping[str, Any]) -> dict[str, Any]:
    return {**column, "examples": tuple(column["examples"])}


def _without_details(cause: str) -> str:
    return re.sub(r"'[^']*'|\"[^\"]*\"|\d[\d,.]*", "…", cause)
