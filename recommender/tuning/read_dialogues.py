"""Dialogues: ReDial's, under `dialogues/`, of the half that is not kept for testing.

A film is welcome where the recommender suggested it and the seeker said to like it. All
films have ReDial's facts and no others: were some known better, a model would learn to pick
the better known.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from recommender.tuning.behaviour import (
    Behaviour,
    Said,
    Talk,
    checksums,
    is_for_testing,
    json_rows,
)
from retrieval.catalog import Catalog, Item, load_catalog

_MENTION = re.compile(r"@(\d+)")
_NAME = re.compile(r"(.+?)\s*\((\d{4})\)")
_GENRES = {"sci-fi": "Science Fiction", "film-noir": "Film Noir"}


def read(data: Path) -> Behaviour | None:
    """The dialogues under a data folder, or None where there are none."""
    dialogues = data / "dialogues" / "redial_dev.jsonl.gz"
    films = data / "dialogues" / "redial_movies.jsonl.gz"
    if not dialogues.is_file() or not films.is_file():
        return None
    rows = [
        row
        for row in json_rows(dialogues, "conversationId", "messages", "movieMentions")
        if not is_for_testing(str(row["conversationId"]))
    ]
    catalog = catalog_of(json_rows(films, "redial_id", "name"), rows)
    talks = tuple(talk_of(row, catalog) for row in rows)
    return Behaviour(
        "dialogues",
        catalog,
        talks=talks,
        files=checksums(data, dialogues, films),
        left_out="dialogues whose id hashes to the half kept for testing",
    )


def catalog_of(films: Iterable[Mapping[str, Any]], talks: Iterable[Mapping[str, Any]]) -> Catalog:
    """ReDial's films, with those that are only named in its dialogues."""
    bundled = load_catalog("movies")  # for its fields and nouns
    items: dict[str, Item] = {}
    for film in films:
        items[str(film["redial_id"])] = _item(str(film["redial_id"]), film["name"], film)
    for talk in talks:
        for film_id, name in (talk["movieMentions"] or {}).items():
            if name and film_id not in items:
                items[film_id] = _item(film_id, name, {})
    return Catalog(
        "dialogues",
        items.values(),
        bundled.fields.values(),
        nouns=(bundled.noun, bundled.nouns),
        verb=bundled.verb,
        done=bundled.done,
    )


def _item(film_id: str, name: str, film: Mapping[str, Any]) -> Item:
    name = " ".join(name.split())
    match = _NAME.fullmatch(name)
    title, year = (match[1], float(match[2])) if match else (name, None)
    genres = tuple(_GENRES.get(g, g.title()) for g in film.get("genre") or ())
    facets = {
        "genres": genres,
        "directors": tuple(film.get("director") or ()),
        "cast": tuple(film.get("star") or ()),
    }
    plot = (film.get("plot") or "").strip()
    return Item(
        film_id,
        title,
        {field: values for field, values in facets.items() if values},
        {} if year is None else {"year": year},
        {"synopsis": plot} if plot else {},
    )


def talk_of(row: Mapping[str, Any], catalog: Catalog) -> Talk:
    """A dialogue as ReDial writes it, with the films of the catalog by name."""
    said: list[Said] = []
    for message in row["messages"]:
        by_user = message["senderWorkerId"] == row.get("initiatorWorkerId")
        named = tuple(i for i in _MENTION.findall(message["text"]) if i in catalog)
        text = _MENTION.sub(
            lambda m: catalog[m[1]].name if m[1] in catalog else "that one", message["text"]
        )
        text = " ".join(text.split())
        if said and said[-1].by_user == by_user:
            said[-1] = Said(by_user, f"{said[-1].text} {text}", (*said[-1].items, *named))
        else:
            said.append(Said(by_user, text, named))
    answers = row.get("initiatorQuestions") or {}  # an empty list where nothing was answered
    welcome = frozenset(
        film_id
        for film_id, answer in (answers.items() if isinstance(answers, dict) else ())
        if answer.get("suggested") == 1 and answer.get("liked") == 1 and film_id in catalog
    )
    return Talk(str(row["conversationId"]), tuple(said), welcome)
