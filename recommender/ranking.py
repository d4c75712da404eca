"""Ranking: the language model's opinion of the candidates, joined with the retriever's.

Four ways to ask the model stand behind one contract (`Ranker`): block scoring, which reads
the instruction once and every candidate by itself; letter labels over a list; the title's
likelihood, as InstructRec has it (arXiv 2305.07001, section 3.3); and pairwise questions.
All give one score per candidate, higher is better. Only labels depend on the order of the
candidates, so they are asked in an order that the candidates themselves decide.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from prompts.instruction import Instruction, TaskForm
from prompts.templates import Templates
from recommender.dialogue import Pick
from recommender.language_model import LanguageModel
from retrieval.catalog import Catalog, Item
from retrieval.retriever import Candidate
from retrieval.scoring import spread

Scores = NDArray[np.float64]
# The model's share without an adapter: it adds nothing that `benchmarks/joining.py` can
# measure, and this share costs nothing either.
UNTUNED_WEIGHT = 0.05
_LABELS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Scorer(Protocol):
    """One score for each item, shape (len(items),), higher is better, all finite."""

    def score(self, instruction: Instruction, items: Sequence[Item]) -> Scores: ...


class Ranker(Protocol):
    """The same items come out that went in, best first; the same answer for the same input."""

    def rank(self, instruction: Instruction, candidates: Sequence[Candidate]) -> list[Pick]: ...


class BlockScorer:
    """Log-odds of yes for each candidate behind the shared instruction, in one pass.

    Equals asking about each candidate alone (task form T0), so neither order nor number of
    the candidates changes a score.
    """

    def __init__(self, model: LanguageModel, catalog: Catalog, templates: Templates) -> None:
        self._model = model
        self._catalog = catalog
        self._templates = templates

    def score(self, instruction: Instruction, items: Sequence[Item]) -> Scores:
        template = self._templates.by_id[instruction.template]
        nouns = nouns_of(self._catalog)
        blocks = [template.render_block(nouns, item=self._catalog.brief(item)) for item in items]
        return self._model.score(instruction.text, blocks)


class LikelihoodScorer:
    """Mean log-probability per token of each title as the answer: the paper's way."""

    def __init__(self, model: LanguageModel, catalog: Catalog) -> None:
        self._model = model
        self._catalog = catalog

    def score(self, instruction: Instruction, items: Sequence[Item]) -> Scores:
        prefix = f"{instruction.text} in question?\nAnswer: the {self._catalog.noun}"
        return self._model.likelihood(prefix, [f" {item.name}" for item in items])


class LabelScorer:
    """Log-probability of each candidate's letter after a list (one token is read).

    Lists longer than the alphabet are asked in parts. The model's order effects are
    halved by asking each list forwards and backwards.
    """

    def __init__(self, model: LanguageModel, catalog: Catalog) -> None:
        self._model = model
        self._catalog = catalog

    def score(self, instruction: Instruction, items: Sequence[Item]) -> Scores:
        result = np.empty(len(items))
        order = sorted(range(len(items)), key=lambda n: items[n].id)
        for start in range(0, len(order), len(_LABELS)):
            part = order[start : start + len(_LABELS)]
            forwards = self._ask(instruction, [items[n] for n in part])
            backwards = self._ask(instruction, [items[n] for n in reversed(part)])[::-1]
            result[part] = (forwards + backwards) / 2
        return result

    def _ask(self, instruction: Instruction, items: Sequence[Item]) -> Scores:
        lines = [f"{_LABELS[n]}. {self._catalog.brief(item)}" for n, item in enumerate(items)]
        prefix = f"{instruction.text} on this list?\n" + "\n".join(lines) + "\nThe best letter is:"
        return self._model.likelihood(prefix, [f" {_LABELS[n]}" for n in range(len(items))])


class PairwiseScorer:
    """Mean log-odds of winning against a few others, each pair asked in both orders (T1)."""

    def __init__(
        self, model: LanguageModel, catalog: Catalog, templates: Templates, rounds: int = 3
    ) -> None:
        self._model = model
        self._catalog = catalog
        self._templates = templates
        self._rounds = rounds

    def score(self, instruction: Instruction, items: Sequence[Item]) -> Scores:
        if len(items) < 2:
            return np.zeros(len(items))
        # Rivals are neighbours in the order of ids, so that the caller's order has no say.
        order = sorted(range(len(items)), key=lambda n: items[n].id)
        pairs = {
            (order[n], order[(n + step) % len(order)])
            for step in range(1, min(self._rounds, len(order) - 1) + 1)
            for n in range(len(order))
        }
        games = sorted(pairs | {(b, a) for a, b in pairs})
        template = self._templates.choose(instruction.aspects, TaskForm.PAIRWISE)
        nouns = nouns_of(self._catalog)
        briefs = [self._catalog.brief(item) for item in items]
        blocks = [template.render_block(nouns, item=briefs[a], other=briefs[b]) for a, b in games]
        odds = self._model.score(template.render(instruction.aspects, nouns).text, blocks)
        margins: list[list[float]] = [[] for _ in items]
        for (a, b), value in zip(games, odds, strict=True):
            margins[a].append(float(value))
            margins[b].append(-float(value))
        return np.array([math.fsum(m) / len(m) for m in margins])


class RetrieverRanker:
    """The retriever's order, as it is: what remains without a language model."""

    def rank(self, instruction: Instruction, candidates: Sequence[Candidate]) -> list[Pick]:
        scores = np.array([candidate.score for candidate in candidates])
        return _sorted_picks(candidates, scores, None)


class JoinedRanker:
    """The model's scores and the retriever's, each standardised, joined by a weight.

    `weight` is the model's share. Standardising over the candidates puts log-odds and
    cosines on one scale without a tuned constant.
    """

    def __init__(self, scorer: Scorer, weight: float) -> None:
        self._scorer = scorer
        self._weight = weight

    def rank(self, instruction: Instruction, candidates: Sequence[Candidate]) -> list[Pick]:
        if not candidates:
            return []
        language = self._scorer.score(instruction, [c.item for c in candidates])
        if not np.isfinite(language).all():
            raise ValueError("the language model gave a score that is not a number")
        retrieval = np.array([candidate.score for candidate in candidates])
        joined = self._weight * _standard(language) + (1 - self._weight) * _standard(retrieval)
        return _sorted_picks(candidates, joined, language)


def spread_picks(
    picks: Sequence[Pick], vectors: NDArray[np.float32], count: int, variety: float
) -> list[Pick]:
    """The same picks with the first `count` spread by maximal marginal relevance.

    `vectors`, (len(picks), d), are the items' own. The ranker's scores are brought to the
    spread of the retriever's, which are cosines, as what is taken off for likeness is. The
    best pick stays the first; ranks are told anew.
    """
    if len(picks) < 2:
        return list(picks)
    ranked = _standard(np.array([pick.score for pick in picks]))
    scores = ranked * np.std([pick.retrieval_score for pick in picks])
    chosen = spread(vectors, (scores - scores.max()).astype(np.float32), count, variety).tolist()
    rest = [n for n in range(len(picks)) if n not in set(chosen)]
    return [replace(picks[n], rank=rank) for rank, n in enumerate([*chosen, *rest], start=1)]


def weight_of(given: float | None, model: LanguageModel) -> float:
    """The model's share of the score: as given, else by the adapter's card, else untuned."""
    if given is not None:
        return given
    return float(model.describe().get("rank_weight", UNTUNED_WEIGHT))


def make_scorer(kind: str, model: LanguageModel, catalog: Catalog, templates: Templates) -> Scorer:
    """The scorer of a setting: "block", "labels", "likelihood" or "pairwise"."""
    if kind == "block":
        return BlockScorer(model, catalog, templates)
    if kind == "labels":
        return LabelScorer(model, catalog)
    if kind == "likelihood":
        return LikelihoodScorer(model, catalog)
    if kind == "pairwise":
        return PairwiseScorer(model, catalog, templates)
    raise ValueError(f"no scorer {kind!r}; there are block, labels, likelihood and pairwise")


def nouns_of(catalog: Catalog) -> dict[str, str]:
    """The catalog's nouns, as templates take them."""
    return {"noun": catalog.noun, "nouns": catalog.nouns}


def _standard(scores: Scores) -> Scores:
    spread = scores.std()
    return (scores - scores.mean()) / spread if spread > 1e-9 else np.zeros_like(scores)


def _sorted_picks(
    candidates: Sequence[Candidate], scores: Scores, language: Scores | None
) -> list[Pick]:
    # Ties go by id, so that neither the sort nor the retriever's order decides them.
    order = sorted(range(len(candidates)), key=lambda n: (-scores[n], candidates[n].item.id))
    return [
        Pick(
            item=candidates[n].item,
            rank=rank,
            score=float(scores[n]),
            retrieval_score=candidates[n].score,
            language_score=None if language is None else float(language[n]),
        )
        for rank, n in enumerate(order, start=1)
    ]
