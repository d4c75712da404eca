"""A user's own data: `interactions.csv` or `.jsonl` beside `items.jsonl`, each also gzipped.

Interactions have `user`, `item` and, if known, `rating` (4 and more count as liked) and
`time` (a number, or a date that sorts as text). Without a time the order of the file
counts. The items are a catalog as the chat reads it, with its card if there is one.
"""

from __future__ import annotations

import gzip
import tempfile
from pathlib import Path

from recommender.tuning.behaviour import (
    Behaviour,
    BehaviourError,
    History,
    checksums,
    csv_rows,
    json_rows,
    leave_two_out,
)
from retrieval.catalog import Catalog, CatalogError, load_catalog
from retrieval.interactions import in_time

LIKED_FROM = 4.0
NAME = "interactions"


def read(data: Path) -> Behaviour | None:
    """A user's own interactions and items, or None where there are none."""
    interactions, items = files_of(data)
    if interactions is None or items is None:
        return None
    catalog = catalog_in(items)
    histories = _histories(interactions, catalog)
    if not histories:
        raise BehaviourError(
            f"{interactions}: no user has four liked items of {items.name}; the ids of both "
            f"files must be the same"
        )
    card = items.with_name("items.toml")
    return Behaviour(
        NAME,
        catalog,
        histories,
        files=checksums(data, interactions, items, card),
        left_out="ratings below 4; the last liked item of each user, which is the test",
    )


def _histories(path: Path, catalog: Catalog) -> tuple[History, ...]:
    is_csv = ".csv" in path.suffixes
    rows = csv_rows(path, "user", "item") if is_csv else json_rows(path, "user", "item")
    liked: dict[str, list[tuple[tuple[float, str], int, str]]] = {}
    for number, row in enumerate(rows):
        try:
            rating = float(row["rating"]) if row.get("rating") not in (None, "") else None
        except ValueError:
            raise BehaviourError(
                f"{path}, row {number + 1}: rating {row['rating']!r} is no number"
            ) from None
        if str(row["item"]) in catalog and (rating is None or rating >= LIKED_FROM):
            liked.setdefault(str(row["user"]), []).append((in_time(row), number, str(row["item"])))
    found = (
        leave_two_out(user, [item for *_, item in sorted(entries)])
        for user, entries in liked.items()
    )
    return tuple(history for history in found if history is not None)


def files_of(data: Path) -> tuple[Path, Path] | tuple[None, None]:
    """The interactions and the items in a folder. Raises `BehaviourError` for half of them."""
    interactions = _first(data, "interactions.csv", "interactions.jsonl")
    if interactions is None:
        return None, None
    items = _first(data, "items.jsonl")
    if items is None:
        raise BehaviourError(
            f"{interactions}: needs the items beside it, as items.jsonl or items.jsonl.gz"
        )
    return interactions, items


def catalog_in(path: Path) -> Catalog:
    """A catalog, also gzipped, with the card beside it. Raises `BehaviourError`."""
    try:
        if path.suffix != ".gz":
            return load_catalog(str(path))
        with tempfile.TemporaryDirectory() as folder:
            plain = Path(folder) / path.stem
            plain.write_bytes(gzip.decompress(path.read_bytes()))
            card = path.with_name("items.toml")
            if card.is_file():
                (Path(folder) / card.name).write_bytes(card.read_bytes())
            return load_catalog(str(plain))
    except (CatalogError, OSError, EOFError) as error:
        raise BehaviourError(f"{path}: {error}") from error


def _first(data: Path, *names: str) -> Path | None:
    both = [data / f"{name}{end}" for name in names for end in ("", ".gz")]
    return next((path for path in both if path.is_file()), None)
