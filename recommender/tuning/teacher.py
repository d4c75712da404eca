"""Teachers: who puts a taste or a wish into words where the data has none.

A teacher sees only what its caller hands over: the items of a history for a taste, one item
and a text about it for a wish; never what is to be predicted from a taste. It returns ""
where it has nothing to say. The default needs no model (`SalientPhrases`). Any language
model can teach instead, here or behind a server that speaks OpenAI's protocol
(`taught_by_model.py`).
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Protocol

from recommender.tuning.phrases import PhraseFinder
from retrieval.catalog import Catalog, Item, Kind, fold

_FEWEST_ALIKE = 2  # items that share an attribute, from which it may be a taste;
_SHARE_ALIKE = 0.2  # and so many of the history, for two of twenty are chance
_NAMED = 3  # attributes named in a taste
_TASTES = (
    "I like {}", "mostly {}", "{}", "I keep coming back to {}", "anything with {}",
    "I have a weakness for {}", "{} is my thing", "what I enjoy is {}",
)  # fmt: skip
_WISHES = (
    "something with {}", "{}", "I want {}", "in the mood for {}", "it should be about {}",
    "a {noun} with {}", "something about {}", "{} would be good now",
)  # fmt: skip


class Teacher(Protocol):
    """Writes the explicit preference and the vague intention that behaviour only implies."""

    @property
    def name(self) -> str: ...

    def taste(self, items: Sequence[Item], catalog: Catalog, rng: random.Random) -> str:
        """The taste behind a history, in the user's words."""
        ...

    def wish(self, item: Item, text: str, catalog: Catalog, rng: random.Random) -> str:
        """A wish that the item answers, loosely put, drawn from a text about it."""
        ...


class SalientPhrases:
    """Names what a history shares and what a text is about; reads, and makes nothing up."""

    name = "salient phrases"

    def __init__(self) -> None:
        self._finders: dict[str, PhraseFinder] = {}
        self._held: dict[str, Counter[str]] = {}

    def taste(self, items: Sequence[Item], catalog: Catalog, rng: random.Random) -> str:
        shared = self.shared(items, catalog)
        if not shared:
            return ""
        count = min(len(shared), rng.randint(1, _NAMED))
        return rng.choice(_TASTES).format(_joined(shared[:count]))

    def wish(self, item: Item, text: str, catalog: Catalog, rng: random.Random) -> str:
        found = self._finder(catalog).find(text, 6, without=item.title)
        if not found:
            return ""
        count = min(len(found), rng.randint(1, 2))
        return rng.choice(_WISHES).format(_joined(rng.sample(found, count)), noun=catalog.noun)

    def shared(self, items: Sequence[Item], catalog: Catalog) -> list[str]:
        """What several of the items have and few others of the catalog, the most telling first."""
        held = self._attributes(catalog)
        most = len(catalog) / 3
        fewest = max(_FEWEST_ALIKE, math.ceil(_SHARE_ALIKE * len(items)))
        alike = Counter(a for item in items for a in attributes(item, catalog))
        scored = {
            attribute: count * math.log(len(catalog) * count / (len(items) * held[attribute]))
            for attribute, count in alike.items()
            if count >= fewest and 1 < held[attribute] < most
        }
        return [a for a in sorted(scored, key=lambda a: (-scored[a], a)) if scored[a] > 0][:6]

    def _attributes(self, catalog: Catalog) -> Counter[str]:
        if catalog.name not in self._held:
            held = Counter(a for item in catalog.items for a in attributes(item, catalog))
            # What most items have that have the field at all ("English") tells nothing,
            # however many items lack the field.
            for f in catalog.of_kind(Kind.CATEGORY):
                values = Counter(
                    v.lower() for item in catalog.items for v in item.facets.get(f.name, ())
                )
                most = 0.5 * sum(bool(item.facets.get(f.name)) for item in catalog.items)
                for value, count in values.items():
                    if count > most:
                        held[value] = len(catalog)
            self._held[catalog.name] = held
        return self._held[catalog.name]

    def _finder(self, catalog: Catalog) -> PhraseFinder:
        if catalog.name not in self._finders:
            self._finders[catalog.name] = PhraseFinder(
                " ".join(item.texts.values()) or item.title for item in catalog.items
            )
        return self._finders[catalog.name]


def attributes(item: Item, catalog: Catalog) -> set[str]:
    """What of an item can be shared, as words: its facets, and the words of its title.

    The facets of a catalog are lower case but for people; the title's words stand for
    series, which few catalogs name otherwise.
    """
    found: set[str] = set()
    for f in catalog.fields.values():
        values = item.facets.get(f.name, ())
        if f.kind is Kind.PERSON:
            found.update(values)
        elif f.kind in (Kind.CATEGORY, Kind.KEYWORD):
            found.update(value.lower() for value in values)
    if not catalog.of_kind(Kind.KEYWORD):
        words = fold(item.title).split()
        found |= {f"{a} {b}" for a, b in pairwise(words)
                  if len(a) > 3 and len(b) > 3 and not (a + b).isdigit()}  # fmt: skip
    return found


def _joined(parts: Sequence[str]) -> str:
    return " and ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else "".join(parts)
