"""A visitor's own file: upload, what was recognised, and a conversation over it.

The file is for one session. Like the other handlers, each can be called by anyone with
anything: a path counts only where Gradio puts uploads, and roles only as far as they are some.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import logging
import queue
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gradio.utils import get_upload_folder

from recommender.facts import cut
from recommender.own_files import look_at
from recommender.ui import cards, understood, visitor
from recommender.ui.cards import HERE, as_json
from recommender.ui.conversation import said
from recommender.ui.gate import Gate
from recommender.ui.handlers import NEXT, Handlers
from retrieval.fields import CatalogError
from retrieval.intake.bounds import VISITOR
from retrieval.intake.columns import ROLES
from retrieval.intake.importing import Look

log = logging.getLogger(__name__)

OWN_FILE_JS = (HERE / "own_file.js").read_text(encoding="utf-8")
MOST_BYTES = 20 << 20  # of an upload
MAX_NAME = 60  # characters
GENERIC_EXAMPLES = (
    "Something I might not have heard of",
    "Something light for a tired evening",
    "Surprise me, and tell me why",
)
PLAIN = {
    "id": "id", "title": "title", "category": "kind", "person": "person",
    "keyword": "theme", "year": "year", "number": "number", "text": "description",
    "skip": "leave out",
}  # fmt: skip
GONE = "The file is no longer here. Choose it once more."
BUSY = "One moment, the last answer is still being written."
FAILED = "The file could not be read through a fault on this side, which has been noted."


@dataclass
class Tab:
    """The file that waits in one tab until its columns are agreed to."""

    path: Path | None = None
    seen: Look | None = None

    def drop(self) -> None:
        """Erase the file."""
        if self.path is not None:
            with contextlib.suppress(OSError):
                self.path.unlink()
        self.path = self.seen = None


def own_value(step: str = "", **more: Any) -> str:
    """What the control shows: "" for the button, "columns", "busy", "error" or "using"."""
    limits = f"at most {MOST_BYTES >> 20} MB and {VISITOR.rows:,} rows"
    return as_json({"step": step, "limits": limits, "roles": PLAIN, **more})


class OwnFile:
    """The events of the control, over the handlers of the page that it is part of."""

    def __init__(self, handlers: Handlers) -> None:
        self.handlers = handlers
        self.recommender = handlers.recommender

    def look(self, data: Mapping[str, Any], tab: Tab) -> dict[str, Any]:
        """Say what the columns of an uploaded file were taken for, or why they can't be."""
        tab.drop()
        path = uploaded(data.get("path"))
        if path is None:
            return {"own": own_value("error", error=GONE)}
        tab.path = path
        try:
            if path.stat().st_size > MOST_BYTES:
                raise CatalogError(f"{path.name}: is larger than {MOST_BYTES >> 20} MB")
            tab.seen = look_at(path)
        except CatalogError as error:
            tab.drop()
            return {"own": own_value("error", error=_sentence(error))}
        return {"own": self._columns(tab.seen)}

    def take(
        self, data: Mapping[str, Any], browser: Any, tab: Tab, gate: Gate
    ) -> Iterator[dict[str, Any]]:
        """Begin a conversation over the file, its columns as the visitor has them."""
        if gate.busy or tab.path is None or tab.seen is None:
            yield {"own": own_value("error", error=BUSY if gate.busy else GONE)}
            return
        told: queue.SimpleQueue[tuple[int, int]] = queue.SimpleQueue()
        yield {"own": own_value("busy", told="Reading the rows …")}
        with concurrent.futures.ThreadPoolExecutor(1) as reading:
            call = reading.submit(self._bring, tab, roles_in(data), told)
            while not concurrent.futures.wait([call], timeout=0.3).done:
                while not told.empty():
                    done, of = told.get()
                    yield {"own": own_value("busy", told=f"{done:,} of {of:,} items encoded …")}
        try:
            session, card = call.result()
        except CatalogError as error:
            again = self._columns(tab.seen, _sentence(error)) if tab.seen else own_value(
                "error", error=_sentence(error))  # fmt: skip
            yield {"own": again}
            return
        except Exception:
            log.exception("an own file failed")
            yield {"own": own_value("error", error=FAILED)}
            return
        name = cut(tab.path.name, MAX_NAME)
        tab.drop()
        yield {**self.handlers.clear(browser, gate), **self._begun(session, card, name)}

    def _bring(
        self, tab: Tab, roles: dict[str, str], told: queue.SimpleQueue[tuple[int, int]]
    ) -> Any:
        assert tab.path is not None
        seen = look_at(tab.path, roles)
        name = tab.path.name.split(".")[0][:MAX_NAME]
        return self.recommender.bring(seen, name, lambda done, of: told.put((done, of)))

    def _columns(self, seen: Look, error: str = "") -> str:
        columns = [
            {
                "name": c.name, "role": c.role, "why": c.why, "share": f"{c.share:.0%}",
                "example": c.examples[0] if c.examples else "",
            }
            for c in seen.plan.columns
        ]  # fmt: skip
        notes = ["The year is taken from the end of the title."] if seen.plan.year_in_title else []
        notes += [] if seen.plan.id else ["Ids are made from title, year and people."]
        notes += (
            [f"{seen.left_out:,} columns that few rows fill are left out."] if seen.left_out else []
        )
        name = cut(seen.path.name, MAX_NAME)
        return own_value("columns", name=name, rows=f"{seen.rows:,}", columns=columns, error=error,
                         notes=notes)  # fmt: skip

    def _begun(self, session: Any, card: Mapping[str, Any], name: str) -> dict[str, Any]:
        catalog = self.recommender.of(session.id).catalog
        refused = f" {card['refused']:,} rows could not be taken." if card["refused"] else ""
        line = (
            f"I have read {name}: {card['items']:,} {catalog.nouns}.{refused} Only you see them, "
            f"and they are erased when you start over. What are you looking for?"
        )
        return {
            "browser": {"session": session.id},
            "chatbot": [said("assistant", line)],
            "chips": cards.chips_value(NEXT, GENERIC_EXAMPLES),
            "panel": understood.panel_value(catalog, session.state),
            "own": self.using(session.id, name),
        }

    def clear(self, browser: Any, gate: Gate) -> dict[str, Any]:
        """Start over; a file that the session brought goes with it."""
        return {**self.handlers.clear(browser, gate), "own": own_value()}

    def restore(self, browser: Any) -> dict[str, Any]:
        """Bring back the page of a session, with the file that it brought."""
        standing = self.handlers.restore(browser)
        session_id = visitor.id_of(standing.get("browser", browser))
        if self.recommender.brought(session_id) and not self.recommender.replies(session_id):
            standing["chips"] = cards.chips_value(NEXT, GENERIC_EXAMPLES)
        return {**standing, "own": self.using(session_id)}

    def using(self, session_id: str, name: str = "") -> str:
        """The control of a session as it stands."""
        if not session_id or not self.recommender.brought(session_id):
            return own_value()
        catalog = self.recommender.of(session_id).catalog
        return own_value("using", name=name or catalog.name, rows=f"{len(catalog):,}",
                         nouns=catalog.nouns)  # fmt: skip


def uploaded(path: Any) -> Path | None:
    """The file of an upload; None for any other path, whoever names it."""
    if not isinstance(path, str) or not 0 < len(path) < 1_000:
        return None
    with contextlib.suppress(OSError, ValueError):
        file, root = Path(path).resolve(), Path(get_upload_folder()).resolve()
        if file.is_relative_to(root) and file.is_file():
            return file
    return None


def roles_in(data: Mapping[str, Any]) -> dict[str, str]:
    """Columns and their roles as far as they are such."""
    roles = data.get("roles")
    if not isinstance(roles, dict):
        return {}
    return {str(column): role for column, role in roles.items() if role in ROLES}


def _sentence(error: Exception) -> str:
    text = str(error)
    return cut(text[:1].upper() + text[1:].rstrip("."), 600) + "."
