"""A catalog back to a file, with a card that says all that is known of its fields."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from retrieval.catalog import Catalog, Field, Item
from retrieval.fields import CatalogError, Kind
from retrieval.intake.cleaning import harmless

FORMATS = (".jsonl", ".csv", ".tsv", ".parquet")
_MARK = "|"  # between several values in a cell


def export(catalog: Catalog, path: Path) -> list[Path]:
    """Write all items in the format that the ending says; gives what was written.

    Beside JSON lines goes a card, so that the file reads as the catalog does. In tables, texts
    that a spreadsheet would run are marked as text. A file is written as a whole or not at all.
    Raises `CatalogError`.
    """
    if path.suffix not in FORMATS:
        raise CatalogError(
            f"{path}: can't tell the format; expected an ending of {', '.join(FORMATS)}"
        )
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        if path.suffix == ".jsonl":
            _to_lines(catalog, draft)
        elif path.suffix == ".parquet":
            _to_parquet(catalog, draft)
        else:
            _to_table(catalog, draft, "\t" if path.suffix == ".tsv" else ",")
        os.replace(draft, path)
    except OSError as error:
        raise CatalogError(f"{path}: can't be written ({error.strerror})") from error
    finally:
        draft.unlink(missing_ok=True)
    if path.suffix != ".jsonl":
        return [path]
    card = path.with_suffix(".toml")
    card.write_text(card_in_toml(catalog), encoding="utf-8")
    return [path, card]


def rows_of(catalog: Catalog) -> Iterator[dict[str, Any]]:
    """The items as rows: lists for facets, numbers and texts as they are."""
    for item in catalog.items:
        yield {
            "id": item.id, "title": item.title,
            **{name: list(values) for name, values in item.facets.items()},
            **{n: int(v) if v.is_integer() else v for n, v in item.numbers.items()},
            **item.texts,
        }  # fmt: skip


def card_in_toml(catalog: Catalog) -> str:
    """A card that `load_catalog` reads, to be kept or edited."""
    lines = [
        f"name = {_quoted(catalog.name)}", f"noun = {_quoted(catalog.noun)}",
        f"nouns = {_quoted(catalog.nouns)}", f"other_nouns = {_listed(catalog.other_nouns)}",
        f"verb = {_quoted(catalog.verb)}", f"done = {_listed(catalog.done)}",
        f"examples = {_listed(catalog.examples)}",
    ]  # fmt: skip
    for field in catalog.fields.values():
        lines += ["", *_field_lines(field)]
    return "\n".join(lines) + "\n"


def _field_lines(field: Field) -> list[str]:
    name = f"fields.{_quoted(field.name)}"
    lines = [f"[{name}]", f"kind = {_quoted(field.kind)}", f"label = {_quoted(field.label)}"]
    if field.unit:
        lines.append(f"unit = {_quoted(field.unit)}")
    for key in ("roles", "asks", "more", "less", "only_named", "units"):
        if values := getattr(field, key):
            lines.append(f"{key} = {_listed(values)}")
    for key in ("words", "opposites", "hints"):
        by_value: dict[str, list[str]] = {}
        for spelling, values in getattr(field, key).items():
            for value in values:
                by_value.setdefault(value, []).append(spelling)
        if by_value:
            lines += ["", f"[{name}.{key}]"]
            lines += [f"{_quoted(value)} = {_listed(known)}" for value, known in by_value.items()]
    if field.ranges:
        lines += ["", f"[{name}.ranges]"]
        for part, ends in field.ranges.items():
            inner = ", ".join(f"{end} = {value!r}" for end, value in ends.items())
            lines.append(f"{_quoted(part)} = {{ {inner} }}")
    return lines


def _quoted(text: str) -> str:
    # A string of JSON is one of TOML, but for the one control character that JSON leaves.
    return json.dumps(str(text), ensure_ascii=False).replace("\x7f", "\\u007f")


def _listed(texts: tuple[str, ...] | list[str]) -> str:
    return f"[{', '.join(map(_quoted, texts))}]"


def _to_lines(catalog: Catalog, path: Path) -> None:
    with path.open("w", encoding="utf-8") as target:
        for row in rows_of(catalog):
            target.write(json.dumps(row, ensure_ascii=False) + "\n")


def _to_table(catalog: Catalog, path: Path, delimiter: str) -> None:
    names = ["id", "title", *catalog.fields]
    with path.open("w", encoding="utf-8", newline="") as target:
        writer = csv.writer(target, delimiter=delimiter)
        writer.writerow([harmless(name) for name in names])
        for item in catalog.items:
            writer.writerow([harmless(_cell(item, name)) for name in names])


def _cell(item: Item, name: str) -> str:
    if name in ("id", "title"):
        return item.id if name == "id" else item.title
    return _MARK.join(item.values(name))


def _to_parquet(catalog: Catalog, path: Path) -> None:
    import pyarrow
    import pyarrow.parquet

    kinds = {
        Kind.YEAR: pyarrow.float64(),
        Kind.NUMBER: pyarrow.float64(),
        Kind.TEXT: pyarrow.string(),
    }
    columns = [("id", pyarrow.string()), ("title", pyarrow.string())]
    columns += [
        (f.name, kinds.get(f.kind, pyarrow.list_(pyarrow.string())))
        for f in catalog.fields.values()
    ]
    schema = pyarrow.schema(columns)
    rows = [{key: row.get(key) for key in schema.names} for row in rows_of(catalog)]
    table = pyarrow.Table.from_pylist(rows, schema=schema)
    pyarrow.parquet.write_table(table, path, compression="zstd")
