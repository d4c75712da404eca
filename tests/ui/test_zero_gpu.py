"""A borrowed GPU: what is asked for, and what has to travel between the processes."""

from __future__ import annotations

import pickle
import sys
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from scripted import ScriptedRecommender

from recommender.dialogue import Done, Event
from recommender.settings import Settings
from recommender.ui import zero_gpu


def _reply(session_id: str, utterance: str, picks: int | None = None) -> Iterator[Event]:
    yield from ()


def test_elsewhere_nothing_is_decorated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SPACES_ZERO_GPU", raising=False)
    assert zero_gpu._on_gpu(_reply) is _reply


def test_on_a_space_the_duration_is_asked_for_by_call(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def gpu(duration: Any) -> Callable[[Any], Any]:
        asked.append(duration)
        return lambda function: ("decorated", function)

    monkeypatch.setenv("SPACES_ZERO_GPU", "1")
    monkeypatch.setitem(sys.modules, "spaces", SimpleNamespace(GPU=gpu))
    assert zero_gpu._on_gpu(_reply) == ("decorated", _reply)
    assert asked == [zero_gpu.duration]


@pytest.mark.parametrize(("budget", "seconds"), [(10.0, 25), (500.0, 60)])
def test_the_duration_follows_the_budgets(budget: float, seconds: int) -> None:
    settings = Settings(rank_budget_s=budget, explain_budget_s=10.0)
    number = zero_gpu.lend(SimpleNamespace(settings=settings)).number
    assert zero_gpu.duration(number, "id", "words") == seconds


def test_events_can_travel() -> None:
    recommender = ScriptedRecommender()
    events = list(
        zero_gpu.lend(recommender).reply(recommender.open_session().id, "degraded please")
    )
    assert isinstance(events[-1], Done)
    assert pickle.loads(pickle.dumps(events)) == events


def test_each_page_speaks_with_its_own_recommender() -> None:
    first, second = ScriptedRecommender(), ScriptedRecommender()
    lent = zero_gpu.lend(first)
    assert zero_gpu.lend(second) != lent == zero_gpu.lend(first)
    assert list(lent.reply(first.open_session().id, "degraded please"))
    assert (first.finished, second.finished) == (1, 0)
