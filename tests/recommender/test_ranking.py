"""Rankers: the same items come out that went in, whatever the order, and scores are finite."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scripted_models import ScriptedModel, opinion

from prompts.instruction import Aspects, Instruction, Intention
from prompts.templates import Templates
from recommender.dialogue import Pick
from recommender.language_model import LanguageModel
from recommender.ranking import (
    JoinedRanker,
    Ranker,
    RetrieverRanker,
    make_scorer,
    nouns_of,
    spread_picks,
)
from retrieval.catalog import Catalog, Item
from retrieval.retriever import Candidate

KINDS = ("block", "labels", "likelihood", "pairwise")
ASPECTS = Aspects(wish="a scary film set in space", intention=Intention.SPECIFIC)


@pytest.fixture(scope="module")
def instruction(films: Catalog) -> Instruction:
    return Templates.load().choose(ASPECTS).render(ASPECTS, nouns_of(films))


def candidates_of(films: Catalog) -> list[Candidate]:
    return [Candidate(item, 1 - n / 20) for n, item in enumerate(films.items)]


def ranker_of(kind: str, model: LanguageModel, films: Catalog, weight: float = 0.5) -> Ranker:
    if kind == "retriever":
        return RetrieverRanker()
    return JoinedRanker(make_scorer(kind, model, films, Templates.load()), weight)


@pytest.mark.parametrize("kind", [*KINDS, "retriever"])
class TestContract:
    def test_the_same_items_come_out_best_first(
        self, kind: str, films: Catalog, instruction: Instruction
    ) -> None:
        candidates = candidates_of(films)
        picks = ranker_of(kind, ScriptedModel(), films).rank(instruction, candidates)
        assert {p.item.id for p in picks} == {c.item.id for c in candidates}
        assert [p.rank for p in picks] == list(range(1, len(candidates) + 1))
        assert [p.score for p in picks] == sorted((p.score for p in picks), reverse=True)
        assert np.isfinite([p.score for p in picks]).all()
        retrieved = {c.item.id: c.score for c in candidates}
        assert all(p.retrieval_score == retrieved[p.item.id] for p in picks)
        assert all((p.language_score is None) == (kind == "retriever") for p in picks)

    def test_the_order_of_the_candidates_does_not_matter(
        self, kind: str, films: Catalog, instruction: Instruction
    ) -> None:
        ranker = ranker_of(kind, ScriptedModel(), films)
        candidates = candidates_of(films)
        straight = ranker.rank(instruction, candidates)
        for seed in range(5):
            random.Random(seed).shuffle(candidates)
            again = ranker.rank(instruction, candidates)
            assert [p.item.id for p in again] == [p.item.id for p in straight]
            assert [p.score for p in again] == pytest.approx([p.score for p in straight])

    def test_the_same_input_gets_the_same_answer(
        self, kind: str, films: Catalog, instruction: Instruction
    ) -> None:
        ranker = ranker_of(kind, ScriptedModel(), films)
        first, second = (ranker.rank(instruction, candidates_of(films)) for _ in range(2))
        assert first == second

    @pytest.mark.parametrize("count", [0, 1, 2])
    def test_few_candidates_are_no_special_case(
        self, kind: str, count: int, films: Catalog, instruction: Instruction
    ) -> None:
        picks = ranker_of(kind, ScriptedModel(), films).rank(
            instruction, candidates_of(films)[:count]
        )
        assert len(picks) == count
        assert all(np.isfinite(p.score) for p in picks)

    def test_the_real_model_keeps_the_contract(
        self, kind: str, films: Catalog, instruction: Instruction, unquantized_model: LanguageModel
    ) -> None:
        ranker = ranker_of(kind, unquantized_model, films)
        candidates = candidates_of(films)[:4]
        picks = ranker.rank(instruction, candidates)
        assert {p.item.id for p in picks} == {c.item.id for c in candidates}
        assert picks == ranker.rank(instruction, candidates)
        shuffled = ranker.rank(instruction, candidates[::-1])
        assert [p.item.id for p in shuffled] == [p.item.id for p in picks]


@pytest.mark.parametrize("kind", KINDS)
def test_weight_0_is_the_retriever_and_weight_1_the_model(
    kind: str, films: Catalog, instruction: Instruction
) -> None:
    candidates = candidates_of(films)
    retriever = ranker_of(kind, ScriptedModel(), films, weight=0).rank(instruction, candidates)
    assert [p.item.id for p in retriever] == [item.id for item in films.items]
    model = ranker_of(kind, ScriptedModel(), films, weight=1).rank(instruction, candidates)
    scores = make_scorer(kind, ScriptedModel(), films, Templates.load()).score(
        instruction, films.items
    )
    order = sorted(range(len(scores)), key=lambda n: (-scores[n], films.items[n].id))
    assert [p.item.id for p in model] == [films.items[n].id for n in order]
    assert [p.language_score for p in model] == pytest.approx(sorted(scores, reverse=True))


def test_scores_are_joined_as_worked_by_hand(films: Catalog, instruction: Instruction) -> None:
    """Model 3, 1, 2 and retriever .1, .3, .2; each standardised to ±√1.5 and 0."""
    items = films.items[:3]
    model = ScriptedModel(scores=lambda prefix, blocks: np.array([3.0, 1.0, 2.0]))
    candidates = [Candidate(i, s) for i, s in zip(items, (0.1, 0.3, 0.2), strict=True)]
    picks = ranker_of("block", model, films, weight=0.75).rank(instruction, candidates)
    step = 1.5**0.5  # (3 - 2) / sqrt(2 / 3)
    assert [p.item.id for p in picks] == [items[0].id, items[2].id, items[1].id]
    assert [p.score for p in picks] == pytest.approx([0.5 * step, 0.0, -0.5 * step])


def test_equal_scores_go_by_id(films: Catalog, instruction: Instruction) -> None:
    flat = ScriptedModel(scores=lambda prefix, blocks: np.zeros(len(blocks)))
    candidates = [Candidate(item, 0.5) for item in films.items]
    picks = ranker_of("block", flat, films).rank(instruction, candidates)
    assert [p.item.id for p in picks] == sorted(item.id for item in films.items)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("broken", [float("nan"), float("inf")])
def test_a_score_that_is_no_number_is_refused(
    kind: str, broken: float, films: Catalog, instruction: Instruction
) -> None:
    def scores(prefix: str, blocks: Sequence[str]) -> np.ndarray:
        found = opinion(prefix, blocks)
        found[0] = broken
        return found

    with pytest.raises(ValueError, match="not a number"):
        ranker_of(kind, ScriptedModel(scores), films).rank(instruction, candidates_of(films))


def test_a_block_is_asked_once_behind_the_instruction(
    films: Catalog, instruction: Instruction
) -> None:
    heard: list[tuple[str, list[str]]] = []

    def scores(prefix: str, blocks: Sequence[str]) -> np.ndarray:
        heard.append((prefix, list(blocks)))
        return opinion(prefix, blocks)

    ranker_of("block", ScriptedModel(scores), films).rank(instruction, candidates_of(films))
    [(prefix, blocks)] = heard
    assert prefix == instruction.text
    assert blocks[0] == (
        " The Hollow Hull, horror, science fiction, deep space, isolation, dread, english? Answer:"
    )
    assert len(blocks) == len(films)


def test_every_pair_is_asked_both_ways(films: Catalog, instruction: Instruction) -> None:
    heard: list[str] = []

    def first_wins(prefix: str, blocks: Sequence[str]) -> np.ndarray:
        heard.extend(blocks)
        return np.ones(len(blocks))  # a model that prefers whatever stands first

    scorer = make_scorer("pairwise", ScriptedModel(first_wins), films, Templates.load())
    assert scorer.score(instruction, films.items).tolist() == [0.0] * len(films)
    pairs = {tuple(b.removesuffix("? Answer:").strip().split(" rather than ")) for b in heard}
    assert pairs == {(b, a) for a, b in pairs}


def test_more_candidates_than_letters_are_asked_in_parts(
    movies: Catalog, instruction: Instruction
) -> None:
    heard: list[int] = []

    def scores(prefix: str, blocks: Sequence[str]) -> np.ndarray:
        heard.append(len(blocks))
        return opinion(prefix, blocks)

    scorer = make_scorer("labels", ScriptedModel(scores), movies, Templates.load())
    assert np.isfinite(scorer.score(instruction, movies.items[:60])).all()
    assert heard == [26, 26, 26, 26, 8, 8]


def test_an_unknown_scorer_names_those_that_exist(films: Catalog) -> None:
    with pytest.raises(ValueError, match="block, labels, likelihood and pairwise"):
        make_scorer("oracle", ScriptedModel(), films, Templates.load())


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_any_scores_give_a_ranking(data: st.DataObject) -> None:
    count = data.draw(st.integers(1, 12))
    numbers = st.lists(
        st.floats(-1e6, 1e6, allow_nan=False, width=32), min_size=count, max_size=count
    )
    language, retrieval = data.draw(numbers), data.draw(numbers)
    weight = data.draw(st.floats(0, 1))
    items = [Item(str(n), f"Title {n}", {}, {}, {}) for n in range(count)]
    score: Callable[..., np.ndarray] = lambda *_: np.array(language)  # noqa: E731
    scorer = type("Fixed", (), {"score": staticmethod(score)})()
    candidates = [Candidate(i, s) for i, s in zip(items, retrieval, strict=True)]
    picks = JoinedRanker(scorer, weight).rank(None, candidates)  # type: ignore[arg-type]
    assert sorted(p.item.id for p in picks) == sorted(i.id for i in items)
    assert np.isfinite([p.score for p in picks]).all()
    assert [p.score for p in picks] == sorted((p.score for p in picks), reverse=True)


def test_the_first_picks_are_spread_and_the_best_stays_first() -> None:
    vectors = np.array([[1, 0], [0.99, 0.14], [0.98, 0.2], [0, 1]], dtype=np.float32)
    scores = (3.0, 2.9, 2.8, 2.5)  # of whatever scale: a ranker's
    picks = [
        Pick(Item(f"i{n}", f"I{n}", {}, {}, {}), n + 1, score, 0.5 - n / 100)
        for n, score in enumerate(scores)
    ]
    found = spread_picks(picks, vectors, 2, 0.6)
    assert [pick.item.id for pick in found] == ["i0", "i3", "i1", "i2"]
    assert [pick.rank for pick in found] == [1, 2, 3, 4]
    assert [pick.item.id for pick in spread_picks(picks, vectors, 2, 1.0)] == [
        "i0", "i1", "i2", "i3",
    ]  # fmt: skip
    assert spread_picks(picks[:1], vectors[:1], 3, 0.6) == picks[:1]
