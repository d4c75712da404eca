"""An understander of the bundled films, and a way to talk to it over several turns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from recommender.dialogue import Session
from recommender.understanding.update import Understander, Understanding
from retrieval.catalog import Catalog


@pytest.fixture(scope="session")
def understander(movies: Catalog) -> Understander:
    return Understander(movies)


@pytest.fixture(scope="session")
def understand(understander: Understander) -> Callable[[str], Understanding]:
    """Read an utterance as the first of a session."""
    return lambda utterance: understander.understand(Session("test"), utterance)


class Talk:
    """A conversation in which every answer shows the same two films."""

    def __init__(self, understander: Understander, shown: tuple[str, ...]) -> None:
        self.understander = understander
        self.session = Session("test")
        self.shown = shown

    def say(self, *utterances: str) -> Understanding:
        for utterance in utterances:
            read = self.understander.understand(self.session, utterance)
            state = replace(read.state, last_shown=self.shown)
            self.session = Session("test", self.session.turn + 1, state)
        return read


@pytest.fixture
def talk(understander: Understander) -> Talk:
    return Talk(understander, ("heat-1995", "alien-1979"))
