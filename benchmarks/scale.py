"""What a search costs in a large catalog, and what it finds.

    python -m benchmarks.scale --data DIR --count 1000000
    python -m benchmarks.scale --data DIR --count 1000000 --build-only     # the slow part, first

Vectors are made with the clusters of real ones (`benchmarks/clusters.py`); how alike they are
is printed first. Queries are wishes (`requests.jsonl`) and real items that no made vector comes
from. The index is built as the app builds it, then opened and searched by processes of their
own, on one core: this index, exact search over the same vectors and usearch's HNSW, where it
is installed, looking at 192 candidates and, as recall is not had for nothing, at 1024 and
4096. Recall has a bootstrap's interval over queries. Times are of the processor, since other work on the machine is no part of them.
Filters let 10 % or 1 % through, drawn at random or as one region of the catalog.
What is made is kept in the data folder's `scale/`.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import multiprocessing
import os
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.clusters import Floats, made_vectors, real_vectors, shape_of, texts_of
from benchmarks.labelled import interval, load_requests, write_record
from retrieval.catalog import Catalog, Item
from retrieval.encoder import SentenceTransformerEncoder
from retrieval.index import DenseIndex, load_index, save_index
from retrieval.index_plan import Budget, learned, shown_steps
from retrieval.nearest import exact_nearest

K = 50
WAYS = ("lists", "exact", "usearch-192", "usearch-1024", "usearch-4096")
HELD_OUT = 300  # real items that serve as queries
COMPARED = 10_000  # vectors by which made ones are held against real ones
FEW = 60  # queries that slow searches are timed with
Queries = dict[str, Floats]  # by kind
Search = Callable[[Floats, NDArray[np.bool_] | None], NDArray[np.int64]]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--data", type=Path, help="folder of real sets (else the bundled films)")
    parser.add_argument("--count", type=int, default=1_000_000, help="vectors (1000000)")
    parser.add_argument("--real", type=int, default=31_000, help="real items to encode (31000)")
    parser.add_argument("--memory-mb", type=int, default=Budget.memory_mb, help="for the index")
    parser.add_argument("--ways", default=",".join(WAYS), help="what to search by, with commas")
    parser.add_argument("--kept", type=Path, default=Path("data/scale"), help="where to keep it")
    parser.add_argument("--build-only", action="store_true", help="what is built is kept")
    options = parser.parse_args()
    if options.data is None or not (options.data / "video_games").is_dir():
        print("no real sets: the bundled films alone; --data names the folder that holds them")
        options.data = None
    encoder = SentenceTransformerEncoder()
    texts = texts_of(options.data, options.real)
    real = real_vectors(encoder, texts, options.kept / f"real-{len(texts)}.npy")
    held = min(HELD_OUT, len(real) // 5)
    wishes = encoder.encode([row.request for row in load_requests()])
    queries = {"wishes": wishes[1::2], "items": real[:held]}
    path = options.kept / f"made-{options.count}.npy"
    vectors = kept_vectors(real[held:], options.count, path)
    budget, ways = Budget(memory_mb=options.memory_mb), options.ways.split(",")
    if options.build_only:
        print(built(vectors, wishes[::2], index_of(options.kept, len(vectors), budget), budget))
        if any(way.startswith("usearch") for way in ways):
            in_own_process(_by_usearch, path, options.kept / "index", 192)
        return
    record = measure(vectors, path, real[held:], queries, wishes[::2], options.kept, budget, ways)
    print("written to", write_record("scale", record))


def index_of(folder: Path, count: int, budget: Budget) -> Path:
    """Where the index of so many made vectors is kept."""
    return folder / f"index-{count}-{budget.memory_mb}"


def kept_vectors(real: Floats, count: int, path: Path) -> Floats:
    """Made vectors as a mapped file, made once."""
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(".draft.npy")
        shape = (count, real.shape[1])
        target = np.lib.format.open_memmap(draft, "w+", np.float32, shape)
        start = 0
        for block in made_vectors(real, count):
            target[start : start + len(block)] = block
            start += len(block)
        target.flush()
        draft.replace(path)
    kept: Floats = np.load(path, mmap_mode="r")
    return kept


def measure(
    vectors: Floats, path: Path, real: Floats, queries: Queries, learned_on: Floats,
    folder: Path, budget: Budget, ways: Sequence[str] = WAYS,
) -> dict[str, Any]:  # fmt: skip
    """Build, then search in processes of their own; prints and gives the figures.

    How far to look is learned on other queries than those that are searched for.
    """
    some = np.sort(
        np.random.default_rng(5).choice(len(vectors), min(len(real), len(vectors)), False)
    )
    record: dict[str, Any] = {"real": shape_of(real), "made": shape_of(np.array(vectors[some]))}
    for name in ("real", "made"):
        for what, values in record[name].items():
            print(f"{name}, {what}: {' '.join(f'{v:.4f}' for v in values)} (.05 .25 .5 .75 .95)")
    kept = index_of(folder, len(vectors), budget)
    record |= built(vectors, learned_on, kept, budget)
    print(
        {name: record[name] for name in ("build_s", "build_processor_s", "file_mb")},
        record["manifest"],
    )
    masks = masks_of(vectors)
    asked = np.concatenate(list(queries.values()))
    kinds = [kind for kind, found in queries.items() for _ in found]
    truth = {name: right_places(vectors, asked, mask) for name, mask in masks.items()}
    record["searches"] = {}
    for way in ways:
        found = in_own_process(_searched, way, path, kept, asked, kinds, masks, truth)
        record["searches"][way] = found
        print(way, json.dumps(found))
    exact = record["searches"].get("exact", {})
    for way, found in record["searches"].items():
        if "none" in found and exact:
            ratio = {name: round(exact[name]["p50_ms"] / found[name]["p50_ms"], 1)
                     for name in masks if name in found}  # fmt: skip
            print(f"exact search takes {ratio} times as long as {way}")
    return record


def built(vectors: Floats, queries: Floats | None, kept: Path, budget: Budget) -> dict[str, Any]:
    """Build an index, or find the one that was built before; how long it took, how large it is."""
    told = kept.with_suffix(".json")
    if not told.is_file():
        begun, worked = time.perf_counter(), time.process_time()
        index = DenseIndex(*learned(vectors, budget, shown_steps(), queries))
        save_index(kept, index, placeholder(len(vectors)), "made")
        told.write_text(json.dumps({
            "build_s": round(time.perf_counter() - begun, 1),
            "build_processor_s": round(time.process_time() - worked, 1),
            "file_mb": round((kept / "vectors.faiss").stat().st_size / 1e6, 1),
            "manifest": json.loads((kept / "manifest.json").read_text()),
        }))  # fmt: skip
    found: dict[str, Any] = json.loads(told.read_text())
    return found


def placeholder(count: int) -> Catalog:
    """A catalog of so many items, for an index whose items do not matter."""
    return Catalog("made", (Item(str(n), "", {}, {}, {}) for n in range(count)), ())


def masks_of(vectors: Floats, seed: int = 11) -> dict[str, NDArray[np.bool_] | None]:
    """Filters by name; a region is what lies nearest to one item."""
    rng = np.random.default_rng(seed)
    count = len(vectors)
    near = np.concatenate(
        [vectors[n : n + 50_000] @ vectors[count // 3] for n in range(0, count, 50_000)]
    )
    return {
        "none": None,
        "10 %": rng.random(count) < 0.1,
        "1 %": rng.random(count) < 0.01,
        "10 % in one region": near >= np.quantile(near, 0.9),
        "1 % in one region": near >= np.quantile(near, 0.99),
    }


def right_places(
    vectors: Floats, queries: Floats, mask: NDArray[np.bool_] | None
) -> NDArray[np.int64]:
    """The K nearest that pass a filter, by exact search; (queries, K)."""
    if mask is None:
        return exact_nearest(queries, vectors, K, lambda *_: None)
    places = np.flatnonzero(mask)
    inside = exact_nearest(queries, np.array(vectors[places]), K, lambda *_: None)
    return places[inside]


def in_own_process(task: Callable[..., Any], *arguments: Any) -> Any:
    """Run a function in a fresh process, so that its memory is its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(task, arguments)


def _searched(
    way: str, path: Path, folder: Path, queries: Floats, kinds: list[str],
    masks: dict[str, NDArray[np.bool_] | None], truth: dict[str, NDArray[np.int64]],
) -> dict[str, Any]:  # fmt: skip
    """Time of each search and recall, of one way to search; run in a process of its own."""
    before = resident_mb()
    begun = time.perf_counter()
    search = _SEARCHES[way](path, folder)
    if search is None:
        return {"skipped": f"{way} is not installed"}
    found: dict[str, Any] = {"opened_s": round(time.perf_counter() - begun, 2)}
    some = np.random.default_rng(0).permutation(len(queries))
    for name, mask in masks.items():
        if way.startswith("usearch") and mask is not None:
            continue  # it has no filters from Python
        asked = some[:FEW] if way == "exact" else some
        search(queries[0], mask)
        times, hits = [], []
        for n in asked:
            begun = time.process_time()
            places = search(queries[n], mask)
            times.append((time.process_time() - begun) * 1000)
            hits.append(len(np.intersect1d(places, truth[name][n])) / K)
        found[name] = {
            "p50_ms": round(float(np.median(times)), 2),
            "p95_ms": round(float(np.quantile(times, 0.95)), 2),
        }
        for kind in dict.fromkeys(kinds):
            own = [h for h, n in zip(hits, asked, strict=True) if kinds[n] == kind]
            low, high = interval(own)
            found[name][f"recall, {kind}"] = round(float(np.mean(own)), 4)
            found[name][f"recall, {kind}, 95 %"] = f"{low:.4f} to {high:.4f}, {len(own)}"
    found["resident_mb"] = round(resident_mb())
    found["resident_mb_before"] = round(before)
    return found


def _by_lists(path: Path, folder: Path) -> Search:
    count = json.loads((folder / "manifest.json").read_text())["count"]
    index = load_index(folder, placeholder(count), "made")
    return lambda query, mask: index.search(query, K, mask)[0]


def _by_exact(path: Path, folder: Path) -> Search:
    index = DenseIndex(np.load(path))
    return lambda query, mask: index.search(query, K, mask)[0]


def _by_usearch(path: Path, folder: Path, candidates: int) -> Search | None:
    if importlib.util.find_spec("usearch") is None:
        return None
    from usearch.index import Index

    vectors = np.load(path, mmap_mode="r")
    kept = folder.with_name(f"usearch-{len(vectors)}.index")
    index = Index(ndim=vectors.shape[1], metric="ip", dtype="i8", connectivity=16,
                  expansion_add=64, expansion_search=candidates)  # fmt: skip
    if kept.is_file():
        index.load(str(kept))
        index.expansion_search = candidates  # the file has that of who wrote it
    else:
        begun = time.process_time()
        for start in range(0, len(vectors), 50_000):
            block = np.array(vectors[start : start + 50_000])
            index.add(np.arange(start, start + len(block)), block, threads=os.cpu_count() or 1)
        print(f"usearch built in {time.process_time() - begun:.0f} s of one core", flush=True)
        index.save(str(kept))
    return lambda query, mask: np.asarray(index.search(query, K, threads=1).keys, dtype=np.int64)


_SEARCHES: dict[str, Callable[[Path, Path], Search | None]] = {
    "lists": _by_lists, "exact": _by_exact,
    "usearch-192": partial(_by_usearch, candidates=192),
    "usearch-1024": partial(_by_usearch, candidates=1024),
    "usearch-4096": partial(_by_usearch, candidates=4096),
}  # fmt: skip


def resident_mb() -> float:
    """Memory of this process that is in use, mapped files included."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


if __name__ == "__main__":
    main()
