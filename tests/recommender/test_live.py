"""A catalog that changes while it is served: nothing fails, nothing is missing or doubled."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from scripted_models import HashingEncoder, ScriptedModel

from recommender.dialogue import Done, Reply
from recommender.engine import FeedbackError, Recommender, UnknownSessionError
from recommender.settings import Settings
from recommender.store import Store
from retrieval.intake.bounds import OWN
from retrieval.intake.finding import storage_of
from retrieval.intake.importing import look, take_in, take_up
from retrieval.retriever import Query

ROOT = Path(__file__).parents[2]
_BY_ANOTHER = """
import sys
from pathlib import Path
from retrieval.intake.bounds import OWN
from retrieval.intake.finding import storage_of
from retrieval.intake.importing import take_up
storage = storage_of("books", Path(sys.argv[1]))
for file in sys.argv[2:]:
    take_up(Path(file), storage, OWN)
"""


def book(number: int, title: str = "") -> dict[str, object]:
    return {
        "id": f"b{number}", "title": title or f"The {number}th Harbour", "year": 1900 + number % 100,
        "genres": ["Horror" if number % 2 else "Romance"], "authors": [f"Ann Lee {number % 9}"],
        "text": f"A keeper of lighthouse {number} waits for a ship that never comes home again.",
    }  # fmt: skip


def written(path: Path, *books: dict[str, object]) -> Path:
    path.write_text("\n".join(map(json.dumps, books)), encoding="utf-8")
    return path


@pytest.fixture
def data(tmp_path: Path) -> Path:
    file = written(tmp_path / "books.jsonl", *map(book, range(120)))
    take_in(look(file, OWN), storage_of("books", tmp_path), "books", OWN)
    return tmp_path


@pytest.fixture
def recommender(data: Path) -> Iterator[Recommender]:
    settings = Settings(catalog="books", data=data)
    opened = Recommender(settings, encoder=HashingEncoder(), language_model=ScriptedModel())
    yield opened
    opened.close()


def said(recommender: Recommender, session: str, words: str) -> Reply:
    *_, last = recommender.reply(session, words)
    assert isinstance(last, Done)
    return last.reply


def test_a_change_is_served_without_a_restart(recommender: Recommender, data: Path) -> None:
    session = recommender.open_session().id
    assert (
        said(recommender, session, "The Quiet Volcano").picks[0].item.title != "The Quiet Volcano"
    )
    take_up(
        written(data / "more.jsonl", book(500, "The Quiet Volcano")), storage_of("books", data), OWN
    )
    recommender.settle()
    assert recommender.catalog["b500"].title == "The Quiet Volcano"
    reply = said(recommender, session, "something like The Quiet Volcano")
    assert [m.item_id for m in reply.state.liked] == ["b500"]


def test_a_turn_keeps_the_version_that_it_began_with(recommender: Recommender, data: Path) -> None:
    here = recommender.of("")
    storage_of("books", data).remove(["b1"])
    recommender.settle()
    assert "b1" in here.catalog and "b1" not in recommender.of("").catalog


def test_an_item_that_left_is_spoken_of_plainly(recommender: Recommender, data: Path) -> None:
    session = recommender.open_session().id
    first, second, *_ = said(recommender, session, "a horror novel with a lighthouse").picks
    storage_of("books", data).remove([second.item.id])
    recommender.settle()
    reply = said(recommender, session, "who wrote the second one?")
    assert f"“{second.item.name}” has left the catalog in the meantime." in reply.message
    assert second.item.facets["authors"][0] in reply.message
    again = said(recommender, session, "more like the first one")
    assert [m.item_id for m in again.state.liked] == [first.item.id]
    assert second.item.id not in {pick.item.id for pick in again.picks}
    with pytest.raises(FeedbackError, match="no longer in the catalog"):
        recommender.feedback(session, second.item.id, "seen")
    assert len(recommender.replies(session)) == 3


def test_a_conversation_outlives_its_fields(recommender: Recommender, data: Path) -> None:
    session = recommender.open_session().id
    assert said(recommender, session, "a horror novel from before 1950").state.limits
    plain = written(
        data / "plain.jsonl", *({"id": f"b{n}", "title": f"Volume {n}"} for n in range(60))
    )
    take_in(look(plain, OWN), storage_of("books", data), "books", OWN)
    recommender.settle()
    reply = said(recommender, session, "another one")
    assert reply.picks and not reply.state.limits


def test_a_catalog_that_is_removed_is_served_on(recommender: Recommender, data: Path) -> None:
    storage_of("books", data).drop()
    recommender.settle(1.0)
    assert said(recommender, recommender.open_session().id, "a lighthouse").picks
    again = written(data / "again.jsonl", *(book(n, f"Once More {n}") for n in range(120)))
    take_in(look(again, OWN), storage_of("books", data), "books", OWN)
    recommender.settle()  # another catalog of the same name and version
    assert recommender.catalog["b1"].title == "Once More 1"


def test_updates_and_searches_at_once(recommender: Recommender, data: Path) -> None:
    files = [
        written(data / f"up{n}.jsonl", book(n, f"Renamed {n}"), book(1_000 + n)) for n in range(90)
    ]
    storage, failures, searches = storage_of("books", data), [], []
    versions = set()

    def search(seed: int) -> None:
        chance = random.Random(seed)
        try:
            for _ in range(250):
                here = recommender.of("")
                found = here.retriever.retrieve(Query(f"lighthouse {chance.randrange(120)}"), 20)
                ids = [c.item.id for c in found]
                assert len(ids) == len(set(ids)) == 20
                assert all(here.catalog[i] is c.item for i, c in zip(ids, found, strict=True))
                searches.append(len(ids))
                versions.add(here.catalog.checksum)
        except BaseException as error:
            failures.append(error)

    def talk() -> None:
        try:
            session = recommender.open_session().id
            for _ in range(15):
                assert said(recommender, session, "another horror novel").message
        except BaseException as error:
            failures.append(error)

    def update() -> None:
        try:
            for file in files[:45]:
                take_up(file, storage, OWN)
            for n in range(110, 120):
                storage.remove([f"b{n}"])
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=search, args=(seed,)) for seed in range(4)]
    threads += [threading.Thread(target=talk), threading.Thread(target=update)]
    other = subprocess.Popen(
        [sys.executable, "-c", _BY_ANOTHER, str(data), *map(str, files[45:])], cwd=ROOT
    )
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert other.wait(120) == 0
    assert not failures
    assert sum(searches) == 1_000 * 20
    assert len(versions) > 1
    recommender.settle()
    served = recommender.of("").catalog
    expected = {f"b{n}" for n in range(110)} | {f"b{1_000 + n}" for n in range(90)}
    assert sorted(i.id for i in served.items) == sorted(expected)
    assert all(served[f"b{n}"].title == f"Renamed {n}" for n in range(90))
    assert storage.version == 101


# --- files that visitors bring ---------------------------------------------------------------


def test_an_own_file_serves_its_session_alone(recommender: Recommender, tmp_path: Path) -> None:
    file = written(tmp_path / "plants.jsonl", *(
        {"id": f"p{n}", "title": f"Fern {n}", "light": ["shade", "sun"][n % 2]} for n in range(40)
    ))  # fmt: skip
    others = recommender.open_session()
    session, card = recommender.bring(look(file, OWN), "plants")
    assert card["items"] == 40
    assert {p.item.id[0] for p in said(recommender, session.id, "a fern").picks} == {"p"}
    assert {p.item.id[0] for p in said(recommender, others.id, "a fern").picks} == {"b"}
    assert recommender.catalog.name == "books"
    assert recommender.export(session.id)["catalog"] == "plants"
    recommender.forget(session.id)
    with pytest.raises(UnknownSessionError):
        recommender.session(session.id)
    assert not recommender._own.of(session.id)


def test_own_files_leave_nothing_on_the_disk(recommender: Recommender, tmp_path: Path) -> None:
    file = written(tmp_path / "plants.jsonl", *(book(n, f"Secret Harbour {n}") for n in range(5)))
    session, _ = recommender.bring(look(file, OWN), "plants")
    said(recommender, session.id, "a lighthouse")
    assert not Store(recommender.settings.store_path).has_session(session.id)
    kept = [p for p in recommender.settings.data.rglob("*") if p.is_file() and p != file]
    assert kept and not any(b"Secret Harbour" in path.read_bytes() for path in kept)


def test_the_oldest_file_makes_room(recommender: Recommender, tmp_path: Path) -> None:
    seen = look(written(tmp_path / "plants.jsonl", *map(book, range(5))), OWN)
    sessions = [recommender.bring(seen, "plants")[0] for _ in range(5)]
    with pytest.raises(UnknownSessionError):
        recommender.session(sessions[0].id)
    assert recommender.session(sessions[4].id)
