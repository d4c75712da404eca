"""Forgetting a person: rows, file, log, backups, and exports that come later."""

from __future__ import annotations

import datetime
import gzip
import json
import shutil
import sqlite3
import tarfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.simulated_annotators import campaign_in
from recommender.__main__ import main
from recommender.annotation.export import chat_ratings, judgements, pairs, write_pairs
from recommender.annotation.judgement import Judgement
from recommender.annotation.records import AnnotationStore
from recommender.annotation.service import forget
from recommender.annotation.slots import Judging
from recommender.engine import Recommender
from recommender.erasure import pseudonym
from recommender.store import JUDGED, KEPT, Store
from recommender.ui.server import TIDY_S, keep_tidy

Open = Callable[..., Recommender]
SECRET = "zanzibar violins at midnight"


def talk(recommender: Recommender, session: str, words: str) -> None:
    for _ in recommender.reply(session, words):
        pass


def traces(folder: Path, *sought: str) -> list[Path]:
    """Files that hold any of the words, byte for byte, logs of the database included."""
    return [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and any(word.encode() in path.read_bytes() for word in sought)
    ]


def kept_of(recommender: Recommender, tmp_path: Path) -> tuple[str, str, AnnotationStore]:
    """A conversation that went into a campaign, judged by somebody with words of their own."""
    session = recommender.open_session(JUDGED).id
    talk(recommender, session, f"a scary film with {SECRET}")
    item = recommender.replies(session)[0].picks[0].item.id
    recommender.feedback(session, item, "rating", 5)
    store = AnnotationStore(tmp_path / "store.db")
    campaign = campaign_in(store, 2, sessions=[session])
    with store.writing() as db:
        db.execute("update annotation_cases set request = ? where session = ?", [SECRET, session])
    annotator, _ = store.invite(campaign)
    judging = Judging(store)
    while slot := judging.next_slot(annotator):
        judging.vote(annotator, slot, Judgement("a", (), "walrus opinions", ()))
    return session, annotator.id, store


def test_a_conversation_leaves_no_trace_in_any_file(open_recommender: Open, tmp_path: Path) -> None:
    recommender = open_recommender()
    session, _, store = kept_of(recommender, tmp_path)
    other = recommender.open_session().id
    talk(recommender, other, "a quiet comedy")
    with sqlite3.connect(tmp_path / "backup-of-june.db") as backup:
        sqlite3.connect(tmp_path / "store.db").backup(backup)
    backup.close()
    (tmp_path / "export.jsonl").write_text(json.dumps({"session": pseudonym(session)}) + "\n")
    found = traces(tmp_path, session, SECRET)
    assert {path.name for path in found} >= {"backup-of-june.db"}
    assert any(path.name.startswith("store.db") for path in found)
    erased = forget(tmp_path / "store.db", tmp_path, session)
    # A session, a turn, a rating, a case, its two replies, a comparison, its slot, a vote; in
    # the store and in its backup.
    for table, count in (("sessions", 1), ("turns", 1), ("ratings", 1), ("annotation_cases", 1),
                         ("annotation_replies", 2), ("annotation_comparisons", 1),
                         ("annotation_slots", 1), ("annotation_votes", 1)):  # fmt: skip
        assert erased.rows[table] == 2 * count, table
    assert [path.name for path in erased.backups] == ["backup-of-june.db"]
    assert [path.name for path in erased.named_in] == ["export.jsonl"]
    (tmp_path / "export.jsonl").unlink()
    assert traces(tmp_path, session, SECRET) == []
    assert len(recommender.replies(other)) == 1
    with sqlite3.connect(tmp_path / "backup-of-june.db") as backup:
        assert backup.execute("select count(*) from sessions").fetchone() == (1,)
    [campaign] = store.campaigns()
    assert len(list(judgements(store, campaign.id))) == 1  # the one of the other case
    assert list(chat_ratings(recommender.store)) == []
    store.close()


def test_an_annotator_leaves_no_trace_and_later_exports_hold_none(
    open_recommender: Open, tmp_path: Path
) -> None:
    recommender = open_recommender()
    _, annotator, store = kept_of(recommender, tmp_path)
    [campaign] = store.campaigns()
    assert len(list(pairs(store, campaign.id))) == 2
    shutil.copy(tmp_path / "store.db", tmp_path / "raw-copy")  # a copy of the file as it is
    for end in ("", "-wal", "-shm"):  # and one with its log, which goes when it is opened
        shutil.copy(tmp_path / f"store.db{end}", tmp_path / f"copy.db{end}")
    assert traces(tmp_path, annotator, "walrus")
    erased = forget(tmp_path / "store.db", tmp_path, annotator)
    assert erased.rows["annotation_votes"] >= 2 and erased.rows["annotators"] >= 1
    assert erased.failed == {} and tmp_path / "copy.db" in erased.backups
    assert traces(tmp_path, annotator, "walrus") == []
    assert list(judgements(store, campaign.id)) == [] and list(pairs(store, campaign.id)) == []
    # What was judged is asked of others again.
    again, _ = store.invite(campaign.id)
    assert Judging(store).next_slot(again)
    store.close()


def test_packed_backups_are_rewritten_and_broken_ones_told(
    open_recommender: Open, tmp_path: Path
) -> None:
    recommender = open_recommender()
    session, annotator, store = kept_of(recommender, tmp_path)
    [campaign] = store.campaigns()
    with sqlite3.connect(tmp_path / "z-plain.db") as backup:
        sqlite3.connect(tmp_path / "store.db").backup(backup)
    backup.close()
    content = (tmp_path / "z-plain.db").read_bytes()
    with gzip.open(tmp_path / "old.db.gz", "wb") as packed:
        packed.write(content)
    (tmp_path / "a-broken.db").write_bytes(content[:100] + b"x" * 5000)
    with zipfile.ZipFile(tmp_path / "july.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("store.db", content)
    with tarfile.open(tmp_path / "june.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "z-plain.db", "store.db")
    write_pairs(tmp_path / "pairs.jsonl", pairs(store, campaign.id))  # named after slots alone
    (tmp_path / "raw").write_bytes(b"\x00" + session.encode())
    (tmp_path / "cut.gz").write_bytes(gzip.compress(b"x" * 9000)[:20])
    erased = forget(tmp_path / "store.db", tmp_path, session, annotator)
    assert [path.name for path in erased.backups] == ["old.db.gz", "z-plain.db"]
    assert [path.name for path in erased.failed] == ["a-broken.db"]
    named = {path.name for path in erased.named_in}
    assert named == {"july.zip", "june.tar.gz", "pairs.jsonl", "raw"}
    left = gzip.decompress((tmp_path / "old.db.gz").read_bytes())
    for secret in (session, annotator, SECRET, "walrus"):
        assert secret.encode() not in left
    assert not [path.name for path in tmp_path.glob(".*")]
    for name in named | {"a-broken.db"}:
        (tmp_path / name).unlink()
    assert traces(tmp_path, session, annotator, SECRET, "walrus") == []
    store.close()


def test_the_page_forgets_backups_as_well(open_recommender: Open, tmp_path: Path) -> None:
    recommender = open_recommender()
    session = recommender.open_session().id
    talk(recommender, session, f"a scary film with {SECRET}")
    with sqlite3.connect(tmp_path / "backup.db") as backup:
        sqlite3.connect(tmp_path / "store.db").backup(backup)
    backup.close()
    assert recommender.forget(session)["turns"] == 1
    assert traces(tmp_path, session, SECRET) == []


def test_who_lets_nothing_be_kept_talks_all_the_same(
    open_recommender: Open, tmp_path: Path
) -> None:
    recommender = open_recommender()
    session = recommender.open_session("").id
    talk(recommender, session, f"a scary film with {SECRET}")
    talk(recommender, session, "something newer")
    reply = recommender.replies(session)[-1]
    assert reply.turn == 2 and recommender.session(session).turn == 2
    recommender.feedback(session, reply.state.shown[0], "rating", 5)
    assert recommender.feedback_of(session) and recommender.export(session)["turns"]
    assert traces(tmp_path, session, SECRET) == []
    assert recommender.store.to_be_judged() == []
    assert recommender.forget(session)["turns"] == 2
    with pytest.raises(LookupError):
        recommender.session(session)


def test_only_those_who_agreed_are_judged(open_recommender: Open) -> None:
    recommender = open_recommender()
    sessions = {consent: recommender.open_session(consent).id for consent in ("", KEPT, JUDGED)}
    assert recommender.store.to_be_judged() == [sessions[JUDGED]]
    assert [recommender.consent(one) for one in sessions.values()] == ["", KEPT, JUDGED]


def test_what_is_older_than_the_retention_goes_at_the_next_start(
    open_recommender: Open, tmp_path: Path
) -> None:
    first = open_recommender()
    old, new = (first.open_session().id for _ in range(2))
    talk(first, old, SECRET)
    talk(first, new, "a comedy")
    long_ago = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=40)
    with sqlite3.connect(tmp_path / "store.db") as db:
        for table in ("sessions", "turns"):
            column = "id" if table == "sessions" else "session"
            db.execute(
                f"update {table} set created = ? where {column} = ?", [long_ago.isoformat(), old]
            )
    db.close()
    second = open_recommender(retention_days=30)
    with pytest.raises(LookupError):
        second.session(old)
    assert second.session(new).turn == 1
    first.close()
    assert traces(tmp_path, old, SECRET) == []


class Waits:
    """An event that is waited for in vain some times, as a script has it."""

    def __init__(self, *between: Callable[[], None]) -> None:
        self._between = list(between)

    def wait(self, seconds: float) -> bool:
        if not self._between:
            return True
        self._between.pop(0)()
        return False


def test_a_server_that_nobody_visits_forgets_as_well(
    open_recommender: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recommender = open_recommender(retention_days=30)
    session = recommender.open_session().id
    talk(recommender, session, SECRET)

    def a_month_goes_by() -> None:
        long_ago = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=31)
        with sqlite3.connect(tmp_path / "store.db") as db:
            for table in ("sessions", "turns"):
                db.execute(f"update {table} set created = ?", [long_ago.isoformat()])
        db.close()
        later = time.monotonic() + TIDY_S
        monkeypatch.setattr(time, "monotonic", lambda: later)

    keep_tidy(recommender, Waits(a_month_goes_by))
    assert traces(tmp_path, session, SECRET) == []


def test_the_command_says_how_many_rows_went(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = Store(tmp_path / "store.db")
    session = store.open_session()
    store.begin_turn(session, 1, SECRET, "ask", {}, {})
    store.close()
    given = ["--data", str(tmp_path)]
    assert main(["forget", session, *given]) == 0
    said = capsys.readouterr().out
    assert "turns: 1 rows deleted" in said and "2 rows deleted" in said
    assert traces(tmp_path, session, SECRET) == []
    assert main(["forget", session, *given]) == 2
    assert "nothing is kept under" in capsys.readouterr().err
    assert main(["forget", *given]) == 2
    assert main(["forget", "--older-than", "0", *given]) == 2
    assert main(["forget", "--older-than", "5", *given]) == 0


def test_a_key_to_a_conversation_does_not_travel(open_recommender: Open) -> None:
    recommender = open_recommender()
    session = recommender.open_session(JUDGED).id
    talk(recommender, session, "a scary film in space")
    first, second = recommender.replies(session)[0].picks[:2]
    recommender.feedback(session, first.item.id, "more_like_this")
    recommender.feedback(session, second.item.id, "rating", 2)
    rows = list(chat_ratings(recommender.store))
    assert [row["kind"] for row in rows] == ["more_like_this", "rating"]
    assert session not in json.dumps(rows) and rows[0]["session"] == pseudonym(session)
