"""Forgetting a person: rows deleted, the file rewritten, backups too, and what went counted.

Promises that after `erase` no page of the database, no write-ahead log and no other SQLite
file below the data folder, packed by gzip or not, holds what was kept under an id: rows go in
one transaction with `secure_delete`, then the file is rewritten by VACUUM and its log cut to
nothing. An id is that of a conversation or of an annotator. A backup that can't be rewritten
keeps none of the others from it, and is told. Files of other kinds are not changed; those that
name the id are found, in archives too, and named, so that their owner can make them anew.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
import sqlite3
import tarfile
import time
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

_MAGIC = b"SQLite format 3\0"
_GZIP = b"\x1f\x8b"
_LARGEST = 512 * 2**20  # bytes; a larger file that is no database is not read
_TRIES = 50  # a tenth of a second each, for readers of the log to be done
_CASES = "select id from annotation_cases where session = :id"
_COMPARISONS = f'select id from annotation_comparisons where "case" in ({_CASES})'
_SLOTS = f"select id from annotation_slots where annotator = :id or comparison in ({_COMPARISONS})"
_TURNS = "select id from turns where session = :id"
# In an order in which nothing is left pointing at what has gone.
_STEPS: tuple[tuple[str, str], ...] = (
    ("annotation_grades", f"slot in ({_SLOTS})"),
    ("annotation_votes", f"slot in ({_SLOTS})"),
    ("annotation_slots", f"id in ({_SLOTS})"),
    ("annotation_comparisons", f'"case" in ({_CASES})'),
    ("annotation_replies", f'"case" in ({_CASES})'),
    ("annotation_cases", "session = :id"),
    ("annotators", "id = :id"),
    ("candidates", f"turn in ({_TURNS})"),
    ("picks", f"turn in ({_TURNS})"),
    ("ratings", "session = :id"),
    ("turns", "session = :id"),
    ("sessions", "id = :id"),
)


@dataclass(frozen=True)
class Backups:
    """What went from other databases: rows by table of each that held any, and why others
    could not be rewritten."""

    rows: Mapping[Path, Mapping[str, int]]
    failed: Mapping[Path, str]


@dataclass(frozen=True)
class Erased:
    """What went: rows by table, the other databases they went from, those that could not be
    rewritten, and why, and files that still name it."""

    rows: Mapping[str, int]
    backups: tuple[Path, ...] = ()
    failed: Mapping[Path, str] = field(default_factory=dict)
    named_in: tuple[Path, ...] = ()


def pseudonym(session: str) -> str:
    """A conversation's name in exports: its id is the key to it, so it must not travel."""
    return f"s-{hashlib.sha256(session.encode()).hexdigest()[:12]}"


def delete_rows(db: sqlite3.Connection, ids: Iterable[str]) -> dict[str, int]:
    """Delete what is kept under some ids, within the caller's transaction; rows by table.

    Tables that a file lacks are left out.
    """
    there = {row[0] for row in db.execute("select name from sqlite_master where type = 'table'")}
    counts: Counter[str] = Counter()
    for one in ids:
        for table, where in _STEPS:
            if table in there:
                sql = f"delete from {table} where {where}"
                counts[table] += db.execute(sql, {"id": one}).rowcount
    return dict(counts)


def rewrite(db: sqlite3.Connection) -> None:
    """Leave nothing of deleted rows in the file or its log.

    Raises `sqlite3.OperationalError` where another process keeps reading the log.
    """
    db.execute("pragma wal_checkpoint(truncate)")
    db.execute("vacuum")
    for _ in range(_TRIES):
        busy, *_rest = db.execute("pragma wal_checkpoint(truncate)").fetchone()
        if not busy:
            return
        time.sleep(0.1)
    raise sqlite3.OperationalError("the log is in use; end what reads the store and forget again")


def erase(store: Path, folder: Path, ids: Iterable[str], search: bool = True) -> Erased:
    """Forget some ids in the store and in every other database below `folder`.

    With `search` other files are read for the ids as well, which takes a while. Raises
    `sqlite3.Error` and `OSError` where the store itself can't be rewritten.
    """
    wanted = tuple(ids)
    sought = _sought(store, wanted) if search else set()
    counts = Counter(_erase_in(store, wanted) if store.is_file() else {})
    backups = erase_backups(store, folder, wanted)
    for went in backups.rows.values():
        counts.update(went)
    named = tuple(path for path in _naming(folder, sought) if path not in backups.failed)
    return Erased(dict(counts), tuple(backups.rows), backups.failed, named)


def erase_backups(store: Path, folder: Path, ids: Iterable[str]) -> Backups:
    """The same for the other databases alone."""
    found: dict[Path, Mapping[str, int]] = {}
    failed: dict[Path, str] = {}
    wanted = tuple(ids)
    for path in _files(folder):
        try:
            if store.exists() and path.samefile(store):
                continue
            if _is_database(path):
                went = _erase_in(path, wanted)
            elif _is_packed_database(path):
                went = _erase_packed(path.resolve(), wanted)
            else:
                continue
        except (sqlite3.Error, OSError) as error:
            if path.exists():  # logs of databases go when these are closed
                failed[path] = str(error)
            continue
        if any(went.values()):
            found[path] = went
    return Backups(found, failed)


def _erase_in(path: Path, ids: Iterable[str]) -> dict[str, int]:
    with closing(sqlite3.connect(path, timeout=30, isolation_level=None)) as db:
        db.execute("pragma secure_delete = on")
        db.execute("begin immediate")
        try:
            counts = delete_rows(db, ids)
        except BaseException:
            db.execute("rollback")
            raise
        db.execute("commit")
        if any(counts.values()):
            rewrite(db)
        return counts


def _erase_packed(path: Path, ids: Iterable[str]) -> dict[str, int]:
    """The same in a database packed by gzip, which takes the old file's place whole."""
    plain, packed = (path.with_name(f".{path.name}.{os.getpid()}.{end}") for end in ("db", "part"))
    try:
        with gzip.open(path) as source, plain.open("wb") as target:
            shutil.copyfileobj(source, target)
        counts = _erase_in(plain, ids)
        if any(counts.values()):
            with plain.open("rb") as source, gzip.open(packed, "wb") as target:
                shutil.copyfileobj(source, target)
            os.replace(packed, path)
        return counts
    finally:
        for left in (plain, packed, *(Path(f"{plain}{end}") for end in ("-wal", "-shm"))):
            left.unlink(missing_ok=True)


def _is_database(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_MAGIC)) == _MAGIC


def _is_packed_database(path: Path) -> bool:
    with path.open("rb") as file:
        if file.read(len(_GZIP)) != _GZIP:
            return False
    try:
        with gzip.open(path) as unpacked:
            return unpacked.read(len(_MAGIC)) == _MAGIC
    except (OSError, EOFError, zlib.error):
        return False


def _sought(store: Path, ids: Iterable[str]) -> set[bytes]:
    """By what files name somebody: the ids, a conversation's name in exports, and the slots of
    judgements, after which preference pairs are named."""
    names = {name for one in ids for name in (one, pseudonym(one))}
    if store.is_file():
        with closing(sqlite3.connect(store, timeout=30)) as db:
            if db.execute("select 1 from sqlite_master where name = 'annotation_slots'").fetchone():
                names |= {row[0] for one in ids for row in db.execute(_SLOTS, {"id": one})}
    return {name.encode() for name in names}


def _naming(folder: Path, sought: set[bytes]) -> Iterator[Path]:
    """Files that are no databases and hold one of the names."""
    for path in _files(folder) if sought else ():
        if not path.exists() or path.stat().st_size > _LARGEST or _is_database(path):
            continue
        if any(name in content for content in _contents(path) for name in sought):
            yield path


def _contents(path: Path) -> Iterator[bytes]:
    """The bytes of a file and of what is packed in it; what can't be unpacked is left out."""
    yield path.read_bytes()
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                yield from (archive.read(member) for member in archive.infolist())
        elif tarfile.is_tarfile(path):
            with tarfile.open(path) as packed:
                files = (packed.extractfile(member) for member in packed)
                yield from (file.read() for file in files if file is not None)
        elif path.read_bytes()[: len(_GZIP)] == _GZIP:
            yield gzip.decompress(path.read_bytes())
    except (OSError, EOFError, RuntimeError, zlib.error, zipfile.BadZipFile, tarfile.TarError):
        return


def _files(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from [path for path in sorted(folder.rglob("*")) if path.is_file()]
