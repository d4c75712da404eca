"""The contract of every retriever: exact, by lists, and on Milvus from a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from retrieval.catalog import Catalog, Item
from retrieval.index import DenseIndex
from retrieval.index_plan import Budget, learned, no_steps
from retrieval.limits import Limit
from retrieval.retriever import DenseRetriever, Query, Retriever, RetrieverWeights

WAYS = ("exact", "lists", "milvus")


@dataclass
class Shop:
    """One catalog behind one retriever, which can be given another catalog."""

    catalog: Catalog
    retriever: Retriever
    changed: Callable[[Catalog, list[Item]], Retriever]


def with_index(books: Catalog, encoder, budget: Budget) -> Shop:
    vectors = encoder.encode([books.describe(item) for item in books.items])
    index = DenseIndex(*learned(vectors, budget, no_steps))

    def changed(catalog: Catalog, new: list[Item]) -> Retriever:
        fresh = {item.id for item in new}
        before = [-1 if i.id in fresh else books.place[i.id] for i in catalog.items]
        added = [i for i in catalog.items if i.id in fresh]
        vectors = encoder.encode([catalog.describe(item) for item in added])
        return DenseRetriever(catalog, encoder, index.changed(np.array(before), vectors))

    return Shop(books, DenseRetriever(books, encoder, index), changed)


def with_milvus(books: Catalog, encoder, folder: Path) -> Shop:
    milvus = pytest.importorskip("retrieval.milvus")
    pytest.importorskip("milvus_lite")
    collection = milvus.MilvusCollection(str(folder / "items.db"), books.name)
    vectors = DenseIndex(encoder.encode([books.describe(item) for item in books.items]))
    assert collection.push(books, vectors, encoder.name, no_steps) == len(books)

    def changed(catalog: Catalog, new: list[Item]) -> Retriever:
        vectors = encoder.encode([catalog.describe(item) for item in new])
        collection.update(catalog, new, vectors)
        collection.remove([i.id for i in books.items if i.id not in catalog])
        return milvus.MilvusRetriever(catalog, encoder, collection)

    return Shop(books, milvus.MilvusRetriever(books, encoder, collection), changed)


@pytest.fixture(params=WAYS)
def shop(request, books: Catalog, encoder, tmp_path: Path) -> Iterator[Shop]:
    if request.param == "milvus":
        made = with_milvus(books, encoder, tmp_path)
        yield made
        made.retriever._collection.close()
    else:
        budget = Budget(exact_up_to=0 if request.param == "lists" else 100)
        yield with_index(books, encoder, budget)


def ids(retriever: Retriever, query: Query, k: int = 6) -> list[str]:
    return [candidate.item.id for candidate in retriever.retrieve(query, k)]


LIMITS = (
    Limit(("genres",), ("Horror",)),
    Limit(("genres",), ("Romance", "Crime")),
    Limit(("genres",), ("Western",)),
    Limit(("genres",), ("Horror",), negated=True),
    Limit(("authors",), ("Bo Kim",)),
    Limit(("year",), minimum=1990),
    Limit(("year",), minimum=1985, maximum=2005),
    Limit(("pages",), maximum=200),
    Limit(("pages",), maximum=200, negated=True),
    Limit(("pages",), minimum=300, negated=True),
    Limit(("text",), ("zombie",)),
    Limit(("text",), ("ombie",)),
    Limit(("text",), ("white desert",)),
    Limit(("text", "genres"), ("zombie", "Romance"), negated=True),
    Limit(("text",), ("winter", "zombie"), negated=True, in_title=True),
    Limit((), ("winter",), in_title=True),
    Limit(("nowhere",), ("x",)),
    Limit(("nowhere",), minimum=1),
)


@settings(max_examples=40, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
@given(
    text=st.sampled_from(["", "harbour", "zombies in the desert", "nothing known here", "the"]),
    liked=st.lists(st.sampled_from(["a", "b", "c", "f", "unknown"]), max_size=2),
    without=st.frozensets(st.sampled_from(["a", "b", "d", "e", "un\"kno'wn\\"]), max_size=3),
    limits=st.lists(st.sampled_from(LIMITS), max_size=2),
    wishes=st.lists(st.sampled_from(LIMITS[:6]), max_size=1),
    leanings=st.sampled_from([(), ((("genres", "Horror"),),)]),
    varied=st.booleans(),
    k=st.integers(1, 8),
)
def test_the_contract(shop, text, liked, without, limits, wishes, leanings, varied, k) -> None:
    query = Query(
        text, tuple(liked), limits=tuple(limits), wishes=tuple(wishes), without=without,
        leanings=leanings, varied=varied,
    )  # fmt: skip
    found = shop.retriever.retrieve(query, k)
    passing = {i.id for i in shop.catalog.items if i.id not in without
               and all(limit.allows(i) for limit in limits)}  # fmt: skip
    assert len(found) == min(k, len(passing))
    assert len({c.item.id for c in found}) == len(found)
    assert {c.item.id for c in found} <= passing
    assert ids(shop.retriever, query, k) == [c.item.id for c in found]
    if not varied:
        assert [c.score for c in found] == sorted((c.score for c in found), reverse=True)


def test_words_of_the_wish_lead(shop: Shop) -> None:
    assert ids(shop.retriever, Query("a camel in the desert"), 1) == ["b"]


def test_a_liked_item_draws_its_like_closer(shop: Shop) -> None:
    assert ids(shop.retriever, Query(liked=("a",), without=frozenset("a")))[0] == "c"


def test_words_find_what_vectors_do_not(books: Catalog, shop: Shop) -> None:
    rare = replace(books["e"], id="x", texts={"text": "The hymn of Zyx."})
    catalog = Catalog(books.name, (*books.items, rare), books.fields.values())
    changed = shop.changed(catalog, [rare])
    plain = {c.item.id: c.score for c in changed.retrieve(Query("Zyx"), 7)}
    assert max(plain, key=lambda i: plain[i]) == "x"


def test_added_replaced_and_removed_items_are_what_is_found(books: Catalog, shop: Shop) -> None:
    new = replace(books["b"], id="g", title="Camel Milk", texts={"text": "A camel, milked."})
    moved = replace(books["d"], facets={**books["d"].facets, "genres": ("Western",)})
    kept = [i for i in books.items if i.id not in ("b", "d")]
    catalog = Catalog(books.name, [new, *kept, moved], books.fields.values())
    changed = shop.changed(catalog, [new, moved])
    assert ids(changed, Query("a camel in the desert"), 1) == ["g"]
    assert ids(changed, Query("anything", limits=(Limit(("genres",), ("Western",)),))) == ["d"]
    assert sorted(ids(changed, Query("harbour"), 9)) == ["a", "c", "d", "e", "f", "g"]


def test_words_alone_find_what_has_them(shop: Shop) -> None:
    shop.retriever._weights = RetrieverWeights(dense=0.0)
    found = shop.retriever.retrieve(Query("a camel in the desert"), 6)
    assert found[0].item.id == "b" and len(found) == 6
    assert found[-1].score == 0  # those without any of the words


def test_both_ways_score_alike(books: Catalog, encoder, tmp_path: Path) -> None:
    near = with_index(books, encoder, Budget(exact_up_to=100)).retriever
    far = with_milvus(books, encoder, tmp_path).retriever
    dense = RetrieverWeights(lexical=0.0)
    near, far._weights = near.reweighted(dense), dense
    query = Query("harbour", liked=("c",), leanings=((("genres", "Horror"),),), varied=True)
    for one, other in zip(near.retrieve(query, 6), far.retrieve(query, 6), strict=True):
        assert (one.item.id, pytest.approx(one.score, abs=1e-4)) == (other.item.id, other.score)
