"""Titles: quoted, bare, in lower case, misspelt, in lists; and what is said of them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from recommender.understanding.understander import Understanding
from retrieval.catalog import Catalog

Understand = Callable[[str], Understanding]

LIKED = [
    ("something like Alien", ["Alien"]),
    ("something like alien", ["Alien"]),
    ('recommend a movie like "the shawshank redemption"', ["The Shawshank Redemption"]),
    ("I want to watch “The Thing” again", ["The Thing"]),
    ("*Alien*", ["Alien"]),
    ("Heat", ["Heat"]),
    ("heat and collateral", ["Heat", "Collateral"]),
    ("jaws, alien and the thing", ["Jaws", "Alien", "The Thing"]),
    ("my favourite films are Heat, Alien and Her", ["Heat", "Alien", "Her"]),
    ("I loved Amélie and Paddington. Something gentle?", ["Amélie", "Paddington"]),
    ("i loved amelie", ["Amélie"]),
    ("loved spirited away & my neighbor totoro", ["Spirited Away", "My Neighbor Totoro"]),
    ("obsessed with My Neighbour Totoro", ["My Neighbor Totoro"]),
    ("i liked teh matrx", ["The Matrix"]),
    ("like shawshank", ["The Shawshank Redemption"]),
    ("something like Eternal Sunshine", ["Eternal Sunshine of the Spotless Mind"]),
    ("oceans eleven", ["Ocean's Eleven"]),
    ("twelve angry men", ["12 Angry Men"]),
    ("spiderman", ["Spider-Man"]),
    ("2001 a space odyssey", ["2001: A Space Odyssey"]),
    ("something like 1917", ["1917"]),
    ("blade runner 2049", ["Blade Runner 2049"]),
    ("blade runner vibes", ["Blade Runner"]),
    ("Fargo meets Pulp Fiction", ["Fargo", "Pulp Fiction"]),
    ("Young Frankenstein", ["Young Frankenstein"]),
    ("similar to Get Out but older", ["Get Out"]),
    ("I really like the movie Her", ["Her"]),
    ("The Thing (1982)", ["The Thing"]),
    ("The Thing 1982", ["The Thing"]),
    ("The Thing from 1982", ["The Thing"]),
    ("something like Titanic but not Titanic", ["Titanic"]),
    ("what should I watch if I liked Parasite?", ["Parasite"]),
    ("loved Whiplash, hated La La Land", ["Whiplash"]),
]

DISLIKED = [
    ("hated titanic", ["Titanic"]),
    ("I didn't like Titanic", ["Titanic"]),
    ("didn't care for titanic", ["Titanic"]),
    ("anything but Titanic", ["Titanic"]),
    ("with kate winslet, that isnt titanic", ["Titanic"]),
    ("La La Land was boring", ["La La Land"]),
    ("I thought Tenet was confusing", ["Tenet"]),
    ("loved Whiplash, hated La La Land", ["La La Land"]),
    ("I didn't enjoy Inception but I loved Interstellar", ["Inception"]),
]

SEEN = [
    ("I've already seen Heat and Collateral", ["Heat", "Collateral"]),
    ("I've seen Jaws, Alien, and The Thing", ["Jaws", "Alien", "The Thing"]),
    ("already watched parasite, what else", ["Parasite"]),
    ("I watched Up yesterday", ["Up"]),
]

NO_ITEM = [
    "I haven't seen Casablanca",
    "a film with speed",
    "movies about cars",
    "brave heroes",
    "up to you",
    "I love horror",
    "less than two hours",
    "no more than 2 hours",
    "scary movie please",
    "a true romance",
    "on Sunday",
    "older than Jaws",
    "a big movie",
    "the room where it happens",
]


def _titles(mentions: object, catalog: Catalog) -> list[str]:
    return [catalog[mention.item_id].title for mention in mentions]  # type: ignore[attr-defined]


@pytest.mark.parametrize(("utterance", "titles"), LIKED)
def test_titles_that_are_liked(
    utterance: str, titles: list[str], understand: Understand, movies: Catalog
) -> None:
    assert set(_titles(understand(utterance).state.liked, movies)) == set(titles)


@pytest.mark.parametrize(("utterance", "titles"), DISLIKED)
def test_titles_that_are_disliked(
    utterance: str, titles: list[str], understand: Understand, movies: Catalog
) -> None:
    read = understand(utterance)
    assert _titles(read.state.disliked, movies) == titles
    assert not set(titles) & set(_titles(read.state.liked, movies))


@pytest.mark.parametrize(("utterance", "titles"), SEEN)
def test_titles_that_are_known_and_not_judged(
    utterance: str, titles: list[str], understand: Understand, movies: Catalog
) -> None:
    state = understand(utterance).state
    assert set(_titles(state.seen, movies)) == set(titles)
    assert state.liked == state.disliked == ()


@pytest.mark.parametrize("utterance", NO_ITEM)
def test_words_that_only_look_like_titles(utterance: str, understand: Understand) -> None:
    state = understand(utterance).state
    assert (state.liked, state.disliked, state.seen) == ((), (), ())


def test_a_year_behind_a_title_tells_films_apart_and_is_no_limit(
    understand: Understand, movies: Catalog
) -> None:
    choice = understand("A Star Is Born").state.choice
    one = understand("A Star Is Born (2018)")
    assert choice is not None
    assert len(choice.item_ids) > 1
    assert [mention.item_id for mention in one.state.liked] == ["a-star-is-born-2018"]
    assert one.state.limits == ()


@pytest.mark.parametrize(
    "utterance",
    [
        "something like Alien",
        "hated Alien",
        "I've seen Alien",
        "like Alien but not an Alien film",
        "anything but Alien",
    ],
)
def test_items_spoken_of_are_never_picked(utterance: str, understand: Understand) -> None:
    assert "alien-1979" in understand(utterance).query.without


def test_a_series_is_ruled_out_as_a_whole(understand: Understand) -> None:
    read = understand("like Die Hard but not a die hard film, from the 1990s")
    assert {m.item_id for m in read.state.liked} == {"die-hard-1988"}
    assert {"die-hard-2-1990", "die-hard-with-a-vengeance-1995"} <= read.query.without
    assert not read.query.disliked  # to know them all is no dislike


def test_all_films_of_a_series_can_be_known(understand: Understand, movies: Catalog) -> None:
    seen = {m.item_id for m in understand("I have seen all the Star Wars films").state.seen}
    assert seen == {item.id for item in movies.items if item.title.startswith("Star Wars")}


def test_a_title_that_is_measured_by_is_not_liked(understand: Understand, movies: Catalog) -> None:
    (stated,) = understand("older than Jaws").state.limits
    assert (stated.limit.fields, stated.limit.maximum) == (("year",), 1974)


def test_history_holds_titles_with_years(understand: Understand) -> None:
    read = understand("I loved Heat")
    assert read.aspects.history == ("Heat (1995)",)
    assert str(read.aspects.preference) == "implicit"
