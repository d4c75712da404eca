"""How a turn's time grows with the catalog: all but the language model and the store.

    python -m benchmarks.growth --sizes 1000,10000,100000,1000000
    python -m benchmarks.growth --build-only        # the indexes first, which are kept

Catalogs are the bundled films' words recombined (`benchmarks/understanding.py`), with vectors
that have the clusters of the films' own (`benchmarks/clusters.py`), each in a process of its own.
A turn is understood, its text encoded, candidates retrieved, spread where it is vague, and three
reasons composed. Times are of the processor, since other work on the machine is no part of
them. Smaller catalogs are asked the same turns.
"""

from __future__ import annotations

import argparse
import gc
import random
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.labelled import write_record
from benchmarks.scale import built, in_own_process, kept_vectors, placeholder, resident_mb
from benchmarks.understanding import SEED, enlarged, utterances
from recommender.dialogue import Session
from recommender.explanation import Explainer
from recommender.opening import open_index
from recommender.ranking import RetrieverRanker, spread_picks
from recommender.settings import Settings
from recommender.understanding.understander import Understander
from retrieval.catalog import load_catalog
from retrieval.encoder import DEFAULT_ENCODER, open_encoder
from retrieval.index import load_index
from retrieval.index_plan import Budget
from retrieval.retriever import DenseRetriever, RetrieverWeights

CANDIDATES, PICKS = 40, 3
STAGES = ("understand", "retrieve", "rest")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--sizes", default="1000,10000,100000,1000000", help="numbers of items")
    parser.add_argument("--turns", type=int, default=200, help="turns of each catalog (200)")
    parser.add_argument(
        "--kept", type=Path, default=Path("data/scale"), help="where to keep vectors"
    )
    parser.add_argument("--build-only", action="store_true", help="indexes, which are kept")
    options = parser.parse_args()
    sizes = [int(size) for size in options.sizes.split(",")]
    if options.build_only:
        for size in sizes:
            in_own_process(build, size, options.kept)
        return
    record = {}
    for size in sizes:
        record[f"{size}"] = found = in_own_process(measured, size, options.turns, options.kept)
        print(f"{size:>9,} items:", found, flush=True)
    first, *_, last = record.values()
    grown = {name: round(last["turn ms"][n] - first["turn ms"][n], 1)
             for n, name in enumerate(("median", "95th percentile"))}  # fmt: skip
    print("from the smallest to the largest a turn takes longer by ms:", grown)
    print("written to", write_record("growth", {**record, "grown": grown}))


def build(size: int, kept: Path) -> Path:
    """The folder of the index of so many made items, built where it is not there."""
    movies, encoder = load_catalog("movies"), open_encoder(DEFAULT_ENCODER, Settings.data)
    real = open_index(Settings.read({}).data / "index", movies, encoder, False).vectors
    vectors = kept_vectors(real, size, kept / f"films-{size}.npy")
    folder = kept / f"films-index-{size}"
    built(vectors, None, folder, Budget())
    return folder


def measured(size: int, turns: int, kept: Path) -> dict[str, Any]:
    """Median and 95th percentile of each stage in ms; what opening took, and memory."""
    folder = build(size, kept)
    movies, encoder = load_catalog("movies"), open_encoder(DEFAULT_ENCODER, Settings.data)
    catalog = enlarged(movies, size)
    begun = time.process_time()
    understander, explainer = Understander(catalog), Explainer(catalog)
    understood_s = time.process_time() - begun
    index = load_index(folder, placeholder(size), "made")
    begun = time.process_time()
    retriever = DenseRetriever(catalog, encoder, index)
    said = utterances(movies)
    said = random.Random(SEED).sample(said, min(turns, len(said)))
    gc.collect()
    gc.freeze()  # as the page does, whose turns are not to wait for a look at every item
    times: dict[str, list[float]] = {name: [] for name in STAGES}
    opened = {
        "understanding s": round(understood_s),
        "retriever s": round(time.process_time() - begun),
    }
    shown = Session("growth")
    for text in (said[0], *said):  # the first is not counted
        for session in (Session("growth"), shown):
            marks = [time.process_time()]
            read = understander.understand(session, text)
            marks.append(time.process_time())
            candidates = retriever.retrieve(read.query, CANDIDATES)
            marks.append(time.process_time())
            ranked = RetrieverRanker().rank(None, candidates)  # type: ignore[arg-type]
            if read.query.varied:
                vectors_of = retriever.vectors_of([pick.item.id for pick in ranked])
                ranked = spread_picks(ranked, vectors_of, PICKS, RetrieverWeights.variety)
            picks = [explainer.composed(pick, read.state) for pick in ranked[:PICKS]]
            marks.append(time.process_time())
            for name, since, until in zip(STAGES, marks, marks[1:], strict=False):
                times[name].append((until - since) * 1000)
        state = read.state.__class__(
            **{**read.state.__dict__, "last_shown": tuple(p.item.id for p in picks)}
        )
        shown = Session("growth", 1, state)
    found: dict[str, Any] = {f"{name} ms": _spread(values[2:]) for name, values in times.items()}
    found["turn ms"] = _spread(np.sum([values[2:] for values in times.values()], axis=0).tolist())
    return {**found, **opened, "resident_mb": round(resident_mb())}


def _spread(values: list[float]) -> tuple[float, float]:
    return round(float(np.median(values)), 1), round(float(np.quantile(values, 0.95)), 1)


if __name__ == "__main__":
    main()
