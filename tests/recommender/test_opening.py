"""Opening a recommender with interactions: whom others liked with what."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from recommender.dialogue import Done
from recommender.engine import Recommender
from recommender.opening import open_collaborative
from recommender.settings import Settings
from retrieval.catalog import Catalog
from retrieval.interactions import InteractionsError

Open = Callable[..., Recommender]


@pytest.fixture
def interactions(tmp_path: Path, films: Catalog) -> Path:
    """Everybody who liked the first film liked the last one too, and nothing else."""
    first, last = films.items[0].id, films.items[-1].id
    path = tmp_path / "likes.csv"
    rows = [f"{user},{item}" for user in range(8) for item in (first, last)]
    path.write_text("\n".join(["user,item", *rows]) + "\n", encoding="utf-8")
    return path


def test_what_others_liked_reaches_the_picks(
    open_recommender: Open, interactions: Path, films: Catalog
) -> None:
    liked, other = films.items[0], films.items[-1]

    def place(recommender: Recommender) -> int:
        session = recommender.open_session().id
        *_, last = recommender.reply(session, f"I loved {liked.title}", len(films) - 1)
        assert isinstance(last, Done)
        return [pick.item.id for pick in last.reply.picks].index(other.id)

    alone = place(open_recommender(rank_weight=0.0))
    assert place(open_recommender(rank_weight=0.0, interactions=interactions)) == 0 < alone


def test_it_is_learned_once(interactions: Path, films: Catalog, tmp_path: Path) -> None:
    learned = open_collaborative(tmp_path, films, interactions)
    [kept] = tmp_path.glob("interactions-*.npz")
    changed = kept.stat().st_mtime_ns
    again = open_collaborative(tmp_path, films, interactions)
    assert kept.stat().st_mtime_ns == changed
    assert (again.counts == learned.counts).all()
    kept.write_bytes(b"damaged")
    assert (open_collaborative(tmp_path, films, interactions).counts == learned.counts).all()


def test_a_file_that_is_not_there_is_named(films: Catalog, tmp_path: Path) -> None:
    with pytest.raises(InteractionsError, match=r"nobody\.csv.*--interactions names"):
        open_collaborative(tmp_path, films, tmp_path / "nobody.csv")


def test_the_setting_is_a_path() -> None:
    assert Settings.read({"interactions": "likes.csv"}).interactions == Path("likes.csv")
    assert Settings.read({}).interactions is None
