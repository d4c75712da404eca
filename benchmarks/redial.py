"""Does a query built from the state find what a person recommended next?

    python -m benchmarks.redial --data DIR [--sample N] [--ranker] [--search]

On the development turns of ReDial: R@k is the share of the films that the recommender newly
named at a turn which are among the first k, films named before being out of the ranking.
Compared are the seeker's last utterance as text, the whole dialogue as text, and the query
of the state after the dialogue was read turn by turn, in which the recommender's films that
were not turned down count as history. Intervals are of 2,000 bootstrap resamples of
dialogues. Interactions are MovieLens' ratings; weights were chosen on one half of the
dialogues, where `--search` looks for better ones. `--ranker` asks the language model on a
sample. Says so and ends where the data is not there. `varied` is off: the order is by score.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from benchmarks.labelled import write_record
from benchmarks.redial_data import (
    QUERIES,
    Case,
    Films,
    Maker,
    of_state,
    ratings,
    read_cases,
    read_films,
    replay,
    whole_dialogue,
)
from prompts.templates import Templates
from recommender.engine import open_retriever
from recommender.language_model import load_language_model
from recommender.ranking import JoinedRanker, make_scorer, nouns_of, weight_of
from recommender.settings import Settings
from recommender.understanding.understander import Understander, Understanding
from retrieval.collaborative import CollaborativeIndex, learn
from retrieval.encoder import Encoder, SentenceTransformerEncoder
from retrieval.limits import Limit
from retrieval.retriever import DenseRetriever, Query, RetrieverWeights

KS = (1, 5, 10, 50)
Places = NDArray[np.int64]  # of each gold film among the candidates, KS[-1] where it is not

# Chosen by coordinate descent on the validation half (history is at the edge of what was
# tried), for a recommender that is a person: for queries of the state, and for the texts
# that it is compared with.
WEIGHTS = RetrieverWeights(liked=2.0, history=4.0, leaning=0.4, lexical=0.05)
TEXT_WEIGHTS = RetrieverWeights(lexical=0.2, popularity=0.2)
_GRID = {
    "liked": (1.2, 2.0, 3.0),
    "history": (0.1, 0.5, 1.0, 2.5, 4.0),
    "leaning": (0.25, 0.4),
    "lexical": (0.0, 0.05, 0.1, 0.2),
    "collaborative": (0.0, 0.2, 0.3, 0.4),
    "popularity": (0.0, 0.1, 0.2, 0.3),
}


@dataclass(frozen=True)
class Bench:
    """The cases with what was understood, and the two retrievers."""

    films: Films
    cases: list[Case]
    reads: list[Understanding | None]
    alone: DenseRetriever
    joined: DenseRetriever

    def places(self, retriever: DenseRetriever, queries: Sequence[Query]) -> list[Places]:
        """For each case the places of its gold films."""
        result = []
        for case, query in zip(self.cases, queries, strict=True):
            ids = [c.item.id for c in retriever.retrieve(query, KS[-1])]
            result.append(_places(ids, case))
        return result

    def part(self, held_out: bool) -> Bench:
        """The test half, or the half on which weights are chosen."""
        rows = [n for n, case in enumerate(self.cases) if case.held_out == held_out]
        return replace(
            self, cases=[self.cases[n] for n in rows], reads=[self.reads[n] for n in rows]
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="the folder with dialogues/")
    parser.add_argument("--sample", type=int, default=0, help="dialogues, 0 for all")
    parser.add_argument("--search", action="store_true", help="look for better weights")
    parser.add_argument("--ranker", type=int, nargs="?", const=200, default=0, metavar="TURNS")
    options = parser.parse_args()
    if not (options.data / "dialogues" / "redial_dev_turns.jsonl.gz").is_file():
        print(f"skipped: {options.data} has no dialogues/redial_dev_turns.jsonl.gz")
        return
    bench, left_out = _open(options.data, options.sample)
    chosen = {"state": WEIGHTS, "text": TEXT_WEIGHTS}
    if options.search:
        other = bench.part(held_out=False)
        chosen = {"state": _search(other, WEIGHTS, of_state),
                  "text": _search(other, TEXT_WEIGHTS, whole_dialogue)}  # fmt: skip
    queries = {name: [make(c, r) for c, r in zip(bench.cases, bench.reads, strict=True)]
               for name, make in QUERIES.items()}  # fmt: skip
    print(f"{len(bench.cases)} turns; {left_out} without a new film are left out")
    for name, weights in chosen.items():
        print(f"weights of the {name}: {asdict(weights)}")
    record: dict[str, Any] = {
        "turns": len(bench.cases), "left_out": left_out, "weights": {name: asdict(weights) for name, weights in chosen.items()},
        "excluded": _excluded(bench, queries["state"]),
    }  # fmt: skip
    found: dict[str, list[Places]] = {}
    for label, retriever in (("", bench.alone), (" + interactions", bench.joined)):
        for name in QUERIES:
            weights = chosen["state" if name.startswith("state") else "text"]
            found[name + label] = bench.places(retriever.reweighted(weights), queries[name])
        found["state, default weights" + label] = bench.places(retriever, queries["state"])
    for half, wanted in (("all", None), ("test half", True), ("validation half", False)):
        rows = [n for n, case in enumerate(bench.cases) if wanted in (None, case.held_out)]
        cases = [bench.cases[n] for n in rows]
        part = {name: [places[n] for n in rows] for name, places in found.items()}
        record[half] = _report(half, cases, part)
    if options.ranker:
        record["ranker"] = _with_ranker(
            replace(bench, joined=bench.joined.reweighted(chosen["state"])),
            queries["state"], options.ranker,
        )  # fmt: skip
    print("written to", write_record("redial", record))


def _open(data: Path, sample: int) -> tuple[Bench, int]:
    settings = Settings.read({})
    films = read_films(data, settings.data / "redial")
    cases, left_out = read_cases(data, films)
    if sample:
        kept = list(dict.fromkeys(case.dialogue for case in cases))[:sample]
        cases = [case for case in cases if case.dialogue in set(kept)]
    encoder = _Remembering(SentenceTransformerEncoder(settings.encoder))
    alone = open_retriever(settings.data / "index", films.catalog, encoder, True)
    others: CollaborativeIndex = learn(films.catalog, ratings(data, films))
    print(f"{len(films.catalog)} films; {others.manifest.interactions} ratings by "
          f"{others.manifest.users} people of {int((others.counts > 0).sum())} of them")  # fmt: skip
    joined = alone.with_interactions(others)
    return Bench(films, cases, replay(cases, Understander(films.catalog)), alone, joined), left_out


def _places(ids: Sequence[str], case: Case) -> Places:
    return np.array([ids.index(i) if i in ids else KS[-1] for i in case.gold], dtype=np.int64)


def recall(cases: Sequence[Case], places: Sequence[Places], k: int, seed: int = 0) -> Places:
    """R@k, first of all cases, then of 2,000 resamples of dialogues; shape (2001,)."""
    groups: dict[str, list[int]] = {}
    for case, found in zip(cases, places, strict=True):
        counts = groups.setdefault(case.dialogue, [0, 0])
        counts[0] += int((found < k).sum())
        counts[1] += len(found)
    hits, of = np.array(list(groups.values()), dtype=np.float64).T
    draws = np.random.default_rng(seed).integers(len(hits), size=(2000, len(hits)))
    return np.array([hits.sum() / of.sum(), *(hits[draws].sum(1) / of[draws].sum(1))])


def _report(half: str, cases: list[Case], found: dict[str, list[Places]]) -> dict[str, Any]:
    """Prints and gives R@k with intervals, and what the state adds, paired."""
    print(f"\n{half}: {len(cases)} turns, {sum(len(c.gold) for c in cases)} films")
    print(f"{'':56}" + "".join(f"{f'R@{k}':>20}" for k in KS))
    record: dict[str, Any] = {}
    draws = {name: [recall(cases, places, k) for k in KS] for name, places in found.items()}
    rows = dict(draws)
    for label in ("", " + interactions"):
        for other in ("last utterance", "whole dialogue"):
            rows[f"state − {other}{label}"] = [
                a - b for a, b in zip(draws["state" + label], draws[other + label], strict=True)
            ]
    rows["state: with − without interactions"] = [
        a - b for a, b in zip(draws["state + interactions"], draws["state"], strict=True)
    ]
    for name, values in rows.items():
        figures = [(v[0], *np.quantile(v[1:], [0.025, 0.975])) for v in values]
        print(f"{name:56}" + "".join(f"{a:8.3f} {b:5.3f}–{c:5.3f}" for a, b, c in figures))
        record[name] = {k: list(map(float, f)) for k, f in zip(KS, figures, strict=True)}
    return record


def _excluded(bench: Bench, queries: Sequence[Query]) -> dict[str, int]:
    """How many gold films a limit rules out, by its kind, or the ids kept away do."""
    counts: dict[str, int] = {"gold": 0, "by a limit": 0, "by an id": 0}

    def kind(limit: Limit) -> str:
        return f"{'no ' if limit.negated else ''}{'/'.join(limit.fields)}"

    for case, query in zip(bench.cases, queries, strict=True):
        for item in (bench.films.catalog[i] for i in case.gold):
            broken = {kind(limit) for limit in query.limits if not limit.allows(item)}
            counts["gold"] += 1
            counts["by a limit"] += bool(broken)
            counts["by an id"] += item.id in query.without
            for name in broken:
                counts[name] = counts.get(name, 0) + 1
    print("gold films ruled out:", counts)
    return counts


def _search(bench: Bench, weights: RetrieverWeights, make: Maker) -> RetrieverWeights:
    """Coordinate descent on the mean of R@k over the validation half, with interactions."""
    queries = [make(c, r) for c, r in zip(bench.cases, bench.reads, strict=True)]

    def worth(weights: RetrieverWeights) -> float:
        places = np.concatenate(bench.places(bench.joined.reweighted(weights), queries))
        return float(np.mean([(places < k).mean() for k in KS]))

    best = worth(weights)
    for name, grid in _GRID.items():
        for value in grid:
            trial = replace(weights, **{name: value})
            got = worth(trial)
            if got > best + 1e-6:
                best, weights = got, trial
                print(f"  {name} = {value}: {best:.4f}", file=sys.stderr)
    return weights


def _with_ranker(bench: Bench, queries: Sequence[Query], turns: int) -> dict[str, Any]:
    """The retriever's order and the joined one on the same turns, and the paired difference."""
    settings, templates = Settings.read({}), Templates.load()
    model = load_language_model(settings.model, cache=settings.data)
    catalog = bench.films.catalog
    scorer = make_scorer("block", model, catalog, templates)
    weight = weight_of(settings.rank_weight, model)
    ranker = JoinedRanker(scorer, weight)
    picked = [n for n, read in enumerate(bench.reads) if read is not None]
    picked = sorted(np.random.default_rng(0).permutation(picked)[:turns].tolist())
    before, after = [], []
    for n in tqdm(picked, unit="turn"):
        read = bench.reads[n]
        assert read is not None
        instruction = templates.choose(read.aspects).render(read.aspects, nouns_of(catalog))
        candidates = bench.joined.retrieve(queries[n], KS[-1])
        before.append(_places([c.item.id for c in candidates], bench.cases[n]))
        picks = ranker.rank(instruction, candidates)
        after.append(_places([pick.item.id for pick in picks], bench.cases[n]))
    cases = [bench.cases[n] for n in picked]
    print(f"\n{len(cases)} turns with the ranker, weight {weight}")
    record: dict[str, Any] = {"turns": len(cases), "weight": weight}
    for k in KS[:-1]:
        one, two = recall(cases, before, k), recall(cases, after, k)
        low, high = np.quantile((two - one)[1:], [0.025, 0.975])
        print(f"R@{k}: {one[0]:.3f} without, {two[0]:.3f} with, {two[0] - one[0]:+.3f} "
              f"({low:+.3f} to {high:+.3f})")  # fmt: skip
        record[f"R@{k}"] = [float(one[0]), float(two[0]), float(low), float(high)]
    return record


class _Remembering:
    """An encoder that encodes a text once, however many weights are tried on it."""

    def __init__(self, encoder: Encoder) -> None:
        self.name = encoder.name
        self._encoder = encoder
        self._known: dict[tuple[str, ...], NDArray[np.float32]] = {}

    def encode(self, texts: Sequence[str], progress: bool = False) -> NDArray[np.float32]:
        key = tuple(texts)
        if key not in self._known:
            self._known[key] = self._encoder.encode(texts, progress)
        return self._known[key]


if __name__ == "__main__":
    main()
