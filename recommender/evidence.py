"""What backs a pick: the fields of the item that answer what the user said.

Evidence is gathered before any sentence is written. `compose` turns it into one sentence
without a model; the claim check (`claims.py`) holds a model's sentence against the item.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from recommender.dialogue import DialogueState, Evidence
from recommender.understanding.words import FUNCTION_WORDS, singular_key
from retrieval.catalog import Catalog, Field, Item, Kind

# Fields of people who play a part; without a card no role words say so.
_PLAYERS = frozenset(("actor", "actors", "cast", "performers", "star", "stars"))
_LONGEST_WISH = 60  # characters that are quoted
_SHOWN_VALUES = 2  # values named per field; more read like a list


@dataclass(frozen=True)
class Answer:
    """One thing that the user said, and the values of the item that answer it."""

    words: str
    turn: int
    field: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Shared:
    """What an item has in common with one that the user liked."""

    title: str
    turn: int
    field: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Backing:
    """All evidence for one pick, the plainest first."""

    answers: tuple[Answer, ...]
    shared: tuple[Shared, ...]


def gather(item: Item, state: DialogueState, catalog: Catalog) -> Backing:
    """Find what of an item answers limits, leanings and wish, or resembles a liked item."""
    answers: list[Answer] = []
    for stated in state.limits:
        limit = stated.limit
        if limit.negated and limit.values:
            continue  # what an item is not can't be shown by one of its values
        for name in limit.fields:
            held = item.values(name)
            if limit.values:
                held = tuple(value for value in held if value in limit.values)
            if held:
                answers.append(Answer(stated.words, stated.turn, name, held))
                break
    for leaning in state.leanings or state.taste_leanings:
        held = tuple(v for v in item.facets.get(leaning.field, ()) if v in leaning.values)
        if held:
            answers.append(Answer(leaning.words, leaning.turn, leaning.field, held))
    said = {a.words.lower() for a in answers}
    for phrase in state.wish:
        stems = _stems(phrase.words)
        for f in catalog.of_kind(Kind.KEYWORD):
            held = tuple(v for v in item.facets.get(f.name, ()) if _stems(v) & stems)
            if held and not any(set(held) <= set(a.values) for a in answers):
                answers.append(Answer(phrase.words, phrase.turn, f.name, held))
    unique = list(dict.fromkeys(answers)) if said else answers
    return Backing(tuple(unique), tuple(_shared(item, state, catalog)))


def _shared(item: Item, state: DialogueState, catalog: Catalog) -> Iterable[Shared]:
    for mention in reversed(state.liked):
        if mention.item_id not in catalog or mention.item_id == item.id:
            continue
        other = catalog[mention.item_id]
        for f in catalog.of_kind(Kind.PERSON, Kind.KEYWORD, Kind.CATEGORY):
            both = tuple(
                v for v in item.facets.get(f.name, ()) if v in other.facets.get(f.name, ())
            )
            if both and not (f.kind is Kind.CATEGORY and catalog.common.most_have(f.name, both)):
                yield Shared(other.title, mention.turn, f.name, both)


def evidence_of(backing: Backing, item: Item, catalog: Catalog) -> tuple[Evidence, ...]:
    """Backing as it is shown and recorded; without any, what the item is."""
    found: list[Evidence] = []
    for answer in backing.answers:
        found += [Evidence("item", answer.field, value) for value in answer.values]
        found.append(Evidence("user", f"turn {answer.turn}", answer.words))
    for shared in backing.shared[:2]:
        found += [Evidence("item", shared.field, value) for value in shared.values]
        found.append(Evidence("user", f"turn {shared.turn}", shared.title))
    if not any(e.source == "item" for e in found):
        for f in catalog.of_kind(Kind.CATEGORY, Kind.KEYWORD):
            found += [
                Evidence("item", f.name, v) for v in item.facets.get(f.name, ())[:_SHOWN_VALUES]
            ]
    return tuple(dict.fromkeys(found))


def compose(item: Item, backing: Backing, state: DialogueState, catalog: Catalog) -> str:
    """One sentence about a pick, from its evidence alone."""
    asked_by_name = " ".join(a.words.lower() for a in backing.answers)
    sentence = _what_it_is(item, catalog, asked_by_name)
    parts = _answered(item, backing, sentence, catalog)
    if parts:
        sentence += f": {', '.join(parts)}"
    if backing.shared:
        sentence += f"; {_resembling(backing.shared, sentence, catalog)}"
    elif not parts:
        themes = [v for f in catalog.of_kind(Kind.KEYWORD) for v in item.facets.get(f.name, ())]
        if themes:
            wish = state.wish[-1].words if state.wish else ""
            suiting = f", in part like your “{wish}”" if 0 < len(wish) <= _LONGEST_WISH else ""
            sentence += f" of {_list(themes[:3])}{suiting}"
    measured = [
        f"{item.numbers[a.field]:g} {catalog.fields[a.field].unit}"
        for a in backing.answers
        if catalog.fields[a.field].kind is Kind.NUMBER
    ]
    if measured:
        sentence += f", at {_list(dict.fromkeys(measured))}"
    return sentence + "."


def _answered(item: Item, backing: Backing, said: str, catalog: Catalog) -> list[str]:
    """What was asked for and is there, a few things, behind what is `said` already.

    What the user said stands behind "you" or "your", where it is the user's word and not a
    claim about the item; a value that is said already is not said again.
    """
    by_words: dict[str, list[Answer]] = {}
    for answer in backing.answers:
        if catalog.fields[answer.field].kind not in (Kind.YEAR, Kind.NUMBER):
            by_words.setdefault(answer.words, []).append(answer)
    named: list[str] = []
    asked: list[str] = []
    for words, answers in list(by_words.items())[:_SHOWN_VALUES]:
        values = {v: a.field for a in answers for v in a.values[:_SHOWN_VALUES]}
        told = f"{said} {words} {' '.join(named)}".lower()
        new = [_named(v, f, item, catalog) for v, f in values.items() if v.lower() not in told]
        if new:
            named.append(f"{_list(new)} for your “{words}”")
        else:
            asked.append(f"“{words}”")
    return [*([f"you asked for {_list(asked)}"] if asked else []), *named]


def _named(value: str, name: str, item: Item, catalog: Catalog) -> str:
    f = catalog.fields[name]
    if f.kind is Kind.PERSON:  # behind a colon a name alone would take up the role before it
        return f"{'by' if _makes(f) else 'with'} {value}"
    keeps = value[:1].isupper() and _is_name(value, item, catalog)
    return value if keeps else _in_sentence(value)


def _in_sentence(value: str) -> str:
    """A category or theme within a sentence: "Science fiction" in small letters, "PlayStation 3"
    and "PC" as they are."""
    as_titles = all(part.istitle() or part.islower() for part in re.findall(r"[^\W\d_]+", value))
    return value.lower() if as_titles and not re.search(r"\d", value) else value


def _resembling(shared: Sequence[Shared], before: str, catalog: Catalog) -> str:
    """A liked item and one thing that it has in common, the most telling that is not yet said:
    a person, a theme, a category."""

    def tells(one: Shared) -> int:
        kind = catalog.fields[one.field].kind
        return (Kind.PERSON, Kind.KEYWORD, Kind.CATEGORY).index(kind)

    latest = [s for s in shared if s.title == shared[0].title]
    best = min(latest, key=tells)
    f, value = catalog.fields[best.field], best.values[0]
    if f.kind is Kind.PERSON:
        name = value.split()[-1] if value in before else value  # nothing is said twice in full
        common = f"also {'by' if _makes(f) else 'with'} {name}"
    elif f.kind is Kind.KEYWORD:
        common = f"another with {value}"
    else:
        whole = f"{_in_sentence(value)} {catalog.noun}"
        common = f"{_in_sentence(value)} as well" if whole in before else f"another {whole}"
    return f"you liked “{best.title}”, {common}"


def _what_it_is(item: Item, catalog: Catalog, asked: str) -> str:
    """ "A 1979 horror and science fiction film by Ridley Scott"; whom the user `asked` for by
    name is named with that."""
    categories = catalog.of_kind(Kind.CATEGORY)
    kinds: list[str] = []
    if categories:  # a rare one is no adjective: "an abandoned mines book"
        name = categories[0].name
        common = [v for v in item.facets.get(name, ()) if v in catalog.common.values[name]]
        kinds = [_in_sentence(v) for v in common[:_SHOWN_VALUES]]
    year = next((f"{item.numbers[f.name]:g}" for f in catalog.of_kind(Kind.YEAR)
                 if f.name in item.numbers), "")  # fmt: skip
    words = " ".join(part for part in (year, _list(kinds), catalog.noun) if part)
    people = next((item.facets[f.name] for f in catalog.of_kind(Kind.PERSON)
                   if item.facets.get(f.name) and _makes(f)), ())  # fmt: skip
    people = tuple(name for name in people if name.lower() not in asked)
    article = "An" if words[:1].lower() in "aeiou" or words.startswith(("8", "11", "18")) else "A"
    return f"{article} {words}" + (f" by {_list(people[:_SHOWN_VALUES])}" if people else "")


def _makes(f: Field) -> bool:
    """Whether an item is "by" the people of a field, and not only with them."""
    return "by" in f.roles if f.roles else f.name not in _PLAYERS


def _is_name(value: str, item: Item, catalog: Catalog) -> bool:
    """Whether a value keeps its capital inside a sentence: people and languages do."""
    for f in catalog.fields.values():
        if value in item.facets.get(f.name, ()):
            return f.kind is Kind.PERSON or f.name == "language"
    return False


def _stems(text: str) -> set[str]:
    return {w for w in singular_key(text) if w not in FUNCTION_WORDS and len(w) > 2}


def _plural(label: str, count: int) -> str:
    return label if count == 1 or label.endswith("s") or label == "cast" else f"{label}s"


def _list(values: Iterable[str]) -> str:
    parts = list(values)
    return " and ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else "".join(parts)
