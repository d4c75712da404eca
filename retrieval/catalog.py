"""Items and catalogs: what can be recommended, read from a file and checked.

A catalog is a JSONL file, one item a line; a card beside it (the same name, ending in `.toml`)
may say what the fields mean; what it leaves out is inferred (`field_words`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from retrieval.commonness import Commonness
from retrieval.field_table import Nouns, nouns_for
from retrieval.field_words import fill_in, infer_fields
from retrieval.fields import CatalogError as CatalogError
from retrieval.fields import Field as Field
from retrieval.fields import Kind as Kind
from retrieval.fields import (
    fields_of_card,
    number_of,
    parts_of,
    read_card,
    spelt_alike,
    text_of,
)  # fmt: skip
from retrieval.fields import fold as fold

BUNDLED = Path(__file__).with_name("catalogs")
MAX_TITLE = 300  # characters; a longer title is cut for display and for the model


@dataclass(frozen=True)
class Item:
    """Something that can be recommended.

    `facets` maps the name of a category, person or keyword field to its values, `numbers`
    the name of a number field to its value, `texts` the name of a prose field to it.
    `year_field` is the number that tells items of one title apart.
    """

    id: str
    title: str
    facets: Mapping[str, tuple[str, ...]]
    numbers: Mapping[str, float]
    texts: Mapping[str, str]
    year_field: str = "year"

    @property
    def year(self) -> float | None:
        return self.numbers.get(self.year_field)

    @property
    def name(self) -> str:
        """The title, with the year where there is one."""
        return f"{self.title} ({self.year:.0f})" if self.year is not None else self.title

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
    `verb` is what one does with an item ("read"), `done` are the verbs that say it is known.
    Items that are `gone` can be had by their id alone, since a conversation may speak of them.
    """

    def __init__(
        self,
        name: str,
        items: Iterable[Item],
        fields: Iterable[Field],
        *,
        nouns: tuple[str, str] = ("item", "items"),
        other_nouns: tuple[str, ...] = (),
        verb: str = Nouns.verb,
        done: tuple[str, ...] = Nouns.done,
        examples: tuple[str, ...] = (),
        checksum: str = "",
        gone: Iterable[Item] = (),
    ) -> None:
        self.name = name
        self.items = tuple(items)
        self.fields = {f.name: f for f in fields}
        self.noun, self.nouns = nouns
        self.other_nouns = other_nouns
        self.all_nouns = (self.noun, self.nouns, *other_nouns)  # "film", "films", "movie"
        self.verb, self.done = verb, done
        self.examples = examples  # requests to start with
        self.checksum = checksum
        self.place = {item.id: place for place, item in enumerate(self.items)}
        self.gone = {item.id: item for item in gone}
        self._ranges: dict[str, tuple[float, float] | None] = {}  # as they are asked for

    def __len__(self) -> int:
        return len(self.items)

    def __contains__(self, item_id: object) -> bool:
        return item_id in self.place

    def knows(self, item_id: str) -> bool:
        """Whether an item can be had by its id: it is in the catalog, or is gone from it."""
        return item_id in self.place or item_id in self.gone

    def __getitem__(self, item_id: str) -> Item:
        place = self.place.get(item_id)
        if place is not None:
            return self.items[place]
        if item_id in self.gone:
            return self.gone[item_id]
        raise KeyError(f"no item {item_id!r} in catalog {self.name!r}")

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

    @cached_property
    def common(self) -> Commonness:
        """What many items have in common."""
        names = [f.name for f in self.of_kind(Kind.CATEGORY)]
        return Commonness([item.facets for item in self.items], names)

    def range_of(self, name: str) -> tuple[float, float] | None:
        """Least and greatest value of a number field, or None where no item has it."""
        if name not in self._ranges:
            values = [item.numbers[name] for item in self.items if name in item.numbers]
            self._ranges[name] = (min(values), max(values)) if values else None
        return self._ranges[name]

    def describe(self, item: Item) -> str:
        """The item in words, for the encoder: title, facets, then prose."""
        parts = [item.name]
        told = (f for f in self.fields.values() if f.kind not in (Kind.YEAR, Kind.NUMBER))
        for f, values in ((f, values) for f in told if (values := item.values(f.name))):
            if f.kind is Kind.PERSON:
                parts.append(f"{f.label}: {', '.join(values)}")
            else:
                parts.append(", ".join(values))
        return ". ".join(part.rstrip(".") for part in parts) + "."

    def brief(self, item: Item) -> str:
        """Some twenty tokens that tell the item apart, for the ranker: moods stand last among
        the keywords, and what most items have is left out. So is the year: it costs five tokens,
        and what is asked of it is a limit, not an opinion."""
        parts = [item.title[:MAX_TITLE]]
        for f in self.of_kind(Kind.CATEGORY, Kind.KEYWORD):
            told = [v for v in item.values(f.name) if (f.name, v) not in self.common.commonplace]
            parts += [value.lower() for value in told[: 5 if f.kind is Kind.KEYWORD else 3]]
        return ", ".join(dict.fromkeys(parts))


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
    card = read_card(card_path, card_bytes)
    fields = fields_of_card(card, card_path) if "fields" in card else infer_fields(rows, path)
    items = [item_of(row, fields, f"{path}, item {n}") for n, row in enumerate(rows, start=1)]
    if "fields" not in card:
        facets = spelt_alike([item.facets for item in items])
        items = [replace(i, facets=held) for i, held in zip(items, facets, strict=True)]
    checksum = hashlib.sha256(content + b"\0" + card_bytes).hexdigest()
    return assembled(path.stem, items, fields, card, checksum)


def assembled(
    name: str, items: Sequence[Item], fields: Sequence[Field], card: Mapping[str, Any],
    checksum: str, gone: Sequence[Item] = (),
) -> Catalog:  # fmt: skip
    """The catalog of these items, with everyday words for whatever the card leaves out."""
    numbers = {f.name: [i.numbers[f.name] for i in items if f.name in i.numbers] for f in fields}
    called = nouns_for(card.get("noun", name))
    others = called.others if "noun" not in card else ()
    return Catalog(
        card.get("name", name),
        items,
        fill_in(fields, numbers, card.get("fields", {})),
        nouns=(card.get("noun", called.one), card.get("nouns", called.many)),
        other_nouns=tuple(card.get("other_nouns", others)),
        verb=card.get("verb", called.verb),
        done=tuple(card.get("done", called.done)),
        examples=tuple(card.get("examples", ())),
        checksum=checksum,
        gone=gone,
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


def item_of(row: Mapping[str, Any], fields: Sequence[Field], where: str) -> Item:
    """The item of a row. Raises `CatalogError`, beginning with `where`."""
    facets: dict[str, tuple[str, ...]] = {}
    numbers: dict[str, float] = {}
    texts: dict[str, str] = {}
    for f in fields:
        value = row.get(f.name)
        if value in (None, "", []):
            continue
        try:
            if f.kind in (Kind.YEAR, Kind.NUMBER):
                numbers[f.name] = number_of(value, f.kind)
            elif f.kind is Kind.TEXT:
                texts[f.name] = text_of(value)
            else:
                values = [text_of(v) for v in (value if isinstance(value, list) else [value])]
                if f.separator:
                    values = [part for v in values for part in parts_of(v, f.separator)]
                if values:
                    facets[f.name] = tuple(values)
        except ValueError as error:
            raise CatalogError(f"{where} ({row['id']}), {f.name!r}: {error}") from None
    year = next((f.name for f in fields if f.kind is Kind.YEAR), "year")
    return Item(row["id"], text_of(row["title"]), facets, numbers, texts, year)
