"""How much speaks for words being a title where they stand: cues, capitals, quotes, closing.

Looks only at the words and their surroundings in the utterance; what counts as enough is
decided by `title_judge`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from types import MappingProxyType

from recommender.understanding import title_cues
from recommender.understanding.cues import (
    LIKED,
    TITLE_CLOSERS,
    VERDICTS,
)
from recommender.understanding.everyday import EVERYDAY
from recommender.understanding.lexicon import Lexicon
from recommender.understanding.phrases import MANNER, NEGATORS, SERIES
from recommender.understanding.utterance import Utterance
from recommender.understanding.words import FUNCTION_WORDS, Word, singular
from retrieval.catalog import Kind

_MARKS = ('"', "“", "«", "‘", "*", "_"), ('"', "”", "»", "’", "*", "_")


class TitleEvidence:
    """What speaks for words first … last - 1 of an utterance being a title.

    `end` lies behind a year that belongs to the title; without one it equals `last`.
    """

    def __init__(
        self,
        said: Utterance,
        lexicon: Lexicon,
        first: int,
        last: int,
        end: int,
        meant: Mapping[int, str] = MappingProxyType({}),
    ) -> None:
        self.said = said
        self.lexicon = lexicon
        self.first, self.last, self.end = first, last, end
        self.span = said.words[first:last]
        self.slips = meant  # what misspelt words are meant to be, by their places

    @cached_property
    def forms(self) -> list[str]:
        """The words of the title, folded; misspelt ones as they are meant."""
        return [self.slips.get(n, word.folded) for n, word in enumerate(self.span, self.first)]

    @cached_property
    def content(self) -> list[str]:
        return [form for form in self.forms if form not in FUNCTION_WORDS]

    @cached_property
    def strong(self) -> list[str]:
        """The words that are not of everyday talk."""
        plain = EVERYDAY | self.lexicon.nouns
        return [
            w for w in self.forms
            if w not in plain and singular(w) not in plain and not w.isdigit()
        ]  # fmt: skip

    @cached_property
    def rare(self) -> list[str]:
        """The words that the catalog's own prose does not use, and no person bears."""
        known = self.lexicon
        return [
            w for w in self.strong
            if not known.is_ordinary(w) and not known.is_ordinary(singular(w))
            and w not in known.names and w not in known.first_names and not w.isdigit()
        ]  # fmt: skip

    @cached_property
    def weight(self) -> float:
        """How unlikely the words are to stand together by chance; 1 for one unusual word."""
        function = len(self.span) - len(self.content)
        weight = len(self.strong) + (len(self.content) - len(self.strong)) / 2 + 0.15 * function
        return weight + 0.5 * len(self.rare)

    @cached_property
    def common(self) -> bool:
        """Whether prose uses the words as plain words, side by side."""
        return self.lexicon.is_common(self.span)

    @property
    def dated(self) -> bool:
        return self.end > self.last

    @cached_property
    def quoted(self) -> bool:
        before = self.said.text[: self.span[0].start].rstrip()
        after = self.said.text[self.span[-1].end :].lstrip(" ?!.,")
        return before[-1:] in _MARKS[0] and after[:1] in _MARKS[1] and bool(before and after)

    @property
    def whole(self) -> bool:
        """Whether the utterance is nothing else."""
        return self.first == 0 and self.end == len(self.said.words)

    @property
    def behind(self) -> Word | None:
        return self.said.words[self.last] if self.last < len(self.said.words) else None

    @property
    def manner(self) -> bool:
        return self.behind is not None and self.behind.folded in MANNER

    @property
    def closed(self) -> bool:
        """Whether the words behind can't belong to the same name."""
        behind = self.behind
        return (
            behind is None or self.dated or behind.opens_clause or self.manner
            or self.said.taken[self.last]
            or behind.folded in TITLE_CLOSERS | SERIES | VERDICTS
            or (behind.capitalised and behind.folded in EVERYDAY)  # a sentence without a stop
            or re.fullmatch(r"\d\d?|(1[89]|20)\d\d", behind.folded) is not None
        )  # fmt: skip

    @cached_property
    def judged(self) -> bool:
        """Whether a verdict follows: "Frozen was great"."""
        words = [w.folded for w in self.said.words[self.last : self.last + 5]]
        verb = bool(words) and words[0] in (
            "is",
            "was",
            "isn't",
            "wasn't",
            "are",
            "were",
            "sounds",
            "looks",
        )
        return verb and bool(set(words[1:]) & VERDICTS)

    @cached_property
    def alone(self) -> bool:
        """Whether its clause holds nothing else to speak of: "or maybe Commando"."""
        first, last = self.said.clause(self.first)
        others = [*self.said.words[first : self.first], *self.said.words[self.end : last]]
        return all(word.folded in title_cues.FILLING for word in others)

    @cached_property
    def leads(self) -> bool:
        """Whether the sentence begins with it, but for words such as "I think"."""
        first, _ = self.said.clause(self.first)
        before = self.said.words[first : self.first]
        return all(word.folded in title_cues.FILLING | title_cues.LEADS for word in before)

    @property
    def opens(self) -> bool:
        """Whether the words stand first in their clause, where a capital says little."""
        return self.first == 0 or self.span[0].opens_clause

    @cached_property
    def proper(self) -> bool:
        """Whether all words that count are capitalised, in a text where that says something."""
        named = [
            w for n, w in enumerate(self.span, self.first)
            if w.folded not in FUNCTION_WORDS and n not in self.slips
        ]  # fmt: skip
        if not named and self.slips:  # a slip may have moved the capital: "oCco"
            if not any(c.isupper() for w in self.span for c in w.text):
                return False
        elif (
            not all(w.capitalised for w in named or self.span)
            or self.said.text.upper() == self.said.text
        ):
            return False
        if all(w.folded.isdigit() for w in self.span):
            return False
        return not self._everything_capitalised

    @cached_property
    def _everything_capitalised(self) -> bool:
        others = [
            w for n, w in enumerate(self.said.words)
            if not self.first <= n < self.end and not self.said.taken[n] and not w.folded.isdigit()
            and not w.opens_clause and w.folded not in ("i", "i'm", "i've", "i'd", "i'll")
        ]  # fmt: skip
        return len(others) > 3 and all(w.capitalised for w in others)

    @property
    def plain_value(self) -> bool:
        """Whether the words are a category or theme, or nothing but nouns of the request."""
        return self.category or self.theme

    @cached_property
    def theme(self) -> bool:
        """Whether the words as a whole are a theme and no category: "alien"."""
        return not self.category and self._is_value(Kind.KEYWORD, Kind.CATEGORY, hint=True)

    @cached_property
    def category(self) -> bool:
        plain = set(range(len(self.span)))
        for match in self.lexicon.values(self.span):
            if match.last - match.first < len(self.span):
                plain -= set(range(match.first, match.last))
        if all(self.span[n].folded in self.lexicon.nouns | FUNCTION_WORDS for n in plain):
            return True
        return self._is_value(Kind.CATEGORY, Kind.YEAR, Kind.NUMBER, hint=False)

    def _is_value(self, *kinds: Kind, hint: bool) -> bool:
        return any(
            match.last - match.first == len(self.span)
            and any(value.kind in kinds and value.hint == hint for value in match.meanings)
            for match in self.lexicon.values(self.span)
        )

    @cached_property
    def cued(self) -> bool:
        return title_cues.cued(self.said, self.lexicon, self.first)

    @cached_property
    def suggested(self) -> bool:
        return title_cues.suggested(self.said, self.first)

    @cached_property
    def compared(self) -> bool:
        return title_cues.compared(self.said, self.lexicon, self.first)

    @property
    def called(self) -> bool:
        return title_cues.called(self.said, self.first)

    @cached_property
    def bare(self) -> bool:
        return title_cues.leaves_no_noun(self.said, self.first)

    @property
    def is_name(self) -> bool:
        """Whether the words are the name of a person, or lie within one."""
        return self.lexicon.in_full_name(self.said.words, self.first, self.last)

    @property
    def indefinite(self) -> bool:
        """Whether a word stands before that makes a common noun of it: "a true romance"."""
        before = self.said.words[self.first - 1].folded if self.first else ""
        return not self.opens and before in (
            "a",
            "an",
            "some",
            "any",
            "every",
            "more",
            "my",
            "your",
        )

    @property
    def negated(self) -> bool:
        before = self.said.words[max(0, self.first - 3) : self.first]
        return any(word.folded in NEGATORS for word in before)

    @property
    def in_longer_name(self) -> bool:
        """Whether a single word stands beside another capitalised one: "Chevy Chase"."""
        for place, joins in ((self.first - 1, self.first), (self.end, self.end)):
            if not (0 <= place < len(self.said.words)) or self.said.taken[place]:
                continue
            word = self.said.words[place]
            apart = self.said.words[joins].opens_clause
            marks_sentence = word.opens_clause and place < self.first
            if apart or not word.capitalised or word.folded[0].isdigit():
                continue
            if word.folded in EVERYDAY | LIKED or marks_sentence:
                continue
            return True
        return False
