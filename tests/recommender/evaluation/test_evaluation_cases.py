"""Cases: what is asked, what chance gets, and that no answer is told."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from tiny_shop import MORE, write_shop

from recommender.evaluation.cases import Case, CaseScorer, Question
from recommender.evaluation.controls import make_control
from recommender.evaluation.data import Behaviour, load_video_games
from recommender.evaluation.leaks import LeakError, refuse_leak, telling, words
from recommender.evaluation.metrics import per_case
from recommender.evaluation.runs import ask
from recommender.evaluation.tasks import TASKS, make_cases, numbers_for
from recommender.evaluation.wishes import Wishes
from recommender.understanding.words import FUNCTION_WORDS
from retrieval.catalog import Catalog


def cases_of(shop: Behaviour, task: str, seed: int = 0, sample: int = 0) -> list[Case]:
    numbers = numbers_for(TASKS[task], shop, "test", sample, seed)
    wishes = Wishes(shop.catalog)
    return list(make_cases(TASKS[task], shop, numbers, "test", seed, wishes))


class Told:
    """Scores by a function of the question; an oracle or a fool, as the test needs."""

    name = "told"

    def __init__(self, score: Callable[[Question], NDArray[np.float64]]) -> None:
        self._score = score

    def score(self, questions: Sequence[Question]) -> list[NDArray[np.float64]]:
        return [self._score(q) for q in questions]


def mean(cases: Sequence[Case], scorer: CaseScorer, name: str) -> float:
    return float(per_case([row.standing for row in ask(scorer, cases)])[name].mean())


def many(shop: Behaviour) -> list[Case]:
    """Six hundred cases: those of ten seeds."""
    return [case for seed in range(10) for case in cases_of(shop, "sequential", seed)]


def test_the_first_candidate_is_right_as_often_as_chance_says(shop: Behaviour) -> None:
    first = Told(lambda q: -np.arange(len(q.candidates), dtype=np.float64))
    # 600 draws at one in ten: the standard error is .012.
    assert mean(many(shop), first, "HR@1") == pytest.approx(0.1, abs=0.037)
    assert mean(many(shop), first, "HR@5") == pytest.approx(0.5, abs=0.06)


def test_equal_scores_get_exactly_what_chance_gives(shop: Behaviour) -> None:
    level = Told(lambda q: np.zeros(len(q.candidates)))
    assert mean(cases_of(shop, "sequential"), level, "HR@1") == pytest.approx(1 / 10)


@pytest.mark.parametrize("task", [name for name in TASKS if name not in (
    "product-search-cds", "sequential-100", "search-vague-100")])  # fmt: skip
def test_who_is_told_the_answers_is_always_right(shop: Behaviour, task: str) -> None:
    cases = cases_of(shop, task)
    answers = {c.question.id: c.question.candidates[c.right] for c in cases}
    oracle = Told(lambda q: (q.candidates == answers[q.id]).astype(np.float64))
    assert cases and mean(cases, oracle, "HR@1") == 1


def test_the_same_seed_makes_the_same_cases_and_another_makes_others(shop: Behaviour) -> None:
    one, two, other = (cases_of(shop, "sequential", seed) for seed in (4, 4, 5))
    for a, b in zip(one, two, strict=True):
        assert (a.question.candidates == b.question.candidates).all() and a.right == b.right
    assert any((a.question.candidates != b.question.candidates).any()
               for a, b in zip(one, other, strict=True))  # fmt: skip


def test_a_sample_holds_cases_of_the_whole(shop: Behaviour) -> None:
    whole = {c.question.id: c for c in cases_of(shop, "sequential")}
    sample = cases_of(shop, "sequential", sample=7)
    assert len(sample) == 7
    for case in sample:
        assert (whole[case.question.id].question.candidates == case.question.candidates).all()


def test_no_negative_is_an_item_that_the_user_ever_has(shop: Behaviour) -> None:
    for task in ("sequential", "sequential-hard"):
        for case in cases_of(shop, task):
            sequence = shop.sequences[shop.users.index(case.question.id)]
            found = set(case.question.candidates.tolist())
            assert len(found) == len(case.question.candidates) == 10
            assert found & set(sequence.tolist()) == {int(sequence[-1])}


def test_the_whole_catalog_is_asked_without_what_the_user_has(shop: Behaviour) -> None:
    for case in cases_of(shop, "sequential-catalog"):
        sequence = shop.sequences[shop.users.index(case.question.id)]
        assert set(case.question.candidates.tolist()) == (
            set(range(len(shop.catalog))) - set(sequence[:-1].tolist())
        )


def test_of_a_new_user_nothing_is_told(shop: Behaviour) -> None:
    for case in cases_of(shop, "product-search"):
        assert len(case.question.history) == 0 and not case.question.aspects.history


def test_a_target_planted_in_the_history_is_caught(shop: Behaviour) -> None:
    case = cases_of(shop, "sequential")[0]
    target = int(case.question.candidates[case.right])
    history = np.append(case.question.history, np.int32(target)).astype(np.int32)
    planted = dataclasses.replace(case.question, history=history)
    with pytest.raises(LeakError, match="in the history"):
        refuse_leak(planted, target, shop.catalog)


@pytest.mark.parametrize("task", ["search-vague", "search-specific", "product-search"])
def test_a_title_planted_in_the_wish_is_caught(shop: Behaviour, task: str) -> None:
    case = cases_of(shop, task)[0]
    target = int(case.question.candidates[case.right])
    told = dataclasses.replace(
        case.question.aspects, history=(), wish=f"like {shop.catalog.items[target].title.upper()}!"
    )
    with pytest.raises(LeakError):
        refuse_leak(dataclasses.replace(case.question, aspects=told), target, shop.catalog)


def test_one_telling_word_of_the_title_is_caught(shop: Behaviour) -> None:
    title = shop.catalog.items[0].title
    assert telling(title, shop.catalog) >= {"amber", "dawn"}  # eight and six titles share them
    case = cases_of(shop, "product-search")[0]
    told = dataclasses.replace(case.question.aspects, wish="something with a dawn in it")
    with pytest.raises(LeakError, match="dawn"):
        refuse_leak(dataclasses.replace(case.question, aspects=told), 0, shop.catalog)


def test_a_vague_wish_shares_no_word_with_the_title_and_is_loose(shop: Behaviour) -> None:
    for case in cases_of(shop, "search-vague"):
        target = shop.catalog.items[int(case.question.candidates[case.right])]
        wish = case.question.aspects.wish
        assert not set(words(target.title)) & set(words(wish)) - FUNCTION_WORDS
        assert not any(value.lower() in wish.lower() for value in target.facets["platform"])


def test_no_item_is_known_by_how_its_wish_is_put(shop: Behaviour) -> None:
    """What is not about the item varies from one who asks to the next, and stays for one."""
    wishes = Wishes(shop.catalog)
    for place in range(len(shop.catalog)):
        asked = {wishes.vague(place, f"user {n}") for n in range(20)}
        assert len(asked) > 3
        assert wishes.vague(place, "user 1") == wishes.vague(place, "user 1")


def test_a_whole_catalog_is_not_asked_in_its_own_order(shop: Behaviour) -> None:
    places = [c.question.candidates.tolist() for c in cases_of(shop, "sequential-catalog")]
    assert all(p != sorted(p) for p in places)


@pytest.mark.parametrize("task", ["sequential", "sequential-pairwise", "product-search"])
def test_the_controls_get_what_they_must(shop: Behaviour, task: str) -> None:
    by_item = TASKS[task].by_item
    cases = [case for seed in range(10) for case in cases_of(shop, task, seed)]
    chance = 1 / len(cases[0].question.candidates)
    error = 3 * np.sqrt(chance * (1 - chance) / len(cases))
    for name, expected in (("first", chance), ("random", chance), ("told", 1.0)):
        control = make_control(name, shop, "test", by_item, 0)
        slack = 0 if name == "told" else error
        assert mean(cases, control, "HR@1") == pytest.approx(expected, abs=slack)


@pytest.mark.parametrize("task", ["sequential-100", "search-vague-100"])
def test_among_a_hundred_the_controls_get_what_they_must(task: str, tmp_path: Path) -> None:
    wide = load_video_games(write_shop(tmp_path, names=MORE))
    cases = [case for seed in range(5) for case in cases_of(wide, task, seed)]
    assert {len(set(case.question.candidates.tolist())) for case in cases} == {100}
    level = Told(lambda q: np.zeros(len(q.candidates)))
    assert mean(cases, level, "HR@1") == pytest.approx(1 / 100)
    assert mean(cases, level, "R@20") == pytest.approx(20 / 100)
    first, told = (make_control(name, wide, "test", False, 0) for name in ("first", "told"))
    assert mean(cases, told, "HR@1") == 1
    # 300 draws: the standard error of R@50 is .029.
    assert mean(cases, first, "R@50") == pytest.approx(0.5, abs=0.09)


def test_a_random_score_stays_with_its_item(shop: Behaviour) -> None:
    control = make_control("random", shop, "test", False, 0)
    case = cases_of(shop, "sequential")[0]
    turned = dataclasses.replace(case.question, candidates=case.question.candidates[::-1])
    [one], [other] = control.score([case.question]), control.score([turned])
    assert one.tolist() == other[::-1].tolist()


def test_hints_are_caught_where_a_title_has_their_words(shop: Behaviour) -> None:
    """A game called like a hint says nothing by it."""
    item = dataclasses.replace(shop.catalog.items[0], title="Tactics of the Riddle")
    catalog = Catalog("planted", (item, *shop.catalog.items[1:]), shop.catalog.fields.values())
    assert "tactics" not in Wishes(catalog).vague(0, "someone").lower()
