"""Answers to questions about items, from their fields and from the record of the picks.

Nothing is said that a field of the catalog does not back; where no field does, the answer
says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from recommender.dialogue import Act, DialogueState, Pick
from recommender.understanding.questions import Question
from recommender.wording import listed
from retrieval.catalog import Catalog, Field, Item, Kind
from retrieval.limits import Limit

_MOST_COMPARED = 3


def answer(
    question: Question, catalog: Catalog, picked: Mapping[str, Pick], state: DialogueState
) -> str:
    """The answer to a question. `picked` holds the picks of this session by item id."""
    items = [catalog[i] for i in question.item_ids]
    if question.act is Act.WHY:
        return "\n".join(_why(item, picked.get(item.id), state, catalog) for item in items)
    among = len(items) > 1 and bool(question.limits or question.leanings)
    if question.act is Act.COMPARE or (among and not question.yes_or_no):
        return _compared(question, items, catalog)
    if question.yes_or_no:
        return "\n".join(_checked(question, item, catalog) for item in items)
    return "\n".join(_of_field(question.field, item, catalog) for item in items)


# --- one item ----------------------------------------------------------------------------


def _of_field(name: str, item: Item, catalog: Catalog) -> str:
    if not name:
        known = listed([f.label for f in catalog.fields.values() if item.values(f.name)])
        return f"The catalog does not say that about {item.name}. It knows its {known}."
    f = catalog.fields[name]
    if not item.values(name):
        return f"The catalog does not say: {item.name} has no {f.label} here."
    if f.kind is Kind.TEXT:
        return f"{item.name}: {item.values(name)[0]}"
    return f"{item.name}, {_fact(f, item)}."


def _fact(f: Field, item: Item) -> str:
    """ "runtime: 116 minutes"."""
    values = item.values(f.name)
    if not values:
        return f"{f.label}: not known"
    label = f"{f.label}s" if len(values) > 1 and f.kind is not Kind.PERSON else f.label
    return f"{label}: {listed(values)}" + (f" {f.unit}" if f.unit else "")


def _checked(question: Question, item: Item, catalog: Catalog) -> str:
    """Yes or no, with the facts that decide it."""
    names = dict.fromkeys(name for one in question.limits for name in one.fields)
    facts = [catalog.fields[name] for name in names]
    if question.limits:
        if any(_is_unknown(one, item, catalog) for one in question.limits):
            said = listed(list(dict.fromkeys(f.label for f in facts)))
            return f"The catalog does not say: {item.name} has no {said} here."
        holds = all(one.allows(item) for one in question.limits)
        prose = any(f.kind is Kind.TEXT for f in facts)
        if prose and not holds:
            return f"The catalog does not say so of {item.name}. {_character(item, catalog)}"
        shown = [f for f in facts if item.values(f.name)]
        backing = "; ".join(
            _fact(f, item) if f.kind is not Kind.TEXT else item.values(f.name)[0] for f in shown
        )
        return f"{'Yes' if holds else 'No'}. {', '.join(filter(None, (item.name, backing)))}."
    if question.leanings:
        held = [v for name, v in question.leanings if v in item.facets.get(name, ())]
        if held:
            return f"Yes, as far as its facts tell. {_character(item, catalog)}"
        return f"Not by its facts. {_character(item, catalog)}"
    return f"The catalog does not say that of {item.name}. {_character(item, catalog)}"


def _is_unknown(limit: Limit, item: Item, catalog: Catalog) -> bool:
    """Whether an item lacks all the fields that a limit speaks of."""
    return not limit.in_title and not any(item.values(name) for name in limit.fields)


def _character(item: Item, catalog: Catalog) -> str:
    facts = [
        _fact(f, item) for f in catalog.of_kind(Kind.CATEGORY, Kind.KEYWORD) if item.values(f.name)
    ]
    return f"{item.name}, {'; '.join(facts)}." if facts else ""


# --- several items -----------------------------------------------------------------------


def _compared(question: Question, items: Sequence[Item], catalog: Catalog) -> str:
    if question.limits or question.leanings:
        return _those_that(question, items, catalog)
    if question.field and question.direction:
        return _furthest(catalog.fields[question.field], question.direction, items)
    compared = list(items)[:_MOST_COMPARED]
    lines = []
    for f in catalog.fields.values():
        if f.kind is Kind.TEXT:
            continue
        values = [item.values(f.name) for item in compared]
        if any(values) and len(set(values)) > 1:
            unit = f" {f.unit}" if f.unit else ""
            said = "; ".join(
                f"{item.title}: {listed(v) + unit if v else 'not known'}"
                for item, v in zip(compared, values, strict=True)
            )
            lines.append(f"- {f.label}: {said}")
    same = [
        _fact(f, compared[0]) for f in catalog.fields.values()
        if f.kind is not Kind.TEXT and compared[0].values(f.name)
        and len({item.values(f.name) for item in compared}) == 1
    ]  # fmt: skip
    head = f"{listed([item.name for item in compared])} compared:"
    tail = [f"Alike in {'; '.join(same)}."] if same else []
    return "\n".join([head, *lines, *tail])


def _furthest(f: Field, direction: int, items: Sequence[Item]) -> str:
    known = [item for item in items if f.name in item.numbers]
    if not known:
        return f"The catalog does not say: none of them has a {f.label} here."
    ranked = sorted(known, key=lambda item: -direction * item.numbers[f.name])
    unit = f" {f.unit}" if f.unit else ""
    best = ranked[0]
    if len(ranked) > 1 and len({item.numbers[f.name] for item in ranked}) == 1:
        return f"They are alike: {f.label} {best.numbers[f.name]:g}{unit}."
    word = next(iter(f.more if direction > 0 else f.less), "first")
    word = word if len(items) < 3 else f"the {_superlative(word)}"
    others = listed([f"{item.name}: {item.numbers[f.name]:g}{unit}" for item in ranked[1:]])
    against = f" {others}." if others else ""
    return f"{best.name} is {word}, {f.label}: {best.numbers[f.name]:g}{unit}.{against}"


def _superlative(comparative: str) -> str:
    """ "Newest" of "newer", "most recent" of "more recent"."""
    first, _, rest = comparative.partition(" ")
    if rest:
        return f"{'most' if first == 'more' else 'least' if first == 'less' else first} {rest}"
    return f"{comparative.removesuffix('er')}est" if comparative.endswith("er") else comparative


def _those_that(question: Question, items: Sequence[Item], catalog: Catalog) -> str:
    """Which of several items pass what is asked for."""
    passed = [
        item for item in items
        if all(one.allows(item) for one in question.limits)
        and (
            not question.leanings
            or any(v in item.facets.get(name, ()) for name, v in question.leanings)
        )
    ]  # fmt: skip
    names = dict.fromkeys(
        [name for one in question.limits for name in one.fields]
        + [name for name, _ in question.leanings]
    )
    shown = [catalog.fields[n] for n in names if catalog.fields[n].kind is not Kind.TEXT]
    if not passed:
        return f"None of them, as far as the catalog tells: {_facts_of(items, shown)}."
    return f"{listed([item.name for item in passed])}. {_facts_of(passed, shown)}."


def _facts_of(items: Sequence[Item], fields: Sequence[Field]) -> str:
    return "; ".join(", ".join((i.title, *(_fact(f, i) for f in fields))) for i in items)


# --- why ---------------------------------------------------------------------------------


def _why(item: Item, pick: Pick | None, state: DialogueState, catalog: Catalog) -> str:
    """What spoke for a pick, or against an item that was none."""
    if pick is None:
        broken = [one for one in state.limits if not one.limit.allows(item)]
        if broken:
            said = listed([f"“{one.words}”" for one in broken])
            return f"I did not suggest {item.name}: it does not pass {said}."
        return f"I have not suggested {item.name} in this conversation."
    passed = [f"“{one.words}”" for one in state.limits if one.limit.allows(item)]
    words = dict.fromkeys(
        f"“{e.value}” ({e.field})" for e in pick.evidence if e.source == "user"
    )  # fmt: skip
    facts: dict[str, list[str]] = {}
    for e in pick.evidence:
        known = catalog.fields.get(e.field)
        if e.source == "item" and known is not None and known.kind is not Kind.TEXT:
            facts.setdefault(known.label, []).append(e.value)
    backing = [f"{label}: {', '.join(values)}" for label, values in facts.items()]
    backing += [f"you said {listed(list(words))}"] if words else []
    lines = [f"{item.name}, number {pick.rank}. {pick.reason}"]
    if backing:
        lines.append(f"Behind it: {'; '.join(backing)}.")
    if passed:
        lines.append(f"It keeps to {listed(passed)}.")
    return " ".join(lines)
