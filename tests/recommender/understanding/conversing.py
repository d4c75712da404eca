"""A conversation with an understander, without a recommender behind it."""

from __future__ import annotations

from dataclasses import replace

from recommender.dialogue import Session
from recommender.understanding.understander import Understander, Understanding


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
            earlier = (*self.session.earlier, self.session.state) if self.session.turn else ()
            self.session = Session("test", self.session.turn + 1, state, earlier)
        return read
