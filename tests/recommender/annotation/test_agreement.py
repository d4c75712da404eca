"""Agreement and strengths, against published examples and against known truth."""

from __future__ import annotations

import random
from math import exp, log

import numpy as np
import pytest

from benchmarks.simulated_annotators import Clock, Simulated, campaign_in, judge_all
from recommender.annotation.agreement import NOMINAL, ORDINAL, Rating, alpha, alpha_of
from recommender.annotation.doubts import doubts
from recommender.annotation.figures import VOTE, as_csv, figures_of
from recommender.annotation.judgement import Judgement
from recommender.annotation.records import AnnotationStore
from recommender.annotation.report import as_text
from recommender.annotation.slots import Judging
from recommender.annotation.strength import LOST, TIED, WON, Game, strengths, win_matrix
from recommender.annotation.votes import Vote

# Section C of Krippendorff, "Computing Krippendorff's alpha-reliability" (2011): four
# observers, twelve units, nominal alpha .743; "." is a missing value. Its ordinal alpha, .815,
# stands in Krippendorff, "Content Analysis" (section 12.3).
PUBLISHED = (
    (1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None),
    (1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3),
    (None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None),
    (1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None),
)


def published() -> list[Rating]:
    return [
        Rating(unit, str(observer), value)
        for observer, row in enumerate(PUBLISHED)
        for unit, value in enumerate(row)
        if value is not None
    ]


@pytest.mark.parametrize(("level", "value"), [(NOMINAL, 0.743), (ORDINAL, 0.815)])
def test_alpha_equals_the_published_example(level: str, value: float) -> None:
    found = alpha(published(), level)
    assert found.value == pytest.approx(value, abs=5e-4)
    assert found.low is not None and found.high is not None
    assert found.low < value < found.high
    assert (found.units, found.judgements) == (11, 40)  # the twelfth unit has one value


def test_alpha_by_hand() -> None:
    """Two observers, four units, values ab: 11 11 22 12. Observed disagreement 2 of 8;
    expected 2·5·3/(8·7) with five 1s and three 2s. So 1 − (2/8) / (30/56) = 8/15."""
    pairs = ((1, 1), (1, 1), (2, 2), (1, 2))
    ratings = [Rating(u, str(n), v) for u, pair in enumerate(pairs) for n, v in enumerate(pair)]
    assert alpha(ratings, NOMINAL).value == pytest.approx(8 / 15)
    assert alpha_of("0", ratings, NOMINAL).value == pytest.approx(8 / 15)


def test_alpha_of_nothing_to_agree_about() -> None:
    same = [Rating(unit, who, 1.0) for unit in range(5) for who in "ab"]
    assert alpha(same, NOMINAL).value is None
    assert alpha([], NOMINAL).value is None


def test_one_annotators_alpha_is_low_where_they_differ() -> None:
    ratings = [Rating(u, who, float(u % 3)) for u in range(30) for who in "abc"]
    rng = np.random.default_rng(0)
    ratings += [Rating(u, "odd", float(rng.integers(3))) for u in range(30)]
    assert (alpha_of("a", ratings, NOMINAL).value or 0) > 0.4
    odd = alpha_of("odd", ratings, NOMINAL)
    assert odd.low is not None and odd.high is not None and odd.low < 0.1 < odd.high + 0.2


def test_two_systems_have_the_strengths_that_the_formula_gives() -> None:
    """Of two systems the odds of winning are the ratio of wins, with a third of a game for
    each from the prior; ties fall out."""
    games = [Game(n, "x", "y", WON) for n in range(30)]
    games += [Game(n + 30, "x", "y", LOST) for n in range(10)]
    games += [Game(n + 40, "x", "y", TIED) for n in range(20)]
    found = {s.system: s.value for s in strengths(games).systems}
    assert found["x"] - found["y"] == pytest.approx(log((30 + 1 / 3) / (10 + 1 / 3)), abs=1e-3)
    assert win_matrix(games)["x"]["y"] == {"won": 30, "tied": 20, "lost": 10}
    assert win_matrix(games)["y"]["x"] == {"won": 10, "tied": 20, "lost": 30}


def test_a_system_that_always_wins_has_a_finite_strength() -> None:
    found = strengths([Game(n, "x", "y", WON) for n in range(20)]).systems
    assert found[0].system == "x" and 1 < found[0].value < 5


def test_strengths_and_ties_come_out_within_their_intervals() -> None:
    truth, ties = {"x": 0.8, "y": 0.0, "z": -0.8}, 0.4
    rng = np.random.default_rng(5)
    games = []
    for n in range(900):
        one, other = rng.choice(list(truth), 2, replace=False).tolist()
        p, q = exp(truth[one]), exp(truth[other])
        weights = np.array([p, q, 2 * ties * (p * q) ** 0.5])
        games.append(Game(n, one, other, rng.choice([WON, LOST, TIED], p=weights / weights.sum())))
    found = strengths(games, resamples=300)
    assert [s.system for s in found.systems] == ["x", "y", "z"]
    for one in found.systems:
        assert one.low < truth[one.system] < one.high
    assert found.ties == pytest.approx(ties, abs=0.1)
    # Ties as half a win each would draw the strengths together: the ends would be .6 apart.
    assert found.systems[0].value - found.systems[-1].value > 1.3


def test_known_annotators_come_out_and_the_random_one_is_pointed_out(
    store: AnnotationStore,
) -> None:
    clock = Clock()
    judging = Judging(store, clock, random.Random(1))
    truth = {"first": 1.2, "second": -1.2}
    campaign = campaign_in(store, 120, judgements=3, gold=8)
    slips = (0.0, 0.05, 0.1, 1.0, 0.0)
    people = [store.invite(campaign)[0] for _ in slips]
    simulated = [Simulated(truth, slips=s, seed=n) for n, s in enumerate(slips)]
    for _ in range(130):
        for person, who in zip(people, simulated, strict=True):
            judge_all(judging, person, who, clock=clock, most=1)
    found = figures_of(store, campaign)
    assert found.progress["complete"] == 120 and found.progress["judged"] == 360
    rows = {row["annotator"]: row for row in found.annotators}
    for person, slip in zip(people, slips, strict=True):
        gold = rows[person.id]["gold"]
        assert gold["asked"] == 8
        assert gold["low"] <= 1 - slip * 3 / 4 <= gold["high"]
        assert rows[person.id]["at_random"] == (slip == 1.0), rows[person.id]["doubts"]
    assert {s.system for s in found.strengths.systems} == set(truth)
    assert found.strengths.systems[0].system == "first"
    tests = {doubt.test for doubt in found.doubts if doubt.annotator == people[3].id}
    assert tests >= {"agreement", "gold"}
    # The random one is counted like everybody: nobody is dropped.
    assert rows[people[3].id]["judged"] > 60
    agreement = [rows[person.id]["agreement"][VOTE] for person in people]
    assert agreement[0]["low"] > agreement[3]["high"]
    assert agreement[3]["high"] < 0.2
    text = as_csv(found)
    assert "pointed out" in text and text.startswith("figure,of,value,low,high,n\n")


def vote(annotator: str, comparison: int, side: str, seconds: float) -> Vote:
    return Vote(
        slot=f"{annotator}{comparison}", annotator=annotator, comparison=comparison,
        case=comparison, one="x", other="y", gold="", turned=comparison % 2 == 1, side=side,
        tags=(), words="", seconds=seconds, changed=0, created="",
    )  # fmt: skip


def test_haste_and_a_liking_for_one_side_are_pointed_out_as_odd() -> None:
    votes = [vote("calm", n, "ab"[n % 2], 10.0 + n % 5) for n in range(30)]
    votes += [vote("hasty", n, "ab"[n % 2], 2.0 + n % 2) for n in range(30)]
    votes += [vote("left", n, "a", 10.0 + n % 3) for n in range(30)]
    found = {(doubt.annotator, doubt.test) for doubt in doubts(votes)}
    assert {("hasty", "time"), ("left", "side")} <= found
    assert not any(who == "calm" for who, _ in found)
    assert not any(d.at_random for d in doubts(votes) if d.annotator == "hasty")


def test_strengths_hold_the_truth_within_their_intervals(store: AnnotationStore) -> None:
    judging = Judging(store, chance=random.Random(1))
    truth = {"first": 0.6, "second": 0.0, "third": -0.6}
    campaign = campaign_in(store, 80, judgements=2, systems=tuple(truth))
    for n in range(3):
        judge_all(judging, store.invite(campaign)[0], Simulated(truth, seed=n))
    found = figures_of(store, campaign)
    for one in found.strengths.systems:
        assert one.low < truth[one.system] < one.high, one


def test_why_a_system_was_preferred_is_counted(store: AnnotationStore) -> None:
    judging = Judging(store)
    campaign = campaign_in(store, 3, judgements=1)
    annotator, _ = store.invite(campaign)
    for choice in ("a", "tie", "b"):
        judging.vote(annotator, judging.next_slot(annotator), Judgement(choice, ("fit",), "", ()))
    found = figures_of(store, campaign)
    assert sum(row["fit"] for row in found.tags.values()) == 2  # a tie prefers neither
    system = next(iter(found.tags))
    assert f"why: fit,{system},{found.tags[system]['fit']},,," in as_csv(found)
    assert f"{system} is preferred for: fit {found.tags[system]['fit']}" in as_text(found)


def test_alpha_of_noisy_annotators_is_what_their_noise_makes_it() -> None:
    """Each is right with chance 1 − s and else says one of four at random, of an answer that
    differs from case to case; alpha is then (1 − s)² for a balanced answer."""
    slips = 0.4
    rng = np.random.default_rng(1)
    ratings = []
    for unit in range(600):
        answer = rng.integers(4)
        for who in "ab":
            says = answer if rng.random() > slips else rng.integers(4)
            ratings.append(Rating(unit, who, float(says)))
    found = alpha(ratings, NOMINAL)
    assert found.low is not None and found.high is not None
    assert found.low < (1 - slips) ** 2 < found.high
    assert found.high - found.low < 0.2
