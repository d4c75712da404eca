"""The record of every conversation: SQLite by sqlite-utils, with migrations.

A turn is written before its picks are shown and completed when its text is, so that a
closed tab or a killed process still leaves it readable. Opening the store brings an older
file up to date; every step is a transaction of its own.
"""

from __future__ import annotations

import datetime
import json
import secrets
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlite_utils

from recommender.dialogue import Pick
from recommender.erasure import delete_rows, rewrite
from recommender.store_tables import migrations

KEPT, JUDGED = "kept", "judged"  # what a visitor agrees to: kept for themselves, judged too
CONSENTS = (KEPT, JUDGED)


class StoreError(RuntimeError):
    """A store that can't be used; the message names the file and what to do."""


class Store:
    """Sessions, turns, candidates, picks and ratings. Safe to use from several threads."""

    def __init__(self, path: Path | str) -> None:
        """Open and migrate; ":memory:" keeps nothing. Raises `StoreError`."""
        self.path = path
        try:
            if path != ":memory:":
                Path(path).parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(str(path), check_same_thread=False, timeout=10)
            self._db = sqlite_utils.Database(connection)
            if path != ":memory:":
                self._db.enable_wal()
            migrations.apply(self._db)
            # Opening a store that is up to date writes nothing, so a file that can't be
            # written would be found out only in the middle of a reply.
            with connection:
                connection.execute("delete from sessions where false")
            self._db.execute("PRAGMA synchronous = NORMAL")
            self._db.conn.execute("PRAGMA foreign_keys = ON")
            self._db.conn.execute("PRAGMA secure_delete = ON")
        except (OSError, sqlite3.Error) as error:
            raise StoreError(
                f"store {path}: can't be opened for writing ({error}); name another place with "
                f"--store or mend its permissions"
            ) from error
        self._lock = threading.RLock()

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def _writing(self) -> Iterator[sqlite_utils.Database]:
        """One transaction, undone as a whole if anything in it fails."""
        with self._lock:
            try:
                with self._db.atomic():
                    yield self._db
            except sqlite3.Error as error:
                raise StoreError(f"store {self.path}: can't be written ({error})") from error

    def _rows(
        self, sql: str, parameters: Sequence[Any] | Mapping[str, Any] = ()
    ) -> list[dict[str, Any]]:
        with self._lock:
            return list(self._db.query(sql, parameters))

    # --- sessions and turns -----------------------------------------------------------

    def open_session(self, consent: str = KEPT) -> str:
        """A new session's id: 128 random bits, so that it can't be guessed."""
        session = secrets.token_urlsafe(16)
        with self._writing() as db:
            db.table("sessions").insert({"id": session, "created": _now(), "consent": consent})
        return session

    def consent(self, session: str) -> str:
        """What the visitor agreed to; "" where nothing is kept of the session."""
        rows = self._rows("select consent from sessions where id = ?", [session])
        return str(rows[0]["consent"]) if rows else ""

    def to_be_judged(self) -> list[str]:
        """The sessions whose visitors let them be judged and learned from, oldest first."""
        sql = "select id from sessions where consent = ? order by created, id"
        return [str(row["id"]) for row in self._rows(sql, [JUDGED])]

    def idle_since(self, before: datetime.datetime) -> list[str]:
        """The sessions in which nothing was said since."""
        rows = self._rows(
            "select id from sessions where created < :then and not exists (select 1 from turns "
            "where session = sessions.id and created >= :then)", {"then": _said(before)},
        )  # fmt: skip
        return [str(row["id"]) for row in rows]

    def has_session(self, session: str) -> bool:
        return bool(self._rows("select 1 from sessions where id = ?", [session]))

    def begin_turn(
        self, session: str, number: int, utterance: str, act: str,
        instruction: Mapping[str, Any], state: Mapping[str, Any],
    ) -> int:  # fmt: skip
        """Write a turn down before anything of it is shown; gives its row id."""
        with self._writing() as db:
            table = db.table("turns").insert(
                {
                    "session": session, "number": number, "utterance": utterance, "act": act,
                    "instruction": json.dumps(instruction), "state": json.dumps(state),
                    "status": "begun", "message": "", "degraded": None, "model": "{}",
                    "timings_ms": "{}", "suggestions": "[]", "created": _now(),
                }
            )  # fmt: skip
            row: int = table.last_pk  # type: ignore[assignment]
        return row

    def record_ranking(self, turn: int, ranked: Sequence[Pick], picks: Sequence[Pick],
                       state: Mapping[str, Any]) -> None:  # fmt: skip
        """All candidates with their scores, and the picks among them, in one step."""
        with self._writing() as db:
            db.table("candidates").insert_all(
                {
                    "turn": turn, "item": p.item.id, "rank": p.rank, "score": p.score,
                    "retrieval_score": p.retrieval_score, "language_score": p.language_score,
                }
                for p in ranked
            )  # fmt: skip
            self._write_picks(db, turn, picks)
            db.table("turns").update(turn, {"state": json.dumps(state)})

    def finish_turn(
        self, turn: int, *, status: str, message: str, picks: Sequence[Pick],
        degraded: str | None, model: Mapping[str, Any], timings_ms: Mapping[str, float],
        suggestions: Sequence[str],
    ) -> None:  # fmt: skip
        """Complete a turn. `status` is "complete", "stopped" or "failed"."""
        with self._writing() as db:
            self._write_picks(db, turn, picks)
            db.table("turns").update(
                turn,
                {
                    "status": status, "message": message, "degraded": degraded,
                    "model": json.dumps(dict(model)), "timings_ms": json.dumps(dict(timings_ms)),
                    "suggestions": json.dumps(list(suggestions)),
                },
            )  # fmt: skip

    def _write_picks(self, db: sqlite_utils.Database, turn: int, picks: Sequence[Pick]) -> None:
        db.table("picks").delete_where("turn = ?", [turn])
        db.table("picks").insert_all(
            {
                "turn": turn, "rank": p.rank, "item": p.item.id, "title": p.item.title,
                "score": p.score, "retrieval_score": p.retrieval_score,
                "language_score": p.language_score, "reason": p.reason,
                "evidence": json.dumps([vars(e) for e in p.evidence]), "written_by": p.written_by,
            }
            for p in picks
        )  # fmt: skip

    def update_state(self, session: str, number: int, state: Mapping[str, Any]) -> None:
        """Replace the state after a turn, as a rating does."""
        with self._writing() as db:
            db.execute(
                "update turns set state = ? where session = ? and number = ?",
                [json.dumps(state), session, number],
            )

    def turns(self, session: str) -> list[dict[str, Any]]:
        """The turns of a session, oldest first, with their picks; JSON columns decoded."""
        rows = self._rows("select * from turns where session = ? order by number", [session])
        for row in rows:
            for name in ("instruction", "state", "model", "timings_ms", "suggestions"):
                row[name] = json.loads(row[name])
            row["picks"] = self._rows(
                "select * from picks where turn = ? order by rank", [row["id"]]
            )
            for pick in row["picks"]:
                pick["evidence"] = json.loads(pick["evidence"])
        return rows

    def states(self, session: str, last: int = -1) -> list[tuple[int, dict[str, Any]]]:
        """Number and state of the `last` turns, or of all (-1), oldest first."""
        rows = self._rows(
            "select number, state from turns where session = ? order by number desc limit ?",
            [session, last],
        )
        return [(row["number"], json.loads(row["state"])) for row in reversed(rows)]

    def state_of_turn(self, turn: int) -> dict[str, Any]:
        row = self._rows("select state from turns where id = ?", [turn])[0]
        state: dict[str, Any] = json.loads(row["state"])
        return state

    def message_before(self, turn: int) -> str:
        """The message of the turn before this one in its session; empty for the first."""
        rows = self._rows(
            "select before.message from turns now join turns before on before.session = "
            "now.session and before.number = now.number - 1 where now.id = ?",
            [turn],
        )
        return str(rows[0]["message"]) if rows else ""

    def rewind(self, session: str, number: int) -> None:
        """Remove a turn and all after it, with what was rated on them."""
        with self._writing() as db:
            for table in ("candidates", "picks"):
                db.table(table).delete_where(
                    "turn in (select id from turns where session = ? and number >= ?)",
                    [session, number],
                )
            db.table("ratings").delete_where("session = ? and turn >= ?", [session, number])
            db.table("turns").delete_where("session = ? and number >= ?", [session, number])

    # --- ratings and forgetting -------------------------------------------------------

    def rate(self, session: str, turn: int, item: str, kind: str, value: int | None) -> None:
        """Keep a judgement; a later one of the same kind on the same item replaces it."""
        with self._writing() as db:
            db.table("ratings").delete_where(
                "session = ? and item = ? and kind = ?", [session, item, kind]
            )
            db.table("ratings").insert(
                {"session": session, "turn": turn, "item": item, "kind": kind, "value": value,
                 "created": _now()}
            )  # fmt: skip

    def ratings(self, session: str) -> list[dict[str, Any]]:
        return self._rows("select * from ratings where session = ? order by id", [session])

    def take_back(self, session: str, item: str, kind: str) -> bool:
        """Delete a judgement; gives whether there was one."""
        with self._writing() as db:
            gone = db.execute(
                "delete from ratings where session = ? and item = ? and kind = ?",
                [session, item, kind],
            ).rowcount
        return gone > 0

    def everything(self, session: str) -> dict[str, Any]:
        """All rows of a session, as they are kept: turns with picks and candidates, ratings."""
        [opened] = self._rows("select * from sessions where id = ?", [session])
        turns = self.turns(session)
        for turn in turns:
            turn["candidates"] = self._rows(
                "select * from candidates where turn = ? order by rank", [turn["id"]]
            )
        return {"session": opened, "turns": turns, "ratings": self.ratings(session)}

    def forget(self, *sessions: str) -> dict[str, int]:
        """Delete all that is kept of sessions, out of the file as well; gives the number of
        rows by table."""
        with self._writing() as db:
            counts = delete_rows(db.conn, sessions)
        if any(counts.values()):
            with self._lock:
                rewrite(self._db.conn)
        return counts


def _now() -> str:
    return _said(datetime.datetime.now(datetime.UTC))


def _said(moment: datetime.datetime) -> str:
    return moment.isoformat(timespec="milliseconds")
