"""Who sees what: coming back, other visitors, forged and forgotten sessions."""

from __future__ import annotations

import json
from collections.abc import Callable

from acts import ask, bots, cards, settled, users
from playwright.sync_api import Page, expect
from scripted import Served


def test_a_reload_brings_back_chat_cards_and_rating(page: Page) -> None:
    ask(page, "first wish")
    ask(page, "second wish")
    title = cards(page).first.locator(".card-title").inner_text()
    with page.expect_response("**/gradio_api/run/**"):
        cards(page).first.locator("input[type=radio]").nth(3).click()
    page.reload()
    expect(users(page)).to_have_text(["first wish", "second wish"])
    expect(bots(page)).to_have_count(2)
    expect(cards(page).first.locator(".card-title")).to_have_text(title, use_inner_text=True)
    expect(cards(page).first.locator("input[type=radio]").nth(3)).to_be_checked()
    ask(page, "third wish")
    expect(users(page)).to_have_count(3)


def test_a_reload_while_the_text_streams(page: Page, served: Served) -> None:
    closed = served.recommender.closed
    page.locator("#words textarea").fill("slow please, with a long list of things to consider")
    page.keyboard.press("Enter")
    expect(bots(page).last).to_contain_text("For")
    page.reload()
    expect(users(page)).to_have_count(1)
    page.wait_for_timeout(500)
    assert served.recommender.closed == closed + 1
    ask(page, "a quick one")
    expect(users(page)).to_have_count(2)


def test_visitors_share_nothing(visit: Callable[..., Page]) -> None:
    one, other = visit(), visit()
    ask(one, "my private wish")
    ask(other, "something else")
    other.reload()
    expect(users(other)).to_have_text(["something else"])
    assert "private wish" not in other.content()


def test_the_browser_keeps_an_id_and_nothing_else(page: Page) -> None:
    ask(page, "my private wish")
    kept = json.dumps(page.evaluate("({...localStorage})"))
    assert "private wish" not in kept
    assert len(kept) < 1_000


def test_a_forgotten_session_starts_anew_with_a_friendly_line(page: Page, served: Served) -> None:
    ask(page, "a wish")
    served.recommender.sessions.clear()
    ask_after = page.locator("#words textarea")
    ask_after.fill("are you there")
    ask_after.press("Enter")
    settled(page)
    expect(bots(page).first).to_contain_text("no longer kept here")
    expect(users(page)).to_have_text(["are you there"])
    expect(cards(page)).to_have_count(3)
    served.recommender.sessions.clear()
    page.reload()
    expect(bots(page)).to_have_count(1)
    expect(bots(page).first).to_contain_text("no longer kept here")


def test_what_is_kept_is_said_first_and_can_be_refused(
    visit: Callable[..., Page], served: Served
) -> None:
    for label, consent in (
        (None, "kept"),
        ("Keep nothing", ""),
        ("Keep it, and let it be judged and learned from", "judged"),
    ):
        page = visit()
        expect(page.locator("#consent")).to_contain_text(
            "your messages, the picks and your ratings"
        )
        if label:
            page.get_by_label(label).check()
        ask(page, "a wish")
        assert served.recommender.consents[-1] == consent
        expect(page.locator("#consent")).to_be_hidden()
    page.reload()
    expect(users(page)).to_have_count(1)
    expect(page.locator("#consent")).to_be_hidden()
    page.get_by_role("button", name="Start over").click()
    expect(page.locator("#consent")).to_be_visible()
