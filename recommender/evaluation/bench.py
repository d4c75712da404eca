"""The bench: data sets, scorers and runs brought together for one command.

Promises that each data set is read once, each scorer made once, and that "joined" has its
weights from validation cases of the same task and scorers that know nothing of these.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from prompts.templates import Template
from recommender.evaluation.baselines import words_of
from recommender.evaluation.cases import Case, CaseScorer
from recommender.evaluation.controls import CONTROLS, make_control
from recommender.evaluation.data import Behaviour
from recommender.evaluation.data_sets import CORE, DATA_SETS, load
from recommender.evaluation.joining import (
    JoinedScorer,
    ReorderedScorer,
    Weights,
    learn_weights,
)  # fmt: skip
from recommender.evaluation.left_out import LANGUAGE, SEARCHERS, SLOW, lacks, parts_of
from recommender.evaluation.model_in_use import ModelInUse
from recommender.evaluation.records import (
    code_version,
    command_again,
    refuse_other_data,
    summary,
    write_record,
)  # fmt: skip
from recommender.evaluation.runs import (
    RunSettings,
    codes_of,
    forget_peak_memory,
    peak_memory_mb,
    run_cases,
    stability,
)  # fmt: skip
from recommender.evaluation.shelf import Shelf
from recommender.evaluation.tasks import EVENLY, TASKS, Task, make_cases, numbers_for
from recommender.evaluation.wishes import Wishes
from recommender.settings import Settings

JOINED = ("sasrec-titles", "sasrec", "ease", "neighbours", "popularity", "minilm",
          "minilm-nearest", "bm25")  # fmt: skip
LEARNED_ON = 4000  # validation cases; with a slow ranker among the joined ones fewer
LEARNED_SLOWLY_ON = 400
TRAINED_ON = 20_000  # users from whom a searcher learns
REORDERED = 20  # first items of one ranker that another puts in order
_STABILITY_ON = 100  # cases


class Bench:
    """What one command evaluates with; see `commands.py` for the options."""

    def __init__(
        self, settings: Settings, data_sets: Path, out: Path, *,
        split: str = "test", sample: int = 0, seed: int = 0, progress: bool = False,
        data_set: str = "", core: int = CORE,
    ) -> None:  # fmt: skip
        self.data_set, self.core = data_set, core
        self.settings, self.data_sets, self.out = settings, data_sets, out
        self.split, self.sample, self.seed, self.progress = split, sample, seed, progress
        self.language = ModelInUse(settings)
        self._data: dict[str, Behaviour] = {}
        self._shelves: dict[tuple[str, str], Shelf] = {}
        self._scorers: dict[tuple[str, str, str], CaseScorer] = {}

    def use(self, template: Template | None) -> None:
        """Ask the language model by another template than serves, or again by that."""
        self.language.template = template
        self._scorers = {
            k: v for k, v in self._scorers.items() if not LANGUAGE & set(parts_of(k[1]))
        }

    def task(self, name: str) -> Task:
        """A task, of the data set that was asked for instead of its own."""
        task = TASKS[name]
        if not self.data_set:
            return task
        told = DATA_SETS[self.data_set].stands_for if self.data_set in DATA_SETS else ""
        stands_for = told if task.intention == "I2" else task.stands_for
        return replace(task, data=self.data_set, stands_for=stands_for)

    def check(self, tasks: Sequence[str], rankers: Sequence[str]) -> None:
        """Raise `ValueError` for a ranker that there is not, before anything is measured."""
        names = self.shelf(self.task(tasks[0]).data, self.split).names
        known = (*names, *SEARCHERS, "joined", "retriever", *sorted(LANGUAGE), *CONTROLS)
        unknown = [part for name in rankers for part in parts_of(name) if part not in known]
        if unknown or not rankers:
            raise ValueError(
                f"no ranker {', '.join(unknown)}; there are {', '.join(known)}; a+b joins them, "
                f"a:b puts the first {REORDERED} of a in the order of b"
            )

    def lacks(self, task_name: str, ranker: str) -> str:
        """Why a ranker can't be asked a task, or nothing."""
        task, own = self.task(task_name), TASKS[task_name].data
        if self.data_set and own != TASKS["sequential"].data:
            return f"it is a task of {own}"
        wishes = self.data_set not in DATA_SETS
        behaviour = self.behaviour(task.data)
        reasons = [lacks(task, part, behaviour, reorders=":" in ranker, wishes=wishes)
                   for part in parts_of(ranker)]  # fmt: skip
        return next((reason for reason in reasons if reason), "")

    def measure(self, task_name: str, ranker: str) -> dict[str, Any]:
        """Run, or go on with, one task and ranker; writes and gives the record."""
        task = self.task(task_name)
        behaviour = self.behaviour(task.data)
        refuse_other_data(self.out, behaviour.name, behaviour.checksums)
        forget_peak_memory()
        started = time.perf_counter()
        scorer = self.scorer(task, ranker, self.split)
        made_s, made_mb = time.perf_counter() - started, peak_memory_mb()
        label = self.language.label(ranker) if LANGUAGE & set(parts_of(ranker)) else ranker
        settings = RunSettings(
            self._place(task, behaviour), label, self.split, self.sample, self.seed,
            self._says(task, ranker),
        )  # fmt: skip
        numbers = numbers_for(task, behaviour, self.split, self.sample, self.seed)
        make = partial(self.cases, task, split=self.split)
        folder = self.out / settings.name
        rows = run_cases(
            folder, settings, behaviour.checksums, numbers, make, scorer,
            part=16 if SLOW & set(parts_of(ranker)) else 256, progress=self.progress,
            code=code_version(),
        )  # fmt: skip
        asked_again = list(
            make(numbers[: 5 if LANGUAGE & set(parts_of(ranker)) else _STABILITY_ON])
        )
        shelf = self.shelf(task.data, self.split)
        record = summary(
            replace(task, data=behaviour.name), settings, rows, behaviour.checksums,
            counts=shelf.popularity.counts if behaviour.users else None,
            catalog_size=len(behaviour.catalog), log_odds=ranker in LANGUAGE,
            extra={
                **self._told(task, ranker, asked_again),
                "command": self._command(task.name, ranker),
                "stability": stability(scorer, asked_again, self.seed),
                "code": codes_of(folder / "settings.json"),
                "made_s": round(made_s, 2), "made_mb": round(made_mb),
                "finished": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            },
        )  # fmt: skip
        write_record(folder, record)
        return record

    def _told(self, task: Task, ranker: str, cases: Sequence[Case]) -> dict[str, Any]:
        """How the user of a task speaks, and the template by which a model was asked."""
        told: dict[str, Any] = {}
        if cases and task.says_something:
            told["example"] = words_of(cases[0].question)
        if LANGUAGE & set(parts_of(ranker)):
            told |= self.language.wording(task.aspects, task.task_form)
        return told

    def _place(self, task: Task, behaviour: Behaviour) -> str:
        """What a run's folder begins with: the task, and the data where it is not its own."""
        return f"{task.name}-{behaviour.name}" if self.data_set in DATA_SETS else task.name

    def _command(self, task: str, ranker: str) -> str:
        asks = ("data_set", "core", "split", "sample", "seed")
        options = {"data": "DIR", "ranker": ranker} | {name: getattr(self, name) for name in asks}
        if LANGUAGE & set(parts_of(ranker)):
            options |= self.language.options()
        return command_again(task, options)

    def cases(self, task: Task, numbers: Sequence[int], split: str) -> Iterable[Case]:
        behaviour = self.behaviour(task.data)
        return make_cases(task, behaviour, numbers, split, self.seed, Wishes(behaviour.catalog))

    def behaviour(self, name: str) -> Behaviour:
        if name not in self._data:
            self._data[name] = load(name, self.data_sets, self.core, self.progress)
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
        joined = ranker == "joined" or "+" in ranker or ":" in ranker
        by_task = joined or ranker in SEARCHERS or ranker in LANGUAGE or ranker in CONTROLS
        key = (task.name if by_task else task.data, ranker, upto)
        if key not in self._scorers:
            self._scorers[key] = self._made(task, ranker, upto)
        return self._scorers[key]

    def _made(self, task: Task, ranker: str, upto: str) -> CaseScorer:
        if ":" in ranker:
            first, second = ranker.split(":", 1)
            return ReorderedScorer(
                self.scorer(task, first, upto), self.scorer(task, second, upto), REORDERED, ranker
            )
        if ranker == "joined" or "+" in ranker:
            return self._joined(task, ranker, upto)
        if ranker in SEARCHERS:
            asked = f"{task.preference}{task.intention}".lower()
            shelf, train = self.shelf(task.data, upto), partial(self._training, task, upto)
            return shelf.searcher(asked, ranker, train)
        if ranker in CONTROLS:
            behaviour = self.behaviour(task.data)
            return make_control(ranker, behaviour, upto, task.by_item, self.seed)
        if ranker in LANGUAGE:
            from recommender.evaluation.language import language_scorer

            return language_scorer(
                task.task_form, self.language.model, self.behaviour(task.data).catalog,
                self.language.template, bound=ranker == "llm-bound",
            )  # fmt: skip
        if ranker == "retriever":
            return self._retriever(task, upto)
        return self.shelf(task.data, upto).scorer(ranker)

    def _training(self, task: Task, upto: str) -> Iterator[Case]:
        """Cases of a task from before the cut, to train a searcher with."""
        task = replace(task, negatives=EVENLY, others=1)  # which are not looked at
        if task.by_item:
            numbers = numbers_for(task, self.behaviour(task.data), "train", 0, self.seed)
            yield from self.cases(task, numbers, "train")
            return
        behaviour = self.behaviour(task.data)
        users = numbers_for(task, behaviour, upto, TRAINED_ON, self.seed + 2)
        last = 2 if upto == "test" else 3
        for back in range(last, last + 3):
            numbers = [n for n in users if len(behaviour.sequences[n]) > back]
            yield from self.cases(task, numbers, f"train-{back}")

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

    def _retriever(self, task: Task, upto: str) -> CaseScorer:
        from recommender.evaluation.contract import RetrieverScorer
        from retrieval.index import DenseIndex
        from retrieval.retriever import DenseRetriever

        shelf = self.shelf(task.data, upto)
        index = DenseIndex(shelf.vectors)
        return RetrieverScorer(DenseRetriever(shelf.behaviour.catalog, shelf.encoder, index))

    def _says(self, task: Task, ranker: str) -> dict[str, Any]:
        """What a run's record says of the scorer, and a run that goes on must agree with."""
        says: dict[str, Any] = {}
        scorer = self.scorer(task, ranker, self.split)
        if isinstance(scorer, JoinedScorer):
            says["weights"] = dict(scorer.weights.shares)
        if LANGUAGE & set(parts_of(ranker)):
            says |= self.language.says()
        return says
