"""Baselines that need no training to speak of: behaviour counted, and words compared.

Promises scores by what was bought before the split's cut alone. Popularity, item-to-item
neighbours, EASE (as the app has it), BM25 and sentence vectors. None looks at an item's id
or at the order of the candidates.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recommender.evaluation.cases import Question
from recommender.evaluation.data import Places
from retrieval.catalog import Catalog
from retrieval.collaborative import CollaborativeIndex, Learning, learn
from retrieval.encoder import Encoder
from retrieval.lexical import LexicalIndex
from retrieval.sequential import SequentialModel

Scores = list[NDArray[np.floating[Any]]]
_REMEMBERED = 5  # items of a history that a text query is made of, where there is no wish


class Popularity:
    """Log of how often an item was bought."""

    name = "popularity"

    def __init__(self, sequences: Sequence[Places], count: int) -> None:
        self.counts = np.bincount(np.concatenate(sequences), minlength=count)
        self._logs = np.log1p(self.counts)

    def score(self, questions: Sequence[Question]) -> Scores:
        return [self._logs[q.candidates] for q in questions]


class Neighbours:
    """What is bought near to what: co-occurrence by distance, normalised, recent items first."""

    name = "neighbours"

    def __init__(self, sequences: Sequence[Places], count: int, fade: float = 0.8) -> None:
        self._fade = fade
        rows, columns, values = [], [], []
        longest = max(len(s) for s in sequences)
        for gap in range(1, longest):
            pairs = [(s[:-gap], s[gap:]) for s in sequences if len(s) > gap]
            before = np.concatenate([p[0] for p in pairs])
            rows += [before]
            columns += [np.concatenate([p[1] for p in pairs])]
            values += [np.full(len(before), 1 / gap)]
        pairs_of = (np.concatenate(rows), np.concatenate(columns))
        forwards = sparse.csr_array((np.concatenate(values), pairs_of), shape=(count, count))
        together = (forwards + 0.5 * forwards.T).tocsr()
        often = np.bincount(np.concatenate(sequences), minlength=count).astype(np.float64)
        scale = sparse.diags_array(1 / np.sqrt(np.maximum(often, 1)))
        self._near = (scale @ together @ scale).tocsr()

    def score(self, questions: Sequence[Question]) -> Scores:
        result: Scores = []
        for question in questions:
            total = np.zeros(self._near.shape[0])
            for age, place in enumerate(question.history[::-1]):
                start, end = self._near.indptr[place : place + 2]
                total[self._near.indices[start:end]] += self._fade**age * self._near.data[start:end]
            result.append(total[question.candidates])
        return result


class Ease:
    """EASE by `retrieval/collaborative.py`, as the app asks it."""

    name = "ease"

    def __init__(self, index: CollaborativeIndex, catalog: Catalog) -> None:
        self.index = index
        self._ids = [item.id for item in catalog.items]

    def score(self, questions: Sequence[Question]) -> Scores:
        return [
            self.index.totals([self._ids[p] for p in q.history])[q.candidates] for q in questions
        ]


class Lexical:
    """BM25 of the wish, or of the last titles where there is none."""

    name = "bm25"

    def __init__(self, catalog: Catalog) -> None:
        self._index = LexicalIndex(catalog)
        self._catalog = catalog

    def score(self, questions: Sequence[Question]) -> Scores:
        return [self._index.scores(query_text(q, self._catalog))[q.candidates] for q in questions]


class SentenceVectors:
    """Cosine of sentence vectors: of the wish, and of the history's mean, recent items first.

    `nearest` instead takes the history's most alike item.
    """

    def __init__(
        self, vectors: NDArray[np.float32], encoder: Encoder | None = None,
        nearest: bool = False, fade: float = 0.8,
    ) -> None:  # fmt: skip
        self.name = "minilm-nearest" if nearest else "minilm"
        self._vectors, self._encoder = vectors, encoder
        self._nearest, self._fade = nearest, fade

    def score(self, questions: Sequence[Question]) -> Scores:
        wishes = [words_of(q) for q in questions]
        told = [n for n, wish in enumerate(wishes) if wish]
        read: dict[int, NDArray[np.float32]] = {}
        if told:
            if self._encoder is None:
                raise ValueError("there are wishes to read; an encoder is needed")
            read = dict(zip(told, self._encoder.encode([wishes[n] for n in told]), strict=True))
        return [self._one(q, read.get(n)) for n, q in enumerate(questions)]

    def _one(self, question: Question, wish: NDArray[np.float32] | None) -> NDArray[np.float64]:
        """Of a whole catalog all are compared, since to pick rows out would take longer."""
        whole = len(question.candidates) > len(self._vectors) // 4
        vectors = self._vectors if whole else self._vectors[question.candidates]  # (m, d)
        total = np.zeros(len(vectors))
        if len(question.history):
            history = self._vectors[question.history[::-1]]  # (h, d), latest first
            if self._nearest:
                total += (vectors @ history.T).max(axis=1)
            else:
                shares = (self._fade ** np.arange(len(history))).astype(np.float32)
                total += vectors @ (shares @ history / shares.sum())
        if wish is not None:
            total += 2 * (vectors @ wish)  # the wish of the moment has more to say
        return total[question.candidates] if whole else total


class Sequential:
    """SASRec by `retrieval/sequential.py`, as the app can ask it."""

    def __init__(self, model: SequentialModel, name: str = "sasrec") -> None:
        self.name = name
        self._model = model

    def score(self, questions: Sequence[Question]) -> Scores:
        result: Scores = []
        for part in _alike(questions):
            histories = [q.history for q in part]
            if len(part[0].candidates) > self._model.count // 4:
                rows = self._model.scores(histories)
                result += [row[q.candidates] for row, q in zip(rows, part, strict=True)]
            else:
                result += list(
                    self._model.scores_of(histories, np.stack([q.candidates for q in part]))
                )
        return result


def learn_ease(sequences: Sequence[Places], catalog: Catalog, learning: Learning) -> Any:
    """EASE from sequences of places."""

    def rows() -> Iterator[dict[str, Any]]:
        for user, sequence in enumerate(sequences):
            for place in sequence:
                yield {"user": str(user), "item": catalog.items[place].id}

    return learn(catalog, rows(), learning)


def words_of(question: Question) -> str:
    """What the user says, in one line: the wish and the taste."""
    return "; ".join(part for part in (question.aspects.wish, *question.aspects.taste) if part)


def query_text(question: Question, catalog: Catalog) -> str:
    """The wish, or the last titles of the history where there is none."""
    last = question.history[-_REMEMBERED:]
    return words_of(question) or "; ".join(catalog.items[place].name for place in last)


def _alike(questions: Sequence[Question]) -> Iterator[list[Question]]:
    """Runs of questions with equally many candidates."""
    part: list[Question] = []
    for question in questions:
        if part and len(part[0].candidates) != len(question.candidates):
            yield part
            part = []
        part.append(question)
    if part:
        yield part
