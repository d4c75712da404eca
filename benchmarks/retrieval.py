"""How good are the candidates? The parts of the retriever, switched off one at a time.

    python -m benchmarks.retrieval [--search]

Prints recall of the labelled films among 40 candidates and NDCG@10 of the retriever's
order, for the weights in use and with each part at zero. `--search` looks for better
weights on the validation half by coordinate descent, and reports on the test half.
"""

from __future__ import annotations

import argparse
from dataclasses import asdict, replace

from benchmarks.labelled import LabelledRequest, interval, load_requests, ndcg, write_record
from recommender.dialogue import Session
from recommender.evaluation.weight_search import RememberingEncoder, descend
from recommender.opening import open_retriever
from recommender.settings import Settings
from recommender.understanding.understander import Understander
from retrieval.catalog import load_catalog
from retrieval.encoder import SentenceTransformerEncoder
from retrieval.retriever import Query, RetrieverWeights

_GRID = {
    "liked": (0.4, 0.8, 1.2, 1.6, 2.0),
    "history": (0.0, 0.1, 0.2),
    "leaning": (0.0, 0.15, 0.25, 0.4, 0.6),
    "lexical": (0.0, 0.1, 0.2, 0.3, 0.45),
}


class Bench:
    """The labelled requests, understood once and retrieved under different weights."""

    def __init__(self) -> None:
        settings = Settings.read({})
        self.catalog = load_catalog(settings.catalog)
        encoder = RememberingEncoder(SentenceTransformerEncoder(settings.encoder))
        self.retriever = open_retriever(settings.data / "index", self.catalog, encoder, False)
        self._encoder = encoder
        understander = Understander(self.catalog)
        self.queries: list[tuple[LabelledRequest, Query]] = [
            (row, understander.understand(Session("bench"), row.request).query)
            for row in load_requests()
            if row.relevant
        ]

    def measure(self, weights: RetrieverWeights, split: str) -> dict[str, list[float]]:
        retriever = self.retriever.reweighted(weights)
        found: dict[str, list[float]] = {"ndcg@10": [], "recall@40": []}
        for row, query in self.queries:
            if row.split == split:
                ids = [c.item.id for c in retriever.retrieve(query, 40)]
                found["ndcg@10"].append(ndcg(ids, row.relevant, 10))
                reachable = min(40, len(row.relevant))
                found["recall@40"].append(len(set(ids) & set(row.relevant)) / reachable)
        return found

    def worth(self, weights: RetrieverWeights) -> float:
        """What the search looks at: both means over the validation half."""
        found = self.measure(weights, "validation").values()
        return sum(sum(values) / len(values) for values in found)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--search", action="store_true", help="look for better weights")
    options = parser.parse_args()
    bench = Bench()
    weights = RetrieverWeights()
    if options.search:
        weights = descend(weights, _GRID, bench.worth, rounds=2)
        print("best on validation:", asdict(weights))
    rows = {"all parts": weights} | {
        f"without {name}": replace(weights, **{name: 0.0}) for name in _GRID
    }
    record = {}
    print(f"{'test half':20} {'NDCG@10':>8} {'95 %':>14} {'recall@40':>10}")
    for name, these in rows.items():
        got = bench.measure(these, "test")
        mean = {metric: sum(values) / len(values) for metric, values in got.items()}
        low, high = interval(got["ndcg@10"])
        print(f"{name:20} {mean['ndcg@10']:8.3f} {low:6.3f}–{high:.3f} {mean['recall@40']:10.3f}")
        record[name] = {"weights": asdict(these), **mean, "interval": [low, high]}
    print("written to", write_record("retrieval", record))


if __name__ == "__main__":
    main()
