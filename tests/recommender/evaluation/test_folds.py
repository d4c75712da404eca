"""Folds of dialogues: no dialogue speaks in the evidence that ranks its own turns."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from recommender.evaluation.folds import FOLDS, fold_of, of_other_folds
from recommender.evaluation.redial import Bench
from recommender.evaluation.redial_data import Case, Films, Utterance
from recommender.evaluation.redial_weights import SPOKEN
from retrieval.catalog import Catalog, Item
from retrieval.collaborative import CollaborativeIndex, Learning
from retrieval.index import DenseIndex
from retrieval.retriever import DenseRetriever, Query, RetrieverWeights

CATALOG = Catalog("films", [Item(i, f"Film {i}", {}, {}, {}) for i in "abcd"], [])
RATED = [{"user": "u", "item": "a"}, {"user": "u", "item": "b"}]
TALKS = {f"{n}": ("a", "c") if n % 2 else ("a", "b") for n in range(40)}
LEARNING = Learning(ridge=1.0, fewest=1)


class Flat:
    """An encoder to which all is alike, so that only the evidence tells items apart."""

    name = "flat"

    def encode(self, texts: object, progress: bool = False) -> NDArray[np.float32]:
        return np.ones((len(list(texts)), 1), dtype=np.float32)  # type: ignore[call-overload]


def learned(talks: dict[str, tuple[str, ...]]) -> list[CollaborativeIndex]:
    return of_other_folds(CATALOG, talks, RATED, LEARNING)


@pytest.mark.parametrize("dialogue", ["0", "7", "23"])
def test_a_dialogue_changes_all_evidence_but_that_for_its_own_turns(dialogue: str) -> None:
    before, after = learned(TALKS), learned({**TALKS, dialogue: ("b", "c", "d")})
    for fold, (one, two) in enumerate(zip(before, after, strict=True)):
        alike = (
            one.manifest == two.manifest
            and one.counts.tolist() == two.counts.tolist()
            and all(one.scores([i]).tolist() == two.scores([i]).tolist() for i in "abcd")
        )
        assert alike == (fold == fold_of(dialogue))


def test_each_other_dialogue_counts_once_beside_the_ratings() -> None:
    for fold, index in enumerate(learned(TALKS)):
        others = [items for name, items in TALKS.items() if fold_of(name) != fold]
        expected = [1 + len(others), 1 + sum("b" in items for items in others),
                    sum("c" in items for items in others), 0]  # fmt: skip
        assert index.counts.tolist() == pytest.approx(expected)
        assert index.manifest.users == 1 + len(others)


def test_every_fold_has_dialogues_and_the_halves_are_in_each() -> None:
    cases = [Case(f"{n}", (), ()) for n in range(1000)]
    for fold in range(FOLDS):
        halves = [case.held_out for case in cases if fold_of(case.dialogue) == fold]
        assert 50 < len(halves) < 200 and {*halves} == {True, False}


def test_the_bench_ranks_a_turn_by_the_evidence_without_its_dialogue() -> None:
    # Of d only one dialogue speaks, of c nobody. By popularity d comes before c for the turns
    # of other folds, and last of all for its own.
    talks = {"0": ("d",), **{f"{n}": ("a", "b") for n in range(1, 3)}}
    alone = DenseRetriever(CATALOG, Flat(), DenseIndex(Flat().encode("abcd")))
    spoken = [alone.with_interactions(one) for one in of_other_folds(
        CATALOG, talks, RATED, LEARNING)]  # fmt: skip
    cases = [Case(f"{n}", (Utterance(True, "hello", ()),), ("d",)) for n in range(60)]
    bench = Bench(Films(CATALOG, {}, {}), cases, [None] * 60, {SPOKEN: spoken})
    weights = RetrieverWeights(popularity=1.0)
    ranked = bench.places(SPOKEN, weights, [Query()] * 60)
    for case, (place,) in zip(cases, ranked, strict=True):
        assert place == (3 if fold_of(case.dialogue) == fold_of("0") else 2)
