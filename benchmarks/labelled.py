"""The labelled requests: reading them, checking limits by their labels, and NDCG.

`requests.jsonl` holds 140 requests, half for choosing weights ("validation"), half for
reporting ("test"), each with the hard limits its words demand and the films that answer it
(2: just what was asked for, 1: a fair answer). The labels were made from the catalog,
without looking at what the system ranks; unlabelled films count as no answer, so figures
are lower bounds.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from recommender.evaluation.metrics import figures
from retrieval.catalog import Item, fold

FILE = Path(__file__).with_name("requests.jsonl")
RESULTS = Path(__file__).with_name("results")


@dataclass(frozen=True)
class LabelledRequest:
    id: str
    split: str
    request: str
    limits: Mapping[str, Any]
    relevant: Mapping[str, int]  # item id -> grade 1 or 2


def load_requests(split: str = "") -> list[LabelledRequest]:
    lines = FILE.read_text(encoding="utf-8").splitlines()
    rows = [LabelledRequest(**json.loads(line)) for line in lines]
    return [row for row in rows if not split or row.split == split]


def broken_limits(item: Item, limits: Mapping[str, Any]) -> list[str]:
    """The labelled limits that an item breaks, judged apart from the app's own limits."""
    year, runtime = item.numbers["year"], item.numbers["runtime"]
    genres, language = set(item.facets["genres"]), set(item.facets["language"])
    people = set(item.facets.get("directors", ())) | set(item.facets.get("cast", ()))
    prose = fold(" ".join((*item.facets.get("keywords", ()), *item.texts.values())))
    checks: dict[str, Callable[[Any], bool]] = {
        "year_max": lambda v: year <= v,
        "year_min": lambda v: year >= v,
        "year_not": lambda v: not any(low <= year <= high for low, high in v),
        "genres_all": lambda v: set(v) <= genres,
        "genres_any": lambda v: bool(set(v) & genres),
        "genres_none": lambda v: not set(v) & genres,
        "language_any": lambda v: bool(set(v) & language),
        "language_none": lambda v: not set(v) & language,
        "people_all": lambda v: set(v) <= people,
        "people_any": lambda v: bool(set(v) & people),
        "people_none": lambda v: not set(v) & people,
        "runtime_max": lambda v: runtime <= v,
        "runtime_min": lambda v: runtime >= v,
        "ids_none": lambda v: item.id not in v,
        "words_none": lambda v: not any(f" {fold(w)}" in f" {prose}" for w in v),
    }
    return [f"{name}={value}" for name, value in limits.items() if not checks[name](value)]


def ndcg(ranked: Sequence[str], relevant: Mapping[str, int], k: int) -> float:
    """NDCG@k with gains 2^grade − 1 and discounts 1/log2(rank + 1) (Järvelin & Kekäläinen)."""
    gains = [2 ** relevant.get(item, 0) - 1 for item in ranked[:k]]
    ideal = sorted((2**grade - 1 for grade in relevant.values()), reverse=True)[:k]
    best = sum(gain / math.log2(rank + 1) for rank, gain in enumerate(ideal, start=1))
    got = sum(gain / math.log2(rank + 1) for rank, gain in enumerate(gains, start=1))
    return got / best if best else 0.0


def interval(values: Sequence[float], seed: int = 0) -> tuple[float, float]:
    """95 % bootstrap interval of a mean over cases."""
    mean = figures({"mean": np.asarray(values)}, seed)["mean"]
    return mean.low, mean.high


def write_record(name: str, record: Mapping[str, Any]) -> Path:
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    path.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path
