"""What a visitor does and sees, in the words of the tests."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect


def words(page: Page) -> Locator:
    return page.locator("#words textarea")


def say(page: Page, text: str) -> None:
    words(page).fill(text)
    words(page).press("Enter")


def ask(page: Page, text: str) -> None:
    """Say it and wait until the reply is complete."""
    before = users(page).count()
    say(page, text)
    expect(users(page)).to_have_count(before + 1)
    settled(page)


def settled(page: Page) -> None:
    expect(page.locator("#send")).to_be_visible()
    expect(page.locator("#stop")).to_be_hidden()


def users(page: Page) -> Locator:
    return page.locator('#conversation [data-testid="user"]')


def bots(page: Page) -> Locator:
    return page.locator('#conversation [data-testid="bot"]')


def cards(page: Page) -> Locator:
    return page.locator(".card")


def chips(page: Page) -> Locator:
    return page.locator(".chip")
