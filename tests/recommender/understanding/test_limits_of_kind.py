"""Genres, languages and ruled-out words: hard limits, leanings, and what is neither."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from notation import of_limits

from recommender.dialogue import Session
from recommender.understanding.understander import Understander, Understanding
from retrieval.catalog import Catalog, Item

Understand = Callable[[str], Understanding]

WANTED = [
    ("a western", "genres=Western"),
    ("comedies please", "genres=Comedy"),
    ("sci-fi", "genres=Science Fiction"),
    ("a romcom", "genres=Comedy;genres=Romance"),
    ("horror and comedy", "genres=Comedy;genres=Horror"),
    ("horror or thriller", "genres=Horror|Thriller"),
    ("comedy, drama or mystery", "genres=Comedy|Drama|Mystery"),
    ("a comedy or a drama", "genres=Comedy|Drama"),
    ("a romcom or a thriller", "genres=Comedy|Thriller;genres=Romance|Thriller"),
    ("teen comedy", "genres=Comedy"),
    ("any good whodunits?", "genres=Mystery"),
    ("silent film", "genres=Silent"),
    ("nature documentry", "genres=Documentary"),
    ("romantic commedy", "genres=Comedy;genres=Romance"),
    ("horrer films", "genres=Horror"),
    ("french films", "language=French"),
    ("in French", "language=French"),
    ("movies from japan", "language=Japanese"),
    ("korean or japanese horror", "genres=Horror;language=Japanese|Korean"),
    ("French and Italian films", "language=French|Italian"),
    ("french/italian", "language=French|Italian"),
    ("swedish, danish or norwegian", "language=Danish|Norwegian|Swedish"),
    ("scandinavian thriller", "genres=Thriller;language=Danish|Finnish|Norwegian|Swedish"),
    ("bollywood musical", "genres=Musical;language=Hindi"),
    ("no subtitles please", "language=English"),
    ("what about musicals?", "genres=Musical"),
]

RULED_OUT = [
    ("no horror", "genres!=Horror"),
    ("no horror, war or romance", "genres!=Horror;genres!=Romance;genres!=War"),
    ("neither horror nor thriller", "genres!=Horror;genres!=Thriller"),
    ("not a comedy or a drama", "genres!=Comedy;genres!=Drama"),
    ("anything but horror", "genres!=Horror"),
    ("everything but westerns", "genres!=Western"),
    ("any genre but horror", "genres!=Horror"),
    ("anything except musicals", "genres!=Musical"),
    ("I hate musicals", "genres!=Musical"),
    ("I don't like musicals", "genres!=Musical"),
    ("I'm not in the mood for drama", "genres!=Drama"),
    ("I can't stand animated films", "genres!=Animation"),
    ("I'm tired of action movies", "genres!=Action"),
    ("I've had enough horror", "genres!=Horror"),
    ("she hates horror and I hate musicals", "genres!=Horror;genres!=Musical"),
    ("something that isnt science fiction", "genres!=Science Fiction"),
    ("no romance cause i just broke up", "genres!=Romance"),
    ("less romance more action", "genres!=Romance;genres=Action"),
    ("comedy but not romantic", "genres!=Romance;genres=Comedy"),
    ("no horror and a comedy", "genres!=Horror;genres=Comedy"),
    ("live action only, no cartoons", "genres!=Animation"),
    ("not in English", "language!=English"),
    ("non-English thriller", "genres=Thriller;language!=English"),
    ("a foreign drama", "genres=Drama;language!=English"),
    ("any language except english", "language!=English"),
    ("nothing scary", "genres!=Horror"),
    ("not too scary", "genres!=Horror"),
    ("less scary", "genres!=Horror"),
    ("a horror film, but not too scary", "genres=Horror;without scary"),
    ("a mystery that isn't a murder mystery", "genres=Mystery;without murder mystery"),
    ("animation, not disney", "genres=Animation;without disney"),
    ("less bloody", "without bloody"),
    ("something less violent", "without violent"),
    ("no zombies", "without zombie"),
    ("sci-fi without aliens", "genres=Science Fiction;without alien"),
    ("a thriller with no violence", "genres=Thriller;without violence"),
    ("no clowns", "without clown"),
    ("no gore, torture or clowns", "without clown;without gore;without torture"),
    ("no love triangles", "without love triangle"),
    ("no animal deaths please", "without animal death"),
    ("not jump scares", "without jump scare"),
    ("no nudity or sex scenes", "without nudity;without sex"),
    ("war movies not about ww2", "genres=War;without ww2"),
    ("sick of superheroes", "without superhero"),
    ("I don't want anything depressing", "without depressing"),
    ("nothing violent, please", "without violent"),
    ("nothing sad", "without sad"),  # and not half of the catalog, which is drama
]

# What is ruled out, and titles that go with it though nothing else of the item speaks of it.
THINGS = [
    ("a superhero film, no batman", ["Batman Returns", "Batman Forever"]),
    ("a superhero film, not batman or superman", ["Batman Returns", "Superman II"]),
    ("a superhero film that isn't batman", ["Batman Returns"]),
    ("no more batman", ["Batman Returns"]),
    ("anything but batman", ["Batman Returns"]),
    ("no batman films", ["Batman Returns"]),
    ("something without dogs", ["Reservoir Dogs"]),
    ("I really don't want dogs", ["Reservoir Dogs"]),
    ("sick of dogs", ["Reservoir Dogs"]),
    ("nothing with fire in it", ["Chariots of Fire", "In the Line of Fire"]),
    ("I don't want anything with a dream", ["Field of Dreams"]),
]
# How an item is ruled out to be, of which a title's adjectives tell nothing.
MOODS = [
    "nothing dark", "something not dark", "not too dark", "no dark films please", "less dark",
    "not too bloody", "less violent",
]  # fmt: skip

NO_LIMIT = [
    "something scary",
    "a film about the french revolution",
    "a film about two thieves from France",
    "a girl from Korea moves to New York",
    "an anti-war film",
    "a post-war film",
    "cold war spies",
    "I don't mind horror",
    "subtitles are fine",
    "not necessarily Korean",
    "I'm tired, cheer me up",
    "can't decide",
    "I can stand romance",
    "no idea",
    "nothing beats a good laugh",
    "something funny",
]


@pytest.mark.parametrize(("utterance", "limits"), [*WANTED, *RULED_OUT])
def test_kinds_asked_for_and_ruled_out_are_limits(
    utterance: str, limits: str, understand: Understand, movies: Catalog
) -> None:
    assert of_limits(understand(utterance).state.limits, movies) == limits.split(";")


@pytest.mark.parametrize(("utterance", "titles"), THINGS)
def test_things_and_names_are_ruled_out_by_titles_too(
    utterance: str, titles: list[str], understand: Understand, movies: Catalog
) -> None:
    state = understand(utterance).state
    for item in (item for item in movies.items if item.title in titles):
        assert item.id in state.excluded or not all(s.limit.allows(item) for s in state.limits)
    assert any(stated.limit.in_title for stated in state.limits)


@pytest.mark.parametrize("utterance", MOODS)
def test_moods_are_not_looked_for_in_titles(
    utterance: str, understand: Understand, movies: Catalog
) -> None:
    limits = [stated.limit for stated in understand(utterance).state.limits]
    kept = [item.title for item in movies.items if all(one.allows(item) for one in limits)]
    assert "Zero Dark Thirty" in kept
    assert limits and not any(one.in_title for one in limits)


def test_a_series_is_ruled_out_in_a_list_as_well(understand: Understand, movies: Catalog) -> None:
    gone = understand("not batman or spider-man").state.excluded
    assert "Spider-Man 2" in {movies[item_id].title for item_id in gone}


def test_a_catalog_of_titles_alone_can_be_asked_without_a_name() -> None:
    names = ("Super Mario Kart", "Sonic Racing", "Mario Tennis")
    items = [Item(str(n), name, {}, {}, {}) for n, name in enumerate(names)]
    games = Catalog("games", items, (), nouns=("game", "games"))
    read = Understander(games).understand(Session(""), "a racing game, no mario")
    (limit,) = [one.limit for one in read.state.limits]
    assert [limit.allows(item) for item in items] == [False, True, False]
    assert read.state.limits[0].words == "no mario"


@pytest.mark.parametrize("utterance", NO_LIMIT)
def test_moods_themes_and_leave_are_no_limits(utterance: str, understand: Understand) -> None:
    assert understand(utterance).state.limits == ()


LEANINGS = [
    ("a scary film set in space", {"Horror", "Thriller", "Science Fiction"}),
    ("something funny", {"Comedy"}),
    ("for a rainy day with the kids", {"Family"}),
    ("a gentle tearjerker", {"Drama"}),
    ("heist", {"Crime"}),
    ("less bloody", set()),
    ("nothing scary", set()),
]


@pytest.mark.parametrize(("utterance", "genres"), LEANINGS)
def test_moods_lean_towards_genres(
    utterance: str, genres: set[str], understand: Understand
) -> None:
    leanings = understand(utterance).state.leanings
    assert {v for one in leanings if one.field == "genres" for v in one.values} == genres


TASTES = [
    ("I usually love horror but tonight something silly", ["I usually love horror"], {"Horror"}),
    ("I mainly watch scifi. Something short", ["I mainly watch scifi"], {"Science Fiction"}),
    ("I'm a huge western fan, what's good?", ["I'm a huge western fan"], {"Western"}),
    ("I like horror, thrillers and sci-fi", None, {"Horror", "Thriller", "Science Fiction"}),
    ("my wife likes rom coms, I like action", None, {"Romance", "Comedy", "Action"}),
    ("I watch a lot of thrillers but she wants a laugh", None, {"Thriller"}),
]


@pytest.mark.parametrize(("utterance", "words", "genres"), TASTES)
def test_lasting_tastes_lean_and_bind_nobody(
    utterance: str, words: list[str] | None, genres: set[str], understand: Understand
) -> None:
    state = understand(utterance).state
    assert not [one for one in state.limits if one.limit.values]
    assert {v for one in state.taste_leanings for v in one.values} == genres
    if words is not None:
        assert [phrase.words for phrase in state.taste] == words


def test_the_wish_of_the_moment_binds_beside_a_taste(
    understand: Understand, movies: Catalog
) -> None:
    read = understand("I normally like slow dramas, but today I want a western")
    assert of_limits(read.state.limits, movies) == ["genres=Western"]
    assert str(read.aspects.preference) == "explicit"
    assert str(read.aspects.intention) == "specific"


def test_a_dislike_stated_as_taste_still_binds(understand: Understand, movies: Catalog) -> None:
    read = understand("usually I watch horror. tonight: no horror")
    assert of_limits(read.state.limits, movies) == ["genres!=Horror"]


CONTEXTS = [
    ("a film with my kids", {"company": "with my kids"}),
    ("for a date night", {"occasion": "date night"}),
    ("I'm exhausted, something light for tonight", {"mood": "I'm exhausted", "time": "tonight"}),
    ("I'm tired of superheroes", {}),
    ("a comedy", {}),
]


@pytest.mark.parametrize(("utterance", "context"), CONTEXTS)
def test_circumstances_become_context(
    utterance: str, context: dict[str, str], understand: Understand
) -> None:
    assert dict(understand(utterance).aspects.context) == context


def test_what_became_a_negative_limit_leaves_the_wish(understand: Understand) -> None:
    read = understand("a slow burn, no clowns, nothing after 1990")
    assert read.aspects.wish == "a slow burn"
    assert [one.words for one in read.state.limits] == ["nothing after 1990", "no clowns"]
