"""Years, decades, ages and durations: which utterance makes which limit, and which makes none."""

from __future__ import annotations

import datetime
from collections.abc import Callable

import pytest
from notation import of_limit, of_limits

from recommender.understanding.ranges import read_ranges
from recommender.understanding.understander import Understanding
from retrieval.catalog import Catalog

Understand = Callable[[str], Understanding]

YEARS = [
    ("films from 1994", "year 1994-1994"),
    ("movies released in 1999", "year 1999-1999"),
    ("a film from '99", "year 1999-1999"),
    ("something from the year 2000", "year 2000-2000"),
    ("something from the 80s", "year 1980-1989"),
    ("'90s comedies, 90's comedies", "year 1990-1999"),
    ("from the nineteen-fifties", "year 1950-1959"),
    ("noughties", "year 2000-2009"),
    ("the roaring twenties", "year 1920-1929"),
    ("best of the 2010s", "year 2010-2019"),
    ("late 90s", "year 1996-1999"),
    ("early 2000s", "year 2000-2003"),
    ("mid-90s indie", "year 1993-1996"),
    ("mid to late 80s", "year 1983-1989"),
    ("late 80s or early 90s", "year 1986-1993"),
    ("between 1960 and 1975", "year 1960-1975"),
    ("from 1980 to 1989", "year 1980-1989"),
    ("1980-1989", "year 1980-1989"),
    ("1960-69", "year 1960-1969"),
    ("between the 70s and 90s", "year 1970-1999"),
    ("80s/90s", "year 1980-1999"),
    ("60s, 70s or 80s", "year 1960-1989"),
    ("the 70s and 80s", "year 1970-1989"),
    ("before 1950", "year -1949"),
    ("pre-1950", "year -1949"),
    ("older than 1970", "year -1969"),
    ("made before the 60s", "year -1959"),
    ("up to 1980", "year -1980"),
    ("70s and earlier", "year -1979"),
    ("1995 or earlier", "year -1995"),
    ("no later than 1999", "year -1999"),
    ("nothing after 1990", "year -1990"),
    ("nothing after the 70s", "year -1979"),
    ("nothing newer than 1985", "year -1985"),
    ("after 1990", "year 1991-"),
    ("post-2000", "year 2001-"),
    ("newer than 2010", "year 2011-"),
    ("since 2010", "year 2010-"),
    ("from 2010 onwards", "year 2010-"),
    ("2010+", "year 2010-"),
    ("1990 or later", "year 1990-"),
    ("not older than 2000", "year 2000-"),
    ("nothing before 2000", "year 2000-"),
    ("nothing pre-2000", "year 2000-"),
    ("no films from before 1990", "year 1990-"),
    ("not from the 80s", "not year 1980-1989"),
    ("no 80s movies", "not year 1980-1989"),
    ("nothing from the 80s or 90s", "not year 1980-1999"),
    ("around 1970", "year 1968-1972"),
    ("20th century", "year 1900-1999"),
    ("no magic, no christmas, 1990 or later", "without christma;without magic;year 1990-"),
    ("after 1960 but before 1970", "year -1969;year 1961-"),
    ("released after 1999 and before 2010", "year -2009;year 2000-"),
    ("70s or 90s", "not year 1980-1989;year 1970-1999"),
    ("no horror and not older than 1980", "year 1980-"),
    ("no horror and from the 80s", "year 1980-1989"),
    ("nothing from the 70s or the 90s", "not year 1970-1979;not year 1990-1999"),
    ("something old", "year -1969"),
    ("nothing too old", "year 1970-"),
    ("a recent film", "year 2015-"),
    ("a classic from the 90s", "year 1990-1999"),
]

DURATIONS = [
    ("under 90 minutes", "runtime -89"),
    ("sub 90 minutes", "runtime -89"),
    ("less than 2 hours", "runtime -119"),
    ("under an hour and a half", "runtime -89"),
    ("no longer than 100 min", "runtime -100"),
    ("no more than 2 hours", "runtime -120"),
    ("nothing over two hours", "runtime -120"),
    ("shouldn't exceed two hours", "runtime -120"),
    ("2hr max", "runtime -120"),
    ("1h30 max", "runtime -90"),
    ("1h 45m or less", "runtime -105"),
    ("1 hour 40 minutes or less", "runtime -100"),
    ("1.5 hours max", "runtime -90"),
    ("two and a half hours at the very most", "runtime -150"),
    ("two hours tops", "runtime -120"),
    ("I only have 95 minutes", "runtime -95"),
    ("I have a 3 hour flight", "runtime -180"),
    ("runtime under 100", "runtime -99"),
    ("at least three hours", "runtime 180-"),
    ("over 3 hours long", "runtime 181-"),
    ("around two hours", "runtime 108-132"),
    ("a 90-minute film", "runtime 81-99"),
    ("between one and two hours", "runtime 60-120"),
    ("90-120 min", "runtime 90-120"),
    ("something short", "runtime -95"),
    ("something short (under 100 min)", "runtime -99"),
    ("no more than 2 hours 15", "runtime -135"),
    ("not too long", "runtime -139"),
    ("it was amazing but too long", "runtime -139"),
]

NO_LIMIT = [
    "a film set in the 1940s",
    "set in Paris in the 1920s",
    "set during the 60s",
    "set in the 40s or 50s",
    "set between 1900 and 1920",
    "set before 1900",
    "the story takes place in 1969",
    "a movie about the 1920s",
    "a movie about 1984",
    "a murder in 1940s Los Angeles",
    "I was born in 1990",
    "a woman in her 30s",
    "something for my 6 year old",
    "an old man looks back",
    "an older woman falls in love",
    "short stories",
    "long distance",
    "long is fine",
    "I am ah, um, hmm, am I",
    "wait a minute",
    "the first five minutes",
    "he has 24 hours",
    "post-apocalyptic",
    "late at night",
]


@pytest.mark.parametrize(("utterance", "limits"), [*YEARS, *DURATIONS])
def test_a_stated_time_is_a_limit(
    utterance: str, limits: str, understand: Understand, movies: Catalog
) -> None:
    found = of_limits(understand(utterance).state.limits, movies)
    assert [one for one in found if not one.startswith("genres")] == limits.split(";")


@pytest.mark.parametrize("utterance", NO_LIMIT)
def test_a_time_of_the_story_or_of_a_life_is_no_limit(
    utterance: str, understand: Understand
) -> None:
    assert understand(utterance).state.limits == ()


def test_release_beats_setting_where_both_are_said(understand: Understand, movies: Catalog) -> None:
    read = understand("a drama set in the 60s but made after 2000")
    assert of_limits(read.state.limits, movies) == ["genres=Drama", "year 2001-"]
    assert "set in the 60s" in read.aspects.wish


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("from the last five years", "year 2019-"),
        ("the last decade", "year 2014-"),
        ("older than 20 years", "year -2003"),
        ("newer than ten years", "year 2014-"),
        ("this decade", "year 2020-"),
        ("this year", "year 2024-"),
    ],
)
def test_ages_are_counted_from_today(text: str, limit: str, movies: Catalog) -> None:
    found = read_ranges(text, movies, today=datetime.date(2024, 5, 1))
    assert [of_limit(one.limit, movies) for one in found] == [limit]


def test_ranges_keep_the_place_of_their_words(movies: Catalog) -> None:
    text = "Comedies from the 80s, under two hours"
    found = read_ranges(text, movies)
    assert [text[one.start : one.end] for one in found] == ["from the 80s", "under two hours"]
