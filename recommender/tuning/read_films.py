"""Films: the bundled catalog, and MovieLens joined with texts by title and year.

MovieLens' films have the fields of the bundled catalog, and where a film is in both, its
facts are the bundled ones, so that histories of real people speak of the items that the
chat shows, in the same words. Films of which no theme is known are left out: beside others
they would give away that few people know them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from recommender.tuning.behaviour import (
    Behaviour,
    checksums,
    csv_rows,
    json_rows,
    leave_two_out,
)
from retrieval.catalog import BUNDLED, Catalog, Item, fold, load_catalog

LIKED_FROM = 4.0  # stars
_GENRES = {
    "Sci-Fi": "Science Fiction", "Film-Noir": "Film Noir", "Children": "Family",
    "Animated": "Animation", "Biographical": "Biography", "Historical": "History",
    "Children's": "Family", "Sports": "Sport", "Suspense": "Thriller", "Superhero": "Action",
}  # fmt: skip
_NO_GENRE = ("IMAX", "(no genres listed)", "unknown")
_NAME = re.compile(r"(.+?)\s*\((\d{4})\)\s*")
_ARTICLE = re.compile(r"(.+), (The|A|An|Les?|La|Il|El|Das|Der|Die)")
_LANGUAGES = {"en": "English", "fr": "French", "de": "German", "ja": "Japanese",
              "es": "Spanish", "it": "Italian", "ko": "Korean", "zh": "Mandarin"}  # fmt: skip
_LONGEST_THEME = 25  # characters
_THEMES = 5  # of a film
_QUEUE = "In Netflix queue"  # a tag that tells of the user, not of the film
_NOT_A_THEME = ("woman director", "aftercreditsstinger", "duringcreditsstinger", "3d")


@dataclass(frozen=True)
class _Texts:
    """What other sets know of a film."""

    synopsis: str = ""
    keywords: tuple[str, ...] = ()
    cast: tuple[str, ...] = ()
    language: str = ""


def read_bundled(data: Path) -> Behaviour | None:
    """The films that come with the project; no people, but all that is said of items."""
    path = BUNDLED / "movies.jsonl"
    return Behaviour("films", load_catalog("movies"), files=checksums(BUNDLED, path))


def read_movielens(data: Path) -> Behaviour | None:
    """MovieLens' ratings of four stars and more as histories, or None where there are none."""
    folder = data / "movies"
    movies = folder / "ml-latest-small" / "movies.csv.gz"
    ratings = folder / "ml-latest-small" / "ratings.csv.gz"
    if not movies.is_file() or not ratings.is_file():
        return None
    wiki, tmdb = folder / "wikipedia_films.jsonl.gz", folder / "tmdb_5000.jsonl.gz"
    tags = folder / "ml-latest-small" / "tags.csv.gz"
    catalog = _catalog(csv_rows(movies, "movieId", "title"), _texts(wiki, tmdb), _tags(tags))
    liked: dict[str, list[tuple[int, str]]] = {}
    for row in csv_rows(ratings, "userId", "movieId", "rating", "timestamp"):
        if float(row["rating"]) >= LIKED_FROM and row["movieId"] in catalog:
            liked.setdefault(row["userId"], []).append((int(row["timestamp"]), row["movieId"]))
    histories = (
        # Ties of time go by id, so that the file's order has no say.
        leave_two_out(user, [item for _, item in sorted(rows)])
        for user, rows in liked.items()
    )
    return Behaviour(
        "movielens",
        catalog,
        tuple(h for h in histories if h is not None),
        files=checksums(data, movies, ratings, tags, wiki, tmdb),
        left_out="films without a known theme; ratings below 4 stars; the last liked film of each user, which is the test",
    )


def _catalog(
    rows: Iterable[Mapping[str, Any]],
    texts: Mapping[tuple[str, int], _Texts],
    tags: Mapping[str, tuple[str, ...]],
) -> Catalog:
    bundled = load_catalog("movies")
    known = {(fold(i.title), int(i.year)): i for i in bundled.items if i.year is not None}
    items = []
    for row in rows:
        title, year = title_and_year(row["title"])
        if year is None:
            continue  # series mostly
        twin = known.get((fold(title), year))
        if twin is not None:
            items.append(Item(row["movieId"], twin.title, twin.facets, twin.numbers, twin.texts))
        else:
            found = texts.get((fold(title), year), _Texts())
            themes = found.keywords or tags.get(row["movieId"], ())
            if themes:
                items.append(_item(row, title, year, replace(found, keywords=themes)))
    return Catalog(
        "movielens",
        items,
        bundled.fields.values(),
        nouns=(bundled.noun, bundled.nouns),
        other_nouns=bundled.other_nouns,
        verb=bundled.verb,
        done=bundled.done,
    )


def _item(row: Mapping[str, Any], title: str, year: int, texts: _Texts) -> Item:
    facets = {
        "genres": genres_of(row["genres"].split("|")),
        "keywords": texts.keywords,
        "cast": texts.cast,
        "language": (texts.language,) if texts.language else (),
    }
    return Item(
        row["movieId"],
        title,
        {name: values for name, values in facets.items() if values},
        {"year": float(year)},
        {"synopsis": texts.synopsis} if texts.synopsis else {},
    )


def _tags(path: Path) -> dict[str, tuple[str, ...]]:
    """What MovieLens' users called films, those tags first that more of them used."""
    used: dict[str, Counter[str]] = {}
    for row in csv_rows(path, "movieId", "tag") if path.is_file() else ():
        if row["tag"] != _QUEUE and len(row["tag"]) < _LONGEST_THEME:
            used.setdefault(row["movieId"], Counter())[row["tag"].lower()] += 1
    return {
        film: tuple(sorted(tags, key=lambda t: (-tags[t], t))[:_THEMES])
        for film, tags in used.items()
    }


def title_and_year(name: str) -> tuple[str, int | None]:
    """ "Shining, The (Das Leuchten) (1980)" as "The Shining" and 1980."""
    match = _NAME.fullmatch(name.strip())
    title = match[1] if match else name
    title = re.sub(r"\s*\([^)]*\)", "", title).strip() or title.strip()
    article = _ARTICLE.fullmatch(title)
    plain = f"{article[2]} {article[1]}" if article else title
    return plain, int(match[2]) if match else None


def genres_of(names: Iterable[str]) -> tuple[str, ...]:
    """MovieLens' genres by the names of the bundled catalog."""
    return tuple(dict.fromkeys(_GENRES.get(g, g) for g in names if g not in _NO_GENRE))


def _texts(wiki: Path, tmdb: Path) -> dict[tuple[str, int], _Texts]:
    found: dict[tuple[str, int], _Texts] = {}
    for row in json_rows(wiki, "title", "year") if wiki.is_file() else ():
        if row.get("extract"):
            cast = tuple(row.get("cast") or ())[:4]
            found[fold(row["title"]), int(row["year"])] = _Texts(row["extract"], cast=cast)
    for row in json_rows(tmdb, "title") if tmdb.is_file() else ():
        if not str(row.get("year")).isdigit():
            continue
        key = fold(row["title"]), int(row["year"])
        before = found.get(key, _Texts())
        themes = [
            k
            for k in row.get("keywords") or ()
            if k not in _NOT_A_THEME and len(k) < _LONGEST_THEME
        ]
        # An overview tells the story; an encyclopedia tells who made the film.
        synopsis = row.get("overview") or before.synopsis
        language = _LANGUAGES.get(row.get("language") or "", "")
        found[key] = _Texts(synopsis, tuple(themes[:_THEMES]), before.cast, language)
    return found
