"""What the buttons of a card do: rate it, mark it, ask for more like it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from recommender.ui import cards, visitor
from recommender.ui.gate import Gate
from recommender.ui.handlers import Handlers

log = logging.getLogger(__name__)

KINDS = ("rating", "not_for_me", "seen")


class Marks:
    """The events of the cards, over the handlers of the page that they are part of."""

    def __init__(self, handlers: Handlers) -> None:
        self.handlers = handlers
        self.recommender = handlers.recommender

    def rate(self, data: Mapping[str, Any], browser: Any, shown: Any) -> dict[str, Any]:
        """Keep a mark, or take it back. The card shows it already and is only put right where
        that failed; the panel has what followed from it."""
        session = visitor.known(self.recommender, browser)
        kind, item = data.get("kind"), data.get("item")
        try:
            if session is None or kind not in KINDS or not isinstance(item, str):
                raise ValueError("this conversation is no longer kept here")
            session = self.recommender.feedback(session.id, item, kind, data.get("value"))
        except ValueError as error:
            reason = f"Not saved: {error}."
        except Exception:
            log.exception("feedback failed")
            reason = "Not saved, please try again."
        else:
            return {"panel": self.handlers.panel(session)}
        kept = self.recommender.feedback_of(session.id) if session else {}
        right = cards.put_right(shown, kept, item, reason)
        return {} if right is None else {"cards": right}

    def more_like(
        self, data: Mapping[str, Any], browser: Any, history: Any, gate: Gate
    ) -> dict[str, Any]:
        """Ask for more like an item of the catalog."""
        session, item_id = visitor.known(self.recommender, browser), data.get("item")
        catalog = visitor.catalog_of(self.recommender, session)
        if gate.busy or not isinstance(item_id, str) or item_id not in catalog:
            return {}
        if session is not None:
            try:
                self.recommender.feedback(session.id, item_id, "more_like_this")
            except ValueError as error:
                log.info("feedback refused: %s", error)
        return self.handlers.begin(cards.like(catalog[item_id]), browser, history, gate)
