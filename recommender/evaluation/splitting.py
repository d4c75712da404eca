"""From rows of who took up what and when, to users' sequences for leave-one-out.

Promises that neither the order of the rows nor of the files has a say: a user's items go by
time, those of the same time by id, and of an item taken up twice the first time counts.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from recommender.evaluation.data import FEWEST, Behaviour, DataError, checksum
from recommender.tuning.behaviour import BehaviourError
from retrieval.catalog import Catalog

LONGEST = 50  # last items of a user that are kept
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Source:
    """A data set as it was found: its files, its rows of (user, item, time), and what makes a
    catalog of the items that are kept. `dense` says whether a k-core can be asked of it."""

    name: str
    files: tuple[Path, ...]
    rows: Iterable[tuple[str, str, float]]
    catalog_of: Callable[[Collection[str]], Catalog]
    dense: bool = True


def cut(source: Source, folder: Path, core: int, progress: bool = False) -> Behaviour:
    """The behaviour of a source: its k-core, users with at least three items, their last 50.

    In a k-core every user has k items and every item k users. Raises `DataError`.
    """
    core = core if source.dense else 1
    try:
        rows = tqdm(source.rows, desc=source.name, unit="row", disable=not progress)
        sequences = sequences_of(rows, core)
        kept = {item for items in sequences.values() for item in items}
        catalog = source.catalog_of(kept)
    except BehaviourError as error:
        raise DataError(str(error)) from error
    if not sequences:
        raise DataError(
            f"{source.files[0]}: no user is left with {FEWEST} items in the {core}-core; "
            f"a smaller --core keeps more"
        )
    places = [np.array([catalog.place[i] for i in items], dtype=np.int32)
              for items in sequences.values()]  # fmt: skip
    sums = {path.relative_to(folder).as_posix(): checksum(path) for path in source.files}
    name = source.name if core == 5 or not source.dense else f"{source.name} {core}-core"
    return Behaviour(name, catalog, tuple(sequences), tuple(places), sums, {})


def sequences_of(rows: Iterable[tuple[str, str, float]], core: int) -> dict[str, list[str]]:
    """Users' items, oldest first, of the k-core of rows of (user, item, time)."""
    user_of: dict[str, int] = {}
    item_of: dict[str, int] = {}
    found: list[tuple[int, int, float]] = [
        (user_of.setdefault(user, len(user_of)), item_of.setdefault(item, len(item_of)), time)
        for user, item, time in rows
    ]
    if not found:
        return {}
    users, items = (np.array([row[n] for row in found], dtype=np.int64) for n in (0, 1))
    ids = list(item_of)
    by_id = np.empty(len(ids), dtype=np.int64)
    by_id[sorted(range(len(ids)), key=ids.__getitem__)] = np.arange(len(ids))
    order = np.lexsort((by_id[items], np.array([row[2] for row in found]), users))
    users, items = _densest(*_first_times(users[order], items[order]), core)
    names = list(user_of)
    result: dict[str, list[str]] = {}
    for user, item in zip(users.tolist(), items.tolist(), strict=True):
        result.setdefault(names[user], []).append(ids[item])
    return {user: taken[-LONGEST:] for user, taken in result.items() if len(taken) >= FEWEST}


def _first_times(users: Ints, items: Ints) -> tuple[Ints, Ints]:
    _, first = np.unique(users * (int(items.max()) + 1) + items, return_index=True)
    first.sort()
    return users[first], items[first]


def _densest(users: Ints, items: Ints, core: int) -> tuple[Ints, Ints]:
    """The k-core: what is left once nobody, and nothing, has fewer than k rows."""
    while len(users):
        kept = (np.bincount(users)[users] >= core) & (np.bincount(items)[items] >= core)
        if kept.all():
            break
        users, items = users[kept], items[kept]
    return users, items
