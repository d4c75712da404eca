"""Calls to a model: given up when their time is over or their visitor leaves, never piling up."""

from __future__ import annotations

import threading
from collections.abc import Generator
from typing import Any

import pytest

from recommender.calls import Calls, ModelBusyError


def answer(call: Generator[None, None, Any]) -> Any:
    while True:
        try:
            next(call)
        except StopIteration as over:
            return over.value


def test_the_answer_comes_behind_signs_of_life() -> None:
    calls, go_on = Calls(1), threading.Event()
    call = calls.run(60, lambda: go_on.wait(60) and 7)
    assert next(call) is None
    go_on.set()
    assert answer(call) == 7
    calls.close()


def test_what_a_call_raises_is_raised() -> None:
    calls = Calls(1)
    with pytest.raises(ZeroDivisionError):
        answer(calls.run(60, lambda: 1 / 0))
    calls.close()


def test_what_is_given_up_while_it_waits_never_begins() -> None:
    calls, go_on, begun = Calls(1), threading.Event(), []

    def work(number: int) -> None:
        begun.append(number)
        go_on.wait(60)

    held = [calls.run(60, work, number) for number in range(20)]
    for call in held:
        next(call)
        call.close()
    go_on.set()
    assert answer(calls.run(60, lambda: "next")) == "next"
    assert begun == [0, 1]  # one that is served, and the thread to spare
    calls.close()


def test_a_hung_model_is_told_of_at_once() -> None:
    calls, go_on = Calls(1), threading.Event()
    for _ in range(2):
        with pytest.raises(TimeoutError):
            answer(calls.run(0.0, go_on.wait, 60))
    with pytest.raises(ModelBusyError):
        answer(calls.run(60, go_on.wait, 60))
    go_on.set()
    calls._pool.shutdown(wait=True)
    assert all(call.done() for call in calls._overdue)
