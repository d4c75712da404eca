"""Which spans of an utterance are negated, by the words before them in their clause.

Only whether and from where a span is negated; what that makes of it is read elsewhere.
"""

from __future__ import annotations

from recommender.understanding.cues import CLOSERS, JOINERS, LIKED, UNSEEN
from recommender.understanding.phrases import (
    COMPARING,
    DEGREES,
    DENIED_BEHIND,
    NEGATORS,
    NOT_NEGATING,
    WEARY,
)
from recommender.understanding.ranges import Range
from recommender.understanding.utterance import Span, Utterance
from recommender.understanding.values import Match
from recommender.understanding.words import FUNCTION_WORDS


class Polarity:
    """Reads the polarity of the spans of an utterance, which must be in order."""

    def __init__(self, said: Utterance) -> None:
        self.said = said

    def of_spans(self) -> list[bool | None]:
        """For each span, whether it is negated; marks the words that negate.

        None for a span that only completes a negated one: "not a romantic comedy" says
        nothing about comedies.
        """
        result: list[bool | None] = []
        for n, span in enumerate(self.said.spans):
            previous = self.said.spans[n - 1] if n else None
            start = self._negator(span, previous.last if previous else 0)
            if start is None and isinstance(span.what, Match | dict) and self._is_fronted(span):
                span.start = span.first
                result.append(True)
            elif start is not None:
                span.start = start
                result.append(True)
            elif self._ends_plain_list(span, previous.last if previous else 0):
                span.start = span.first
                result.append(True)
            elif previous is not None and result[-1] and self._joined(previous, span, n):
                span.start = previous.last
                result.append(True)
            elif (
                previous is not None and result[-1] is not False and self._completes(previous, span)
            ):
                result.append(None)
                self.said.drop.update(range(span.first, span.last))
            else:
                span.start = span.first
                result.append(False)
        return result

    def _negator(self, span: Span, stop: int) -> int | None:
        """Where the negation of a span begins, looking back to the clause or the last span."""
        place = span.first - 1
        steps = 0
        if span.first < len(self.said.words) and self.said.words[span.first].opens_clause:
            return None
        while place >= stop and steps < 7:
            word = self.said.words[place]
            pair = (
                (word.folded, self.said.words[place + 1].folded)
                if place + 1 < len(self.said.words)
                else ()
            )
            if word.folded == "but":
                lead = [w.folded for w in self.said.words[max(0, place - 2) : place]]
                if set(lead) & {"anything", "everything", "all", "any", "every", "anyone"}:
                    return place - 1 if lead[-1] in ("anything", "everything", "all") else place - 2
                break
            if word.folded in ("just", "only", "rather", "instead") and (
                word.folded != "only" or steps
            ):  # fmt: skip
                break
            if word.folded in NEGATORS and pair not in NOT_NEGATING and self._negates(place, span):
                while place > 0 and not self.said.words[place].opens_clause and (
                    self.said.words[place - 1].folded in ("i", "we", "please", "do", "really", "but", "and",
                                                     "i'm", "am", "that", "which", "it", "is")
                ):  # fmt: skip
                    place -= 1
                return place
            if (word.folded, self.said.words[place + 1].folded) in (
                ("other", "than"),
                ("apart", "from"),
            ):
                return place
            if word.opens_clause:
                break
            place -= 1
            steps += 1
        if span.first > stop and self.said.words[span.first - 1].folded == "too" and (
            isinstance(span.what, Match)
        ):  # fmt: skip
            return span.first - 1  # "it was good but too long"
        return None

    def _is_fronted(self, span: Span) -> bool:
        """Whether a denial stands behind: "war films I do not want", "horror isn't for me"."""
        _, last = self.said.clause(span.first)
        behind = " ".join(word.folded for word in self.said.words[span.last : last])
        if not DENIED_BEHIND.match(behind):
            return False
        self.said.drop.update(range(span.first, last))
        return True

    def _negates(self, place: int, span: Span) -> bool:
        """Whether a negator reaches a span; most do, some only what stands close."""
        word = self.said.words[place].folded
        between = {w.folded for w in self.said.words[place + 1 : span.first]}
        if word in COMPARING:
            return between <= DEGREES | LIKED
        if word == "enough":
            return self.said.words[place - 1].folded in ("had", "seen", "have") or bool(
                between & {"of", "with"}
            )
        if word in WEARY:
            return bool(between & {"of", "with", "by"})
        if word in ("hate", "hated", "hates", "dislike") and between & {"but", "who", "that"}:
            return False
        return not (word in UNSEEN and between & {"seen", "watched", "heard", "tried"})

    def _completes(self, previous: Span, span: Span) -> bool:
        """Whether two spans are one noun phrase of categories: "romantic comedy"."""
        return (
            span.first == previous.last
            and not self.said.words[span.first].opens_clause
            and isinstance(previous.what, Match | Range)
            and isinstance(span.what, Match)
        )

    def _ends_plain_list(self, span: Span, stop: int) -> bool:
        """Whether a span goes on a negated list of plain words: "no gore, torture or war"."""
        joined = span.first > stop and self.said.words[span.first - 1].folded in ("or", "nor")
        following = self.said.words[span.last].folded if span.last < len(self.said.words) else ""
        if not joined and not (
            self.said.words[span.first].opens_clause and following in ("or", "nor")
        ):
            return False
        place = span.first - 1 - joined
        while place >= stop and span.first - place < 8 and self.said.words[place].folded not in (
            FUNCTION_WORDS | CLOSERS
        ):  # fmt: skip
            if self.said.words[place].folded in ("no", "without"):
                return place < span.first - 1 - joined
            place -= 1
        return place >= stop and self.said.words[place].folded in ("no", "without")

    def _joined(self, previous: Span, span: Span, n: int) -> bool:
        """Whether a span goes on a negated list: "no horror, war or romance"."""
        between = self.said.words[previous.last : span.first]
        articles = {"a", "an", "the"} if {w.folded for w in between} & {"or", "nor"} else set()
        if any(word.folded not in JOINERS | articles for word in between):
            return False
        if isinstance(span.what, Range) and not (between and isinstance(previous.what, Range)):
            return False  # "no christmas, 1990 or later", "no horror and not older than 1980"
        if between:
            return not (between[0].opens_clause and between[0].folded == "and")
        if span.first == previous.last and not self.said.words[span.first].opens_clause:
            return False
        following = self.said.words[span.last] if span.last < len(self.said.words) else None
        return following is None or following.folded in JOINERS or following.opens_clause
