"""Whom "her" and "the same director" mean: persons last spoken of, or of the item at hand.

Gives the text with names in the place of such words, so that it reads like any other. Which
persons there are, and what each did ("written by", "starring"), are the catalog's words.
"""

from __future__ import annotations

import functools
import re

from recommender.dialogue import DialogueState
from recommender.understanding.nouns import pattern_of
from recommender.understanding.people_of_items import labels_of
from retrieval.catalog import Catalog, Kind, fold

_SHE = r"(?:her|him|them|she|he|they|this person|that (?:actor|actress|director|author|writer|person|guy|woman|man))"
_MEANT = re.compile(
    rf"\b(?!of them\b)(?P<role>drop|be|forget|remove|without|not|no|with|starring|featuring|by|from|of|has|have|want) {_SHE}\b"
    r"(?! (?:kids|mum|dad|mother|father|parents|friends?|husband|wife|own)\b)",
    re.IGNORECASE,
)
# "More of his stuff", "her other films": things by that person.
_THEIRS = (
    r"\b(?P<many>(?:some|any|more|another|others?|all|anything|something)(?: else)?)?(?: of)?\s*\b(?:his|her|their) "
    r"(?:(?:other|best|early|earlier|late|later|new|newer|old|older) )*(?:stuff|works?|things|others|output|back catalogue|{nouns})\b"
)
_TITLE_OF_ADDRESS = re.compile(r"\b(?:[Mm]r|[Mm]rs|[Mm]s|[Mm]iss|[Dd]r|[Dd]ame)\.? (?=[A-Z][a-z])")
_DID = re.compile(
    r"\b(?:that |which )?(?:she|he|they)(?:'s|'ve| has| have| is| was)?(?: also| else| ever)? "
    r"(?P<verb>[a-z]+)(?: in)?\b",
    re.IGNORECASE,
)
_PARTICIPLES = {"wrote": "written", "drew": "drawn", "sang": "sung", "stars": "starring", "starred": "starring", "acts": "acted", "plays": "played", "did": "made"}  # fmt: skip


def name_people(text: str, state: DialogueState, catalog: Catalog) -> str:
    """The text with names in the place of "her" or "the same director"."""
    text = _TITLE_OF_ADDRESS.sub("", _name_same(text, state, catalog))
    if not state.people:
        return text
    name = state.people[0]
    text = pattern_of(_THEIRS, catalog, re.IGNORECASE).sub(
        lambda m: f"{m['many'] or catalog.nouns} by {name}", text
    )
    text = _MEANT.sub(lambda m: f"{m['role']} {name}", text)
    return _DID.sub(lambda m: _by_deed(m, name, catalog), text)


def _by_deed(match: re.Match[str], name: str, catalog: Catalog) -> str:
    """ "Directed by NAME" for "she directed"; the words as they are for any other verb."""
    verb = match["verb"].lower()
    if verb in ("in", "is", "was"):  # "that she is in"
        return f"with {name}" if match[0].rstrip().endswith("in") else match[0]
    said = _PARTICIPLES.get(verb, verb)
    known = False
    for f in catalog.of_kind(Kind.PERSON):
        role = next((role for role in f.roles if role.split()[0] == said), None)
        known = known or role is not None
        if role and name in catalog.vocabulary.get(f.name, {}).get(fold(name), ()):
            return f"{role} {name}"
    return f"with {name}" if known else match[0]


def _name_same(text: str, state: DialogueState, catalog: Catalog) -> str:
    item = next(iter((*state.spoken_of, *state.last_shown)), "")
    if item not in catalog:
        return text
    for f in catalog.of_kind(Kind.PERSON):
        names = catalog[item].facets.get(f.name, ())
        if names and f.roles:
            labels = "|".join(map(re.escape, sorted(labels_of(f), key=len, reverse=True)))
            pattern = rf"\b(?:(?:by|with|from|of|starring) )?(?:the|that) same (?:{labels})\b"
            text = re.compile(pattern, re.IGNORECASE).sub(
                functools.partial(_put, f"{f.roles[0]} {names[0]}"), text
            )
    return text


def _put(words: str, match: re.Match[str]) -> str:
    return words
