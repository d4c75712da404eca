"""What the fields of a catalog are: kinds, labels and the words that people use for them.

Plain data, with its reading from a catalog's card. Which words a field without a card gets
is said in `field_words`.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

Facets = Mapping[str, tuple[str, ...]]  # an item's values, by field
_BETWEEN = re.compile(r"[^\w']+|_|(?<!\w)'|'(?!\w)")
_YEAR = re.compile(r"(?<!\d)(?:1\d|20)\d\d(?!\d)")


class CatalogError(ValueError):
    """A catalog that can't be used; the message says where it is broken and what to do."""


class Kind(StrEnum):
    """What a field holds, which decides how it can be asked for."""

    CATEGORY = "category"  # one of few values: genre, language
    PERSON = "person"
    KEYWORD = "keyword"  # free words of theme and mood
    YEAR = "year"
    NUMBER = "number"
    TEXT = "text"  # prose


@dataclass(frozen=True)
class Field:
    """One field of a catalog.

    `words` are spellings that mean exactly a value ("sci-fi": "Science Fiction") and make a
    hard limit, `opposites` spellings that rule it out ("foreign": "English"); `hints` lean
    towards a value without demanding it ("scary": "Horror").
    `roles` are the words that introduce a person of this field ("directed by"). `ranges`
    name parts of a number's range ("recent": {min = 2015}), `more` and `less` compare it with
    what was shown ("newer", "older"). `only_named` values are asked
    for by their `words` alone, since the bare value is an everyday word ("family").
    `asks` are the beginnings of questions for the field ("who directed"). `unit` is the unit of a
    number, `units` are other words beside an amount of it ("stars", "$").
    A text of several values is taken apart at the `separator`.
    """

    name: str
    kind: Kind
    label: str
    unit: str = ""
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    opposites: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    hints: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    roles: tuple[str, ...] = ()
    ranges: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    asks: tuple[str, ...] = ()
    more: tuple[str, ...] = ()
    less: tuple[str, ...] = ()
    only_named: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    separator: str = ""


def read_card(path: Path, content: bytes) -> dict[str, Any]:
    """The card in a TOML file. Raises `CatalogError` with what is broken."""
    try:
        return tomllib.loads(content.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CatalogError(f"{path}: not a TOML card: {error}") from error


def fields_of_card(card: Mapping[str, Any], path: Path) -> list[Field]:
    """The fields that a card describes. Raises `CatalogError` with the field that is broken."""
    fields = []
    for name, table in card["fields"].items():
        try:
            fields.append(
                Field(
                    name=name,
                    kind=Kind(table["kind"]),
                    label=table.get("label", name),
                    unit=table.get("unit", ""),
                    words=spellings(table.get("words", {})),
                    opposites=spellings(table.get("opposites", {})),
                    hints=spellings(table.get("hints", {})),
                    roles=tuple(table.get("roles", ())),
                    ranges=table.get("ranges", {}),
                    asks=tuple(table.get("asks", ())),
                    more=tuple(table.get("more", ())),
                    less=tuple(table.get("less", ())),
                    only_named=tuple(table.get("only_named", ())),
                    units=tuple(table.get("units", ())),
                    separator=table.get("separator", ""),
                )
            )
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            raise CatalogError(f"{path}: field {name!r}: {error!r}") from error
    return fields


def spellings(table: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """A card writes value = [spellings]; turned round to folded spelling -> values."""
    result: dict[str, tuple[str, ...]] = {}
    for value, known in table.items():
        for spelling in known:
            folded = fold(spelling)
            result[folded] = (*result.get(folded, ()), value)
    return result


def fold(text: str) -> str:
    """Lower case, no accents, words apart by single blanks: the form in which words compare.

    >>> fold("Amélie — the Sci-Fi's")
    "amelie the sci fi's"
    """
    if text.isascii():  # nothing to decompose, and most texts are
        return _words_apart(text.casefold())
    # Twice: what decomposes may turn out to be a capital ("𝕊"), and what folds may decompose.
    unfancy = unicodedata.normalize("NFKD", text.casefold().replace("’", "'"))
    decomposed = unicodedata.normalize("NFKD", unfancy.casefold())
    return _words_apart("".join(c for c in decomposed if not unicodedata.combining(c)))


def _words_apart(plain: str) -> str:
    return " ".join(_BETWEEN.sub(" ", plain.replace("&", " and ")).split())


def parts_of(text: str, separator: str) -> list[str]:
    """A text of several values, apart: each once, none empty."""
    return list(dict.fromkeys(part.strip() for part in text.split(separator) if part.strip()))


def year_in(text: str) -> float | None:
    """The one year that a date names: "Nov 20, 1998"."""
    years = set(_YEAR.findall(text))
    return float(years.pop()) if len(years) == 1 else None


def number_in(text: str) -> float | None:
    """The number that a text is: "162", "3.5", "1,200"."""
    plain = re.fullmatch(r"-?\d+(?:,\d{3})*(?:\.\d+)?", text.strip())
    return float(plain[0].replace(",", "")) if plain else None


def spelt_alike(facets: Sequence[Facets]) -> list[Facets]:
    """The facets of items with one spelling of a value, that of most: no "FICTION" beside
    "Fiction"."""
    count = Counter((name, v) for held in facets for name, values in held.items() for v in values)
    spelling: dict[tuple[str, str], str] = {}
    for (name, value), _ in count.most_common():
        spelling.setdefault((name, fold(value)), value)
    return [
        {
            name: tuple(dict.fromkeys(spelling[name, fold(value)] for value in values))
            for name, values in held.items()
        }
        for held in facets
    ]


def number_of(value: Any, kind: Kind) -> float:
    """The number of a cell of a field of this kind. Raises `ValueError`."""
    if isinstance(value, str):
        read = year_in(value) if kind is Kind.YEAR else None
        value = next((n for n in (read, number_in(value)) if n is not None), value)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value:
        raise ValueError(f"expected a number, found {value!r}")
    return float(value)


def text_of(value: Any) -> str:
    """The text of a cell on one line. Raises `ValueError`."""
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"expected text, found {value!r}")
    # Control characters would break lines of a prompt or of a terminal.
    return re.sub(r"[\x00-\x1f\x7f\u2028\u2029]+", " ", value).strip()
