"""Hold the bundled films against independent film data and say where they differ.

Reads a catalog of films and, from a folder, MovieLens (``ml-latest-small/``), the
Wikipedia film list, the TMDB 5000 set and ReDial's films. Any of them may be missing.
A film is joined by title and year, through MovieLens also by IMDb id, so that a source
that spells the title in another way is still consulted.

It reports two kinds of finding. An *error* breaks a rule of this catalog (a missing
field, a synopsis that is too long, two synopses that are nearly alike). A *difference* is
a fact that no source backs while at least one contradicts it; each wants a look, because
the sources err as well. It mends nothing by itself.

    python -m retrieval.catalogs.check_facts retrieval/catalogs/movies.jsonl --data DIR
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import re
import sys
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

GENRES = (
    "Action", "Adventure", "Animation", "Biography", "Comedy", "Crime", "Documentary",
    "Drama", "Family", "Fantasy", "Film Noir", "History", "Horror", "Music", "Musical",
    "Mystery", "Romance", "Science Fiction", "Silent", "Sport", "Thriller", "War", "Western",
)  # fmt: skip

# How the sources spell our genres. Words that are missing here are not comparable.
GENRE_SPELLINGS = {
    "biographical": "Biography", "children": "Family", "children's": "Family",
    "film-noir": "Film Noir", "historical": "History", "noir": "Film Noir",
    "sci-fi": "Science Fiction", "sports": "Sport", "suspense": "Thriller",
    **{genre.lower(): genre for genre in GENRES},
}  # fmt: skip

# Genres that people ask for by name and that the sources agree on. A wrong or a missing
# one is visible to a user; whether a film is also a "Drama" is a matter of taste.
TELLING_GENRES = frozenset({
    "Animation", "Documentary", "Horror", "Musical", "Science Fiction", "War", "Western",
})  # fmt: skip

LANGUAGE_CODES = {
    "en": "English", "fr": "French", "de": "German", "es": "Spanish", "it": "Italian",
    "ja": "Japanese", "ko": "Korean", "zh": "Mandarin", "cn": "Cantonese", "sv": "Swedish",
    "da": "Danish", "pt": "Portuguese", "ru": "Russian", "hi": "Hindi", "fa": "Persian",
    "pl": "Polish", "no": "Norwegian", "nl": "Dutch", "hu": "Hungarian", "ar": "Arabic",
    "th": "Thai", "id": "Indonesian", "ro": "Romanian", "he": "Hebrew", "cs": "Czech",
    "tr": "Turkish", "el": "Greek", "is": "Icelandic", "te": "Telugu", "ta": "Tamil",
}  # fmt: skip

FIELDS = {
    "id", "title", "year", "genres", "directors", "cast", "runtime", "language",
    "keywords", "synopsis",
}  # fmt: skip


@dataclass
class Evidence:
    """What the sources say of one film, each fact with the sources that say it."""

    genres: dict[str, set[str]] = field(default_factory=dict)  # source -> genres
    people: dict[str, set[str]] = field(default_factory=dict)  # source -> folded names
    directors: set[str] = field(default_factory=set)
    runtimes: set[int] = field(default_factory=set)  # minutes
    languages: set[str] = field(default_factory=set)


def fold(text: str) -> str:
    """Lower case without accents, punctuation or a leading article: a key to join on."""
    text = unicodedata.normalize("NFKD", text.casefold())
    text = "".join(c for c in text if not unicodedata.combining(c)).replace("&", " and ")
    text = re.sub(r"^(.*), (the|a|an|la|le|les|l'|il|el|das|der|die)$", r"\2 \1", text.strip())
    text = re.sub(r"[^\w]+", " ", text).strip()
    return re.sub(r"^(the|a|an) ", "", text)


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    if path.exists():
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            yield from (json.loads(line) for line in lines)


def read_table(path: Path) -> Iterator[dict[str, str]]:
    if path.exists():
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            yield from csv.DictReader(lines)


class Sources:
    """The films of all sources, found by folded title and by year."""

    def __init__(self, folder: Path) -> None:
        self.by_title: dict[str, dict[int, Evidence]] = defaultdict(lambda: defaultdict(Evidence))
        by_imdb: dict[str, list[Evidence]] = {}
        links = {
            row["movieId"]: f"tt{row['imdbId']}"
            for row in read_table(folder / "ml-latest-small" / "links.csv.gz")
        }
        for row in read_table(folder / "ml-latest-small" / "movies.csv.gz"):
            match = re.fullmatch(r"(.*?)\s*\((\d{4})\)\s*", row["title"])
            if match is None:
                continue
            # MovieLens adds other titles in brackets: "Seven (a.k.a. Se7en) (1995)".
            names = [re.sub(r"\s*\(.*?\)", "", match[1])]
            names += re.findall(r"\((?:a\.k\.a\. )?(.*?)\)", match[1])
            found = [self._at(name, int(match[2])) for name in names]
            for evidence in found:
                evidence.genres["MovieLens"] = _known_genres(row["genres"].split("|"))
            by_imdb[links.get(row["movieId"], "")] = found
        for film in read_lines(folder / "wikipedia_films.jsonl.gz"):
            evidence = self._at(film["title"], film["year"])
            evidence.genres["Wikipedia"] = _known_genres(film["genres"])
            evidence.people["Wikipedia"] = {fold(name) for name in film["cast"]}
        for film in read_lines(folder / "tmdb_5000.jsonl.gz"):
            if not film["year"]:
                continue
            evidence = self._at(film["title"], int(film["year"]))
            evidence.genres["TMDB"] = _known_genres(film["genres"])
            if film["runtime"] and float(film["runtime"]) > 0:
                evidence.runtimes.add(int(float(film["runtime"])))
            if film["language"] in LANGUAGE_CODES:
                evidence.languages.add(LANGUAGE_CODES[film["language"]])
        for film in read_lines(folder.parent / "dialogues" / "redial_movies.jsonl.gz"):
            match = re.fullmatch(r"(.*?)\s*\((\d{4})\)\s*", film["name"])
            own = [self._at(match[1], int(match[2]))] if match else []
            for evidence in own + by_imdb.get(film["imdb_id"] or "-", []):
                evidence.genres["ReDial"] = _known_genres(film["genre"] or [])
                evidence.people["ReDial"] = {fold(name) for name in film["star"] or []}
                evidence.directors |= {fold(name) for name in film["director"] or []}

    def _at(self, title: str, year: int) -> Evidence:
        return self.by_title[fold(title)][year]


def _known_genres(words: list[str]) -> set[str]:
    return {GENRE_SPELLINGS[w.lower()] for w in words if w.lower() in GENRE_SPELLINGS}


def errors_of(film: dict[str, Any]) -> Iterator[str]:
    """Broken rules of the bundled catalog, one line each."""
    if set(film) != FIELDS:
        yield f"fields differ: {sorted(set(film) ^ FIELDS)}"
        return
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*-\d{4}", film["id"]):
        yield "id is not of the form words-of-the-title-1979"
    elif not film["id"].endswith(f"-{film['year']}"):
        yield "the year in the id is not the year"
    if not 1900 <= film["year"] <= 2026:
        yield f"year {film['year']}"
    if not 1 <= len(film["genres"]) <= 4 or not set(film["genres"]) <= set(GENRES):
        yield f"genres {film['genres']}: one to four of the list"
    if not 1 <= len(film["directors"]) <= 4:
        yield f"{len(film['directors'])} directors"
    if not 0 <= len(film["cast"]) <= 5 or (not film["cast"] and not _may_lack_cast(film)):
        yield f"{len(film['cast'])} in the cast"
    if not 15 <= film["runtime"] <= 500:
        yield f"runtime {film['runtime']}"
    if not 3 <= len(film["keywords"]) <= 6 or any(k != k.lower() for k in film["keywords"]):
        yield f"keywords {film['keywords']}: three to six, lower case"
    for name in ("genres", "directors", "cast", "keywords"):
        if len({fold(value) for value in film[name]}) != len(film[name]):
            yield f"{name} repeat a value"
    words = len(film["synopsis"].split())
    if not 15 <= words <= 35:
        yield f"synopsis has {words} words, not 15 to 35"
    if not film["synopsis"].endswith((".", "!", "?")) or re.search(
        r"(?<!\b[A-Z])(?<!\bMr)(?<!\bDr)(?<!\bMrs)(?<!\bSt)[.!?]\s+[A-Z]", film["synopsis"]
    ):
        yield "synopsis is not one sentence"


def _may_lack_cast(film: dict[str, Any]) -> bool:
    return bool({"Animation", "Documentary"} & set(film["genres"]))


def differences_of(film: dict[str, Any], sources: Sources) -> Iterator[str]:
    """Facts that no source backs while at least one contradicts them."""
    years = sources.by_title.get(fold(film["title"]), {})
    if film["year"] not in years:
        near = sorted(year for year in years if abs(year - film["year"]) <= 3)
        if near:
            yield f"year {film['year']}, but the sources know this title from {near}"
        return
    evidence = years[film["year"]]
    own = set(film["genres"])
    backed = set().union(*evidence.genres.values()) if evidence.genres else set()
    if backed and not own & backed:
        yield f"genres {sorted(own)}, but the sources say {sorted(backed)}"
    votes = Counter(genre for said in evidence.genres.values() for genre in said)
    for genre in sorted(TELLING_GENRES - own):
        if votes[genre] > len(evidence.genres) / 2:
            yield f"not {genre}, but {votes[genre]} of {len(evidence.genres)} sources say so"
    for genre in sorted(TELLING_GENRES & own):
        if len(evidence.genres) > 1 and not votes[genre]:
            yield f"{genre}, but none of {len(evidence.genres)} sources says so"
    directors = {fold(name) for name in film["directors"]}
    if evidence.directors and not directors & evidence.directors:
        yield f"directors {film['directors']}, but ReDial says {sorted(evidence.directors)}"
    people = set().union(*evidence.people.values()) if evidence.people else set()
    if people and film["cast"] and not {fold(name) for name in film["cast"]} & people:
        yield f"cast {film['cast']}, but the sources say {sorted(people)[:5]}"
    if evidence.runtimes and min(abs(r - film["runtime"]) for r in evidence.runtimes) > 6:
        yield f"runtime {film['runtime']}, but TMDB says {sorted(evidence.runtimes)}"
    if evidence.languages and film["language"] not in evidence.languages:
        yield f"language {film['language']}, but TMDB says {sorted(evidence.languages)}"


def alike(films: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """Pairs of ids whose synopses share more than half of their runs of three words."""
    runs: dict[tuple[str, ...], list[int]] = defaultdict(list)
    sizes = []
    for place, film in enumerate(films):
        words = fold(film["synopsis"]).split()
        own = {tuple(words[i : i + 3]) for i in range(len(words) - 2)}
        sizes.append(len(own))
        for run in own:
            runs[run].append(place)
    shared: Counter[tuple[int, int]] = Counter()
    for places in runs.values():
        shared.update((a, b) for i, a in enumerate(places) for b in places[i + 1 :])
    for (a, b), count in shared.items():
        if count > min(sizes[a], sizes[b]) / 2:
            yield films[a]["id"], films[b]["id"]


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("catalog", type=Path)
    parser.add_argument("--data", type=Path, required=True, help="folder with the film data")
    options = parser.parse_args()
    if not options.data.is_dir():
        parser.error(f"--data {options.data}: no such folder")
    films = [json.loads(line) for line in options.catalog.read_text("utf-8").splitlines()]
    sources = Sources(options.data)
    errors = differences = joined = 0
    for film in films:
        for line in errors_of(film):
            errors += 1
            print(f"error       {film.get('id')}: {line}")
    repeated = [i for i, n in Counter(film["id"] for film in films).items() if n > 1]
    pairs = list(alike(films))
    for line in [f"id {i} repeats" for i in repeated] + [f"synopses alike: {p}" for p in pairs]:
        errors += 1
        print(f"error       {line}")
    for film in films:
        joined += film["year"] in sources.by_title.get(fold(film["title"]), {})
        for line in differences_of(film, sources):
            differences += 1
            print(f"difference  {film['id']}: {line}")
    foreign = sum(film["language"] != "English" for film in films)
    print(
        f"{len(films)} films, {joined} found in the sources, {errors} errors, "
        f"{differences} differences; {len({g for f in films for g in f['genres']})} genres, "
        f"{len({f['year'] // 10 for f in films})} decades, {foreign / len(films):.0%} not in English"
    )
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
