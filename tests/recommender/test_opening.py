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
from retrieval.retriever import Query, RetrieverWeights

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


def test_each_way_to_search_can_be_left_out(
    open_recommender: Open, interactions: Path, films: Catalog
) -> None:
    """Scores come from what is searched by alone: cosines, words, or others' likes."""
    query = Query("a scary film set in space", liked=(films.items[0].id,))

    def scores(search: str) -> dict[str, float]:
        opened = open_recommender(search=search, interactions=interactions)
        found = opened.of("").retriever.retrieve(query, len(films))
        return {candidate.item.id: candidate.score for candidate in found}

    dense, bm25, joined = (scores(search) for search in ("dense", "bm25", "dense,bm25"))
    assert set(dense) == set(bm25) == set(joined) == {item.id for item in films.items}
    for item_id, score in joined.items():
        assert score == pytest.approx(dense[item_id] + bm25[item_id], abs=1e-5)
    assert 0 in bm25.values() and max(bm25.values()) == pytest.approx(RetrieverWeights().lexical)
    others = scores("dense, bm25, collaborative")
    last = films.items[-1].id
    assert others[last] > joined[last] + 0.25


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
