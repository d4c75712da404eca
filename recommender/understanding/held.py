"""What is held of a conversation, one line for each thing.

A line is named by a key made of what it holds, so that a key of another conversation, or of
a line that is gone, fits nothing. Lines only show a state; they change nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from recommender.dialogue import DialogueState, Leaning, Mention, Phrase, StatedLimit
from retrieval.catalog import Catalog, fold

KINDS = ("wish", "limit", "leaning", "liked", "disliked", "seen", "taste", "context")
ITEMS = ("liked", "disliked", "seen")
# Where the entries of a kind lie in the state; a taste carries what it leans towards.
PLACES = {
    "wish": ("wish",), "limit": ("limits",), "leaning": ("leanings",), "liked": ("liked",),
    "disliked": ("disliked",), "seen": ("seen",), "taste": ("taste", "taste_leanings"),
    "context": ("context",),
}  # fmt: skip

Held = Mention | StatedLimit | Phrase | Leaning


@dataclass(frozen=True)
class Line:
    """One thing that is held of a conversation: in the catalog's words, and in the user's.

    `kind` is one of `KINDS`; `turn` is the one in which it was said.
    """

    key: str
    kind: str
    value: str
    words: str
    turn: int


def lines(state: DialogueState, catalog: Catalog) -> tuple[Line, ...]:
    """All that counts for the next reply, by kind and in the order it was said."""
    return tuple(line for line, _ in entries(state, catalog))


def entries(state: DialogueState, catalog: Catalog) -> list[tuple[Line, tuple[Held, ...]]]:
    """Every line with the entries of the state that it stands for."""
    found: dict[str, tuple[Line, tuple[Held, ...]]] = {}

    def put(kind: str, value: str, *held: Any) -> None:
        words, turn = held[0].words, held[0].turn
        content = f"{kind}\n{value}\n{words}\n{turn}"
        key = hashlib.sha256(content.encode("utf-8", "replace")).hexdigest()[:16]
        if value.strip():
            before = found[key][1] if key in found else ()
            found[key] = Line(key, kind, value, words, turn), (*before, *held)

    for phrase in state.wish:
        put("wish", phrase.words, phrase)
    for stated in state.limits:
        put("limit", _limit_in_words(stated, catalog), stated)
    for group in _by_words(state.leanings):
        put("leaning", _values_of(group), *group)
    for kind in ITEMS:
        for mention in getattr(state, kind):
            known = mention.item_id in catalog
            put(kind, catalog[mention.item_id].name if known else mention.words, mention)
    carried: set[Leaning] = set()
    for phrase in state.taste:
        leaning_to = [one for one in state.taste_leanings if within(one.words, phrase.words)]
        carried.update(leaning_to)
        put("taste", phrase.words, phrase, *leaning_to)
    for group in _by_words(one for one in state.taste_leanings if one not in carried):
        put("taste", _values_of(group), *group)
    for phrase in state.context:
        put("context", phrase.words, phrase)
    return list(found.values())


def _by_words(leanings: Iterable[Leaning]) -> list[list[Leaning]]:
    groups: dict[tuple[str, int], list[Leaning]] = {}
    for one in leanings:
        groups.setdefault((one.words, one.turn), []).append(one)
    return list(groups.values())


def _values_of(group: Sequence[Leaning]) -> str:
    return " or ".join(dict.fromkeys(value for one in group for value in one.values))


def _limit_in_words(stated: StatedLimit, catalog: Catalog) -> str:
    """The catalog's words, except of a theme that is ruled out: those do not read well."""
    if stated.limit.negated and stated.limit.of_words(catalog):
        return stated.words
    return stated.limit.in_words(catalog)


def within(words: str, phrase: str) -> bool:
    return f" {fold(words)} " in f" {fold(phrase)} "


def stands(new: Held, standing: Sequence[Any]) -> bool:
    """Whether the same was said before, whatever the words and the turn."""

    def content(one: Any) -> Any:
        match one:
            case Mention():
                return one.item_id
            case StatedLimit():
                return one.limit.said
            case Leaning():
                return one.field, frozenset(one.values)
        return fold(one.words)

    return content(new) in [content(one) for one in standing]
