"""The language model as a scorer of cases, in each task form and in any wording.

Promises that the model is asked as the app asks it unless another template is given, and
that what it names is held against the catalog: a text that names no item of it is a wrong
output, never a guess in the model's favour.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz, process

from prompts.instruction import Aspects, TaskForm
from prompts.templates import HELD_OUT_FILE, Strategy, Template, Templates, read_templates
from recommender.evaluation.cases import CaseScorer, Question
from recommender.evaluation.contract import InstructedScorer
from recommender.language_model import Frame, LanguageModel
from recommender.ranking import BlockScorer, PairwiseScorer, nouns_of
from retrieval.catalog import Catalog, fold

_MAX_TOKENS = 40  # of a name
_ALIKE = 92  # of a hundred; a name written with a slip or two
_SHORTEST = 8  # characters of a title that is looked for within a sentence


def all_templates() -> Templates:
    """The templates that serve, with the wordings behind them that no model is tuned on."""
    return Templates([*Templates.load().by_id.values(), *read_templates(HELD_OUT_FILE)])


def wordings(aspects: Aspects, templates: Templates) -> list[Template]:
    """All templates that ask about one item at a time and serve these aspects."""
    return [
        t for t in templates.by_id.values()
        if (t.preference, t.intention) == (aspects.preference, aspects.intention)
        and t.strategy is Strategy.PLAIN
        and t.task_form in (TaskForm.RERANKING, TaskForm.POINTWISE)
    ]  # fmt: skip


def language_scorer(
    form: TaskForm, model: LanguageModel, catalog: Catalog, template: Template | None = None,
    bound: bool = False,
) -> CaseScorer:  # fmt: skip
    """The scorer of a task form; `template` in place of the one that serves, `bound` for
    names that can't be any but the catalog's."""
    templates = all_templates()
    if form is TaskForm.MATCHING:
        return NamingScorer(model, catalog, templates, bound)
    if form is TaskForm.PAIRWISE:
        scorer = PairwiseScorer(model, catalog, templates)
        return InstructedScorer(scorer, catalog, templates, "llm")
    block = BlockScorer(model, catalog, templates)
    return InstructedScorer(block, catalog, templates, "llm", form, template)


class NamingScorer:
    """The model writes a name (T2): the item of that name above all others, which are level.

    A text that names no item gives no number for any.
    """

    def __init__(
        self, model: LanguageModel, catalog: Catalog, templates: Templates, bound: bool
    ) -> None:
        self.name = "llm-bound" if bound else "llm"
        self._model, self._catalog, self._templates = model, catalog, templates
        self._places: dict[str, list[int]] = {}
        for place, item in enumerate(catalog.items):
            self._places.setdefault(fold(item.name), []).append(place)
        names = tuple((item.name, item.name) for item in catalog.items)
        self._frame = Frame("name", {"name": names}, {"name": ()}, ("name",)) if bound else None

    def score(self, questions: Sequence[Question]) -> list[NDArray[np.floating[Any]]]:
        return [self._asked(question) for question in questions]

    def _asked(self, question: Question) -> NDArray[np.float64]:
        template = self._templates.choose(question.aspects, TaskForm.MATCHING)
        prompt = template.render(question.aspects, nouns_of(self._catalog)).text
        text = "".join(self._model.stream([("user", prompt)], _MAX_TOKENS, self._frame))
        places = self.linked(text)
        if not places:
            return np.full(len(question.candidates), np.nan)
        return np.isin(question.candidates, places).astype(np.float64)

    def linked(self, text: str) -> list[int]:
        """The items that the first line of a text names, or none: by their whole name, by the
        longest name within it, or by a name that is spelled nearly so."""
        line = next((part for part in text.splitlines() if part.strip()), "")
        said = fold(line)
        if said in self._places:
            return self._places[said]
        inside = [n for n in self._places if len(n) >= _SHORTEST and f" {n} " in f" {said} "]
        if inside:
            return self._places[max(inside, key=len)]
        found = process.extractOne(
            said, self._places.keys(), scorer=fuzz.ratio, score_cutoff=_ALIKE
        )
        return self._places[found[0]] if found else []
