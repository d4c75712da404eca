"""The store: what is on disk and when, migrations, rewinding, forgetting, failing."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlite_utils
from denied import without_override

from recommender.dialogue import Evidence, Pick
from recommender.store import Store, StoreError
from retrieval.catalog import Catalog

ROOT = Path(__file__).parents[2]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "store.db")
    yield opened
    opened.close()


def picks_of(films: Catalog, count: int = 2) -> list[Pick]:
    evidence = (Evidence("item", "genres", "Horror"), Evidence("user", "turn 1", "scary"))
    return [
        Pick(item, rank, 1.0 / rank, 0.5, None, f"Reason {rank}.", evidence, "composed")
        for rank, item in enumerate(films.items[:count], start=1)
    ]


def begin(store: Store, session: str, number: int = 1, utterance: str = "scary") -> int:
    return store.begin_turn(session, number, utterance, "request", {"text": "i"}, {"turn": number})


def finish(store: Store, turn: int, picks: list[Pick]) -> None:
    store.finish_turn(
        turn, status="complete", message="Here.", picks=picks, degraded=None,
        model={"language_model": None}, timings_ms={"total": 1.5}, suggestions=("More",),
    )  # fmt: skip


def test_a_turn_reads_back_as_it_was_written(store: Store, films: Catalog) -> None:
    session = store.open_session()
    turn = begin(store, session)
    store.record_ranking(turn, picks_of(films, 5), picks_of(films), {"turn": "ranked"})
    finish(store, turn, picks_of(films))
    [row] = store.turns(session)
    assert (row["status"], row["message"], row["degraded"]) == ("complete", "Here.", None)
    assert row["state"] == {"turn": "ranked"}
    assert row["timings_ms"] == {"total": 1.5}
    assert row["suggestions"] == ["More"]
    assert [p["item"] for p in row["picks"]] == ["hull", "lamps"]
    assert row["picks"][0]["evidence"][1] == {
        "source": "user", "field": "turn 1", "value": "scary",
    }  # fmt: skip
    assert store.states(session)[-1] == (1, {"turn": "ranked"})
    tables = {t: len(list(store._rows(f"select * from {t}"))) for t in ("candidates", "picks")}
    assert tables == {"candidates": 5, "picks": 2}


def test_a_turn_is_on_disk_before_anything_is_said(store: Store) -> None:
    session = store.open_session()
    begin(store, session, utterance="a scary film")
    other = Store(store.path)  # reads what another process would
    [row] = other.turns(session)
    other.close()
    assert (row["status"], row["utterance"], row["message"]) == ("begun", "a scary film", "")


def test_session_ids_are_long_and_not_in_a_row(store: Store) -> None:
    ids = {store.open_session() for _ in range(50)}
    assert len(ids) == 50
    assert all(len(one) >= 20 for one in ids)
    assert all(store.has_session(one) for one in ids)
    assert not store.has_session("guess")


def test_opening_again_keeps_all_and_migrates_no_more(store: Store, films: Catalog) -> None:
    session = store.open_session()
    finish(store, begin(store, session), picks_of(films))
    applied = store._rows("select * from _sqlite_migrations")
    again = Store(store.path)
    assert [t["utterance"] for t in again.turns(session)] == ["scary"]
    assert again._rows("select * from _sqlite_migrations") == applied
    again.close()


def test_a_migration_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    before = sqlite_utils.Database(file)
    before["candidates"].insert({"mine": 1})  # in the way of the third table of the step
    before.close()
    with pytest.raises(StoreError, match=r"store .*store\.db: .*candidates.*--store"):
        Store(file)
    after = sqlite_utils.Database(file)
    assert set(after.table_names()) - {"_sqlite_migrations"} == {"candidates"}
    assert list(after["candidates"].rows) == [{"mine": 1}]
    after["candidates"].drop()
    after.close()
    mended = Store(file)
    assert mended.turns(mended.open_session()) == []
    mended.close()


def test_rewinding_removes_a_turn_and_all_after_it(store: Store, films: Catalog) -> None:
    mine, other = store.open_session(), store.open_session()
    for session in (mine, other):
        for number in (1, 2, 3):
            turn = begin(store, session, number, f"turn {number}")
            store.record_ranking(turn, picks_of(films), picks_of(films), {"turn": number})
            store.rate(session, number, f"item-{number}", "rating", 5)
    store.rewind(mine, 2)
    assert [t["utterance"] for t in store.turns(mine)] == ["turn 1"]
    assert store.states(mine)[-1] == (1, {"turn": 1})
    assert [r["item"] for r in store.ratings(mine)] == ["item-1"]
    assert len(store.turns(other)) == 3
    assert len(store._rows("select * from picks")) == 2 * (1 + 3)
    assert len(store._rows("select * from candidates")) == 2 * (1 + 3)
    store.rewind(mine, 1)
    assert store.turns(mine) == []
    assert store.states(mine) == []
    assert store.has_session(mine)


def test_forgetting_counts_the_rows_that_went(store: Store, films: Catalog) -> None:
    mine, other = store.open_session(), store.open_session()
    for session in (mine, other):
        turn = begin(store, session)
        store.record_ranking(turn, picks_of(films, 5), picks_of(films), {})
        store.rate(session, 1, "hull", "rating", 4)
    # 1 session, 1 turn, 5 candidates, 2 picks, 1 rating
    assert store.forget(mine) == {
        "candidates": 5, "picks": 2, "ratings": 1, "turns": 1, "sessions": 1,
    }  # fmt: skip
    assert not store.has_session(mine)
    assert store.turns(mine) == []
    assert store.ratings(mine) == []
    assert not any(store.forget(mine).values())
    assert len(store.turns(other)) == 1


def test_a_later_judgement_of_a_kind_takes_the_place_of_the_first(store: Store) -> None:
    session = store.open_session()
    begin(store, session)
    store.rate(session, 1, "hull", "rating", 2)
    store.rate(session, 1, "hull", "seen", None)
    store.rate(session, 1, "hull", "rating", 5)
    kept = {(r["item"], r["kind"], r["value"]) for r in store.ratings(session)}
    assert kept == {("hull", "seen", None), ("hull", "rating", 5)}


def test_the_message_before_is_of_the_same_session(store: Store) -> None:
    mine, other = store.open_session(), store.open_session()
    first = begin(store, mine, 1)
    finish(store, first, [])
    begin(store, other, 1)
    second = begin(store, mine, 2)
    assert store.message_before(first) == ""
    assert store.message_before(second) == "Here."


def test_a_step_that_fails_is_undone_as_a_whole(store: Store, films: Catalog) -> None:
    session = store.open_session()
    turn = begin(store, session)
    twice = [picks_of(films)[0]] * 2  # the same candidate twice breaks the key
    with pytest.raises(StoreError, match="can't be written"):
        store.record_ranking(turn, twice, [], {"turn": "ranked"})
    assert store._rows("select * from candidates") == []
    assert store.states(session)[-1] == (1, {"turn": 1})
    with pytest.raises(StoreError, match="can't be written"):
        begin(store, session)  # the number is taken
    with pytest.raises(StoreError, match="can't be written"):
        begin(store, "no such session")
    assert len(store.turns(session)) == 1


def test_two_threads_write_at_the_same_time(store: Store, films: Catalog) -> None:
    sessions = [store.open_session() for _ in range(4)]
    errors: list[BaseException] = []

    def talk(session: str) -> None:
        try:
            for number in range(1, 11):
                turn = begin(store, session, number, f"{session} {number}")
                store.record_ranking(turn, picks_of(films), picks_of(films), {"turn": number})
                finish(store, turn, picks_of(films))
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=talk, args=(session,)) for session in sessions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    for session in sessions:
        turns = store.turns(session)
        assert [t["utterance"] for t in turns] == [f"{session} {n}" for n in range(1, 11)]
        assert all(len(t["picks"]) == 2 for t in turns)


def test_two_processes_write_to_one_file(store: Store) -> None:
    second = Store(store.path)
    sessions = [opened.open_session() for opened in (store, second) * 5]
    assert all(store.has_session(one) and second.has_session(one) for one in sessions)
    second.close()


@pytest.mark.parametrize("what", ["folder", "below a file", "no database"])
def test_a_file_that_can_not_be_a_store_is_named(tmp_path: Path, what: str) -> None:
    (tmp_path / "text").write_text("This is prose and not a database, however long it goes on." * 9)
    path = {
        "folder": tmp_path, "below a file": tmp_path / "text" / "s.db",
        "no database": tmp_path / "text",
    }[what]  # fmt: skip
    with pytest.raises(StoreError, match=r"can't be opened for writing .*--store") as raised:
        Store(path)
    assert str(path) in str(raised.value)


def test_a_read_only_file_is_refused(store: Store) -> None:
    store.open_session()
    store.close()
    Path(store.path).chmod(0o444)
    script = (
        "import sys; from recommender.store import Store, StoreError\n"
        "try: Store(sys.argv[1])\n"
        "except StoreError as error: print(error)\n"
        "else: print('opened')"
    )
    said = subprocess.run(
        [sys.executable, "-c", script, str(store.path)], capture_output=True, text=True, cwd=ROOT,
        preexec_fn=without_override, check=True,
    )  # fmt: skip
    assert "can't be opened for writing" in said.stdout
    assert "readonly" in said.stdout


def test_a_killed_process_leaves_a_readable_turn(tmp_path: Path) -> None:
    """The process is killed by force while the reason of the first pick streams."""
    running = subprocess.Popen(
        [sys.executable, "endless_reply.py", str(tmp_path)], cwd=Path(__file__).parent,
        env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert running.stdout is not None
    session = running.stdout.readline().strip()
    assert running.stdout.readline().strip() == "streaming"
    running.send_signal(signal.SIGKILL)
    assert running.wait() == -signal.SIGKILL
    running.stdout.close()
    file = tmp_path / "store.db"
    assert sqlite3.connect(file).execute("pragma integrity_check").fetchall() == [("ok",)]
    store = Store(file)
    [turn] = store.turns(session)
    store.close()
    assert (turn["utterance"], turn["status"]) == ("a scary film in space", "begun")
    assert len(turn["picks"]) == 3
    assert turn["state"]["last_shown"] == [p["item"] for p in turn["picks"]]


def test_the_last_states_alone(store: Store) -> None:
    session = store.open_session()
    for number in (1, 2, 3):
        store.begin_turn(session, number, "a wish", "ask", {}, {"turn": number})
    assert store.states(session, 2) == [(2, {"turn": 2}), (3, {"turn": 3})]
    assert len(store.states(session)) == 3
