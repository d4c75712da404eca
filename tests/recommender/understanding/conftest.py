"""An understander of the bundled films, and a way to talk to it over several turns."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from conversing import Talk

from recommender.dialogue import Session
from recommender.understanding.understander import Understander, Understanding
from retrieval.catalog import Catalog


@pytest.fixture(scope="session")
def understander(movies: Catalog) -> Understander:
    return Understander(movies)


@pytest.fixture(scope="session")
def understand(understander: Understander) -> Callable[[str], Understanding]:
    """Read an utterance as the first of a session."""
    return lambda utterance: understander.understand(Session("test"), utterance)


@pytest.fixture
def talk(understander: Understander) -> Talk:
    return Talk(understander, ("heat-1995", "alien-1979"))
