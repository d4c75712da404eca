"""A catalog's items and limits in Milvus's words: columns, rows, filter expressions.

Text alone; nothing here talks to a server.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Collection, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrieval.catalog import Catalog, Field, Item, Kind, fold
from retrieval.lexical import stemmed
from retrieval.limits import Limit

MOST_VALUES = 500  # of one facet of one item
_LONGEST = 60_000  # bytes of a text; Milvus takes 65,535
TITLE = "title"  # the column of titles; those of fields begin with "f_"
_UNKNOWN = -1e300  # stands for a number that an item lacks; no bound reaches so low


def expression(limits: Iterable[Limit], without: Collection[str], catalog: Catalog) -> str:
    """Limits, and ids to leave out, in Milvus's words."""
    parts = [_limit(limit, catalog) for limit in limits]
    if without:
        parts.append(f"id not in {listed(sorted(without))}")
    return " and ".join(f"({part})" for part in parts)


def _limit(limit: Limit, catalog: Catalog) -> str:
    nothing = 'id == ""'
    if limit.values:
        held = [
            _holds(catalog.fields[n], limit.values) for n in limit.fields if n in catalog.fields
        ]
        held += [_says(TITLE, limit.values)] if limit.in_title else []
        either = " or ".join(part for part in held if part) or nothing
        return f"not ({either})" if limit.negated else either
    f = catalog.fields.get(limit.fields[0])
    if f is None or f.kind not in (Kind.YEAR, Kind.NUMBER):
        return nothing
    name = column(f)
    inside = [f"{name} > {_UNKNOWN!r}"] if not limit.negated else []
    inside += [f"{name} >= {float(limit.minimum)!r}"] if limit.minimum is not None else []
    inside += [f"{name} <= {float(limit.maximum)!r}"] if limit.maximum is not None else []
    both = " and ".join(inside)
    return f"{name} > {_UNKNOWN!r} and not ({both})" if limit.negated else both


def _holds(f: Field, values: Sequence[str]) -> str:
    if f.kind in (Kind.YEAR, Kind.NUMBER):
        return ""
    if f.kind is Kind.TEXT:
        return _says(column(f), values)
    return f"array_contains_any({column(f)}, {listed(values)})"


def _says(text: str, values: Sequence[str]) -> str:
    """That a column of folded words, in which only blanks are left of all signs, has a value."""
    return " or ".join(f'{text} like "% {fold(value)}%"' for value in values)


def row_of(item: Item, vector: NDArray[np.float32], catalog: Catalog) -> dict[str, Any]:
    row: dict[str, Any] = {
        "id": item.id, "vector": vector.tolist(), "text": stems(catalog.describe(item)),
        TITLE: _cut(f" {fold(item.title)}"),
    }  # fmt: skip
    for f in catalog.fields.values():
        if f.kind in (Kind.YEAR, Kind.NUMBER):
            row[column(f)] = float(item.numbers.get(f.name, _UNKNOWN))
        elif f.kind is Kind.TEXT:
            row[column(f)] = _cut(f" {fold(item.texts.get(f.name, ''))}")
        else:
            row[column(f)] = list(item.facets.get(f.name, ())[:MOST_VALUES])
    return row


def column(f: Field) -> str:
    plain = re.sub(r"\W", "_", f.name, flags=re.ASCII)[:40]
    return f"f_{plain}_{zlib.crc32(f.name.encode()):08x}"


def listed(values: Iterable[str]) -> str:
    return json.dumps(list(values), ensure_ascii=False)


def stems(text: str) -> str:
    """A text's words as BM25 compares them elsewhere too; Milvus has other ways to stem."""
    return _cut(" ".join(stemmed([text])[0]))


def _cut(text: str) -> str:
    return text.encode()[:_LONGEST].decode(errors="ignore")
