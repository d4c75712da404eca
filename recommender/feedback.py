"""Judgements of shown items: kept, taken back, and what the next turn makes of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from recommender.dialogue import DialogueState, Mention, Session
from recommender.store import Store
from retrieval.catalog import Catalog

_KINDS = ("rating", "not_for_me", "seen", "more_like_this")
_LINE_OF_MARK = {"seen": "seen", "not_for_me": "disliked", "more_like_this": "liked"}


class FeedbackError(ValueError):
    """A judgement that can't be kept; the message says why."""


def give(
    store: Store, session: Session, catalog: Catalog, item_id: str, kind: str, value: int | None
) -> Session:
    """Keep a judgement of an item that the session was shown; "seen" again takes it back.

    Gives the session as it stands after. Raises `FeedbackError`.
    """
    if item_id not in catalog and item_id in catalog.gone:
        raise FeedbackError("that item is no longer in the catalog")
    if item_id not in catalog or item_id not in session.state.shown:
        raise FeedbackError("that item was not shown in this conversation")
    if kind not in _KINDS:
        raise FeedbackError(f"unknown feedback {str(kind)[:30]!r}")
    if kind == "rating" and (isinstance(value, bool) or value not in (1, 2, 3, 4, 5)):
        raise FeedbackError("a rating is a whole number from 1 to 5")
    if kind == "seen" and store.take_back(session.id, item_id, kind):
        seen = tuple(m for m in session.state.seen if m.item_id != item_id)
        state = replace(session.state, seen=seen)
    else:
        state = _judged(session.state, item_id, kind, value, session.turn)
        store.rate(session.id, session.turn, item_id, kind, value if kind == "rating" else None)
    store.update_state(session.id, session.turn, state.as_dict())
    return replace(session, state=state)


def given(store: Store, session_id: str) -> dict[str, dict[str, Any]]:
    """The judgements of a session by item: {"rating": 4, "seen": True}."""
    found: dict[str, dict[str, Any]] = {}
    for row in store.ratings(session_id):
        found.setdefault(row["item"], {})[row["kind"]] = (
            row["value"] if row["kind"] == "rating" else True
        )
    return found


def take_back_marks(store: Store, session: Session, state: DialogueState) -> None:
    """A mark on a card goes with the line that it made; stars stay, whatever the line."""
    for kind, name in _LINE_OF_MARK.items():
        kept = {m.item_id for m in getattr(state, name)}
        for mention in getattr(session.state, name):
            if mention.item_id not in kept:
                store.take_back(session.id, mention.item_id, kind)


def _judged(
    state: DialogueState, item_id: str, kind: str, value: int | None, turn: int
) -> DialogueState:
    """The state after a judgement; a new one of an item takes the place of the old."""
    words = f"rated {value} of 5" if kind == "rating" else kind.replace("_", " ")
    mention = Mention(item_id, words, turn)
    if kind == "seen":
        kept = tuple(m for m in state.seen if m.item_id != item_id)
        return replace(state, seen=(*kept, mention))
    liked = tuple(m for m in state.liked if m.item_id != item_id)
    disliked = tuple(m for m in state.disliked if m.item_id != item_id)
    if kind == "more_like_this" or (kind == "rating" and value is not None and value >= 4):
        liked = (*liked, mention)
    elif kind == "not_for_me" or (value is not None and value <= 2):
        disliked = (*disliked, mention)
    return replace(state, liked=liked, disliked=disliked)
