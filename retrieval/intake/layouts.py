"""Several files that make one catalog: which of them holds the items, and what the others add.

MovieLens' folders, old and new, are known by their names; of other folders and archives the
table is taken whose name says that it holds items.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from retrieval.fields import CatalogError
from retrieval.intake.bounds import Bounds
from retrieval.intake.delimited import delimited
from retrieval.intake.files import EXPECTED, Member, opened
from retrieval.intake.json_records import is_json, json_records
from retrieval.intake.parquet import MAGIC, parquet_records
from retrieval.intake.records import Record, Refused
from retrieval.intake.text import as_utf8, is_binary

_ITEMS = ("movies", "films", "books", "games", "items", "products", "metadata", "meta", "catalog",
          "catalogue", "steam", "songs", "tracks", "albums", "recipes", "anime", "volumes")  # fmt: skip
_TABLES = (".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson", ".parquet", ".pq", ".dat", ".gz")
_TAGS = 8  # the commonest of an item
_GENRES_100K = (
    "unknown", "Action", "Adventure", "Animation", "Children", "Comedy", "Crime", "Documentary",
    "Drama", "Fantasy", "Film-Noir", "Horror", "Musical", "Mystery", "Romance", "Sci-Fi",
    "Thriller", "War", "Western",
)  # fmt: skip
_INNER = ("volumeInfo.", "_source.", "fields.", "attributes.", "data.")  # wrappings of dumps


def records_in(found: Sequence[Member], name: str, bounds: Bounds) -> Iterator[Record | Refused]:
    """The records of what was given, row by row. Raises `CatalogError`."""
    by_stem = {member.stem: member for member in found}
    if "u" in by_stem and any(m.name.endswith("u.item") for m in found):
        yield from _movielens_100k(found, bounds)
    elif "movies" in by_stem and {"ratings", "tags", "links"} & set(by_stem):
        yield from _movielens(by_stem, bounds)
    else:
        for member in _tables(found, name):
            yield from of_member(member, bounds)


def of_member(
    member: Member, bounds: Bounds, header: tuple[str, ...] = ()
) -> Iterator[Record | Refused]:
    """The records of one file, in the format that its content is in."""
    with opened(member) as content:
        if content.peek(1 << 16).startswith(MAGIC):
            yield from parquet_records(content, member.name, bounds)
            return
        stream = as_utf8(content)
        head = stream.peek(1 << 16)[: 1 << 16]
        if is_json(head):
            for one in json_records(stream, member.name, bounds):
                yield _unwrapped(one) if isinstance(one, Record) else one
        elif head.lstrip().startswith(b"<"):
            raise CatalogError(f"{member.name}: is XML or a web page; expected {EXPECTED}")
        elif is_binary(head):
            raise CatalogError(f"{member.name}: is no text; expected {EXPECTED}")
        else:
            yield from delimited(stream, member.name, bounds, header)


def _tables(found: Sequence[Member], name: str) -> list[Member]:
    """The files that hold the items: one, or the parts of one."""
    tables = [
        m for m in found if m.name.lower().endswith(_TABLES) and m.stem not in ("readme", "license")
    ]
    if len(found) == 1:
        return list(found)
    for stem in _ITEMS:
        named = [m for m in tables if m.stem == stem or m.stem.startswith((f"{stem}_", f"{stem}-"))]
        if named:
            return named[:1]
    if len(tables) > 1 and all(m.stem.startswith(("part", "train", "0", "data")) for m in tables):
        return tables
    if len(tables) == 1:
        return tables
    names = ", ".join(m.name for m in (tables or found)[:12])
    raise CatalogError(
        f"{name}: {'several tables' if tables else 'no table'} in it ({names}); looked for one "
        f"named {', '.join(_ITEMS[:6])} …; give the file that holds the items"
    )


def _unwrapped(record: Record) -> Record:
    """Dumps of databases and of Google Books wrap what an item is."""
    for prefix in _INNER:
        if any(key.startswith(prefix) for key in record.cells):
            outer = {k: v for k, v in record.cells.items() if k in ("id", "_id")}
            inner = {
                k.removeprefix(prefix): v for k, v in record.cells.items() if k.startswith(prefix)
            }
            return Record(record.row, {**outer, **inner}, record.note)
    return record


# --- MovieLens -------------------------------------------------------------------------


def _movielens(files: dict[str, Member], bounds: Bounds) -> Iterator[Record | Refused]:
    """Films with their commonest tags, mean rating and number of ratings."""
    old = files["movies"].name.endswith(".dat")  # those have no row of names
    tags: dict[str, Counter[str]] = defaultdict(Counter)
    if "tags" in files:
        for cells in _cells(files["tags"], bounds, ("userId", "movieId", "tag", "timestamp"), old):
            tags[cells["movieId"]][cells["tag"].strip().lower()] += 1
    rated = _rated(files.get("ratings"), bounds, old)
    header = ("movieId", "title", "genres") if old else ()
    for one in of_member(files["movies"], bounds, header):
        if isinstance(one, Record):
            film = str(one.cells["movieId"])
            known = [tag for tag, _ in tags[film].most_common(_TAGS)] if film in tags else []
            one = Record(one.row, {**one.cells, "tags": known, **rated.get(film, {})}, one.note)
        yield one


def _movielens_100k(found: Sequence[Member], bounds: Bounds) -> Iterator[Record | Refused]:
    names = {member.name.rsplit("/")[-1]: member for member in found}
    rated = _rated(names.get("u.data"), bounds, True)
    header = ("movieId", "title", "released", "video", "url", *_GENRES_100K)
    for one in of_member(names["u.item"], bounds, header):
        if isinstance(one, Record):
            cells = one.cells
            genres = [name for name in _GENRES_100K[1:] if cells.get(name, "").strip() == "1"]
            film = {"movieId": cells["movieId"], "title": cells["title"], "genres": genres}
            one = Record(one.row, {**film, **rated.get(film["movieId"], {})}, one.note)
        yield one


def _rated(member: Member | None, bounds: Bounds, old: bool) -> dict[str, dict[str, Any]]:
    """Mean and number of the ratings of each film."""
    total: Counter[str] = Counter()
    count: Counter[str] = Counter()
    if member is not None:
        for cells in _cells(member, bounds, ("userId", "movieId", "rating", "timestamp"), old):
            total[cells["movieId"]] += float(cells["rating"])  # type: ignore[assignment]
            count[cells["movieId"]] += 1
    return {
        film: {"mean rating": round(total[film] / count[film], 2), "ratings count": count[film]}
        for film in count
    }


def _cells(
    member: Member, bounds: Bounds, header: tuple[str, ...], old: bool
) -> Iterator[dict[str, Any]]:
    for one in of_member(member, bounds, header if old else ()):
        if isinstance(one, Record):
            if not set(header[1:3]) <= set(one.cells):
                raise CatalogError(f"{member.name}: needs the columns {header[1]} and {header[2]}")
            yield dict(one.cells)
