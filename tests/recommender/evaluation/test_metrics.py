"""Figures against cases worked by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import (
    label_ranking_average_precision_score,
    ndcg_score,
    top_k_accuracy_score,
)  # fmt: skip

from recommender.evaluation.metrics import (
    Standing,
    figures,
    first_hit,
    gain,
    per_case,
    standing,
)  # fmt: skip


def mean(standings: list[Standing], name: str) -> float:
    return float(per_case(standings)[name].mean())


@given(
    st.lists(st.lists(st.integers(0, 4), min_size=6, max_size=6), min_size=1, max_size=8),
    st.integers(0, 5),
)
@settings(max_examples=60, deadline=None)
def test_ndcg_is_what_scikit_learn_says_that_averages_over_ties_too(
    scores: list[list[int]], right: int
) -> None:
    gains = np.zeros((len(scores), 6))
    gains[:, right] = 1
    stands = [standing(np.array(row, dtype=np.float64), right) for row in scores]
    for cut in (3, 5):
        theirs = ndcg_score(gains, np.array(scores, dtype=np.float64), k=cut)
        assert mean(stands, f"NDCG@{cut}") == pytest.approx(theirs)


@given(st.permutations(range(8)), st.integers(0, 7))
@settings(max_examples=60, deadline=None)
def test_without_ties_mrr_and_hits_are_what_scikit_learn_says(
    scores: list[int], right: int
) -> None:
    true = np.arange(8) == right
    values = np.array(scores, dtype=np.float64)
    stands = [standing(values, right)]
    theirs = label_ranking_average_precision_score(true[None], values[None])
    assert mean(stands, "MRR") == pytest.approx(theirs)
    for cut in (1, 3, 5):
        hit = top_k_accuracy_score([right], values[None], k=cut, labels=np.arange(8))
        assert mean(stands, f"HR@{cut}") == hit


def test_the_best_of_ten_earns_all() -> None:
    best = standing([9.0, *range(9)], 0)
    assert best == Standing(above=0, level=0, of=10)
    for name, values in per_case([best]).items():
        assert values[0] == (0.0 if name == "wrong" else 1.0), name


def test_the_second_of_ten_by_hand() -> None:
    second = standing([5.0, 9.0, 1, 1, 1, 1, 1, 1, 1, 1], 0)
    assert mean([second], "HR@1") == 0
    assert mean([second], "HR@3") == 1
    assert mean([second], "NDCG@3") == pytest.approx(1 / math.log2(3))
    assert mean([second], "MRR") == 1 / 2


def test_the_fourth_misses_the_first_three() -> None:
    fourth = standing([5.0, 9, 8, 7, 1, 1, 1, 1, 1, 1], 0)
    assert mean([fourth], "NDCG@3") == 0
    assert mean([fourth], "NDCG@5") == pytest.approx(1 / math.log2(5))
    assert mean([fourth], "HR@5") == 1


def test_equal_scores_get_what_chance_gives() -> None:
    level = standing(np.zeros(10), 3)
    assert level == Standing(above=0, level=9, of=10)
    assert mean([level], "HR@1") == pytest.approx(1 / 10)
    assert mean([level], "HR@5") == pytest.approx(5 / 10)
    assert mean([level], "MRR") == pytest.approx(sum(1 / r for r in range(1, 11)) / 10)
    ndcg = (1 + 1 / math.log2(3) + 1 / math.log2(4)) / 10
    assert mean([level], "NDCG@3") == pytest.approx(ndcg)


def test_two_that_tie_for_the_second_place_share_second_and_third() -> None:
    shared = standing([5.0, 9, 5.0, 1, 1, 1, 1, 1, 1, 1], 0)
    assert shared == Standing(above=1, level=1, of=10)
    assert mean([shared], "HR@1") == 0
    assert mean([shared], "HR@3") == 1
    assert mean([shared], "NDCG@3") == pytest.approx((1 / math.log2(3) + 1 / math.log2(4)) / 2)


def test_a_number_that_is_none_is_wrong_and_earns_nothing() -> None:
    wrong = standing([math.nan, 1.0, 0.0], 1)
    assert wrong.wrong
    values = per_case([wrong, standing([3.0, 1.0, 0.0], 0)])
    assert values["wrong"].mean() == 1 / 2
    assert values["HR@1"].mean() == 1 / 2
    assert values["MRR"][0] == 0


def test_cuts_beyond_the_candidates_are_left_out() -> None:
    assert "HR@10" not in per_case([standing([1.0, 0.0, 2.0], 0)])
    assert "R@20" not in per_case([standing(np.arange(10.0), 0)])
    recalls = per_case([standing(np.arange(60.0), 30)], whole_catalog=True)
    assert recalls["R@20"][0] == 0 and recalls["R@50"][0] == 1 and "R@100" not in recalls


def test_the_interval_holds_the_mean_and_repeats() -> None:
    values = {"HR@1": np.array([0.0, 1.0] * 200)}
    [one], [two] = figures(values, seed=3).values(), figures(values, seed=3).values()
    assert one == two and one.value == 1 / 2 and one.n == 400
    # The standard error of a fair coin thrown 400 times is .025, so the interval has about
    # .049 on each side.
    assert one.value - one.low == pytest.approx(0.049, abs=0.006)
    assert one.high - one.value == pytest.approx(0.049, abs=0.006)


def test_a_hit_and_a_gain_without_a_cut_by_hand() -> None:
    second_or_third = standing([5.0, 9, 5, 1], 0)
    assert first_hit(second_or_third) == 0
    assert gain(second_or_third) == pytest.approx((1 / math.log2(3) + 1 / math.log2(4)) / 2)
    one_of_four = standing([1.0, 1, 1, 1], 2)
    assert first_hit(one_of_four) == 1 / 4
    assert gain(standing([float("nan"), 1.0], 1)) == first_hit(standing([math.inf], 0)) == 0
