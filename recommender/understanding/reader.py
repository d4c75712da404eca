"""Reads one utterance: items, limits, leanings, tastes and circumstances, each with its words.

Deterministic and without a model. Spans of words are claimed in an order (quoted or cued
titles, ranges, misspelt titles, people, values), each word at most once; then every span
gets a polarity from the words before it in its clause. What is left over is the wish in
the user's words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Protocol

from recommender.understanding.interpretation import Interpreter
from recommender.understanding.item_talk import ItemTalk
from recommender.understanding.lexicon import Lexicon
from recommender.understanding.polarity import Polarity
from recommender.understanding.ranges import read_ranges
from recommender.understanding.reading import Reading
from recommender.understanding.ruling_out import RulingOut
from recommender.understanding.stated_limits import StatedLimits
from recommender.understanding.titles_in_text import TitlesInText
from recommender.understanding.utterance import Utterance
from recommender.understanding.wish import read_rest
from recommender.understanding.words import FUNCTION_WORDS


class Pointed(Protocol):
    """A part of a text that points at items: "the second one"."""

    @property
    def start(self) -> int: ...

    @property
    def end(self) -> int: ...

    @property
    def item_ids(self) -> tuple[str, ...]: ...


class Reader:
    """Reads utterances in the words of one catalog."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon

    def read(self, text: str, pointed: Sequence[Pointed] = ()) -> Reading:
        """Read a cleaned utterance (see `words.clean`).

        `pointed` are parts of it, by their characters, that are known to mean items.
        """
        said, reading = Utterance(text), Reading(text)
        for one in pointed:
            inside = [n for n, w in enumerate(said.words) if one.start <= w.start < one.end]
            if inside:
                said.claim(inside[0], inside[-1] + 1, one.item_ids)
        self._claim(said)
        polarities = Polarity(said).of_spans()
        limits = StatedLimits(said, self._lexicon, reading)
        ruling = RulingOut(said, self._lexicon, limits)
        items = ItemTalk(said, self._lexicon, reading, limits)
        interpreter = Interpreter(said, self._lexicon, reading, limits, ruling, items)
        for span, negated in zip(said.spans, polarities, strict=True):
            if negated is not None:
                made = len(reading.limits)
                interpreter.interpret(span, negated)
                if len(reading.limits) > made:
                    limits.latest = list(range(made, len(reading.limits)))
        items.settle()
        ruling.read_plain_words(polarities)
        limits.settle()
        read_rest(said, self._lexicon, reading)
        return reading

    def _claim(self, said: Utterance) -> None:
        """Finds the spans; of those that overlap, the ones found first stand."""
        for first, last, found in self._lexicon.people(said.words):
            if last - first > 1 and self._lexicon.role_before(said.words, first):
                said.claim(first, last, found)  # "by Stephen King", of whom there is a biography
        titles = TitlesInText(said, self._lexicon)
        titles.claim()
        self._claim_ranges(said)
        for first, last, found in self._lexicon.people(said.words):
            said.claim(first, last, found)
        self._claim_values(said)
        said.spans.sort(key=lambda span: span.first)

    def _claim_ranges(self, said: Utterance) -> None:
        for found in read_ranges(said.text, self._lexicon.catalog, known=self._lexicon.bounds):
            inside = [
                n for n, w in enumerate(said.words) if w.start < found.end and w.end > found.start
            ]
            if inside and not any(said.taken[n] for n in inside):
                said.claim(inside[0], inside[-1] + 1, found)
        for age in re.finditer(r"\b(?:\w+[ -])?years?[ -]olds?\b", said.text.lower()):
            for n, word in enumerate(said.words):  # "for my 6 year old" is about no old film
                said.taken[n] |= age.start() <= word.start < age.end()

    def _claim_values(self, said: Utterance) -> None:
        for match in self._lexicon.values(said.words):
            span = said.words[match.first : match.last]
            if any(word.opens_clause for word in span[1:]):
                continue
            if len(span) == 1 and (
                span[0].folded in FUNCTION_WORDS or span[0].folded in self._lexicon.labels
            ):  # fmt: skip
                continue
            said.claim(match.first, match.last, match)
