"""Hard limits: what an item must or must not be, and which items of a catalog pass.

A limit speaks of the fields of a catalog only. Who said it, and when, is kept elsewhere.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrieval.catalog import Catalog, Item, Kind, fold
from retrieval.postings import Postings, Prose

_KEPT = 64  # masks; a turn asks for each of its limits several times, and the next one again


@dataclass(frozen=True)
class Limit:
    """Items pass whose `fields` hold one of `values`, or a number between the bounds.

    With `negated` the others pass. `values` of a prose field are found as words of it, by
    their beginnings, so that "zombie" finds "zombies"; with `in_title` they are so in the
    title as well. Bounds are inclusive, in the unit of
    the field; an item without the number passes no bound, since it can't be checked.
    """

    fields: tuple[str, ...]
    values: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    negated: bool = False
    in_title: bool = False

    def __post_init__(self) -> None:
        bounds = self.minimum is not None or self.maximum is not None
        if bool(self.values) == bounds or not (self.fields or (self.in_title and self.values)):
            raise ValueError("a limit needs fields, and either values or bounds")

    @property
    def said(self) -> tuple[Any, ...]:
        """What two limits have alike that say the same: all but whether titles are looked at."""
        return self.fields, self.values, self.minimum, self.maximum, self.negated

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
        held = (item.facets.get(name, ()) for name in self.fields)
        if any(value in values for values in held for value in self.values):
            return True
        texts = [item.texts[name] for name in self.fields if name in item.texts]
        for text in (*texts, *([item.title] if self.in_title else [])):
            words = f" {fold(text)}"
            if any(f" {fold(value)}" in words for value in self.values):
                return True
        return False

    def of_words(self, catalog: Catalog) -> bool:
        """Whether it is about words of the items' text, beyond the values of their fields."""
        known = [catalog.fields[name].kind for name in self.fields if name in catalog.fields]
        return self.in_title or (bool(self.values) and Kind.TEXT in known)

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
        self._kept: dict[Limit, NDArray[np.bool_]] = {}
        facets = catalog.of_kind(Kind.CATEGORY, Kind.KEYWORD, Kind.PERSON)
        self._holding = {
            f.name: Postings((p, v) for p, item in enumerate(catalog.items)
                             for v in item.facets.get(f.name, ()))
            for f in facets
        }  # fmt: skip
        self._numbers = {
            f.name: np.array([item.numbers.get(f.name, np.nan) for item in catalog.items])
            for f in catalog.of_kind(Kind.YEAR, Kind.NUMBER)
        }
        self._prose = {
            f.name: Prose([item.texts.get(f.name, "") for item in catalog.items])
            for f in catalog.of_kind(Kind.TEXT)
        }
        self._titles = Prose([item.title for item in catalog.items])

    def mask(self, limits: Collection[Limit], without: Collection[str] = ()) -> NDArray[np.bool_]:
        """True where an item passes all limits and its id is not in `without`; shape (n,)."""
        passed = np.ones(len(self._catalog), dtype=bool)
        for limit in limits:
            passed &= self._passes(limit)
        places = [self._catalog.place[i] for i in without if i in self._catalog]
        passed[places] = False
        return passed

    def breaks(self, limits: Collection[Limit], places: NDArray[np.int64]) -> NDArray[np.float32]:
        """How many of the limits each of some items breaks, shape as `places`."""
        broken = np.zeros(len(places), dtype=np.float32)
        for limit in limits:
            broken += ~self._passes(limit)[places]
        return broken

    def _passes(self, limit: Limit) -> NDArray[np.bool_]:
        """The mask of one limit, not to be written to."""
        found = self._kept.get(limit)
        if found is None:
            found = self._looked_up(limit)
            for oldest in list(self._kept)[: 1 - _KEPT]:
                self._kept.pop(oldest, None)  # another thread may have been faster
            self._kept[limit] = found
        return found

    def _looked_up(self, limit: Limit) -> NDArray[np.bool_]:
        if limit.values:
            held = np.zeros(len(self._catalog), dtype=bool)
            for name in limit.fields:
                for value in limit.values if name in self._holding else ():
                    held[self._holding[name].of(value)] = True
            prose = [self._prose[name] for name in limit.fields if name in self._prose]
            for text in (*prose, *([self._titles] if limit.in_title else [])):
                for words in _widest(limit.values):
                    held[text.with_words(words)] = True
            return ~held if limit.negated else held
        numbers = self._numbers.get(limit.fields[0])
        if numbers is None:
            return np.zeros(len(self._catalog), dtype=bool)
        bounds = []  # which an unknown number, NaN, does not keep
        if limit.minimum is not None:
            bounds.append(numbers >= limit.minimum)
        if limit.maximum is not None:
            bounds.append(numbers <= limit.maximum)
        inside: NDArray[np.bool_] = bounds[0] & bounds[-1]
        return ~inside & ~np.isnan(numbers) if limit.negated else inside

    def conflict(
        self, limits: Sequence[Limit], without: Collection[str] = ()
    ) -> tuple[tuple[Limit, ...], int]:
        """The fewest limits that would have to give for something to pass, and how much would.

        Among sets of the same size the one that lets the most items through. Empty if all
        limits together let something pass. Tries at most sets of three, then says "all".
        """
        known = self.mask((), without)
        passes = [self._passes(limit) for limit in limits]  # once, however they are combined
        if together := _passing(known, passes):
            return (), together
        for size in range(1, min(3, len(limits)) + 1):
            best: tuple[tuple[Limit, ...], int] = ((), 0)
            for given in itertools.combinations(range(len(limits)), size):
                rest = [one for n, one in enumerate(passes) if n not in given]
                count = _passing(known, rest)
                if count > best[1]:
                    best = (tuple(limits[n] for n in given), count)
            if best[1]:
                return best
        return tuple(limits), int(known.sum())


@lru_cache(maxsize=256)
def _widest(values: tuple[str, ...]) -> list[str]:
    """The folded values without those that stand only where another one stands as well.

    Prose is searched for the beginnings of words, so "no princess" needs no look at the hundred
    keywords of a large catalog that have the word in them.
    """
    folded = list(dict.fromkeys(fold(value) for value in values))
    single = tuple(words for words in folded if words and " " not in words)
    return [words for words in folded
            if " " not in words or not any(word.startswith(single) for word in words.split())]  # fmt: skip


def _passing(known: NDArray[np.bool_], passes: Sequence[NDArray[np.bool_]]) -> int:
    passed = known
    for one in passes:
        passed = passed & one
    return int(np.count_nonzero(passed))
