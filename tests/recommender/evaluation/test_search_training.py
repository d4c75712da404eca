"""Search that is trained: it learns what words ask for, and keeps the scorers' contract."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from recommender.evaluation.cases import Case
from recommender.evaluation.data import Behaviour
from recommender.evaluation.kept_weights import load_weights, save_weights
from recommender.evaluation.search_training import (
    SearchLearning,
    SearchNetwork,
    TrainedSearch,
    train_search,
)  # fmt: skip
from recommender.evaluation.tasks import TASKS, make_cases
from recommender.evaluation.wishes import Wishes

TASK = dataclasses.replace(TASKS["product-search"], others=4)


def cases_of(shop: Behaviour, numbers: range) -> list[Case]:
    """Items asked for by the name of their series, which Wishes would call a leak."""
    made = make_cases(TASK, shop, list(numbers), "test", 0, Wishes(shop.catalog))
    result = []
    for case in made:
        place = int(case.question.candidates[case.right])
        series = shop.catalog.items[place].title.split()[0]
        told = dataclasses.replace(case.question.aspects, wish=f"a part of {series}")
        result.append(Case(dataclasses.replace(case.question, aspects=told), case.right))
    return result


@pytest.mark.parametrize("with_history", [False, True])
def test_it_learns_which_words_ask_for_what(shop: Behaviour, with_history: bool) -> None:
    learning = SearchLearning(
        with_history, width=16, rate=0.02, dropout=0.0, batch=16, epochs=25, negatives=24
    )
    cases = cases_of(shop, range(len(shop.catalog)))
    scorer = TrainedSearch(train_search(cases, shop.catalog, learning), "trained")
    scores = scorer.score([c.question for c in cases])
    hits = [int(np.argmax(s)) == c.right for s, c in zip(scores, cases, strict=True)]
    # Four of five candidates are mostly of other series; chance is a fifth.
    assert np.mean(hits) > 0.6


@pytest.mark.parametrize("with_history", [False, True])
def test_order_changes_nothing_and_what_is_kept_answers_alike(
    shop: Behaviour, tmp_path: Path, with_history: bool
) -> None:
    learning = SearchLearning(with_history, width=16, batch=16, epochs=1, negatives=8)
    cases = cases_of(shop, range(8))
    cases[0] = dataclasses.replace(
        cases[0],
        question=dataclasses.replace(cases[0].question, history=np.array([3, 9], np.int32)),
    )
    network = train_search(cases, shop.catalog, learning)
    scorer = TrainedSearch(network, "trained")
    question = cases[0].question
    turned = dataclasses.replace(question, candidates=question.candidates[::-1])
    [one], [other] = scorer.score([question]), scorer.score([turned])
    assert one[::-1] == pytest.approx(other, abs=1e-6) and np.isfinite(one).all()
    empty = SearchNetwork(shop.catalog, learning)
    assert not load_weights(tmp_path / "network.npz", empty)
    save_weights(tmp_path / "network.npz", network)
    assert load_weights(tmp_path / "network.npz", empty)
    kept = TrainedSearch(empty, "kept")
    assert (kept.score([question])[0] == one).all()
