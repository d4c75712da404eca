"""The sessions of visitors: opened, read back, taken along, forgotten.

What a visitor lets be kept lies in the store of the settings; of the others it is held in
memory, for a day at most and for so many of them.
"""

from __future__ import annotations

import datetime
import logging
import threading
import time
from collections import OrderedDict
from dataclasses import asdict
from pathlib import Path
from typing import Any

from prompts.instruction import Instruction
from recommender.dialogue import Act, DialogueState, Evidence, Pick, Reply, Session
from recommender.erasure import erase_backups
from recommender.live import fitted
from recommender.settings import Settings
from recommender.store import KEPT, Store
from recommender.understanding.edits import lines
from retrieval.catalog import Catalog

log = logging.getLogger(__name__)
MOST_PASSING = 1_000  # sessions held in memory
_TIDY_EVERY_S = 3600.0
_UNDOABLE = 20  # turns that an undo can go back to


class UnknownSessionError(LookupError):
    """No session of this id is in the store."""


class Sessions:
    """All that is kept of visitors. Safe to share between threads."""

    def __init__(self, settings: Settings, store: Store | None = None) -> None:
        """Raises `StoreError`."""
        self.store = store or Store(settings.store_path)
        self._passing = Store(":memory:")  # of visitors who let nothing be kept
        self._used: OrderedDict[str, None] = OrderedDict()  # of these, the longest idle first
        self._lock = threading.Lock()
        self._settings = settings
        self._tidied = 0.0
        self.keep_within_retention()

    def close(self) -> None:
        self.store.close()
        self._passing.close()

    def open(self, consent: str = KEPT) -> Session:
        """A new session; without consent it is held in memory alone."""
        self.keep_within_retention()
        if consent:
            return Session(self.store.open_session(consent))
        session = Session(self._passing.open_session(""))
        with self._lock:
            self._used[session.id] = None
            over = len(self._used) - MOST_PASSING
            # A tenth at once, since forgetting rewrites the whole.
            idle = list(self._used)[: MOST_PASSING // 10] if over > 0 else []
        self.forget_passing(*idle)
        return session

    def forget_passing(self, *session_ids: str) -> dict[str, int]:
        """Forget sessions that are held in memory; gives how many rows went, by kind."""
        with self._lock:
            for one in session_ids:
                self._used.pop(one, None)
        return self._passing.forget(*session_ids) if session_ids else {}

    def store_of(self, session_id: str) -> Store:
        """Where a session lies, or would."""
        if not isinstance(session_id, str) or not self._passing.has_session(session_id):
            return self.store
        with self._lock:
            if session_id in self._used:
                self._used.move_to_end(session_id)
        return self._passing

    def keep_within_retention(self) -> None:
        """Forget the conversations that are older than the settings let them be; looks once
        an hour at most."""
        now = time.monotonic()
        if self._tidied and now - self._tidied < _TIDY_EVERY_S:
            return
        self._tidied = now
        moment = datetime.datetime.now(datetime.UTC)
        self.forget_passing(*self._passing.idle_since(moment - datetime.timedelta(days=1)))
        if self._settings.retention_days:
            before = moment - datetime.timedelta(days=self._settings.retention_days)
            old = self.store.idle_since(before)
            if old:
                self._erase(*old)

    def session(self, session_id: str, catalog: Catalog) -> Session:
        """The session as it stands after its last turn. Raises `UnknownSessionError`."""
        store = self.store_of(session_id)
        if not isinstance(session_id, str) or not store.has_session(session_id):
            raise UnknownSessionError(
                f"unknown session {str(session_id)[:40]!r}; leave it out to begin a new one"
            )
        kept = store.states(session_id, _UNDOABLE)
        if not kept:
            return Session(session_id)
        *earlier, state = (fitted(DialogueState.from_dict(data), catalog) for _, data in kept)
        return Session(session_id, kept[-1][0], state, tuple(earlier))

    def replies(self, session_id: str, catalog: Catalog) -> list[Reply]:
        """All turns of a session as replies, oldest first; picks that left the catalog are gone."""
        session = self.session(session_id, catalog)
        return [_recorded(row, catalog) for row in self.store_of(session.id).turns(session.id)]

    def export(self, session_id: str, catalog: Catalog) -> dict[str, Any]:
        """All that is kept of a session, ready for JSON."""
        session = self.session(session_id, catalog)
        return {
            "catalog": catalog.name,
            "understood": [asdict(line) for line in lines(session.state, catalog)],
            "state": session.state.as_dict(),
            **self.store_of(session.id).everything(session.id),
        }

    def forget(self, session: Session) -> dict[str, int]:
        """Delete all that is kept of a session; gives how many rows went, by kind."""
        if self.store_of(session.id) is self._passing:
            return self.forget_passing(session.id)
        return self._erase(session.id)

    def _erase(self, *session_ids: str) -> dict[str, int]:
        """Forget kept sessions, in the store and in other databases of the data folder."""
        counts = self.store.forget(*session_ids)
        if self.store.path != ":memory:":
            backups = erase_backups(Path(self.store.path), self._settings.data, session_ids)
            for path, why in backups.failed.items():
                log.warning("%s: not rewritten (%s); mend or delete it", path, why)
        return counts


def _recorded(row: dict[str, Any], catalog: Catalog) -> Reply:
    return Reply(
        session=row["session"],
        turn=row["number"],
        utterance=row["utterance"],
        acts=tuple(Act(name) for name in row["act"].split() if name in set(Act)),
        instruction=Instruction.from_dict(row["instruction"]),
        state=DialogueState.from_dict(row["state"]),
        picks=tuple(
            Pick(
                item=catalog[p["item"]], rank=p["rank"], score=p["score"],
                retrieval_score=p["retrieval_score"], language_score=p["language_score"],
                reason=p["reason"], evidence=tuple(Evidence(**e) for e in p["evidence"]),
                written_by=p["written_by"],
            )
            for p in row["picks"]
            if p["item"] in catalog
        ),
        message=row["message"],
        degraded=row["degraded"],
        model=row["model"],
        timings_ms=row["timings_ms"],
        suggestions=tuple(row["suggestions"]),
    )  # fmt: skip
