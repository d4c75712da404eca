"""Conversations with a simulated user: no leak, the same twice, figures by hand."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from recommender.engine import Recommender
from recommender.evaluation.conversations import (
    Conversation,
    SimulatedUser,
    chosen_targets,
    converse,
    reasons,
    success,
)  # fmt: skip
from recommender.evaluation.leaks import names, telling, words
from retrieval.catalog import Catalog


def test_a_simulated_user_never_tells_the_title(movies: Catalog) -> None:
    for target in movies.items:
        user = SimulatedUser(movies, target, 0)
        assert len(user.answers) >= 3, target.title
        for turn in range(12):
            said = user.says(turn)
            assert not names(said, target.title), target.title
            assert not telling(target.title, movies) & set(words(said)), target.title


def test_a_film_named_after_its_hero_is_not_told_by_its_hero(movies: Catalog) -> None:
    item = movies.items[0]
    planted = dataclasses.replace(
        item, title="Zyxwer", facets={**item.facets, "keywords": ("zyxwer", "madness")}
    )
    catalog = Catalog("planted", (planted, *movies.items[1:]), movies.fields.values())
    assert not any("zyxwer" in said for said in SimulatedUser(catalog, planted, 0).answers)
    assert any("madness" in said for said in SimulatedUser(catalog, planted, 0).answers)


def test_a_conversation_ends_when_the_item_is_shown_and_repeats(
    open_recommender: Callable[..., Recommender],
) -> None:
    recommender = open_recommender()
    catalog = recommender.catalog
    pleased = []
    for target in chosen_targets(catalog, 6, 1):
        one, two = (
            converse(recommender, SimulatedUser(catalog, target, 1), target) for _ in range(2)
        )
        assert one.utterances == two.utterances and one.pleased_after == two.pleased_after
        shown = [[p.item.id for p in reply.picks] for reply in one.replies]
        assert not any(target.id in picks for picks in shown[:-1])
        assert (target.id in shown[-1]) == (one.pleased_after is not None)
        pleased.append(one)
    assert any(c.pleased_after for c in pleased)  # each names an item among a few dozen
    judged = reasons(pleased, catalog)
    assert judged["backed"].value == 1
    # Composed reasons may say "as you asked" twice, which the check refuses as a repetition.
    assert 0 < judged["not repeating itself"].value < 1


def conversation(pleased_after: int | None, *replies: Any) -> Conversation:
    return Conversation("x", (), replies, pleased_after)


def test_success_by_hand() -> None:
    found = success([conversation(n) for n in (1, 3, 4, 10, None)])
    assert {name: f.value for name, f in found.items()} == {
        "success@3": 2 / 5, "success@5": 3 / 5, "success@10": 4 / 5,
    }  # fmt: skip


def test_a_reason_that_nothing_backs_is_seen(open_recommender: Callable[..., Recommender]) -> None:
    recommender = open_recommender()
    target = recommender.catalog.items[0]
    talk = converse(recommender, SimulatedUser(recommender.catalog, target, 0), target)
    reply = next(r for r in talk.replies if r.picks)
    wrong = [dataclasses.replace(p, reason="Its submarine wins a medal.") for p in reply.picks]
    planted = dataclasses.replace(reply, picks=tuple(wrong))
    judged = reasons([conversation(None, planted)], recommender.catalog)
    assert judged["backed"].value == 0
    if len(wrong) > 1:
        assert judged["different"].value == 0
