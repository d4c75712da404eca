"""The baselines: one contract for all, and what some of them should find."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scripted_models import HashingEncoder, ScriptedModel
from tiny_shop import QUICK

from prompts.instruction import Aspects, Instruction
from prompts.templates import Templates
from recommender.evaluation.baselines import Neighbours, Popularity
from recommender.evaluation.cases import Case, CaseScorer, Question
from recommender.evaluation.contract import InstructedScorer, RetrieverScorer, ScoringRanker
from recommender.evaluation.controls import CONTROLS, make_control
from recommender.evaluation.data import Behaviour
from recommender.evaluation.joining import JoinedScorer, Weights, fit_choice, learn_weights
from recommender.evaluation.left_out import SEARCHERS
from recommender.evaluation.shelf import Shelf
from recommender.evaluation.tasks import TASKS, make_cases, numbers_for
from recommender.evaluation.wishes import Wishes
from recommender.ranking import BlockScorer, nouns_of
from retrieval.index import DenseIndex
from retrieval.retriever import Candidate, DenseRetriever

SCORERS = (
    "popularity", "neighbours", "ease", "bm25", "minilm", "minilm-nearest", "sasrec",
    "bert4rec", "sasrec-paper", "sasrec-titles", "joined", "llm", "retriever", "two-tower", "tem",
    "first", "random",
)  # fmt: skip


def scorer_of(name: str, shelf: Shelf) -> CaseScorer:
    catalog = shelf.behaviour.catalog
    if name == "llm":
        templates = Templates.load()
        return InstructedScorer(
            BlockScorer(ScriptedModel(), catalog, templates), catalog, templates, "llm"
        )
    if name == "retriever":
        return RetrieverScorer(DenseRetriever(catalog, HashingEncoder(), DenseIndex(shelf.vectors)))
    if name == "joined":
        names = ("ease", "popularity")
        return JoinedScorer(
            [shelf.scorer(n) for n in names],
            Weights(dict.fromkeys(names, 1.0), dict.fromkeys(names, 0.5)),
        )
    if name in CONTROLS:
        return make_control(name, shelf.behaviour, "test", False, 0)
    if name in SEARCHERS:
        return shelf.searcher("p1i2", name, lambda: searches(shelf.behaviour))
    return shelf.scorer(name)


def searches(shop: Behaviour) -> list[Case]:
    task = TASKS["search-specific"]
    numbers = range(len(shop.users))
    return list(make_cases(task, shop, numbers, "validation", 0, Wishes(shop.catalog)))


def test_every_scorer_of_the_shelf_is_held_to_the_contract(shelf: Shelf) -> None:
    assert set(shelf.names) <= set(SCORERS)


def instruction_of(shop: Behaviour, *places: int) -> Instruction:
    aspects = Aspects(history=tuple(shop.catalog.items[p].name for p in places))
    return Templates.load().choose(aspects).render(aspects, nouns_of(shop.catalog))


@pytest.mark.parametrize("name", SCORERS)
def test_the_rankers_contract(name: str, shelf: Shelf, shop: Behaviour) -> None:
    ranker = ScoringRanker(scorer_of(name, shelf), shop.catalog)
    instruction = instruction_of(shop, 3, 4)
    candidates = [Candidate(shop.catalog.items[p], 0.5) for p in (5, 20, 7, 41, 11, 30)]
    picks = ranker.rank(instruction, candidates)
    assert sorted(p.item.id for p in picks) == sorted(c.item.id for c in candidates)
    assert [p.rank for p in picks] == [1, 2, 3, 4, 5, 6]
    assert all(np.isfinite(p.score) for p in picks)
    assert [p.score for p in picks] == sorted((p.score for p in picks), reverse=True)
    again = ranker.rank(instruction, candidates[::-1])
    assert [(p.item.id, p.score) for p in again] == [(p.item.id, p.score) for p in picks]
    assert ranker.rank(instruction, []) == []


@pytest.mark.parametrize("name", SCORERS)
def test_nothing_known_of_the_user_is_no_failure(name: str, shelf: Shelf, shop: Behaviour) -> None:
    ranker = ScoringRanker(scorer_of(name, shelf), shop.catalog)
    picks = ranker.rank(instruction_of(shop), [Candidate(shop.catalog.items[3], 0.0)])
    assert len(picks) == 1 and np.isfinite(picks[0].score)


def question(history: list[int], candidates: list[int]) -> Question:
    return Question("q", np.array(history, np.int32), np.array(candidates, np.int32))


def test_popularity_by_hand() -> None:
    sequences = [np.array(s, np.int32) for s in ([0, 1], [0, 2], [0, 1])]
    [scores] = Popularity(sequences, 4).score([question([], [0, 1, 2, 3])])
    assert scores == pytest.approx(np.log([4, 3, 2, 1]))


def test_neighbours_by_hand() -> None:
    sequences = [np.array(s, np.int32) for s in ([0, 1, 2], [0, 1], [3, 2])]
    neighbours = Neighbours(sequences, 4, fade=0.5)
    [scores] = neighbours.score([question([0], [1, 2, 3])])
    # 0 is followed by 1 twice at distance 1, by 2 once at distance 2; all three were had twice.
    assert scores == pytest.approx([2 / np.sqrt(2 * 2), 0.5 / np.sqrt(2 * 2), 0])
    [scores] = neighbours.score([question([3, 0], [1, 2])])
    # The older item of the history counts half: 3 is followed by 2 once, and was had once.
    assert scores == pytest.approx([1, 0.25 + 0.5 * 1 / np.sqrt(2)])
    [scores] = neighbours.score([question([2], [3])])
    assert scores == pytest.approx([0.5 / np.sqrt(2)])  # backwards counts half


def test_nothing_is_learned_from_what_the_split_keeps(shop: Behaviour, tmp_path: Path) -> None:
    counts = {
        upto: Shelf(shop, upto, tmp_path, QUICK).popularity.counts.sum()
        for upto in ("validation", "test")
    }
    total = sum(len(s) for s in shop.sequences)
    assert counts == {
        "validation": total - 2 * len(shop.users), "test": total - len(shop.users),
    }  # fmt: skip


def test_what_was_learned_is_kept_and_not_answered_for_other_data(
    shop: Behaviour, tmp_path: Path
) -> None:
    first = Shelf(shop, "validation", tmp_path, QUICK).sequential(False)
    [path] = tmp_path.glob("*sasrec*")
    before = path.stat().st_mtime_ns
    again = Shelf(shop, "validation", tmp_path, QUICK).sequential(False)
    assert path.stat().st_mtime_ns == before
    history = [shop.sequences[0]]
    assert (first.scores(history) == again.scores(history)).all()
    other = Behaviour(shop.name, shop.catalog, shop.users, shop.sequences,
                      {**shop.checksums, "video_games/items.jsonl.gz": "0"}, {})  # fmt: skip
    Shelf(other, "validation", tmp_path, QUICK).sequential(False)
    assert len(list(tmp_path.glob("*sasrec*"))) == 2


def test_neighbours_find_the_next_part_of_a_series(shelf: Shelf, shop: Behaviour) -> None:
    task = TASKS["sequential"]
    numbers = numbers_for(task, shop, "test", 0, 0)
    cases = list(make_cases(task, shop, numbers, "test", 0, Wishes(shop.catalog)))
    scores = shelf.scorer("neighbours").score([c.question for c in cases])
    hits = [int(np.argmax(s)) == c.right for s, c in zip(scores, cases, strict=True)]
    assert np.mean(hits) > 0.6  # chance is a tenth


def test_a_choice_is_weighed_by_hand() -> None:
    # Two candidates, one trait; the one that has it is right in three of four cases. Where the
    # likelihood is greatest the chance of it is 3/4, so the weight is log 3.
    features = np.array([[[1.0], [0.0]]] * 4)
    weights = fit_choice(features, np.array([0, 0, 0, 1]), ridge=0.0)
    assert weights[0] == pytest.approx(np.log(3), abs=1e-4)


def test_who_knows_gets_the_weight_and_who_guesses_none(shelf: Shelf, shop: Behaviour) -> None:
    task = TASKS["sequential"]
    numbers = numbers_for(task, shop, "validation", 0, 0)
    cases = list(make_cases(task, shop, numbers, "validation", 0, Wishes(shop.catalog)))

    class Guess:
        name = "guess"

        def score(self, questions: list[Question]) -> list[np.ndarray]:
            rng = np.random.default_rng(0)
            return [rng.random(len(q.candidates)) for q in questions]

    weights = learn_weights([shelf.scorer("neighbours"), Guess()], cases)
    assert weights.shares["neighbours"] > 5 * abs(weights.shares["guess"])
