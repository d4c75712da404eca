"""Several turns: what is remembered, what is not repeated, and whose it is."""

from __future__ import annotations

from collections.abc import Callable
from itertools import zip_longest

import pytest
from scripted_models import ScriptedModel

from recommender.dialogue import Done, Picked, Reply
from recommender.engine import Recommender

Open = Callable[..., Recommender]
WISH = "a scary film set in deep space"


def ask(recommender: Recommender, session: str, utterance: str) -> Reply:
    *_, last = recommender.reply(session, utterance)
    assert isinstance(last, Done)
    return last.reply


def ids(reply: Reply) -> list[str]:
    return [pick.item.id for pick in reply.picks]


def test_the_same_request_never_repeats_an_item_while_others_are_left(
    open_recommender: Open,
) -> None:
    recommender = open_recommender()
    session = recommender.open_session().id
    shown: list[str] = []
    for utterance in (WISH, "more", WISH, "something else"):
        shown += ids(ask(recommender, session, utterance))
    assert len(shown) == len(set(shown)) == 12
    last = ask(recommender, session, WISH)
    assert len(last.picks) == 2  # of fourteen
    assert not set(ids(last)) & set(shown)
    again = ask(recommender, session, "more")
    assert again.picks
    assert "shown before" in again.message


def test_a_limit_holds_until_it_is_lifted(open_recommender: Open) -> None:
    recommender = open_recommender()
    session = recommender.open_session().id
    first = ask(recommender, session, "a film in deep space, nothing after 1990")
    more = ask(recommender, session, "more")
    for reply in (first, more):
        assert reply.picks
        assert all(pick.item.numbers["year"] <= 1990 for pick in reply.picks)
    lifted = ask(recommender, session, "forget the year")
    assert lifted.state.limits == ()
    assert any(pick.item.numbers["year"] > 1990 for pick in lifted.picks)


def test_where_nothing_fits_the_limit_that_would_have_to_give_is_named(
    open_recommender: Open,
) -> None:
    recommender = open_recommender()
    session = recommender.open_session().id
    reply = ask(recommender, session, "a western in Japanese, nothing after 1990")
    assert reply.picks == ()
    assert "No film in this catalog fits all of that" in reply.message
    assert "Without “" in reply.message
    assert "there would be 1 film." in reply.message  # the western, or the one of 1993
    assert any(s.startswith("Forget ") for s in reply.suggestions)
    after = ask(recommender, session, reply.suggestions[0])
    assert len(after.picks) == 1


def test_two_interleaved_sessions_share_nothing(open_recommender: Open) -> None:
    recommender = open_recommender(ScriptedModel(pieces=("A film of dread.",)))
    mine, yours = recommender.open_session().id, recommender.open_session().id
    first = recommender.reply(mine, "I loved Slow Orbit. Something in deep space")
    second = recommender.reply(yours, "a gentle comedy about friendship")
    done: list[Reply] = []
    for pair in zip_longest(first, second):
        done += [e.reply for e in pair if isinstance(e, Done)]
    replies = {r.session: r for r in done}
    assert [m.item_id for m in replies[mine].state.liked] == ["orbit"]
    assert replies[yours].state.liked == ()
    assert [p.words for p in replies[yours].state.wish] == ["a gentle comedy about friendship"]
    assert recommender.session(mine).state.shown == tuple(ids(replies[mine]))
    recommender.feedback(mine, ids(replies[mine])[0], "not_for_me")
    assert recommender.session(yours).state.disliked == ()
    assert recommender.feedback_of(yours) == {}
    alone = recommender.open_session().id
    assert ids(ask(recommender, alone, "a gentle comedy about friendship")) == ids(replies[yours])
    recommender.forget(mine)
    assert len(recommender.replies(yours)) == 1


@pytest.mark.parametrize(
    ("kind", "value", "place"),
    [
        ("more_like_this", None, "liked"), ("rating", 5, "liked"), ("rating", 4, "liked"),
        ("rating", 1, "disliked"), ("rating", 2, "disliked"), ("not_for_me", None, "disliked"),
        ("seen", None, "seen"), ("rating", 3, None),
    ],
)  # fmt: skip
def test_feedback_is_part_of_the_next_turn(
    open_recommender: Open, kind: str, value: int | None, place: str | None
) -> None:
    recommender = open_recommender()
    session = recommender.open_session().id
    item = ids(ask(recommender, session, WISH))[0]
    recommender.feedback(session, item, kind, value)
    after = ask(recommender, session, "something gentle")
    for name in ("liked", "disliked", "seen"):
        found = [m.item_id for m in getattr(after.state, name)]
        assert found == ([item] if name == place else [])
    assert recommender.feedback_of(session) == {item: {kind: value if kind == "rating" else True}}


def test_feedback_changes_the_next_picks(open_recommender: Open) -> None:
    """More like Nine Lamps brings the other film of its director forward."""
    recommender = open_recommender(rank_weight=0.0)
    picked: dict[str, list[str]] = {}
    for kind in ("nothing", "more_like_this", "not_for_me"):
        session = recommender.open_session().id
        first = ask(recommender, session, "a haunted house and grief")
        assert ids(first)[0] == "lamps"
        if kind != "nothing":
            recommender.feedback(session, "lamps", kind)
        picked[kind] = ids(ask(recommender, session, "more"))
    assert picked["more_like_this"] != picked["nothing"]
    assert picked["not_for_me"] != picked["more_like_this"]


def test_a_later_rating_takes_the_place_of_the_first(open_recommender: Open) -> None:
    recommender = open_recommender()
    session = recommender.open_session().id
    item = ids(ask(recommender, session, WISH))[0]
    recommender.feedback(session, item, "rating", 5)
    state = recommender.feedback(session, item, "rating", 1).state
    assert state.liked == ()
    assert [m.item_id for m in state.disliked] == [item]
    assert recommender.session(session).state == state


def test_a_liked_item_is_not_picked_and_draws_others_closer(open_recommender: Open) -> None:
    recommender = open_recommender(rank_weight=0.0)
    session = recommender.open_session().id
    reply = ask(recommender, session, "I loved The Hollow Hull")
    assert "hull" not in ids(reply)
    assert set(ids(reply)) & {"orbit", "lamps"}  # deep space, and the same director


@pytest.mark.parametrize("utterance", ["hello", "thanks", "start over"])
def test_small_talk_has_no_picks_and_asks_no_model(open_recommender: Open, utterance: str) -> None:
    model = ScriptedModel()
    recommender = open_recommender(model)
    session = recommender.open_session().id
    events = list(recommender.reply(session, utterance))
    assert not any(isinstance(e, Picked) for e in events)
    assert (model.asked, model.streams_begun) == (0, 0)
    assert recommender.replies(session)[0].message


def test_what_is_beyond_it_is_said_beside_the_picks(open_recommender: Open) -> None:
    recommender = open_recommender()
    session = recommender.open_session().id
    reply = ask(recommender, session, f"{WISH}. How are you?")
    assert reply.picks
    assert reply.message.startswith("The other thing is beyond me")


def test_rewinding_is_as_if_the_turn_had_never_been(open_recommender: Open) -> None:
    recommender = open_recommender()
    session = recommender.open_session().id
    ask(recommender, session, WISH)
    before = recommender.session(session)
    second = ask(recommender, session, "more, but funny")
    assert recommender.rewind(session, 2) == before
    assert ids(ask(recommender, session, "more, but funny")) == ids(second)
    assert recommender.rewind(session, 1).turn == 0


def test_a_session_goes_on_in_another_process_of_the_same_store(open_recommender: Open) -> None:
    first = open_recommender()
    session = first.open_session().id
    ask(first, session, "a film in deep space, nothing after 1990")
    state = first.session(session).state
    first.close()
    second = open_recommender()
    assert second.session(session).state == state
    assert ask(second, session, "more").turn == 2


def test_a_vague_wish_is_asked_about_once(open_recommender: Open) -> None:
    recommender = open_recommender()
    session = recommender.open_session().id
    messages = [ask(recommender, session, text).message for text in ("surprise me", "surprise me")]
    assert messages[0].endswith("?")
    assert not messages[1].endswith("?")


def test_forgetting_leaves_no_row(open_recommender: Open) -> None:
    recommender = open_recommender()
    session = recommender.open_session().id
    reply = ask(recommender, session, WISH)
    recommender.feedback(session, ids(reply)[0], "seen")
    assert recommender.forget(session) == {
        "candidates": 14, "picks": 3, "ratings": 1, "turns": 1, "sessions": 1,
    }  # fmt: skip
    for table in ("sessions", "turns", "candidates", "picks", "ratings"):
        assert recommender.store._rows(f"select * from {table}") == []
