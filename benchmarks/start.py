"""How long does a start take, and where does the time go?

    python -m benchmarks.start [--data DIR] [--runs 3]

Every figure is of a fresh process. The first start is over an empty data folder, as after the
install, so that it also prepares index and model; the others find what it left. `served` is the
real server: until the page answers, and until encoder and model are loaded beside it. The parts
are the same steps one after another, without a page that could be up meanwhile.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx

from benchmarks.labelled import write_record
from benchmarks.served import LISTENS, LOADED, ROOT, serving


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--data", type=Path, help="an empty folder, for a first start (a new one)")
    parser.add_argument(
        "--runs",
        type=int,
        choices=range(1, 21),
        default=3,
        help="further starts, of which the median",
    )
    parser.add_argument("--part-by-part", type=Path, metavar="DIR", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part_by_part:
        print(json.dumps(_parts(options.part_by_part)))
        return
    with tempfile.TemporaryDirectory() as folder:
        data = options.data or Path(folder)
        if data.is_dir() and any(data.iterdir()):
            parser.error(f"{data} is not empty; a first start needs an empty folder")
        first, *later = (_start(data, number) for number in range(1 + options.runs))
    second = {name: round(statistics.median(one[name] for one in later), 2) for name in first}
    print(f"{'seconds':28} {'first start':>12} {'later (median)':>15}")
    for name, seconds in first.items():
        print(f"{name:28} {seconds:12.2f} {second[name]:15.2f}")
    print("written to", write_record("start", {"first": first, "later": second, "runs": later}))


def _start(data: Path, number: int) -> dict[str, float]:
    """One start, by part and as it serves; told at once, as the first may take minutes."""
    found = {**_measured(data), **_served(data)}
    print(f"start {number + 1}: {found}", flush=True)
    return found


def _measured(data: Path) -> dict[str, float]:
    """The parts of a start, in a process of their own."""
    finished = subprocess.run(
        [sys.executable, "-m", "benchmarks.start", "--part-by-part", str(data)],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    found: dict[str, float] = json.loads(finished.stdout.splitlines()[-1])
    return found


def _served(data: Path) -> dict[str, float]:
    """The real server, from its command to the first answer and to all loaded."""
    with serving(["--data", str(data)]) as server:
        server.wait_for(LISTENS)
        httpx.get(server.url, timeout=60).raise_for_status()
        page = time.perf_counter() - server.begun
        loaded = server.wait_for(LOADED)
    return {"served: page answers": round(page, 2), "served: model is there": round(loaded, 2)}


def _parts(data: Path) -> dict[str, float]:
    found: dict[str, float] = {}
    since = time.perf_counter()

    def timed(name: str) -> None:
        nonlocal since
        now = time.perf_counter()
        found[name], since = round(now - since, 2), now

    from recommender.engine import Recommender
    from recommender.opening import open_model
    from recommender.ui.pages import build_pages
    from retrieval.encoder import open_encoder

    timed("import")
    from recommender.settings import Settings

    settings = Settings.read({"data": data}, {k: v for k, v in os.environ.items() if k != "PORT"})
    timed("settings")
    encoder = open_encoder(settings.encoder, settings.data)
    timed("encoder")
    alone = Settings(**{**vars(settings), "model": "none", "adapter": "none"})
    recommender = Recommender(alone, encoder=encoder)
    timed("index")
    open_model(settings)
    timed("model")
    build_pages(recommender)
    timed("page")
    recommender.close()
    return found


if __name__ == "__main__":
    main()
