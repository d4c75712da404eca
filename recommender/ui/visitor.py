"""Whose session an event belongs to: the one that the visitor's own browser names, or none.

What a browser sends may be forged; an id that the store does not know is nobody's.
"""

from __future__ import annotations

from typing import Any

from recommender.dialogue import Session

MAX_ID = 200  # characters


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


def known_or_new(recommender: Any, browser: Any) -> tuple[Session, bool]:
    """The visitor's session, and whether it had to be opened now."""
    session = known(recommender, browser)
    return (session, False) if session else (recommender.open_session(), True)
