"""Where an imported catalog lies: one SQLite file in a folder of its own.

Everything that changes it is one transaction, so a reader in any process sees the catalog
before or after, never between, and a process that dies leaves it as it was. Items that are
removed are remembered for a while, since conversations may still speak of them.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from retrieval.fields import CatalogError
from retrieval.intake.draft import Draft
from retrieval.intake.records import Refused

FILE = "items.db"
REFUSED = "refused.jsonl"
CARD = "card.json"
_FORMAT = 1  # of the tables below
_REMEMBERED = 10_000  # removed items
_WAIT_S = 60.0  # for another writer
_STALE_S = 24 * 3600  # after which a draft that nobody finished is swept away
_TABLES = """
create table if not exists meta (key text primary key, value text not null) without rowid;
create table if not exists items (
    place integer primary key, id text not null unique, digest blob not null, row text not null,
    gone integer not null default 0
);
create index if not exists gone on items (gone) where gone > 0;
"""


@dataclass(frozen=True)
class Change:
    """What one change did to a catalog, counted in items."""

    version: int
    added: int = 0
    updated: int = 0
    removed: int = 0
    unchanged: int = 0


@dataclass(frozen=True)
class Stored:
    """A catalog as it is kept: `about` says how it is read, `rows` are its items in order, which
    can be read once."""

    version: int
    checksum: str
    about: Mapping[str, Any]
    count: int
    rows: Iterable[dict[str, Any]]
    gone: Iterable[dict[str, Any]] = field(default=())


class CatalogStorage:
    """One imported catalog. Safe to use from several threads and processes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / FILE

    # --- reading ----------------------------------------------------------------------

    @property
    def version(self) -> int:
        """0 where there is no catalog; raised by every change."""
        if not self.file.is_file():
            return 0
        with suppress(sqlite3.Error), self._connected() as db:
            return int(_meta(db).get("version", 0))
        return 0

    @property
    def checksum(self) -> str:
        """Names what is kept now; "" where there is no catalog."""
        if self.file.is_file():
            with suppress(sqlite3.Error, KeyError), self._connected() as db:
                return _checksum(_meta(db))
        return ""

    @contextmanager
    def reading(self) -> Iterator[Stored]:
        """The catalog at one moment, whatever is written meanwhile. Raises `CatalogError`."""
        if not self.file.is_file():
            raise CatalogError(f"{self.folder}: holds no catalog; import one")
        with self._unless_damaged("read"), self._connected() as db:
            db.execute("begin")
            meta = _meta(db)
            if int(meta.get("version", 0)) == 0:
                raise CatalogError(f"{self.folder}: its import was not finished; import it again")
            if int(meta["format"]) != _FORMAT:
                raise CatalogError(f"{self.folder}: kept in another format; import it again")
            live = db.execute("select row from items where gone = 0 order by place")
            lost = db.execute("select row from items where gone > 0")
            yield Stored(
                int(meta["version"]), _checksum(meta), json.loads(meta["about"]),
                int(meta["count"]),
                (json.loads(row) for (row,) in live), (json.loads(row) for (row,) in lost),
            )  # fmt: skip

    # --- writing ----------------------------------------------------------------------

    @contextmanager
    def drafting(self) -> Iterator[Draft]:
        """A draft that is swept away at the end, merged or not."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for stale in self.folder.glob(".draft-*"):
            with suppress(OSError):
                if time.time() - stale.stat().st_mtime > _STALE_S or not _alive(stale):
                    stale.unlink()
        path = self.folder / f".draft-{os.getpid()}-{time.monotonic_ns()}.db"
        draft = Draft(path)
        try:
            yield draft
        finally:
            draft.drop()

    def merge(self, draft: Draft, about: Mapping[str, Any], *, replace: bool) -> Change:
        """Bring a draft in, in one step; with `replace` what is not in it is removed."""
        draft.close()
        with self._changing() as (db, meta):
            old = int(meta.get("version", 0))
            db.execute("attach ? as d", (str(draft.path),))
            known = "items.id = d.draft.id and items.gone = 0"
            added, updated, same = (
                db.execute(f"select count(*) from d.draft where {condition}").fetchone()[0]
                for condition in (
                    f"not exists (select 1 from items where {known})",
                    f"exists (select 1 from items where {known} and digest <> d.draft.digest)",
                    f"exists (select 1 from items where {known} and digest = d.draft.digest)",
                )
            )
            removed = 0
            if replace:
                removed = db.execute(
                    "update items set gone = ? where gone = 0 and id not in "
                    "(select id from d.draft)", (old + 1,),
                ).rowcount  # fmt: skip
            db.execute(
                "insert into items (id, digest, row) select id, digest, row from d.draft where "
                "true order by place on conflict (id) do update set digest = excluded.digest, "
                "row = excluded.row, gone = 0 where digest <> excluded.digest or gone > 0"
            )
            read_by = json.dumps(about, ensure_ascii=False)
            if not replace and read_by != meta.get("about"):
                raise CatalogError(f"{self.folder.name}: was imported anew meanwhile; try again")
            changed = bool(added or updated or removed or read_by != meta.get("about"))
            _set(db, about=read_by)
            self._settle(db, old, added - removed, changed=changed)
            change = Change(int(_meta(db)["version"]), added, updated, removed, same)
        return change

    def remove(self, ids: Iterable[str]) -> Change:
        """Remove items; ids that are not there are not counted."""
        with self._changing() as (db, meta):
            old = int(meta.get("version", 0))
            removed = sum(
                db.execute(
                    "update items set gone = ? where id = ? and gone = 0", (old + 1, one)
                ).rowcount
                for one in ids
            )
            self._settle(db, old, -removed, changed=removed > 0)
            return Change(int(_meta(db)["version"]), removed=removed)

    def write_card(self, card: Mapping[str, Any]) -> Path:
        """Keep what is told of a version, beside the items; readers do not go by it."""
        path = self.folder / CARD
        draft = path.with_suffix(f".{os.getpid()}.part")
        draft.write_text(json.dumps(card, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        os.replace(draft, path)
        return path

    @property
    def card(self) -> dict[str, Any]:
        """What was told of the catalog when it was last imported; empty where that is lost."""
        with suppress(OSError, ValueError):
            card: dict[str, Any] = json.loads((self.folder / CARD).read_text(encoding="utf-8"))
            return card
        return {}

    def drop(self) -> None:
        """Remove the whole catalog."""
        away = self.folder.with_name(f".gone-{self.folder.name}-{os.getpid()}")
        os.replace(self.folder, away)
        shutil.rmtree(away, ignore_errors=True)

    def write_refused(self, refused: Iterable[Refused]) -> Path:
        """The side file of rows that were not taken, replaced as a whole."""
        path = self.folder / REFUSED
        draft = path.with_suffix(f".{os.getpid()}.part")
        with draft.open("w", encoding="utf-8") as target:
            for one in refused:
                target.write(json.dumps(vars(one), ensure_ascii=False) + "\n")
        os.replace(draft, path)
        return path

    @contextmanager
    def _changing(self) -> Iterator[tuple[sqlite3.Connection, dict[str, str]]]:
        self.folder.mkdir(parents=True, exist_ok=True)
        with self._unless_damaged("written"), self._connected() as db:
            db.execute("pragma journal_mode = wal")
            db.executescript(_TABLES)
            db.execute("begin immediate")
            try:
                yield db, _meta(db)
                db.execute("commit")
            except BaseException:
                db.execute("rollback")
                raise

    @contextmanager
    def _unless_damaged(self, done: str) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:  # locked, full, not to be opened
            raise CatalogError(f"{self.file}: can't be {done} ({error})") from error
        except sqlite3.DatabaseError as error:
            raise CatalogError(
                f"{self.file}: is damaged ({error}); run `python -m recommender catalog remove "
                f"{self.folder.name}` and import it again"
            ) from error

    def _settle(self, db: sqlite3.Connection, old: int, gained: int, *, changed: bool) -> None:
        """Raise the version where anything changed; its checksum costs no look at the items."""
        if not changed and old:
            return
        db.execute(
            "delete from items where gone > 0 and place not in (select place from items "
            "where gone > 0 order by gone desc limit ?)", (_REMEMBERED,),
        )  # fmt: skip
        meta = _meta(db)
        _set(db, version=str(old + 1), format=str(_FORMAT),
             count=str(int(meta.get("count", 0)) + gained),
             lineage=meta.get("lineage") or uuid.uuid4().hex)  # fmt: skip

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        db = sqlite3.connect(self.file, timeout=_WAIT_S, isolation_level=None)
        try:
            yield db
        finally:
            db.close()


def _meta(db: sqlite3.Connection) -> dict[str, str]:
    return dict(db.execute("select key, value from meta"))


def _set(db: sqlite3.Connection, **values: str) -> None:
    db.executemany("insert or replace into meta values (?, ?)", values.items())


def _checksum(meta: Mapping[str, str]) -> str:
    """Of a version of this catalog: the same for the same, whoever asks."""
    return hashlib.sha256(f"{meta['lineage']}\0{meta['version']}".encode()).hexdigest()


def _alive(draft: Path) -> bool:
    """Whether the process that writes a draft still runs."""
    try:
        os.kill(int(draft.name.split("-")[1]), 0)
    except (ValueError, IndexError, ProcessLookupError):
        return False
    except PermissionError:
        return True
    return True
