"""A recommender whose encoder and language model are on their way."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from scripted_models import FILMS, HashingEncoder, ScriptedModel

from recommender import model_loading
from recommender.dialogue import Degraded, Done, Reply
from recommender.engine import Recommender
from recommender.model_loading import STILL_LOADING
from recommender.settings import Settings
from retrieval.encoder import EncoderError, EncoderInBackground

WISH = "a scary film set in deep space"


@pytest.fixture
def go_on(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """The model of the settings is a scripted one, there when the event is set."""
    there = threading.Event()

    def open_model(settings: Settings) -> tuple[Any, str]:
        there.wait(60)
        if settings.model == "missing":
            return None, "language model 'missing' can't be loaded"
        if settings.model == "broken":
            raise MemoryError
        return ScriptedModel(), ""

    monkeypatch.setattr(model_loading, "open_model", open_model)
    yield there
    there.set()


def opened(tmp_path: Path, **options: Any) -> Recommender:
    settings = Settings(catalog=str(FILMS), data=tmp_path, **options)
    return Recommender(settings, encoder=HashingEncoder(), in_background=True)


def said(recommender: Recommender, words: str = WISH) -> tuple[list[Any], Reply]:
    events = list(recommender.reply(recommender.open_session().id, words))
    assert isinstance(events[-1], Done)
    return events, events[-1].reply


def test_turns_are_degraded_until_it_is_there(go_on: threading.Event, tmp_path: Path) -> None:
    recommender = opened(tmp_path)
    assert recommender.describe_model()["loading"] is True
    assert not recommender.wait(0.0)
    events, reply = said(recommender)
    assert reply.degraded == STILL_LOADING and reply.picks
    assert [e for e in events if isinstance(e, Degraded)] == [Degraded(STILL_LOADING)]
    go_on.set()
    assert recommender.wait(60)
    assert "loading" not in recommender.describe_model()
    _, reply = said(recommender)
    assert reply.degraded is None and reply.model["language_model"] == "scripted"
    assert reply.picks[0].language_score is not None
    recommender.close()


def test_a_turn_keeps_to_its_end_what_it_began_with(go_on: threading.Event, tmp_path: Path) -> None:
    recommender = opened(tmp_path)
    reply = recommender.reply(recommender.open_session().id, WISH)
    next(reply)
    go_on.set()
    recommender.wait(60)
    *_, done = reply
    assert isinstance(done, Done)
    assert done.reply.degraded == STILL_LOADING
    assert done.reply.model["language_model"] is None
    assert all(pick.language_score is None for pick in done.reply.picks)
    recommender.close()


@pytest.mark.parametrize(("model", "cause"), [
    ("missing", "language model 'missing' can't be loaded"),
    ("broken", "the language model can't be loaded (MemoryError)"),
])  # fmt: skip
def test_what_can_not_be_had_ends_degraded_with_its_cause(
    go_on: threading.Event, tmp_path: Path, model: str, cause: str
) -> None:
    recommender = opened(tmp_path, model=model)
    go_on.set()
    assert recommender.wait(60)
    described = recommender.describe_model()
    assert described["degraded"] == cause and "loading" not in described
    assert said(recommender)[1].degraded == cause
    recommender.close()


def test_without_a_model_nothing_is_loading(tmp_path: Path) -> None:
    recommender = opened(tmp_path, model="none")
    assert recommender.wait(0.0)
    assert recommender.describe_model()["degraded"] == "no language model is configured"
    recommender.close()


def test_an_encoder_that_can_not_be_had_is_told_to_who_waits(tmp_path: Path) -> None:
    encoder = EncoderInBackground(str(tmp_path / "nothing"), tmp_path)
    threading.Thread(target=encoder.load).start()
    with pytest.raises(EncoderError, match="can't be loaded"):
        encoder.encode(["a text"])
    with pytest.raises(EncoderError, match="can't be loaded"):
        encoder.wait()
