"""A visitor's own file: shown, agreed to, talked about, seen by nobody else, erased."""

from __future__ import annotations

import socket
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from acts import cards
from gradio.utils import get_upload_folder
from playwright.sync_api import Browser, Page

sys.path.append(str(Path(__file__).parents[1] / "recommender"))

from scripted_models import FILMS, HashingEncoder, ScriptedModel

from recommender.engine import Recommender
from recommender.settings import Settings
from recommender.ui.gate import Gate
from recommender.ui.handlers import Handlers
from recommender.ui.line import Line
from recommender.ui.own_file import OwnFile, Tab, roles_in, uploaded
from recommender.ui.pages import build_pages
from recommender.ui.server import serve

PLANTS = [
    f"{n},Fern of kind {n},{['shade', 'sun'][n % 2]},{n}.50,Wants water and little else."
    for n in range(40)
]
HOSTILE = "<img src=x onerror=window.x=1>${window.x=1}"


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recommender]:
    settings = Settings(catalog=str(FILMS), data=tmp_path_factory.mktemp("data"))
    recommender = Recommender(settings, encoder=HashingEncoder(), language_model=ScriptedModel())
    yield recommender
    recommender.close()


@pytest.fixture(scope="module")
def address(real: Recommender) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    page = build_pages(real)
    serve(page, "127.0.0.1", port)
    yield f"http://127.0.0.1:{port}/"
    page.close()


@pytest.fixture
def visit_real(browser: Browser, address: str) -> Iterator[Callable[[], Page]]:
    contexts = []

    def open_page() -> Page:
        context = browser.new_context(viewport={"width": 390, "height": 800})
        context.set_default_timeout(15_000)
        contexts.append(context)
        page = context.new_page()
        page.goto(address)
        page.wait_for_selector(".chip")
        return page

    yield open_page
    for context in contexts:
        context.close()


def plants(folder: Path, header: str = "id,name,light,price,care") -> Path:
    path = folder / "plants.csv"
    path.write_text("\n".join([header, *PLANTS]), encoding="utf-8")
    return path


def choose(page: Page, path: Path) -> None:
    page.locator(".own-open").click()
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose a file").click()
    chooser.value.set_files(path)


def wish(page: Page, words: str) -> list[str]:
    page.locator("#words textarea").fill(words)
    page.keyboard.press("Enter")
    page.locator("#send").wait_for(state="hidden")
    page.locator("#send").wait_for()
    cards(page).first.wait_for()
    return page.locator(".card-title").all_inner_texts()


def test_a_file_is_talked_about_by_who_brought_it(
    visit_real: Callable[[], Page], tmp_path: Path, real: Recommender
) -> None:
    page, other = visit_real(), visit_real()
    choose(page, plants(tmp_path))
    page.locator(".own-table").wait_for()
    assert page.get_by_label("name is taken as").input_value() == "title"
    assert page.get_by_label("price is taken as").input_value() == "number"
    page.get_by_label("price is taken as").select_option("skip")
    page.get_by_role("button", name="Talk about these").click()
    page.locator(".own.using").wait_for()
    assert "40 items" in page.locator(".own-open").inner_text()
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert all("Fern" in title for title in wish(page, "a fern for the shade"))
    [session] = real._own._served
    assert set(real.of(session).catalog.fields) == {"light", "care"}  # the price is left out
    assert not any("Fern" in title for title in wish(other, "a fern for the shade"))
    page.reload()
    page.locator(".own.using").wait_for()
    assert all("Fern" in title for title in page.locator(".card-title").all_inner_texts())
    page.get_by_role("button", name="Start over").click()
    page.locator(".own:not(.using)").wait_for()
    assert not real._own._served and not real._sessions._passing.has_session(session)
    assert not list(Path(get_upload_folder()).rglob("plants.csv"))


def test_names_of_columns_can_not_act(visit_real: Callable[[], Page], tmp_path: Path) -> None:
    page = visit_real()
    choose(page, plants(tmp_path, f"id,name,{HOSTILE},price,care"))
    assert page.locator(".own-name").nth(2).inner_text() == HOSTILE
    assert page.evaluate("window.x") is None


def test_what_is_no_table_is_said(visit_real: Callable[[], Page], tmp_path: Path) -> None:
    page = visit_real()
    path = tmp_path / "plants.csv"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(200))
    choose(page, path)
    page.locator(".own-error").get_by_text("is a PNG image").wait_for()


def test_only_uploads_are_read(tmp_path: Path, real: Recommender) -> None:
    secret = plants(tmp_path)
    inside = Path(get_upload_folder())
    inside.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=inside) as folder:
        link = Path(folder) / "plants.csv"
        link.symlink_to(secret)
        forged = [str(secret), str(link), f"{folder}/../../{secret}", "", 7, None, "\0", folder]
        assert [uploaded(path) for path in forged] == [None] * len(forged)
        own, tab = OwnFile(Handlers(real, (), Line(1, 1))), Tab()
        assert "no longer here" in own.look({"path": str(secret)}, tab)["own"]
        assert secret.exists() and tab.path is None


def test_nothing_is_taken_that_was_not_looked_at(real: Recommender) -> None:
    own = OwnFile(Handlers(real, (), Line(1, 1)))
    [update] = own.take({"roles": {"a": "title"}}, {}, Tab(), Gate())
    assert "no longer here" in update["own"]
    assert roles_in({"roles": {"a": "title", "b": "admin", "c": ["id"]}}) == {"a": "title"}
    assert roles_in({"roles": "title"}) == {}
