"""What the recommender understood so far, as the plain data that `panel.js` draws.

One line for each thing that is held, each with the words and the turn it came from. The
data reaches the page by `textContent` only.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from recommender.dialogue import Act, DialogueState, Reply
from recommender.facts import cut
from recommender.ui.cards import HERE, as_json
from recommender.understanding.edits import MAX_TEXT, Line, lines
from retrieval.catalog import Catalog

PANEL_JS = (HERE / "panel.js").read_text(encoding="utf-8")
LABELS = {
    "wish": "wish", "limit": "limit", "leaning": "leans to", "liked": "liked",
    "disliked": "disliked", "seen": "seen", "taste": "taste", "context": "setting",
}  # fmt: skip
MAX_WORDS = 90  # characters


def panel_value(
    catalog: Catalog,
    state: DialogueState | None,
    *,
    reader: str = "",
    outcome: Mapping[str, str] | None = None,
    file: Mapping[str, Any] | None = None,
    told: str = "",
) -> str:
    """What the panel shows. `outcome` (see `accepted`, `refused`) and `file` (to be saved by
    the browser) count once: each has a mark of its own."""
    held = lines(state, catalog) if state else ()
    return as_json(
        {
            "lines": [_line(one) for one in held],
            "reader": reader,
            "outcome": dict(outcome) if outcome else None,
            "file": dict(file) if file else None,
            "told": told,
        }
    )


def accepted() -> dict[str, str]:
    return {"mark": secrets.token_hex(4), "error": ""}


def refused(error: str) -> dict[str, str]:
    """A sentence to stand beside the field that it is about."""
    return {"mark": secrets.token_hex(4), "error": error[:1].upper() + error[1:].rstrip(".") + "."}


def to_save(name: str, kept: Mapping[str, Any]) -> dict[str, Any]:
    return {"mark": secrets.token_hex(4), "name": name, "content": dict(kept)}


def read_by(reply: Reply | None) -> str:
    """Who understood a turn."""
    if reply is None:
        return ""
    if Act.EDIT in reply.acts:
        return "Edited by hand"
    by_rules = reply.model.get("understanding", "rules") == "rules"
    return "Understood by rules" if by_rules else "Understood by the model"


def what_went(counts: Mapping[str, int]) -> str:
    """What a visitor would call what was deleted: "3 turns, 9 picks, 2 ratings deleted"."""
    named = [(counts.get(f"{name}s", 0), name) for name in ("turn", "pick", "rating")]
    parts = [f"{count} {name if count == 1 else name + 's'}" for count, name in named]
    return f"{', '.join(parts)} deleted"


def _line(line: Line) -> dict[str, str]:
    words = "" if line.words == line.value else f" “{cut(line.words, MAX_WORDS)}”,"
    return {
        "key": line.key,
        "label": LABELS[line.kind],
        "value": cut(line.value, MAX_TEXT),
        "from": f"from{words} turn {line.turn}",
    }
