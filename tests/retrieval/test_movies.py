"""The bundled films keep the promises of their card."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from retrieval.catalog import BUNDLED
from retrieval.catalogs.check_facts import alike, errors_of, fold

FILMS = [json.loads(line) for line in (BUNDLED / "movies.jsonl").read_text("utf-8").splitlines()]


def test_no_film_breaks_a_rule() -> None:
    assert [(film["id"], line) for film in FILMS for line in errors_of(film)] == []


def test_size_and_spread() -> None:
    assert len(FILMS) >= 1_000
    decades = Counter(film["year"] // 10 * 10 for film in FILMS)
    assert all(decades[decade] >= 10 for decade in range(1920, 2030, 10))
    assert len({genre for film in FILMS for genre in film["genres"]}) >= 18
    assert sum(film["language"] != "English" for film in FILMS) >= 0.15 * len(FILMS)


def test_no_film_twice_and_no_synopses_alike() -> None:
    assert len({(fold(film["title"]), film["year"]) for film in FILMS}) == len(FILMS)
    assert list(alike(FILMS)) == []


@pytest.mark.parametrize(
    ("change", "objection"),
    [
        ({"synopsis": "Too short."}, "words"),
        ({"genres": ["Space"]}, "genres"),
        ({"keywords": ["one", "two"]}, "keywords"),
        ({"runtime": 5}, "runtime"),
        ({"id": "alien"}, "id is not"),
        ({"cast": ["A B", "a b"]}, "repeat"),
    ],
)
def test_the_rules_can_be_broken(change: dict, objection: str) -> None:
    film = next(f for f in FILMS if f["id"] == "alien-1979")
    assert any(objection in line for line in errors_of({**film, **change}))
