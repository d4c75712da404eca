"""Catalogs by their names: bundled ones, imported ones, and files taken in on the spot.

Imported catalogs lie in `catalogs/NAME` below the data folder, files that were only named in
`catalogs/.files`, under the checksum of their content.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from retrieval.catalog import (
    Catalog,
    Item,
    assembled,
    bundled_names,
    item_of,
    load_catalog,
)
from retrieval.field_table import nouns_for
from retrieval.field_words import with_values
from retrieval.fields import CatalogError, Field, Kind, fields_of_card, spelt_alike
from retrieval.intake.bounds import OWN
from retrieval.intake.card import facts_of
from retrieval.intake.export import rows_of
from retrieval.intake.importing import Progress, look, take_in
from retrieval.intake.storage import CatalogStorage

FOLDER = "catalogs"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_READER = 2  # raised when the same file would be taken in otherwise


@dataclass(frozen=True)
class Found:
    """A catalog at one version, and the storage that newer ones come from, if it is kept."""

    catalog: Catalog
    version: int = 0
    storage: CatalogStorage | None = None


def find_catalog(name_or_path: str, data: Path, progress: Progress | None = None) -> Found:
    """The catalog that a name or path means: bundled, imported, or of any file.

    A file that this project wrote is read as it stands, any other is imported for the
    occasion. Raises `CatalogError`.
    """
    if name_or_path in bundled_names():
        return Found(load_catalog(name_or_path))
    if _NAME.fullmatch(name_or_path):
        storage = CatalogStorage(data / FOLDER / name_or_path)
        if storage.version:
            return read_stored(storage)
    path = Path(name_or_path).expanduser()
    if not path.exists():
        known = ", ".join([*bundled_names(), *imported_names(data)])
        raise CatalogError(
            f"no catalog {name_or_path!r}: neither bundled nor imported ({known}), nor a file; "
            f"name one of these, give a path, or run `python -m recommender catalog import FILE`"
        )
    if not (path.is_file() or path.is_dir()):
        raise CatalogError(f"{path}: is a pipe or a device; expected a file or folder")
    return (
        Found(load_catalog(str(path)))
        if is_our_own(path)
        else read_stored(_on_the_spot(path, data, progress))
    )


def storage_of(name: str, data: Path) -> CatalogStorage:
    """The storage of an imported catalog, there or not. Raises `CatalogError` for no name."""
    if not _NAME.fullmatch(name):
        raise CatalogError(
            f"{name[:80]!r} can't name a catalog; expected up to 64 letters, digits, - and _"
        )
    if name in bundled_names():
        raise CatalogError(f"{name!r} is the bundled catalog's name; choose another one")
    return CatalogStorage(data / FOLDER / name)


def imported_names(data: Path) -> list[str]:
    folder = data / FOLDER
    names = sorted(p.name for p in folder.iterdir()) if folder.is_dir() else []
    return [n for n in names if _NAME.fullmatch(n) and CatalogStorage(folder / n).version]


def read_stored(storage: CatalogStorage) -> Found:
    """The catalog of a storage as it stands now. Raises `CatalogError`."""
    with storage.reading() as stored:
        about = stored.about
        card: Mapping[str, Any] = about["card"]
        given = "fields" in card
        where = Path(f"{about['name']}.toml")
        fields = fields_of_card(card, where) if given else [
            Field(f["name"], Kind(f["kind"]), f["label"], unit=f["unit"]) for f in about["fields"]
        ]  # fmt: skip
        items = [item_of(row, fields, about["name"]) for row in stored.rows]
        gone = [item_of(row, fields, about["name"]) for row in stored.gone]
        version, checksum = stored.version, stored.checksum
    if not items:
        raise CatalogError(f"catalog {about['name']!r} has no items left; import it again")
    if not given:
        facets = spelt_alike([item.facets for item in items])
        items = [replace(i, facets=held) for i, held in zip(items, facets, strict=True)]
        fields = [_with_words(f, items, about["name"]) for f in fields]
    name = about["name"]
    return Found(assembled(name, items, fields, card, checksum, gone), version, storage)


def card_of(found: Found) -> dict[str, Any]:
    """What is told of a catalog: as it was when it was imported, or counted now."""
    kept = found.storage.card if found.storage is not None else {}
    if kept.get("version") == found.version and kept:
        return kept
    catalog = found.catalog
    fields = [
        {"name": f.name, "kind": str(f.kind), "label": f.label, "unit": f.unit}
        for f in catalog.fields.values()
    ]
    facts = facts_of(rows_of(catalog), fields)
    return {
        "name": catalog.name, "source": kept.get("source", "its file"), "version": found.version,
        "items": len(catalog), "fields": facts.fields(fields), "warnings": facts.warnings(fields),
    }  # fmt: skip


def is_our_own(path: Path) -> bool:
    """Whether a file is lines of JSON with `id` and `title`, as this project writes them."""
    if path.suffix != ".jsonl" or not path.is_file():
        return False
    try:
        with path.open(encoding="utf-8") as lines:
            row = json.loads(lines.readline(OWN.line))
    except (ValueError, OSError, RecursionError):
        return path.with_suffix(".toml").exists()
    return isinstance(row, dict) and {"id", "title"} <= row.keys()


def _on_the_spot(path: Path, data: Path, progress: Progress | None) -> CatalogStorage:
    name = re.sub(r"[^\w-]+", "-", path.name.split(".")[0]).strip("-") or "catalog"
    storage = CatalogStorage(data / FOLDER / ".files" / f"{name}-{_checksum(path)}")
    if not storage.version:
        take_in(look(path, OWN, progress=progress), storage, name, OWN, progress=progress)
    return storage


def _checksum(path: Path) -> str:
    """Of the content of a file, or of all files of a folder."""
    files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
    state = hashlib.sha256(str(_READER).encode())
    for file in files:
        with file.open("rb") as content:
            state.update(hashlib.file_digest(content, "sha256").digest())
    return state.hexdigest()[:16]


def _with_words(field: Field, items: list[Item], name: str) -> Field:
    if field.kind is not Kind.CATEGORY:
        return field
    held = Counter(v for item in items for v in item.facets.get(field.name, ()))
    return with_values(field, held, len(items), nouns_for(name))
