"""Between the app's rankers and the evaluation's scorers: each can stand in for the other.

Promises that a scorer made into a ranker keeps the ranker's contract: the same items come
out that went in, best first, with finite scores, whatever the order of the candidates; and
that a language model is asked as the app asks it, with the same templates.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prompts.instruction import Instruction, TaskForm
from prompts.templates import Template, Templates
from recommender.dialogue import Pick
from recommender.evaluation.cases import CaseScorer, Question
from recommender.ranking import Scorer, nouns_of
from retrieval.catalog import Catalog
from retrieval.retriever import Candidate, DenseRetriever, Query


class ScoringRanker:
    """A scorer of cases as a `Ranker` of the app.

    The instruction tells the history by name; of items with one name the first is taken.
    Candidates that the scorer finds alike stand as the retriever has them.
    """

    def __init__(self, scorer: CaseScorer, catalog: Catalog) -> None:
        self._scorer, self._catalog = scorer, catalog
        self._places: dict[str, list[int]] = defaultdict(list)
        for place, item in enumerate(catalog.items):
            self._places[item.name].append(place)

    def rank(self, instruction: Instruction, candidates: Sequence[Candidate]) -> list[Pick]:
        if not candidates:
            return []
        history = [self._places[n][0] for n in instruction.aspects.history if n in self._places]
        # Asked in an order of their own, so that the caller's order can't change a bit.
        ordered = sorted(candidates, key=lambda c: c.item.id)
        places = [self._catalog.place[c.item.id] for c in ordered]
        question = Question(
            "app", np.array(history, dtype=np.int32), np.array(places, dtype=np.int32),
            instruction.aspects,
        )  # fmt: skip
        [scores] = self._scorer.score([question])
        if not np.isfinite(scores).all():
            raise ValueError(f"ranker {self._scorer.name} gave a score that is not a number")
        best = sorted(range(len(ordered)), key=lambda n: (-float(scores[n]), -ordered[n].score))
        return [
            Pick(ordered[n].item, rank, float(scores[n]), ordered[n].score)
            for rank, n in enumerate(best, start=1)
        ]


class InstructedScorer:
    """A language model asked as the app asks it: a template filled in, and a `Scorer`.

    A `template` is asked in place of the first that serves the question's aspects and `form`.
    """

    def __init__(
        self, scorer: Scorer, catalog: Catalog, templates: Templates, name: str,
        form: TaskForm = TaskForm.RERANKING, template: Template | None = None,
    ) -> None:  # fmt: skip
        self.name = name
        self._scorer, self._catalog, self._templates = scorer, catalog, templates
        self._form, self._template = form, template

    def score(self, questions: Sequence[Question]) -> list[NDArray[np.floating[Any]]]:
        return [self._asked(question) for question in questions]

    def _asked(self, question: Question) -> NDArray[np.float64]:
        template = self._template or self._templates.choose(question.aspects, self._form)
        instruction = template.render(question.aspects, nouns_of(self._catalog))
        items = [self._catalog.items[place] for place in question.candidates]
        return self._scorer.score(instruction, items)


class RetrieverScorer:
    """The app's retriever alone: its score of each candidate, and less than any where it has
    none."""

    name = "retriever"

    def __init__(self, retriever: DenseRetriever) -> None:
        self._retriever = retriever

    def score(self, questions: Sequence[Question]) -> list[NDArray[np.floating[Any]]]:
        return [self._asked(question) for question in questions]

    def _asked(self, question: Question) -> NDArray[np.float64]:
        catalog = self._retriever.catalog
        items = catalog.items
        wish = "; ".join(p for p in (question.aspects.wish, *question.aspects.taste) if p)
        query = Query(text=wish, liked=tuple(items[place].id for place in question.history))
        found = {c.item.id: c.score for c in self._retriever.retrieve(query, len(catalog))}
        return np.array([found.get(items[place].id, -10.0) for place in question.candidates])
