"""Where does the time of a reply go, and what does one-pass ranking save?

    python -m benchmarks.stages [--requests 20]

Prints the median and the 95th percentile of each stage over labelled requests; the time to
score 20 candidates in one pass against letting the same model write its ranking of them as
text, in the same run; and the peak memory of the process. Times are of this machine; the
ratio travels.
"""

from __future__ import annotations

import argparse
import resource
import time

import numpy as np
from tqdm import tqdm

from benchmarks.labelled import load_requests, write_record
from recommender.dialogue import Done, Session
from recommender.engine import Recommender
from recommender.language_model import LanguageModel, load_language_model
from recommender.ranking import BlockScorer, nouns_of
from recommender.settings import Settings
from recommender.store import Store
from recommender.understanding.understander import Understander

STAGES = ("understand", "retrieve", "rank", "explain", "total")
LISTED = 20  # candidates of the comparison
WRITTEN_TOKENS = 400  # enough for twenty numbered titles


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--requests", type=int, default=20)
    options = parser.parse_args()
    settings = Settings.read({})
    since = time.perf_counter()
    model = load_language_model(settings.model, cache=settings.data)
    recommender = Recommender(settings, store=Store(":memory:"), language_model=model)
    ready = time.perf_counter() - since
    rows = [row for row in load_requests() if row.relevant][: options.requests + 1]
    times: dict[str, list[float]] = {stage: [] for stage in STAGES}
    for number, row in enumerate(tqdm(rows, unit="request")):
        session = recommender.open_session()
        for event in recommender.reply(session.id, row.request):
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
    one_pass, written = _compare(recommender, model, [row.request for row in rows[1:6]])
    print(f"ranking {LISTED}: one pass {one_pass:.2f} s, written as text {written:.2f} s, "
          f"ratio {written / one_pass:.1f}")  # fmt: skip
    print(f"ready after {ready:.1f} s; peak memory {served:.0f} MB")
    record = {
        "stages": figures, "one_pass_s": one_pass, "written_s": written,
        "ratio": written / one_pass, "ready_s": ready, "peak_mb": served,
        "model": recommender.describe_model(),
    }  # fmt: skip
    print("written to", write_record("stages", record))
    recommender.close()


def _compare(
    recommender: Recommender, model: LanguageModel, requests: list[str]
) -> tuple[float, float]:
    """Median seconds to rank the same candidates in one pass, and by writing the ranking."""
    catalog, templates = recommender.catalog, recommender.templates
    scorer = BlockScorer(model, catalog, templates)
    understander = Understander(catalog)
    one_pass, written = [], []
    for request in tqdm(requests, unit="comparison"):
        read = understander.understand(Session("bench"), request)
        instruction = templates.choose(read.aspects).render(read.aspects, nouns_of(catalog))
        items = [c.item for c in recommender.retriever.retrieve(read.query, LISTED)]
        since = time.perf_counter()
        scorer.score(instruction, items)
        one_pass.append(time.perf_counter() - since)
        listed = "\n".join(f"{n}. {item.name}" for n, item in enumerate(items, start=1))
        task = (
            f"{instruction.text} of this list? Write all {len(items)} titles again as a numbered "
            f"list, the best first.\n{listed}"
        )
        since = time.perf_counter()
        for _ in model.stream([("user", task)], WRITTEN_TOKENS):
            pass
        written.append(time.perf_counter() - since)
    return float(np.median(one_pass)), float(np.median(written))


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
