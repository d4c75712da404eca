"""A catalog that changes while it is served: the newest version is made ready beside the old.

A conversation outlives versions, so its state is fitted to the catalog that it goes on with.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Generic, TypeVar

from recommender.dialogue import DialogueState, Mention
from retrieval.catalog import Catalog
from retrieval.intake.finding import Found, read_stored

log = logging.getLogger(__name__)
_PAUSE_S = 5.0  # after a version that could not be opened
Served = TypeVar("Served")


class Live(Generic[Served]):
    """What is served over the newest version of a catalog. Safe to share between threads.

    `open_it` makes what is served of a version; it runs in a thread of its own while the
    version before is served on.
    """

    def __init__(self, found: Found, open_it: Callable[[Found], Served]) -> None:
        self._storage, self._checksum = found.storage, found.catalog.checksum
        self._open = open_it
        self._served = open_it(found)
        self._lock = threading.Lock()
        self._opening: threading.Thread | None = None
        self._not_before = 0.0

    @property
    def served(self) -> Served:
        """What is served now; opens nothing."""
        return self._served

    def newest(self) -> Served:
        """The newest version that is ready; begins to open a newer one where there is one."""
        if self._storage is not None and self._is_behind():
            with self._lock:
                if self._opening is None and time.monotonic() > self._not_before:
                    self._opening = threading.Thread(target=self._catch_up, daemon=True)
                    self._opening.start()
        return self._served

    def settle(self, timeout_s: float) -> None:
        """Wait until the newest version is served, at most so long."""
        deadline = time.monotonic() + timeout_s
        while self._storage is not None and self._is_behind() and time.monotonic() < deadline:
            self.newest()
            time.sleep(0.02)

    def _is_behind(self) -> bool:
        checksum = self._storage.checksum if self._storage is not None else ""
        return checksum not in ("", self._checksum)  # "": the catalog was removed meanwhile

    def _catch_up(self) -> None:
        try:
            while self._is_behind() and self._storage is not None:
                found = read_stored(self._storage)
                served = self._open(found)
                # One assignment, so that a turn has the old version or the new one.
                self._served, self._checksum = served, found.catalog.checksum
        except Exception as error:
            self._not_before = time.monotonic() + _PAUSE_S
            log.warning("the newer version of the catalog can't be opened: %s", error)
            log.debug("the trace", exc_info=True)
        finally:
            with self._lock:
                self._opening = None


def fitted(state: DialogueState, catalog: Catalog) -> DialogueState:
    """The state without what the catalog can't know: fields and items that it never had."""

    def ids(of: Iterable[str]) -> tuple[str, ...]:
        return tuple(filter(catalog.knows, of))

    def mentions(of: tuple[Mention, ...]) -> tuple[Mention, ...]:
        return tuple(one for one in of if catalog.knows(one.item_id))

    choice = state.choice
    return replace(
        state,
        liked=mentions(state.liked), disliked=mentions(state.disliked), seen=mentions(state.seen),
        limits=tuple(s for s in state.limits if set(s.limit.fields) <= catalog.fields.keys()),
        leanings=tuple(one for one in state.leanings if one.field in catalog.fields),
        taste_leanings=tuple(one for one in state.taste_leanings if one.field in catalog.fields),
        shown=ids(state.shown), last_shown=ids(state.last_shown), spoken_of=ids(state.spoken_of),
        choice=choice if choice and len(ids(choice.item_ids)) == len(choice.item_ids) else None,
    )  # fmt: skip


def removed(ids: Iterable[str], catalog: Catalog) -> tuple[str, ...]:
    """The names of those items that were in the catalog and are no longer."""
    lost = dict.fromkeys(one for one in ids if one not in catalog and one in catalog.gone)
    return tuple(catalog.gone[one].name for one in lost)
