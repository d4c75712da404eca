"""Negatives: items that a user did not take, for a model to tell from the one that was.

Random ones teach what is liked at all, popular ones not to answer with what everybody has,
hard ones to tell apart what a retriever hands over: items of the same people, of lists in
which a recommender put both, and with the same facets. Items that the user is known to have
taken, or that answer the wish as well, are never among them. What is held out for testing is
not known here and so not kept out.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from recommender.tuning.behaviour import Behaviour
from recommender.tuning.wishes import Wish
from retrieval.catalog import Catalog, Item, Kind

_TRIES = 12  # draws for one negative before another kind is tried


@dataclass(frozen=True)
class NegativeMix:
    """How many negatives a reranking example has, and the share of each kind."""

    count: int = 15
    random: float = 0.5
    popular: float = 0.15
    hard: float = 0.35

    def with_count(self, count: int) -> NegativeMix:
        return replace(self, count=count)


class Negatives:
    """Draws negatives from one source."""

    def __init__(self, behaviour: Behaviour) -> None:
        self._catalog: Catalog = behaviour.catalog
        self._ids = [item.id for item in behaviour.catalog.items]
        self._histories = [
            [i for i in history.items if i in behaviour.catalog] for history in behaviour.histories
        ]
        self._histories = [items for items in self._histories if items]
        self._taken = [i for items in self._histories for i in items]
        self._lists = behaviour.lists
        self._with: dict[str, list[Sequence[str]]] = {}
        for group in (*self._histories, *self._lists):
            for item_id in group:
                self._with.setdefault(item_id, []).append(group)
        self._alike: dict[tuple[str, str], list[str]] = {}
        for f in behaviour.catalog.of_kind(Kind.CATEGORY, Kind.KEYWORD):
            for item in behaviour.catalog.items:
                for value in item.facets.get(f.name, ()):
                    self._alike.setdefault((f.name, value), []).append(item.id)
        # The facets of an item, those first that fewer items share.
        self._values = {
            item.id: sorted(
                ((name, v) for name, vs in item.facets.items() for v in vs
                 if (name, v) in self._alike),
                key=lambda key: len(self._alike[key]),
            )
            for item in behaviour.catalog.items
        }  # fmt: skip

    def popular(self, rng: random.Random) -> str:
        """An item by how many took it; any item where nothing is known of people."""
        return rng.choice(self._taken or self._ids)

    def draw(
        self, target: Item, mix: NegativeMix, rng: random.Random, known: Collection[str],
        wish: Wish | None,
    ) -> list[Item]:  # fmt: skip
        """Different items, `mix.count` of them or, in a small catalog, as many as are found."""
        kinds: list[Callable[[], str]] = [
            lambda: rng.choice(self._ids),
            lambda: self.popular(rng),
            lambda: self._hard(target, rng, wish),
        ]
        chosen = rng.choices(kinds, (mix.random, mix.popular, mix.hard), k=mix.count)
        barred = {target.id, *known}
        titles = {target.name.lower()}
        found: list[Item] = []
        for kind in chosen:
            for attempt in range(_TRIES * 2):
                item = self._catalog[kind() if attempt < _TRIES else kinds[0]()]
                # Another edition under the same name is no different item to the reader.
                if item.id in barred or item.name.lower() in titles:
                    continue
                if wish is not None and wish.fits(item):
                    continue
                barred.add(item.id)
                titles.add(item.name.lower())
                found.append(item)
                break
        return found

    def _hard(self, target: Item, rng: random.Random, wish: Wish | None) -> str:
        groups = self._with.get(target.id, ())
        # A wish is answered by facets, so what is near it is near in facets.
        if groups and rng.random() < (0.25 if wish is not None else 0.8):
            return rng.choice(rng.choice(groups))
        values = list(self._values[target.id])
        if wish is not None:
            asked = [(trait.field, v) for trait in wish.traits for v in sorted(trait.values)]
            asked += [(n, v) for limit in wish.limits for n in limit.fields for v in limit.values]
            asked = [key for key in asked if key in self._alike]
            values = asked or values
        if not values:
            return rng.choice(self._ids)
        return rng.choice(self._alike[rng.choice(values[:4])])
