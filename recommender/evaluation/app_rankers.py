"""The baselines as rankers of the app: learned from the interactions that it is given.

Promises that a baseline is the very scorer that evaluations measure, learned from all
interactions, since the app keeps none back for a test, and kept in the data folder.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from recommender.engine import Recommender
from recommender.evaluation.cases import Case, CaseScorer
from recommender.evaluation.contract import ScoringRanker
from recommender.evaluation.data import EVERYTHING, FEWEST, Behaviour, Places, checksum
from recommender.evaluation.tasks import TASKS, make_cases, numbers_for
from recommender.evaluation.wishes import Wishes
from recommender.settings import BASELINES, Settings
from retrieval.catalog import Catalog
from retrieval.collaborative import Learning
from retrieval.encoder import Encoder
from retrieval.interactions import InteractionsError, in_time, read_interactions

if TYPE_CHECKING:
    from recommender.evaluation.shelf import Shelf

# What the networks that search learn from: the task whose wishes a catalog alone can make.
_SEARCHES = {"two-tower": "product-search", "tem": "search-specific"}
_LAST = 3  # items of each history that a searcher learns to find


def open_recommender(
    settings: Settings, *, in_background: bool = False, progress: bool = False
) -> Recommender:
    """The recommender of the settings, with a baseline for a ranker where they name one.

    Raises as `Recommender` does, and `InteractionsError` where nothing can be learned.
    """
    make = partial(make_ranker, settings, progress) if settings.ranker in BASELINES else None
    return Recommender(settings, ranker=make, in_background=in_background, progress=progress)


def make_ranker(
    settings: Settings, progress: bool, catalog: Catalog, encoder: Encoder
) -> ScoringRanker:
    """The baseline that the settings name, over a catalog. Raises `InteractionsError`."""
    from recommender.evaluation.shelf import Shelf  # brings torch, which the page can wait for

    behaviour = behaviour_of(settings.interactions, catalog)
    shelf = Shelf(
        behaviour, EVERYTHING, settings.data / "evaluation", encoder=encoder, progress=progress
    )
    return ScoringRanker(_scorer(shelf, settings.ranker), catalog)


def behaviour_of(interactions: Path | None, catalog: Catalog) -> Behaviour:
    """What the users of a file of interactions liked, oldest first; nobody without a file.

    Liked is what `retrieval/collaborative.py` takes for liked; users with fewer than three
    such items teach nothing. Raises `InteractionsError`.
    """
    users: dict[str, Places] = {}
    sums = {"catalog": catalog.checksum}
    if interactions is not None:
        users = _histories(interactions, catalog)
        sums["interactions"] = checksum(interactions)
        if not users:
            raise InteractionsError(
                f"{interactions}: no user has {FEWEST} liked items of catalog {catalog.name!r}, "
                f"which a ranker that learns from users needs; 'item' must be an id of it"
            )
    return Behaviour(catalog.name, catalog, tuple(users), tuple(users.values()), sums, {})


def _histories(interactions: Path, catalog: Catalog) -> dict[str, Places]:
    liked: dict[str, list[dict[str, Any]]] = {}
    for row in read_interactions(interactions):
        rating = row["rating"]
        if row["item"] in catalog and (rating is None or rating >= Learning().liked_from):
            liked.setdefault(row["user"], []).append(row)
    found = {}
    for user, rows in liked.items():
        # Sorting keeps the file's order where times are the same or not there.
        items = dict.fromkeys(catalog.place[row["item"]] for row in sorted(rows, key=in_time))
        if len(items) >= FEWEST:
            found[user] = np.array(list(items), dtype=np.int32)
    return found


def _scorer(shelf: Shelf, name: str) -> CaseScorer:
    if name in _SEARCHES:
        return shelf.searcher(_SEARCHES[name], name, partial(_searches, shelf, _SEARCHES[name]))
    return shelf.scorer(name)


def _searches(shelf: Shelf, name: str) -> Iterator[Case]:
    """Cases to learn searching from: items by their facets, with histories for "tem"."""
    task, behaviour = TASKS[name], shelf.behaviour
    wishes = Wishes(behaviour.catalog)
    if task.by_item:
        numbers = numbers_for(task, behaviour, "train", 0, 0)
        yield from make_cases(task, behaviour, numbers, "train", 0, wishes)
        return
    for back in range(1, _LAST + 1):
        numbers = [n for n, items in enumerate(behaviour.sequences) if len(items) > back]
        yield from make_cases(task, behaviour, numbers, f"train-{back}", 0, wishes)
