"""Items judged alone: the area under the curve, accuracy and chances, worked by hand."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from numpy.typing import NDArray

from recommender.evaluation.metrics import Standing, figures
from recommender.evaluation.pointwise import (
    Judged,
    areas,
    binned,
    fitted_chances,
    per_case_pointwise,
    pointwise_calibration,
)  # fmt: skip
from recommender.evaluation.runs import Row


def judged(right: list[float], wrong: list[float]) -> Judged:
    """Cases of one right and one wrong item each."""
    rows = [
        Row(str(n), 0, Standing(0, 0, 2), (0,), 1.0, (r, w), 0)
        for n, (r, w) in enumerate(zip(right, wrong, strict=True))
    ]
    return Judged.of(rows)


def test_what_rows_judged_is_told_apart_by_the_right_number() -> None:
    rows = [Row("a", 7, Standing(0, 0, 2), (7,), 1.0, (0.5, 2.0), 1),
            Row("b", 7, Standing(1, 0, 2, wrong=True), (7,), 1.0)]  # fmt: skip
    found = Judged.of(rows)
    assert found.scores.tolist() == [0.5, 2.0] and found.right.tolist() == [False, True]
    assert found.case.tolist() == [0, 0]


def test_the_area_is_the_share_of_pairs_in_order_with_ties_by_half() -> None:
    # Of the nine pairs 3 > all three, 2 > 1 and 0 and level with 2, 1 level with 1, above 0.
    found = areas(judged([3.0, 2.0, 1.0], [2.0, 1.0, 0.0]))
    assert found.mean() == pytest.approx((3 + 2.5 + 1.5) / 9)


def test_the_area_counts_across_cases() -> None:
    """Each case by itself is in order, but no threshold serves both."""
    assert areas(judged([5.0, 1.0], [4.0, 0.0])).mean() == pytest.approx(3 / 4)


def every_pair(right: NDArray[np.float64], wrong: NDArray[np.float64]) -> float:
    return float(np.mean([(r > w) + (r == w) / 2 for r, w in product(right, wrong)]))


def test_the_interval_of_the_area_is_that_of_resampled_cases() -> None:
    rng = np.random.default_rng(3)
    right, wrong = rng.normal(0.7, 1, 80).round(1), rng.normal(0, 1, 80).round(1)
    figure = figures({"AUC": areas(judged(right.tolist(), wrong.tolist()))})["AUC"]
    assert figure.value == pytest.approx(every_pair(right, wrong))
    drawn = [rng.integers(80, size=80) for _ in range(400)]
    low, high = np.percentile([every_pair(right[d], wrong[d]) for d in drawn], [2.5, 97.5])
    assert figure.low == pytest.approx(low, abs=0.02) and figure.high == pytest.approx(
        high, abs=0.02
    )


def test_chances_are_fitted_on_the_other_half_of_the_cases() -> None:
    # Even cases are told apart by the score, odd ones by its opposite: each half is judged
    # by what the other taught, and so is always wrong.
    found = judged([1.0, 0.0] * 20, [0.0, 1.0] * 20)
    assert per_case_pointwise(found, log_odds=False)["accuracy"].mean() == 0


def test_who_knows_nothing_says_half_and_who_knows_is_sure() -> None:
    level = fitted_chances(judged([0.0] * 10, [0.0] * 10))
    assert level == pytest.approx(np.full(20, 0.5), abs=1e-3)
    knows = per_case_pointwise(judged([2.0] * 10, [-2.0] * 10), log_odds=True)
    assert knows["accuracy"].mean() == knows["accuracy as it is"].mean() == 1
    assert knows["Brier"].mean() < 0.01


def test_log_odds_are_read_as_they_are_where_they_are_some() -> None:
    always_yes = judged([3.0] * 10, [2.0] * 10)
    found = per_case_pointwise(always_yes, log_odds=True)
    assert found["accuracy as it is"].mean() == 0.5 and found["accuracy"].mean() == 1
    assert pointwise_calibration(always_yes, log_odds=True)["error_as_it_is"] > 0.3
    assert "accuracy as it is" not in per_case_pointwise(always_yes, log_odds=False)


def test_bins_by_hand() -> None:
    error, table = binned(np.array([0.9, 0.9, 0.1]), np.array([True, False, False]))
    assert table == [[pytest.approx(0.1), 0.0, 1], [pytest.approx(0.9), 0.5, 2]]
    assert error == pytest.approx((0.1 * 1 + 0.4 * 2) / 3)
