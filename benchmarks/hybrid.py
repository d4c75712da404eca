"""What dense search, BM25 and others' tastes find each, and joined: video games, leave one out.

    python -m benchmarks.hybrid --data DIR

For each user the item that was bought last is looked for among the whole catalog but what the
user has. Asked are: sentence vectors of the history, BM25 of its last titles, EASE on what all
users bought before, and their sum. The sum's weights are a conditional logit's, learned on the
item before the last of other users, with parts that know nothing of these. Intervals are of
a bootstrap over users, those of the joined one's lead over the same users.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from benchmarks.labelled import write_record
from recommender.evaluation.bench import Bench
from recommender.evaluation.cases import Case, CaseScorer
from recommender.evaluation.joining import JoinedScorer, Weights, learn_weights
from recommender.evaluation.metrics import figures, per_case, standing
from recommender.evaluation.tasks import TASKS, Task, numbers_for
from recommender.settings import Settings

PARTS = {"dense": "minilm", "BM25": "bm25", "collaborative": "ease"}
FIGURES = ("R@20", "R@100")
_AT_ONCE = 50  # cases
_COMPARED = 4_000  # candidates of a case that weights are learned from


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder that holds video_games/")
    parser.add_argument("--sample", type=int, default=2000, help="test users (2000)")
    parser.add_argument("--learned-on", type=int, default=600, help="validation users (600)")
    options = parser.parse_args()
    if not (options.data / "video_games").is_dir():
        print(f"skipped: no video_games in {options.data}")
        return
    bench = Bench(Settings.read({}), options.data, Path("data/evaluation/runs"), progress=True)
    record = measure(bench, TASKS["sequential-catalog"], options.sample, options.learned_on)
    print("written to", write_record("hybrid", record))


def measure(bench: Bench, task: Task, sample: int, learned_on: int) -> dict[str, Any]:
    """Prints and gives the recall of each part and of their sum."""
    weights = learned_weights(bench, task, learned_on)
    print("shares:", {name: round(share, 3) for name, share in weights.shares.items()})
    scorers: dict[str, CaseScorer] = {
        name: bench.scorer(task, part, "test") for name, part in PARTS.items()
    }
    scorers["joined"] = JoinedScorer(list(scorers.values()), weights)
    numbers = numbers_for(task, bench.behaviour(task.data), "test", sample, seed=0)
    cases = list(bench.cases(task, numbers, "test"))
    values = {name: recalls(scorer, cases, name) for name, scorer in scorers.items()}
    leads = {f"{name} {cut}": values["joined"][cut] - found[cut]
             for name, found in values.items() if name != "joined" for cut in FIGURES}  # fmt: skip
    record: dict[str, Any] = {"shares": dict(weights.shares), "cases": len(cases)}
    for name, found in values.items():
        record[name] = {cut: (one.value, one.low, one.high) for cut, one in figures(found).items()}
    record["joined beats"] = {
        name: (one.value, one.low, one.high) for name, one in figures(leads).items()
    }
    for name in (*values, "joined beats"):
        for cut, (value, low, high) in record[name].items():
            print(f"{name:14} {cut:22} {value:.4f} ({low:.4f} to {high:.4f})")
    return record


def learned_weights(bench: Bench, task: Task, many: int) -> Weights:
    """The parts' weights, from validation items among the whole catalog."""
    behaviour = bench.behaviour(task.data)
    numbers = numbers_for(task, behaviour, "validation", many, seed=1)
    cases = alike(list(bench.cases(task, numbers, "validation")))
    return learn_weights([bench.scorer(task, part, "validation") for part in PARTS.values()], cases)


def alike(cases: Sequence[Case], most: int = _COMPARED) -> list[Case]:
    """Cases with equally many candidates, at most so many; they come in a random order."""
    fewest = min(most, *(len(case.question.candidates) for case in cases))
    result = []
    for case in cases:
        question = case.question
        wrong = np.delete(question.candidates, case.right)[: fewest - 1]
        candidates = np.append(wrong, question.candidates[case.right])
        result.append(Case(replace(question, candidates=candidates), fewest - 1))
    return result


def recalls(scorer: CaseScorer, cases: Sequence[Case], name: str) -> dict[str, Any]:
    """For each figure its value in every case."""
    standings = []
    for start in tqdm(range(0, len(cases), _AT_ONCE), desc=name):
        part = cases[start : start + _AT_ONCE]
        scores = scorer.score([case.question for case in part])
        standings += [
            standing(s.astype(np.float64), case.right) for s, case in zip(scores, part, strict=True)
        ]
    found = per_case(standings, whole_catalog=True)
    return {cut: found[cut] for cut in FIGURES}


if __name__ == "__main__":
    main()
