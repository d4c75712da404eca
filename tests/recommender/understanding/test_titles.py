"""Titles: quoted, bare, in lower case, misspelt, in lists; and what is said of them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from recommender.dialogue import Session
from recommender.understanding.understander import Understander, Understanding
from retrieval.catalog import Catalog, Field, Item, Kind

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
    ("godfather ii", ["The Godfather Part II"]),
    ("the godfather part two", ["The Godfather Part II"]),
    ("I loved the godfather 2", ["The Godfather Part II"]),
    ("I loved Godfather I and II", ["The Godfather", "The Godfather Part II"]),
    ("terminator two", ["Terminator 2: Judgment Day"]),
    ("loved se7en", ["Seven"]),
    ("Seven is a good one", ["Seven"]),
    ("shape of water was great", ["The Shape of Water"]),
    ("loved planet of apes", ["Planet of the Apes"]),
    ("heat 1995", ["Heat"]),
    ("do you know bladerunner?", ["Blade Runner"]),
    ("The Shwashank Redemption", ["The Shawshank Redemption"]),
    ("i loved the shape of watre", ["The Shape of Water"]),
    ("Casablaanca was wonderful", ["Casablanca"]),
    ("something like Plup Fiction", ["Pulp Fiction"]),
    ("have you got anything like teh godfather", ["The Godfather"]),
    ("maybe pulp fiction", ["Pulp Fiction"]),
    ("how about casablanca or goodfellas?", ["Casablanca", "Goodfellas"]),
    ("pulp fiction is good", ["Pulp Fiction"]),
    ("Get Out that was a good one", ["Get Out"]),
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
    "recommend something new",
    "I want to see it",
    "it was good",
    "what about her",
    "last night I watched a comedy",
    "vampire movies",
    "the plot was great",
    "music is fine",
    "I like a good documentary",
    "who directed it, and how long is it?",
    "Kevin Costner is good",
    "I already saw it",
    "I haven't seen the others",
    "I liked her in that",
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


def test_an_everyday_title_needs_a_capital_and_a_cue(understand: Understand) -> None:
    for text, ids in [
        ("I saw Her", ["her-2013"]),
        ("I saw her", []),
        ("have you seen Up?", ["up-2009"]),
        ("what is up", []),
        ("I watched Saw last night", ["saw-2004"]),
        ("I watched saws in a shed", []),
        ("up 2009", ["up-2009"]),
    ]:
        state = understand(text).state
        assert [m.item_id for m in (*state.liked, *state.seen)] == ids, text


def test_a_category_is_no_title_even_where_an_item_bears_its_name() -> None:
    items = [
        Item("a", "Horror", {"genres": ("Horror",)}, {"year": 1999.0}, {}),
        Item("b", "Dawn", {"genres": ("Horror", "Comedy")}, {"year": 2001.0}, {}),
    ]
    fields = [Field("genres", Kind.CATEGORY, "genre"), Field("year", Kind.YEAR, "year")]
    small = Understander(Catalog("small", items, fields, nouns=("film", "films")))

    def named(text: str) -> list[str]:
        state = small.understand(Session("test"), text).state
        return [m.item_id for m in (*state.liked, *state.disliked, *state.seen)]

    for text in ("I like horror", "something like horror", "a horror film", "more horror please"):
        assert named(text) == []
    assert named("something like “Horror”") == ["a"]
    assert named("something like Horror (1999)") == ["a"]


def test_a_series_is_known_by_the_beginning_of_its_titles(
    understand: Understand, movies: Catalog
) -> None:
    for text in ("I've seen all the Oceans movies", "I have seen all the Ocean's films"):
        seen = {movies[m.item_id].title for m in understand(text).state.seen}
        assert seen == {item.title for item in movies.items if item.title.startswith("Ocean's")}


def test_a_slip_that_makes_another_title_names_that_one(understand: Understand) -> None:
    (liked,) = understand("something like Aliens").state.liked
    assert liked.item_id == "aliens-1986"


def test_a_misspelt_title_with_its_year_is_told_apart(understand: Understand) -> None:
    (liked,) = understand("I loved A Star Is Brn (2018)").state.liked
    assert liked.item_id == "a-star-is-born-2018"


@pytest.mark.parametrize(
    ("utterance", "title"),
    [
        ("like The Hobbit but shorter", "The Hobbit, Or, There and Back Again"),
        ("I loved Frankenstein", "Frankenstein; or, The Modern Prometheus"),
        ("something like Birdman", "Birdman or (The Unexpected Virtue of Ignorance)"),
        ("I loved Dr. Strangelove", "Dr. Strangelove or: How I Learned to Stop Worrying"),
        ("I loved Trick or Treat", "Trick or Treat"),
    ],
)
def test_what_stands_before_or_names_the_whole(utterance: str, title: str) -> None:
    titles = (
        "The Hobbit, Or, There and Back Again", "Frankenstein; or, The Modern Prometheus",
        "Birdman or (The Unexpected Virtue of Ignorance)", "Trick or Treat", "A Trick",
        "Dr. Strangelove or: How I Learned to Stop Worrying",
    )  # fmt: skip
    items = [Item(str(n), name, {}, {}, {}) for n, name in enumerate(titles)]
    small = Catalog("small", items, [], nouns=("title", "titles"))
    read = Understander(small).understand(Session("s"), utterance)
    assert _titles(read.state.liked, small) == [title]
