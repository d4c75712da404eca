"""Retrievers: at most k, no item twice, within the limits, nearer to what is liked."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from retrieval.catalog import Catalog
from retrieval.index import DenseIndex
from retrieval.limits import Limit
from retrieval.retriever import DenseRetriever, Query, RetrieverWeights


@pytest.fixture
def retriever(books: Catalog, encoder) -> DenseRetriever:
    vectors = encoder.encode([books.describe(item) for item in books.items])
    return DenseRetriever(books, encoder, DenseIndex(vectors))


def ids(retriever: DenseRetriever, query: Query, k: int = 6) -> list[str]:
    return [candidate.item.id for candidate in retriever.retrieve(query, k)]


@settings(max_examples=60, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
@given(
    text=st.sampled_from(["", "harbour", "zombies in the desert", "nothing known here"]),
    liked=st.lists(st.sampled_from("abcdef"), max_size=2),
    without=st.frozensets(st.sampled_from("abcdef"), max_size=3),
    genre=st.none() | st.sampled_from(["Horror", "Romance", "Western"]),
    varied=st.booleans(),
    k=st.integers(1, 8),
)
def test_the_contract(retriever, text, liked, without, genre, varied, k) -> None:
    limits = (Limit(("genres",), (genre,)),) if genre else ()
    query = Query(text, tuple(liked), limits=limits, without=without, varied=varied)
    found = retriever.retrieve(query, k)
    passing = [i.id for i in retriever.catalog.items if i.id not in without
               and all(limit.allows(i) for limit in limits)]  # fmt: skip
    assert len(found) == min(k, len(passing))
    assert len({c.item.id for c in found}) == len(found)
    assert {c.item.id for c in found} <= set(passing)
    assert [c.item.id for c in retriever.retrieve(query, k)] == [c.item.id for c in found]
    if not varied:
        assert [c.score for c in found] == sorted((c.score for c in found), reverse=True)


def test_words_of_the_wish_lead(retriever: DenseRetriever) -> None:
    assert ids(retriever, Query("a camel in the desert"), 1) == ["b"]


def test_a_liked_item_draws_its_like_closer(retriever: DenseRetriever) -> None:
    near = ids(retriever, Query(liked=("a",), without=frozenset("a")))
    assert near[0] == "c"  # both by Ann Lee, both of a harbour


def test_a_disliked_item_pushes_away(retriever: DenseRetriever) -> None:
    query = Query("harbour lighthouse wreck")
    plain = {c.item.id: c.score for c in retriever.retrieve(query, 6)}
    pushed = {c.item.id: c.score for c in retriever.retrieve(replace(query, disliked=("a",)), 6)}
    assert pushed["a"] - plain["a"] < min(pushed[i] - plain[i] for i in "bef")


def test_a_leaning_lifts_items_that_meet_it(retriever: DenseRetriever) -> None:
    query = Query("harbour")
    lifted = replace(query, leanings=((("genres", "Fantasy"),),))
    assert ids(retriever, lifted).index("f") < ids(retriever, query).index("f")
    flat = retriever.reweighted(RetrieverWeights(leaning=0.0))
    assert ids(flat, lifted) == ids(flat, query)


def test_without_anything_known_there_are_still_candidates(retriever: DenseRetriever) -> None:
    assert len(ids(retriever, Query())) == 6


def test_a_wish_costs_what_breaks_it_and_rules_nothing_out(retriever: DenseRetriever) -> None:
    lighter = retriever.reweighted(RetrieverWeights(wish=0.3))
    wishes = (Limit(("genres",), ("Romance",)), Limit(("year",), minimum=2000))
    plain = {c.item.id: c.score for c in retriever.retrieve(Query("harbour"), 6)}
    wished = {c.item.id: c.score for c in lighter.retrieve(Query("harbour", wishes=wishes), 6)}
    broken = {"a": 2, "b": 2, "c": 1, "d": 1, "e": 1, "f": 0}
    assert wished.keys() == plain.keys()
    for item_id, count in broken.items():
        assert plain[item_id] - wished[item_id] == pytest.approx(0.3 * count, abs=1e-5)


def test_what_keeps_the_wishes_is_looked_at_however_far(books: Catalog, encoder) -> None:
    # 300 copies that break the wish are nearer than the one item that keeps it.
    near = [replace(books.items[0], id=f"n{n}") for n in range(300)]
    catalog = Catalog("many", (*near, *books.items), books.fields.values())
    vectors = encoder.encode([catalog.describe(item) for item in catalog.items])
    many = DenseRetriever(catalog, encoder, DenseIndex(vectors), RetrieverWeights(wish=3.0))
    query = Query("diver knocking wreck", wishes=(Limit(("genres",), ("Crime",)),))
    assert ids(many, replace(query, wishes=()), 10)[0] != "e"
    assert ids(many, query, 10)[0] == "e"
