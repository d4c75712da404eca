"""Others' tastes: EASE worked by hand, files read and refused, the join with the retriever."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from retrieval.catalog import Catalog
from retrieval.collaborative import (
    CollaborativeIndex,
    CollaborativeMismatchError,
    Learning,
    learn,
    load_collaborative,
    save_collaborative,
)
from retrieval.index import DenseIndex
from retrieval.interactions import InteractionsError
from retrieval.lexical import LexicalIndex
from retrieval.limits import Limit
from retrieval.retriever import DenseRetriever, Query, RetrieverWeights

# Two people liked a and b, a third a and c, a fourth gave d a low rating only.
ROWS = [
    {"user": "1", "item": "a"}, {"user": "1", "item": "b", "rating": 4.0},
    {"user": "2", "item": "a", "rating": 5.0}, {"user": "2", "item": "b"},
    {"user": "3", "item": "a"}, {"user": "3", "item": "c"}, {"user": "3", "item": "c"},
    {"user": "4", "item": "d", "rating": 1.0}, {"user": "4", "item": "elsewhere"},
]  # fmt: skip
SMALL = Learning(ridge=1.0, fewest=1)


@pytest.fixture
def others(books: Catalog) -> CollaborativeIndex:
    return learn(books, ROWS, SMALL)


@pytest.fixture
def retriever(books: Catalog, encoder) -> DenseRetriever:
    vectors = encoder.encode([books.describe(item) for item in books.items])
    return DenseRetriever(books, encoder, DenseIndex(vectors))


def test_ease_by_hand(others: CollaborativeIndex) -> None:
    # X'X + 1 is ((4, 2, 1), (2, 3, 0), (1, 0, 2)) of determinant 13, so the inverse has
    # P_ab = -4/13, P_bb = 7/13, P_ac = -3/13, P_cc = 8/13: a speaks 4/7 for b and 3/8 for c.
    assert_allclose(others.scores(["a"]), [0, 1, (3 / 8) / (4 / 7), 0, 0, 0], rtol=1e-5)
    assert_allclose(others.scores([], ["a"]), [0, -1, -(3 / 8) / (4 / 7), 0, 0, 0], rtol=1e-5)


def test_scores_have_a_shape_and_a_type(others: CollaborativeIndex) -> None:
    for liked in (["a"], ["a", "a"], ["d"], ["nowhere"], []):
        scores = others.scores(liked)
        assert scores.shape == (6,) and scores.dtype == np.float32
        assert np.abs(scores).max() in (0.0, 1.0)
    assert not others.scores(["d", "nowhere"]).any()
    assert_allclose(others.scores(["a", "a"]), others.scores(["a"]))


def test_popularity_is_the_log_of_the_people_who_liked_an_item(others: CollaborativeIndex) -> None:
    assert others.counts.tolist() == [3, 2, 1, 0, 0, 0]  # twice by the same person is once
    expected = np.log([4, 3, 2, 1, 1, 1]) / np.log(4)
    assert_allclose(others.popularity, expected, rtol=1e-6)


def test_a_weight_says_how_much_an_interaction_counts(books: Catalog) -> None:
    rows = [{**row, "weight": 0.5} for row in ROWS[:4]] + ROWS[4:]
    index = learn(books, rows, SMALL)
    assert_allclose(index.counts, [2, 1, 1, 0, 0, 0], rtol=1e-6)
    # X'WX + 1 is ((3, 1, 1), (1, 2, 0), (1, 0, 2)) of determinant 8: P_ab = P_ac = -2/8 and
    # P_bb = P_cc = 5/8, so a now speaks as much for c, of one person, as for b, of two halves.
    assert_allclose(index.scores(["a"]), [0, 1, 1, 0, 0, 0], rtol=1e-5)
    assert index.manifest.interactions_checksum != (
        learn(books, ROWS, SMALL).manifest.interactions_checksum
    )
    few = learn(books, rows, replace(SMALL, fewest=1.5))  # b and c are too little liked
    assert not few.scores(["a"]).any()


def test_popularity_by_the_years_that_an_item_was_out(books: Catalog) -> None:
    # Of 1979, 1988 and 1991 in a catalog up to 2016; a film of 2016 was out for one year.
    rows = [*ROWS, {"user": "1", "item": "f"}]
    index = learn(books, rows, replace(SMALL, years_out=28))
    likes = [3, 2 * 28 / 28, 1 * 28 / 26, 0, 0, 1 * 28 / 1]  # a and b were out for 28 or more
    assert_allclose(index.popularity, np.log1p(likes) / np.log1p(28), rtol=1e-5)
    assert index.counts.tolist() == [3, 2, 1, 0, 0, 1]


def test_what_was_learned_from_is_on_record(others: CollaborativeIndex, books: Catalog) -> None:
    known = others.manifest
    assert (known.users, known.interactions, known.elsewhere) == (3, 6, 1)
    assert known.catalog_checksum == books.checksum
    assert learn(books, ROWS, SMALL).manifest == known
    assert learn(books, ROWS[:-1], SMALL).manifest.interactions_checksum != (
        known.interactions_checksum
    )


def test_too_few_people_teach_nothing_but_their_number(books: Catalog) -> None:
    index = learn(books, ROWS, replace(SMALL, fewest=2))
    assert_allclose(index.scores(["a"]), [0, 1, 0, 0, 0, 0])  # c was liked by one
    assert not learn(books, ROWS, replace(SMALL, fewest=9)).scores(["a"]).any()
    assert index.counts[2] == 1


def test_only_the_strongest_neighbours_and_the_most_liked_are_kept(books: Catalog) -> None:
    one = learn(books, ROWS, replace(SMALL, neighbours=1))
    assert_allclose(one.scores(["a"]), [0, 1, 0, 0, 0, 0])
    two = learn(books, ROWS, replace(SMALL, most=2))
    assert not two.scores(["c"]).any()
    assert two.scores(["b"])[0] == 1


def test_an_index_survives_its_file(
    tmp_path: Path, books: Catalog, others: CollaborativeIndex
) -> None:
    path = tmp_path / "data" / "others.npz"
    save_collaborative(path, others)
    back = load_collaborative(path, books)
    assert back.manifest == others.manifest
    assert_allclose(back.scores(["a"], ["c"]), others.scores(["a"], ["c"]))
    assert_allclose(back.popularity, others.popularity)
    assert [p.name for p in path.parent.iterdir()] == ["others.npz"]


def test_a_file_of_another_catalog_is_refused(
    tmp_path: Path, books: Catalog, others: CollaborativeIndex
) -> None:
    path = tmp_path / "others.npz"
    save_collaborative(path, others)
    changed = Catalog("books", books.items, books.fields.values(), checksum="0ther")
    with pytest.raises(CollaborativeMismatchError, match=r"others\.npz: .*checksum.*0ther.*again"):
        load_collaborative(path, changed)


def test_a_file_that_is_missing_or_damaged_is_refused(
    tmp_path: Path, books: Catalog, others: CollaborativeIndex
) -> None:
    path = tmp_path / "others.npz"
    with pytest.raises(CollaborativeMismatchError, match="no such file yet"):
        load_collaborative(path, books)
    save_collaborative(path, others)
    whole = path.read_bytes()
    for content in (b"", b"not an archive", whole[: len(whole) // 2]):
        path.write_bytes(content)
        with pytest.raises(CollaborativeMismatchError, match="can't be read"):
            load_collaborative(path, books)


def test_interactions_of_another_catalog_are_refused(books: Catalog) -> None:
    with pytest.raises(InteractionsError, match=r"none of 1 interactions.*id of it"):
        learn(books, [{"user": "1", "item": "heat", "rating": None}])


# --- joined with the retriever ------------------------------------------------------


def found(retriever: DenseRetriever, query: Query, k: int = 6) -> list[tuple[str, float]]:
    return [(c.item.id, c.score) for c in retriever.retrieve(query, k)]


def test_without_interactions_the_new_weights_change_nothing(retriever: DenseRetriever) -> None:
    heavy = retriever.reweighted(RetrieverWeights(collaborative=9.0, popularity=9.0))
    for query in (Query(), Query("harbour"), Query("desert", ("a",), ("c",), ("d",))):
        assert found(heavy, query) == found(retriever, query)


def test_weights_of_zero_leave_the_results_as_they_are(
    retriever: DenseRetriever, others: CollaborativeIndex
) -> None:
    idle = RetrieverWeights(collaborative=0.0, popularity=0.0)
    for query in (Query(), Query("harbour"), Query("desert", ("a",), ("c",), ("d",))):
        joined = retriever.with_interactions(others).reweighted(idle)
        assert found(joined, query) == found(retriever, query)


def test_each_part_is_added_by_its_weight(
    retriever: DenseRetriever, others: CollaborativeIndex
) -> None:
    weights = RetrieverWeights(collaborative=0.5, popularity=0.25)
    query = Query("harbour", liked=("a",), disliked=("c",))
    plain = dict(found(retriever, query))
    joined = dict(found(retriever.with_interactions(others).reweighted(weights), query))
    added = 0.5 * others.scores(["a"], ["c"]) + 0.25 * others.popularity
    for place, item_id in enumerate("abcdef"):
        assert joined[item_id] - plain[item_id] == pytest.approx(added[place], abs=1e-5)


def test_popularity_counts_more_where_less_is_known(
    retriever: DenseRetriever, others: CollaborativeIndex
) -> None:
    weights = RetrieverWeights(collaborative=0.0, popularity=0.25, unknown=0.5)
    joined = retriever.with_interactions(others).reweighted(weights)
    # One item known in two ways is one: a half; two are a third; no item is the whole.
    for query, share in (
        (Query("harbour"), 1), (Query("harbour", ("a",), ("a",)), 1 / 2),
        (Query("harbour", ("a",), ("c",)), 1 / 3),
    ):  # fmt: skip
        plain = dict(found(retriever, query))
        for item_id, score in found(joined, query):
            added = (0.25 + 0.5 * share) * others.popularity["abcdef".index(item_id)]
            assert score - plain[item_id] == pytest.approx(added, abs=1e-5)


def test_history_counts_as_liked(retriever: DenseRetriever, others: CollaborativeIndex) -> None:
    weights = RetrieverWeights(collaborative=5.0, popularity=0.0)
    joined = retriever.with_interactions(others).reweighted(weights)
    assert found(joined, Query("desert", history=("a",)))[0][0] == "b"


def test_without_words_items_are_read_as_a_sequence(
    retriever: DenseRetriever, others: CollaborativeIndex, books: Catalog
) -> None:
    weights = RetrieverWeights(
        dense=0.0, collaborative=9.0, popularity=0.0, tastes=1.0, titles=0.5, fade=0.5
    )
    joined = retriever.with_interactions(others).reweighted(weights)
    scores = dict(found(joined, Query(liked=("c", "a"), history=("a",))))
    later, earlier = others.totals(["a"]), others.totals(["c"])
    tastes = later + 0.5 * earlier  # "a" is the later one, and counts once
    titles = LexicalIndex(books).scores("; ".join(books[i].name for i in ("c", "a")))
    for place, item_id in enumerate("abcdef"):
        expected = tastes[place] / np.abs(tastes).max() + 0.5 * titles[place]
        assert scores[item_id] == pytest.approx(expected, abs=1e-5)


def test_older_items_fade_in_the_vector_too(
    retriever: DenseRetriever, others: CollaborativeIndex
) -> None:
    idle = RetrieverWeights(tastes=0.0, titles=0.0, popularity=0.0, fade=0.01)
    joined = retriever.with_interactions(others).reweighted(idle)
    for last, first in (("a", "d"), ("d", "a")):
        assert found(joined, Query(liked=(first, last)))[0][0] == last


def test_limits_hold_against_the_tastes_of_others(
    retriever: DenseRetriever, others: CollaborativeIndex
) -> None:
    heavy = RetrieverWeights(collaborative=50.0, popularity=50.0)
    joined = retriever.with_interactions(others).reweighted(heavy)
    query = Query(liked=("a",), without=frozenset("a"), limits=(Limit(("genres",), ("Romance",)),))
    assert [i for i, _ in found(joined, query)] == ["c", "f"]  # b is liked most, but Adventure
    assert [i for i, _ in found(joined, replace(query, varied=True))] == ["c", "f"]
    gone = replace(query, limits=(Limit(("year",), maximum=1900),))
    assert found(joined, gone) == []


def test_what_the_dense_search_misses_is_brought_in(books: Catalog, encoder) -> None:
    # 300 copies nearer to the wish than the one item that others' tastes speak for.
    near = [replace(books.items[0], id=f"n{n}") for n in range(300)]
    catalog = Catalog("many", (*near, *books.items), books.fields.values())
    vectors = encoder.encode([catalog.describe(item) for item in catalog.items])
    others = learn(catalog, ROWS, SMALL)
    query = Query("diver knocking wreck", history=("a",))
    alone = DenseRetriever(catalog, encoder, DenseIndex(vectors))
    assert "b" not in dict(found(alone, query, 10))
    weights = RetrieverWeights(collaborative=9.0)
    joined = DenseRetriever(catalog, encoder, DenseIndex(vectors), weights, others)
    assert found(joined, query, 10)[0][0] == "b"
