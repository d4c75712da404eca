"""The language model as a scorer: forms, wordings, names that exist; one that reorders."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scripted_models import ScriptedModel

from prompts.instruction import Aspects, TaskForm
from prompts.templates import HELD_OUT_FILE, Templates, read_templates
from recommender.adapter_card import LANGUAGE_MODEL, RANKING, Card, write_card
from recommender.evaluation.cases import Question
from recommender.evaluation.data import Behaviour
from recommender.evaluation.joining import ReorderedScorer
from recommender.evaluation.language import (
    NamingScorer,
    all_templates,
    language_scorer,
    wordings,
)  # fmt: skip
from recommender.evaluation.model_in_use import ModelInUse
from recommender.evaluation.tasks import TASKS
from recommender.settings import Settings

_CARD = Card(
    LANGUAGE_MODEL, (RANKING,), "base", "0", "0", "made.jsonl", "0", "0", "2026-01-02", "CC0-1.0"
)
HISTORY = np.array([0, 1], np.int32)


def question(shop: Behaviour, *candidates: int) -> Question:
    told = tuple(shop.catalog.items[p].name for p in HISTORY)
    return Question("q", HISTORY, np.array(candidates, np.int32), Aspects(told))


def heard() -> tuple[ScriptedModel, list[str]]:
    """A model that notes what it is asked, prefix and blocks."""
    asked: list[str] = []

    def note(prefix: str, blocks: Sequence[str]) -> NDArray[np.float64]:
        asked.extend([prefix, *blocks])
        return np.arange(len(blocks), dtype=np.float64)

    return ScriptedModel(note), asked


def test_each_form_is_asked_by_its_own_template(shop: Behaviour) -> None:
    prefixes = set()
    for form in (TaskForm.POINTWISE, TaskForm.PAIRWISE, TaskForm.RERANKING):
        model, asked = heard()
        [scores] = language_scorer(form, model, shop.catalog).score([question(shop, 4, 9)])
        assert len(scores) == 2 and np.isfinite(scores).all()
        template = Templates.load().choose(question(shop).aspects, form)
        beginning = template.input.split("{")[0]
        assert beginning and asked[0].startswith(beginning)
        prefixes.add(beginning)
    assert len(prefixes) == 3


def test_another_wording_is_asked_where_one_is_given(shop: Behaviour) -> None:
    aspects = question(shop).aspects
    told = set()
    for template in wordings(aspects, all_templates()):
        model, asked = heard()
        scorer = language_scorer(TaskForm.RERANKING, model, shop.catalog, template)
        scorer.score([question(shop, 4, 9)])
        assert asked[1].endswith("Answer:")
        told.add(asked[0])
    assert len(told) == len(wordings(aspects, all_templates())) >= 5


def test_held_out_wordings_serve_nobody() -> None:
    serving = Templates.load()
    held_out = read_templates(HELD_OUT_FILE)
    assert held_out and not {t.id for t in held_out} & set(serving.by_id)
    for task in TASKS.values():
        for form in (TaskForm.RERANKING, TaskForm.PAIRWISE):
            assert all_templates().choose(task.aspects, form) in serving.by_id.values()


class Adapted(ScriptedModel):
    """A model that was loaded with an adapter."""

    def describe(self) -> dict[str, Any]:
        return {**super().describe(), "adapter": "given"}


def test_a_record_says_which_combinations_of_aspects_were_held_out(tmp_path: Path) -> None:
    """Tuned on next items and on searches by category, never on a history with a category."""
    seen = ["rerank-history-open", "rerank-new-specific", "a template of former times"]
    write_card(tmp_path, dataclasses.replace(_CARD, settings={"templates_seen": seen}))
    in_use = ModelInUse(Settings(adapter=str(tmp_path)))
    in_use.model = Adapted()

    def said(task: str, template: str = "") -> tuple[bool, bool]:
        in_use.template = all_templates().by_id[template] if template else None
        told = in_use.wording(TASKS[task].aspects, TASKS[task].task_form)
        return told["template_seen"], told["combination_seen"]

    assert said("sequential") == said("product-search") == (True, True)
    assert said("sequential", "held-history-open-blunt") == (False, True)
    assert said("search-specific") == said("sequential-pairwise") == (False, False)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Amber Dawn", "Amber Dawn"),
        ("\n\n amber DAWN.\nBirch Storm", "Amber Dawn"),
        ("The next one is Cedar Harbour, I think", "Cedar Harbour"),
        ("Cedar Harbuor", "Cedar Harbour"),
        ("The Witcher", ""),
        ("", ""),
    ],
)
def test_a_name_is_linked_to_the_catalog_or_is_a_wrong_output(
    shop: Behaviour, text: str, named: str
) -> None:
    # Names in the shop end with their system, as those of the data do.
    names = {item.title.split(" (")[0]: place for place, item in enumerate(shop.catalog.items)}
    suffix = {place: item.name.removeprefix(item.title.split(" (")[0])
              for place, item in enumerate(shop.catalog.items)}  # fmt: skip
    said = text
    for name, place in names.items():
        said = said.replace(name, f"{name}{suffix[place]}")
        said = said.replace(name.lower().replace("dawn", "DAWN"), f"{name}{suffix[place]}")
    said = said.replace("Harbuor", f"Harbuor{suffix[names['Cedar Harbour']]}")
    scorer = NamingScorer(ScriptedModel(pieces=(said,)), shop.catalog, all_templates(), False)
    [scores] = scorer.score([question(shop, *range(2, 48), 0)])
    if not named:
        assert np.isnan(scores).all()
        return
    candidates = [*range(2, 48), 0]
    assert [candidates[n] for n in np.flatnonzero(scores == 1)] == [names[named]]


def test_a_bound_name_is_asked_within_a_frame_of_all_names(shop: Behaviour) -> None:
    model = ScriptedModel(pieces=(shop.catalog.items[5].name,))
    scorer = NamingScorer(model, shop.catalog, all_templates(), True)
    [scores] = scorer.score([question(shop, 5, 6)])
    assert scores.tolist() == [1, 0]
    [(_, frame)] = model.heard
    assert frame is not None and len(frame.phrases["name"]) == len(shop.catalog)


class Scores:
    """Scores by a function of the candidates."""

    def __init__(self, name: str, score: Callable[[NDArray[np.int32]], NDArray[np.float64]]):
        self.name, self._score = name, score

    def score(self, questions: Sequence[Question]) -> list[NDArray[np.floating]]:
        return [self._score(q.candidates) for q in questions]


def test_the_first_are_put_in_another_order_and_the_rest_stay() -> None:
    by_place = Scores("place", lambda places: -places.astype(np.float64))
    backwards = Scores("back", lambda places: places.astype(np.float64))
    asked = Question("q", HISTORY, np.array([4, 2, 0, 3, 1], np.int32))
    [scores] = ReorderedScorer(by_place, backwards, 2, "both").score([asked])
    order = asked.candidates[np.argsort(-scores)]
    assert order.tolist() == [1, 0, 2, 3, 4]


def test_a_wrong_output_of_who_reorders_is_one_of_both() -> None:
    by_place = Scores("place", lambda places: -places.astype(np.float64))
    broken = Scores("broken", lambda places: np.full(len(places), np.nan))
    asked = Question("q", HISTORY, np.array([1, 2, 3], np.int32))
    [scores] = ReorderedScorer(by_place, broken, 2, "both").score([asked])
    assert not np.isfinite(scores).all()
