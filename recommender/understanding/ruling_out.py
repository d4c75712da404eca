"""What negated words rule out: a category, or every item whose themes or prose speak of them.

"nothing scary" is about a kind of item, "no zombies" about zombies; "no clowns, gore or
torture" is about words that the catalog may not know. Whether words are negated is decided
before, by `polarity`, except for the plain words that no span holds.
"""

from __future__ import annotations

from recommender.understanding.cues import CLOSERS
from recommender.understanding.everyday import EVERYDAY
from recommender.understanding.lexicon import Lexicon
from recommender.understanding.phrases import (
    COMPARING,
    DEGREES,
    NEGATORS,
    NOT_NEGATING,
    TAILS,
    WEARY,
)
from recommender.understanding.stated_limits import StatedLimits
from recommender.understanding.utterance import Span, Utterance
from recommender.understanding.values import Match, Value
from recommender.understanding.words import FUNCTION_WORDS, singular
from retrieval.catalog import Kind
from retrieval.limits import Limit

_OF_THINGS = frozenset({"with", "of", "about", "but", "except", "than"})  # a noun stands behind
_OF_MOODS = (DEGREES - {"more"}) | COMPARING  # how an item is stands behind: "not too dark"
_BROAD = 0.4  # a category that holds so much of a catalog is not ruled out by a hint


class RulingOut:
    """Turns negated values and negated plain words into limits."""

    def __init__(self, said: Utterance, lexicon: Lexicon, limits: StatedLimits) -> None:
        self.said = said
        self.lexicon = lexicon
        self.limits = limits
        catalog = lexicon.catalog
        self.prose = tuple(f.name for f in catalog.of_kind(Kind.TEXT))
        self.keywords = tuple(f.name for f in catalog.of_kind(Kind.KEYWORD))

    def rule_out(self, span: Span, hard: list[Value], soft: list[Value]) -> None:
        """A negated value. A hint for a category rules the category out, a keyword its words."""
        before = {w.folded for w in self.said.words[span.start : span.first]}
        compound = self._compound(span, bool(hard))
        thing = self._is_thing(span.start, span.first, span.last)
        if compound is not None:  # "no love triangle", "no jump scares"
            self._rule_out_word(compound, thing)
            return
        categories = [v for v in hard or soft if v.kind is Kind.CATEGORY]
        # "no zombies" is about zombies, "nothing scary" about a kind of film.
        noun = not before & DEGREES and bool(before & {"no", "without", "with", "any"})
        if not categories or (noun and not hard):
            self._rule_out_word(span, thing)
            return
        value = categories[0]
        if hard:
            several = span.last - span.first > 1  # "a mystery, but not a murder mystery"
            self.limits.add(
                Limit((value.field,), value.values, negated=True), span,
                instead=self.without_words(span, thing) if several else None,
            )  # fmt: skip
            return
        # "nothing scary" leans on several categories; the first is the plainest.
        category = Limit((value.field,), value.values[:1], negated=True)
        if self.lexicon.share(value.field, value.values[0]) > _BROAD:
            self._rule_out_word(span, thing)  # "nothing sad" is not half of all films
        else:
            self.limits.add(category, span, instead=self.without_words(span, thing))

    def _is_thing(self, start: int, first: int, last: int) -> bool:
        """Whether words first … last - 1, ruled out from `start` on, are a thing or a name ("no
        sharks", "not batman"), not how an item is ("nothing dark", "no dark films")."""
        lead = [word.folded for word in self.said.words[start:first]]
        while set(lead[1:]) & NEGATORS:  # "a film that isn't": what counts begins with the last
            del lead[0]
        if set(lead) & _OF_THINGS:
            return True
        behind = self.said.words[last] if last < len(self.said.words) else None
        noun = behind is not None and behind.folded in self.lexicon.nouns | TAILS
        if set(lead) & _OF_MOODS:
            return False
        if set(lead) & {"no", "without"} and not noun:
            return True
        word = self.said.words[last - 1]
        return word.singular != word.folded or any(
            one.folded not in EVERYDAY for one in self.said.words[first:last]
        )

    def _compound(self, span: Span, hard: bool) -> Span | None:
        """The noun phrase that a ruled-out value is only a part of, if it is."""
        first, last = span.first, span.last
        closing = FUNCTION_WORDS | CLOSERS | TAILS | DEGREES | NEGATORS | self.lexicon.nouns
        while last < len(self.said.words) and last - span.last < 2 and not (
            self.said.taken[last] or self.said.words[last].opens_clause or self.said.words[last].folded in closing
        ):  # fmt: skip
            last += 1
        for other in self.said.spans:  # "no animal deaths", where both words are themes
            if other.first == last and isinstance(other.what, Match) and not (
                self.said.words[last].opens_clause or any(not v.hint for v in other.what.meanings)
            ):  # fmt: skip
                last = other.last
        previous = first - 1
        if not hard and previous > span.start and not self.said.taken[previous] and (
            self.said.words[previous].folded not in closing | {"any", "with", "want", "wanna", "see"}
            and self.said.words[previous - 1].folded in NEGATORS | {"any"}
        ):  # fmt: skip
            first = previous
        if (first, last) == (span.first, span.last):
            return None
        return Span(first, last, span.what, start=span.start)

    def without_words(self, span: Span, thing: bool) -> Limit | None:
        """Items that speak of words, in a keyword or in their prose, are ruled out.

        Of a `thing` ("no sharks", "not batman") the title speaks too; a title's adjectives tell
        nothing ("nothing dark" and "Zero Dark Thirty").
        """
        phrase = " ".join(word.folded for word in self.said.words[span.first : span.last])
        plain = " ".join((*phrase.split()[:-1], singular(phrase.split()[-1])))
        stems = [plain]
        if phrase.endswith("ies"):
            stems.insert(0, phrase.removesuffix("s"))  # "zombies" are not "zomby"
        if phrase.endswith("oes"):
            stems.insert(0, phrase.removesuffix("es"))
        theme = self.lexicon.theme_within(phrase)
        if theme:
            stems.append(theme)
        values = list(stems)
        for name in self.keywords:
            values += self.lexicon.themes_of(name, stems)
        fields = (*self.keywords, *self.prose)
        if not fields and not thing:
            return None
        return Limit(fields, tuple(dict.fromkeys(values)), negated=True, in_title=thing)

    def _rule_out_word(self, span: Span, thing: bool) -> None:
        limit = self.without_words(span, thing)
        if limit is not None:
            self.limits.add(limit, span)

    def read_plain_words(self, polarities: list[bool | None]) -> None:
        """Negated words that the lexicon lacks: "no clowns, gore or torture"."""
        for place, word in enumerate(self.said.words[:-1]):
            if place in self.said.drop or not self._rules_out(place):
                continue
            at = place + 1 + (self.said.words[place + 1].folded in ("about", "of", "with"))
            at += at < len(self.said.words) and self.said.words[at].folded == "the"
            while at < len(self.said.words) - 1 and self.said.words[at].folded in DEGREES | {"any"}:
                at += 1
            if (word.folded, self.said.words[place + 1].folded) in NOT_NEGATING:
                continue
            if at >= len(self.said.words) or (
                word.folded in ("not", "isn't", "isnt", "aren't", "arent")
                and self.said.words[at - 1].folded not in DEGREES | {"about"}
                and not self.lexicon.theme_within(self.said.words[at].folded)
            ):  # fmt: skip
                continue
            self._rule_out_list(at, place)
        for span, negated in zip(self.said.spans, polarities, strict=True):
            following = self._next_of_list(span.last)
            if negated and isinstance(span.what, Match) and following is not None:
                self._rule_out_list(following, span.last, lead=span.start)

    def _rules_out(self, place: int) -> bool:
        """Whether a word rules out the plain words behind it."""
        word = self.said.words[place].folded
        behind = self.said.words[place + 1].folded
        if word in ("no", "without", "nothing", "not", "avoid", "isn't", "isnt", "aren't", "arent"):
            return True
        if word in WEARY | {"enough"}:
            return behind in ("of", "with")
        before = self.said.words[max(0, place - 4) : place]
        return word == "anything" and any(w.folded in NEGATORS for w in before)

    def _rule_out_list(self, at: int, start: int, lead: int = -1) -> None:
        """Rules out the phrase at a place, and those that follow it in a list, which begins at
        `start` or, with what else it holds, at `lead`."""
        lead = start if lead < 0 else lead
        ends = FUNCTION_WORDS | CLOSERS | NEGATORS
        while at < len(self.said.words):
            last = at
            while last < len(self.said.words) and last - at < 3 and not (
                self.said.taken[last] or self.said.words[last].folded in ends
                or (last > at and self.said.words[last].opens_clause)
            ):  # fmt: skip
                last += 1
            following = self.said.words[last] if last < len(self.said.words) else None
            whole = following is None or following.opens_clause or following.folded in ends
            end = last
            while end - at > 1 and self.said.words[end - 1].folded in TAILS:
                end -= 1
            if end == at or not whole or self.said.taken[last - 1]:
                return
            if len(self.said.words[at].folded) > 2 and self.said.words[at].folded not in (
                self.lexicon.nouns | TAILS
            ):  # fmt: skip
                thing = self._is_thing(lead, at, end)
                self._rule_out_word(Span(at, end, None, start=start), thing)
                self.said.drop.update(range(start, last))
            next_one = self._next_of_list(last)
            if next_one is None:
                return
            start, at = last, next_one

    def _next_of_list(self, last: int) -> int | None:
        """Where a list of plain words goes on: "gore or clowns", "gore, torture or clowns"."""
        if last + 1 >= len(self.said.words) or self.said.taken[last]:
            return None
        following = self.said.words[last]
        if following.folded in ("or", "nor") or (
            following.folded == "and" and not following.opens_clause
        ):  # fmt: skip
            return last + 1
        # A comma goes on with the list only if "or" ends it.
        rest = [word.folded for word in self.said.words[last + 1 : last + 4]]
        return last if following.opens_clause and "or" in rest else None
