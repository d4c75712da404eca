"""People: by full name, surname, role, family and misspelling; wanted, ruled out, or likened to."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from notation import of_limits

from recommender.understanding.understander import Understanding
from retrieval.catalog import Catalog

Understand = Callable[[str], Understanding]

PEOPLE = [
    ("a film by Hitchcock", "people=Alfred Hitchcock"),
    ("hitchcock thrillers", "genres=Thriller;people=Alfred Hitchcock"),
    ("something directed by spielberg", "people=Steven Spielberg"),
    ("a Kubrick film", "people=Stanley Kubrick"),
    ("pacino", "people=Al Pacino"),
    ("films with de niro", "people=Robert De Niro"),
    ("kurosawa samurai movies", "people=Akira Kurosawa"),
    ("greta gerwig", "people=Greta Gerwig"),
    ("bong joon ho", "people=Bong Joon-ho"),
    ("a Bong Joon-ho film", "people=Bong Joon-ho"),
    ("films by pedro almodovar", "people=Pedro Almodóvar"),
    ("something with denzel", "people=Denzel Washington"),
    ("coen brothers crime film", "genres=Crime;people=Ethan Coen|Joel Coen"),
    ("the Wachowskis", "people=Lana Wachowski|Lilly Wachowski"),
    ("tom hanks or meg ryan", "people=Meg Ryan|Tom Hanks"),
    ("with Tom Hanks and Meg Ryan", "people=Meg Ryan;people=Tom Hanks"),
    ("directed by Ridley Scott or James Cameron", "people=James Cameron|Ridley Scott"),
    ("starring Brad Pitt but not George Clooney", "people!=George Clooney;people=Brad Pitt"),
    ("no tom cruise", "people!=Tom Cruise"),
    ("nothing by Woody Allen", "people!=Woody Allen"),
    ("nothing with Tom Cruise or Mel Gibson", "people!=Mel Gibson;people!=Tom Cruise"),
    ("anime not by miyazaki", "genres=Animation;people!=Hayao Miyazaki"),
    ("movies by Tarentino", "people=Quentin Tarantino"),
    ("speilberg movies", "people=Steven Spielberg"),
    ("with nicholas cage", "people=Nicolas Cage"),
    ("starring Scarlett Johanson", "people=Scarlett Johansson"),
    ("Leo DiCaprio thriller", "genres=Thriller;people=Leonardo DiCaprio"),
    ("films by the director of Get Out", "people=Jordan Peele"),
    ("I'd like a Tarantino film", "people=Quentin Tarantino"),
]


@pytest.mark.parametrize(("utterance", "limits"), PEOPLE)
def test_people_asked_for_and_ruled_out(
    utterance: str, limits: str, understand: Understand, movies: Catalog
) -> None:
    assert of_limits(understand(utterance).state.limits, movies) == limits.split(";")


@pytest.mark.parametrize(
    "utterance",
    [
        "something like a Tarantino film",
        "in the style of Wes Anderson",
        "Lynch vibes, David Lynch style",
        "my favourite actor is Tom Hanks",
        "As a huge Kubrick fan, what next?",
        "James Bond",
        "Harry Potter",
        "a trip to New York",
        "young people in a small town",
        "a king and a queen in the snow",
        "batman movies",
        "any agatha christie",
        "the long road home",
        "Summer in the woods",
    ],
)
def test_manners_and_everyday_words_are_no_people(utterance: str, understand: Understand) -> None:
    assert understand(utterance).state.limits == ()


def test_a_manner_leans_towards_the_person(understand: Understand) -> None:
    leanings = understand("something like a Tarantino film").state.leanings
    assert {v for one in leanings for v in one.values} == {"Quentin Tarantino"}


def test_a_role_decides_the_field(understand: Understand) -> None:
    (directed,) = understand("directed by Clint Eastwood").state.limits
    (acted,) = understand("starring Clint Eastwood").state.limits
    (either,) = understand("Clint Eastwood").state.limits
    assert directed.limit.fields == ("directors",)
    assert acted.limit.fields == ("cast",)
    assert set(either.limit.fields) == {"directors", "cast"}
