"""Runs for the Results page: made-up standings, summed up and written as evaluations do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from recommender.evaluation.metrics import Standing
from recommender.evaluation.records import summary, write_record
from recommender.evaluation.runs import Row, RunSettings
from recommender.evaluation.tasks import TASKS

CHECKSUMS = {"video_games/items.jsonl.gz": "ab" * 32}


def write_run(out: Path, task: str, ranker: str, n: int = 60, **changes: Any) -> dict[str, Any]:
    """Write the record of a run and give it; `changes` replace what it says."""
    settings = RunSettings(task, ranker, "test", n, 0, {"weights": {ranker: 0.5}})
    rng = np.random.default_rng([n, len(ranker)])
    rows = [
        Row(f"case-{number}", number % 7, Standing(int(rng.integers(len(ranker) % 9 + 1)), 0, 10),
            (number % 7, 8), 1.5, tuple(rng.normal(size=10).tolist()), 0)
        for number in range(n)
    ]  # fmt: skip
    record = summary(
        TASKS[task], settings, rows, CHECKSUMS, counts=None, catalog_size=30,
        extra={"command": f"python -m recommender evaluate {task} --ranker {ranker}",
               "finished": "2026-01-02T03:04:05Z", "peak_memory_mb": 321} | changes,
    )  # fmt: skip
    write_record(out / f"{task}-{len(list(out.glob('*')))}", record)
    return record
