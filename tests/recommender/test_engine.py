"""The whole reply, over the small catalog with language models that play a script."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scripted_models import FILMS, HashingEncoder, ScriptedModel

from recommender.dialogue import Degraded, Done, Event, Picked, Reply, TextChunk, Understood
from recommender.engine import FeedbackError, Recommender, UnknownSessionError, UtteranceError
from recommender.settings import Settings

Open = Callable[..., Recommender]
WISH = "a scary film set in deep space"


def ask(recommender: Recommender, session: str, utterance: str) -> tuple[list[Event], Reply]:
    events = list(recommender.reply(session, utterance))
    assert isinstance(events[-1], Done)
    return events, events[-1].reply


def reasons_of(reply: Reply) -> set[str]:
    return {pick.written_by for pick in reply.picks}


def ids(reply: Reply) -> list[str]:
    return [pick.item.id for pick in reply.picks]


def retriever_order(recommender: Recommender, utterance: str = WISH) -> list[str]:
    """The picks of a recommender over the same catalog that has no language model."""
    settings = Settings(catalog=str(FILMS), data=recommender.settings.data / "plain", model="none")
    plain = Recommender(settings, encoder=HashingEncoder())
    _, reply = ask(plain, plain.open_session().id, utterance)
    plain.close()
    return ids(reply)


def test_a_reply_is_understood_picked_told_and_done(open_recommender: Open) -> None:
    recommender = open_recommender(ScriptedModel(pieces=("A film of dread.",)))
    session = recommender.open_session()
    events, reply = ask(recommender, session.id, WISH)
    kinds = [type(e) for e in events if not (isinstance(e, TextChunk) and not e.text)]
    assert kinds[:2] == [Understood, Picked]
    assert set(kinds[2:-1]) == {TextChunk}
    assert "".join(e.text for e in events if isinstance(e, TextChunk)) == reply.message
    assert reply.degraded is None
    assert (reply.session, reply.turn, reply.utterance) == (session.id, 1, WISH)
    assert [p.rank for p in reply.picks] == [1, 2, 3]
    assert all(p.reason in reply.message and p.item.name in reply.message for p in reply.picks)
    assert {p.item.id: p.written_by for p in reply.picks}["hull"] == "model"
    assert set(reply.timings_ms) == {"understand", "retrieve", "rank", "explain", "total"}


def test_the_turn_is_on_disk_before_the_first_event(open_recommender: Open) -> None:
    recommender = open_recommender()
    session = recommender.open_session()
    reply = recommender.reply(session.id, WISH)
    next(reply)
    assert recommender.store.turns(session.id)[0]["status"] == "begun"
    list(reply)
    assert recommender.store.turns(session.id)[0]["status"] == "complete"


def test_a_recorded_reply_is_the_reply(open_recommender: Open) -> None:
    recommender = open_recommender()
    session = recommender.open_session()
    replies = [ask(recommender, session.id, text)[1] for text in (WISH, "more")]
    assert [r.as_dict() for r in recommender.replies(session.id)] == [r.as_dict() for r in replies]


class TestDegraded:
    """Whatever the model does, there is a reply, and it says that it is degraded."""

    def test_by_ranking_longer_than_the_budget(self, open_recommender: Open) -> None:
        ended = threading.Event()

        def wait(prefix: str, blocks: Any) -> np.ndarray:
            ended.wait(60)
            return np.zeros(len(blocks))

        model = ScriptedModel(wait)
        recommender = open_recommender(model, rank_budget_s=0.3)
        try:
            events, reply = ask(recommender, recommender.open_session().id, WISH)
        finally:
            ended.set()
        assert reply.degraded == "the language model took longer than 0.3 s for ranking"
        assert [e for e in events if isinstance(e, Degraded)] == [Degraded(reply.degraded)]
        assert sum(e == TextChunk("") for e in events) >= 1  # signs of life while it waits
        assert ids(reply) == retriever_order(recommender)
        assert reasons_of(reply) == {"composed"}
        assert model.streams_begun == 0
        assert recommender.store.turns(reply.session)[0]["degraded"] == reply.degraded

    @pytest.mark.parametrize(
        ("broken", "name"),
        [
            (lambda *_: np.array([1.0])[5], "IndexError"),
            (lambda _, blocks: np.full(len(blocks), np.nan), "ValueError"),
            (lambda _, blocks: np.full(len(blocks), -np.inf), "ValueError"),
            (lambda *_: np.array([1.0, 2.0]), "ValueError"),
        ],
        ids=["raises", "nan", "infinite", "too few"],
    )
    def test_by_a_broken_ranking(self, open_recommender: Open, broken: Any, name: str) -> None:
        recommender = open_recommender(ScriptedModel(broken))
        _, reply = ask(recommender, recommender.open_session().id, WISH)
        assert reply.degraded == f"the language model failed at ranking ({name})"
        assert ids(reply) == retriever_order(recommender)
        assert reasons_of(reply) == {"composed"}
        assert all(p.language_score is None for p in reply.picks)

    def test_by_writing_longer_than_the_budget(self, open_recommender: Open) -> None:
        model = ScriptedModel(pieces=lambda: itertools.repeat("and "), pause_s=0.02)
        recommender = open_recommender(model, explain_budget_s=0.2)
        _, reply = ask(recommender, recommender.open_session().id, WISH)
        assert reply.degraded == "the language model took longer than 0.2 s for writing reasons"
        assert reasons_of(reply) == {"composed"}
        assert all(p.language_score is not None for p in reply.picks)
        assert (model.streams_begun, model.streams_ended) == (1, 1)

    def test_by_a_failure_in_the_middle_of_a_reason(self, open_recommender: Open) -> None:
        def pieces() -> Iterator[str]:
            yield "A film"
            raise RuntimeError("out of memory")

        events, reply = ask(
            recommender := open_recommender(ScriptedModel(pieces=pieces)),
            recommender.open_session().id,
            WISH,
        )
        assert reply.degraded == "the language model failed at writing reasons (RuntimeError)"
        assert len([e for e in events if isinstance(e, Degraded)]) == 1
        assert reasons_of(reply) == {"composed"}
        assert "out of memory" not in reply.message

    def test_by_having_no_model(self, tmp_path: Path) -> None:
        settings = Settings(catalog=str(FILMS), data=tmp_path, model="none")
        recommender = Recommender(settings, encoder=HashingEncoder())
        _, reply = ask(recommender, recommender.open_session().id, WISH)
        recommender.close()
        assert reply.degraded == "no language model is configured"
        assert len(reply.picks) == 3
        assert reply.model["language_model"] is None
        assert reply.model["ranker"] == "retriever"

    def test_and_the_next_turn_is_not(self, open_recommender: Open) -> None:
        broken = [True]

        def scores(prefix: str, blocks: Any) -> np.ndarray:
            if broken.pop() if broken else False:
                raise RuntimeError
            return np.arange(len(blocks), dtype=float)

        recommender = open_recommender(ScriptedModel(scores))
        session = recommender.open_session()
        assert ask(recommender, session.id, WISH)[1].degraded
        assert ask(recommender, session.id, "more")[1].degraded is None


class TestStopping:
    """Closing the iterator is what a closed tab and the stop button come to."""

    def test_while_a_reason_streams_stops_the_model(self, open_recommender: Open) -> None:
        model = ScriptedModel(pieces=lambda: itertools.repeat("and "), pause_s=0.001)
        recommender = open_recommender(model, explain_budget_s=600)
        session = recommender.open_session()
        reply = recommender.reply(session.id, WISH)
        while not model.streams_begun:
            next(reply)
        reply.close()  # type: ignore[attr-defined]
        assert (model.streams_begun, model.streams_ended) == (1, 1)
        [turn] = recommender.store.turns(session.id)
        assert turn["status"] == "stopped"
        assert len(turn["picks"]) == 3
        assert turn["message"].startswith("For “")
        assert [r.turn for r in recommender.replies(session.id)] == [1]

    def test_before_the_picks_leaves_a_turn_without_any(self, open_recommender: Open) -> None:
        recommender = open_recommender()
        session = recommender.open_session()
        reply = recommender.reply(session.id, WISH)
        assert isinstance(next(reply), Understood)
        reply.close()  # type: ignore[attr-defined]
        [turn] = recommender.store.turns(session.id)
        assert (turn["status"], turn["picks"]) == ("stopped", [])

    def test_while_it_ranks_need_not_wait_for_the_ranking(self, open_recommender: Open) -> None:
        ended = threading.Event()

        def wait(prefix: str, blocks: Any) -> np.ndarray:
            ended.wait(60)
            return np.zeros(len(blocks))

        recommender = open_recommender(ScriptedModel(wait), rank_budget_s=600)
        session = recommender.open_session()
        reply = recommender.reply(session.id, WISH)
        assert isinstance(next(reply), Understood)
        assert next(reply) == TextChunk("")
        reply.close()  # type: ignore[attr-defined]
        assert recommender.store.turns(session.id)[0]["status"] == "stopped"
        ended.set()

    def test_what_was_shown_by_then_is_not_shown_again(self, open_recommender: Open) -> None:
        recommender = open_recommender()
        session = recommender.open_session()
        reply = recommender.reply(session.id, WISH)
        shown = next(e for e in reply if isinstance(e, Picked)).picks
        reply.close()  # type: ignore[attr-defined]
        _, after = ask(recommender, session.id, WISH)
        assert after.turn == 2
        assert not {p.item.id for p in shown} & set(ids(after))


def test_a_failure_marks_the_turn_and_is_raised(tmp_path: Path) -> None:
    class Forgetful(HashingEncoder):
        calls = 0

        def encode(self, texts: Any, progress: bool = False) -> np.ndarray:
            self.calls += 1
            if self.calls > 1:  # after the index
                raise MemoryError
            return super().encode(texts, progress)

    settings = Settings(catalog=str(FILMS), data=tmp_path)
    recommender = Recommender(settings, encoder=Forgetful(), language_model=ScriptedModel())
    session = recommender.open_session()
    with pytest.raises(MemoryError):
        list(recommender.reply(session.id, WISH))
    assert recommender.store.turns(session.id)[0]["status"] == "failed"
    recommender.close()


@pytest.mark.parametrize("utterance", ["", " \n\t", "x" * 2001, "\u202e\u200b"])
def test_an_utterance_that_can_not_be_read_leaves_no_turn(
    open_recommender: Open, utterance: str
) -> None:
    recommender = open_recommender()
    session = recommender.open_session()
    with pytest.raises(UtteranceError):
        list(recommender.reply(session.id, utterance))
    assert recommender.store.turns(session.id) == []


@pytest.mark.parametrize("session_id", ["nobody", "", "' or 1=1 --", None, 7])
def test_an_unknown_session_is_refused_everywhere(open_recommender: Open, session_id: Any) -> None:
    recommender = open_recommender()
    for call in (
        lambda: list(recommender.reply(session_id, WISH)),
        lambda: recommender.replies(session_id),
        lambda: recommender.rewind(session_id, 1),
        lambda: recommender.forget(session_id),
        lambda: recommender.feedback(session_id, "hull", "seen"),
    ):
        with pytest.raises(UnknownSessionError, match="unknown session"):
            call()


def test_feedback_errors_say_what_is_wrong(open_recommender: Open) -> None:
    recommender = open_recommender()
    session = recommender.open_session()
    _, reply = ask(recommender, session.id, WISH)
    shown = ids(reply)[0]
    hidden = next(i.id for i in recommender.catalog.items if i.id not in ids(reply))
    wrong: list[tuple[str, str, Any]] = [
        (hidden, "seen", None), ("no such item", "seen", None), (shown, "praise", None),
        (shown, "rating", 6), (shown, "rating", 0), (shown, "rating", None),
        (shown, "rating", True), (shown, "rating", 2.5),
    ]  # fmt: skip
    for item, kind, value in wrong:
        with pytest.raises(FeedbackError):
            recommender.feedback(session.id, item, kind, value)
    assert recommender.feedback_of(session.id) == {}


def test_the_picks_of_a_vague_wish_are_varied(open_recommender: Open) -> None:
    recommender = open_recommender(ScriptedModel(), ranker="retriever")
    _, reply = ask(recommender, recommender.open_session().id, "surprise me")
    kept = recommender.store.everything(reply.session)["turns"][0]["candidates"]
    best = [row["item"] for row in sorted(kept, key=lambda row: -row["score"])][:3]
    assert ids(reply)[0] == best[0]
    assert _likeness(recommender, ids(reply)) < _likeness(recommender, best)


def _likeness(recommender: Recommender, items: list[str]) -> float:
    """The mean cosine of all pairs."""
    vectors = recommender.retriever.vectors_of(items)
    return float((vectors @ vectors.T)[np.triu_indices(len(items), 1)].mean())
