"""Runs of conversations: each system meets the same users, and goes on where it stopped.

Promises one folder and one record a system, and the same figures whether a run was broken
off or not: a conversation is kept whole or held again. The systems are the app as it is set
("joined"), the app without a language model ("retriever"), and the app's own understanding
with items that fit its limits in the order of their popularity or in none ("popularity",
"random"), which shows what the reading alone is worth.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from recommender.engine import Recommender
from recommender.evaluation.conversations import Conversation, Users, converse, success
from recommender.evaluation.metrics import Figure
from recommender.evaluation.reasons import KINDS, Judge, reason_figures
from recommender.evaluation.records import (
    code_version,
    command_again,
    refuse_other_data,
    write_record,
)  # fmt: skip
from recommender.evaluation.runs import (
    RunError,
    agree,
    codes_of,
    forget_peak_memory,
    note_code,
    peak_memory_mb,
)  # fmt: skip
from recommender.opening import CatalogRetriever
from recommender.settings import Settings
from recommender.store import Store
from retrieval.catalog import Catalog
from retrieval.retriever import Candidate, DenseRetriever, Query

SYSTEMS = ("joined", "retriever", "popularity", "random")
Worth = Callable[[Query], NDArray[np.float64]]


class MatchingRetriever(DenseRetriever):
    """Items that fit a query's limits, by a worth that knows nothing of the wish."""

    def __init__(self, retriever: CatalogRetriever, worth: Worth) -> None:
        self.catalog, self.filter, self._worth = retriever.catalog, retriever.filter, worth

    def retrieve(self, query: Query, k: int) -> list[Candidate]:
        places = np.flatnonzero(self.filter.mask(query.limits, query.without))
        worth = self._worth(query)[places]
        order = np.lexsort((places, -worth))[:k]
        return [Candidate(self.catalog.items[places[n]], float(worth[n])) for n in order]


@dataclass(frozen=True)
class Plan:
    """What the runs of one command have in common."""

    users: Users
    seed: int
    sample: int
    out: Path
    progress: bool = False


def hold(system: str, settings: Settings, plan: Plan) -> dict[str, Any]:
    """Hold, or go on with, the conversations of one system; writes and gives the record.

    Raises `RunError` or `DataError` where the folder holds a run of something else, and
    `ValueError` where the system can't be had.
    """
    folder = plan.out / f"conversation-{system}-{plan.sample or 'all'}-seed{plan.seed}"
    folder.mkdir(parents=True, exist_ok=True)
    alone = settings if system == "joined" else replace(settings, model="none", adapter="none")
    forget_peak_memory()

    def by_worth(retriever: CatalogRetriever) -> CatalogRetriever:
        return MatchingRetriever(retriever, _worth(system, retriever.catalog, plan))

    own = None if system in ("joined", "retriever") else by_worth
    recommender = Recommender(alone, store=Store(folder / "store.db"), retriever=own)
    try:
        files = {"catalog": recommender.catalog.checksum, **plan.users.files}
        model = recommender.describe_model()
        about = {"system": system, "seed": plan.seed, "sample": plan.sample, "model": model}
        refuse_other_data(plan.out, recommender.catalog.name, files)
        agree(folder / "settings.json", {**about, "cases": len(plan.users.meetings)}, files)
        held = _held(folder / "conversations.jsonl", recommender, plan)
        found = {**success(held), **reason_figures([r for c in held for r in c.reasons])}
        about |= {"code": codes_of(folder / "settings.json")}
        record = _record(about, files, plan, recommender, held, found)
    finally:
        recommender.close()
    write_record(folder, record)
    return record


def _held(path: Path, recommender: Recommender, plan: Plan) -> list[Conversation]:
    held = read_conversations(path, cut=True)
    if any(len(judged) != len(KINDS) for c in held for judged in c.reasons):
        raise RunError(f"{path}: its reasons were judged otherwise than now; remove its folder")
    judge = Judge.of(recommender.catalog)
    left = plan.users.meetings[len(held) :]
    if left:
        note_code(path.with_name("settings.json"), code_version())
    bar = tqdm(left, initial=len(held), unit="talk", disable=not plan.progress)
    with path.open("a", encoding="utf-8") as file:
        for meeting in bar:
            held.append(converse(recommender, meeting, plan.seed, judge))
            file.write(json.dumps(asdict(held[-1]), ensure_ascii=False) + "\n")
            file.flush()
            os.fsync(file.fileno())
    return held


def read_conversations(path: Path, cut: bool = False) -> list[Conversation]:
    """The conversations of a run; with `cut`, a last line that was torn is cut away."""
    if not path.exists():
        return []
    data = path.read_bytes()
    whole = data[: data.rfind(b"\n") + 1]
    if cut and len(whole) < len(data):  # the process ended while it wrote
        with path.open("r+b") as file:
            file.truncate(len(whole))
    return [_conversation(json.loads(line)) for line in whole.decode().splitlines()]


def _conversation(data: Mapping[str, Any]) -> Conversation:
    reasons = tuple(tuple(judged) for judged in data["reasons"])
    return Conversation(**{**data, "utterances": tuple(data["utterances"]), "reasons": reasons})


def _worth(system: str, catalog: Catalog, plan: Plan) -> Worth:
    if system == "popularity":
        if not plan.users.counts:
            raise ValueError("popularity needs people who liked items; name their folder by --data")
        counts = np.array([plan.users.counts.get(i.id, 0) for i in catalog.items], dtype=np.float64)
        return lambda query: counts

    def drawn(query: Query) -> NDArray[np.float64]:
        # By all that was said and shown, so that a turn is drawn alike whenever it is held.
        key = zlib.crc32(repr((query.text, sorted(query.without))).encode())
        return np.random.default_rng([plan.seed, key]).random(len(catalog))

    return drawn


def _record(
    about: Mapping[str, Any], files: Mapping[str, str], plan: Plan, recommender: Recommender,
    held: Sequence[Conversation], found: Mapping[str, Figure],
) -> dict[str, Any]:  # fmt: skip
    turns = np.array([len(c.utterances) for c in held])
    ms = np.array([c.ms_per_turn for c in held])
    return {
        "task": "conversation", "command": _command(about), **about, "n": len(held), "catalog": recommender.catalog.name,
        "data": dict(files), "stands_for": plan.users.stands_for,
        "turns": {"mean": float(turns.mean()), "all": int(turns.sum())},
        "figures": {name: vars(figure) for name, figure in found.items()},
        "ms_per_turn": {"median": float(np.median(ms)), "p95": float(np.percentile(ms, 95))},
        "peak_memory_mb": round(peak_memory_mb()),
        "example": [f"{held[0].user} means {held[0].target}", *held[0].utterances],
    }  # fmt: skip


def _command(about: Mapping[str, Any]) -> str:
    """Names the adapter, as a conversation's own is a matter of the settings."""
    options = {"data": "DIR", "ranker": about["system"], "sample": about["sample"]}
    adapter = about["model"]["adapter"]
    options |= {"adapter": f"checkpoints/{adapter}"} if adapter else {}
    return command_again("conversation", options | {"seed": about["seed"]})
