"""Baselines as rankers of the app: each answers, and what one lacks is said at once."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from scripted_models import FILMS, HashingEncoder, ScriptedModel

from recommender.__main__ import main
from recommender.dialogue import Done, Reply
from recommender.engine import Recommender
from recommender.evaluation.app_rankers import behaviour_of, make_ranker
from recommender.evaluation.shelf import Shelf
from recommender.settings import BASELINES, LEARNED_RANKERS, RANKERS, Settings, SettingsError
from recommender.ui.model_line import model_line
from retrieval.catalog import Catalog
from retrieval.interactions import InteractionsError


@pytest.fixture
def interactions(tmp_path: Path, films: Catalog) -> Path:
    """Twelve people take four films each, going backwards in the file and forwards in time;
    the third film most often of all."""
    path = tmp_path / "taken.jsonl"
    rows = [
        {"user": user, "item": films.items[n % len(films)].id, "time": when, "rating": 5}
        for user in range(12)
        for when, n in sorted(enumerate((user, user + 1, user + 2, 2)), reverse=True)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def reply_by(settings: Settings, utterance: str) -> Reply:
    make = partial(make_ranker, settings, False)
    recommender = Recommender(
        settings, encoder=HashingEncoder(), language_model=ScriptedModel(), ranker=make
    )
    try:
        *_, last = recommender.reply(recommender.open_session().id, utterance, 5)
    finally:
        recommender.close()
    assert isinstance(last, Done)
    return last.reply


@pytest.mark.parametrize("name", BASELINES)
def test_each_baseline_ranks_in_the_app(
    name: str, interactions: Path, films: Catalog, tmp_path: Path
) -> None:
    given = interactions if name in LEARNED_RANKERS else None
    settings = Settings(catalog=str(FILMS), data=tmp_path, ranker=name, interactions=given)
    reply = reply_by(settings, f"I loved {films.items[0].title}")
    scores = [pick.score for pick in reply.picks]
    assert len(scores) == 5 and np.isfinite(scores).all()
    assert scores == sorted(scores, reverse=True)
    assert reply.degraded is None and reply.model["ranker"] == name
    assert all(pick.language_score is None for pick in reply.picks)
    assert f"ranked by {name}" in model_line(reply.model)


def test_popularity_puts_what_most_people_took_first(
    interactions: Path, films: Catalog, tmp_path: Path
) -> None:
    settings = Settings(
        catalog=str(FILMS), data=tmp_path, ranker="popularity", interactions=interactions
    )
    assert reply_by(settings, "anything").picks[0].item.id == films.items[2].id


def test_histories_go_by_time(interactions: Path, films: Catalog) -> None:
    behaviour = behaviour_of(interactions, films)
    assert behaviour.users[3] == "3"
    assert behaviour.sequences[3].tolist() == [3, 4, 5, 2]
    assert [len(s) for s in behaviour.training("everything")] == [
        len(s) for s in behaviour.sequences
    ]


def test_all_that_are_offered_there_are(shop: object, tmp_path: Path) -> None:
    names = {*Shelf(shop, "test", tmp_path).names, "two-tower", "tem"}  # type: ignore[arg-type]
    assert set(BASELINES) <= names
    assert set(BASELINES) <= set(RANKERS)


@pytest.mark.parametrize("name", LEARNED_RANKERS)
def test_who_learns_from_interactions_asks_for_them(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SettingsError, match="--interactions FILE"):
        Settings(ranker=name)
    assert main(["ask", "something", "--ranker", name]) == 2
    told = capsys.readouterr().err
    assert name in told and "--interactions" in told and told.count("\n") == 1


def test_interactions_of_another_catalog_are_refused(films: Catalog, tmp_path: Path) -> None:
    path = tmp_path / "short.csv"
    item = films.items[0].id
    path.write_text(f"user,item\nann,{item}\nben,{item}\nann,elsewhere\n", encoding="utf-8")
    with pytest.raises(InteractionsError, match=r"short\.csv: no user has 3 liked items"):
        behaviour_of(path, films)
