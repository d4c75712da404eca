"""The Judge page in a real browser, over a server that can be killed.

Cases are few so that the tests stay short; INSTRUCTREC_FULL=1 judges a campaign of thirty.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page, Request, expect
from test_page import SMALL, _faults

from benchmarks.simulated_annotators import campaign_in, default_questions
from recommender.annotation.records import AnnotationStore

HERE = Path(__file__).parent
CASES = 30 if os.environ.get("INSTRUCTREC_FULL") else 6


class Server:
    """The pages in a process of their own, over a store in `folder`."""

    def __init__(self, folder: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        self.folder, self.url = folder, f"http://127.0.0.1:{self.port}/"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / "judging_server.py"), str(self.port), str(self.folder)],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        for _ in range(600):
            with suppress(httpx.TransportError):
                httpx.get(self.url)
                return
            time.sleep(0.1)
        raise AssertionError("the server did not start")

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server(tmp_path_factory.mktemp("judging"))
    running.start()
    yield running
    running.kill()


@pytest.fixture(scope="module")
def store(server: Server) -> Iterator[AnnotationStore]:
    opened = AnnotationStore(server.folder / "store.db")
    yield opened
    opened.close()


@pytest.fixture
def judge(browser: Any, server: Server, store: AnnotationStore) -> Iterator[Callable[..., Page]]:
    """Open a new annotator's link in a context of its own; options go to the context."""
    contexts: list[BrowserContext] = []

    def open_link(campaign: str, **options: Any) -> Page:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}, **options})
        context.set_default_timeout(20_000)
        contexts.append(context)
        page = context.new_page()
        _, token = store.invite(campaign)
        page.goto(f"{server.url}annotate#token={token}")
        page.locator(".judge h1.campaign").wait_for()
        return page

    yield open_link
    for context in contexts:
        context.close()


def number(page: Page) -> str:
    return page.locator(".judge h2").inner_text()


def vote(page: Page, key: str) -> bool:
    """One vote and on to the next case, by keys; False where nothing is left."""
    if not page.locator(".choice").count():
        return False
    before = number(page)
    page.keyboard.press(key)
    # What was left for longer than the lease has gone to somebody else, and is said to have.
    expect(page.locator(".judge-status")).to_contain_text(re.compile("Kept:|to somebody else"))
    page.keyboard.press("Enter")
    expect(page.locator(".judge h2")).not_to_have_text(before)
    return True


def test_three_at_once_finish_a_campaign_though_one_leaves_and_the_server_is_killed(
    judge: Callable[..., Page], server: Server, store: AnnotationStore
) -> None:
    campaign = campaign_in(store, CASES, judgements=2, lease_s=8.0, picks=2)
    pages = [judge(campaign) for _ in range(3)]
    for turn in range(max(2, CASES // 5)):
        for n, page in enumerate(pages):
            vote(page, "abt"[(n + turn) % 3])
    pages.pop().context.close()  # in the middle of a case
    # A vote is cast while the server is away; it is kept in the page and sent when it is back.
    waiting = pages[0]
    if not waiting.locator(".choice").count():
        waiting = pages[1]
    server.kill()
    waiting.keyboard.press("a")
    expect(waiting.locator(".judge-status")).to_contain_text("does not answer")
    server.start()
    expect(waiting.locator(".judge-status")).to_contain_text("Kept: A", timeout=30_000)
    _go_on(waiting)
    for _ in range(100):
        for page in pages:
            while vote(page, "b"):
                pass
        if _complete(store, campaign):
            break
        time.sleep(0.5)  # until the lease of the one who left is over
        for page in pages:
            page.reload()
            page.locator(".judge h2").wait_for()
    counts = store.rows(
        "select c.id, count(v.slot) as n from annotation_comparisons c left join annotation_slots s "
        "on s.comparison = c.id left join annotation_votes v on v.slot = s.id "
        "where c.campaign = ? group by c.id", [campaign],
    )  # fmt: skip
    assert [row["n"] for row in counts] == [2] * CASES
    doubled = store.rows(
        "select 1 from annotation_slots group by comparison, annotator having count(*) > 1"
    )
    assert doubled == []


def _go_on(page: Page) -> None:
    """On from a case whose vote is kept already."""
    before = number(page)
    page.keyboard.press("Enter")
    expect(page.locator(".judge h2")).not_to_have_text(before)


def _complete(store: AnnotationStore, campaign: str) -> bool:
    rows = store.rows(
        "select count(*) as n from annotation_votes v join annotation_slots s on s.id = v.slot "
        "join annotation_comparisons c on c.id = s.comparison where c.campaign = ?", [campaign],
    )  # fmt: skip
    return bool(rows[0]["n"] == 2 * CASES)


def test_keys_alone_from_the_link_to_the_last_case(
    judge: Callable[..., Page], store: AnnotationStore
) -> None:
    campaign = campaign_in(store, 3, judgements=1, picks=1, questions=default_questions(),
                           grades="required")  # fmt: skip
    page = judge(campaign)
    press = page.keyboard.press
    press("a")
    expect(page.locator(".judge-status")).to_contain_text("12 grades are still missing")
    for value in (4, 5, 3, 1, 2, 3, 4, 5, 1, 2, 3, 4):
        press(str(value))
    expect(page.locator(".judge-status")).to_contain_text("Kept: A")
    press("w")
    page.keyboard.type("a better fit, I b n t s")  # keys are words here
    press("Control+Enter")
    expect(page.locator(".judge h2")).to_have_text("Case 2")
    press("ArrowLeft")
    expect(page.locator(".judge h2")).to_have_text("Case 1")
    expect(page.locator("textarea")).to_have_value("a better fit, I b n t s")
    press("u")
    expect(page.locator(".judge-status")).to_contain_text("Taken back")
    expect(page.locator('.choice[aria-pressed="true"]')).to_have_count(0)
    press("b")
    for value in range(12):
        press(str(value % 5 + 1))
    expect(page.locator(".judge-status")).to_contain_text("Kept: B")
    press("m")
    expect(page.locator(".names")).to_contain_text("“first”")
    press("a")
    expect(page.locator(".judge-status")).to_contain_text("this vote stays")
    press("Enter")
    expect(page.locator(".judge h2")).to_have_text("Case 2")
    press("s")
    expect(page.locator(".judge h2")).to_have_text("Case 3")
    press("n")
    for _ in range(12):
        press("1")
    expect(page.locator(".judge-status")).to_contain_text("Kept: both bad")
    press("Enter")
    expect(page.locator(".judge h2")).to_have_text("All done")
    votes = store.rows(
        "select v.choice from annotation_votes v join annotation_slots s on s.id = v.slot "
        "join annotation_comparisons c on c.id = s.comparison where c.campaign = ? "
        "order by s.number", [campaign],
    )  # fmt: skip
    assert [row["choice"] for row in votes] == ["b", "bad"]


@pytest.mark.parametrize(("scheme", "width"), [("light", 390), ("dark", 1280)])
def test_no_serious_accessibility_fault(
    judge: Callable[..., Page], store: AnnotationStore, scheme: str, width: int
) -> None:
    campaign = campaign_in(store, 2, picks=2, questions=default_questions(),
                           guidelines="1. Look\n2. *Vote*")  # fmt: skip
    page = judge(campaign, viewport={"width": width, "height": 800}, color_scheme=scheme)
    faults = _faults(page)
    page.keyboard.press("g")
    page.keyboard.press("3")
    page.keyboard.press("a")
    expect(page.locator(".judge-status")).to_contain_text("Kept: A")
    page.locator(".about-you > summary").click()
    page.get_by_role("button", name="Forget me").click()
    assert faults + _faults(page) == []
    assert page.evaluate(SMALL) == []
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def test_letters_are_no_keys_for_whoever_wants_that(
    judge: Callable[..., Page], store: AnnotationStore
) -> None:
    page = judge(campaign_in(store, 2, picks=1))
    page.get_by_label("Single letters and digits are keys").uncheck()
    page.keyboard.press("a")
    expect(page.locator('.choice[aria-pressed="true"]')).to_have_count(0)
    page.get_by_role("button", name="A is better").click()
    expect(page.locator(".judge-status")).to_contain_text("Kept: A")
    page.reload()
    expect(page.get_by_label("Single letters and digits are keys")).not_to_be_checked()


def test_what_did_not_reach_the_server_is_sent_by_whoever_comes_back(
    judge: Callable[..., Page], server: Server, store: AnnotationStore
) -> None:
    """Two annotators in one browser, both closed while the server was away."""
    campaign = campaign_in(store, 3, judgements=2)
    first = judge(campaign)
    second = first.context.new_page()
    links = [first.url, f"{server.url}annotate#token={store.invite(campaign)[1]}"]
    second.goto(links[1])
    second.locator(".choice").first.wait_for()
    server.kill()
    for page in (first, second):
        page.keyboard.press("b")
        expect(page.locator(".judge-status")).to_contain_text("does not answer")
        page.close()
    server.start()
    page = first.context.new_page()
    for link in links:
        page.goto("about:blank")
        page.goto(link)
        expect(page.locator(".judge-status")).to_contain_text("had not reached the server")
    assert len(store.rows(
        "select 1 from annotation_votes v join annotation_slots s on s.id = v.slot "
        "join annotation_comparisons c on c.id = s.comparison where c.campaign = ?", [campaign],
    )) == 2  # fmt: skip


def test_what_is_read_comes_in_the_order_it_is_needed(
    judge: Callable[..., Page], store: AnnotationStore
) -> None:
    page = judge(campaign_in(store, 2, picks=2))
    heads = page.locator(".judge :is(h1, h2, h3, h4)").all_text_contents()
    titles = [head for head in heads if head.startswith("Title of")]
    assert [head for head in heads if head not in titles] == [
        "A trial", "Case 1", "Recommendations A", "Recommendations B",
        "Which would you rather be given?", "Why? (optional)",
    ]  # fmt: skip
    vote(page, "a")
    assert page.evaluate("document.activeElement.textContent") == "Case 2"


def test_nothing_tells_the_systems_before_the_vote(
    judge: Callable[..., Page], store: AnnotationStore
) -> None:
    """Neither in the page, nor in what the browser was sent, nor in what it asked for."""
    campaign = campaign_in(store, 4, systems=("zebra-system", "quartz-system"), picks=2)
    page = judge(campaign)
    heard: list[str] = []

    def finished(request: Request) -> None:
        answer = request.response()
        with suppress(Exception):  # a stream has no body to read
            heard.append(f"{request.url} {request.post_data} {answer.text() if answer else ''}")

    page.on("requestfinished", finished)
    page.reload()
    page.locator(".choice").first.wait_for()
    vote(page, "a")
    page.wait_for_timeout(300)
    seen = page.content() + "".join(heard) + page.evaluate("JSON.stringify(localStorage)")
    assert any("annotation/vote" in one for one in heard)
    assert "zebra" not in seen and "quartz" not in seen and "written_by" not in seen
    # Elements of both sides differ by "a" and "b" alone.
    shape = """(side) => [...document.querySelectorAll('.side')[side].querySelectorAll('*')]
      .map((e) => [e.tagName, e.className, e.id.replace(/-[ab]$/, '')].join(' '))"""
    assert page.evaluate(shape, 0) == page.evaluate(shape, 1)


def test_hostile_words_do_nothing(judge: Callable[..., Page], store: AnnotationStore) -> None:
    page = judge(campaign_in(store, 1, judgements=1))
    hostile = "<img src=x onerror=window.x=1>${window.x=1}"
    page.locator("textarea").fill(hostile)
    page.locator(".judge h2").focus()
    page.keyboard.press("a")
    expect(page.locator(".judge-status")).to_contain_text("Kept: A")
    page.keyboard.press("Enter")
    expect(page.locator(".judge h2")).to_have_text("All done")
    page.keyboard.press("ArrowLeft")
    expect(page.locator("textarea")).to_have_value(hostile)
    assert page.evaluate("window.x") is None


def test_the_owner_sees_figures_and_makes_links(
    browser: Any, server: Server, store: AnnotationStore, judge: Callable[..., Page]
) -> None:
    campaign = campaign_in(store, 2, systems=("quartz", "zebra <img src=x onerror=window.x=1>"))
    vote(judge(campaign), "a")
    context = browser.new_context(viewport={"width": 390, "height": 800})
    page = context.new_page()
    page.goto(f"{server.url}campaigns#owner={store.new_owner()}")
    card = page.locator(".campaign-card").filter(has_text=campaign)
    card.get_by_role("button", name="Figures: A trial").click()
    expect(card.locator("svg")).to_be_visible()
    expect(card).to_contain_text("1 of 4 judgements")
    card.get_by_role("button", name="Invite: A trial").click()
    expect(card.locator(".links")).to_contain_text("annotate#token=")
    with page.expect_download() as saved:
        card.get_by_role("button", name="Figures as CSV: A trial").click()
    assert saved.value.suggested_filename == f"{campaign}.csv"
    page.locator(".guidelines > summary").click()
    assert _faults(page) == [] and page.evaluate("window.x") is None
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    page.goto(f"{server.url}results")
    expect(page.locator("#judged h2")).to_have_text("Judged by people")
    card = page.locator("#judged section").filter(has_text="quartz")
    expect(card.locator("svg").first).to_be_visible()
    context.close()
