"""Joins what a language model heard to what the rules read.

Every entry of the model goes through the reader: a title must link, a limit must be one that
the reader makes of the very words, anything else is a soft wish at most. The model may add,
and may change what was said of a title; no limit of the rules is ever removed, and nothing
the model adds may contradict one. What does not hold is dropped and logged, never shown.
"""

from __future__ import annotations

import logging
import re
from dataclasses import replace

from recommender.understanding.by_model import ModelReading, is_within
from recommender.understanding.lexicon import Lexicon
from recommender.understanding.phrases import NEGATORS
from recommender.understanding.reader import Reader
from recommender.understanding.reading import (
    ComparisonRead,
    ItemRead,
    LeaningRead,
    LimitRead,
    Reading,
)
from recommender.understanding.words import FUNCTION_WORDS, split_words
from retrieval.catalog import fold
from retrieval.limits import Limit

_SETTING = "setting"  # the kind of a circumstance that the reader can't name
log = logging.getLogger(__name__)


def validated(rules: Reading, model: ModelReading, reader: Reader, lexicon: Lexicon) -> Reading:
    """The reading by the rules with all that holds of the model's; neither is changed."""
    if not any((model.liked, model.disliked, model.seen, model.must, model.must_not,
                model.wish, model.taste, model.context)):  # fmt: skip
        return rules
    return _Merge(rules, model, reader, lexicon).run()


class _Merge:
    """One reading that grows by what holds of the model's, list by list."""

    def __init__(
        self, rules: Reading, model: ModelReading, reader: Reader, lexicon: Lexicon
    ) -> None:
        self.model = model
        self.reader = reader
        self.lexicon = lexicon
        self.reading = replace(
            rules,
            items=list(rules.items),
            limits=list(rules.limits),
            comparisons=list(rules.comparisons),
            leanings=list(rules.leanings),
            tastes=list(rules.tastes),
            taste_leanings=list(rules.taste_leanings),
            context=list(rules.context),
        )

    def run(self) -> Reading:
        model = self._without_contradictions()
        for span in dict.fromkeys((*model.liked, *model.disliked, *model.seen)):
            self._item(span)
        for span in model.taste:
            self._taste(span)
        for span in model.must:
            self._must(span)
        for span in model.must_not:
            self._must_not(span)
        for span in model.wish:
            self._wish(span)
        for span in model.context:
            self._context(span)
        return self.reading

    def _without_contradictions(self) -> ModelReading:
        """What is both wanted and ruled out was not understood, and counts as neither."""
        wanted = (*self.model.must, *self.model.wish, *self.model.taste)
        unclear = [
            (yes, no)
            for no in self.model.must_not
            for yes in wanted
            if is_within(yes, no) or is_within(no, yes)
        ]
        for yes, no in unclear:
            _drop("must_not", no, f"wanted as well, by {yes!r}")
        both = {span for pair in unclear for span in pair}
        kept = {
            name: tuple(span for span in getattr(self.model, name) if span not in both)
            for name in ("must", "must_not", "wish", "taste")
        }
        return replace(self.model, **kept)  # type: ignore[arg-type]

    # --- items ----------------------------------------------------------------------

    def _item(self, span: str) -> None:
        liked, disliked = span in self.model.liked, span in self.model.disliked
        seen = span in self.model.seen
        if not is_within(span, self.reading.text):
            return _drop("title", span, "no words of the utterance")
        if liked and disliked:
            return _drop("title", span, "liked and disliked at once")
        linked = self._linked(span)
        if linked is None:
            return _drop("title", span, "no title of the catalog")
        for place, known in enumerate(self.reading.items):
            if set(known.ids) & set(linked.ids):
                self.reading.items[place] = replace(
                    known, liked=liked, disliked=disliked, seen=seen or known.seen
                )
                return None
        self.reading.items.append(ItemRead(linked.ids, liked, disliked, seen, span))
        self._unwish(span)
        return None

    def _linked(self, span: str) -> ItemRead | None:
        """The item that the reader finds behind a cue, if a span is nothing but its title."""
        words = split_words(span)
        if all(len(word.folded) < 4 and not word.capitalised for word in words):
            return None  # "her", "it" and "up" are titles too, but seldom meant
        items = self.reader.read(f"I loved {span}").items
        if len(items) != 1 or not items[0].ids or not items[0].liked:
            return None
        title = {word.folded for word in split_words(items[0].words)}
        beside = title | {"the", "a", "an"} | self.lexicon.nouns
        rest = [word.folded for word in words if word.folded not in beside]
        return None if any(not re.fullmatch(r"\d{4}", word) for word in rest) else items[0]

    # --- limits ---------------------------------------------------------------------

    def _must(self, span: str) -> None:
        if not self._is_free("must", span):
            return
        read = self.reader.read(span)
        found = [one for one in read.limits if not self._is_known(one.limit)]
        for one in found:
            self._add_limit("must", span, one.limit)
        known = {one.field for one in self.reading.comparisons}
        self.reading.comparisons += [
            ComparisonRead(one.field, one.direction, span)
            for one in read.comparisons
            if one.field not in known
        ]
        if not read.limits and not read.comparisons:
            self._wish(span)  # what is no limit by its own words is none because a model says so

    def _must_not(self, span: str) -> None:
        if not self._is_free("must_not", span):
            return
        first = split_words(span)[0].folded
        bounds = any(not one.limit.values for one in self.reader.read(span).limits)
        spoken = span if first in NEGATORS else f"{'not' if bounds else 'no'} {span}"
        found = [
            one.limit
            for one in self.reader.read(spoken).limits
            if one.limit.negated or not one.limit.values
        ]
        if not found:
            return _drop("must_not", span, "no limit by its words")
        for limit in found:
            if not self._is_known(limit) and self._add_limit("must_not", span, limit):
                self._unwish(span)
                # The rules lean towards a word wherever they see no denial of it.
                soft = [one for one in self.reading.leanings if not is_within(one.words, span)]
                self.reading.leanings = soft
        return None

    def _add_limit(self, name: str, span: str, limit: Limit) -> bool:
        if self._contradicts(limit):
            _drop(name, span, "against what the rules read")
            return False
        self.reading.limits.append(LimitRead(limit, span))
        return True

    def _is_known(self, limit: Limit) -> bool:
        return any(one.limit.said == limit.said for one in self.reading.limits)

    def _contradicts(self, limit: Limit) -> bool:
        """Whether a limit speaks against a reading. Bounds of the rules stand alone."""
        values = set(limit.values)
        for old in [one.limit for one in self.reading.limits]:
            if not set(old.fields) & set(limit.fields):
                continue
            if not values and not old.values:
                return True
            if values & set(old.values) and limit.negated != old.negated:
                return True
            one_only = set(limit.fields) <= self.lexicon.exclusive
            if one_only and values and old.values and not (limit.negated or old.negated) and (
                not values & set(old.values)
            ):  # fmt: skip
                return True  # French, where the rules read German
        if not limit.negated:
            return any(values & set(one.values) for one in self.reading.permitted)
        lasting = self.reading.taste_leanings
        return any(one.field in limit.fields and values & set(one.values) for one in lasting)

    def _is_free(self, name: str, span: str) -> bool:
        """Whether a span may limit: not as a part of a title or of a lasting taste."""
        if not is_within(span, self.reading.text):
            _drop(name, span, "no words of the utterance")
        elif not self._content(span):
            _drop(name, span, "says nothing by itself")
        elif any(
            is_within(span, item.words) or is_within(item.words, span)
            for item in self.reading.items
        ):
            _drop(name, span, "a title or a part of one")
        elif any(is_within(span, taste) for taste in self.reading.tastes):
            _drop(name, span, "a part of a lasting taste")
        else:
            return True
        return False

    # --- soft wishes, tastes, circumstances ---------------------------------------------

    def _wish(self, span: str) -> None:
        if not self._is_free("wish", span):
            return
        barred = [one for one in self.reading.limits if one.limit.negated]
        if any(is_within(span, one.words) or is_within(one.words, span) for one in barred):
            return _drop("wish", span, "ruled out")
        ruled_out = {value for one in barred for value in one.limit.values}
        for one in self.reader.read(span).leanings:
            known = any(
                one.field == other.field and set(one.values) <= set(other.values)
                for other in self.reading.leanings
            )
            if not known and not ruled_out & set(one.values):
                self.reading.leanings.append(LeaningRead(one.field, one.values, span))
        understood = [self.reading.wish, *(one.words for one in self.reading.limits)]
        understood += [one.words for one in self.reading.comparisons]
        if self._content(span) <= self._content(" ".join(understood)):
            return None
        self.reading.wish = ", ".join(part for part in (self.reading.wish, span) if part)
        self.reading.fragment = False
        return None

    def _content(self, text: str) -> set[str]:
        """The words of a text that say something."""
        idle = FUNCTION_WORDS | NEGATORS | self.lexicon.nouns
        return {word.singular for word in split_words(text) if word.folded not in idle}

    def _taste(self, span: str) -> None:
        reading = self.reading
        if not is_within(span, reading.text):
            return _drop("taste", span, "no words of the utterance")
        if any(is_within(span, taste) for taste in reading.tastes):
            return None
        if not self._content(span):
            return _drop("taste", span, "says nothing by itself")
        firm = [limit.words for limit in reading.limits] + [item.words for item in reading.items]
        if any(is_within(words, span) for words in firm):
            return _drop("taste", span, "a limit or a title by the rules")
        read = self.reader.read(span)
        soft = [one for one in reading.leanings if is_within(one.words, span)]
        reading.leanings = [one for one in reading.leanings if one not in soft]
        soft += [*read.leanings, *read.taste_leanings]
        soft += [
            LeaningRead(one.limit.fields[0], one.limit.values, span)
            for one in read.limits
            if one.limit.values and not one.limit.negated
        ]
        known = {(one.field, one.values) for one in reading.taste_leanings}
        fresh = {(one.field, one.values): one for one in soft}
        reading.taste_leanings += [one for key, one in fresh.items() if key not in known]
        reading.tastes.append(span)
        self._unwish(span)
        return None

    def _context(self, span: str) -> None:
        if not is_within(span, self.reading.text):
            return _drop("context", span, "no words of the utterance")
        if any(
            is_within(span, words) or is_within(words, span) for _, words in self.reading.context
        ):
            return None
        read = self.reader.read(span)
        if read.limits or read.items:
            return _drop("context", span, "a limit or a title")
        if not read.context and not self._is_free("context", span):
            return None
        kind = read.context[0][0] if read.context else _SETTING
        self.reading.context.append((kind, span))
        return None

    def _unwish(self, span: str) -> None:
        """Takes words out of the wish that turned out to be something else."""
        kept = re.sub(rf"(?<!\w){re.escape(span)}(?!\w)", " ", self.reading.wish, flags=re.I)
        kept = re.sub(r"\s+([,.;])", r"\1", re.sub(r"\s+", " ", kept)).strip(" ,.;:-")
        meaningful = any(word not in FUNCTION_WORDS | NEGATORS for word in fold(kept).split())
        self.reading.wish = kept if meaningful else ""


def _drop(name: str, span: str, why: str) -> None:
    log.info("%s: %.80r dropped: %s", name, span, why)
