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
