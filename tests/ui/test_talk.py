"""The conversation: say, stop, take back, edit, start over, and what goes wrong."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from acts import ask, bots, cards, chips, say, settled, users, words
from playwright.sync_api import Page, expect
from scripted import Served


def test_an_example_answers_with_picks_and_reasons(page: Page) -> None:
    assert chips(page).count() >= 3
    example = chips(page).first.inner_text()
    chips(page).first.click()
    settled(page)
    expect(users(page)).to_have_text([example])
    expect(bots(page).last).to_contain_text("I would start with")
    expect(cards(page)).to_have_count(3)
    expect(chips(page).first).to_have_text("Something older")


def test_cards_come_before_the_text(page: Page) -> None:
    say(page, "slow please")
    cards(page).first.wait_for()
    assert "All that came to mind" not in bots(page).last.inner_text()
    expect(bots(page).last).to_contain_text("All that came to mind")


def test_typing_goes_on_while_a_reply_is_written(page: Page) -> None:
    say(page, "slow please")
    expect(page.locator("#stop")).to_be_visible()
    expect(page.locator("#send")).to_be_hidden()
    expect(words(page)).to_have_value("")
    words(page).fill("my next thought")
    words(page).press("Enter")
    settled(page)
    expect(words(page)).to_have_value("my next thought")
    expect(users(page)).to_have_count(1)
    words(page).press("Enter")
    expect(users(page)).to_have_count(2)


def test_nothing_said_changes_nothing(page: Page) -> None:
    ask(page, "first wish")
    title = cards(page).first.locator(".card-title").inner_text()
    words(page).press("Enter")
    page.wait_for_timeout(700)
    expect(users(page)).to_have_text(["first wish"])
    expect(cards(page).first.locator(".card-title")).to_have_text(title, use_inner_text=True)
    expect(page.locator("#send")).to_have_text("Send")


def test_stop_freezes_the_text_and_stops_the_model(page: Page, served: Served) -> None:
    closed = served.recommender.closed
    say(page, "slow please, and a rather long request so that there is much to say about it")
    expect(bots(page).last).to_contain_text("For")
    page.locator("#stop").click()
    settled(page)
    frozen = bots(page).last.inner_text()
    page.wait_for_timeout(600)
    assert bots(page).last.inner_text() == frozen
    assert "All that came to mind" not in frozen
    assert served.recommender.closed == closed + 1
    ask(page, "and now a quick one")
    expect(bots(page).last).to_contain_text("I would start with")


def test_stop_before_the_picks(page: Page) -> None:
    say(page, "rank slowly")
    page.locator("#stop").click()
    expect(bots(page).last).to_have_text("Stopped.")
    page.wait_for_timeout(1300)
    expect(bots(page).last).to_have_text("Stopped.")
    expect(cards(page)).to_have_count(0)
    ask(page, "a quick one")
    expect(cards(page)).to_have_count(3)


def test_undo_puts_the_words_back(page: Page) -> None:
    ask(page, "first wish")
    first = cards(page).first.inner_text()
    ask(page, "second wish")
    page.get_by_role("button", name="Undo").last.click()
    expect(users(page)).to_have_text(["first wish"])
    expect(words(page)).to_have_value("second wish")
    expect(cards(page).first).to_have_text(first, use_inner_text=True)


def test_retry_says_the_same_again(page: Page, served: Served) -> None:
    ask(page, "first wish")
    finished = served.recommender.finished
    page.get_by_role("button", name="Retry").last.click()
    # The page looks the same before and after, so the second reply is waited for by itself.
    for _ in range(200):
        if served.recommender.finished > finished:
            break
        page.wait_for_timeout(100)
    assert served.recommender.finished == finished + 1
    settled(page)
    expect(bots(page)).to_have_count(1)
    expect(bots(page).last).to_contain_text("Rate one")
    expect(users(page)).to_have_text(["first wish"])


def test_an_edited_message_replaces_the_turn(page: Page, served: Served) -> None:
    ask(page, "first wish")
    ask(page, "seconb <wish>")
    page.get_by_role("button", name="Edit").last.click()
    box = page.locator("#conversation textarea")
    assert box.input_value().replace("\u2060", "") == "seconb <wish>"
    box.fill("second <wish>")
    page.get_by_role("button", name="Submit").click()
    expect(bots(page).last).to_contain_text("“second <\u2060wish>”")
    settled(page)
    expect(users(page)).to_have_text(["first wish", "second <\u2060wish>"])
    stored = [r for r in served.recommender.kept.values() if len(r) == 2][-1]
    assert [r.utterance for r in stored] == ["first wish", "second <wish>"]


def test_starting_over_forgets_everything(page: Page, served: Served) -> None:
    ask(page, "a wish to forget")
    kept = len(served.recommender.sessions)
    page.locator("#clear").click()
    expect(users(page)).to_have_count(0)
    expect(cards(page)).to_have_count(0)
    assert len(served.recommender.sessions) == kept - 1
    page.reload()
    page.wait_for_selector(".chip")
    expect(users(page)).to_have_count(0)


@pytest.mark.parametrize("when", ["early", "late"])
def test_a_failure_is_a_friendly_line(page: Page, when: str) -> None:
    ask(page, f"fail {when}")
    expect(bots(page).last).to_contain_text("Something went wrong on this side")
    assert "Traceback" not in page.content() and "scripted failure" not in page.content()
    expect(users(page)).to_have_count(1)
    ask(page, "and another")
    expect(bots(page).last).to_contain_text("I would start with")


def test_a_refused_utterance_says_why(page: Page) -> None:
    ask(page, "refuse this")
    expect(bots(page).last).to_contain_text("longer than can be read")


def test_nothing_fits(page: Page) -> None:
    ask(page, "nothing at all")
    expect(cards(page)).to_have_count(0)
    expect(page.locator(".note")).to_contain_text("Nothing in the catalog fits")


def test_small_talk_leaves_the_cards(page: Page) -> None:
    ask(page, "first wish")
    title = cards(page).first.locator(".card-title").inner_text()
    for _ in range(2):
        ask(page, "thanks")
        expect(cards(page).first.locator(".card-title")).to_have_text(title, use_inner_text=True)
    page.reload()
    expect(users(page)).to_have_count(3)
    expect(cards(page).first.locator(".card-title")).to_have_text(title, use_inner_text=True)


def test_degraded_is_plain_to_see(page: Page) -> None:
    expect(page.locator("#line")).to_contain_text("scripted-135M")
    ask(page, "degraded please")
    expect(page.locator(".line.degraded")).to_contain_text("took too long")
    # The scripted model ranked before it was given up.
    expect(page.locator(".line.degraded")).to_contain_text("The picks are ranked with it")


def test_those_who_wait_see_their_place(visit: Callable[..., Page]) -> None:
    first, second, third = visit(), visit(), visit()
    say(first, "slow please, with a long list of things that I would like to be considered")
    expect(first.locator("#stop")).to_be_visible()
    say(second, "slow please")
    expect(users(second)).to_have_count(1)
    say(third, "me too")
    expect(users(third)).to_have_count(1)
    expect(second.locator("#line")).to_contain_text("You are next")
    expect(third.locator("#line")).to_contain_text("You are number 2 in line")
    second.locator("#stop").click()
    expect(third.locator("#line")).to_contain_text("You are next")
    first.locator("#stop").click()
    settled(third)
    expect(bots(third).last).to_contain_text("I would start with")


def test_a_waiting_visitor_can_leave_the_queue(visit: Callable[..., Page], served: Served) -> None:
    first, second = visit(), visit()
    say(first, "slow please, with a long list of things that I would like to be considered")
    expect(bots(first).last).to_contain_text("For")
    say(second, "never to be answered")
    expect(second.locator("#stop")).to_be_visible()
    second.locator("#stop").click()
    expect(bots(second).last).to_have_text("Stopped.")
    first.locator("#stop").click()
    settled(first)
    time.sleep(0.5)
    said = [r.utterance for replies in served.recommender.kept.values() for r in replies]
    assert "never to be answered" not in said
