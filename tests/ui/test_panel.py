"""The panel of what was understood: its lines, edits, the export, and being forgotten."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from acts import ask, bots, cards, say, settled, users, words
from playwright.sync_api import Locator, Page, expect
from scripted import PAYLOADS, Served

WISH = "a calm one, not after 1990"


def lines(page: Page) -> Locator:
    return page.locator(".held-line")


def line(page: Page, value: str) -> Locator:
    return lines(page).filter(has=page.locator(".held-value").get_by_text(value, exact=True))


def button(page: Page, name: str) -> Locator:
    return page.locator(".panel").get_by_role("button", name=name)


def opened(page: Page) -> Page:
    page.locator(".held > summary").click()
    expect(page.locator(".held-add")).to_be_visible()
    return page


def add(page: Page, kind: str, text: str) -> None:
    page.locator(".held-kind").select_option(label=kind)
    page.locator(".held-add .held-field").fill(text)
    button(page, "Add").click()


def edited(page: Page, count: int) -> None:
    """Wait until the reply to an edit is complete; `count` is that of the user's turns."""
    expect(users(page)).to_have_count(count)
    settled(page)


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.getAttribute('aria-label')"))


def test_each_line_says_where_it_came_from(page: Page) -> None:
    opened(page)
    expect(page.locator(".held-none")).to_be_visible()
    ask(page, WISH)
    expect(page.locator(".held-none")).to_be_hidden()
    expect(line(page, WISH).locator(".held-label")).to_have_text("wish")
    expect(line(page, WISH).locator(".held-from")).to_have_text("from turn 1")
    expect(line(page, "not after 1990").locator(".held-label")).to_have_text("limit")
    expect(line(page, "not after 1990").locator(".held-from")).to_have_text("from turn 1")
    expect(page.locator(".reader")).to_have_text("Understood by rules")
    page.locator(".held > summary").click()
    expect(page.locator(".glance")).to_contain_text("not after 1990")


def test_removing_a_line_ranks_again_and_goes_on_at_the_next(page: Page, served: Served) -> None:
    opened(page)
    ask(page, WISH)
    before = cards(page).first.get_attribute("data-item")
    left = lines(page).count()
    button(page, "Remove: limit not after 1990").focus()
    page.keyboard.press("Enter")
    edited(page, 2)
    expect(users(page).last).to_have_text("Removed “not after 1990”")
    expect(bots(page).last).to_contain_text("I would start with")
    expect(lines(page)).to_have_count(left - 1)
    expect(line(page, "not after 1990")).to_have_count(0)
    expect(page.locator(".reader")).to_have_text("Edited by hand")
    assert cards(page).first.get_attribute("data-item") != before
    assert focused(page).startswith("Remove: liked")
    stored = [r for r in served.recommender.kept.values() if len(r) == 2][-1]
    assert [list(r.acts) for r in stored] == [["ask"], ["edit"]]
    assert stored[1].state.limits == ()


def test_changing_a_line_by_keyboard(page: Page) -> None:
    opened(page)
    ask(page, WISH)
    button(page, "Edit: limit not after 1990").focus()
    page.keyboard.press("Enter")
    assert focused(page) == "Change limit not after 1990"
    page.keyboard.press("Escape")
    assert focused(page) == "Edit: limit not after 1990"
    page.keyboard.press("Enter")
    page.keyboard.type("before 1970")  # takes the place of what is selected
    page.keyboard.press("Enter")
    edited(page, 2)
    expect(users(page).last).to_have_text("Changed “not after 1990” to “not after 1969”")
    expect(line(page, "not after 1969").locator(".held-from")).to_have_text(
        "from “before 1970”, turn 2"
    )
    expect(line(page, "not after 1990")).to_have_count(0)
    assert focused(page) == "Edit: limit not after 1969"


@pytest.mark.parametrize(
    ("kind", "text", "told", "value"),
    [
        ("Must be", "French", "Added “French”", "French"),
        ("Must not be", "French", "Added “not French”", "not French"),
        ("I liked", "heat", "Added “Heat (1995)” as liked", "Heat (1995)"),
        ("I disliked", "Heat", "Added “Heat (1995)” as disliked", "Heat (1995)"),
        ("I have seen", "Heat (1995)", "Added “Heat (1995)” as seen", "Heat (1995)"),
        ("I wish for", "a storm", "Added “a storm”", "a storm"),
        ("I usually like", "slow films", "Added “slow films”", "slow films"),
        ("The setting", "on a train", "Added “on a train”", "on a train"),
    ],
)
def test_a_line_of_each_kind_can_be_added(
    page: Page, kind: str, text: str, told: str, value: str
) -> None:
    opened(page)  # also as the first thing that is ever said
    add(page, kind, text)
    edited(page, 1)
    expect(users(page).last).to_have_text(told)
    expect(line(page, value)).to_have_count(1)
    expect(cards(page)).to_have_count(3)
    expect(page.locator(".held-add .held-field")).to_have_value("")
    assert focused(page) == "In words"


def test_what_can_not_be_kept_is_told_beside_the_field(page: Page, served: Served) -> None:
    opened(page)
    ask(page, WISH)
    words(page).fill("half a thought")
    add(page, "Must be", "asdf")
    error = page.locator(".held-add .held-error")
    expect(error).to_contain_text("“asdf” is no limit of this catalog; say for example")
    field = page.locator(".held-add .held-field")
    expect(field).to_have_value("asdf")
    expect(field).to_have_attribute("aria-invalid", "true")
    assert focused(page) == "In words"
    expect(users(page)).to_have_count(1)
    expect(cards(page)).to_have_count(3)
    button(page, "Edit: limit not after 1990").click()
    editor = page.locator(".held-edit .held-field")
    editor.fill("qwerty")
    editor.press("Enter")
    expect(page.locator(".held-edit .held-error")).to_contain_text("“qwerty” is no limit")
    expect(editor).to_have_value("qwerty")
    expect(field).to_have_value("asdf")
    field.fill("before 1970")
    button(page, "Add").click()
    edited(page, 2)
    expect(error).to_be_hidden()
    expect(line(page, "not after 1969")).to_have_count(1)
    expect(editor).to_have_value("qwerty")  # another line's editor is left alone
    expect(words(page)).to_have_value("half a thought")


def test_the_buttons_rest_while_a_reply_is_written(page: Page) -> None:
    opened(page)
    ask(page, WISH)
    remove = button(page, "Remove: limit not after 1990")
    expect(remove).to_have_attribute("aria-disabled", "false")
    say(page, "slow please")
    expect(remove).to_have_attribute("aria-disabled", "true")
    remove.click(force=True)
    page.locator(".held-add .held-field").fill("French")
    page.locator(".held-add .held-field").press("Enter")
    expect(page.locator(".held-add .held-error")).to_contain_text("One moment")
    settled(page)
    expect(remove).to_have_attribute("aria-disabled", "false")
    expect(users(page)).to_have_count(2)
    expect(page.locator(".held-add .held-field")).to_have_value("French")


def test_an_edit_can_be_stopped_and_undone(page: Page) -> None:
    opened(page)
    ask(page, WISH)
    add(page, "I wish for", "rank slowly")
    page.locator("#stop").click()
    expect(bots(page).last).to_have_text("Stopped.")
    page.wait_for_timeout(1300)
    add(page, "Must be", "French")
    edited(page, 3)
    page.get_by_role("button", name="Retry").last.click()
    expect(page.locator("#line")).to_contain_text("That was an edit by hand")
    expect(users(page)).to_have_count(3)
    page.get_by_role("button", name="Undo").last.click()
    expect(users(page)).to_have_count(2)
    expect(words(page)).to_have_value("")  # nobody said “Added …”
    expect(line(page, "French")).to_have_count(0)
    expect(line(page, "rank slowly")).to_have_count(1)


def test_an_edit_after_a_reload_keeps_the_rating(page: Page, served: Served) -> None:
    ask(page, WISH)
    with page.expect_response("**/gradio_api/run/**"):
        cards(page).first.locator("input[type=radio]").nth(3).click()
    rated = cards(page).first.get_attribute("data-item")
    page.reload()
    expect(users(page)).to_have_count(1)
    opened(page)
    expect(page.locator(".reader")).to_have_text("Understood by rules")
    button(page, "Remove: limit not after 1990").click()
    edited(page, 2)
    page.reload()
    expect(users(page)).to_have_text([WISH, "Removed “not after 1990”"])
    opened(page)
    expect(line(page, "not after 1990")).to_have_count(0)
    kept = [m for m in served.recommender.marks.values() if rated in m]
    assert kept[-1][rated] == {"rating": 4}


def test_a_mark_on_a_card_is_a_line_at_once_and_can_be_taken_back(page: Page) -> None:
    opened(page)
    ask(page, "mark me")
    seen = cards(page).first.get_by_role("button", name="Seen it")
    for pressed, told in (("true", "Noted as seen."), ("false", "No longer noted as seen.")):
        seen.click()
        expect(seen).to_have_attribute("aria-pressed", pressed)
        expect(cards(page).first.get_by_role("status")).to_have_text(told)
        labels = page.locator(".held-label").get_by_text("seen", exact=True)
        expect(labels).to_have_count(1 if pressed == "true" else 0)


def test_visitors_see_their_own_lines_alone(visit: Callable[..., Page], served: Served) -> None:
    one, other = visit(), visit()
    ask(one, "my private wish, not after 1990")
    ask(other, "something else, not after 1970")
    for page in (one, other):
        opened(page)
    key = lines(one).count()
    button(other, "Remove: limit not after 1970").click()
    edited(other, 2)
    expect(lines(one)).to_have_count(key)
    one.reload()
    opened(one)
    expect(line(one, "not after 1990")).to_have_count(1)
    assert "private wish" not in other.content()


def test_no_line_ever_acts(page: Page) -> None:
    opened(page)
    for count, payload in enumerate((p for p in PAYLOADS if len(p) < 200), start=1):
        add(page, "I wish for", payload)
        edited(page, count)
        expect(lines(page)).to_have_count(count)
    for payload in PAYLOADS[:3]:
        add(page, "Must be", f"asdf {payload}")
        expect(page.locator(".held-add .held-error")).to_contain_text(f"“asdf {payload[:40]}")
    button(page, "Edit: wish").first.click()
    add(page, "I wish for", "W" * 10_000)
    expect(page.locator(".held-add .held-error")).to_contain_text("10,000 characters; at most 200")
    page.reload()
    opened(page)
    assert page.evaluate("window.x") is None
    assert page.locator(".panel").locator("img, a, script, iframe").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def test_all_that_is_kept_can_be_saved(page: Page) -> None:
    opened(page)
    button(page, "Export").click()
    expect(page.locator(".told")).to_have_text("Nothing is kept of you here.")
    ask(page, WISH)
    with page.expect_download() as download:
        button(page, "Export").click()
    kept = json.loads(Path(download.value.path()).read_text(encoding="utf-8"))
    assert download.value.suggested_filename == "instructrec-conversation.json"
    assert [turn["utterance"] for turn in kept["turns"]] == [WISH]
    assert "not after 1990" in [one["value"] for one in kept["understood"]]
    expect(page.locator(".told")).to_contain_text("Saved as")


def test_forgetting_asks_first_and_says_what_went(page: Page, served: Served) -> None:
    opened(page)
    ask(page, "a wish to forget")
    ask(page, "and another")
    with page.expect_response("**/gradio_api/run/**"):
        cards(page).first.locator("input[type=radio]").nth(3).click()
    kept = len(served.recommender.sessions)
    button(page, "Forget me").click()
    expect(button(page, "Keep it")).to_be_focused()
    page.keyboard.press("Escape")
    expect(button(page, "Delete all")).to_be_hidden()
    expect(button(page, "Forget me")).to_be_focused()
    assert len(served.recommender.sessions) == kept
    button(page, "Forget me").click()
    button(page, "Delete all").click()
    expect(page.locator(".told")).to_have_text("2 turns, 6 picks, 1 rating deleted.")
    expect(users(page)).to_have_count(0)
    expect(cards(page)).to_have_count(0)
    expect(lines(page)).to_have_count(0)
    assert len(served.recommender.sessions) == kept - 1
    page.reload()
    page.wait_for_selector(".chip")
    expect(users(page)).to_have_count(0)
    ask(page, "a new start")
    expect(users(page)).to_have_count(1)


def test_a_forgotten_session_can_not_be_edited(page: Page, served: Served) -> None:
    opened(page)
    ask(page, WISH)
    served.recommender.sessions.clear()
    button(page, "Remove: limit not after 1990").click()
    expect(page.locator(".told")).to_contain_text("no longer kept here")
    expect(users(page)).to_have_count(1)
    expect(cards(page)).to_have_count(3)
