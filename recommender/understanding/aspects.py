"""From a state to the aspects of an instruction and to the query for the retriever.

The query is built from all that holds, not from the last utterance: the wish, the items
liked and disliked, leanings and limits.
"""

from __future__ import annotations

from prompts.instruction import Aspects, Intention
from recommender.dialogue import DialogueState, Leaning
from retrieval.catalog import Catalog, Kind, fold
from retrieval.retriever import Query

_TOLD_WITH_FACTS = 3  # liked items, the latest; each costs the ranker some twenty tokens


def aspects_of(state: DialogueState, catalog: Catalog) -> Aspects:
    """The three aspects and the context of an instruction."""
    positive = any(not one.limit.negated for one in state.limits)
    keyword = any(catalog.fields[one.field].kind is Kind.KEYWORD for one in state.leanings)
    wish = "; ".join(phrase.words for phrase in state.wish)
    if positive or keyword:
        intention = Intention.SPECIFIC
    elif wish or state.leanings or state.limits or state.context:
        intention = Intention.VAGUE
    else:
        intention = Intention.NONE
    limits = tuple(one.limit.in_words(catalog) for one in state.limits)
    if intention is Intention.VAGUE and not wish and not limits:
        wish = ", ".join(phrase.words for phrase in state.context)
    liked = [catalog[m.item_id] for m in state.liked if m.item_id in catalog]
    return Aspects(
        history=tuple(item.name for item in liked),
        taste=tuple(phrase.words for phrase in state.taste),
        wish=wish,
        limits=limits,
        intention=intention,
        context={phrase.kind: phrase.words for phrase in state.context},
        known={item.name: catalog.brief(item) for item in liked[-_TOLD_WITH_FACTS:]},
    )


def query_of(state: DialogueState, aspects: Aspects, catalog: Catalog) -> Query:
    """What to retrieve for a state. Shown items stay away as long as others pass."""
    now = tuple(m.item_id for m in state.liked if m.turn >= state.began)
    before = tuple(m.item_id for m in state.liked if m.turn < state.began)
    leanings = state.leanings
    if not leanings and not any(one.limit.values and not one.limit.negated for one in state.limits):
        leanings = state.taste_leanings
    text = "; ".join(phrase.words for phrase in state.wish)
    if seldom := _seldom_held(state.leanings, text, catalog):
        text = "; ".join(part for part in (text, *seldom) if part)
    if not text and not now:
        text = "; ".join(phrase.words for phrase in (*state.taste, *state.context))
    return Query(
        text=text,
        liked=now or (() if text else before),
        history=before if text or now else (),
        disliked=tuple(m.item_id for m in state.disliked),
        leanings=_grouped(leanings),
        limits=tuple(one.limit for one in state.limits),
        without=state.excluded | frozenset(state.shown),
        varied=aspects.intention is not Intention.SPECIFIC and not now,
    )


def _seldom_held(leanings: tuple[Leaning, ...], text: str, catalog: Catalog) -> tuple[str, ...]:
    """The words of leanings towards categories that hardly an item has, where a text lacks them.

    Such a category finds two books on Japan; the words find those that are filed elsewhere.
    """
    found: dict[str, None] = {}
    for one in leanings:
        common = catalog.common.values.get(one.field)
        if common is None or fold(one.words) in fold(text):
            continue
        named = {value for value in one.values if fold(value) == fold(one.words)}
        if not common & (named or set(one.values)):
            found[one.words] = None
    return tuple(found)


def _grouped(leanings: tuple[Leaning, ...]) -> tuple[tuple[tuple[str, str], ...], ...]:
    """Leanings by the words they came from, as (field, value) pairs."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for one in leanings:
        groups.setdefault(one.words.lower(), []).extend((one.field, v) for v in one.values)
    return tuple(tuple(dict.fromkeys(group)) for group in groups.values())
