"""The data sets that users have, by name: how each is found in a folder, and cut for
leave-one-out (`data_homes.py` says where they are to be had).

Nothing is downloaded. Promises that a folder with two of a kind, or none, is told in words,
and that a category which the data has not is never said to be one (`stands_for`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from recommender.evaluation.data import LOADERS, Behaviour, DataError
from recommender.evaluation.data_homes import HOMES
from recommender.evaluation.read_amazon import find_2018, find_2023
from recommender.evaluation.read_conversations import find_inspired, find_redial
from recommender.evaluation.read_movielens import find as find_movielens
from recommender.evaluation.splitting import Source, cut
from recommender.tuning import read_own
from recommender.tuning.behaviour import BehaviourError
from retrieval.catalog import Catalog
from retrieval.collaborative import Learning
from retrieval.interactions import InteractionsError, in_time, read_interactions

CORE = 5
_DEEP = 2  # folders below the one that is named


@dataclass(frozen=True)
class DataSet:
    """`stands_for` says what a wish for a category is made of, "" where the data has them."""

    name: str
    find: Callable[[Path], list[Source]]
    stands_for: str = ""


def _find_own(folder: Path) -> list[Source]:
    interactions, items = read_own.files_of(folder)
    if interactions is None or items is None:
        return []
    catalog = read_own.catalog_in(items)

    def taken() -> Iterator[tuple[str, str, float]]:
        liked = [row for row in read_interactions(interactions) if row["item"] in catalog
                 and (row["rating"] is None or row["rating"] >= Learning().liked_from)]  # fmt: skip
        for number, row in enumerate(sorted(liked, key=in_time)):
            yield row["user"], row["item"], float(number)

    def whole(kept: Collection[str]) -> Catalog:
        return catalog

    return [Source("own", (interactions, items), taken(), whole, dense=False)]


DATA_SETS = {
    one.name: one
    for one in (
        DataSet("amazon-2018", find_2018),
        DataSet("amazon-2023", find_2023),
        DataSet("movielens", find_movielens, "the film's genres stand for category labels"),
        DataSet("redial", find_redial,
                "the film's facts, where they are known, stand for category labels"),
        DataSet("inspired", find_inspired,
                "the data has no categories; a wish names the kind of item alone"),
        DataSet("own", _find_own, "the items' categories and keywords stand for category labels"),
    )
}  # fmt: skip
NAMES = (*LOADERS, *DATA_SETS)


def chosen(folder: Path, wanted: str) -> str:
    """The data set that a command asks: the one that is named, or the only one in a folder
    without those that the tasks are of; "" where the tasks choose. Raises `DataError`."""
    if wanted and wanted not in NAMES:
        raise DataError(f"no data set {wanted!r}; there are {', '.join(NAMES)}")
    if wanted or any((folder / home).is_dir() for home in ("video_games", "cds")):
        return wanted
    found = [name for name, one in DATA_SETS.items() if _sources(one, folder)]
    if len(found) > 1:
        raise DataError(f"{folder}: holds {' and '.join(found)}; choose one by --data-set")
    return found[0] if found else ""


def load(name: str, folder: Path, core: int = CORE, progress: bool = False) -> Behaviour:
    """A data set by name from a folder or one below it. Raises `DataError`."""
    if name in LOADERS:
        return LOADERS[name](folder)
    one = DATA_SETS[name]
    sources = _sources(one, folder)
    if not sources:
        home = HOMES[name]
        raise DataError(f"{folder}: holds no {name}: expected {home.holds}; from {home.place}")
    if len(sources) > 1:
        several = ", ".join(str(source.files[0]) for source in sources)
        raise DataError(f"{folder}: holds {name} more than once ({several}); let --data name one")
    try:
        return cut(sources[0], folder, core, progress)
    except InteractionsError as error:
        raise DataError(str(error)) from error


def _sources(one: DataSet, folder: Path) -> list[Source]:
    try:
        return [source for place in _folders(folder, _DEEP) for source in one.find(place)]
    except BehaviourError as error:
        raise DataError(str(error)) from error


def _folders(folder: Path, deep: int) -> Iterator[Path]:
    yield folder
    if deep and folder.is_dir():
        for below in sorted(folder.iterdir()):
            if below.is_dir() and not below.name.startswith("."):
                yield from _folders(below, deep - 1)
