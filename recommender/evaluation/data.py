"""Data sets of behaviour as plain records: items as a catalog, users as sequences of items.

Promises that what is read is what was read before: every file has its SHA-256, and a run
that goes on, or is compared, refuses another one. Items are known by their place in the
catalog, which is the one that instructions for tuning are made of, so that a model is asked
in the words that it learned. It downloads nothing, and an item's id says nothing to any scorer: in the video
games ids follow the users' sequences, so that neighbouring ids are bought together.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender.tuning import read_games, read_reviews
from recommender.tuning.behaviour import BehaviourError, json_rows
from retrieval.catalog import Catalog

EVERYTHING = "everything"  # the cut of an app, which keeps no item back for a test
FEWEST = 3  # items of a user: one to learn from, one for validation, one for the test
Places = NDArray[np.int32]  # places of items in a catalog, oldest first


class DataError(ValueError):
    """Data that can't be used; the message names the file, what was expected and what to do."""


@dataclass(frozen=True)
class Behaviour:
    """Users and the items that each took up, oldest first, each at least three; or no users.

    Leave one out: the last item of a sequence is the test's, the one before the validation's;
    all before them may be learned from. `hard` holds, for some users, items that a trained
    sequence model thinks likely.
    """

    name: str
    catalog: Catalog
    users: tuple[str, ...]
    sequences: tuple[Places, ...]
    checksums: Mapping[str, str]
    hard: Mapping[str, Places]

    def training(self, upto: str) -> list[Places]:
        """What may be learned from before "validation", before "test", or `EVERYTHING`."""
        cut = {"validation": -2, "test": -1, EVERYTHING: None}[upto]
        return [sequence[:cut] for sequence in self.sequences]

    def case(self, number: int, split: str) -> tuple[Places, int]:
        """A user's history and the item that comes next: of "test", of "validation", or of
        "train-N", the Nth from the end, which comes before both from 3 on."""
        cut = {"validation": -2, "test": -1}.get(split) or -int(split.removeprefix("train-"))
        sequence = self.sequences[number]
        return sequence[:cut], int(sequence[cut])


def load_video_games(folder: Path) -> Behaviour:
    """The video games below a data folder. Raises `DataError`."""
    home = folder / read_games.FOLDER
    items, path = home / "items.jsonl.gz", home / "sequences.jsonl.gz"
    hard_path = home / "candidates_sasrec.jsonl.gz"
    users, sequences, hard = [], [], {}
    try:
        catalog = read_games.read_catalog(items)
        for number, row in enumerate(json_rows(path, "user_id", "items"), start=1):
            users.append(str(row["user_id"]))
            sequences.append(_places(row["items"], catalog, f"{path}, line {number}"))
            if len(sequences[-1]) < FEWEST:
                raise DataError(f"{path}, line {number}: a user needs at least {FEWEST} items")
        if hard_path.is_file():
            for number, row in enumerate(json_rows(hard_path, "user_id", "candidates"), start=1):
                where = f"{hard_path}, line {number}"
                hard[str(row["user_id"])] = _places(row["candidates"], catalog, where)
    except BehaviourError as error:
        raise DataError(f"{error}; --data names the folder of the data sets") from error
    if not users or not len(catalog):
        raise DataError(f"{path}: holds no users, or {items.name} no items; fetch them again")
    files = [items, path] + ([hard_path] if hard else [])
    checksums = {f"{read_games.FOLDER}/{file.name}": checksum(file) for file in files}
    return Behaviour("video games", catalog, tuple(users), tuple(sequences), checksums, hard)


def load_cds(folder: Path) -> Behaviour:
    """The CDs: items alone, since the data has no users of them. Raises `DataError`."""
    try:
        read = read_reviews.read_records(folder)
    except BehaviourError as error:
        raise DataError(str(error)) from error
    if read is None or not len(read.catalog):
        raise DataError(f"{folder}/cds/items.jsonl.gz: not there, or without items")
    return Behaviour("cds", read.catalog, (), (), dict(read.files), {})


def checksum(path: Path) -> str:
    """SHA-256 of a file. Raises `DataError`."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    except OSError as error:
        raise DataError(f"{path}: can't be read: {error.strerror}") from error
    return digest.hexdigest()


def refuse_changed(recorded: Mapping[str, str], found: Mapping[str, str], where: str) -> None:
    """Raise `DataError` where a data file is not the one that a record speaks of."""
    changed = sorted(
        name for name in recorded.keys() | found.keys() if recorded.get(name) != found.get(name)
    )
    if changed:
        raise DataError(
            f"{where}: made with other data; {', '.join(changed)} changed since. Bring the "
            f"file back, or start anew with another --out"
        )


def _places(ids: Any, catalog: Catalog, where: str) -> Places:
    try:
        return np.array([catalog.place[str(item)] for item in ids], dtype=np.int32)
    except (KeyError, TypeError) as error:
        raise DataError(
            f"{where}: item {error} is not among the items; the files belong to different sets"
        ) from error


LOADERS = {"video games": load_video_games, "cds": load_cds}
