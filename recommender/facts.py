"""What is shown of an item: title, year, facts and a few lines of prose, as plain data.

Which facts there are comes from the fields of the catalog.
"""

from __future__ import annotations

from typing import Any

from retrieval.catalog import MAX_TITLE, Catalog, Item, Kind

VALUES_SHOWN = {Kind.CATEGORY: 3, Kind.PERSON: 2, Kind.KEYWORD: 3}
ORDER = {Kind.PERSON: 1, Kind.KEYWORD: 2}
MAX_FACT = 120  # characters
MAX_PROSE = 400


def shown(catalog: Catalog, item: Item) -> dict[str, Any]:
    """An item as a card or an annotator shows it; lengths are bounded."""
    year = next((item.numbers[f.name] for f in catalog.of_kind(Kind.YEAR)
                 if f.name in item.numbers), None)  # fmt: skip
    prose = next((item.texts[f.name] for f in catalog.of_kind(Kind.TEXT)
                  if f.name in item.texts), "")  # fmt: skip
    return {
        "title": cut(item.title, MAX_TITLE),
        "year": f"{year:.0f}" if year is not None else "",
        "facts": _facts(catalog, item),
        "prose": cut(prose, MAX_PROSE),
    }


def cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


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
