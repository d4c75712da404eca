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
from retrieval.catalog import MAX_TITLE, Catalog, Item, Kind

HERE = Path(__file__).parent
CARDS_JS = (HERE / "cards.js").read_text(encoding="utf-8")
CHIPS_JS = (HERE / "chips.js").read_text(encoding="utf-8")

VALUES_SHOWN = {Kind.CATEGORY: 3, Kind.PERSON: 2, Kind.KEYWORD: 3}
ORDER = {Kind.PERSON: 1, Kind.KEYWORD: 2}
MAX_FACT = 120  # characters
MAX_PROSE = 400


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


def cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def _card(catalog: Catalog, reply: str, pick: Pick) -> dict[str, Any]:
    item = pick.item
    year = next((item.numbers[f.name] for f in catalog.of_kind(Kind.YEAR)
                 if f.name in item.numbers), None)  # fmt: skip
    prose = next((item.texts[f.name] for f in catalog.of_kind(Kind.TEXT)
                  if f.name in item.texts), "")  # fmt: skip
    return {
        "key": f"{reply}:{item.id}",
        "id": item.id,
        "rank": pick.rank,
        "title": cut(item.title, MAX_TITLE),
        "year": f"{year:.0f}" if year is not None else "",
        "facts": _facts(catalog, item),
        "prose": cut(prose, MAX_PROSE),
        "reason": pick.reason,
        "evidence": [_evidence(catalog, e) for e in pick.evidence],
        "author": {"model": "Worded by the language model, checked against these facts.",
                   "composed": "Composed from these facts, without a language model.",
                   }.get(pick.written_by, ""),
    }  # fmt: skip


def _facts(catalog: Catalog, item: Item) -> list[dict[str, str]]:
    """Categories and numbers first, then people, then themes."""
    facts = []
    for f in sorted(catalog.fields.values(), key=lambda f: ORDER.get(f.kind, 0)):
        if f.kind in VALUES_SHOWN:
            text = ", ".join(item.values(f.name)[: VALUES_SHOWN[f.kind]])
        elif f.kind is Kind.NUMBER and f.name in item.numbers:
            text = f"{item.numbers[f.name]:g} {f.unit}".strip()
        else:
            continue
        if text:
            facts.append({"label": f.label, "kind": str(f.kind), "text": cut(text, MAX_FACT)})
    return facts


def _evidence(catalog: Catalog, evidence: Evidence) -> dict[str, str]:
    if evidence.source == "user":
        source = f"You said ({evidence.field})" if evidence.field else "You said"
    else:
        known = catalog.fields.get(evidence.field)
        label = known.label if known else evidence.field
        source = f"Its {label}" if label else f"The {catalog.noun}"
    return {"source": source, "value": cut(evidence.value, MAX_FACT), "from": evidence.source}
