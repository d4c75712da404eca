"""Items that stand for their people: "by the guy who made Inception", "the Parasite director".

Says which field of persons is meant, and where the words for it begin; what the labels and roles
of these fields are is the catalog's to say.
"""

from __future__ import annotations

from recommender.understanding.utterance import Span, Utterance
from recommender.understanding.words import word_set
from retrieval.catalog import Catalog, Field, Kind, fold

_PERSON = word_set(
    "guy man woman lady person people bloke one ones team folks chap dude genius mind minds whoever "
    "same somebody someone girl fella"
)
# Verbs of making, which any catalog's makers do; the catalog's own roles are added.
_MAKING = word_set("made did makes created behind did's brought")
_LINKS = word_set("who that which whose of as behind also has had have")
_IDLE = word_set("by from the a an of same another more other something anything film movie book")


def people_before(said: Utterance, first: int, catalog: Catalog) -> tuple[str, int] | None:
    """The field of "the director of", "the one who wrote", and where these words begin."""
    words = [word.folded for word in said.words[max(0, first - 6) : first]]
    offset = first - len(words)
    for place in range(len(words) - 1, -1, -1):
        behind = words[place + 1 :]
        if words[place] in _PERSON and behind and set(behind) & (_LINKS | _MAKING):
            f = _of_deed(behind, catalog)
        else:
            f = _of_label(words[place], catalog) if behind and behind[0] in _LINKS else None
        if f is not None and all(w in _LINKS or _deed(w, f) for w in behind):
            return f.name, _opening(words, place) + offset
    return None


def people_behind(said: Utterance, span: Span, catalog: Catalog) -> tuple[str, int] | None:
    """The same for "by the Parasite director", "from Heat's director"."""
    if span.last >= len(said.words) or said.words[span.last].opens_clause:
        return None
    before = said.words[span.first - 1].folded if span.first else ""
    f = _of_label(said.words[span.last].folded, catalog)
    if f is None or not (before in ("the", "by", "from") or "'" in said.phrase(span)):
        return None
    words = [word.folded for word in said.words[max(0, span.first - 3) : span.first]]
    return f.name, _opening(words, len(words)) + span.first - len(words)


def is_label(word: str, catalog: Catalog) -> bool:
    """Whether a folded word is what a person of some field is called."""
    return _of_label(word, catalog) is not None


def labels_of(f: Field) -> set[str]:
    """What a person of a field is called: its label, and the nouns among its roles."""
    nouns = {r for r in f.roles if " " not in r and r.endswith(("or", "er", "ess", "ist"))}
    names = {fold(f.label), fold(f.name)}
    return {*names, *(name.rstrip("s") for name in names), *nouns, *(f"{n}s" for n in nouns)}


def _of_label(word: str, catalog: Catalog) -> Field | None:
    return next((f for f in catalog.of_kind(Kind.PERSON) if word in labels_of(f)), None)


def _of_deed(words: list[str], catalog: Catalog) -> Field | None:
    """The field of a verb: "wrote" of who asks "who wrote", "made" of the first that has "by"."""
    fields = catalog.of_kind(Kind.PERSON)
    for f in fields:
        if any(_deed(word, f) and word not in _MAKING for word in words):
            return f
    by = [f for f in fields if "by" in f.roles] or list(fields)
    return by[0] if by and set(words) & (_MAKING | {"behind"}) else None


def _deed(word: str, f: Field) -> bool:
    said = {w for phrase in (*f.asks, *f.roles) for w in fold(phrase).split()}
    return word in _MAKING or (len(word) > 3 and word in said)


def _opening(words: list[str], place: int) -> int:
    while place > 0 and words[place - 1] in _IDLE - {"something", "anything", "more", "another"}:
        place -= 1
    return place
