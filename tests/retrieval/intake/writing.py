"""Files as people have them, written for a test, and what becomes of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from retrieval.intake.bounds import OWN, Bounds
from retrieval.intake.finding import Found, read_stored
from retrieval.intake.importing import look, take_in
from retrieval.intake.storage import CatalogStorage

HEADER = "id,title,author,year,genre,text\n"
ROWS = [
    f'{n},"Title, number {n}",Author {n % 7} Quill,{1950 + n},{["Horror", "Comedy", "Drama"][n % 3]},'
    f'"A story about thing {n}, told well."\n'
    for n in range(40)
]  # fmt: skip


def table(path: Path, rows: list[str] = ROWS, encoding: str = "utf-8") -> Path:
    path.write_bytes((HEADER + "".join(rows)).encode(encoding))
    return path


def changed(place: int, row: str) -> list[str]:
    return [*ROWS[:place], row, *ROWS[place + 1 :]]


def taken(path: Path, bounds: Bounds = OWN, **options: Any) -> tuple[dict[str, Any], Found]:
    """The card and the catalog of a file, kept beside it."""
    storage = CatalogStorage(path.parent / "kept" / path.name.replace(".", "-"))
    card = take_in(look(path, bounds), storage, path.name.split(".")[0], bounds, **options)
    return card, read_stored(storage)


def kept_under(roles: dict[str, str], path: Path) -> CatalogStorage:
    """The catalog of a file whose columns are mapped by hand."""
    storage = CatalogStorage(path.parent / "kept" / path.stem)
    take_in(look(path, OWN, roles), storage, path.stem, OWN)
    return storage


def refused(card: dict[str, Any]) -> list[dict[str, Any]]:
    lines = Path(card["refused_file"]).read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]
