"""Forgetting a person: rows deleted, the file rewritten, backups too, and what went counted.

Promises that after `erase` no page of the database, no write-ahead log and no other SQLite
file below the data folder holds what was kept under an id: rows go in one transaction with
`secure_delete`, then the file is rewritten by VACUUM and its log cut to nothing. An id is
that of a conversation or of an annotator. Files of other kinds are not changed; those that
name the id are found and named, so that their owner can make them anew.
"""

from __future__ import annotations

import gzip
import hashlib
import sqlite3
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

_MAGIC = b"SQLite format 3\0"
_READ = {".jsonl", ".json", ".csv", ".tsv", ".sql", ".txt", ".md", ".gz", ".bak", ".toml"}
_LARGEST = 512 * 2**20  # bytes; a larger file of text is not read
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
class Erased:
    """What went: rows by table, the other databases they went from, files that still name it."""

    rows: Mapping[str, int]
    backups: tuple[Path, ...] = ()
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


def erase(store: Path, folder: Path, ids: Iterable[str]) -> Erased:
    """Forget some ids in the store and in every other database below `folder`.

    Raises `sqlite3.Error` and `OSError`.
    """
    wanted = tuple(ids)
    counts = Counter(_erase_in(store, wanted) if store.is_file() else {})
    backups = erase_backups(store, folder, wanted)
    for went in backups.values():
        counts.update(went)
    return Erased(dict(counts), tuple(backups), tuple(_naming(folder, wanted)))


def erase_backups(store: Path, folder: Path, ids: Iterable[str]) -> dict[Path, dict[str, int]]:
    """The same for the other databases alone; rows by table, of those that held any."""
    found, wanted = {}, tuple(ids)
    for path in _databases(folder):
        if not (store.exists() and path.samefile(store)):
            went = _erase_in(path, wanted)
            if any(went.values()):
                found[path] = went
    return found


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


def _databases(folder: Path) -> Iterator[Path]:
    for path in _files(folder):
        with path.open("rb") as file:
            if file.read(len(_MAGIC)) == _MAGIC:
                yield path


def _naming(folder: Path, ids: Iterable[str]) -> Iterator[Path]:
    """Other files that name one of the ids, or a conversation's name in exports."""
    sought = [name.encode() for one in ids for name in (one, pseudonym(one))]
    for path in _files(folder):
        if path.suffix not in _READ or path.stat().st_size > _LARGEST:
            continue
        content = path.read_bytes()
        if content[: len(_MAGIC)] == _MAGIC:
            continue
        if path.suffix == ".gz":
            try:
                content = gzip.decompress(content)
            except (OSError, EOFError):
                continue
        if any(name in content for name in sought):
            yield path


def _files(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from (path for path in sorted(folder.rglob("*")) if path.is_file())
