"""Limits as they are said one after another: alternatives joined, contradictions settled.

"French or Italian" is one limit, "French and a comedy" are two; "a classic from the 90s"
keeps the stated years. Whether a span is a limit at all is decided elsewhere.
"""

from __future__ import annotations

from recommender.understanding.lexicon import Lexicon
from recommender.understanding.reading import LimitRead, Reading, contradict, overrules
from recommender.understanding.utterance import Span, Utterance
from recommender.understanding.values import Match, Value
from retrieval.catalog import Kind
from retrieval.limits import Limit


class StatedLimits:
    """The limits of a reading, added in the order of their words."""

    def __init__(self, said: Utterance, lexicon: Lexicon, reading: Reading) -> None:
        self.said = said
        self.lexicon = lexicon
        self.reading = reading
        self.latest: list[int] = []  # places of the limits that the span before has made

    def add(
        self, limit: Limit, span: Span, instead: Limit | None = None, vague: bool = False
    ) -> None:
        start = span.start if span.start >= 0 else span.first
        words = self.said.text[self.said.words[start].start : self.said.words[span.last - 1].end]
        self.reading.limits.append(LimitRead(limit, words, instead, vague))
        if limit.negated or not limit.values or set(limit.fields) & {
            f.name for f in self.lexicon.catalog.of_kind(Kind.PERSON)
        }:  # fmt: skip
            self.said.drop.update(range(start, span.last))

    def demand(self, span: Span, values: list[Value]) -> None:
        alternatives = list(self.latest) if self._is_alternative(span) else []
        for value in values:
            limit = Limit((value.field,), value.values)
            widened = [self._widened(place, limit, span) for place in alternatives]
            if not any(widened):
                self.reading.limits.append(LimitRead(limit, self.said.phrase(span)))

    def widens_last(self, limit: Limit, span: Span) -> bool:
        """Joins a limit to the one before it where "or" stands between them."""
        if not self._is_alternative(span):
            return False
        widened = [self._widened(place, limit, span) for place in self.latest]
        return any(widened)

    def _widened(self, place: int, limit: Limit, span: Span) -> bool:
        """Makes a limit an alternative of an earlier one, if they speak of the same."""
        last = self.reading.limits[place]
        if last.limit.negated or limit.negated or not last.limit.values or not limit.values:
            return False
        kinds = [
            {self.lexicon.catalog.fields[name].kind for name in one.fields}
            for one in (last.limit, limit)
        ]
        if last.limit.fields != limit.fields and not kinds[0] == kinds[1] == {Kind.PERSON}:
            return False
        merged = Limit(
            tuple(dict.fromkeys((*last.limit.fields, *limit.fields))),
            tuple(dict.fromkeys((*last.limit.values, *limit.values))),
        )
        self.reading.limits[place] = LimitRead(merged, f"{last.words} or {self.said.phrase(span)}")
        return True

    def _is_alternative(self, span: Span) -> bool:
        """Whether a span is an alternative to the one before it.

        So it is behind "or", in a list that ends in "or", and beside a value of a field of
        which an item holds only one: "French and Italian films" are either.
        """
        place = self.said.spans.index(span)
        previous = self.said.spans[place - 1] if place else None
        if previous is None:
            return False
        link = self._link(previous, span)
        if link in ("or", "/"):
            return True
        if link not in (",", "and"):
            return False
        fields = [
            {value.field for value in one.what.meanings if not value.hint}
            if isinstance(one.what, Match) else set()
            for one in (previous, span)
        ]  # fmt: skip
        if fields[0] & fields[1] & self.lexicon.exclusive:
            return True
        while link == "," and place + 1 < len(self.said.spans):
            link = self._link(self.said.spans[place], self.said.spans[place + 1])
            place += 1
        return link == "or"

    def _link(self, previous: Span, span: Span) -> str:
        """What joins two spans: "or", "and", a comma, a slash, or "" where other words stand."""
        between = [
            word.folded
            for word in self.said.words[previous.last : span.first]
            if word.folded not in ("a", "an", "either", "maybe", "some", "the", "with", "by", "in",
                                   "even", "perhaps", "possibly")
        ]  # fmt: skip
        for joiner in ("or", "and"):
            if between == [joiner]:
                return joiner
        mark = self.said.text[
            self.said.words[previous.last - 1].end : self.said.words[span.first].start
        ].strip()
        return mark[:1] if not between and mark[:1] in ("/", ",") else ""

    def settle(self) -> None:
        """What can't hold together: a hint against what is asked for, "a classic from the 90s"."""
        limits = self.reading.limits
        asked = {
            (name, value) for one in limits if not one.limit.negated
            for name in one.limit.fields for value in one.limit.values
        }  # fmt: skip
        for place, one in enumerate(limits):
            if one.instead and asked & {(one.limit.fields[0], value) for value in one.limit.values}:
                limits[place] = LimitRead(one.instead, one.words)
        stated = [one.limit for one in limits if not one.vague and not one.limit.values]
        self.reading.limits = [
            one
            for n, one in enumerate(limits)
            if not one.vague
            or not (
                any(contradict(one.limit, earlier.limit) for earlier in limits[:n] if earlier.vague)
                or any(overrules(other, one.limit) for other in stated)
            )
        ]
