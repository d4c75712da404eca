"""A short notation for limits, in which the tables of these tests are written.

year 1980-1989      runtime -120        not year 1980-1989
genres=Horror|Thriller                  language!=English
people=Tom Hanks    (whichever fields of persons)
without zombie      (no keyword and no word of the synopsis)
"""

from __future__ import annotations

from collections.abc import Iterable

from recommender.dialogue import StatedLimit
from retrieval.catalog import Catalog, Kind
from retrieval.limits import Limit


def of_limits(stated: Iterable[StatedLimit], catalog: Catalog) -> list[str]:
    return sorted(of_limit(one.limit, catalog) for one in stated)


def of_limit(limit: Limit, catalog: Catalog) -> str:
    kinds = {catalog.fields[name].kind for name in limit.fields}
    if limit.values and Kind.TEXT in kinds:
        return f"without {limit.values[0]}"
    if limit.values:
        name = "people" if kinds == {Kind.PERSON} else "+".join(limit.fields)
        return f"{name}{'!=' if limit.negated else '='}{'|'.join(sorted(limit.values))}"
    low, high = limit.minimum, limit.maximum
    if limit.negated and high is None and low is not None:
        return f"{limit.fields[0]} -{low - 1:g}"
    if limit.negated and low is None and high is not None:
        return f"{limit.fields[0]} {high + 1:g}-"
    ends = [f"{end:g}" if end is not None else "" for end in (low, high)]
    return f"{'not ' if limit.negated else ''}{limit.fields[0]} {'-'.join(ends)}"
