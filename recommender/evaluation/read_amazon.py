"""Amazon Reviews of one category, 2018 and 2023, as they are published.

2018: `NAME_5.json.gz` or `NAME.json.gz` beside `meta_NAME.json.gz`; 2023: `NAME.jsonl.gz`
beside `meta_NAME.jsonl.gz`; each also unpacked. Every review counts as taking the item up,
whatever its stars. Of an item its title and categories are read.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from recommender.evaluation.data import DataError
from recommender.evaluation.splitting import Source
from recommender.tuning.behaviour import json_rows
from recommender.tuning.read_games import short_title
from retrieval.catalog import Catalog, Field, Item, Kind

# By the ending of a year's files: the names of its columns, and how many units a second has.
_YEARS = {
    ".json": ("2018", "reviewerID", "asin", "unixReviewTime"),
    ".jsonl": ("2023", "user_id", "parent_asin", "timestamp"),
}


def find_2018(folder: Path) -> list[Source]:
    """The categories of 2018 in a folder. Raises `DataError` for one without its reviews."""
    return _find(folder, ".json")


def find_2023(folder: Path) -> list[Source]:
    """The categories of 2023 in a folder. Raises `DataError` for one without its reviews."""
    return _find(folder, ".jsonl")


def _find(folder: Path, kind: str) -> list[Source]:
    metas = [path for end in ("", ".gz") for path in sorted(folder.glob(f"meta_*{kind}{end}"))]
    return [_source(meta, kind) for meta in metas]


def _source(meta: Path, kind: str) -> Source:
    name = meta.name.removesuffix(".gz").removesuffix(kind).removeprefix("meta_")
    names = [f"{name}{core}{kind}{end}" for core in ("_5", "") for end in (".gz", "")]
    reviews = next((meta.with_name(n) for n in names if meta.with_name(n).is_file()), None)
    if reviews is None:
        raise DataError(f"{meta}: its reviews are not beside it, as {' or '.join(names[:3])}")
    year, *columns = _YEARS[kind]
    return Source(
        f"amazon-{year} {name}",
        (reviews, meta),
        _rows(reviews, columns),
        lambda kept: _catalog(meta, name, columns[1], kept),
    )


def _rows(reviews: Path, columns: list[str]) -> Iterator[tuple[str, str, float]]:
    user, item, time = columns
    for number, row in enumerate(json_rows(reviews, *columns), start=1):
        try:
            yield str(row[user]), str(row[item]), float(row[time])
        except (TypeError, ValueError):
            raise DataError(f"{reviews}, row {number}: {time} {row[time]!r} is no number") from None


def _catalog(meta: Path, name: str, column: str, kept: Collection[str]) -> Catalog:
    # An item that the metadata lacks is called by its id.
    items = {item_id: Item(item_id, item_id, {}, {}, {}) for item_id in sorted(kept)}
    for row in json_rows(meta, column):
        if (item_id := str(row[column])) in items:
            items[item_id] = _item(item_id, row)
    fields = (Field("categories", Kind.CATEGORY, "category"),)
    return Catalog(name, items.values(), fields, nouns=("product", "products"), verb="buy")


def _item(item_id: str, row: Mapping[str, Any]) -> Item:
    told = row.get("category") or row.get("categories") or ()
    # The first is the department, which all have in common.
    categories = tuple(dict.fromkeys(short_title(c) for c in told[1:] if isinstance(c, str)))
    title = short_title(str(row.get("title") or "")) or item_id
    return Item(item_id, title, {"categories": categories} if categories else {}, {}, {})
