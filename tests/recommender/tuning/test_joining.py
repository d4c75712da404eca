"""Learned shares against cases whose shares are known."""

from __future__ import annotations

import numpy as np
import pytest

from recommender.tuning.joining import Case, Shares, fit_weights


def drawn_cases(language: float, retrieval: float, count: int = 1500) -> list[Case]:
    """Candidates whose fitting one is drawn by the softmax of known weights."""
    chance = np.random.default_rng(1)
    cases = []
    for _ in range(count):
        table = chance.normal(size=(10, 2))
        table = (table - table.mean(0)) / table.std(0)
        odds = np.exp(table @ [language, retrieval])
        fitting = int(chance.choice(10, p=odds / odds.sum()))
        # Neither the scale nor the zero of a source may matter.
        cases.append(Case({"language": 7 * table[:, 0] + 3, "retrieval": table[:, 1]}, fitting))
    return cases


def test_known_shares_are_found_again_within_their_interval() -> None:
    shares = fit_weights(drawn_cases(1.5, 0.5), draws=40)
    low, high = shares.intervals["language"]
    assert shares.of["language"] == pytest.approx(0.75, abs=0.04)
    assert low < 0.75 < high and high - low < 0.12
    assert shares.as_weights() == {"rank_weight": round(shares.of["language"], 3)}


def test_a_source_that_misleads_gets_nothing() -> None:
    assert fit_weights(drawn_cases(1.0, -1.0), draws=0).of["retrieval"] == 0


def test_a_third_source_leaves_the_share_of_the_model_against_the_retriever() -> None:
    shares = Shares({"language": 0.3, "retrieval": 0.1, "collaborative": 0.6}, {}, 1)
    assert shares.as_weights() == {"rank_weight": 0.75, "collaborative_weight": 0.6}


def test_cases_that_differ_in_their_sources_are_refused() -> None:
    one, other = drawn_cases(1, 1, 2)
    with pytest.raises(ValueError, match="same sources"):
        fit_weights([one, Case({"language": other.scores["language"]}, 0)])
    with pytest.raises(ValueError, match="must be there"):
        fit_weights([])
