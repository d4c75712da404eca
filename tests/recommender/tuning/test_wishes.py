"""Wishes and negatives: the target answers its wish, what is called wrong does not."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prompts.instruction import Intention
from recommender.tuning.behaviour import Behaviour, History
from recommender.tuning.negatives import NegativeMix, Negatives
from recommender.tuning.teacher import SalientPhrases
from recommender.tuning.wishes import Wish, WishMaker
from retrieval.catalog import Catalog, Field, Item, Kind, load_catalog
from retrieval.limits import Limit

MOVIES = load_catalog("movies")
MAKER = WishMaker(MOVIES, SalientPhrases())


@settings(max_examples=150)
@given(st.integers(0, len(MOVIES) - 1), st.integers(0, 10**6), st.booleans())
def test_the_item_answers_its_own_wish(place: int, seed: int, vague: bool) -> None:
    item = MOVIES.items[place]
    wish = (MAKER.vague if vague else MAKER.specific)(item, random.Random(seed))
    assert wish is None or wish.fits(item)
    if wish is not None:
        assert wish.intention is (Intention.VAGUE if vague else Intention.SPECIFIC)
        assert wish.words and "{" not in wish.words


def test_a_wish_is_answered_by_all_of_it_only() -> None:
    alien, heat = MOVIES["alien-1979"], MOVIES["heat-1995"]
    old = Limit(("year",), maximum=1979)
    horror = Wish(Intention.SPECIFIC, "horror film", (Limit(("genres",), ("Horror",)), old))
    assert horror.fits(alien) and not horror.fits(heat)
    assert not Wish(Intention.VAGUE, "robbers", stems=frozenset({"robbers"})).fits(alien)


def test_what_almost_all_items_are_is_no_wish() -> None:
    english = MOVIES["heat-1995"]
    said = [MAKER.specific(english, random.Random(seed)) for seed in range(200)]
    values = {v for wish in said if wish for limit in wish.limits for v in limit.values
              if not limit.negated}  # fmt: skip
    assert "English" not in values and "Crime" in values


def source() -> Behaviour:
    """20 items, red and blue in turn; everybody took item 0, and user n items n and n + 2."""
    items = [
        Item(str(n), f"Thing {n}", {"colour": (("red", "blue")[n % 2],)}, {}, {}) for n in range(20)
    ]
    catalog = Catalog("things", items, [Field("colour", Kind.CATEGORY, "colour")])
    histories = tuple(History(f"u{n}", ("0", str(n), str(n + 2)), str(n + 3)) for n in range(1, 17))
    return Behaviour("things", catalog, histories)


RED = Wish(Intention.SPECIFIC, "red thing", (Limit(("colour",), ("red",)),))


@pytest.mark.parametrize("kind", ["random", "popular", "hard"])
def test_no_negative_is_known_to_the_user_or_answers_the_wish(kind: str) -> None:
    behaviour = source()
    negatives, target = Negatives(behaviour), behaviour.catalog["4"]
    mix = NegativeMix(6, **{k: float(k == kind) for k in ("random", "popular", "hard")})
    for seed in range(40):
        drawn = negatives.draw(target, mix, random.Random(seed), {"5", "7"}, RED)
        ids = [item.id for item in drawn]
        assert 4 <= len(ids) == len(set(ids)) <= 6  # of eight that could be
        assert not {"4", "5", "7"} & set(ids)
        assert all(item.facets["colour"] == ("blue",) for item in drawn)


def drawn_by(mix: NegativeMix, target: str) -> Counter[str]:
    behaviour = source()
    negatives = Negatives(behaviour)
    rng = random.Random(0)
    return Counter(
        item.id
        for _ in range(600)
        for item in negatives.draw(behaviour.catalog[target], mix, rng, (), None)
    )


def test_popular_ones_are_drawn_by_how_many_took_them() -> None:
    counts = drawn_by(NegativeMix(1, 0.0, 1.0, 0.0), "4")
    assert counts["0"] > 0.25 * counts.total()  # 16 of 48 interactions
    assert counts["19"] == 0  # nobody took it, but for validation


def test_hard_ones_are_of_the_same_people_or_the_same_facets() -> None:
    counts = drawn_by(NegativeMix(1, 0.0, 0.0, 1.0), "9")
    together = {"0", "7", "11"}  # in the histories of u7 and u9
    assert sum(counts[i] for i in together) > 0.6 * counts.total()
    assert all(int(i) % 2 for i in set(counts) - together)  # the rest are blue as well


def test_a_small_catalog_gives_what_it_has() -> None:
    behaviour = source()
    drawn = Negatives(behaviour).draw(
        behaviour.catalog["4"], NegativeMix(50), random.Random(0), (), None
    )
    assert 15 <= len(drawn) <= 19
