"""Which field a question asks for, by its structure: unit, label, verb, "how" and an adjective.

All words for fields are the catalog's: labels, units, roles, the beginnings of questions.
Also here: the polite frames around a question, which say nothing ("I should like to know").
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from recommender.understanding.taking_back import names_of
from recommender.understanding.words import FUNCTION_WORDS, singular, word_set
from retrieval.catalog import Catalog, Field, Kind, fold

_FRAME = re.compile(
    r"^(?:\W*(?:(?:please|sorry|excuse me|dear|right|quick question|out of (?:interest|curiosity)|one (?:more )?(?:thing|question)),? )*"
    r"(?:(?:i(?:['’]d| should| would)?(?: really| quite| just)? (?:like|love|want|need|care) to (?:know|find out|learn|ask)|i(?:['’]m| am)? (?:just )?(?:wonder(?:ed|ing)?|curious)|"
    r"(?:could|can|would|will) (?:you|u|anyone)(?: please| kindly| perhaps)? (?:tell|remind|inform|explain to|say)(?: me| us)?|"
    r"do you (?:happen to )?know|(?:may|might|can) i ask|any (?:idea|clue)|tell (?:me|us)|remind (?:me|us)|(?:you )?wouldn['’]t know|would you mind (?:telling|reminding)(?: me| us)?|mind telling(?: me| us)?|(?:please )?let me know)\b[ ,:]*(?:about )?)+)"
    r"(?=(?:who|whose|what|which|when|where|how|why|if|whether|in which|from which|in what)\b)",
    re.IGNORECASE,
)
# "And the gentleman in it, who is he?"
_TOPIC = re.compile(
    r"^(?:(?:and|so|but|ok(?:ay)?),? )*(?:the|that|this) (?:\w+ )?(?:man|woman|lady|gentleman|guy|girl|boy|chap|bloke|fella|person|kid|actor|actress|one|star|hero|lead) "
    r"(?:(?:who(?:['’]s| is| was)|that(?:['’]s| is| was)) )?(?P<where>in) (?P<item>[^,;?]+)[,;] ?(?:who|what(?:['’]s| is) (?:his|her|their) name)\b.*$",
    re.IGNORECASE,
)
_ABOUT = re.compile(
    r"\babout(?:[ ,]+(?:then|again|dear|love|mate|please|exactly|anyway|though|tho))*\W*$"
)
_PLAYING = word_set("lead leading main star play part role protagonist hero heroine")
_TELLING = word_set("plot story happens happen happened premise storyline gist synopsis")
_IDLE = FUNCTION_WORDS | word_set(
    "who whose when where how did does has have had was were long old many much is are by with "
    "first second third fourth last 1st 2nd 3rd 4th number two three four and it"
)
_GREATEST = "best|highest|greatest|most|biggest|largest|top"
_LEAST = "worst|lowest|smallest|fewest|least"
_ANY_GOOD = re.compile(
    r"^(?:(?:and|so|but|is|are|was|were|it|that|this|they|he|she|one|the|first|second|third|last)\b ?)*(?:any|much|actually|really|that) good\b\W*$"
    r"|\bworth (?:it|a (?:watch|read|go|look|try)|watching|reading|seeing|playing)\W*$"
)


def without_frame(text: str) -> str:
    """A question without what only introduces it, and in the order of questions."""
    topic = _TOPIC.match(text)
    if topic:
        return f"who is in {topic['item'].strip()}?"
    return _FRAME.sub("", text, count=1)


def is_any_good(body: str) -> bool:
    """Whether a question asks for an opinion alone: "any good?", "worth a watch?"."""
    return bool(_ANY_GOOD.search(body))


def field_of(body: str, catalog: Catalog) -> Field | None:
    """The field that the words of a question ask for, whatever their order."""
    words = fold(body).split()
    said = {singular(word) for word in words} | set(words)
    for f in catalog.of_kind(Kind.NUMBER):
        units = {singular(fold(one)) for one in (f.unit, *f.units) if one}
        if said & units and "how" in said:
            return f
    if (said & _TELLING or _ABOUT.search(body)) and not said & {"who", "when"}:
        return next(iter(catalog.of_kind(Kind.TEXT)), None)
    how = re.match(r"how (\w+)", body)
    measured = _by_adjective(how[1], catalog) if how else None
    if measured is not None:
        return measured
    said |= {f"{word[:-2]}ing" for word in words if word.endswith("ed")}  # "rated"
    if words[:1] and re.match(r"who\b", body):
        return _of_person(words, catalog)
    if "when" in words[:2]:
        return next(iter(catalog.of_kind(Kind.YEAR)), None)
    named = [f for f in catalog.fields.values() if f.kind is not Kind.TEXT and names_of(f) & said]
    exact = [f for f in named if fold(f.label) in fold(body)]
    return next(iter([*exact, *named]), None)


def is_label_alone(body: str, catalog: Catalog, pointing: Iterable[str]) -> Field | None:
    """The field of a question of nothing but its name: "length?", "director of that?"."""
    words = {singular(word) for word in fold(body).split()} - _IDLE - set(pointing)
    for f in catalog.fields.values():
        if words and words <= names_of(f):
            return f
    return None


def superlative(spoken: str, catalog: Catalog) -> tuple[Field, int] | None:
    """The number and +1 or -1 of "the best rating", "the fewest pages"."""
    for sign, table in ((1, _GREATEST), (-1, _LEAST)):
        for match in re.finditer(rf"\b(?:{table}) (\w+)(?: (\w+))?", spoken):
            behind = {singular(fold(word)) for word in match.groups() if word}
            for f in catalog.of_kind(Kind.NUMBER, Kind.YEAR):
                units = {singular(fold(one)) for one in (f.unit, *f.units, f.label) if one}
                if behind & (units | ({"rated"} if "rating" in units else set())):
                    return f, sign
    return None


def _by_adjective(adjective: str, catalog: Catalog) -> Field | None:
    forms = {f"{adjective}er", f"{adjective}r", f"more {adjective}"}
    for f in catalog.fields.values():
        if forms & {*f.more, *f.less}:
            return f
    return None


def _of_person(words: list[str], catalog: Catalog) -> Field | None:
    """The persons that a question with "who" asks for: by its verb, else by "in" and "by"."""
    fields = catalog.of_kind(Kind.PERSON)
    said = {singular(word) for word in words if not word.startswith("who")} - _IDLE
    for f in fields:
        known = {
            singular(w) for phrase in (*f.asks, *f.roles, f.label) for w in fold(phrase).split()
        } - _IDLE  # fmt: skip
        if said & known:
            return f
    playing = bool(said & _PLAYING or "in" in words)
    for meant, role in (("by" in words, "by"), (playing, "starring"), (playing, "with")):
        if meant and any(role in f.roles for f in fields):
            return next((f for f in fields if role in f.roles), None)
    return fields[0] if len(fields) == 1 and not said else None
