"""Limits in the short notation in which the tables of these tests are written."""

from __future__ import annotations

from collections.abc import Iterable

from benchmarks.dialogues import limit_in_short
from recommender.dialogue import StatedLimit
from retrieval.catalog import Catalog


def of_limits(stated: Iterable[StatedLimit], catalog: Catalog) -> list[str]:
    return sorted(limit_in_short(one.limit, catalog) for one in stated)
