"""The joined search: what is chosen on validation users, and that its lead is over the same users."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from benchmarks.hybrid import PARTS, Hits, Leaving, chosen, measure
from retrieval.query import Query
from retrieval.retriever import RetrieverWeights


class Scripted(Leaving):
    """Three users; all is best where items fade by .6, and tastes weigh 1.5 if at all."""

    def __init__(self) -> None:
        self.cases = [(Query(), "a")] * 3

    def hits(self, weights: RetrieverWeights, name: str = "") -> Hits:
        found = np.array([1.0, weights.dense * weights.tastes > 0, 0.0])
        off = abs(weights.fade - 0.6) + abs(weights.tastes - 1.5) * (weights.dense > 0)
        return {"R@20": found * (1 - off / 10), "R@100": found}


def test_each_way_has_its_own_choice_and_none_borrows_another_way() -> None:
    weights = chosen(Scripted())
    assert {name: these.fade for name, these in weights.items()} == dict.fromkeys(weights, 0.6)
    assert weights["joined"].tastes == 1.5
    for name, part in PARTS.items():
        assert weights[name] == replace(part, fade=0.6)
        assert sum(map(bool, (part.dense, part.titles, part.tastes, part.popularity))) == 1


def test_the_lead_is_over_the_same_users() -> None:
    record = measure(Scripted(), {**PARTS, "joined": RetrieverWeights(tastes=1.5, fade=0.6)})
    assert record["users"] == 3
    value, low, high = record["joined beats"]["collaborative R@100"]
    assert (round(value, 4), low, high) == (0.3333, 0.0, 1.0)  # the second user's, of three
