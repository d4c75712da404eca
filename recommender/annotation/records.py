"""What is kept of campaigns: SQLite beside the conversations, with migrations of its own.

Promises: one file with the store of conversations, so that one erasure reaches both; every
change is one transaction that takes the write lock first, so that two processes can't both
read and then both write; tokens are kept as hashes only; no address of anybody is kept.
"""

from __future__ import annotations

import datetime
import hashlib
import hmac
import json
import secrets
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlite_utils

from recommender.annotation.campaign import Campaign
from recommender.annotation.kept import Annotator, Case, Kept, UnknownError
from recommender.annotation.schema import migrations
from recommender.store import StoreError


class AnnotationStore:
    """Campaigns, cases, annotators, slots and votes. Safe to use from several threads."""

    def __init__(self, path: Path | str) -> None:
        """Open and migrate; ":memory:" keeps nothing. Raises `StoreError`."""
        self.path = path
        try:
            if path != ":memory:":
                Path(path).parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(str(path), check_same_thread=False, timeout=30)
            self._db = sqlite_utils.Database(connection)
            if path != ":memory:":
                self._db.enable_wal()
            migrations.apply(self._db)
            connection.isolation_level = None  # transactions are begun by hand from here on
            for pragma in ("foreign_keys = on", "secure_delete = on", "synchronous = full"):
                connection.execute(f"pragma {pragma}")
            connection.row_factory = sqlite3.Row
        except (OSError, sqlite3.Error) as error:
            raise StoreError(
                f"store {path}: can't be opened for writing ({error}); name another place with "
                f"--store or mend its permissions"
            ) from error
        self._connection = connection
        self._lock = threading.RLock()

    def close(self) -> None:
        self._connection.close()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction that holds the write lock from its beginning."""
        with self._lock:
            try:
                self._connection.execute("begin immediate")
                try:
                    yield self._connection
                except BaseException:
                    self._connection.execute("rollback")
                    raise
                self._connection.execute("commit")
            except sqlite3.Error as error:
                raise StoreError(f"store {self.path}: can't be written ({error})") from error

    def rows(
        self, sql: str, parameters: Sequence[Any] | Mapping[str, Any] = ()
    ) -> list[dict[str, Any]]:
        with self._lock:
            return [dict(row) for row in self._connection.execute(sql, parameters)]

    # --- campaigns ----------------------------------------------------------------------

    def create(self, campaign: Campaign, cases: Sequence[Case]) -> tuple[str, str]:
        """Keep a campaign with its cases, whole or not at all; gives its id and join key."""
        identity, key = f"c-{secrets.token_hex(4)}", secrets.token_urlsafe(16)
        plan = {
            "systems": [vars(system) for system in campaign.systems],
            "questions": campaign.questions.as_dict(), "guidelines": campaign.guidelines,
            "picks": campaign.picks, "grades": campaign.grades, "reasons": campaign.reasons,
            "names": campaign.names,
        }  # fmt: skip
        with self.writing() as db:
            db.execute(
                "insert into annotation_campaigns values (?, ?, 'open', ?, ?, ?, ?, ?)",
                [identity, campaign.name, now(), campaign.judgements, campaign.lease_s,
                 json.dumps(plan), hashed(key) if campaign.joinable else None],
            )  # fmt: skip
            for number, case in enumerate(cases, start=1):
                _write_case(db, identity, number, case)
        return identity, key if campaign.joinable else ""

    def campaigns(self) -> list[Kept]:
        """All of them, newest first."""
        return [
            _kept(r) for r in self.rows("select * from annotation_campaigns order by created desc")
        ]

    def campaign(self, identity: str) -> Kept:
        """Raises `UnknownError`."""
        rows = self.rows("select * from annotation_campaigns where id = ?", [identity])
        if not rows:
            there = ", ".join(kept.id for kept in self.campaigns()) or "none"
            raise UnknownError(f"no campaign {identity[:40]!r}; there are: {there}")
        return _kept(rows[0])

    def set_status(self, identity: str, status: str) -> None:
        """Open or close a campaign. Raises `UnknownError`."""
        self.campaign(identity)
        with self.writing() as db:
            db.execute(
                "update annotation_campaigns set status = ? where id = ?", [status, identity]
            )

    # --- who ------------------------------------------------------------------------------

    def invite(self, campaign: str, origin: str = "invited") -> tuple[Annotator, str]:
        """A new annotator and the token that is the only key to it. Raises `UnknownError`."""
        self.campaign(campaign)
        token = secrets.token_urlsafe(24)
        annotator = Annotator(_pseudonym(), campaign, origin)
        with self.writing() as db:
            _write_annotator(db, annotator, token)
        return annotator, token

    def join(self, key: str) -> tuple[Annotator, str]:
        """Take part by the campaign's own link. Raises `UnknownError`."""
        return self.invite(self._joinable(key), "joined")

    def login(self, key: str, subject: str, token: Any = None) -> tuple[Annotator, str]:
        """Take part by the campaign's link as a known account, the same annotator each time.

        Of the account's `subject` a hash is kept that nobody can make without the store. Who
        joined before logging in, and has that `token` still, stays the same annotator. Raises
        `UnknownError`.
        """
        campaign = self._joinable(key)
        [row] = self.rows("select value from annotation_secret")
        told = f"{campaign}\n{subject}".encode()
        own = hmac.new(row["value"].encode(), told, hashlib.sha256).hexdigest()
        with self.writing() as db:
            known = "select 1 from annotators where token_hash = ?"
            if db.execute(known, [hashed(own)]).fetchone() is None:
                changed = db.execute(
                    "update annotators set token_hash = ?, origin = 'login' where token_hash = ? "
                    "and campaign = ? and origin = 'joined'",
                    [hashed(own), hashed(token), campaign],
                ).rowcount
                if not changed:
                    _write_annotator(db, Annotator(_pseudonym(), campaign, "login"), own)
        return self.annotator(own), own

    def _joinable(self, key: str) -> str:
        rows = self.rows("select id from annotation_campaigns where join_hash = ?", [hashed(key)])
        if not rows:
            raise UnknownError("this link is not known here; ask for a new one")
        return str(rows[0]["id"])

    def annotator(self, token: Any) -> Annotator:
        """Whose token it is. Raises `UnknownError`."""
        rows = self.rows(
            "select id, campaign, origin from annotators where token_hash = ?", [hashed(token)]
        )
        if not rows:
            raise UnknownError("this link is not known here; ask for a new one")
        return Annotator(**rows[0])

    def annotators(self, campaign: str) -> list[Annotator]:
        rows = self.rows(
            "select id, campaign, origin from annotators where campaign = ? order by created, id",
            [campaign],
        )
        return [Annotator(**row) for row in rows]

    def new_owner(self) -> str:
        """A new owner's token; the one before it is no longer good."""
        token = secrets.token_urlsafe(24)
        with self.writing() as db:
            db.execute("insert or replace into annotation_owner values (1, ?)", [hashed(token)])
        return token

    def has_owner(self) -> bool:
        return bool(self.rows("select 1 from annotation_owner"))

    def is_owner(self, token: Any) -> bool:
        kept = self.rows("select token_hash from annotation_owner")
        return bool(kept) and secrets.compare_digest(kept[0]["token_hash"], hashed(token))


def hashed(token: Any) -> str:
    """What is kept of a token. Tokens are long and random, so no salt is needed."""
    return hashlib.sha256(str(token).encode("utf-8", "replace")).hexdigest()


def _pseudonym() -> str:
    return f"a-{secrets.token_hex(5)}"


def now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")


def _write_annotator(db: sqlite3.Connection, annotator: Annotator, token: str) -> None:
    db.execute(
        "insert into annotators values (?, ?, ?, ?, ?)",
        [annotator.id, annotator.campaign, hashed(token), annotator.origin, now()],
    )


def _write_case(db: sqlite3.Connection, campaign: str, number: int, case: Case) -> None:
    row = db.execute(
        "insert into annotation_cases (campaign, number, session, request, detail) "
        "values (?, ?, ?, ?, ?)",
        [campaign, number, case.session or None, case.request, json.dumps(dict(case.detail))],
    ).lastrowid
    for system, picks in case.replies.items():
        db.execute(
            "insert into annotation_replies values (?, ?, ?)",
            [row, system, json.dumps([dict(pick) for pick in picks])],
        )
    for one, other, gold in case.comparisons:
        db.execute(
            'insert into annotation_comparisons ("case", campaign, one, other, gold) '
            "values (?, ?, ?, ?, ?)",
            [row, campaign, one, other, gold],
        )


def _kept(row: Mapping[str, Any]) -> Kept:
    plan = json.loads(row["plan"])
    fields = ("id", "name", "status", "created", "judgements", "lease_s")
    return Kept(**{name: row[name] for name in fields}, plan=plan)
