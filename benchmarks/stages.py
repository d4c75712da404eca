"""Where does the time of a reply go?

    python -m benchmarks.stages [--requests 20]

Prints the median and the 95th percentile of each stage over labelled requests, and of the
moments at which the picks and the last word are there, and the peak memory of the process.
Times are of this machine; `benchmarks.engines` has the ratios.
"""

from __future__ import annotations

import argparse
import resource
import time

import numpy as np
from tqdm import tqdm

from benchmarks.labelled import load_requests, write_record
from recommender.dialogue import Done, Picked
from recommender.engine import Recommender
from recommender.language_model import load_language_model
from recommender.settings import Settings
from recommender.store import Store

STAGES = ("understand", "retrieve", "rank", "explain", "total")
PICKS = "picks shown"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--requests", type=int, default=20)
    options = parser.parse_args()
    settings = Settings.read({})
    since = time.perf_counter()
    model = load_language_model(
        settings.model, quantization=settings.quantization, adapter=settings.adapter,
        cache=settings.data,
    )  # fmt: skip
    recommender = Recommender(settings, store=Store(":memory:"), language_model=model)
    ready = time.perf_counter() - since
    rows = [row for row in load_requests() if row.relevant][: options.requests + 1]
    times: dict[str, list[float]] = {stage: [] for stage in (*STAGES, PICKS)}
    for number, row in enumerate(tqdm(rows, unit="request")):
        session = recommender.open_session()
        begun = time.perf_counter()
        for event in recommender.reply(session.id, row.request):
            if isinstance(event, Picked) and number:
                times[PICKS].append((time.perf_counter() - begun) * 1000)
            if isinstance(event, Done) and number:  # the first reply warms caches up
                for stage in STAGES:
                    times[stage].append(event.reply.timings_ms[stage])
    served = _peak_mb()
    print(f"{'stage':12} {'median ms':>10} {'p95 ms':>8}")
    figures = {}
    for stage, values in times.items():
        middle, high = float(np.median(values)), float(np.quantile(values, 0.95))
        figures[stage] = {"median_ms": middle, "p95_ms": high}
        print(f"{stage:12} {middle:10.0f} {high:8.0f}")
    print(f"ready after {ready:.1f} s; peak memory {served:.0f} MB")
    record = {
        "stages": figures, "ready_s": ready, "peak_mb": served,
        "model": recommender.describe_model(),
    }  # fmt: skip
    print("written to", write_record("stages", record))
    recommender.close()


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
