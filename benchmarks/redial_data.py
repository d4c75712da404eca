"""ReDial's films as a catalog, and its dialogues as cases: what was said, what came next.

A case is a turn at which the recommender named films that nobody had named before. The
seeker's words are those at even places of a context, the recommender's those at odd ones.
Learns nothing; reads `dialogues/` and `movies/ml-latest-small/` of a data folder.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from recommender.dialogue import Session
from recommender.understanding.update import Understander, Understanding
from retrieval.catalog import BUNDLED, Catalog, fold, load_catalog

_GENRES = {"sci-fi": "Science Fiction", "film-noir": "Film Noir"}
_FACETS = {"genre": "genres", "director": "directors", "star": "cast"}
# ReDial's films have nothing of these fields, so that no limit of them could be met.
_ABSENT = re.compile(r"\n\[fields\.(?:language|runtime|keywords)\b.*?(?=\n\[|\Z)", re.DOTALL)
_SUBSTANTIVE = 3  # words from which on the dialogue's tail is taken as a text


@dataclass(frozen=True)
class Films:
    """The catalog, the item of each of ReDial's names, and the imdb ids of each item."""

    catalog: Catalog
    by_name: dict[str, str]
    imdb: dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Utterance:
    """One side's words up to the other's; `ids` are the films named in it, in order."""

    by_seeker: bool
    text: str
    ids: tuple[str, ...]


@dataclass(frozen=True)
class Case:
    """The utterances before a turn, and the films first named at it by the recommender."""

    dialogue: str
    utterances: tuple[Utterance, ...]
    gold: tuple[str, ...]

    @property
    def mentioned(self) -> frozenset[str]:
        return frozenset(i for utterance in self.utterances for i in utterance.ids)

    @property
    def held_out(self) -> bool:
        """Whether the dialogue is of the test half; weights are chosen on the other."""
        return hashlib.sha256(self.dialogue.encode()).digest()[0] % 2 == 1


def read_films(data: Path, folder: Path) -> Films:
    """ReDial's films as a catalog, written with its card to `folder`.

    Rows that share a name, or an imdb id and a title (one with and one without its year),
    are one film. The card is the bundled films', without the fields that are not there.
    """
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    by_name: dict[str, str] = {}
    imdb: dict[str, tuple[str, ...]] = {}
    for film in _lines(data / "dialogues" / "redial_movies.jsonl.gz"):
        title, year = _split_name(film["name"])
        known = by_name.get(film["name"])
        row = rows.setdefault((fold(title), film["imdb_id"] or film["name"]), {
            "id": known or f"r{film['redial_id']}", "title": title,
        })  # fmt: skip
        by_name[film["name"]] = row["id"]
        imdb[row["id"]] = tuple(dict.fromkeys((*imdb.get(row["id"], ()), film["imdb_id"])))
        if year:
            row["year"] = year
        for theirs, ours in _FACETS.items():
            row[ours] = [v for v in (_GENRES.get(v, v) for v in film[theirs]) if v.strip()]
        row["genres"] = [v if v in _GENRES.values() else v.capitalize() for v in row["genres"]]
        if film["plot"].strip():
            row["synopsis"] = film["plot"].strip()
    distinct = {row["id"]: row for row in rows.values()}
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "redial.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in distinct.values()) + "\n", "utf-8")
    card = (BUNDLED / "movies.toml").read_text(encoding="utf-8")
    card = _ABSENT.sub("", card).replace('name = "movies"', 'name = "redial"')

    path.with_suffix(".toml").write_text(card, encoding="utf-8")
    return Films(load_catalog(str(path)), by_name, imdb)


def read_cases(data: Path, films: Films) -> tuple[list[Case], int]:
    """The cases, and how many turns are none: no film that is new to the dialogue."""
    names = {
        talk["conversationId"]: {" ".join(name.split()) for name in talk["movieMentions"].values() if name}
        for talk in _lines(data / "dialogues" / "redial_dev.jsonl.gz")
    }  # fmt: skip
    cases, left_out = [], 0
    for turn in _lines(data / "dialogues" / "redial_dev_turns.jsonl.gz"):
        named = names.get(turn["dialog_id"], set()) | {*turn["entity"], *turn["rec"]}
        known = {name for name in named if name in films.by_name}
        utterances = tuple(
            Utterance(place % 2 == 0, text, _named(text, known, films))
            for place, text in enumerate(turn["context"])
        )
        case = Case(turn["dialog_id"], utterances, ())
        gold = dict.fromkeys(films.by_name[n] for n in turn["rec"] if n in films.by_name)
        case = replace(case, gold=tuple(i for i in gold if i not in case.mentioned))
        if case.gold:
            cases.append(case)
        else:
            left_out += 1
    return cases, left_out


def replay(cases: Iterable[Case], understander: Understander) -> list[Understanding | None]:
    """What is understood at each case, each dialogue read once; None before the first word.

    The recommender's films count as picks shown, in their order; the rest of what the
    recommender says is not read.
    """
    before: dict[tuple[str, int], tuple[Session, Understanding | None]] = {}
    result = []
    for case in cases:
        known = [n for d, n in before if d == case.dialogue and n <= len(case.utterances)]
        start = max(known, default=0)
        session, read = before.get((case.dialogue, start), (Session(case.dialogue), None))
        for utterance in case.utterances[start:]:
            if not utterance.by_seeker:
                session = _shown(session, utterance.ids)
            elif utterance.text.strip():
                read = understander.understand(session, utterance.text[:2000])
                session = Session(
                    session.id, session.turn + 1, read.state, (*session.earlier, session.state)
                )
        before[(case.dialogue, len(case.utterances))] = session, read
        result.append(read)
    return result


def ratings(data: Path, films: Films) -> Iterator[dict[str, Any]]:
    """MovieLens' ratings of films that the catalog has too, joined by imdb id."""
    folder = data / "movies" / "ml-latest-small"
    items = {number: i for i, numbers in films.imdb.items() for number in numbers}
    joined = {row["movieId"]: items[f"tt{row['imdbId']}"]
              for row in _rows(folder / "links.csv.gz") if f"tt{row['imdbId']}" in items}  # fmt: skip
    for row in _rows(folder / "ratings.csv.gz"):
        if row["movieId"] in joined:
            yield {"user": row["userId"], "item": joined[row["movieId"]],
                   "rating": float(row["rating"]), "time": float(row["timestamp"].split()[0])}  # fmt: skip


def _shown(session: Session, ids: tuple[str, ...]) -> Session:
    if not ids:
        return session
    state = session.state
    shown = tuple(dict.fromkeys((*state.shown, *ids)))
    focus = ids[0] if len(ids) == 1 else ""
    return replace(session, state=replace(state, shown=shown, last_shown=ids, focus=focus))


def _named(text: str, names: Iterable[str], films: Films) -> tuple[str, ...]:
    """The films whose names stand in a text, in its order; the longer name takes the place."""
    places: dict[int, str] = {}
    rest = " ".join(text.split())
    for name in sorted(names, key=len, reverse=True):
        for match in re.finditer(rf"(?<!\w){re.escape(name)}(?!\w)", rest):
            places[match.start()] = films.by_name[name]
        rest = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", lambda m: "\0" * len(m[0]), rest)
    return tuple(dict.fromkeys(places[place] for place in sorted(places)))


def _split_name(name: str) -> tuple[str, int | None]:
    match = re.fullmatch(r"(.+?)\s*\((\d{4})\)", name.strip())
    return (match[1], int(match[2])) if match else (name.strip(), None)


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        yield from (json.loads(line) for line in lines)


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)
