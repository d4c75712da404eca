"""What dense search, BM25 and others' tastes find each, and joined: video games, leave one out.

    python -m benchmarks.hybrid --data DIR

For each user the item that was bought last is looked for among the whole catalog but what the
user has. It is the app's retriever that is asked, with the items bought before and no words:
by sentence vectors alone, by BM25 of the last titles, by EASE on what all users bought
before, and by all of them. What there is to choose (how fast older items fade, for each way
by itself, and the weights of the sum) is chosen on the item before the last of other users, by
R@20 + R@100, with parts that know nothing of these. Intervals are of a bootstrap over users,
those of the joined one's lead over the same users.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from benchmarks.labelled import write_record
from recommender.evaluation.baselines import Ease
from recommender.evaluation.bench import Bench
from recommender.evaluation.metrics import figures
from recommender.evaluation.tasks import TASKS, Task, numbers_for
from recommender.evaluation.weight_search import descend
from recommender.settings import Settings
from retrieval.index import DenseIndex
from retrieval.retriever import DenseRetriever, Query, RetrieverWeights

CUTS = (20, 100)
FADES = {"fade": (0.6, 0.7, 0.8, 0.9, 1.0)}
GRID = FADES | {
    "tastes": (0.5, 1.0, 1.5, 2.5),
    "titles": (0.0, 0.1, 0.2, 0.4),
    "popularity": (0.0, 0.1, 0.2, 0.4),
}
_NONE = RetrieverWeights(dense=0.0, titles=0.0, tastes=0.0, popularity=0.0)
PARTS = {
    "dense": replace(_NONE, dense=1.0),
    "BM25": replace(_NONE, titles=1.0),
    "collaborative": replace(_NONE, tastes=1.0),
}
Hits = dict[str, NDArray[np.float64]]  # by figure, 1 for each user whose item was found


class Leaving:
    """Users of whom one item is left out, and the retriever that knows what came before it."""

    def __init__(self, bench: Bench, task: Task, split: str, sample: int, seed: int) -> None:
        behaviour, shelf = bench.behaviour(task.data), bench.shelf(task.data, split)
        ids = [item.id for item in behaviour.catalog.items]
        self.cases: list[tuple[Query, str]] = []
        for user in numbers_for(task, behaviour, split, sample, seed):
            history, target = behaviour.case(user, split)
            # What the user buys later is no wrong answer either.
            known = frozenset(ids[p] for p in behaviour.sequences[user]) - {ids[target]}
            query = Query(liked=tuple(ids[p] for p in history), without=known)
            self.cases.append((query, ids[target]))
        ease = shelf.scorer("ease")
        assert isinstance(ease, Ease)
        self._retriever = DenseRetriever(
            behaviour.catalog, shelf.encoder, DenseIndex(shelf.vectors), collaborative=ease.index
        )

    def hits(self, weights: RetrieverWeights, name: str = "") -> Hits:
        """Who gets the left-out item among the first of each cut."""
        retriever = self._retriever.reweighted(weights)
        ranks = []
        for query, target in tqdm(self.cases, desc=name, disable=not name):
            found = retriever.retrieve(query, max(CUTS))
            # What a way alone has no score for it did not find: its order is the catalog's.
            ids = [c.item.id for c in found if c.score > 0 or weights.dense]
            ranks.append(ids.index(target) if target in ids else max(CUTS))
        return {f"R@{cut}": (np.array(ranks) < cut).astype(np.float64) for cut in CUTS}

    def worth(self, weights: RetrieverWeights) -> float:
        return sum(float(found.mean()) for found in self.hits(weights).values())


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder that holds video_games/")
    parser.add_argument("--sample", type=int, default=10_000, help="test users (10000)")
    parser.add_argument("--chosen-on", type=int, default=1000, help="validation users (1000)")
    options = parser.parse_args()
    if not (options.data / "video_games").is_dir():
        print(f"skipped: no video_games in {options.data}")
        return
    bench = Bench(Settings.read({}), options.data, Path("data/evaluation/runs"), progress=True)
    task = TASKS["sequential-catalog"]
    weights = chosen(Leaving(bench, task, "validation", options.chosen_on, seed=1))
    record = measure(Leaving(bench, task, "test", options.sample, seed=0), weights)
    print("written to", write_record("hybrid", record))


def chosen(validation: Leaving) -> dict[str, RetrieverWeights]:
    """For each way, and for all joined, the weights of most worth to validation users."""
    found = {name: descend(part, FADES, validation.worth) for name, part in PARTS.items()}
    begun = RetrieverWeights(tastes=1.0, titles=0.2)  # not what was chosen before
    return found | {"joined": descend(begun, GRID, validation.worth, rounds=2)}


def measure(test: Leaving, weights: Mapping[str, RetrieverWeights]) -> dict[str, Any]:
    """Prints and gives the recall of each way and of all joined, and by how much that leads."""
    values = {name: test.hits(these, name) for name, these in weights.items()}
    record: dict[str, Any] = {
        "users": len(test.cases), "weights": {name: asdict(w) for name, w in weights.items()},
    }  # fmt: skip
    for name, found in values.items():
        shown = {key: getattr(weights[name], key) for key in GRID}
        print(f"{name}, chosen on validation users: {shown}")
        record[name] = _told(name, found)
    leads = {f"{name} {cut}": values["joined"][cut] - found[cut]
             for name, found in values.items() if name != "joined" for cut in found}  # fmt: skip
    record["joined beats"] = _told("joined beats", leads)
    return record


def _told(name: str, values: Hits) -> dict[str, tuple[float, float, float]]:
    found = {}
    for what, one in figures(values).items():
        print(f"{name:14} {what:22} {one.value:.4f} ({one.low:.4f} to {one.high:.4f}), {one.n}")
        found[what] = (one.value, one.low, one.high)
    return found


if __name__ == "__main__":
    main()
