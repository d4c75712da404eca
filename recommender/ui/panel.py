"""What the panel "What I understood" does: edit, hand out, forget.

Like the other handlers, each can be called by anyone with anything; the session is the one
of the visitor's own browser, and a key that fits no line of it changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from recommender.ui import understood, visitor
from recommender.ui.gate import Gate
from recommender.ui.handlers import Handlers
from recommender.understanding.edits import EditError, parse_edit

BUSY = "one moment, the last answer is still being written"
GONE = "this conversation is no longer kept here"
FILE = "instructrec-conversation.json"


class Panel:
    """The events of the panel, over the handlers of the page that it is part of."""

    def __init__(self, handlers: Handlers) -> None:
        self.handlers = handlers
        self.recommender = handlers.recommender

    def revise(
        self, data: Mapping[str, Any], browser: Any, history: Any, gate: Gate, consent: Any
    ) -> dict[str, Any]:
        """Let an edit in as the next turn, or say beside its field why not."""
        if gate.busy:
            return self._shown(browser, outcome=understood.refused(BUSY))
        if self.handlers.waiting_line.full:
            told = str(self.handlers.waiting_line.refusal())
            return self._shown(browser, outcome=understood.refused(told))
        session = visitor.known(self.recommender, browser)
        try:
            edit = parse_edit(data)
            if session is None and (edit.action != "add" or visitor.id_of(browser)):
                raise EditError(GONE)
            told = self.recommender.preview(session.id if session else "", edit)
        except EditError as error:
            return self._shown(browser, outcome=understood.refused(str(error)))
        begun = self.handlers.enter(told, browser, history, gate, edit, consent)
        return begun | self._shown(browser, outcome=understood.accepted())

    def export(self, browser: Any) -> dict[str, Any]:
        """Hand the visitor all that is kept of the session, as a file to save."""
        session = visitor.known(self.recommender, browser)
        if session is None:
            return self._shown(browser, told="Nothing is kept of you here.")
        kept = self.recommender.export(session.id)
        return self._shown(browser, file=understood.to_save(FILE, kept), told=f"Saved as {FILE}.")

    def _shown(self, browser: Any, **more: Any) -> dict[str, Any]:
        return {"panel": self.handlers.panel(visitor.known(self.recommender, browser), **more)}
