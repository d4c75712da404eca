"""An utterance while it is read: its words, which of them are taken, and its clauses.

Every word belongs to at most one span. What a span means is decided elsewhere; here is
only where it stands, and what may be asked of its surroundings.
"""

from __future__ import annotations

from dataclasses import dataclass

from recommender.understanding.cues import JOINERS
from recommender.understanding.phrases import NOT_TASTE, TASTE
from recommender.understanding.words import split_words

# What rules out a name right behind it.
_RULES_OUT = frozenset({"not", "no", "without", "except", "excluding"})


@dataclass
class Span:
    """Words first … last - 1 and what they name.

    `what` is a tuple of item ids, a `Range`, a `Match`, or names of people by field.
    """

    first: int
    last: int
    what: object
    start: int = -1  # first word with cue or negator, for removal


class Utterance:
    """The words of one utterance and the spans claimed of them so far."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.words = split_words(text)
        self.taken = [False] * len(self.words)
        self.spans: list[Span] = []
        self.drop: set[int] = set()  # words that are no part of the wish
        self._tastes: dict[int, tuple[bool, bool]] = {}  # of clauses, by their first word
        self._bounds: dict[int, tuple[int, int]] = {}  # of clauses, by any word

    def claim(self, first: int, last: int, what: object) -> bool:
        if any(self.taken[first:last]):
            return False
        self.taken[first:last] = [True] * (last - first)
        self.spans.append(Span(first, last, what))
        return True

    def phrase(self, span: Span) -> str:
        return self.text[self.words[span.first].start : self.words[span.last - 1].end]

    def clause(self, place: int) -> tuple[int, int]:
        if place in self._bounds:
            return self._bounds[place]
        first = place
        while (
            first > 0 and not self.words[first].opens_clause and self.words[first].folded != "but"
        ):
            first -= 1
        last = place + 1
        while last < len(self.words) and not self.words[last].opens_clause and (
            self.words[last].folded != "but"
        ):  # fmt: skip
            last += 1
        self._bounds.update(dict.fromkeys(range(first, last), (first, last)))
        return first, last

    def clause_before(self, place: int) -> list[str]:
        first, _ = self.clause(place)
        # A list of titles belongs to the verb before its first one.
        while first > 0 and self.words[first].opens_clause and self.taken[first - 1] and (
            self.taken[first] or self.words[first].folded in ("and", "or")
        ):  # fmt: skip
            first, _ = self.clause(first - 1)
        return [word.folded for word in self.words[first:place]]

    def is_taste(self, place: int) -> bool:
        first, last = self.clause(place)
        if first not in self._tastes:
            clause = self.text[self.words[first].start : self.words[last - 1].end].lower()
            self._tastes[first] = bool(TASTE.search(clause)), bool(NOT_TASTE.search(clause))
        says_so, denies = self._tastes[first]
        if says_so:
            return not denies
        # A list goes on: "I like horror, thrillers and sci-fi".
        listed = all(self.taken[n] or self.words[n].folded in JOINERS for n in range(first, last))
        if not listed or not first or self.words[first].folded == "but":
            return False
        mark = self.text[self.words[first - 1].end : self.words[first].start]
        return "," in mark and self.is_taste(first - 1)

    def is_item(self, place: int) -> bool:
        return any(span.last == place + 1 and isinstance(span.what, tuple) for span in self.spans)

    def is_wishing(self, place: int) -> bool:
        return place > 0 and self.words[place - 1].folded in ("i'd", "would", "we'd", "you", "feel")

    def is_ruled_out(self, first: int) -> bool:
        """Whether "not", "no" or the like stands right before a title, across an article."""
        before = [word.folded for word in self.words[max(0, first - 2) : first]]
        while before and before[-1] in ("a", "an", "the", "any", "another"):
            before.pop()
        if before and before[-1] in ("or", "nor"):
            listed = [s for s in self.spans if s.last == first - 1 and isinstance(s.what, tuple)]
            if listed:
                return any(self.is_ruled_out(span.first) for span in listed)
            plain = self.words[max(0, first - 4) : first - 1]  # "not superman or Spider-Man"
            return any(word.folded in _RULES_OUT for word in plain)
        return bool(before) and before[-1] in _RULES_OUT
