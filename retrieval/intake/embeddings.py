"""Vectors of texts that were encoded before, kept by their content.

So that a catalog which was imported again, or changed in places, encodes only what is new.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from retrieval.encoder import Encoder

Encoded = Callable[[int, int], None]  # told how many texts of how many are encoded
_AT_ONCE = 512  # texts between two writes, so that an interrupted run goes on where it was
_ASKED = 500  # keys in one query


class CachedEncoder:
    """An encoder that keeps its vectors in a file of its space below `root`.

    With `keep` false it reads what is kept and writes nothing. Safe to use from several
    threads and processes; a damaged or locked file costs only time.
    """

    def __init__(
        self, encoder: Encoder, root: Path, *, keep: bool = True, told: Encoded | None = None
    ) -> None:
        self._encoder, self._keep, self._told = encoder, keep, told
        self.name = encoder.name
        space = hashlib.sha256(encoder.name.encode()).hexdigest()[:8]
        self._file = root / f"vectors-{space}.db"
        self.encoded = 0  # texts that had to be encoded by this object

    def encode(self, texts: Sequence[str], progress: bool = False) -> NDArray[np.float32]:
        """Vectors of shape (len(texts), d), each of length one."""
        keys = [hashlib.sha256(text.encode()).digest()[:16] for text in texts]
        known = self._known(keys)
        fresh = {k: t for k, t in zip(keys, texts, strict=True) if k not in known}
        left = list(fresh)
        shown = tqdm(total=len(left), unit="item", disable=not progress or not left)
        for start in range(0, len(left), _AT_ONCE):
            some = left[start : start + _AT_ONCE]
            vectors = self._encoder.encode([fresh[k] for k in some])
            self.encoded += len(some)
            shown.update(len(some))
            new = dict(zip(some, vectors, strict=True))
            known |= new
            self._write(new)
            if self._told is not None:
                self._told(start + len(some), len(left))
        shown.close()
        return np.stack([known[k] for k in keys]) if keys else self._encoder.encode([])

    def _known(self, keys: Sequence[bytes]) -> dict[bytes, NDArray[np.float32]]:
        found: dict[bytes, NDArray[np.float32]] = {}
        if not self._file.is_file():
            return found
        try:
            with closing(sqlite3.connect(self._file, timeout=10)) as db:
                for start in range(0, len(keys), _ASKED):
                    some = keys[start : start + _ASKED]
                    marks = ",".join("?" * len(some))
                    sql = f"select key, vector from vectors where key in ({marks})"
                    for key, vector in db.execute(sql, some):
                        found[key] = np.frombuffer(vector, dtype=np.float32)
        except sqlite3.Error:
            return {}
        return found

    def _write(self, new: dict[bytes, NDArray[np.float32]]) -> None:
        if not self._keep:
            return
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(self._file, timeout=10)) as db, db:
                db.execute("pragma journal_mode = wal")
                db.execute("pragma synchronous = normal")
                db.execute("create table if not exists vectors (key blob primary key, "
                           "vector blob not null) without rowid")  # fmt: skip
                db.executemany(
                    "insert or ignore into vectors values (?, ?)",
                    ((k, np.asarray(v, dtype=np.float32).tobytes()) for k, v in new.items()),
                )
        except (sqlite3.Error, OSError):
            return  # it is a cache: what can't be kept is encoded again
