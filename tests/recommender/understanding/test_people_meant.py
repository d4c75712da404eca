"""Whom "her" and "the same director" mean."""

from __future__ import annotations

import pytest

from recommender.dialogue import DialogueState
from recommender.understanding.people_meant import name_people
from retrieval.catalog import Catalog

SPOKEN_OF = DialogueState(people=("Ridley Scott",), spoken_of=("alien-1979",))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("anything else he directed", "anything else directed by Ridley Scott"),
        ("more with him", "more with Ridley Scott"),
        ("something by the same director", "something directed by Ridley Scott"),
        ("anything he made", "anything made by Ridley Scott"),
        # He plays in nothing here: whoever asks means any part in it.
        ("what he stars in", "what with Ridley Scott"),
        ("with her kids", "with her kids"),
        ("he likes westerns", "he likes westerns"),
    ],
)
def test_persons_in_the_place_of_pronouns(text: str, expected: str, movies: Catalog) -> None:
    assert name_people(text, SPOKEN_OF, movies) == expected


def test_nobody_spoken_of(movies: Catalog) -> None:
    assert name_people("more with her", DialogueState(), movies) == "more with her"
