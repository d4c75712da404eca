"""What many items have: common values, commonplace ones, and pairs that most have together."""

from __future__ import annotations

import pytest

from retrieval.commonness import Commonness


def facets(count: int) -> list[dict[str, tuple[str, ...]]]:
    """Of ten items nine are in English, six of them and the other one are dramas."""
    return [
        {
            "language": ("Dutch" if n % 10 == 9 else "English",),
            "genres": ("Drama", "Drama") if n % 10 in (0, 1, 2, 3, 4, 5, 9) else ("Comedy",),
        }
        for n in range(count)
    ]


@pytest.mark.parametrize("count", [200, 31_000])  # of the larger one a sample is asked
def test_how_widely_values_are_held(count: int) -> None:
    common = Commonness([*facets(count), {"genres": ("Western",)}], ("language", "genres"))
    assert common.commonplace == {("language", "English")}
    assert common.most_have("language", ["English"])
    assert common.most_have("genres", ["Drama"])
    assert not common.most_have("genres", ["Comedy"])
    assert not common.most_have("genres", ["unheard of"])
    assert common.values["language"] == {"English", "Dutch"}


def test_what_one_of_thousands_has_is_not_common() -> None:
    common = Commonness([*facets(2_000), {"genres": ("Western",)}], ("genres",))
    assert common.values["genres"] == {"Drama", "Comedy"}


def test_of_few_items_nothing_is_commonplace() -> None:
    assert Commonness(facets(10), ("language",)).commonplace == frozenset()


def test_what_each_of_most_items_has_few_may_have_together() -> None:
    genres = [("Drama",), ("Drama",), ("Comedy",), ("Comedy",), ("Drama", "Comedy")]
    common = Commonness([{"genres": held} for held in genres], ("genres",))
    assert common.most_have("genres", ["Drama"]) and common.most_have("genres", ["Comedy"])
    assert not common.most_have("genres", ["Drama", "Comedy"])
