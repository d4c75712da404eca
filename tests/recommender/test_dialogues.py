"""Whole conversations about the bundled films, against what every turn should come to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.dialogues import BOOKS, FILMS, Outcome, load, run
from recommender.dialogue import Act
from recommender.engine import Recommender
from recommender.settings import Settings


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Outcome]]:
    folder: Path = tmp_path_factory.mktemp("dialogues")
    recommender = Recommender(Settings(model="none", data=folder))
    yield list(run(recommender, load(FILMS)))
    recommender.close()


def test_turns_come_to_what_is_expected(outcomes: list[Outcome]) -> None:
    wrong = [f"{o.dialogue}, {o.say}: {o.wrong}" for o in outcomes if o.wrong]
    assert len(wrong) <= 0.05 * len(outcomes), "\n".join(wrong)


def test_no_reply_breaks_a_limit_or_shows_what_is_known(outcomes: list[Outcome]) -> None:
    assert [(o.dialogue, o.say, o.broken) for o in outcomes if o.broken] == []


def test_the_conversations_are_many_and_do_all_that_can_be_done() -> None:
    films, books = load(FILMS), load(BOOKS)
    turns = [turn for dialogue in (*films, *books) for turn in dialogue["turn"]]
    assert len(films) >= 60
    assert len(books) >= 15
    assert len(turns) >= 300
    by_hand = {Act.EDIT}  # not done by words
    assert {act for turn in turns for act in turn["acts"]} == {str(a) for a in set(Act) - by_hand}
