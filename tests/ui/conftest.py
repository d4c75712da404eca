"""A real Chromium on a real server, over the scripted recommender.

Without a Chromium the tests are skipped, with a line that says so, except where CI is set.
"""

from __future__ import annotations

import os
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from scripted import ScriptedRecommender, Served

from recommender.settings import Settings
from recommender.ui.judging_api import judging_routes
from recommender.ui.pages import build_pages
from recommender.ui.server import serve

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
expect.set_options(timeout=10_000)


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    settings = Settings(model="none", data=tmp_path_factory.mktemp("data"))
    recommender = ScriptedRecommender(settings)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    page = build_pages(recommender)
    serve(page, "127.0.0.1", port, routes=judging_routes(recommender))
    yield Served(f"http://127.0.0.1:{port}/", recommender)
    page.close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))),
                None)  # fmt: skip
    if path is None and not os.environ.get("CI"):
        pytest.skip("no Chromium found: the tests of the page are skipped")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield running
        running.close()


@pytest.fixture
def visit(browser: Browser, served: Served) -> Iterator[Callable[..., Page]]:
    """Open the page as a new visitor, or only a blank tab; options go to the context."""
    contexts: list[BrowserContext] = []

    def open_page(only_open: bool = False, **options: Any) -> Page:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}, **options})
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        if only_open:
            return page
        page.goto(served.url)
        page.wait_for_selector(".chip")
        return page

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture
def page(visit: Callable[..., Page]) -> Page:
    return visit()
