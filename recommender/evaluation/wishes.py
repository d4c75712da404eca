"""What users would say, where the data has no words of theirs: stand-ins for wish and taste.

The paper has a teacher model write them from reviews and takes category labels; these data
have neither. Promises words that come from the item's facets, from what others bought, or
from the history, and never the right item's title or a telling word of it.
"""

from __future__ import annotations

from collections import Counter

from recommender.evaluation.baselines import Neighbours
from recommender.evaluation.data import Places
from recommender.evaluation.leaks import names, telling, words
from retrieval.catalog import Catalog, Item

_SAYS_LITTLE = {"unknown", "other"}
_LOOKED_AT = 30  # neighbours of an item


class Wishes:
    """Words for a target or a history of one catalog; `near` is learned before the cut."""

    def __init__(self, catalog: Catalog, near: Neighbours | None = None) -> None:
        self._catalog = catalog
        self._near = near

    def specific(self, target: int) -> str:
        """I2: the item's categories ("PlayStation 2 game")."""
        item = self._catalog.items[target]
        own = telling(item.title, self._catalog)
        values = [v for v in _facets(item) if not own & set(words(v))]
        # A console is called by its platform: then the last, least telling category is left.
        for told in (" ".join(values), *values[-1:]):
            if told and not names(told, item.title):
                return told
        return f"any {self._catalog.noun}"

    def vague(self, history: Places, target: int) -> str:
        """I1: something that goes with two items which others bought next to it."""
        if self._near is None:
            raise ValueError("a vague wish needs neighbours")
        title = self._catalog.items[target].title
        own = telling(title, self._catalog)
        known = set(history.tolist())
        found = [
            self._catalog.items[place].title
            for place in self._near.nearest(target, _LOOKED_AT)
            if place not in known and not own & set(words(self._catalog.items[place].title))
            if not names(self._catalog.items[place].title, title)
        ]
        likes = [n for n in dict.fromkeys(found) if words(n)][:2]
        return f"something that goes with {' and '.join(likes)}" if likes else "something new"

    def taste(self, history: Places) -> str:
        """P2: what the history has in common, in a sentence."""
        items = [self._catalog.items[place] for place in history]
        facets = Counter(value for item in items for value in _facets(item))
        recurring = Counter(word for item in items for word in set(words(item.title)))
        often = [v for v, times in facets.most_common(3) if times > 1 or len(items) < 4]
        themes = [w for w, times in recurring.most_common(8) if times > 1 and len(w) > 3][:3]
        said = f"mostly {', '.join(often)}" if often else "a bit of everything"
        return f"{said}; often about {' and '.join(themes)}" if themes else said


def _facets(item: Item) -> list[str]:
    """Values that say something, platform before kind, as people put them."""
    names = sorted(item.facets, key=lambda name: (name != "platform", name))
    return [v for name in names for v in item.facets[name] if v not in _SAYS_LITTLE]
