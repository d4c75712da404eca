"""The tables of conversations, as migrations of the store's file."""

from __future__ import annotations

import sqlite_utils
from sqlite_utils.migrations import Migrations

migrations = Migrations("instructrec")


@migrations()
def create_conversation_tables(db: sqlite_utils.Database) -> None:
    db.table("sessions").create({"id": str, "created": str}, pk="id")
    db.table("turns").create(
        {
            "id": int, "session": str, "number": int, "utterance": str, "act": str,
            "instruction": str, "state": str, "status": str, "message": str, "degraded": str,
            "model": str, "timings_ms": str, "suggestions": str, "created": str,
        },
        pk="id",
        foreign_keys=[("session", "sessions", "id")],
    )  # fmt: skip
    db.table("turns").create_index(["session", "number"], unique=True)
    db.table("candidates").create(
        {
            "turn": int, "item": str, "rank": int, "score": float, "retrieval_score": float,
            "language_score": float,
        },
        pk=("turn", "item"),
        foreign_keys=[("turn", "turns", "id")],
    )  # fmt: skip
    db.table("picks").create(
        {
            "turn": int, "rank": int, "item": str, "title": str, "score": float,
            "retrieval_score": float, "language_score": float, "reason": str, "evidence": str,
            "written_by": str,
        },
        pk=("turn", "rank"),
        foreign_keys=[("turn", "turns", "id")],
    )  # fmt: skip
    db.table("ratings").create(
        {
            "id": int,
            "session": str,
            "turn": int,
            "item": str,
            "kind": str,
            "value": int,
            "created": str,
        },
        pk="id",
        foreign_keys=[("session", "sessions", "id")],
    )
    db.table("ratings").create_index(["session", "item"])


@migrations()
def add_consent(db: sqlite_utils.Database) -> None:
    """What a visitor agreed to: "kept", or "judged" as well."""
    db.table("sessions").add_column("consent", str, not_null_default="kept")
