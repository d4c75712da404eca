"""The scorers by name: made from a data set, and what took long to learn kept in a folder.

Promises that nothing is learned twice for the same data and settings, and nothing from items
at or after the split's cut. A kept file is named by a checksum of data, cut and settings, so
that another data file can't be answered from it.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender.evaluation.baselines import (
    Ease,
    Lexical,
    Neighbours,
    Popularity,
    SentenceVectors,
    Sequential,
    learn_ease,
    words_of,
)  # fmt: skip
from recommender.evaluation.cases import Case, CaseScorer, random_among
from recommender.evaluation.data import Behaviour
from recommender.evaluation.kept_weights import load_weights, save_weights
from recommender.evaluation.masked_training import (
    MaskedLearning,
    MaskedNetwork,
    MaskedScorer,
    train_masked,
)  # fmt: skip
from recommender.evaluation.search_training import (
    SearchLearning,
    SearchNetwork,
    TrainedSearch,
    train_search,
)  # fmt: skip
from recommender.evaluation.sequence_training import SequenceLearning, train_sequential
from retrieval.collaborative import (
    CollaborativeMismatchError,
    Learning,
    load_collaborative,
    save_collaborative,
)  # fmt: skip
from retrieval.encoder import DEFAULT_ENCODER, Encoder, SentenceTransformerEncoder
from retrieval.sequential import (
    SequentialMismatchError,
    SequentialModel,
    load_sequential,
    save_sequential,
)  # fmt: skip

_WORDS_OF = 200  # cases
_JUDGED = 4000  # validation users that choose the epoch
log = logging.getLogger(__name__)

EASE_LEARNING = Learning(ridge=100.0, fewest=1, most=20_000, neighbours=300)
SEQUENCE_LEARNING = SequenceLearning(negatives=512, epochs=40, dropout=0.4)
MASKED_LEARNING = MaskedLearning()


class Shelf:
    """Scorers of one data set, learned before `upto`: "validation", "test" or `EVERYTHING`.

    SASRec's number of epochs is chosen on validation items, and training then repeated up to
    the cut; "sasrec-paper" is what that choice left, without the validation items, which is
    the paper's protocol.
    """

    def __init__(
        self, behaviour: Behaviour, upto: str, folder: Path,
        learning: SequenceLearning = SEQUENCE_LEARNING, ease: Learning = EASE_LEARNING,
        masked: MaskedLearning = MASKED_LEARNING,
        encoder: Encoder | None = None, progress: bool = False,
    ) -> None:  # fmt: skip
        self.behaviour, self.upto, self.folder = behaviour, upto, folder
        self._encoder, self._masked = encoder, masked
        self._learning, self._ease, self._progress = learning, ease, progress

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._makers)

    def scorer(self, name: str) -> CaseScorer:
        """A scorer by name. Raises `ValueError` where there is none, or nothing to learn from."""
        if name not in self._makers:
            raise ValueError(f"no ranker {name!r}; there are {', '.join(self._makers)}")
        if not self.behaviour.users and name not in ("bm25", "minilm", "minilm-nearest"):
            raise ValueError(f"ranker {name} learns from users, and {self.behaviour.name} has none")
        return self._makers[name]()

    @cached_property
    def _makers(self) -> Mapping[str, Callable[[], CaseScorer]]:
        return {
            "popularity": lambda: self.popularity,
            "neighbours": lambda: self.neighbours,
            "ease": self._make_ease,
            "bm25": lambda: Lexical(self.behaviour.catalog),
            "minilm": lambda: SentenceVectors(self.vectors, self.encoder),
            "minilm-nearest": lambda: SentenceVectors(self.vectors, self.encoder, nearest=True),
            "sasrec": lambda: Sequential(self.sequential(False)),
            "sasrec-paper": lambda: Sequential(self._chosen(False), "sasrec-paper"),
            "bert4rec": self._make_masked,
            "sasrec-titles": lambda: Sequential(self.sequential(True), "sasrec-titles"),
        }

    @cached_property
    def encoder(self) -> Encoder:
        return self._encoder or SentenceTransformerEncoder(DEFAULT_ENCODER)

    @cached_property
    def popularity(self) -> Popularity:
        return Popularity(self.behaviour.training(self.upto), len(self.behaviour.catalog))

    @cached_property
    def neighbours(self) -> Neighbours:
        return Neighbours(self.behaviour.training(self.upto), len(self.behaviour.catalog))

    @cached_property
    def _texts(self) -> list[str]:
        return [self.behaviour.catalog.brief(item) for item in self.behaviour.catalog.items]

    @cached_property
    def vectors(self) -> NDArray[np.float32]:
        """The items' sentence vectors, (n, d)."""
        name = self._encoder.name if self._encoder else DEFAULT_ENCODER
        path = self._path("vectors", {"encoder": name, "texts": _short(self._texts)}, "npy")
        if path.exists():
            kept: NDArray[np.float32] = np.load(path)
            return kept
        vectors = self.encoder.encode(self._texts, progress=self._progress)
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(".draft.npy")
        np.save(draft, vectors)
        draft.replace(path)
        return vectors

    def _make_ease(self) -> CaseScorer:
        catalog = self.behaviour.catalog
        path = self._path("ease", {"upto": self.upto, **asdict(self._ease)}, "npz")
        try:
            index = load_collaborative(path, catalog)
        except CollaborativeMismatchError:
            index = learn_ease(self.behaviour.training(self.upto), catalog, self._ease)
            save_collaborative(path, index)
        return Ease(index, catalog)

    def sequential(self, with_titles: bool) -> SequentialModel:
        """SASRec up to the cut, with the number of epochs that validation chose."""
        chosen = self._chosen(with_titles)
        if self.upto == "validation":
            return chosen
        epochs = int(chosen.manifest["epoch"])
        learning = SequenceLearning(**{**asdict(self._learning), "epochs": epochs})
        return self._trained(self.upto, learning, with_titles, None)

    def _chosen(self, with_titles: bool) -> SequentialModel:
        return self._trained("validation", self._learning, with_titles, self._judge)

    def _trained(
        self, upto: str, learning: SequenceLearning, with_titles: bool,
        judge: Callable[[SequentialModel], float] | None,
    ) -> SequentialModel:  # fmt: skip
        name = "sasrec-titles" if with_titles else "sasrec"
        expected = {"upto": upto, "texts": _short(self._texts) if with_titles else ""}
        path = self._path(name, {**expected, **asdict(learning)}, "npz")
        try:
            return load_sequential(path, expected)
        except SequentialMismatchError:
            log.info("training %s up to %s", name, upto)
        model = train_sequential(
            self.behaviour.training(upto), len(self.behaviour.catalog), learning, judge,
            self.vectors if with_titles else None, self._progress,
        )  # fmt: skip
        model.manifest.update(expected)
        save_sequential(path, model)
        return model

    def searcher(self, kept_as: str, name: str, cases: Callable[[], Iterable[Case]]) -> CaseScorer:
        """ "two-tower" or "tem" for one way to ask, trained on its cases before the cut."""
        learning = SearchLearning(with_history=name == "tem")
        # Wishes in other words need another model, so some of the words are in its key.
        asked = [words_of(case.question) for case in islice(cases(), _WORDS_OF)]
        settings = {"upto": self.upto, "asked": _short(asked), "texts": _short(self._texts)}
        path = self._path(f"{name}-{kept_as}", {**settings, **asdict(learning)}, "npz")
        network = SearchNetwork(self.behaviour.catalog, learning)
        if not load_weights(path, network):
            log.info("training %s for %s up to %s", name, kept_as, self.upto)
            network = train_search(cases(), self.behaviour.catalog, learning, self._progress)
            save_weights(path, network)
        return TrainedSearch(network, name)

    def _make_masked(self) -> CaseScorer:
        settings = {"upto": self.upto, **asdict(self._masked)}
        path = self._path("bert4rec", settings, "npz")
        network = MaskedNetwork(len(self.behaviour.catalog), self._masked)
        if not load_weights(path, network):
            log.info("training bert4rec up to %s", self.upto)
            sequences = self.behaviour.training(self.upto)
            network = train_masked(sequences, network.count, self._masked, self._progress)
            save_weights(path, network)
        return MaskedScorer(network)

    def _judge(self, model: SequentialModel) -> float:
        """HR@1 among nine random negatives, of some validation users."""
        behaviour, count = self.behaviour, len(self.behaviour.catalog)
        users = np.random.default_rng(1).permutation(len(behaviour.users))[:_JUDGED]
        histories, candidates, rights = [], [], []
        for user in users:
            history, target = behaviour.case(user, "validation")
            known = behaviour.sequences[user]
            drawn, right = random_among(target, min(9, count // 3), count, known, 1, int(user))
            histories.append(history)
            candidates.append(drawn)
            rights.append(right)
        scores = model.scores_of(histories, np.stack(candidates))
        own = scores[np.arange(len(users)), rights][:, None]
        return float(((scores > own).sum(axis=1) == 0).mean())

    def _path(self, name: str, settings: Mapping[str, Any], kind: str) -> Path:
        # Hard negatives teach nothing, so another file of them changes no scorer.
        learned = {k: v for k, v in self.behaviour.checksums.items() if "candidates" not in k}
        key = _short([learned, settings])
        place = self.behaviour.name.replace(" ", "-")
        return self.folder / f"{place}-{name}-{key}.{kind}"


def _short(data: Any) -> str:
    text = json.dumps(data, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:10]
