"""Data sets of behaviour as plain records: items as a catalog, users as sequences of items.

Promises that what is read is what was read before: every file has its SHA-256, and a run
that goes on, or is compared, refuses another one. Items are known by their place in the
catalog. It downloads nothing, and an item's id says nothing to any scorer: in the video
games ids follow the users' sequences, so that neighbouring ids are bought together.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrieval.catalog import Catalog, Item
from retrieval.fields import Field, Kind

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
        """What may be learned from before "validation" or before "test"."""
        cut = {"validation": -2, "test": -1}[upto]
        return [sequence[:cut] for sequence in self.sequences]

    def case(self, number: int, split: str) -> tuple[Places, int]:
        """A user's history and the item that comes next, of "validation" or "test"."""
        cut = {"validation": -2, "test": -1}[split]
        sequence = self.sequences[number]
        return sequence[:cut], int(sequence[cut])


def load_video_games(folder: Path) -> Behaviour:
    """The video games below a data folder. Raises `DataError`."""
    home = folder / "video_games"
    items = home / "items.jsonl.gz"
    catalog, places = _catalog(items, "video games", ("video game", "video games"), _game)
    path = home / "sequences.jsonl.gz"
    users, sequences = [], []
    for number, row in _rows(path):
        try:
            sequence = [places[item] for item in row["items"]]
            users.append(str(row["user_id"]))
        except (KeyError, TypeError) as error:
            raise DataError(
                f"{path}, line {number}: expected user_id and items that {items.name} has; "
                f"{error} is not there"
            ) from error
        if len(sequence) < 3:
            raise DataError(f"{path}, line {number}: {len(sequence)} items; at least 3 are needed")
        sequences.append(np.array(sequence, dtype=np.int32))
    if not users:
        raise DataError(f"{path}: holds no users; fetch it again")
    hard_path = home / "candidates_sasrec.jsonl.gz"
    hard = {}
    if hard_path.is_file():
        for number, row in _rows(hard_path):
            try:
                hard[str(row["user_id"])] = np.array(
                    [places[item] for item in row["candidates"]], dtype=np.int32
                )
            except (KeyError, TypeError) as error:
                raise DataError(f"{hard_path}, line {number}: {error} is not there") from error
    files = [items, path] + ([hard_path] if hard else [])
    checksums = {f"video_games/{file.name}": checksum(file) for file in files}
    return Behaviour("video games", catalog, tuple(users), tuple(sequences), checksums, hard)


def load_cds(folder: Path) -> Behaviour:
    """The CDs: items alone, since the data has no users of them. Raises `DataError`."""
    path = folder / "cds" / "items.jsonl.gz"
    catalog, _ = _catalog(path, "cds", ("album", "albums"), _album)
    return Behaviour("cds", catalog, (), (), {"cds/items.jsonl.gz": checksum(path)}, {})


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


def _catalog(
    path: Path, name: str, nouns: tuple[str, str], make: Any
) -> tuple[Catalog, dict[Any, int]]:
    items: list[Item] = []
    places: dict[Any, int] = {}
    for number, row in _rows(path):
        if "item_id" not in row or not row.get("title"):
            raise DataError(f"{path}, line {number}: expected item_id and title, found {row}")
        places[row["item_id"]] = len(items)
        items.append(make(row))
    if not items:
        raise DataError(f"{path}: holds no items; fetch it again")
    names = sorted({facet for item in items for facet in item.facets})
    fields = [Field(facet, Kind.CATEGORY, facet) for facet in names]
    return Catalog(name, items, fields, nouns=nouns, checksum=checksum(path)), places


def _game(row: Mapping[str, Any]) -> Item:
    facets = {key: (str(row[key]),) for key in ("kind", "platform") if row.get(key)}
    return Item(str(row["item_id"]), str(row["title"]), facets, {}, {})


def _album(row: Mapping[str, Any]) -> Item:
    facets = {"category": tuple(str(c) for c in row.get("categories") or ())}
    return Item(str(row["item_id"]), str(row["title"]), facets, {}, {})


def _rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    if not path.is_file():
        raise DataError(f"{path}: there is no such file; --data names the folder of the data sets")
    try:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                row = json.loads(line)
                if not isinstance(row, dict):
                    raise DataError(f"{path}, line {number}: expected a JSON object")
                yield number, row
    except (OSError, EOFError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise DataError(f"{path}: can't be read ({error}); fetch it again") from error


LOADERS = {"video games": load_video_games, "cds": load_cds}
