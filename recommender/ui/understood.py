"""What the recommender understood so far, as short lines for the page.

Wishes are in the user's own words; limits and items are in the catalog's.
"""

from __future__ import annotations

from recommender.dialogue import DialogueState, Mention
from retrieval.catalog import Catalog

MAX_LINE = 90  # characters
MAX_LINES = 12


def lines(catalog: Catalog, state: DialogueState) -> list[dict[str, str]]:
    """What counts for the next reply, the wish of the moment first, nothing twice."""
    found: list[tuple[str, str]] = [("wish", p.words) for p in state.wish]
    found += [("limit", s.limit.in_words(catalog)) for s in state.limits]
    found += [("leaning to", " or ".join(leaning.values)) for leaning in state.leanings]
    found += [("liked", _name(catalog, m)) for m in state.liked]
    found += [("disliked", _name(catalog, m)) for m in state.disliked]
    found += [("seen", _name(catalog, m)) for m in state.seen]
    found += [(p.kind or "setting", p.words) for p in state.context]
    found += [("taste", p.words) for p in state.taste]
    found += [("taste", " or ".join(leaning.values)) for leaning in state.taste_leanings]
    return [
        {"label": label, "text": text if len(text) <= MAX_LINE else text[: MAX_LINE - 1] + "…"}
        for label, text in dict.fromkeys(found)
        if text.strip()
    ][:MAX_LINES]


def _name(catalog: Catalog, mention: Mention) -> str:
    known = mention.item_id in catalog
    return catalog[mention.item_id].name if known else mention.words
