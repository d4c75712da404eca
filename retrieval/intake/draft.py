"""Rows on their way into a catalog: gathered in a file of their own, then merged in one step."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from retrieval.intake.records import Refused

_DRAFT = """
create table draft (place integer primary key, line integer not null, id text not null unique,
                    digest blob not null, row text not null, alike blob);
create unique index alike on draft (alike) where alike is not null;
create table refused (row integer, cause text, content text);
"""


class Draft:
    """Rows on their way into a catalog, beside it and unseen until they are merged."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.executescript("pragma journal_mode = off; pragma synchronous = off;" + _DRAFT)
        self._db.execute("begin")

    def put(
        self, row: Mapping[str, Any], line: int, alike: bytes | None, *, has_id: bool = True
    ) -> str:
        """Take a row; or give the cause why not, where it is there already.

        Rows that are `alike` are of one item, whatever their ids.
        """
        text = json.dumps(row, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
        try:
            self._db.execute(
                "insert into draft (line, id, digest, row, alike) values (?, ?, ?, ?, ?)",
                (line, row["id"], _digest(text), text, alike),
            )
        except sqlite3.IntegrityError:
            sql = "select line from draft where id = ?"
            same = self._db.execute(sql, (row["id"],)).fetchone()
            if same and has_id:
                return f"id {row['id'][:60]!r} was used before, in row {same[0]}"
            sql = "select line from draft where alike = ? or id = ?"
            [first] = self._db.execute(sql, (alike, row["id"])).fetchone()
            return f"has the title, year and people of row {first}"
        return ""

    def refuse(self, refused: Refused) -> None:
        self._db.execute(
            "insert into refused values (?, ?, ?)", (refused.row, refused.cause, refused.content)
        )

    def refused(self) -> Iterator[Refused]:
        for row in self._db.execute("select row, cause, content from refused order by row"):
            yield Refused(*row)

    def close(self) -> None:
        """Settle what was put, for a merge; `drop` ends the draft."""
        self._db.execute("commit")

    def drop(self) -> None:
        self._db.close()
        self.path.unlink(missing_ok=True)


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()[:16]
