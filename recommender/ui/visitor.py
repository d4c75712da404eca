"""Whose session an event belongs to: the one that the visitor's own browser names, or none.

What a browser sends may be forged; an id that the store does not know is nobody's.
"""

from __future__ import annotations

from typing import Any

from recommender.dialogue import Session
from recommender.store import CONSENTS, JUDGED, KEPT
from retrieval.catalog import Catalog

MAX_ID = 200  # characters
NOTHING = "nothing"  # is kept of who says so
CHOICES = (
    ("Keep it for me", KEPT),
    ("Keep it, and let it be judged and learned from", JUDGED),
    ("Keep nothing", NOTHING),
)


def told(retention_days: int) -> str:
    """What is kept, as it is said before the first message."""
    until = f", and {retention_days} days at most" if retention_days else ""
    return (
        "What is kept here: your messages, the picks and your ratings, under a random name, "
        f"until you press “Forget me”{until}. No address of yours."
    )


def id_of(browser: Any) -> str:
    """The session id that the browser keeps, or nothing where it keeps something else."""
    session_id = browser.get("session") if isinstance(browser, dict) else None
    return session_id if isinstance(session_id, str) and len(session_id) <= MAX_ID else ""


def known(recommender: Any, browser: Any) -> Session | None:
    session_id = id_of(browser)
    if not session_id:
        return None
    try:
        session: Session = recommender.session(session_id)
    except LookupError:
        return None
    return session


def catalog_of(recommender: Any, session: Session | None) -> Catalog:
    """The catalog that a session talks about; without one, that of everybody."""
    catalog: Catalog = recommender.of(session.id if session else "").catalog
    return catalog


def known_or_new(recommender: Any, browser: Any, consent: Any) -> tuple[Session, bool]:
    """The visitor's session, and whether it had to be opened now.

    Whatever is not one of the consents is none, so that a forged one keeps nothing.
    """
    session = known(recommender, browser)
    if session:
        return session, False
    return recommender.open_session(consent if consent in CONSENTS else ""), True
