"""Whom "her" and "the same director" mean: persons last spoken of, or of the item at hand.

Gives the text with names in the place of such words, so that it reads like any other.
"""

from __future__ import annotations

import re

from recommender.dialogue import DialogueState
from retrieval.catalog import Catalog, Kind

_SHE = r"(?:her|him|them|she|he|they|this person|that (?:actor|actress|director|author|writer|person|guy|woman|man))"


def name_people(text: str, state: DialogueState, catalog: Catalog) -> str:
    """The text with names in the place of "her" or "the same director"."""
    text = _name_same(text, state, catalog)
    if not state.people:
        return text
    name = state.people[0]
    role = rf"\b(?P<role>drop|forget|remove|without|not|no|with|starring|featuring|by|from|of|has|have|want) {_SHE}\b(?! (?:kids|mum|dad|mother|father|parents|friends?|husband|wife|own)\b)"
    text = re.sub(role, lambda m: f"{m['role']} {name}", text, flags=re.IGNORECASE)
    verb = r"\b(?:that |which )?(?:she|he|they)(?:'s|'ve| has| have)?(?: also)? (?P<verb>directed|made|wrote|written|did|is in|was in|stars in|starred in|played in|acts in)\b"
    return re.sub(
        verb,
        f" with {name}",
        text,
        flags=re.IGNORECASE,
    )


def _name_same(text: str, state: DialogueState, catalog: Catalog) -> str:
    item = next(iter((*state.spoken_of, *state.last_shown)), "")
    if item not in catalog:
        return text
    for f in catalog.of_kind(Kind.PERSON):
        names = catalog[item].facets.get(f.name, ())
        labels = {
            f.label,
            f.name,
            f.label.rstrip("s"),
            *(("actor", "actress", "actors") if "cast" in f.name else ()),
        }
        pattern = rf"\b(?:(?:by|with|from|of|starring) )?(?:the|that) same (?:{'|'.join(map(re.escape, labels))})\b"
        if names and f.roles:
            said = f"{f.roles[0]} {names[0]}"
            text = re.sub(pattern, lambda _: said, text, flags=re.IGNORECASE)  # noqa: B023, called at once
    return text
