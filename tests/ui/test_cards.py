"""The picks: rating, the other marks, the reason, the keyboard, and hostile text."""

from __future__ import annotations

from acts import ask, bots, cards, settled, users, words
from playwright.sync_api import Page, expect
from scripted import PAYLOADS, Served


def _marks(served: Served, page: Page) -> dict[str, dict[str, object]]:
    item = cards(page).first.get_attribute("data-item")
    return next(m for m in reversed(served.recommender.marks.values()) if item in m)


def test_one_click_rates_and_keeps_the_focus(page: Page, served: Served) -> None:
    ask(page, "rate me")
    item = cards(page).first.get_attribute("data-item") or ""
    star = cards(page).first.locator("input[type=radio]").nth(3)
    with page.expect_response("**/gradio_api/run/**"):
        star.click()
    assert star.is_checked()
    page.wait_for_timeout(300)
    focused = page.evaluate("[document.activeElement.type, document.activeElement.value]")
    assert focused == ["radio", "4"]
    assert _marks(served, page)[item] == {"rating": 4}
    expect(cards(page).first.get_by_role("status")).to_have_text("Rated 4 of 5.")


def test_a_rating_while_the_text_streams(page: Page) -> None:
    words(page).fill("slow please")
    words(page).press("Enter")
    cards(page).first.locator("input[type=radio]").nth(1).click()
    settled(page)
    assert cards(page).first.locator("input[type=radio]").nth(1).is_checked()


def test_the_other_marks_are_kept(page: Page, served: Served) -> None:
    ask(page, "mark me")
    item = cards(page).first.get_attribute("data-item") or ""
    for name in ("Seen it", "Not for me"):
        button = cards(page).first.get_by_role("button", name=name)
        with page.expect_response("**/gradio_api/run/**"):
            button.click()
        expect(button).to_have_attribute("aria-pressed", "true")
    assert _marks(served, page)[item] == {"seen": True, "not_for_me": True}


def test_a_mark_that_is_not_kept_is_taken_back(page: Page, served: Served) -> None:
    ask(page, "soon gone")
    served.recommender.sessions.clear()
    star = cards(page).first.locator("input[type=radio]").nth(3)
    star.click()
    expect(cards(page).first.get_by_role("status")).to_contain_text("Not saved: this conv")
    expect(star).not_to_be_checked()


def test_more_like_this_asks_for_it(page: Page, served: Served) -> None:
    ask(page, "a start")
    title = served.recommender.catalog[cards(page).first.get_attribute("data-item") or ""].name
    cards(page).first.get_by_role("button", name="More like this").click()
    expect(users(page)).to_have_count(2)
    settled(page)
    expect(users(page).last).to_have_text(f"More like {title}")


def test_the_reason_names_its_evidence_and_source(page: Page) -> None:
    ask(page, "show me why")
    why = cards(page).first.locator("details")
    expect(why.locator(".why-body")).to_be_hidden()
    why.locator("summary").click()
    expect(why.locator(".reason")).to_contain_text("which is what you asked for")
    expect(why.locator(".from-item")).to_contain_text("Its genre")
    expect(why.locator(".from-user")).to_contain_text("You said (turn 1)")
    expect(why.locator(".from-user")).to_contain_text("show me why")


def test_a_rating_is_near_the_composer(page: Page) -> None:
    ask(page, "by keyboard")
    words(page).focus()
    reached = []
    while len(reached) < 6 and "radio" not in reached:
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.type"))
    assert "radio" in reached
    page.keyboard.press("Space")
    expect(cards(page).first.get_by_role("status")).to_have_text("Rated 1 of 5.")


def test_no_text_ever_acts(page: Page) -> None:
    foreign: list[str] = []
    page.on("request", lambda r: foreign.append(r.url) if "foreign" in r.url else None)
    ask(page, "hostile " + " ".join(p for p in PAYLOADS if len(p) < 200))
    expect(cards(page)).to_have_count(len(PAYLOADS))
    for summary in page.locator("summary").all():
        summary.click()
    cards(page).nth(2).get_by_role("button", name="More like this").click()
    expect(users(page)).to_have_count(2)
    settled(page)
    page.reload()
    expect(users(page)).to_have_count(2)
    assert page.evaluate("window.x") is None
    inside = "#conversation .message, .card, .chips"
    assert page.locator(inside).locator("img, form, a, script, iframe").count() == 0
    assert foreign == []
    for payload in (p for p in PAYLOADS if len(p) < 200):
        shown = page.locator("#conversation").inner_text().replace("\u2060", "")
        assert payload.replace("\u202b", "").replace("\u202c", "")[:20] in shown.replace(
            "\u202b", ""
        )
    overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert overflow <= 0


def test_titles_stand_on_cards_as_they_are(page: Page) -> None:
    ask(page, "hostile")
    titles = page.locator(".card-title")
    for place, payload in enumerate(PAYLOADS):
        if len(payload) < 200:
            expect(titles.nth(place)).to_have_text(f"{payload} 1999")
    assert len(titles.nth(4).inner_text()) < 320
    expect(bots(page)).to_have_count(1)
