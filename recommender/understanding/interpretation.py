"""What a claimed span means where it stands: a limit, a leaning, a comparison, a permission.

The same word can be demanded ("a war film"), leant towards ("I love war films"), allowed
("war is fine") or a part of a story ("a war veteran"). Words that no span holds are not
looked at.
"""

from __future__ import annotations

import re

from recommender.understanding.cues import CLOSERS, JOINERS
from recommender.understanding.item_talk import ItemTalk
from recommender.understanding.lexicon import Lexicon
from recommender.understanding.phrases import LEAVE_BEFORE, LEAVE_BEHIND, MANNER, NEGATORS
from recommender.understanding.ranges import Range
from recommender.understanding.reading import ComparisonRead, LeaningRead, Reading
from recommender.understanding.ruling_out import RulingOut
from recommender.understanding.stated_limits import StatedLimits
from recommender.understanding.utterance import Span, Utterance
from recommender.understanding.values import Match, Value
from recommender.understanding.words import FUNCTION_WORDS
from retrieval.catalog import Kind
from retrieval.limits import Limit

_PREFIXES = frozenset({"pre", "post", "anti", "inter", "semi", "pseudo"})
_THEME_OPENERS = frozenset(["about"])


# What makes a remark of an adjective behind it.
_REMARKING = frozenset({
    "that's", "thats", "it's", "its", "is", "was", "are", "were", "gets", "got", "getting", "such",
    "they're", "these", "those",
})  # fmt: skip


class Interpreter:
    """Interprets the spans of an utterance one by one, in order."""

    def __init__(
        self,
        said: Utterance,
        lexicon: Lexicon,
        reading: Reading,
        limits: StatedLimits,
        ruling: RulingOut,
        items: ItemTalk,
    ) -> None:
        self.said = said
        self.lexicon = lexicon
        self.reading = reading
        self.limits = limits
        self.ruling = ruling
        self.items = items

    def interpret(self, span: Span, negated: bool) -> None:
        if not isinstance(span.what, tuple) and self._leave_is_given(span):
            self._permit(span)
        elif isinstance(span.what, Match):
            self._interpret_match(span, span.what, negated)
        elif isinstance(span.what, Range):
            self._interpret_range(span, span.what, negated)
        elif isinstance(span.what, dict):
            self._interpret_person(span, span.what, negated)
        elif isinstance(span.what, tuple):
            self.items.interpret(span, span.what, negated)

    def _leave_is_given(self, span: Span) -> bool:
        """Whether a span is only allowed: "long is fine", "I don't mind subtitles"."""
        start = self.said.words[span.first].start
        # A phrase that begins with a role ("with subtitles") may hold the word before it.
        before = re.split(r"[.,;!?]", self.said.text[:start].lower())[-1].lstrip()
        behind = self.said.text[self.said.words[span.last - 1].end :].lower()
        return bool(LEAVE_BEFORE.search(before) or LEAVE_BEHIND.match(behind))

    def _permit(self, span: Span) -> None:
        if isinstance(span.what, Match):
            for value in span.what.meanings:
                if value.values and value.kind is Kind.CATEGORY and not value.opposite:
                    self.reading.permitted.append(Limit((value.field,), value.values))
        first, last = self.said.clause(span.first)
        self.said.drop.update(range(max(first, span.first - 6), min(last, span.last + 4)))

    def _interpret_range(self, span: Span, found: Range, negated: bool) -> None:
        if self.said.is_taste(span.first) and not negated and self._says_more(span.first):
            return  # "I usually watch 80s films, but tonight ..."
        if negated:
            for part in found.parts:
                self.limits.add(
                    Limit(part.fields, (), part.minimum, part.maximum, not part.negated), span
                )
        else:
            for limit in (found.limit, *found.gaps):
                self.limits.add(limit, span)

    def _says_more(self, place: int) -> bool:
        first, last = self.said.clause(place)
        outside = [*self.said.words[:first], *self.said.words[last:]]
        return any(word.folded not in FUNCTION_WORDS | NEGATORS for word in outside)

    def _interpret_person(self, span: Span, found: dict[str, set[str]], negated: bool) -> None:
        role = self.lexicon.role_before(self.said.words, span.first)
        fields = tuple(found)
        start = span.first
        if role:
            start = role[1]
            if role[0] in found:
                fields = (role[0],)
        values = tuple(sorted(set().union(*(found[name] for name in fields))))
        if self._is_likeness(span, start) or self.said.is_taste(span.first):
            for name in fields:
                self._lean(name, tuple(sorted(found[name])), span)
            return
        span.start = min(span.start, start)
        limit = Limit(fields, values, negated=negated)
        if self.limits.widens_last(limit, span):
            while span.start and self.said.words[span.start - 1].folded in JOINERS:
                span.start -= 1
            self.said.drop.update(range(span.start, span.last))
        else:
            self.limits.add(limit, span)

    def _is_likeness(self, span: Span, start: int) -> bool:
        """Whether a person stands for a manner: "like a Tarantino film", "Lynch vibes"."""
        place = start - 1
        while place > 0 and self.said.words[place].folded in ("a", "an", "the", "of", "early", "late",
                                                         "old", "by", "to", "something"):  # fmt: skip
            place -= 1
        if place >= 0 and self.said.words[place].folded in (
            "like", "style", "similar", "vein", "spirit", "manner", "reminiscent", "inspired"
        ):  # fmt: skip
            return not self.said.is_wishing(place)
        return span.last < len(self.said.words) and self.said.words[span.last].folded in MANNER

    def _is_remark(self, span: Span) -> bool:
        """Whether words only say what something is: "it's a classic", "old or new is ok"."""
        start, _ = self.said.clause(span.first)
        before = [w.folded for w in self.said.words[max(start, span.first - 4) : span.first]]
        if {"should", "must", "want", "be"} & set(before):
            return False
        for place, word in enumerate(before):
            if word in _REMARKING:
                relative = place and before[place - 1] in ("that", "which", "who")
                return not (relative and (place > 1 or span.first - len(before) > start))
        return False

    def _interpret_match(self, span: Span, match: Match, negated: bool) -> None:
        opposite = next((v for v in match.meanings if v.opposite), None)
        hard = [
            v for v in match.meanings if not v.hint and v.kind is Kind.CATEGORY and not v.opposite
        ]
        ranged = next((v for v in match.meanings if v.limit is not None), None)
        soft = [v for v in match.meanings if v.hint]
        comparison = next((v for v in match.meanings if v.direction), None)
        taste = self.said.is_taste(span.first)
        if comparison is not None and (not self._asked_for(span) or self._is_subject(span)):
            pass  # "an older woman", "older films are hard to follow"
        elif comparison is not None:
            direction = -comparison.direction if negated else comparison.direction
            self.reading.comparisons.append(
                ComparisonRead(comparison.field, direction, self.said.phrase(span))
            )
            self.said.drop.update(range(span.start, span.last))
        elif opposite is not None and (negated or not taste):
            self.limits.add(Limit((opposite.field,), opposite.values, negated=not negated), span)
        elif negated and not taste and (hard or soft):
            self.ruling.rule_out(span, hard, soft)
        elif taste and (hard or soft):
            if negated:
                self.ruling.rule_out(span, hard, soft)
            else:
                for value in (*hard, *soft):
                    self._lean(value.field, value.values, span)
        elif hard and self._is_demanded(span, hard):
            self.limits.demand(span, [value for value in hard if value.field == hard[0].field])
            if self.said.words[span.first].folded in NEGATORS:  # "no subtitles" asks for a language
                self.said.drop.update(range(span.first, span.last))
            for value in soft:
                self._lean(value.field, value.values, span)
        elif ranged is not None and taste and self._says_more(span.first) and not negated:
            pass  # "I love old films. Something funny?"
        elif ranged is not None and self._is_remark(span):
            pass  # "That's a classic", "never gets old"
        elif ranged is not None and ranged.limit is not None and self._asked_for(span):
            limit = ranged.limit
            if negated:
                limit = Limit(limit.fields, (), limit.minimum, limit.maximum, negated=True)
            self.limits.add(limit, span, vague=True)
        elif not negated:
            for value in (*soft, *hard):
                self._lean(value.field, value.values, span)

    def _is_subject(self, span: Span) -> bool:
        """Whether something is said of what a span names, which then is not wished for."""
        behind = [word.folded for word in self.said.words[span.last : span.last + 2]]
        return len(behind) > 1 and behind[0] in self.lexicon.nouns | {"ones"} and behind[1] in (
            "are", "is", "were", "tend", "seem", "feel", "have", "bore", "look", "sound", "get",
        )  # fmt: skip

    def _lean(self, name: str, values: tuple[str, ...], span: Span) -> None:
        read = LeaningRead(name, values, self.said.phrase(span))
        (
            self.reading.taste_leanings if self.said.is_taste(span.first) else self.reading.leanings
        ).append(read)

    def _asked_for(self, span: Span) -> bool:
        """Whether a bare value is what is asked for, and not a part of a story.

        "a French comedy" asks for both; "about the French Revolution" and "a war veteran"
        ask for neither.
        """
        opener = span.first - 1
        while opener >= 0 and self.said.words[opener].folded in ("the", "a", "an"):
            opener -= 1
        if opener >= 0 and self.said.words[opener].folded in _THEME_OPENERS and not (
            opener and self.said.words[opener - 1].folded in ("what", "how")
        ):  # fmt: skip
            return False
        if opener >= 0 and self.said.words[opener].singular in (
            "year",
            "yr",
            "month",
            "age",
            "aged",
        ):
            return False  # "my 8 year old"
        if span.last >= len(self.said.words):
            return True
        following = self.said.words[span.last]
        return bool(
            following.opens_clause
            or {following.folded, following.singular} & self.lexicon.nouns
            or following.folded in CLOSERS
            or following.folded in ("language", "speaking", "spoken", "style", "era")
            or self.said.taken[span.last]
            or self._begins_value(span.last)
        )

    def _is_demanded(self, span: Span, hard: list[Value]) -> bool:
        before = self.said.words[span.first - 1] if span.first else None
        if (
            before
            and before.folded in _PREFIXES
            and before.end + 1 == self.said.words[span.first].start
        ):
            return False  # "a post-war film"
        if all(value.bare_adjective for value in hard):
            return self._asked_for(span)
        # A phrase such as "romantic comedy" is clear by itself, "from France" needs its end.
        clear = self.said.words[span.first].folded not in ("from", "in") or self._asked_for(span)
        return clear and not self._in_story(span)

    def _in_story(self, span: Span) -> bool:
        """Whether a phrase tells of the story: "about two thieves from France"."""
        first, _ = self.said.clause(span.first)
        before = [word.folded for word in self.said.words[first : span.first]]
        return bool(set(before) & {"about", "who", "whose", "where", "set"}) and not (
            set(before[-2:]) & {"made", "released", "film", "films", "movie", "movies"}
        )

    def _begins_value(self, place: int) -> bool:
        return self.said.taken[place] or bool(re.fullmatch(r"\d+.*", self.said.words[place].folded))
