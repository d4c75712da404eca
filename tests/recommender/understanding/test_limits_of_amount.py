"""Amounts of any unit, on a catalog that was imported: pages, stars, and how many have rated."""

from __future__ import annotations

import pytest

from recommender.dialogue import Session
from recommender.understanding.ranges import read_ranges
from recommender.understanding.understander import Understander, Understanding
from retrieval.catalog import Catalog, Field, Item, Kind

AMOUNTS = [
    ("with a rating above 4", "stars 4.01-"),
    ("rated above 4 stars please", "stars 4.01-"),
    ("a rating of 4 or more", "stars 4-"),
    ("rating over 4.2 and under 300 pages", "stars 4.21-, pages -299"),
    ("rated 4 or higher", "stars 4-"),
    ("rated at least 4.3", "stars 4.3-"),
    ("more than 4 stars", "stars 4.01-"),
    ("4+ stars", "stars 4-"),
    ("4.5 stars or more", "stars 4.5-"),
    ("a rating of 3 or less", "stars -3"),
    ("300+ pages", "pages 300-"),
    ("length under 300", "pages -299"),
    ("at least 1000 ratings", "ratings 1000-"),
    ("less than 500 ratings", "ratings -499"),
    ("with a rating", ""),
    ("a good rating", ""),
    ("what is the rating of the first one", ""),
    ("the second part of a series", ""),
]


@pytest.fixture(scope="module")
def shelf() -> Catalog:
    fields = [Field(unit, Kind.NUMBER, label, unit=unit, less=less) for unit, label, less in
              (("pages", "length", ("shorter",)), ("stars", "rating", ()), ("ratings", "popularity", ()))]  # fmt: skip
    items = [
        Item(f"b{n}", f"Harbour {n}", {}, {"pages": 100 + 10 * n, "stars": n / 8, "ratings": 99 * n},
             {})
        for n in range(40)
    ]  # fmt: skip
    return Catalog("shelf", items, fields, nouns=("book", "books"))


@pytest.mark.parametrize(("text", "expected"), AMOUNTS)
def test_amounts(shelf: Catalog, text: str, expected: str) -> None:
    def end(bound: float | None) -> str:
        return "" if bound is None else f"{bound:g}"

    found = [one.limit for one in read_ranges(text, shelf)]
    told = [f"{one.fields[0]} {end(one.minimum)}-{end(one.maximum)}" for one in found]
    assert ", ".join(told) == expected


def test_of_two_bounds_the_tighter_is_kept(shelf: Catalog) -> None:
    def limits(read: Understanding) -> list[tuple[float | None, float | None]]:
        return [(s.limit.minimum, s.limit.maximum) for s in read.state.limits]

    understander = Understander(shelf)
    state = understander.understand(Session("s"), "a book about a harbour").state
    shown = state.__class__(**{**state.__dict__, "last_shown": ("b20", "b21", "b22")})
    for text, bound in (("shorter, under 250 pages", 249), ("shorter, under 400 pages", 309)):
        read = understander.understand(Session("s", 1, shown), text)
        assert limits(read) == [(None, bound)]


@pytest.mark.parametrize(
    "asked", ["What next?", "what should I read next", "What do you suggest now?"]
)
def test_asking_for_the_next_is_no_wish(shelf: Catalog, asked: str) -> None:
    read = Understander(shelf).understand(Session("s"), f"I loved Harbour 3. {asked}")
    assert read.query.text == "" and [m.item_id for m in read.state.liked] == ["b3"]


def test_a_seldom_category_is_searched_for_by_its_words_too() -> None:
    """Two of a thousand books are filed under Japan, and more are about it."""
    fields = [Field("genre", Kind.CATEGORY, "genre")]
    genres = {7: "Japan", 8: "Japan"}
    items = [Item(f"b{n}", f"Harbour {n}", {"genre": (genres.get(n, "History"),)}, {}, {})
             for n in range(1_400)]  # fmt: skip
    understander = Understander(Catalog("shelf", items, fields, nouns=("book", "books")))
    state = understander.understand(Session("s"), "a quiet history").state
    shown = state.__class__(**{**state.__dict__, "last_shown": ("b1",)})
    read = understander.understand(
        Session("s", 1, shown), "more like the first one but about Japan"
    )
    assert read.query.text.endswith("; Japan") and "istory" not in read.query.text.split("; ")[1]
    assert [m.item_id for m in read.state.liked] == ["b1"]
