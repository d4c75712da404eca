"""Picks as cards: the plain data that `cards.js` draws.

The data travels as JSON and reaches the page by `textContent` only, so a title is free to
hold anything. Which facts a card names comes from the fields of the catalog.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from recommender.dialogue import Evidence, Pick
from recommender.facts import MAX_FACT, cut, shown
from retrieval.catalog import MAX_TITLE, Catalog, Item

HERE = Path(__file__).parent
CARDS_JS = (HERE / "cards.js").read_text(encoding="utf-8")
CHIPS_JS = (HERE / "chips.js").read_text(encoding="utf-8")


def as_json(data: Any) -> str:
    """JSON that stays inert wherever it is put, a script element included."""
    return json.dumps(data, ensure_ascii=False).replace("<", "\\u003c")


def cards_value(
    catalog: Catalog,
    reply: str,
    picks: Iterable[Pick],
    feedback: Mapping[str, Mapping[str, Any]],
    note: str = "",
) -> str:
    """What the cards component shows; `note` stands in for cards where there are none.

    `reply` tells this reply from others, so that a card is mended within a reply only.
    """
    cards = [_card(catalog, reply, pick) for pick in picks]
    marks = {c["id"]: dict(feedback.get(c["id"], {})) for c in cards}
    return as_json({"cards": cards, "feedback": marks, "note": note})


def put_right(
    value: Any, feedback: Mapping[str, Mapping[str, Any]], item: Any, reason: str
) -> str | None:
    """The same cards with the marks that the store knows, after one of `item` was not kept,
    and the reason for it; None where `value` does not hold cards."""
    try:
        data = json.loads(value)
        ids = [str(card["id"]) for card in data["cards"]]
    except (ValueError, TypeError, KeyError):
        return None
    kept = {i: dict(feedback.get(i, {})) for i in ids}
    refused = {
        "item": str(item),
        "reason": reason,
        "number": data.get("refused", {}).get("number", 0) + 1,
    }  # the number makes a second refusal a change
    return as_json({**data, "feedback": kept, "refused": refused})


def chips_value(label: str, texts: Iterable[str]) -> str:
    return as_json({"label": label, "texts": list(texts)})


def like(item: Item) -> str:
    """The utterance of "More like this"."""
    year = item.numbers.get("year")
    return f"More like {cut(item.title, MAX_TITLE)}" + (f" ({year:.0f})" if year else "")


def _card(catalog: Catalog, reply: str, pick: Pick) -> dict[str, Any]:
    item = pick.item
    return {
        "key": f"{reply}:{item.id}",
        "id": item.id,
        "rank": pick.rank,
        **shown(catalog, item),
        "reason": pick.reason,
        "evidence": [_evidence(catalog, e) for e in pick.evidence],
        "author": {"model": "Worded by the language model, checked against these facts.",
                   "composed": "Composed from these facts, without a language model.",
                   }.get(pick.written_by, ""),
    }  # fmt: skip


def _evidence(catalog: Catalog, evidence: Evidence) -> dict[str, str]:
    if evidence.source == "user":
        source = f"You said ({evidence.field})" if evidence.field else "You said"
    else:
        known = catalog.fields.get(evidence.field)
        label = known.label if known else evidence.field
        source = f"Its {label}" if label else f"The {catalog.noun}"
    return {"source": source, "value": cut(evidence.value, MAX_FACT), "from": evidence.source}
