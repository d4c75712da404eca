"""Does a query built from the state find what a person recommended next?

    python -m recommender evaluate redial --data DIR [--sample N] [--ranker llm] [--find-weights]

On the development turns of ReDial: R@k is the share of the films that the recommender newly
named at a turn which are among the first k, films named before being out of the ranking.
Compared are the seeker's last utterance as text, the whole dialogue as text, alone and with
its films, and the query of the state after the dialogue was read turn by turn, in which the
recommender's films that were not turned down count as history; each without interactions,
with MovieLens' ratings, and with the films named in the dialogues of other folds as well
(`folds`). Intervals are of 2,000 bootstrap resamples of dialogues. Weights were chosen on one
half of the dialogues, where `--find-weights` looks for better ones. `--ranker llm` asks the language
model on a sample. `varied` is off.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from prompts.templates import Templates
from recommender.evaluation.data import checksum
from recommender.evaluation.folds import fold_of, of_other_folds
from recommender.evaluation.metrics import Figure
from recommender.evaluation.model_in_use import ModelInUse
from recommender.evaluation.records import (
    code_version,
    command_again,
    refuse_other_data,
    write_record,
)  # fmt: skip
from recommender.evaluation.redial_data import (
    QUERIES,
    Case,
    Films,
    of_nothing,
    of_state,
    ratings,
    read_cases,
    read_films,
    read_mentions,
    replay,
    whole_dialogue,
)
from recommender.evaluation.redial_weights import (
    ALONE,
    GRID,
    OF_DIALOGUES,
    OF_RATINGS,
    POPULAR,
    RATED,
    RATING,
    SPOKEN,
    TEXT_WEIGHTS,
    WEIGHTS,
)  # fmt: skip
from recommender.evaluation.weight_search import RememberingEncoder, descend
from recommender.opening import open_retriever
from recommender.ranking import JoinedRanker, make_scorer, nouns_of, weight_of
from recommender.settings import Settings
from recommender.understanding.understander import Understander, Understanding
from retrieval.collaborative import learn
from retrieval.encoder import open_encoder
from retrieval.limits import Limit
from retrieval.retriever import DenseRetriever, Query, RetrieverWeights

KS = (1, 5, 10, 50)
_LEAD = f"state, limits as wishes{RATED}"  # the query that a record is headed by
_FILES = ("redial_dev.jsonl.gz", "redial_dev_turns.jsonl.gz", "redial_movies.jsonl.gz")
Places = NDArray[np.int64]  # of each gold film among the candidates, KS[-1] where it is not


@dataclass(frozen=True)
class Bench:
    """The cases with what was understood, and for each way to know of others' tastes one
    retriever, or one for each fold."""

    films: Films
    cases: list[Case]
    reads: list[Understanding | None]
    retrievers: Mapping[str, Sequence[DenseRetriever]]

    def retriever(self, arm: str, case: Case) -> DenseRetriever:
        """The one that has learned nothing from the dialogue of this case."""
        some = self.retrievers[arm]
        return some[fold_of(case.dialogue, len(some))]

    def places(self, arm: str, weights: RetrieverWeights, queries: Sequence[Query]) -> list[Places]:
        """For each case the places of its gold films."""
        reweighted = [one.reweighted(weights) for one in self.retrievers[arm]]
        under = replace(self, retrievers={arm: reweighted})
        result = []
        for case, query in zip(self.cases, queries, strict=True):
            found = under.retriever(arm, case).retrieve(query, KS[-1])
            result.append(_places([c.item.id for c in found], case))
        return result

    def made(self, make: Callable[[Case, Understanding | None], Query]) -> list[Query]:
        return [make(c, r) for c, r in zip(self.cases, self.reads, strict=True)]

    def part(self, held_out: bool) -> Bench:
        """The test half, or the half on which weights are chosen."""
        rows = [n for n, case in enumerate(self.cases) if case.held_out == held_out]
        return replace(
            self, cases=[self.cases[n] for n in rows], reads=[self.reads[n] for n in rows]
        )


def measure(
    settings: Settings, data: Path, folder: Path, *, sample: int = 0, search: bool = False,
    ranker: int = 0,
) -> dict[str, Any]:  # fmt: skip
    """Find the films of a sample of dialogues (0 for all); prints, keeps and gives the record.

    With `search` better weights are looked for first; `ranker` is on how many turns the
    language model is asked as well. Raises `DataError` where the dialogues are not there.
    """
    files = [data / "dialogues" / name for name in _FILES]
    checksums = {f"dialogues/{file.name}": checksum(file) for file in files}
    refuse_other_data(folder.parent, "redial", checksums)
    bench, left_out = _open(settings, data, sample)
    state, text = WEIGHTS, TEXT_WEIGHTS
    if search:
        other = bench.part(held_out=False)
        state = {arm: _search(other, arm, state[arm], of_state) for arm in state}
        text = {arm: _search(other, arm, text[arm], whole_dialogue) for arm in text}
    print(f"{len(bench.cases)} turns; {left_out} without a new film are left out")
    chosen = {f"{what}{arm}": asdict(weights) for what, some in (("state", state), ("text", text))
              for arm, weights in some.items()}  # fmt: skip
    for name, weights in chosen.items():
        print(f"weights of the {name}: {weights}")
    record: dict[str, Any] = {
        "task": "redial", "system": _LEAD, "n": len(bench.cases), "code": code_version(), "data": checksums,
        "command": command_again("redial", {"data": "DIR", "sample": sample}),
        "sample": sample, "left_out": left_out, "weights": chosen,
        "excluded": _excluded(bench, bench.made(of_state)),
    }  # fmt: skip
    found = _rows(bench, state, text)
    for half, wanted in (("all", None), ("test half", True), ("validation half", False)):
        rows = [n for n, case in enumerate(bench.cases) if wanted in (None, case.held_out)]
        cases = [bench.cases[n] for n in rows]
        part = {name: [places[n] for n in rows] for name, places in found.items()}
        record[half] = _report(half, cases, part)
    record["figures"] = {f"R@{k}": vars(Figure(told[0], told[1], told[2], len(bench.cases)))
                         for k, told in record["all"][_LEAD].items()}  # fmt: skip
    if ranker:
        record["ranked"] = _with_ranker(settings, bench, state[RATED], ranker)
    write_record(folder, record)
    return record


def _open(settings: Settings, data: Path, sample: int) -> tuple[Bench, int]:
    films = read_films(data, settings.data / "redial")
    cases, left_out = read_cases(data, films)
    if sample:
        kept = list(dict.fromkeys(case.dialogue for case in cases))[:sample]
        cases = [case for case in cases if case.dialogue in set(kept)]
    encoder = RememberingEncoder(open_encoder(settings.encoder, settings.data))
    alone = open_retriever(settings.data / "index", films.catalog, encoder, True)
    rated = [{**row, "weight": RATING} for row in ratings(data, films)]
    others = learn(films.catalog, ratings(data, films), OF_RATINGS)
    print(f"{len(films.catalog)} films; {others.manifest.interactions} ratings by "
          f"{others.manifest.users} people of {int((others.counts > 0).sum())} of them")  # fmt: skip
    spoken = of_other_folds(films.catalog, read_mentions(data, films), rated, OF_DIALOGUES)
    retrievers = {ALONE: [alone], RATED: [alone.with_interactions(others)],
                  SPOKEN: [alone.with_interactions(one) for one in spoken]}  # fmt: skip
    return Bench(films, cases, replay(cases, Understander(films.catalog)), retrievers), left_out


def _rows(
    bench: Bench, state: Mapping[str, RetrieverWeights], text: Mapping[str, RetrieverWeights]
) -> dict[str, list[Places]]:
    """The places of the gold films for each query and each way to know of others' tastes."""
    found = {}
    for arm in (ALONE, RATED, SPOKEN):
        for name, make in QUERIES.items():
            weights = (state if name.startswith("state") else text)[arm]
            found[name + arm] = bench.places(arm, weights, bench.made(make))
        if arm:
            found["popularity" + arm] = bench.places(arm, POPULAR, bench.made(of_nothing))
    default = bench.places(RATED, RetrieverWeights(), bench.made(of_state))
    found["state, default weights" + RATED] = default
    return found


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
    print(f"{'':106}" + "".join(f"{f'R@{k}':>20}" for k in KS))
    record: dict[str, Any] = {}
    draws = {name: [recall(cases, places, k) for k in KS] for name, places in found.items()}
    rows = dict(draws)
    pairs = [(state + arm, other + arm) for arm in (ALONE, RATED, SPOKEN)
             for state in ("state", "state, limits as wishes")
             for other in ("whole dialogue", "whole dialogue and its films")]  # fmt: skip
    for one, other in (*pairs, ("state" + RATED, "state"), ("state" + SPOKEN, "state" + RATED)):
        rows[f"{one} − {other}"] = [a - b for a, b in zip(draws[one], draws[other], strict=True)]
    for name, values in rows.items():
        figures = [(v[0], *np.quantile(v[1:], [0.025, 0.975])) for v in values]
        print(f"{name:106}" + "".join(f"{a:8.3f} {b:5.3f}–{c:5.3f}" for a, b, c in figures))
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


def _search(
    bench: Bench, arm: str, weights: RetrieverWeights, make: Callable[..., Query]
) -> RetrieverWeights:
    """Coordinate descent on the mean of R@k over the cases of `bench`."""
    queries = bench.made(make)

    def worth(weights: RetrieverWeights) -> float:
        places = np.concatenate(bench.places(arm, weights, queries))
        return float(np.mean([(places < k).mean() for k in KS]))

    return descend(weights, GRID, worth)


def _with_ranker(
    settings: Settings, bench: Bench, weights: RetrieverWeights, turns: int
) -> dict[str, Any]:
    """The retriever's order and the joined one on the same turns, and the paired difference."""
    templates = Templates.load()
    model = ModelInUse(settings).model
    catalog = bench.films.catalog
    scorer = make_scorer("block", model, catalog, templates)
    weight = weight_of(settings.rank_weight, model)
    ranker = JoinedRanker(scorer, weight)
    picked = [n for n, read in enumerate(bench.reads) if read is not None]
    picked = sorted(np.random.default_rng(0).permutation(picked)[:turns].tolist())
    retriever, queries = bench.retrievers[RATED][0].reweighted(weights), bench.made(of_state)
    before, after = [], []
    for n in tqdm(picked, unit="turn"):
        read = bench.reads[n]
        assert read is not None
        instruction = templates.choose(read.aspects).render(read.aspects, nouns_of(catalog))
        candidates = retriever.retrieve(queries[n], KS[-1])
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
