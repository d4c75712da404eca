"""The table of everyday words for common columns, `field_words.toml`, and how it is asked.

A column is known by its name as words: "numPages" is "num pages".
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from retrieval.fields import Kind, fold

TABLE = Path(__file__).with_name("field_words.toml")


@dataclass(frozen=True)
class Nouns:
    """What the items of a catalog are called; `done` are the verbs of knowing one: "read"."""

    one: str = "item"
    many: str = "items"
    others: tuple[str, ...] = ()
    verb: str = "try"
    done: tuple[str, ...] = ("seen", "tried")


@cache
def table() -> Mapping[str, Any]:
    """The whole table, read once."""
    return tomllib.loads(TABLE.read_text(encoding="utf-8"))


def nouns_for(name: str) -> Nouns:
    """The nouns for a catalog's file or noun: "my-books" are books; items where none is known."""
    for word in reversed(fold(name.replace("_", " ")).split()):
        for row in table()["noun"]:
            if word.removesuffix("s") in row["files"] or word in row["files"]:
                return Nouns(
                    row["one"], row["many"], tuple(row["others"]), row["verb"], tuple(row["done"])
                )
    return Nouns()


def entry_of(name: str, kinds: Collection[Kind]) -> tuple[int, Mapping[str, Any]]:
    """The table's entry for a column of one of the kinds, with its place; empty if none."""
    for place, entry in enumerate(table()["field"]):
        if entry["kind"] in kinds and column_words(name) in entry["names"]:
            return place, entry
    return 1_000, {}


def field_order(name: str, kind: str) -> int:
    """The place of a field among others: as in the table, prose last."""
    place = entry_of(name, (Kind(kind),))[0]
    return place + 10_000 if kind == Kind.TEXT else place


def says_nothing(name: str, values: list[Any]) -> bool:
    """Whether a column is for machines: numbers of other catalogs, addresses, pictures."""
    plain, known = column_words(name), table()
    return (
        plain in known["ignored"]
        or plain.endswith(tuple(known["ignored_endings"]))
        or all(isinstance(v, str) and re.match(r"(?:https?:)?//", v) for v in values)
    )


def column_words(name: str) -> str:
    """A column's name as words: "numPages" and "num_pages" are "num pages"."""
    return " ".join(re.sub(r"(?<=[a-z])(?=[A-Z])|[^\w]|_", " ", name).lower().split())
