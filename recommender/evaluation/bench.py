"""The bench: data sets, scorers and runs brought together for one command.

Promises that each data set is read once, each scorer made once, and that "joined" has its
weights from validation cases of the same task and scorers that know nothing of these.
"""

from __future__ import annotations

import shlex
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recommender.adapter_card import CHECKPOINTS, WEIGHTS, file_checksum
from recommender.evaluation.cases import Case, CaseScorer
from recommender.evaluation.data import LOADERS, Behaviour
from recommender.evaluation.joining import JoinedScorer, Weights, learn_weights
from recommender.evaluation.records import summary, write_record
from recommender.evaluation.runs import RunSettings, peak_memory_mb, run_cases, stability
from recommender.evaluation.shelf import Shelf
from recommender.evaluation.tasks import ALL, EVENLY, TASKS, Task, make_cases, numbers_for
from recommender.evaluation.wishes import Wishes
from recommender.settings import Settings

if TYPE_CHECKING:
    from recommender.language_model import LanguageModel

SLOW = {"llm", "retriever"}  # fewer cases are asked between two writes
JOINED = ("sasrec-titles", "sasrec", "ease", "neighbours", "popularity", "minilm",
          "minilm-nearest", "bm25")  # fmt: skip
UNLEARNED = ("bm25", "minilm", "minilm-nearest", "llm", "retriever")  # need no users
LEARNED_ON = 4000  # validation cases; with a slow ranker among the joined ones fewer
LEARNED_SLOWLY_ON = 400
TRAINED_ON = 20_000  # users from whom a searcher learns
SEARCHERS = ("two-tower", "tem")
_STABILITY_ON = 100  # cases


class Bench:
    """What one command evaluates with; see `commands.py` for the options."""

    def __init__(
        self, settings: Settings, data_sets: Path, out: Path, *,
        split: str = "test", sample: int = 0, seed: int = 0, progress: bool = False,
    ) -> None:  # fmt: skip
        self.settings, self.data_sets, self.out = settings, data_sets, out
        self.split, self.sample, self.seed, self.progress = split, sample, seed, progress
        self._data: dict[str, Behaviour] = {}
        self._shelves: dict[tuple[str, str], Shelf] = {}
        self._scorers: dict[tuple[str, str, str], CaseScorer] = {}
        self._model: LanguageModel | None = None

    def check(self, tasks: Sequence[str], rankers: Sequence[str]) -> None:
        """Raise `ValueError` for a ranker that there is not, before anything is measured."""
        names = self.shelf(TASKS[tasks[0]].data, self.split).names
        known = (*names, *SEARCHERS, "joined", "llm", "retriever")
        parts = [part for name in rankers for part in name.split("+")]
        unknown = [name for name in parts if name not in known]
        if unknown or not rankers:
            raise ValueError(f"no ranker {', '.join(unknown)}; there are {', '.join(known)}")

    def lacks(self, task_name: str, ranker: str) -> str:
        """Why a ranker can't be asked a task, or nothing."""
        task = TASKS[task_name]
        reasons = [self._lacks(task, part) for part in ranker.split("+")]
        return next((reason for reason in reasons if reason), "")

    def _lacks(self, task: Task, ranker: str) -> str:
        behaviour = self.behaviour(task.data)
        longest = max((len(sequence) for sequence in behaviour.sequences), default=1)
        if task.negatives == EVENLY and len(behaviour.catalog) - longest < task.others:
            return f"{len(behaviour.catalog)} items are too few for {task.others} negatives"
        if task.negatives == ALL and ranker == "llm":
            return "a language model is not asked about a whole catalog"
        if ranker in SEARCHERS and task.form == "⟨P1,I0,T3⟩":
            return "nobody says anything there that it could search by"
        if ranker == "tem" and task.by_item:
            return "there is no history to look at"
        if not behaviour.users and ranker not in UNLEARNED:
            return f"{behaviour.name} has no users to learn from"
        return ""

    def measure(self, task_name: str, ranker: str) -> dict[str, Any]:
        """Run, or go on with, one task and ranker; writes and gives the record."""
        task = TASKS[task_name]
        behaviour = self.behaviour(task.data)
        started = time.perf_counter()
        scorer = self.scorer(task, ranker, self.split)
        made_s = time.perf_counter() - started
        adapter = self._adapter() if "llm" in ranker.split("+") else ""
        label = f"{ranker} ({adapter})" if adapter else ranker  # each adapter has its own run
        settings = RunSettings(
            task.name, label, self.split, self.sample, self.seed, self._says(task, ranker)
        )
        numbers = numbers_for(task, behaviour, self.split, self.sample, self.seed)
        make = partial(self.cases, task, split=self.split)
        folder = self.out / settings.name
        rows = run_cases(
            folder, settings, behaviour.checksums, numbers, make, scorer,
            part=16 if SLOW & set(ranker.split("+")) else 256, progress=self.progress,
        )  # fmt: skip
        asked_again = list(make(numbers[: _STABILITY_ON if ranker != "llm" else 10]))
        shelf = self.shelf(task.data, self.split)
        record = summary(
            task, settings, rows, behaviour.checksums,
            counts=shelf.popularity.counts if behaviour.users else None,
            catalog_size=len(behaviour.catalog),
            extra={
                "command": self._command(task_name, ranker),
                "stability": stability(scorer, asked_again, self.seed),
                "made_s": round(made_s, 2), "peak_memory_mb": round(peak_memory_mb()),
                "finished": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            },
        )  # fmt: skip
        write_record(folder, record)
        return record

    def _command(self, task_name: str, ranker: str) -> str:
        """The command that makes this run again, but for where the data lies."""
        usual = Settings()
        options: dict[str, Any] = {"data": "DIR", "ranker": ranker}
        if self.split != "test":
            options["split"] = self.split
        options |= {n: v for n, v in (("sample", self.sample), ("seed", self.seed)) if v}
        if "llm" in ranker.split("+"):
            asked = ("model", "adapter", "quantization")
            given = {name: getattr(self.settings, name) for name in asked}
            options |= {n: v for n, v in given.items() if v != getattr(usual, n)}
        told = " ".join(f"--{name} {shlex.quote(str(value))}" for name, value in options.items())
        return f"python -m recommender evaluate {task_name} {told}"

    def cases(
        self, task: Task, numbers: Sequence[int], split: str, upto: str = ""
    ) -> Iterable[Case]:
        """Cases of a split, with wishes from what was bought before it (or before `upto`)."""
        behaviour = self.behaviour(task.data)
        shelf = self.shelf(task.data, upto or split)
        near = shelf.neighbours if task.intention == "I1" else None
        wishes = Wishes(behaviour.catalog, near)
        return make_cases(task, behaviour, numbers, split, self.seed, wishes)

    def behaviour(self, name: str) -> Behaviour:
        if name not in self._data:
            self._data[name] = LOADERS[name](self.data_sets)
        return self._data[name]

    def shelf(self, data: str, upto: str) -> Shelf:
        if (data, upto) not in self._shelves:
            folder = self.settings.data / "evaluation"
            self._shelves[data, upto] = Shelf(
                self.behaviour(data), upto, folder, progress=self.progress
            )
        return self._shelves[data, upto]

    def scorer(self, task: Task, ranker: str, upto: str) -> CaseScorer:
        """A scorer by name, learned before the split's cut."""
        joined = ranker == "joined" or "+" in ranker
        by_task = joined or ranker in SEARCHERS
        key = (task.name if by_task else task.data, ranker, upto)
        if key not in self._scorers:
            if joined:
                self._scorers[key] = self._joined(task, ranker, upto)
            elif ranker in SEARCHERS:
                train = partial(self._training, task, upto)
                shelf = self.shelf(task.data, upto)
                self._scorers[key] = shelf.searcher(task.name, ranker, train)
            elif ranker in ("llm", "retriever"):
                self._scorers[key] = self._from_app(task, ranker, upto)
            else:
                self._scorers[key] = self.shelf(task.data, upto).scorer(ranker)
        return self._scorers[key]

    def _training(self, task: Task, upto: str) -> Iterator[Case]:
        """Cases of a task from before the cut, to train a searcher with."""
        if task.by_item:
            numbers = numbers_for(task, self.behaviour(task.data), "train", 0, self.seed)
            yield from self.cases(task, numbers, "train", upto)
            return
        behaviour = self.behaviour(task.data)
        users = numbers_for(task, behaviour, upto, TRAINED_ON, self.seed + 2)
        last = 2 if upto == "test" else 3
        for back in range(last, last + 3):
            numbers = [n for n in users if len(behaviour.sequences[n]) > back]
            yield from self.cases(task, numbers, f"train-{back}", upto)

    def _joined(self, task: Task, ranker: str, upto: str) -> CaseScorer:
        """Scorers joined: those named with "+" between them, or for "joined" what there is."""
        names = ranker.split("+")
        if ranker == "joined":
            # Of the trained searchers the one that looks at histories, where there are any.
            names = [*JOINED, *[n for n in SEARCHERS if not self.lacks(task.name, n)][-1:]]
        weights = self._weights(task, names)
        return JoinedScorer([self.scorer(task, name, upto) for name in names], weights, ranker)

    def _weights(self, task: Task, names: Sequence[str]) -> Weights:
        # Among evenly drawn negatives, whatever the task's own: weights learned from negatives
        # that one scorer chose would speak against that scorer, not for the right item.
        even = replace(task, negatives=EVENLY, others=9)
        behaviour = self.behaviour(task.data)
        many = LEARNED_SLOWLY_ON if SLOW & set(names) else LEARNED_ON
        numbers = numbers_for(even, behaviour, "validation", many, self.seed + 1)
        cases = list(self.cases(even, numbers, "validation"))
        return learn_weights([self.scorer(task, name, "validation") for name in names], cases)

    def _from_app(self, task: Task, ranker: str, upto: str) -> CaseScorer:
        from recommender.evaluation.contract import InstructedScorer, RetrieverScorer

        catalog = self.behaviour(task.data).catalog
        if ranker == "retriever":
            from retrieval.index import DenseIndex
            from retrieval.retriever import DenseRetriever

            shelf = self.shelf(task.data, upto)
            return RetrieverScorer(
                DenseRetriever(catalog, shelf.encoder, DenseIndex(shelf.vectors))
            )
        from prompts.templates import Templates
        from recommender.ranking import BlockScorer

        templates = Templates.load()
        scorer = BlockScorer(self._language_model(), catalog, templates)
        return InstructedScorer(scorer, catalog, templates, "llm")

    def _says(self, task: Task, ranker: str) -> dict[str, Any]:
        """What a run's record says of the scorer, and a run that goes on must agree with."""
        says: dict[str, Any] = {}
        scorer = self.scorer(task, ranker, self.split)
        if isinstance(scorer, JoinedScorer):
            says["weights"] = dict(scorer.weights.shares)
        if "llm" in ranker.split("+"):
            model = self._language_model().describe()
            says |= {**model, "adapter_checksum": self._adapter_checksum()}
        return says

    def _language_model(self) -> LanguageModel:
        from recommender.language_model import load_language_model

        if self._model is None:
            self._model = load_language_model(
                self.settings.model, quantization=self.settings.quantization,
                adapter=self.settings.adapter, cache=self.settings.data,
            )  # fmt: skip
        return self._model

    def _adapter(self) -> str:
        """The name of the adapter that the model was loaded with, or nothing."""
        return Path(self._language_model().describe()["adapter"] or "").name

    def _adapter_checksum(self) -> str:
        if not self._adapter():
            return ""
        given = Path(self.settings.adapter)
        folder = given if given.is_dir() else CHECKPOINTS / self._adapter()
        return file_checksum(folder / WEIGHTS)[:16]
