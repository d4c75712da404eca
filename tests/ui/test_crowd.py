"""More visitors than can be served: busy is said at once, who leaves frees the place, and a page
whose model is still loading says so."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from acts import ask, bots, say, settled, users, words
from gradio_client import Client
from gradio_client.exceptions import AppError
from playwright.sync_api import Browser, Page, expect
from scripted import ScriptedRecommender, Served

from recommender.settings import Settings
from recommender.ui.pages import build_pages
from recommender.ui.server import serve

LONG = "slow please, with a long list of things that I would like to be considered at length"


class Loading(ScriptedRecommender):
    loading = False

    def describe_model(self) -> dict[str, Any]:
        return super().describe_model() | ({"loading": True} if self.loading else {})


@pytest.fixture(scope="module")
def blocks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, Served]]:
    """A page and its server, where one is served and one may wait."""
    recommender = Loading(Settings(model="none", queue=1, data=tmp_path_factory.mktemp("data")))
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    page = build_pages(recommender)
    serve(page, "127.0.0.1", port)
    yield page, Served(f"http://127.0.0.1:{port}/", recommender)
    page.close()


@pytest.fixture(scope="module")
def small(blocks: tuple[Any, Served]) -> Served:
    return blocks[1]


@pytest.fixture
def come(browser: Browser, small: Served) -> Iterator[Callable[[], Page]]:
    contexts = []

    def open_page() -> Page:
        contexts.append(browser.new_context(viewport={"width": 1280, "height": 800}))
        page = contexts[-1].new_page()
        page.goto(small.url)
        page.wait_for_selector(".chip")
        return page

    yield open_page
    for context in contexts:
        context.close()


def wait_until(holds: Callable[[], bool]) -> None:
    for _ in range(400):
        if holds():
            return
        time.sleep(0.05)
    raise AssertionError("it never came to that")


class Listener:
    """A client of the API that can drop its connection."""

    def __init__(self, url: str, utterance: str) -> None:
        self.http = httpx.Client(base_url=url, timeout=30)
        asked = self.http.post("gradio_api/call/recommend", json={"data": [utterance, "", 1, True]})
        event = asked.raise_for_status().json()["event_id"]
        path = f"gradio_api/call/recommend/{event}"
        request = self.http.build_request("GET", path)
        self.answer = self.http.send(request, stream=True)

    def drop(self) -> None:
        self.answer.close()
        self.http.close()


def test_who_finds_the_line_full_is_told_at_once_and_loses_no_word(
    come: Callable[[], Page], small: Served
) -> None:
    first, second, third = come(), come(), come()
    say(first, LONG)
    expect(bots(first).last).to_contain_text("For")
    say(second, LONG)
    expect(second.locator("#line")).to_contain_text("You are next")
    sessions = len(small.recommender.sessions)
    say(third, "me too")
    expect(third.locator("#line")).to_contain_text("Many are asking at the moment")
    expect(words(third)).to_have_value("me too")
    expect(users(third)).to_have_count(0)
    expect(third.locator("#send")).to_be_visible()
    assert len(small.recommender.sessions) == sessions
    with pytest.raises(AppError, match="busy: Many are asking at the moment"):
        Client(small.url, verbose=False).predict("me too", "", 1, api_name="/recommend")
    second.locator("#stop").click()
    first.locator("#stop").click()
    settled(first)
    words(third).press("Enter")
    settled(third)
    expect(bots(third).last).to_contain_text("I would start with")
    expect(third.locator("#line")).to_contain_text("scripted-135M")


def test_a_closed_tab_frees_its_place(come: Callable[[], Page], small: Served) -> None:
    first, second = come(), come()
    closed, finished = small.recommender.closed, small.recommender.finished
    say(first, LONG)
    expect(bots(first).last).to_contain_text("For")
    say(second, "a quick one")
    expect(second.locator("#line")).to_contain_text("You are next")
    first.close()
    expect(bots(second).last).to_contain_text("Rate one")
    settled(second)
    wait_until(lambda: small.recommender.finished == finished + 1)
    assert small.recommender.closed == closed + 1


def test_a_client_of_the_api_that_drops_frees_its_place(
    come: Callable[[], Page], small: Served
) -> None:
    closed, finished = small.recommender.closed, small.recommender.finished
    served, waiting = Listener(small.url, LONG), None
    wait_until(lambda: any(s.turn for s in list(small.recommender.sessions.values())[-1:]))
    waiting = Listener(small.url, "never to be answered")
    page = come()
    waiting.drop()
    served.drop()
    wait_until(lambda: small.recommender.closed == closed + 1)
    say(page, "a quick one")
    settled(page)
    expect(bots(page).last).to_contain_text("I would start with")
    wait_until(lambda: small.recommender.finished == finished + 1)
    said = [r.utterance for replies in small.recommender.kept.values() for r in replies]
    assert "never to be answered" not in said


def test_the_page_says_that_the_model_is_loading_and_when_it_is_there(
    come: Callable[[], Page], small: Served
) -> None:
    small.recommender.loading = True
    page = come()
    expect(page.locator("#line")).to_contain_text("The language model is still loading")
    small.recommender.loading = False
    expect(page.locator("#line")).to_contain_text("Answers by scripted-135M")


def test_a_tab_whose_state_is_no_longer_held_goes_on(
    blocks: tuple[Any, Served], come: Callable[[], Page], monkeypatch: pytest.MonkeyPatch
) -> None:
    held = blocks[0].state_holder
    one, other = come(), come()
    for page in (one, other):  # what a page asks when it opens is answered
        expect(page.locator("#line")).to_contain_text("Answers by")
    ask(one, "a film about space")
    monkeypatch.setattr(held, "capacity", 1)
    ask(other, "a film about space")
    assert len(held.session_data) == 1  # so the first tab's was given up
    ask(one, "a film about space")
    assert users(one).count() == bots(one).count() == 2
