"""An edit by hand as a turn of its own: it ranks again at once, is kept, and harms nobody."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from recommender.dialogue import Act, Done, Picked, Reply
from recommender.engine import EditError, Recommender, UnknownSessionError
from recommender.understanding.edits import parse_edit

Open = Callable[..., Recommender]
WISH = "a scary film in deep space, nothing after 1990"


def ask(recommender: Recommender, session: str, utterance: str) -> Reply:
    *_, last = recommender.reply(session, utterance)
    assert isinstance(last, Done)
    return last.reply


def edit(recommender: Recommender, session: str, **data: str) -> Reply:
    *_, last = recommender.edit(session, parse_edit(data))
    assert isinstance(last, Done)
    return last.reply


def key_of(recommender: Recommender, session: str, value: str) -> str:
    return next(one.key for one in recommender.understood(session) if one.value == value)


def test_an_edit_ranks_again_and_is_a_turn(open_recommender: Open) -> None:
    recommender = open_recommender()
    session = recommender.open_session().id
    first = ask(recommender, session, WISH)
    assert all(pick.item.numbers["year"] <= 1990 for pick in first.picks)
    key = key_of(recommender, session, "not after 1990")
    events = list(recommender.edit(session, parse_edit({"action": "remove", "key": key})))
    assert any(isinstance(event, Picked) for event in events)
    second = edit(recommender, session, action="add", kind="must", text="after 1990")
    assert second.picks
    assert all(pick.item.numbers["year"] > 1990 for pick in second.picks)
    said = [(r.turn, r.utterance, r.acts) for r in recommender.replies(session)]
    assert said == [
        (1, WISH, first.acts),
        (2, "Removed “not after 1990”", (Act.EDIT,)),
        (3, "Added “not before 1991”", (Act.EDIT,)),
    ]
    assert recommender.session(session).state.stands_for == 3


def test_an_edit_can_be_taken_back_in_words(open_recommender: Open) -> None:
    recommender = open_recommender()
    session = recommender.open_session().id
    ask(recommender, session, WISH)
    limits = recommender.session(session).state.limits
    key = key_of(recommender, session, "not after 1990")
    assert edit(recommender, session, action="remove", key=key).state.limits == ()
    assert ask(recommender, session, "undo that").state.limits == limits


def test_an_edit_can_open_a_conversation(open_recommender: Open) -> None:
    recommender = open_recommender()
    session = recommender.open_session().id
    reply = edit(recommender, session, action="add", kind="limit", text="Japanese")
    assert (reply.turn, reply.utterance) == (1, "Added “Japanese”")
    assert {pick.item.facets["language"] for pick in reply.picks} == {("Japanese",)}


def test_the_preview_writes_nothing(open_recommender: Open) -> None:
    recommender = open_recommender()
    session = recommender.open_session().id
    ask(recommender, session, WISH)
    before = recommender.export(session)
    what = parse_edit({"action": "add", "kind": "seen", "text": "Her"})
    assert recommender.preview(session, what) == "Added “Her (2001)” as seen"
    assert recommender.export(session) == before


@pytest.mark.parametrize(
    "data",
    [
        {"action": "add", "kind": "limit", "text": "asdf"},
        {"action": "add", "kind": "liked", "text": "${window.x=1}"},
        {"action": "change", "key": "x" * 10_000, "text": "French"},
        {"action": "remove", "key": "0123456789abcdef"},
    ],
)
def test_an_edit_that_fails_writes_nothing(open_recommender: Open, data: dict[str, str]) -> None:
    recommender = open_recommender()
    session = recommender.open_session().id
    ask(recommender, session, WISH)
    before = recommender.export(session)
    with pytest.raises(EditError):
        next(iter(recommender.edit(session, parse_edit(data))))
    assert recommender.export(session) == before


def test_a_key_of_another_conversation_fits_nothing_here(open_recommender: Open) -> None:
    recommender = open_recommender()
    mine, yours = recommender.open_session().id, recommender.open_session().id
    ask(recommender, mine, WISH)
    ask(recommender, yours, "a gentle comedy")
    before = recommender.export(mine)
    key = key_of(recommender, mine, "not after 1990")
    with pytest.raises(EditError, match="no longer there"):
        edit(recommender, yours, action="remove", key=key)
    with pytest.raises(UnknownSessionError):
        edit(recommender, "forged", action="remove", key=key)
    assert recommender.export(mine) == before


def test_an_edit_keeps_the_stars_and_takes_back_the_mark_of_its_line(
    open_recommender: Open,
) -> None:
    recommender = open_recommender()
    session = recommender.open_session().id
    one, other, *_ = (pick.item for pick in ask(recommender, session, WISH).picks)
    recommender.feedback(session, one.id, "rating", 5)
    recommender.feedback(session, one.id, "seen")
    recommender.feedback(session, other.id, "not_for_me")
    kinds = {line.kind: line for line in recommender.understood(session)}
    for kind in ("seen", "liked", "disliked"):
        edit(recommender, session, action="remove", key=kinds[kind].key)
    assert recommender.feedback_of(session) == {one.id: {"rating": 5}}
    state = recommender.session(session).state
    assert (state.seen, state.liked, state.disliked) == ((), (), ())


def test_seen_again_takes_it_back(open_recommender: Open) -> None:
    recommender = open_recommender()
    session = recommender.open_session().id
    item = ask(recommender, session, WISH).picks[0].item.id
    for times in (1, 2, 3):
        state = recommender.feedback(session, item, "seen").state
        assert [m.item_id for m in state.seen] == ([item] if times % 2 else [])
        assert recommender.session(session).state == state
        marks = recommender.feedback_of(session)
        assert marks == ({item: {"seen": True}} if times % 2 else {})


def test_the_export_holds_all_that_is_kept_and_of_this_session_alone(
    open_recommender: Open,
) -> None:
    recommender = open_recommender()
    session, other = recommender.open_session().id, recommender.open_session().id
    reply = ask(recommender, session, WISH)
    ask(recommender, other, "a secret western")
    edit(recommender, session, action="add", kind="taste", text="slow films")
    recommender.feedback(session, reply.picks[0].item.id, "rating", 4)
    kept: dict[str, Any] = json.loads(json.dumps(recommender.export(session)))
    assert kept["session"]["id"] == session
    assert [t["utterance"] for t in kept["turns"]] == [WISH, "Added “slow films”"]
    assert [p["title"] for p in kept["turns"][0]["picks"]] == [p.item.title for p in reply.picks]
    assert [(r["kind"], r["value"]) for r in kept["ratings"]] == [("rating", 4)]
    assert kept["state"]["taste"][0]["words"] == "slow films"
    assert "slow films" in [line["value"] for line in kept["understood"]]
    assert "secret" not in json.dumps(kept)
    rows = {"turns": len(kept["turns"]), "ratings": len(kept["ratings"]), "sessions": 1} | {
        name: sum(len(turn[name]) for turn in kept["turns"]) for name in ("picks", "candidates")
    }
    assert recommender.forget(session) == rows  # what was exported is all that there was
    with pytest.raises(UnknownSessionError):
        recommender.export(session)
