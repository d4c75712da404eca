"""A shop of our own making, small enough for tests: items in series, users who follow them.

python tests/recommender/evaluation/tiny_shop.py DIR     # for make evaluate DATA=DIR
"""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from recommender.evaluation.sequence_training import SequenceLearning

QUICK = SequenceLearning(width=16, layers=1, heads=2, longest=8, batch=16, epochs=3)
SERIES = ("Amber", "Birch", "Cedar", "Dahlia", "Elder", "Fern")
MORE = (*SERIES, "Gorse", "Hazel", "Ivory", "Juniper", "Kelp", "Laurel", "Maple", "Nettle")
PARTS = ("Dawn", "Storm", "Harbour", "Crown", "Orchard", "Winter", "Lantern", "Summit")
PLATFORMS = ("Alpha Box", "Beta Station", "Gamma Boy")


def write_shop(folder: Path, users: int = 60, seed: int = 5, names: Sequence[str] = SERIES) -> Path:
    """Series of eight items, six of them or 14 (`MORE`, enough for 99 negatives), and users who
    walk through one series in its order.

    Now and then a user takes up an item of another series, so that no scorer is always right.
    """
    items = [
        {"item_id": n, "title": f"{series} {part}", "platform": PLATFORMS[s % 3], "kind": "game"}
        for n, (s, series, part) in enumerate(
            (s, series, part) for s, series in enumerate(names) for part in PARTS
        )
    ]
    rng = np.random.default_rng(seed)
    sequences: list[dict[str, Any]] = []
    for user in range(users):
        series, start = int(rng.integers(len(names))), int(rng.integers(3))
        walk = [series * len(PARTS) + start + step for step in range(5)]
        if rng.random() < 0.3:
            walk.insert(1, int((walk[0] + len(PARTS) * (1 + rng.integers(4))) % len(items)))
        sequences.append({"user_id": user, "items": walk})
    hard = [
        {"user_id": user, "candidates": [int(n) for n in rng.permutation(len(items))[:30]]}
        for user in range(0, users, 2)
    ]
    games = folder / "video_games"
    write_rows(games / "items.jsonl.gz", items)
    write_rows(games / "sequences.jsonl.gz", sequences)
    write_rows(games / "candidates_sasrec.jsonl.gz", hard)
    albums = [
        {"item_id": n, "title": f"Songs of {word}", "categories": [("Folk", "Jazz")[n % 2]]}
        for n, word in enumerate((*SERIES, *PARTS) * 8)
    ]
    write_rows(folder / "cds" / "items.jsonl.gz", albums)
    return folder


def write_rows(path: Path, rows: list[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)


if __name__ == "__main__":
    print(write_shop(Path(sys.argv[1]), names=MORE))
