"""Hard limits: the mask of a catalog agrees with each item, and conflicts are named."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from retrieval.catalog import Catalog, load_catalog
from retrieval.limits import _KEPT, Limit, LimitFilter, _widest

MOVIES = load_catalog("movies")
FILTER = LimitFilter(MOVIES)


@st.composite
def limits(draw: st.DrawFn) -> Limit:
    negated = draw(st.booleans())
    if draw(st.booleans()):
        field = draw(st.sampled_from(["year", "runtime"]))
        low = draw(st.none() | st.integers(1900, 2030))
        high = (
            draw(st.integers(60, 2030)) if low is None else draw(st.none() | st.integers(60, 2030))
        )
        return Limit((field,), (), low, high, negated)
    fields = draw(st.sampled_from([("genres",), ("language",), ("directors", "cast"),
                                   ("keywords", "synopsis")]))  # fmt: skip
    pool = ["Horror", "French", "Alfred Hitchcock", "zombie", "revenge", "nowhere to be found"]
    return Limit(fields, tuple(draw(st.lists(st.sampled_from(pool), min_size=1, max_size=3))),
                 negated=negated)  # fmt: skip


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(limits(), max_size=3))
def test_the_mask_agrees_with_every_item(chosen: list[Limit]) -> None:
    mask = FILTER.mask(chosen)
    for item, passed in zip(MOVIES.items, mask, strict=True):
        assert passed == all(limit.allows(item) for limit in chosen), (item.id, chosen)


def test_bounds_are_inclusive_and_an_unknown_number_passes_none(books: Catalog) -> None:
    found = LimitFilter(books).mask([Limit(("pages",), minimum=150, maximum=210)])
    assert [i.id for i, ok in zip(books.items, found, strict=True) if ok] == ["a", "c", "d"]
    # "e" has no pages: neither a bound nor its negation can be checked.
    assert not Limit(("pages",), maximum=9_999, negated=True).allows(books["e"])


def test_prose_is_searched_by_the_beginnings_of_words(books: Catalog) -> None:
    limit = Limit(("text",), ("zombie",), negated=True)
    assert not limit.allows(books["d"])
    assert limit.allows(books["a"])
    assert Limit(("text",), ("ombie",), negated=True).allows(books["d"])


def test_values_that_stand_only_with_another_one_are_not_looked_for() -> None:
    values = ("Teen", "shy teenagers", "night train", "teenagers abroad", "night train", "a-teen")
    # "a teen" has a word that begins with "teen"; "night train" has none.
    assert _widest(values) == ["teen", "night train"]
    assert _widest(("shy teenagers", "")) == ["shy teenagers", ""]


def test_masks_that_are_kept_stay_few_and_right() -> None:
    movies = LimitFilter(MOVIES)
    years = [Limit(("year",), minimum=year) for year in range(1920, 1920 + 3 * _KEPT // 2)]
    for limit in [*years, *years[::-1]]:
        passed = movies.mask([limit])
        assert passed.tolist() == [limit.allows(item) for item in MOVIES.items]
        passed[:] = False  # whoever has a mask may change it
    assert len(movies._kept) == _KEPT


def test_ids_can_be_left_out(books: Catalog) -> None:
    assert LimitFilter(books).mask((), without=["a", "unknown"]).tolist() == [False] + [True] * 5


def test_the_fewest_limits_that_would_have_to_give_are_named(books: Catalog) -> None:
    horror, late, short = (
        Limit(("genres",), ("Horror",)),
        Limit(("year",), minimum=2010),
        Limit(("pages",), maximum=500),
    )
    assert LimitFilter(books).conflict([horror, late, short]) == ((late,), 2)
    assert LimitFilter(books).conflict([late, short])[0] == ()


@pytest.mark.parametrize(
    "arguments",
    [{"fields": ()}, {"fields": ("year",)}, {"fields": ("year",), "values": ("x",), "minimum": 1}],
)
def test_a_limit_needs_values_or_bounds(arguments: dict) -> None:
    with pytest.raises(ValueError, match="needs fields"):
        Limit(**arguments)


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        (Limit(("year",), maximum=1990), "not after 1990"),
        (Limit(("year",), minimum=1991, negated=True), "not after 1990"),
        (Limit(("year",), minimum=1990, maximum=1999), "1990 to 1999"),
        (Limit(("runtime",), maximum=90), "runtime at most 90 minutes"),
        (Limit(("genres",), ("Horror", "War")), "Horror or War"),
        (Limit(("cast",), ("Tom Hanks",), negated=True), "no Tom Hanks"),
    ],
)
def test_limits_in_words(limit: Limit, words: str) -> None:
    assert limit.in_words(MOVIES) == words
