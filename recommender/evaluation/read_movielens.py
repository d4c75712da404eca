"""MovieLens as it is published: `ratings.csv` beside `movies.csv` (the latest ones, 20M to 32M),
`ratings.dat` beside `movies.dat` (1M, 10M), `u.data` beside `u.item` (100K); each also gzipped.

Every rating counts as taking the film up, whatever its stars.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from recommender.evaluation.data import DataError
from recommender.evaluation.splitting import Source
from recommender.tuning.behaviour import csv_rows, opened
from recommender.tuning.read_films import genres_of, title_and_year
from retrieval.catalog import Catalog, Item, load_catalog

_GENRES_OF_100K = (
    "unknown", "Action", "Adventure", "Animation", "Children's", "Comedy", "Crime", "Documentary",
    "Drama", "Fantasy", "Film-Noir", "Horror", "Musical", "Mystery", "Romance", "Sci-Fi",
    "Thriller", "War", "Western",
)  # fmt: skip
_RATING = ("userId", "movieId", "rating", "timestamp")
Row = Mapping[str, str]


@dataclass(frozen=True)
class _Layout:
    ratings: str
    films: str
    rows_of_ratings: Callable[[Path], Iterable[Row]]
    rows_of_films: Callable[[Path], Iterable[Row]]  # movieId, title, genres joined by |


def find(folder: Path) -> list[Source]:
    """MovieLens in a folder, in any of its layouts."""
    found = []
    for layout in _LAYOUTS:
        ratings, films = (_either(folder / name) for name in (layout.ratings, layout.films))
        if ratings and films:
            found.append(_source(folder, layout, ratings, films))
    return found


def _source(folder: Path, layout: _Layout, ratings: Path, films: Path) -> Source:
    return Source(
        f"movielens {folder.name}",
        (ratings, films),
        _taken(layout.rows_of_ratings(ratings), ratings),
        lambda kept: _catalog(layout.rows_of_films(films), kept),
    )


def _taken(rows: Iterable[Row], path: Path) -> Iterator[tuple[str, str, float]]:
    for number, row in enumerate(rows, start=1):
        try:
            yield row["userId"], row["movieId"], float(row["timestamp"])
        except ValueError:
            raise DataError(
                f"{path}, row {number}: {row['timestamp']!r} is no time; fetch the file again"
            ) from None


def _catalog(rows: Iterable[Row], kept: Collection[str]) -> Catalog:
    items = {film: Item(film, film, {}, {}, {}) for film in sorted(kept)}
    for row in rows:
        if row["movieId"] in items:
            title, year = title_and_year(row["title"])
            genres = genres_of(row["genres"].split("|"))
            items[row["movieId"]] = Item(
                row["movieId"], title, {"genres": genres} if genres else {},
                {} if year is None else {"year": float(year)}, {},
            )  # fmt: skip
    films = load_catalog("movies")  # for its fields and nouns
    return Catalog(
        "movielens", items.values(), films.fields.values(), nouns=(films.noun, films.nouns),
        other_nouns=films.other_nouns, verb=films.verb, done=films.done,
    )  # fmt: skip


def _split_rows(separator: str, *names: str) -> Callable[[Path], Iterator[Row]]:
    """What reads files without a header, in the old encoding of these sets."""

    def read(path: Path) -> Iterator[Row]:
        with opened(path, "latin-1") as lines:
            for number, line in enumerate(lines, start=1):
                parts = line.rstrip("\r\n").split(separator)
                if len(parts) < len(names):
                    raise DataError(
                        f"{path}, line {number}: expected {separator.join(names)}, "
                        f"found {line[:60].strip()!r}"
                    )
                yield dict(zip(names, parts, strict=False)) | {"rest": separator.join(parts)}

    return read


def _films_of_100k(path: Path) -> Iterator[Row]:
    """Flags for each genre stand at the end of a line."""
    for row in _split_rows("|", "movieId", "title")(path):
        flags = row["rest"].split("|")[-len(_GENRES_OF_100K) :]
        genres = [g for g, flag in zip(_GENRES_OF_100K, flags, strict=False) if flag == "1"]
        yield {**row, "genres": "|".join(genres)}


def _either(path: Path) -> Path | None:
    zipped = path.with_name(f"{path.name}.gz")
    return path if path.is_file() else zipped if zipped.is_file() else None


_LAYOUTS = (
    _Layout("ratings.csv", "movies.csv", lambda path: csv_rows(path, *_RATING),
            lambda path: csv_rows(path, "movieId", "title", "genres")),
    _Layout("ratings.dat", "movies.dat", _split_rows("::", *_RATING),
            _split_rows("::", "movieId", "title", "genres")),
    _Layout("u.data", "u.item", _split_rows("\t", *_RATING), _films_of_100k),
)  # fmt: skip
