"""Needs: what a request asks for, with a grade of how well an item answers it.

A need is made of everyday wordings (`wordings.toml`), of a theme in the catalog's own words,
of items that are liked, of a piece of a story, or of a hard limit. Grades run from 0, does
not answer, to 3, just what was asked for, as labels of examples do. Nothing is retrieved here.
"""

from __future__ import annotations

import random
import re
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log
from pathlib import Path
from typing import Protocol

import numpy as np

from recommender.tuning.examples import GREATEST_GRADE
from retrieval.catalog import Catalog, Item, Kind
from retrieval.encoder import Encoder
from retrieval.limits import Limit

WORDINGS = Path(__file__).with_name("wordings.toml")
_NEAR = 0.62  # cosine of two themes from which one is a fair answer to the other
_BEST, _GOOD, _FAIR = 8, 20, 45  # ranks of likeness to what is liked, for grades 3, 2 and 1
_LEAST_LIKE = 0.12  # of the liked item's likeness to itself


class Need(Protocol):
    """One thing that a request asks for, in `words`."""

    @property
    def words(self) -> str: ...

    def grade(self, item: Item) -> int: ...


@dataclass(frozen=True)
class Values:
    """Values of facets; each of `means` is a set that has to be held together."""

    words: str
    means: tuple[frozenset[str], ...]
    near: tuple[frozenset[str], ...] = ()
    against: tuple[frozenset[str], ...] = ()
    whole: bool = False  # the words are a request by themselves

    def grade(self, item: Item) -> int:
        held = facets_of(item)
        if any(values <= held for values in self.against):
            return 0
        full = sum(values <= held for values in self.means)
        near = sum(values <= held for values in self.near)
        # A fair answer counts one, a full one two, and no more than just right comes of it.
        alone = len(self.means) == 1 and full > 0
        return GREATEST_GRADE if alone else min(2 * full + min(near, 1), GREATEST_GRADE)


@dataclass(frozen=True)
class Bound:
    """A hard limit in everyday words."""

    words: str
    limit: Limit

    def grade(self, item: Item) -> int:
        return GREATEST_GRADE if self.limit.allows(item) else 0


@dataclass(frozen=True)
class Named:
    """Just these items, each with its grade: the one of a story, or those like others."""

    words: str
    grades: Mapping[str, int]

    def grade(self, item: Item) -> int:
        return self.grades.get(item.id, 0)


def grade_of(needs: Sequence[Need], item: Item) -> int:
    """How well an item answers all needs: as well as the one that it answers worst.

    Where it answers some themes and not others, it is better than what answers none.
    """
    grades = [need.grade(item) for need in needs]
    if min(grades):
        return min(grades)
    themes = [g for need, g in zip(needs, grades, strict=True) if isinstance(need, Values)]
    others = [g for need, g in zip(needs, grades, strict=True) if not isinstance(need, Values)]
    partly = len(themes) > 1 and max(themes) > 1 and all(others)
    return int(partly)


def facets_of(item: Item) -> frozenset[str]:
    return frozenset(v for values in item.facets.values() for v in values)


class Needs:
    """Draws needs from a catalog. `encoder` says which themes are near each other."""

    def __init__(self, catalog: Catalog, encoder: Encoder, wordings: Path = WORDINGS) -> None:
        self._catalog = catalog
        self._holders = Counter(v for item in catalog.items for v in facets_of(item))
        self._wordings = list(self._read(wordings))
        self._themes = sorted(
            {
                value
                for f in catalog.of_kind(Kind.KEYWORD)
                for item in catalog.items
                for value in item.facets.get(f.name, ())
            }
        )
        self._near = _neighbours(self._themes, encoder)
        self._kinds = [
            (f.name, value)
            for f in catalog.of_kind(Kind.CATEGORY)
            for value in sorted({v for i in catalog.items for v in i.facets.get(f.name, ())})
        ]

    def _read(self, path: Path) -> list[Values]:
        """The wordings whose meaning some items of the catalog have."""
        found = []
        for table in tomllib.loads(path.read_text(encoding="utf-8"))["wording"]:
            means, near, against = (
                tuple(
                    frozenset(value.split("+"))
                    for value in table.get(key, ())
                    if all(self._holders[part] for part in value.split("+"))
                )
                for key in ("means", "near", "against")
            )
            if means:
                found += [Values(words, means, near, against) for words in table.get("say", ())]
                found += [
                    Values(words, means, near, against, True) for words in table.get("whole", ())
                ]
        return found

    def wording(self, rng: random.Random) -> Values | None:
        return rng.choice(self._wordings) if self._wordings else None

    def theme(self, rng: random.Random, of: Item | None = None) -> Values | None:
        """A theme in the catalog's words, of one item where that is given."""
        if of is None:
            of = rng.choice(self._catalog.items)
        values = [v for f in self._catalog.of_kind(Kind.KEYWORD) for v in of.facets.get(f.name, ())]
        if not values:
            return None
        value = rng.choice(values)
        near = tuple(frozenset((other,)) for other in self._near.get(value, ()))
        return Values(value, (frozenset((value,)),), near)

    def kind(self, rng: random.Random, of: Item) -> Bound | None:
        """A category of an item, in one of the words that people have for it."""
        held = [(n, v) for n, v in self._kinds if v in of.facets.get(n, ())]
        held = [(n, v) for n, v in held if self._holders[v] < 0.6 * len(self._catalog)]
        if not held:
            return None
        name, value = rng.choice(held)
        words = [w for w in self._catalog.fields[name].words.get(value, ()) if len(w.split()) < 3]
        said = rng.choice(words) if words and rng.random() < 0.4 else value.lower()
        return Bound(said, Limit((name,), (value,)))

    def no_kind(self, rng: random.Random, of: Item) -> Bound | None:
        """A category that an item lacks and that many others have."""
        lacking = [(n, v) for n, v in self._kinds if v not in of.facets.get(n, ())]
        lacking = [(n, v) for n, v in lacking if self._holders[v] > 0.04 * len(self._catalog)]
        if not lacking:
            return None
        name, value = rng.choice(lacking)
        return Bound(value.lower(), Limit((name,), (value,), negated=True))

    def years(self, rng: random.Random, of: Item) -> Bound | None:
        """A range of years that an item is of."""
        if of.year is None:
            return None
        year, name = int(of.year), of.year_field
        decade = year // 10 * 10
        low, high = max(decade - 10, year - rng.randint(1, 15)), year + rng.randint(1, 12)
        choices = [
            (f"from the {decade}s", Limit((name,), minimum=decade, maximum=decade + 9)),
            (f"after {low}", Limit((name,), minimum=low + 1)),
            (f"before {high}", Limit((name,), maximum=high - 1)),
            (f"not older than {low}", Limit((name,), minimum=low)),
        ]
        if 1920 <= decade < 2000:
            choices.append((f"from the {decade % 100}s", choices[0][1]))
        return Bound(*rng.choice(choices))

    def story(self, rng: random.Random, of: Item) -> Named | None:
        """A piece of what a text tells of an item, without its names."""
        clauses = [
            words
            for text in of.texts.values()
            for clause in re.split(r"[.,;:]| and then | who ", text)
            if 5 <= len(words := clause.split()) <= 16
            and not any(word[:1].isupper() for word in words[1:])
        ]
        if not clauses:
            return None
        words = rng.choice(clauses)
        return Named(" ".join([words[0].lower(), *words[1:]]), {of.id: GREATEST_GRADE})

    def like(self, liked: Sequence[Item], among: Sequence[Item]) -> dict[str, int]:
        """Grades of the items most like those that are liked, by what they share of `among`."""
        weights = [self._weights(item) for item in liked]
        itself = [
            sum(weight[v] for v in facets_of(item) if v in weight)
            for item, weight in zip(liked, weights, strict=True)
        ]
        least = _LEAST_LIKE * (sum(itself) / len(itself) + 0.5 * max(itself))
        without = {item.id for item in liked}
        likeness = {}
        for item in among:
            if item.id not in without:
                held = facets_of(item)
                shared = [sum(w for v, w in weight.items() if v in held) for weight in weights]
                likeness[item.id] = sum(shared) / len(shared) + 0.5 * max(shared)
        order = sorted(likeness, key=lambda i: (-likeness[i], i))
        grades = {}
        for rank, item_id in enumerate(order[:_FAIR]):
            if likeness[item_id] >= least:
                grades[item_id] = 3 if rank < _BEST else 2 if rank < _GOOD else 1
        return grades

    def _weights(self, item: Item) -> dict[str, float]:
        """What counts in likeness: rare themes most, near themes half, genres a little."""
        result: dict[str, float] = {}
        size = len(self._catalog)
        for f in self._catalog.of_kind(Kind.CATEGORY, Kind.KEYWORD):
            share = 1.0 if f.kind is Kind.KEYWORD else 0.6
            for value in item.facets.get(f.name, ()):
                result[value] = share * log(size / self._holders[value])
                for other in self._near.get(value, ()) if f.kind is Kind.KEYWORD else ():
                    half = 0.5 * log(size / max(self._holders[value], self._holders[other]))
                    result.setdefault(other, half)
        return result


def _neighbours(themes: Sequence[str], encoder: Encoder) -> dict[str, list[str]]:
    """For each theme those near it, as an encoder of their words sees it."""
    if not themes:
        return {}
    vectors = encoder.encode(list(themes))
    cosines = vectors @ vectors.T
    np.fill_diagonal(cosines, 0)
    return {
        theme: [themes[n] for n in np.flatnonzero(cosines[row] > _NEAR).tolist()]
        for row, theme in enumerate(themes)
    }
