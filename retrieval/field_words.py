"""Fields without a card: their kinds from their names and values, their words from a table.

The table, `field_words.toml`, is data: everyday words for common kinds of fields, known by
the name of a column. Whatever it lacks is inferred from the values alone. Words for a value
("sci-fi") are given only to values that the catalog has; ranges ("short") are parts of the
catalog's own distribution. Where two fields would share a phrase, the earlier keeps it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from retrieval.field_table import Nouns, column_words, entry_of, nouns_for, says_nothing, table
from retrieval.fields import CatalogError, Field, Kind, fold, number_in, parts_of, year_in

_FACETS = (Kind.CATEGORY, Kind.PERSON, Kind.KEYWORD)
_YEARS = (1000, 2100)  # whole numbers between these are years
_PROSE = 60  # characters; texts that are longer on average are prose
_LEAST_TO_SPREAD = 5  # different numbers, from which a share of them means something
_RARE = 0.001  # of the items: a category held by fewer is a theme, not a kind of item


def infer_fields(rows: Sequence[Mapping[str, Any]], path: Path) -> list[Field]:
    """The fields of a catalog without a card, those that the table knows first, prose last.

    Raises `CatalogError` where a field holds different things in different items.
    """
    found: list[tuple[int, float, Field]] = []
    for name in dict.fromkeys(key for row in rows for key in row if key not in ("id", "title")):
        values = [row[name] for row in rows if row.get(name) not in (None, "", [])]
        if not values or says_nothing(name, values):
            continue
        place, field = _placed(name, values, len(rows), path)
        if field.kind is Kind.CATEGORY:
            held = Counter(_flat(values, field.separator))
            field = with_values(field, held, len(rows), nouns_for(path.stem))
        length = sum(len(str(v)) for v in values) / len(values)
        found.append((10_000, -length, field) if field.kind is Kind.TEXT else (place, 0.0, field))
    return [field for *_, field in sorted(found, key=lambda one: one[:2])]


def fill_in(
    fields: Sequence[Field],
    numbers: Mapping[str, Sequence[float]],
    given: Mapping[str, Collection[str]],
) -> list[Field]:
    """The fields with everyday words for what they lack.

    `numbers` holds the numbers of a field in all items, `given` the keys that the card has
    for it, which stay as they are.
    """
    asked = {fold(phrase) for f in fields for phrase in f.asks}
    roles = {fold(phrase) for f in fields for phrase in f.roles}
    # A comparison or a part of a range means one thing only, and is no word for a value.
    said = {
        fold(phrase)
        for f in fields
        for phrase in (*f.more, *f.less, *f.ranges, *f.words, *f.opposites, *f.hints)
    }
    filled = []
    for f in fields:
        known = entry_of(f.name, (f.kind,))[1]
        entry = {key: known[key] for key in known.keys() - given.get(f.name, ())}
        ranges = _ranges(entry.get("ranges", {}), sorted(numbers.get(f.name, ())))
        filled.append(
            replace(
                f,
                asks=f.asks or tuple(_free(entry.get("asks", ()), asked)),
                roles=f.roles or tuple(_free(entry.get("roles", ()), roles)),
                more=f.more or tuple(_free(entry.get("more", ()), said)),
                less=f.less or tuple(_free(entry.get("less", ()), said)),
                ranges=f.ranges or {name: ranges[name] for name in _free(ranges, said)},
                units=f.units or tuple(entry.get("units", ())),
            )
        )
    return [  # what is asked of any field comes after what is asked of one
        f if "asks" in given.get(f.name, ())
        else replace(f, asks=(*f.asks, *_free(_common_questions(f), asked)))
        for f in filled
    ]  # fmt: skip


# --- kinds ------------------------------------------------------------------------------


def infer_field(name: str, values: list[Any], items: int, path: Path) -> Field:
    """What a column of these values is, without words; raises as `infer_fields` does."""
    return _placed(name, values, items, path)[1]


def _placed(name: str, values: list[Any], items: int, path: Path) -> tuple[int, Field]:
    """The place in the table, and the field without words."""
    if (
        all(isinstance(v, str) and number_in(v) is not None for v in values)
        and (entry_of(name, (Kind.YEAR, Kind.NUMBER))[1])
    ):
        values = [number_in(v) for v in values]
    if all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in values):
        years = all(float(v).is_integer() and v <= _YEARS[1] for v in values)
        place, entry = entry_of(name, (Kind.YEAR, Kind.NUMBER) if years else (Kind.NUMBER,))
        if not entry:
            years = years and all(v >= _YEARS[0] for v in values)
            entry = {"kind": Kind.YEAR if years else Kind.NUMBER}
    elif all(isinstance(v, (str, list)) for v in values):
        place, entry = _of_texts(name, values, items)
    else:
        raise CatalogError(
            f"{path}: field {name!r} must hold text, a list of texts or a number in every item"
        )
    kind = Kind(entry["kind"])
    mark = _separator(values, known="names" in entry) if kind in _FACETS else ""
    label, unit = entry.get("label", column_words(name)), entry.get("unit", "")
    unit = "" if "most" in entry and max(values) > entry["most"] else unit
    return place, Field(name, kind, label, unit=unit, separator=mark)


def _of_texts(name: str, values: list[Any], items: int) -> tuple[int, Mapping[str, Any]]:
    place, entry = entry_of(name, (Kind.YEAR,))
    if all(isinstance(v, str) and year_in(v) is not None for v in values) and (
        entry or all(re.fullmatch(r"\d{4}(-\d\d(-\d\d)?)?", v) for v in values)
    ):
        return place, entry or {"kind": Kind.YEAR}
    place, entry = entry_of(name, (*_FACETS, Kind.TEXT))
    if entry and not (entry["kind"] == Kind.TEXT and any(isinstance(v, list) for v in values)):
        return place, entry
    separator = _separator(values, known=False)
    flat = list(_flat(values, separator))
    if sum(map(len, flat)) / len(flat) > _PROSE and not any(isinstance(v, list) for v in values):
        return place, {"kind": Kind.TEXT}
    few = len(set(flat)) <= max(20, items / 20)
    return place, {"kind": Kind.CATEGORY if few else Kind.KEYWORD}


def _separator(values: list[Any], *, known: bool) -> str:
    """What stands between several values in one text. Prose, which has it too, has longer parts.

    A column that is known to hold people or kinds is taken apart wherever it can be.
    """
    texts = [v for v in values if isinstance(v, str)]
    for mark in ("|", ";"):
        parted = [text for text in texts if len(parts_of(text, mark)) > 1]
        if parted and known:
            return mark
        parts = list(_flat(parted, mark))
        if len(parted) * 2 > len(texts) and sum(map(len, parts)) / len(parts) <= _PROSE / 3:
            return mark
    return ""


def _flat(values: Iterable[Any], separator: str) -> Iterator[str]:
    for value in values:
        for one in value if isinstance(value, list) else [value]:
            yield from parts_of(str(one), separator) if separator else [str(one)]


# --- words ------------------------------------------------------------------------------


def with_values(field: Field, values: Counter[str], items: int, nouns: Nouns) -> Field:
    """A field of categories with what people call its values, which are given with how many
    items hold them."""
    entry = entry_of(field.name, (field.kind,))[1]
    held: Counter[str] = Counter()
    known: dict[str, str] = {}  # folded -> as most write it
    for value, count in values.most_common():
        held[fold(value)] += count
        known.setdefault(fold(value), value)
    rare = {folded for folded, count in held.items() if count < _RARE * items}
    words: dict[str, list[str]] = {}
    hints: dict[str, list[str]] = {}
    everyday: list[str] = []
    for row in table()["value"] if entry.get("genres") else ():
        meant = [known[folded] for folded in row["values"] if folded in known]
        everyday += meant if row.get("everyday") else []
        for side, spellings in ((words, row.get("words", ())), (hints, row.get("hints", ()))):
            # The name of a value that is held often already means that value.
            for spelling in dict.fromkeys(map(fold, spellings)) if meant else ():
                if not _names(spelling, held.keys() - rare):
                    side.setdefault(spelling, []).extend(meant)
    # Of a catalog of books "Books" says nothing.
    taken = {*(held.keys() - rare), *words, nouns.one, *nouns.others}
    for folded, value in known.items():
        side = hints if folded in rare else words  # "Cats" of seven books lean towards these
        for spelling in (*_shorter(value), *([folded] if folded in rare else ())):
            if not _names(spelling, taken):
                side.setdefault(spelling, []).append(value)
    return replace(
        field,
        words={spelling: tuple(meant) for spelling, meant in words.items()},
        hints={spelling: tuple(meant) for spelling, meant in hints.items()},
        only_named=tuple(dict.fromkeys((*everyday, *(v for n, v in known.items() if n in rare)))),
    )


def _names(spelling: str, folded: Collection[str]) -> bool:
    """Whether a spelling is one of the values, in the singular or plural."""
    return not {spelling, spelling + "s", spelling.removesuffix("s")}.isdisjoint(folded)


def _shorter(value: str) -> list[str]:
    """Spoken forms of a heading, where a rule makes them safely, folded.

    >>> _shorter("Detective and mystery stories"), _shorter("Poirot, Hercule (Fictitious character)")
    (['detective stories', 'mystery stories'], ['hercule poirot'])
    """
    if both := re.fullmatch(r"(\w+) and (\w+) (stories|tales|fiction)", value, re.I):
        return [fold(f"{both[1]} {both[3]}"), fold(f"{both[2]} {both[3]}")]
    if turned := re.fullmatch(r"(\w+), (\w+(?: \w\.)?) \([^)]*\)", value):
        return [fold(f"{turned[2]} {turned[1]}")]
    explained = re.fullmatch(r"(\w[^()]{3,}) \([^)]*\)", value)
    return [fold(explained[1])] if explained and "," not in explained[1] else []


def _ranges(
    parts: Mapping[str, Mapping[str, float]], known: Sequence[float]
) -> dict[str, dict[str, float]]:
    """Shares of the distribution as bounds; none where too few different numbers are known."""
    if len(set(known)) < _LEAST_TO_SPREAD:
        return {}
    last = len(known) - 1
    result = {}
    for name, part in parts.items():
        if "lowest" in part:
            result[name] = {"max": known[int(part["lowest"] * last)]}
        else:
            result[name] = {"min": known[last - int(part["highest"] * last)]}
    return result


def _common_questions(field: Field) -> list[str]:
    """What is asked of any field of a kind."""
    label = field.label
    labels = label if label.endswith("s") else re.sub(r"(?<![aeiou])ys$", "ies", label + "s")
    return [
        phrase.replace("{label}s", labels).format(label=label, unit=field.unit)
        for phrase in table()["kinds"][field.kind]
        if field.unit or "{unit}" not in phrase
    ]


def _free(phrases: Iterable[str], taken: set[str]) -> Iterator[str]:
    """The phrases that no field has; they are taken from now on."""
    for phrase in phrases:
        if fold(phrase) not in taken:
            taken.add(fold(phrase))
            yield phrase
