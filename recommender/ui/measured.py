"""The records of evaluation runs, and the paper's figures, as the plain data that
`results.js` draws.

Promises that a record which can't be read is named and hides no other. It computes no figure:
the records hold them; beside them stands what chance would get, which follows from the task.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from recommender.evaluation.controls import CONTROLS
from recommender.evaluation.metrics import Standing, per_case
from recommender.evaluation.paper import published
from recommender.evaluation.records import RecordError, read_record, record_paths
from recommender.evaluation.tasks import EVENLY, HARD, TASKS
from recommender.ui.cards import HERE, as_json

RESULTS_JS = (HERE / "results.js").read_text(encoding="utf-8")
SOURCE = "arXiv 2305.07001"
MEANINGS = {
    "HR": "the right item is among the first {cut}",
    "NDCG": "the same, worth more higher up",
    "MRR": "one over the rank of the right item",
    "R": "the right item is among the first {cut}",
    "AUC": "how often a suitable item scores above one that is not",
    "accuracy": "items rightly called suitable or not, by a threshold of other cases",
    "accuracy as it is": "the same by yes being likelier than no",
    "Brier": "squared error of the chance of being suitable; less is better",
    "success": "the item that was meant is shown within {cut} turns",
}
_ORDER = tuple(MEANINGS)
# What has a place of its own on the page; whatever else a record holds is told with its run.
_PLACED = {"task", "form", "title", "data_set", "ranker", "split", "seed", "sample", "scorer",
           "n", "stands_for", "code", "data", "figures", "calibration", "command", "finished",
           "beside", "stability", "ms_per_case", "mb_per_case", "peak_memory_mb",
           "made_s", "made_mb"}  # fmt: skip

Record = Mapping[str, Any]
Lines = list[tuple[str, str]]


def measured_value(out: Path) -> str:
    """What the page shows of the runs below a folder."""
    runs, unreadable = [], []
    for path in record_paths(out):
        try:
            runs.append(_run(path.parent.name, read_record(path)))
        except RecordError as error:
            unreadable.append(str(error))
        except (KeyError, TypeError, ValueError) as error:
            unreadable.append(f"{path}: not a record of a run ({type(error).__name__}: {error})")
    found = {run["task"] for run in runs}
    tasks = [*[name for name in TASKS if name in found], *sorted(found - TASKS.keys())]
    return as_json({
        "tasks": [_task(name, [run for run in runs if run["task"] == name]) for name in tasks],
        "runs": runs, "unreadable": unreadable, "source": SOURCE,
    })  # fmt: skip


def _task(name: str, runs: list[dict[str, Any]]) -> dict[str, Any]:
    task = TASKS.get(name)
    metrics = _in_order({metric for run in runs for metric in run["figures"]} - {"wrong"})
    chance = _chance(name)
    # A cut at the number of candidates is 1 for everybody.
    metrics = [metric for metric in metrics if chance.get(metric) != 1.0]
    return {
        "name": name,
        "title": task.title if task else runs[0]["title"],
        "form": task.form if task else runs[0]["form"],
        "metrics": [{"name": metric, "meaning": _meaning(metric)} for metric in metrics],
        "chance": chance,
        "paper": {data: [{"method": method, "figures": dict(figures)}
                         for method, figures in published(name, data).items()]
                  for data in sorted({run["data_set"] for run in runs})},
    }  # fmt: skip


def _chance(name: str) -> dict[str, float]:
    """What all candidates level would get, for a task with a known number of them."""
    task = TASKS.get(name)
    if task is None or task.negatives not in (EVENLY, HARD):
        return {}
    level = Standing(above=0, level=task.others, of=task.others + 1)
    return {metric: float(values[0]) for metric, values in per_case([level]).items()}


def _run(name: str, record: Record) -> dict[str, Any]:
    return {
        "id": name,
        "task": record["task"],
        "title": record.get("title", record["task"]),
        "form": record.get("form", ""),
        "data_set": record.get("data_set") or record.get("catalog", ""),
        "ranker": record.get("ranker") or record.get("system", "the app"),
        "control": record.get("ranker") in CONTROLS,  # which tell of the measuring alone
        "split": record.get("split", ""),
        "sample": record.get("sample", 0),
        "seed": record.get("seed", 0),
        "n": record["n"],
        "stands_for": record.get("stands_for", ""),
        "code": record.get("code", ""),
        "finished": record.get("finished", ""),
        "command": record.get("command", ""),
        "figures": {metric: [figure["value"], figure["low"], figure["high"]]
                    for metric, figure in record["figures"].items()},
        "beside": _beside(record),
        "bins": record.get("calibration", {}).get("bins", []),
        "settings": _settings(record),
        "data": sorted(record.get("data", {}).items()),
    }  # fmt: skip


def _beside(record: Record) -> Lines:
    """What is measured beside accuracy, by names for people."""
    beside, stable = record.get("beside", {}), record.get("stability", {})
    ms = record.get("ms_per_case", {})
    named = {
        "coverage of first picks": _share(beside.get("coverage@1")),
        "coverage of five": _share(beside.get("coverage@5")),
        "novelty, bits": _number(beside.get("novelty@5")),
        "popularity bias, percentiles": _number(beside.get("popularity_bias")),
        "calibration error": _number(record.get("calibration", {}).get("error")),
        "wrong outputs": _share(record["figures"].get("wrong", {}).get("value")),
        "first pick kept by shuffling": _share(stable.get("first_pick_kept")),
        "ms a case": _number(ms.get("median")),
        "ms, 95th percentile": _number(ms.get("p95")),
        "MB to ask": _number(record.get("mb_per_case", {}).get("median")),
        "peak memory, MB": _number(record.get("peak_memory_mb")),
    }
    return [(name, text) for name, text in named.items() if text]


def _settings(record: Record) -> Lines:
    """What a run was of, and whatever else its record says, nested names joined."""
    said = {name: record[name] for name in ("split", "sample", "seed") if name in record}
    if said.get("sample") == 0:
        said["sample"] = "all cases"
    if "made_s" in record:
        said["seconds to learn or load"] = record["made_s"]
    if "made_mb" in record:
        said["MB then"] = record["made_mb"]
    rest = {name: value for name, value in record.items() if name not in _PLACED}
    return [*_flat({**said, **record.get("scorer", {}), **rest})]


def _flat(data: Mapping[str, Any], above: str = "") -> Iterable[tuple[str, str]]:
    for name, value in data.items():
        full = f"{above} {name}".strip().replace("_", " ")
        if isinstance(value, Mapping):
            yield from _flat(value, full)
        elif isinstance(value, (list, tuple)):
            yield full, ", ".join(map(str, value))
        elif value not in (None, ""):
            yield full, _number(value) if isinstance(value, float) else str(value)


def _in_order(metrics: set[str]) -> list[str]:
    def place(metric: str) -> tuple[int, int, str]:
        kind, _, cut = metric.partition("@")
        known = _ORDER.index(kind) if kind in _ORDER else len(_ORDER)
        return known, int(cut) if cut.isdigit() else 0, metric

    return sorted(metrics, key=place)


def _meaning(metric: str) -> str:
    kind, _, cut = metric.partition("@")
    if metric == "HR@1":
        return "the right item comes first"
    return MEANINGS.get(kind, "").format(cut=cut)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,.3g}" if abs(value) < 100 else f"{value:,.0f}"


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.1%}"
