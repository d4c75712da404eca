"""The line: who is next, who is told no, and that leaving frees the place at once."""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from recommender.ui.line import Line, LineFullError, Place
from recommender.ui.presence import PRESENCE, WatchPresence
from recommender.ui.waiting import in_steps, place_in


def in_own_loop(work: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine in a thread of its own: this one's loop is that of the browser's tests."""
    with concurrent.futures.ThreadPoolExecutor(1) as apart:
        return apart.submit(asyncio.run, work).result()


def served(line: Line, waiting: list[Place]) -> list[str]:
    """The visitors in the order in which they are served, each for a moment."""
    order = []
    while now := [place for place in waiting if place.position == 0]:
        order += [place.visitor for place in now]
        for place in now:
            waiting.remove(place)
            line.give_back(place)
    return order


def test_it_is_first_come_first_served_among_equals() -> None:
    line = Line(1, 10)
    places = [line.join(f"address {name}", name) for name in "abcd"]
    assert [place.position for place in places] == [0, 1, 2, 3]
    assert served(line, places) == list("abcd")


def test_many_requests_of_one_address_do_not_keep_others_waiting() -> None:
    line = Line(1, 20)
    greedy = [line.join("greedy", f"g{n}") for n in range(8)]
    others = [line.join(f"address {name}", name) for name in "ab"]
    assert [place.position for place in others] == [1, 2]
    assert served(line, [*greedy, *others])[:4] == ["g0", "a", "b", "g1"]


def test_who_asks_again_at_once_stands_behind_who_waited() -> None:
    line = Line(1, 10)
    first, second, other = (line.join(a, v) for a, v in (("g", "g0"), ("g", "g1"), ("o", "o")))
    line.give_back(first)
    third, late = line.join("g", "g2"), line.join("l", "l")
    assert served(line, [second, other, third, late]) == ["o", "g1", "l", "g2"]


def test_visitors_of_one_address_take_turns() -> None:
    line = Line(1, 20)
    tabs = [line.join("school", "many tabs") for _ in range(3)]
    mate = line.join("school", "mate")
    assert served(line, [*tabs, mate]) == ["many tabs", "mate", "many tabs", "many tabs"]


def test_nobody_waits_forever_for_newcomers() -> None:
    line = Line(1, 20)
    patient = [line.join("p", "p0"), line.join("p", "p1")]
    line.give_back(patient[0])
    newcomers = [line.join(f"n{n}", f"n{n}") for n in range(5)]
    assert "p1" in served(line, [patient[1], *newcomers])[:2]


def test_several_are_served_at_once() -> None:
    line = Line(2, 10)
    places = [line.join(name, name) for name in "abc"]
    assert [place.position for place in places] == [0, 0, 1]
    line.give_back(places[1])
    assert places[2].position == 0


def test_a_full_line_says_no_and_is_open_again_when_somebody_leaves() -> None:
    line = Line(1, 1)
    first, second = line.join("a", "a"), line.join("b", "b")
    assert line.full
    with pytest.raises(LineFullError, match="Many are asking at the moment"):
        line.join("c", "c")
    line.give_back(second)
    assert not line.full
    third = line.join("c", "c")
    line.give_back(first)
    assert third.position == 0


def test_nothing_is_kept_of_those_who_are_gone() -> None:
    line = Line(1, 50)
    served(line, [line.join(f"address {n}", f"visitor {n % 3}") for n in range(40)])
    assert not line._waiting and not line._served and not line._last


def test_positions_are_told_as_they_change() -> None:
    async def told() -> list[int]:
        line = Line(1, 10)
        places = [line.join(name, name) for name in "abc"]
        seen: list[int] = []

        async def wait() -> None:
            async for position in places[2].positions():
                seen.append(position)

        waiting = asyncio.create_task(wait())
        await asyncio.sleep(0)
        for place in places[:2]:
            line.give_back(place)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        await waiting
        return seen

    assert in_own_loop(told()) == [2, 1]


# --- who leaves ------------------------------------------------------------------------------


def request_of(client: str) -> Any:
    return SimpleNamespace(session_hash=client, client=SimpleNamespace(host="127.0.0.1"))


def endless(closed: threading.Event) -> Iterator[int]:
    try:
        while True:
            yield 1
    finally:
        closed.set()


async def listen(client: str, *, until: Callable[[], Any], path: str = "queue/data") -> None:
    """A connection that listens for events until the client drops it."""
    dropped = asyncio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert (await receive())["type"] == "http.disconnect"

    async def receive() -> dict[str, str]:
        await dropped.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        raise AssertionError("nothing was to be sent")

    scope = {"type": "http", "method": "GET", "path": f"/gradio_api/{path}",
             "query_string": f"session_hash={client}".encode()}  # fmt: skip
    connection = asyncio.create_task(WatchPresence(app)(scope, receive, send))
    await asyncio.sleep(0)
    await until()
    dropped.set()
    await connection


@pytest.mark.parametrize("path", ["queue/data", "call/recommend/gone", "call/v2/recommend/gone"])
def test_a_client_that_leaves_frees_the_place_and_stops_the_reply(path: str) -> None:
    async def leave() -> tuple[bool, int]:
        line, closed, begun = Line(1, 1), threading.Event(), asyncio.Event()

        async def reply() -> None:
            async with place_in(line, request_of("gone"), "visitor") as place:
                async for _ in in_steps(line, lambda: endless(closed), place):
                    begun.set()

        working = asyncio.create_task(reply())
        await listen("gone", until=begun.wait, path=path)
        await working
        return closed.is_set(), line.join("b", "b").position

    assert in_own_loop(leave()) == (True, 0)
    assert not PRESENCE._watching and not PRESENCE._listening


def test_a_client_that_leaves_while_it_waits_frees_the_place() -> None:
    async def leave() -> int:
        line = Line(1, 1)
        line.join("a", "a")

        async def wait() -> None:
            async with place_in(line, request_of("gone"), "visitor") as place:
                async for _ in place.positions():
                    pass

        waiting = asyncio.create_task(wait())
        await asyncio.sleep(0)
        assert line.full
        await listen("gone", until=lambda: asyncio.sleep(0))
        await waiting
        return line.join("c", "c").position

    assert in_own_loop(leave()) == 1


def test_a_reply_that_is_cancelled_in_the_middle_of_a_step_is_closed() -> None:
    async def cancel() -> bool:
        closed, in_step, go_on = threading.Event(), threading.Event(), threading.Event()

        def slow() -> Iterator[int]:
            try:
                in_step.set()
                go_on.wait(60)
                yield 1
            finally:
                closed.set()

        line = Line(1, 1)
        place = line.join("a", "a")

        async def reply() -> None:
            steps: AsyncIterator[int] = in_steps(line, slow, place)
            async for _ in steps:
                pass

        working = asyncio.create_task(reply())
        await asyncio.to_thread(in_step.wait, 60)
        working.cancel()
        go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await working
        return closed.is_set()

    assert in_own_loop(cancel())


def test_an_old_connection_that_ends_says_nothing_of_a_newer_one() -> None:
    gone: list[bool] = []
    PRESENCE.came("tab")
    PRESENCE.came("tab")
    with PRESENCE.watching("tab", lambda: gone.append(True)):
        PRESENCE.went("tab", early=True)
        assert not gone
        PRESENCE.went("tab", early=True)
    assert gone == [True]
