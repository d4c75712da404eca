"""Items and catalogs: what can be recommended, read from a file and checked.

A catalog is a JSONL file, one item a line, with an optional card beside it (the same name,
ending in `.toml`) that says what the fields mean and which words people use for them.
Without a card the kinds of the fields are inferred from their values. Nothing here is
about films: all words for a domain come from the card.
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Any

BUNDLED = Path(__file__).with_name("catalogs")
MAX_TITLE = 300  # characters; a longer title is cut for display and for the model
_PERSON_FIELDS = {
    "actor", "actors", "artist", "artists", "author", "authors", "cast", "creator", "creators",
    "director", "directors", "performers", "star", "stars", "writer", "writers",
}  # fmt: skip


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
    `asks` are the beginnings of questions for the field ("who directed"). `unit` is the unit of a number.
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


@dataclass(frozen=True)
class Item:
    """Something that can be recommended.

    `facets` maps the name of a category, person or keyword field to its values, `numbers`
    the name of a number field to its value, `texts` the name of a prose field to it.
    """

    id: str
    title: str
    facets: Mapping[str, tuple[str, ...]]
    numbers: Mapping[str, float]
    texts: Mapping[str, str]

    @property
    def name(self) -> str:
        """The title, with the year where there is one."""
        year = self.numbers.get("year")
        return f"{self.title} ({year:.0f})" if year is not None else self.title

    def values(self, name: str) -> tuple[str, ...]:
        """All that a field holds, as text; empty where the item lacks the field."""
        if name in self.facets:
            return self.facets[name]
        if name in self.numbers:
            return (f"{self.numbers[name]:g}",)
        return (self.texts[name],) if name in self.texts else ()


class Catalog:
    """Items in the order of their file, with what their fields mean.

    `checksum` is the SHA-256 of file and card; whatever is derived from a catalog names it.
    """

    def __init__(
        self,
        name: str,
        items: Iterable[Item],
        fields: Iterable[Field],
        *,
        nouns: tuple[str, str] = ("item", "items"),
        other_nouns: tuple[str, ...] = (),
        examples: tuple[str, ...] = (),
        checksum: str = "",
    ) -> None:
        self.name = name
        self.items = tuple(items)
        self.fields = {f.name: f for f in fields}
        self.noun, self.nouns = nouns
        self.other_nouns = other_nouns
        self.examples = examples  # requests to start with
        self.checksum = checksum
        self.place = {item.id: place for place, item in enumerate(self.items)}

    def __len__(self) -> int:
        return len(self.items)

    def __contains__(self, item_id: object) -> bool:
        return item_id in self.place

    def __getitem__(self, item_id: str) -> Item:
        try:
            return self.items[self.place[item_id]]
        except KeyError:
            raise KeyError(f"no item {item_id!r} in catalog {self.name!r}") from None

    def of_kind(self, *kinds: Kind) -> list[Field]:
        return [f for f in self.fields.values() if f.kind in kinds]

    @cached_property
    def vocabulary(self) -> Mapping[str, Mapping[str, tuple[str, ...]]]:
        """For each facet, its values by their folded spelling; one spelling may mean several."""
        result: dict[str, dict[str, set[str]]] = {}
        for item in self.items:
            for name, values in item.facets.items():
                known = result.setdefault(name, {})
                for value in values:
                    known.setdefault(fold(value), set()).add(value)
        return {
            name: {folded: tuple(sorted(values)) for folded, values in known.items()}
            for name, known in result.items()
        }

    def range_of(self, name: str) -> tuple[float, float] | None:
        """Least and greatest value of a number field, or None where no item has it."""
        values = [item.numbers[name] for item in self.items if name in item.numbers]
        return (min(values), max(values)) if values else None

    def describe(self, item: Item) -> str:
        """The item in words, for the encoder: title, facets, then prose."""
        parts = [item.name]
        for f in self.fields.values():
            values = item.values(f.name)
            if not values or f.kind in (Kind.YEAR, Kind.NUMBER):
                continue
            if f.kind is Kind.PERSON:
                parts.append(f"{f.label}: {', '.join(values)}")
            else:
                parts.append(", ".join(values))
        return ". ".join(part.rstrip(".") for part in parts) + "."

    def brief(self, item: Item) -> str:
        """A dozen tokens that tell the item apart, for the ranker."""
        parts = [item.name[:MAX_TITLE]]
        for f in self.of_kind(Kind.CATEGORY, Kind.KEYWORD):
            parts += [value.lower() for value in item.values(f.name)[:3]]
        return ", ".join(dict.fromkeys(parts))


def fold(text: str) -> str:
    """Lower case, no accents, words apart by single blanks: the form in which words compare.

    >>> fold("Amélie — the Sci-Fi's")
    "amelie the sci fi's"
    """
    decomposed = unicodedata.normalize("NFKD", text.casefold().replace("’", "'"))
    plain = "".join(c for c in decomposed if not unicodedata.combining(c)).replace("&", " and ")
    return " ".join(re.sub(r"[^\w']+|_|(?<!\w)'|'(?!\w)", " ", plain).split())


def load_catalog(name_or_path: str) -> Catalog:
    """Read a bundled catalog by its name, or any JSONL file by its path.

    Raises `CatalogError` with the line that is broken; nothing is skipped in silence.
    """
    path = _locate(name_or_path)
    try:
        content = path.read_bytes()
        lines = content.decode("utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise CatalogError(f"{path}: not UTF-8 at byte {error.start}; save it as UTF-8") from error
    except OSError as error:
        raise CatalogError(f"{path}: can't be read: {error.strerror}") from error
    rows = [_parse(line, path, n) for n, line in enumerate(lines, start=1) if line.strip()]
    if not rows:
        raise CatalogError(f"{path}: holds no items; expected one JSON object a line")
    numbers = {row["id"]: n for n, row in reversed(list(enumerate(rows, start=1)))}
    for n, row in enumerate(rows, start=1):
        if numbers[row["id"]] != n:
            raise CatalogError(
                f"{path}, item {n}: id {row['id']!r} was used before, by item "
                f"{numbers[row['id']]}; give every item an id of its own"
            )
    card_path = path.with_suffix(".toml")
    card_bytes = card_path.read_bytes() if card_path.exists() else b""
    card = _read_card(card_path, card_bytes)
    fields = _fields_of(card, card_path) if "fields" in card else _infer(rows, path)
    return Catalog(
        card.get("name", path.stem),
        [_item(row, fields, path, n) for n, row in enumerate(rows, start=1)],
        fields,
        nouns=(card.get("noun", "item"), card.get("nouns", "items")),
        other_nouns=tuple(card.get("other_nouns", ())),
        examples=tuple(card.get("examples", ())),
        checksum=hashlib.sha256(content + b"\0" + card_bytes).hexdigest(),
    )


def bundled_names() -> list[str]:
    return sorted(path.stem for path in BUNDLED.glob("*.jsonl"))


def _locate(name_or_path: str) -> Path:
    bundled = BUNDLED / f"{name_or_path}.jsonl"
    if name_or_path in bundled_names():
        return bundled
    path = Path(name_or_path).expanduser()
    if path.is_file():
        return path
    raise CatalogError(
        f"no catalog {name_or_path!r}: neither a file nor a bundled catalog "
        f"({', '.join(bundled_names())}); name one of these or give the path of a JSONL file"
    )


def _parse(line: str, path: Path, number: int) -> dict[str, Any]:
    where = f"{path}, line {number}"
    try:
        row = json.loads(line)
    except (json.JSONDecodeError, RecursionError) as error:
        raise CatalogError(f"{where}: not JSON ({error}); mend or remove the line") from error
    if not isinstance(row, dict):
        raise CatalogError(f"{where}: expected a JSON object, found {type(row).__name__}")
    for key in ("id", "title"):
        if isinstance(row.get(key), int):
            row[key] = str(row[key])
        if not isinstance(row.get(key), str) or not row[key].strip():
            raise CatalogError(f"{where}: needs {key!r} as text that is not empty")
    return row


def _read_card(path: Path, content: bytes) -> dict[str, Any]:
    try:
        return tomllib.loads(content.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CatalogError(f"{path}: not a TOML card: {error}") from error


def _fields_of(card: Mapping[str, Any], path: Path) -> list[Field]:
    fields = []
    for name, table in card["fields"].items():
        try:
            fields.append(
                Field(
                    name=name,
                    kind=Kind(table["kind"]),
                    label=table.get("label", name),
                    unit=table.get("unit", ""),
                    words=_spellings(table.get("words", {})),
                    opposites=_spellings(table.get("opposites", {})),
                    hints=_spellings(table.get("hints", {})),
                    roles=tuple(table.get("roles", ())),
                    ranges=table.get("ranges", {}),
                    asks=tuple(table.get("asks", ())),
                    more=tuple(table.get("more", ())),
                    less=tuple(table.get("less", ())),
                    only_named=tuple(table.get("only_named", ())),
                )
            )
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            raise CatalogError(f"{path}: field {name!r}: {error!r}") from error
    return fields


def _spellings(table: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """The card writes value = [spellings]; turned round to folded spelling -> values."""
    result: dict[str, tuple[str, ...]] = {}
    for value, spellings in table.items():
        for spelling in spellings:
            folded = fold(spelling)
            result[folded] = (*result.get(folded, ()), value)
    return result


def _infer(rows: list[dict[str, Any]], path: Path) -> list[Field]:
    fields = []
    names = dict.fromkeys(key for row in rows for key in row if key not in ("id", "title"))
    for name in names:
        values = [row[name] for row in rows if row.get(name) not in (None, "", [])]
        label = name.replace("_", " ")
        if not values:
            continue
        if all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in values):
            fields.append(Field(name, Kind.YEAR if name == "year" else Kind.NUMBER, label))
        elif all(isinstance(v, (str, list)) for v in values):
            flat = [
                str(v) for value in values for v in (value if isinstance(value, list) else [value])
            ]
            if name in _PERSON_FIELDS:
                kind = Kind.PERSON
            elif sum(map(len, flat)) / len(flat) > 60:
                kind = Kind.TEXT
            else:
                kind = Kind.CATEGORY if len(set(flat)) <= max(20, len(rows) / 20) else Kind.KEYWORD
            fields.append(Field(name, kind, label))
        else:
            raise CatalogError(
                f"{path}: field {name!r} must hold text, a list of texts or a number in every item"
            )
    return fields


def _item(row: Mapping[str, Any], fields: Iterable[Field], path: Path, number: int) -> Item:
    facets: dict[str, tuple[str, ...]] = {}
    numbers: dict[str, float] = {}
    texts: dict[str, str] = {}
    for f in fields:
        value = row.get(f.name)
        if value in (None, "", []):
            continue
        try:
            if f.kind in (Kind.YEAR, Kind.NUMBER):
                numbers[f.name] = _number(value)
            elif f.kind is Kind.TEXT:
                texts[f.name] = _text(value)
            else:
                values = value if isinstance(value, list) else [value]
                facets[f.name] = tuple(_text(v) for v in values)
        except ValueError as error:
            raise CatalogError(
                f"{path}, item {number} ({row['id']}), {f.name!r}: {error}"
            ) from None
    return Item(row["id"], _text(row["title"]), facets, numbers, texts)


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value:
        raise ValueError(f"expected a number, found {value!r}")
    return float(value)


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"expected text, found {value!r}")
    # Control characters would break lines of a prompt or of a terminal.
    return re.sub(r"[\x00-\x1f\x7f\u2028\u2029]+", " ", value).strip()
