"""What many items of a catalog have, and so tells little of one of them.

Promises answers whose time does not depend on the catalog's size. Knows facets alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from retrieval.fields import Facets

_ASKED = 5_000  # items by which it is judged, at most; of a larger catalog they are a sample
_RARE = 600  # items among which a common value is once
_SOME_SIZE, _MOST = 100, 0.75  # items from which a value can be commonplace, and its share


class Commonness:
    """How widely the values of some fields are held.

    `values` has for each field those that one of 600 items holds, or more; `commonplace` the
    (field, value) pairs of most items, where the catalog is of some size.
    """

    def __init__(self, facets: Sequence[Facets], names: Collection[str]) -> None:
        self._asked = facets[:: max(1, -(-len(facets) // _ASKED))]
        self._counts = {
            name: Counter(value for held in self._asked for value in set(held.get(name, ())))
            for name in names
        }
        self.values: Mapping[str, frozenset[str]] = {
            name: frozenset(v for v, count in held.items() if count * _RARE >= len(self._asked))
            for name, held in self._counts.items()
        }
        self.commonplace = frozenset(
            (name, value)
            for name, held in self._counts.items() if len(facets) >= _SOME_SIZE
            for value, count in held.items() if count > _MOST * len(self._asked)
        )  # fmt: skip

    def most_have(self, name: str, values: Collection[str]) -> bool:
        """Whether more than half of the items have all these values: "both are in English"."""
        half, wanted = len(self._asked) / 2, set(values)
        least = min((self._counts[name][value] for value in wanted), default=0)
        if least <= half or len(wanted) == 1:
            return least > half
        return sum(wanted <= set(held.get(name, ())) for held in self._asked) > half
