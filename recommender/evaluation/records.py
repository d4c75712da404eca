"""The record of a run: everything needed to repeat it, and what came of it, as JSON.

Promises that a figure never stands without its number of cases, its interval, the data's
checksums and the version of the code. It computes what lies beside accuracy (coverage,
novelty, popularity, calibration) from the rows of a run.
"""

from __future__ import annotations

import hashlib
import json
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prompts.instruction import TaskForm
from recommender.evaluation.data import refuse_changed
from recommender.evaluation.data_sets import CORE
from recommender.evaluation.metrics import Figure, figures, per_case
from recommender.evaluation.pointwise import (
    Judged,
    binned,
    per_case_pointwise,
    pointwise_calibration,
)  # fmt: skip
from recommender.evaluation.runs import Row, RunSettings, write_whole
from recommender.evaluation.tasks import ALL, Task
from recommender.settings import Settings

ROOT = Path(__file__).parents[2]
_SHOWN = 5  # first picks that coverage and novelty look at


class RecordError(RuntimeError):
    """A record that can't be read; the message names it and says what to do."""


def summary(
    task: Task, settings: RunSettings, rows: Sequence[Row], checksums: Mapping[str, str],
    *, counts: NDArray[np.int64] | None, catalog_size: int, extra: Mapping[str, Any],
    log_odds: bool = False,
) -> dict[str, Any]:  # fmt: skip
    """A run as plain data; `counts` says how often each item was bought, where that is known,
    `log_odds` whether the scores are, so that they can be read as they are."""
    values = per_case([row.standing for row in rows], task.negatives == ALL)
    sure = calibration(rows)
    found = figures(values)
    if task.task_form is TaskForm.POINTWISE:
        judged = Judged.of(rows)
        if len(judged.scores):
            found |= figures(per_case_pointwise(judged, log_odds))
        sure = pointwise_calibration(judged, log_odds)
    return {
        "task": task.name, "form": task.form, "title": task.title, "data_set": task.data,
        "ranker": settings.ranker, "split": settings.split, "seed": settings.seed,
        "sample": settings.sample, "scorer": dict(settings.scorer), "n": len(rows),
        "stands_for": task.stands_for, "code": code_version(), "data": dict(checksums),
        "figures": {name: asdict(figure) for name, figure in found.items()},
        "beside": beside(rows, counts, catalog_size) | {"ties": ties(rows)},
        "calibration": sure,
        "ms_per_case": _quantiles([row.ms for row in rows]),
        "mb_per_case": _quantiles([row.mb for row in rows]),
        "peak_memory_mb": round(max((row.peak_mb for row in rows), default=0.0)),
        **extra,
    }  # fmt: skip


def write_record(folder: Path, record: Mapping[str, Any]) -> Path:
    path = folder / "record.json"
    write_whole(path, json.dumps(record, indent=1, ensure_ascii=False) + "\n")
    return path


def read_records(out: Path) -> list[dict[str, Any]]:
    """All records of tasks below a folder, by name; conversations have records of their own."""
    records = [read_record(path) for path in record_paths(out)]
    return [record for record in records if "ranker" in record]


def refuse_other_data(out: Path, name: str, checksums: Mapping[str, str]) -> None:
    """Raise `DataError` where a record below a folder, which is to be held against what comes,
    was made with another state of the data set `name`.

    Files that one of them had not are no difference; a record that can't be read is passed by.
    """
    for path in record_paths(out):
        try:
            record = read_record(path)
        except RecordError:
            continue
        told = record.get("data", {})
        if data_of(record) == name and isinstance(told, dict):
            shared = told.keys() & checksums.keys()
            refuse_changed({file: told[file] for file in shared},
                           {file: checksums[file] for file in shared}, str(path.parent))  # fmt: skip


def data_of(record: Mapping[str, Any]) -> str:
    """What a record is of: its data set, or for a conversation the catalog."""
    return str(record.get("data_set") or record.get("catalog") or record.get("task", ""))


def command_again(task: str, options: Mapping[str, Any]) -> str:
    """The command that makes a run again; what is as it usually is goes without saying."""
    usual = {"data_set": "", "core": CORE, "split": "test", "sample": 0, "seed": 0, "template": ""}
    usual |= {name: getattr(Settings(), name) for name in ("model", "adapter", "quantization")}
    told = " ".join(
        f"--{name.replace('_', '-')} {shlex.quote(str(value))}"
        for name, value in options.items()
        if name not in usual or value != usual[name]
    )
    return f"python -m recommender evaluate {task} {told}"


def read_talks(out: Path) -> list[dict[str, Any]]:
    """All records of conversations below a folder, by name."""
    records = [read_record(path) for path in record_paths(out)]
    return [record for record in records if "ranker" not in record]


def record_paths(out: Path) -> list[Path]:
    return sorted(out.glob("*/record.json"))


def read_record(path: Path) -> dict[str, Any]:
    """One record. Raises `RecordError`."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise RecordError(f"{path}: can't be read ({error}); run its command again") from error
    if not isinstance(record, dict):
        raise RecordError(f"{path}: expected a JSON object; run its command again")
    return record


def figure_of(record: Mapping[str, Any], name: str) -> Figure | None:
    data = record["figures"].get(name)
    return None if data is None else Figure(**data)


def beside(
    rows: Sequence[Row], counts: NDArray[np.int64] | None, catalog_size: int
) -> dict[str, float]:
    """How much of the catalog is picked first, and how popular what is picked is.

    `novelty` is the mean surprise of the first picks in bits, `popularity_bias` how many
    percentiles of popularity the first pick stands above the right item, on average.
    """
    firsts = np.array([row.picks[0] for row in rows if row.picks], dtype=np.int64)
    shown = np.array([p for row in rows for p in row.picks[:_SHOWN]], dtype=np.int64)
    result = {
        "coverage@1": len(np.unique(firsts)) / catalog_size,
        f"coverage@{_SHOWN}": len(np.unique(shown)) / catalog_size,
    }
    if counts is not None:
        shares = (counts + 1) / (counts.sum() + len(counts))
        ordered = np.sort(counts)
        percentiles = np.searchsorted(ordered, counts, side="left") / len(counts) * 100
        rights = np.array([row.right for row in rows], dtype=np.int64)
        result[f"novelty@{_SHOWN}"] = float(-np.log2(shares[shown]).mean())
        result["popularity_bias"] = float(percentiles[firsts].mean() - percentiles[rights].mean())
    return result


def ties(rows: Sequence[Row]) -> float:
    """The share of cases in which another candidate has the right one's score."""
    return float(np.mean([row.standing.level > 0 for row in rows])) if rows else 0.0


def calibration(rows: Sequence[Row]) -> dict[str, Any]:
    """How well the softmax of the scores says how often the first pick is right.

    `error` is the expected calibration error over ten bins, each with its mean confidence,
    its share of hits and its size. Meaningful for scores that are log-odds.
    """
    kept = [row for row in rows if row.scores]
    if not kept:
        return {}
    sure, hit = [], []
    for row in kept:
        scores = np.array(row.scores)
        chances = np.exp(scores - scores.max())
        sure.append(float(chances.max() / chances.sum()))
        hit.append(
            float(scores[row.number] == scores.max()) / float((scores == scores.max()).sum())
        )
    confidence, hits = np.array(sure), np.array(hit)
    error, table = binned(confidence, hits)
    return {"error": error, "bins": table}


@cache
def code_version() -> str:
    """`git describe` of the working copy, with a checksum of the source where that is not as it
    was committed, or is in no working copy."""
    try:
        found = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--tags"],
            cwd=ROOT, capture_output=True, text=True, check=True, timeout=10,
        )  # fmt: skip
        described = found.stdout.strip()
    except (OSError, subprocess.SubprocessError):
        described = "source-dirty"
    if not described.endswith("-dirty"):
        return described
    digest = hashlib.sha256()
    for room in ("prompts", "retrieval", "recommender"):
        for path in sorted((ROOT / room).rglob("*")):
            if path.suffix in (".py", ".toml"):
                digest.update(path.read_bytes())
    return f"{described.removesuffix('-dirty')}-{digest.hexdigest()[:12]}"


def _quantiles(values: Sequence[float]) -> dict[str, float]:
    if not values:
        return {}
    low, middle, high = np.percentile(values, [5, 50, 95])
    return {"median": round(float(middle), 3), "p5": round(float(low), 3),
            "p95": round(float(high), 3)}  # fmt: skip
