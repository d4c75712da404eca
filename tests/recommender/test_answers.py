"""Answers to questions: from the fields, and honest where these say nothing."""

from __future__ import annotations

import pytest

from recommender.answers import answer
from recommender.dialogue import DialogueState, Evidence, Pick, Session
from recommender.understanding.understander import Understander
from retrieval.catalog import Catalog, Item

SHOWN = ("heat-1995", "alien-1979", "casablanca-1942")
STATE = DialogueState(shown=SHOWN, last_shown=SHOWN, began=1, stands_for=1)


@pytest.fixture(scope="module")
def understander(movies: Catalog) -> Understander:
    return Understander(movies)


def said(understander: Understander, text: str, picked: dict[str, Pick] | None = None) -> str:
    read = understander.understand(Session("test", 1, STATE), text)
    return "\n".join(
        answer(one, understander.catalog, picked or {}, read.state) for one in read.questions
    )


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("how long is the first?", "170 minutes"),
        ("who directed Alien?", "Ridley Scott"),
        ("what year is the third from?", "1942"),
        ("is the second in English?", "Yes. Alien"),
        ("is the first a comedy?", "No. Heat"),
        ("is Al Pacino in the first?", "Yes. Heat"),
        ("was the third made before 1950?", "Yes. Casablanca"),
        ("what did the second cost?", "does not say"),
        ("which is longer, the first or the second?", "Heat (1995) is longer"),
        ("which of these is the oldest?", "Casablanca (1942) is the oldest"),
        ("compare the first two", "runtime: Heat: 170 minutes; Alien: 117 minutes"),
    ],
)
def test_answers(text: str, part: str, understander: Understander) -> None:
    assert part in said(understander, text)


def test_why_names_the_evidence_of_the_pick(understander: Understander, movies: Catalog) -> None:
    backing = (Evidence("item", "genres", "Horror"), Evidence("user", "turn 1", "scary"))
    pick = Pick(movies["alien-1979"], 2, 1.0, 1.0, reason="A horror film.", evidence=backing)
    text = said(understander, "why the second?", {"alien-1979": pick})
    assert "A horror film." in text
    assert "genre: Horror" in text
    assert "“scary” (turn 1)" in text


def test_why_says_so_where_an_item_was_not_suggested(understander: Understander) -> None:
    assert "not suggested" in said(understander, "why Titanic?")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Is Sonic Racing without mario?", "Yes. Sonic Racing."),
        ("Is Mario Tennis without mario?", "No. Mario Tennis."),
        ("Which of Sonic Racing and Mario Tennis has no mario?", "Sonic Racing. Sonic Racing."),
    ],
)
def test_titles_alone_can_answer(text: str, told: str) -> None:
    titles = ("Super Mario Kart", "Sonic Racing", "Mario Tennis")
    items = [Item(str(n), title, {}, {}, {}) for n, title in enumerate(titles)]
    games = Catalog("games", items, (), nouns=("game", "games"))
    read = Understander(games).understand(Session(""), text)
    assert [answer(one, games, {}, read.state) for one in read.questions] == [told]
