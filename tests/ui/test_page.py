"""The page as such: weight, hosts, contrast, targets, narrow screens, headers."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest
from acts import ask, cards
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page
from scripted import Served

WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
MAX_WEIGHT = 400 * 1024  # bytes as they travel

SMALL = """() => [...document.querySelectorAll('button, input, select, summary, a, textarea')]
  .filter((e) => e.offsetParent)
  .map((e) => [e.tagName, e.getAttribute('aria-label') || e.textContent.slice(0, 30),
               e.getBoundingClientRect().width, e.getBoundingClientRect().height])
  .filter(([, , width, height]) => width < 23.9 || height < 23.9)"""


@pytest.mark.parametrize(("scheme", "width"), [("light", 390), ("dark", 1280)])
def test_no_serious_accessibility_fault(
    visit: Callable[..., Page], scheme: str, width: int
) -> None:
    page = visit(viewport={"width": width, "height": 800}, color_scheme=scheme)
    faults = _faults(page)
    ask(page, "degraded please")
    page.wait_for_timeout(500)  # cards fade in, and axe would measure them half way
    page.locator(".why summary").first.click()
    page.locator(".held > summary").click()
    page.locator(".held-add .held-field").fill("asdf")
    page.get_by_role("button", name="Add", exact=True).click()
    page.locator(".held-add .held-error").get_by_text("no limit").wait_for()
    page.get_by_role("button", name="Edit: wish").click()
    page.get_by_role("button", name="Forget me").click()
    cards(page).first.locator("input[type=radio]").nth(2).click()
    cards(page).last.get_by_role("button", name="Not for me").click()
    assert faults + _faults(page) == []
    assert page.evaluate(SMALL) == []
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def _faults(page: Page) -> list[str]:
    result = Axe().run(page, options={"runOnly": WCAG}).response
    assert result["passes"], "axe checked nothing"
    return [
        f"{v['id']}: {v['nodes'][0]['html'][:200]}"
        for v in result["violations"]
        if v["impact"] in ("serious", "critical")
    ]


def test_the_page_is_light_and_local(visit: Callable[..., Page], served: Served) -> None:
    page = visit(only_open=True)
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    weights: list[float] = []
    hosts: list[str] = []
    errors: list[str] = []
    session.on("Network.loadingFinished", lambda e: weights.append(e["encodedDataLength"]))
    page.on("request", lambda r: hosts.append(r.url))
    page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
    page.goto(served.url)
    page.wait_for_selector(".chip")
    page.wait_for_timeout(1500)
    assert 50 * 1024 < sum(weights) <= MAX_WEIGHT
    assert [u for u in hosts if not u.startswith((served.url, "data:", "blob:"))] == []
    assert errors == []


def test_the_picks_are_a_rail_below_the_composer_on_a_narrow_screen(
    visit: Callable[..., Page],
) -> None:
    page = visit(viewport={"width": 390, "height": 844})
    ask(page, "on the phone")
    composer = page.locator("#composer").bounding_box()
    boxes = [card.bounding_box() for card in cards(page).all()]
    assert composer and boxes[0] and boxes[1]
    assert boxes[0]["y"] > composer["y"] + composer["height"]
    assert boxes[1]["x"] > boxes[0]["x"] + 200 and abs(boxes[1]["y"] - boxes[0]["y"]) < 10


def test_conversation_and_picks_stand_side_by_side(page: Page) -> None:
    talk, picks = page.locator("#talk").bounding_box(), page.locator("#picks").bounding_box()
    assert talk and picks
    assert picks["x"] > talk["x"] + talk["width"] - 1
    ask(page, "hostile")
    assert page.evaluate("document.documentElement.scrollHeight - innerHeight") <= 0
    assert (
        page.evaluate("(e => e.scrollHeight - e.clientHeight)(document.querySelector('#cards'))")
        > 0
    )
    assert 0.55 < talk["width"] / (talk["width"] + picks["width"]) < 0.65


def test_the_policy_forbids_other_hosts_and_inline_handlers(served: Served) -> None:
    headers = httpx.get(served.url).headers
    policy = headers["content-security-policy"]
    assert "default-src 'self'" in policy and "script-src-attr 'none'" in policy
    assert headers["content-encoding"] == "gzip"
