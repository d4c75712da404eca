"""ReDial's films as a catalog, its dialogues as cases and as queries to compare.

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
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from recommender.dialogue import Session
from recommender.understanding.understander import Understander, Understanding
from retrieval.catalog import BUNDLED, Catalog, fold, load_catalog
from retrieval.retriever import Query

_TAIL = 1200  # characters of a dialogue as a text: the encoder reads no more
_SOFT = {"genres", "year"}  # what people who recommend films stray from
_GENRES = {"sci-fi": "Science Fiction", "film-noir": "Film Noir"}
# ReDial's films have nothing of these fields, so that no limit of them could be met.
_ABSENT = re.compile(r"\n\[fields\.(?:language|runtime|keywords)\b.*?(?=\n\[|\Z)", re.DOTALL)


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
    def named_by_recommender(self) -> tuple[str, ...]:
        return tuple(i for u in self.utterances if not u.by_seeker for i in u.ids)

    @property
    def held_out(self) -> bool:
        """Whether the dialogue is of the test half; weights are chosen on the other."""
        return hashlib.sha256(self.dialogue.encode()).digest()[0] % 2 == 1


def read_films(data: Path, folder: Path) -> Films:
    """ReDial's films as a catalog, written with its card to `folder`.

    Rows that share a name, or an imdb id and a title (one with, one without its year), are
    one film. The card is that of the bundled films, without the fields that are not there.
    """
    rows: dict[str, dict[str, Any]] = {}
    by_name: dict[str, str] = {}
    imdb: dict[str, tuple[str, ...]] = {}
    undated: dict[tuple[str, str], str] = {}  # imdb id and title -> an item, to find twins
    films = list(_lines(data / "dialogues" / "redial_movies.jsonl.gz"))
    for film in sorted(films, key=lambda film: _split_name(film["name"])[1] is None):
        title, year = _split_name(film["name"])
        twin = undated.get((film["imdb_id"], fold(title))) if year is None else None
        known = by_name.get(film["name"]) or twin or f"r{film['redial_id']}"
        by_name[film["name"]] = known
        undated.setdefault((film["imdb_id"], fold(title)), known)
        imdb[known] = tuple(dict.fromkeys((*imdb.get(known, ()), film["imdb_id"])))
        rows.setdefault(known, _row(known, title, year, film))
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "redial.jsonl"
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows.values()), "utf-8")
    card = (BUNDLED / "movies.toml").read_text(encoding="utf-8")
    card = _ABSENT.sub("", card).replace('name = "movies"', 'name = "redial"')
    path.with_suffix(".toml").write_text(card, encoding="utf-8")
    return Films(load_catalog(str(path)), by_name, imdb)


def _row(item_id: str, title: str, year: int | None, film: dict[str, Any]) -> dict[str, Any]:
    genres = [_GENRES.get(value, value.capitalize()) for value in film["genre"]]
    row = {"id": item_id, "title": title, "year": year, "genres": genres,
           "directors": film["director"], "cast": film["star"], "synopsis": film["plot"].strip()}  # fmt: skip
    return {name: value for name, value in row.items() if value}


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


def read_mentions(data: Path, films: Films) -> dict[str, tuple[str, ...]]:
    """The films named by either side of each dialogue, by its id."""
    found = {}
    for talk in _lines(data / "dialogues" / "redial_dev.jsonl.gz"):
        names = (" ".join(name.split()) for name in talk["movieMentions"].values() if name)
        ids = dict.fromkeys(films.by_name[name] for name in names if name in films.by_name)
        found[talk["conversationId"]] = tuple(ids)
    return found


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


def of_nothing(case: Case, read: Understanding | None) -> Query:
    """No wish at all, for what can be had by popularity alone."""
    return Query(without=case.mentioned)


def last_utterance(case: Case, read: Understanding | None) -> Query:
    said = [u.text for u in case.utterances if u.by_seeker and u.text.strip()]
    return Query(said[-1] if said else "", without=case.mentioned)


def whole_dialogue(case: Case, read: Understanding | None) -> Query:
    text = " ".join(u.text for u in case.utterances).strip()
    return Query(text[-_TAIL:], without=case.mentioned)


def with_films(case: Case, read: Understanding | None) -> Query:
    """The whole dialogue with all films named in it as history: linking, without reading."""
    named = dict.fromkeys(i for u in case.utterances for i in u.ids)
    return replace(whole_dialogue(case, read), history=tuple(named))


def of_state(case: Case, read: Understanding | None) -> Query:
    """The query of the state. Films that the recommender named, or the seeker has seen, and
    that were not turned down, count as history: a person recommends by what was spoken of.
    """
    if read is None:
        return Query(history=case.named_by_recommender, without=case.mentioned)
    query, state = read.query, read.state
    known = {m.item_id for m in state.disliked} | set(query.liked)
    named = (*case.named_by_recommender, *(m.item_id for m in state.seen))
    others = [i for i in named if i not in known]
    return replace(
        query, history=tuple(dict.fromkeys((*query.history, *others))),
        without=query.without | case.mentioned, varied=False,
    )  # fmt: skip


def of_seeker(case: Case, read: Understanding | None) -> Query:
    """The query of the state as it is, with nothing that the recommender named."""
    query = read.query if read is not None else Query()
    return replace(query, without=query.without | case.mentioned, varied=False)


def of_state_softly(case: Case, read: Understanding | None) -> Query:
    """The same, but what was asked for is a wish, as a person would take it.

    What was ruled out stays so, and so does who an asked-for film must be by or with.
    """
    query = of_state(case, read)
    soft = tuple(one for one in query.limits if not one.negated and {*one.fields} & _SOFT)
    return replace(query, wishes=soft, limits=tuple(x for x in query.limits if x not in soft))


Maker = Callable[[Case, Understanding | None], Query]
QUERIES: dict[str, Maker] = {
    "last utterance": last_utterance,
    "whole dialogue": whole_dialogue,
    "whole dialogue and its films": with_films,
    "state": of_state,
    "state, without the recommender's films": of_seeker,
    "state, limits as wishes": of_state_softly,
}


def ratings(data: Path, films: Films) -> Iterator[dict[str, Any]]:
    """MovieLens' ratings of films that the catalog has too, joined by imdb id and year."""
    folder = data / "movies" / "ml-latest-small"
    years = {
        row["movieId"]: _split_name(row["title"])[1] for row in _rows(folder / "movies.csv.gz")
    }
    items: dict[str, list[str]] = {}
    for item_id, numbers in films.imdb.items():
        for number in numbers:
            items.setdefault(number, []).append(item_id)
    joined = {}
    for row in _rows(folder / "links.csv.gz"):
        for item_id in items.get(f"tt{row['imdbId']}", ()):
            ours, theirs = films.catalog[item_id].numbers.get("year"), years[row["movieId"]]
            # ReDial joins some films to a namesake of another year; those are left apart.
            if ours is None or theirs is None or abs(ours - theirs) <= 1:
                joined[row["movieId"]] = item_id
    for row in _rows(folder / "ratings.csv.gz"):
        if row["movieId"] in joined:
            yield {"user": row["userId"], "item": joined[row["movieId"]],
                   "rating": float(row["rating"])}  # fmt: skip


def _shown(session: Session, ids: tuple[str, ...]) -> Session:
    if not ids:
        return session
    state = session.state
    shown = tuple(dict.fromkeys((*state.shown, *ids)))
    return replace(session, state=replace(state, shown=shown, last_shown=ids, spoken_of=()))


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
