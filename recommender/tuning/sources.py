"""The readers of behaviour, in one list, and what of them a data folder holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from recommender.tuning import (
    read_dialogues,
    read_films,
    read_games,
    read_own,
    read_reviews,
)
from recommender.tuning.behaviour import Behaviour, BehaviourError

Reader = Callable[[Path], Behaviour | None]

# One function for each layout; it gives None where its files are not there.
READERS: tuple[Reader, ...] = (
    read_films.read_bundled,
    read_films.read_movielens,
    read_games.read,
    read_dialogues.read,
    read_reviews.read_steam,
    read_reviews.read_instruments,
    read_reviews.read_records,
    read_own.read,
)


def read_sources(data: Path, readers: Sequence[Reader] = READERS) -> list[Behaviour]:
    """All behaviour under a data folder. Raises `BehaviourError` where a file is broken."""
    if not data.is_dir():
        raise BehaviourError(
            f"{data}: no such folder; --data names the folder that holds video_games/, movies/ "
            f"and the like, or interactions.csv beside items.jsonl"
        )
    found = [reader(data) for reader in readers]
    return [behaviour for behaviour in found if behaviour is not None]
