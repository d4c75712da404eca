"""Cases: one user's situation drawn from behaviour, before it is put into words.

A case has a target, the item that was taken, and what was known before it was. In training
it comes from the inner part of a history, in validation it is the item marked so; without a
history it is an item of the split that its id decides. What is held out for testing is
never drawn.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from recommender.tuning.behaviour import Behaviour, History, Review, split_of_item
from recommender.tuning.examples import TRAIN
from recommender.tuning.negatives import Negatives
from retrieval.catalog import Item, Kind

HISTORY_LIMIT = 20  # items, as the paper has it
_LENGTHS = (4, 10, HISTORY_LIMIT)  # a history is shown this long at most, drawn evenly
_TRIES = 20
_ALIKE = 4  # items of an assumed history, where no people are known
_POPULAR = 0.5  # of the targets without a history are drawn by how many took them


@dataclass(frozen=True)
class Case:
    """What one example is about. `known` are the ids that the user is known to have taken."""

    split: str
    target: Item
    user: str | None = None
    history: tuple[Item, ...] = ()
    known: frozenset[str] = frozenset()
    text: str = ""  # what the user wrote about the target


class Cases:
    """Draws cases from one source; a history is cut to `characters` of titles, by whole items."""

    def __init__(self, behaviour: Behaviour, negatives: Negatives, characters: int) -> None:
        self._catalog = behaviour.catalog
        self._negatives = negatives
        self._characters = characters
        self._histories = [h for h in behaviour.histories if len(h.items) > 1]
        self._reviews: dict[str, list[Review]] = {}
        for review in behaviour.reviews:
            if review.item in behaviour.catalog:
                self._reviews.setdefault(split_of_item(review.item), []).append(review)
        self._by_facet: dict[tuple[str, str], list[str]] = {}
        for f in behaviour.catalog.of_kind(Kind.CATEGORY, Kind.KEYWORD, Kind.PERSON):
            for item in behaviour.catalog.items:
                for value in item.facets.get(f.name, ()):
                    self._by_facet.setdefault((f.name, value), []).append(item.id)

    def with_history(self, split: str, rng: random.Random, fewest: int = 1) -> Case | None:
        """A user's next item and at least `fewest` before it; None where nobody is known."""
        for _ in range(_TRIES if self._histories else 0):
            history = rng.choice(self._histories)
            case = self._next_item(history, split, rng, fewest)
            if case is not None:
                return case
        return None

    def _next_item(
        self, history: History, split: str, rng: random.Random, fewest: int
    ) -> Case | None:
        items = [i for i in history.items if i in self._catalog]
        if split == TRAIN:
            if len(items) <= fewest:
                return None
            place = rng.randrange(fewest, len(items))
            before, target = items[:place], items[place]
        else:
            before, target = items, history.validation
        if target not in self._catalog or len(before) < fewest:
            return None
        shown = self._cut([self._catalog[i] for i in before[-rng.choice(_LENGTHS) :]])
        if len(shown) < fewest:
            return None
        known = frozenset(items if split == TRAIN else (*items, target))
        return Case(split, self._catalog[target], history.user, shown, known)

    def _cut(self, items: list[Item]) -> tuple[Item, ...]:
        """The last items whose names fit the budget; an item is never cut in two."""
        used = 0
        for count, item in enumerate(reversed(items)):
            used += len(item.name) + 2
            if used > self._characters:
                return tuple(items[len(items) - count :])
        return tuple(items)

    def without_history(self, split: str, rng: random.Random) -> Case | None:
        """An item that was searched for, with what its user wrote about it, if anybody did."""
        reviews = self._reviews.get(split)
        if reviews:
            review = rng.choice(reviews)
            return Case(split, self._catalog[review.item], review.user, text=review.text)
        for _ in range(_TRIES * 5):
            if rng.random() < _POPULAR:
                item_id = self._negatives.popular(rng)
            else:
                item_id = rng.choice(self._catalog.items).id
            if split_of_item(item_id) == split:
                return Case(split, self._catalog[item_id])
        return None

    def popular(self, split: str, rng: random.Random) -> Case | None:
        """An item by how many took it; None where nobody is known."""
        for _ in range(_TRIES * 5 if self._histories else 0):
            item_id = self._negatives.popular(rng)
            if split_of_item(item_id) == split:
                return Case(split, self._catalog[item_id])
        return None

    def alike(self, target: Item, rng: random.Random) -> tuple[Item, ...]:
        """Items that share something with the target, for a taste where no people are known."""
        keys = [(n, v) for n, vs in target.facets.items() for v in vs
                if 2 < len(self._by_facet.get((n, v), ())) < len(self._catalog) / 2]  # fmt: skip
        if not keys:
            return ()
        key = min(rng.sample(keys, min(2, len(keys))), key=lambda k: len(self._by_facet[k]))
        others = [i for i in self._by_facet[key] if i != target.id]
        return tuple(self._catalog[i] for i in rng.sample(others, min(_ALIKE, len(others))))
