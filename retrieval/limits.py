"""Hard limits: what an item must or must not be, and which items of a catalog pass.

A limit speaks of the fields of a catalog only. Who said it, and when, is kept elsewhere.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retrieval.catalog import Catalog, Item, Kind, fold


@dataclass(frozen=True)
class Limit:
    """Items pass whose `fields` hold one of `values`, or a number between the bounds.

    With `negated` the others pass. `values` of a prose field are found as words of it, by
    their beginnings, so that "zombie" finds "zombies". Bounds are inclusive, in the unit of
    the field; an item without the number passes no bound, since it can't be checked.
    """

    fields: tuple[str, ...]
    values: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    negated: bool = False

    def __post_init__(self) -> None:
        bounds = self.minimum is not None or self.maximum is not None
        if not self.fields or bool(self.values) == bounds:
            raise ValueError("a limit needs fields, and either values or bounds")

    def allows(self, item: Item) -> bool:
        if self.values:
            return self._holds_value(item) != self.negated
        number = item.numbers.get(self.fields[0])
        if number is None:
            return False
        low = self.minimum is None or number >= self.minimum
        high = self.maximum is None or number <= self.maximum
        return (low and high) != self.negated

    def _holds_value(self, item: Item) -> bool:
        for name in self.fields:
            if any(value in item.facets.get(name, ()) for value in self.values):
                return True
            if name in item.texts:
                words = f" {fold(item.texts[name])}"
                if any(f" {fold(value)}" in words for value in self.values):
                    return True
        return False

    def in_words(self, catalog: Catalog) -> str:
        """The limit as a phrase: "not after 1990", "no Horror", "Japanese"."""
        if self.values:
            joined = " or ".join(self.values)
            if not self.negated:
                return joined
            return f"not {joined}" if self._is_language_like(catalog) else f"no {joined}"
        f = catalog.fields[self.fields[0]]
        unit = f" {f.unit}" if f.unit else ""
        about = "" if f.kind is Kind.YEAR else f"{f.label} "
        low, high = self.minimum, self.maximum
        if low is not None and high is not None:
            span = f"{low:g}" if low == high else f"{low:g} to {high:g}"
            return f"{about}{'not ' if self.negated else ''}{span}{unit}"
        if low is not None:
            if f.kind is Kind.YEAR:
                return f"not after {low - 1:g}" if self.negated else f"not before {low:g}"
            return f"{about}{'under' if self.negated else 'at least'} {low:g}{unit}"
        if f.kind is Kind.YEAR:
            return f"not before {high + 1:g}" if self.negated else f"not after {high:g}"  # type: ignore[operator]
        return f"{about}{'over' if self.negated else 'at most'} {high:g}{unit}"

    def _is_language_like(self, catalog: Catalog) -> bool:
        known = [catalog.fields[name].kind for name in self.fields if name in catalog.fields]
        return Kind.CATEGORY in known and Kind.KEYWORD not in known


class LimitFilter:
    """Which items of a catalog pass, as a mask in the catalog's order."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._places: dict[str, dict[str, NDArray[np.int64]]] = {}
        self._prose: dict[str, list[str]] = {}  # folded on first use, few limits need it
        gathered: dict[str, dict[str, list[int]]] = {}
        for place, item in enumerate(catalog.items):
            for name, values in item.facets.items():
                known = gathered.setdefault(name, {})
                for value in values:
                    known.setdefault(value, []).append(place)
        for name, by_value in gathered.items():
            self._places[name] = {v: np.array(p, dtype=np.int64) for v, p in by_value.items()}
        self._numbers = {
            f.name: np.array([item.numbers.get(f.name, np.nan) for item in catalog.items])
            for f in catalog.of_kind(Kind.YEAR, Kind.NUMBER)
        }

    def mask(self, limits: Collection[Limit], without: Collection[str] = ()) -> NDArray[np.bool_]:
        """True where an item passes all limits and its id is not in `without`; shape (n,)."""
        passed = np.ones(len(self._catalog), dtype=bool)
        for limit in limits:
            passed &= self._passes(limit)
        places = [self._catalog.place[i] for i in without if i in self._catalog]
        passed[places] = False
        return passed

    def _passes(self, limit: Limit) -> NDArray[np.bool_]:
        if limit.values:
            held = np.zeros(len(self._catalog), dtype=bool)
            for name in limit.fields:
                for value in limit.values:
                    held[self._places.get(name, {}).get(value, np.array([], dtype=np.int64))] = True
            prose = [name for name in limit.fields if name in self._catalog.fields
                     and self._catalog.fields[name].kind is Kind.TEXT]  # fmt: skip
            if prose:
                needles = [re.compile(rf"\b{re.escape(fold(value))}") for value in limit.values]
                for name in prose:
                    for place, text in enumerate(self._folded(name)):
                        held[place] |= any(needle.search(text) for needle in needles)
            return held != limit.negated
        numbers = self._numbers.get(limit.fields[0])
        if numbers is None:
            return np.zeros(len(self._catalog), dtype=bool)
        low = -np.inf if limit.minimum is None else limit.minimum
        high = np.inf if limit.maximum is None else limit.maximum
        inside: NDArray[np.bool_] = ((numbers >= low) & (numbers <= high)) != limit.negated
        return inside & ~np.isnan(numbers)

    def _folded(self, name: str) -> list[str]:
        if name not in self._prose:
            self._prose[name] = [fold(item.texts.get(name, "")) for item in self._catalog.items]
        return self._prose[name]

    def conflict(
        self, limits: Sequence[Limit], without: Collection[str] = ()
    ) -> tuple[tuple[Limit, ...], int]:
        """The fewest limits that would have to give for something to pass, and how much would.

        Among sets of the same size the one that lets the most items through. Empty if all
        limits together let something pass. Tries at most sets of three, then says "all".
        """
        if self.mask(limits, without).any():
            return (), int(self.mask(limits, without).sum())
        for size in range(1, min(3, len(limits)) + 1):
            best: tuple[tuple[Limit, ...], int] = ((), 0)
            for given in itertools.combinations(limits, size):
                rest = [limit for limit in limits if limit not in given]
                count = int(self.mask(rest, without).sum())
                if count > best[1]:
                    best = (given, count)
            if best[1]:
                return best
        return tuple(limits), int(self.mask((), without).sum())
