"""Files that visitors bring along: each is a catalog for one session, in memory alone.

Nobody else can reach it, and it ends with the session, with the process, or when others need
its place.
"""

from __future__ import annotations

import tempfile
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Generic, TypeVar

from retrieval.intake.bounds import VISITOR
from retrieval.intake.finding import Found, read_stored
from retrieval.intake.importing import Look, Progress, look, take_in
from retrieval.intake.storage import CatalogStorage

MOST = 4  # files at once
IDLE_S = 2 * 3600
Served = TypeVar("Served")


class OwnFiles(Generic[Served]):
    """What is served to the sessions that brought a file. Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._served: OrderedDict[str, tuple[float, Served]] = OrderedDict()

    def of(self, session_id: str) -> Served | None:
        with self._lock:
            kept = self._served.get(session_id)
            if kept is None:
                return None
            self._served[session_id] = (time.monotonic(), kept[1])
            self._served.move_to_end(session_id)
            return kept[1]

    def put(self, session_id: str, served: Served) -> list[str]:
        """Keep a session's file; gives the sessions whose files had to go for it."""
        with self._lock:
            self._served[session_id] = (time.monotonic(), served)
            idle = time.monotonic() - IDLE_S
            gone = [key for key, (used, _) in self._served.items() if used < idle]
            gone += [key for key in self._served if key not in gone][
                : max(0, len(self._served) - len(gone) - MOST)
            ]
            for key in gone:
                del self._served[key]
        return gone

    def drop(self, session_id: str) -> None:
        with self._lock:
            self._served.pop(session_id, None)


def look_at(path: Path, given: Mapping[str, str] | None = None) -> Look:
    """What a visitor's file holds. Raises `CatalogError`, also where it is too large."""
    return look(path, VISITOR, given)


def open_file(
    seen: Look, name: str, progress: Progress | None = None
) -> tuple[Found, dict[str, Any]]:
    """The catalog of a visitor's file and its card; nothing of it stays on the disk."""
    with tempfile.TemporaryDirectory() as folder:
        storage = CatalogStorage(Path(folder) / "catalog")
        card = take_in(seen, storage, name, VISITOR, progress=progress)
        return Found(read_stored(storage).catalog), card
