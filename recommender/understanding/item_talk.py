"""What is said of the items that an utterance names: liked, disliked, seen, or nothing.

Which words name an item is decided before. Items can also stand for others: "by the
director of Get Out" asks for that director.
"""

from __future__ import annotations

import re

from recommender.understanding.cues import CUES, DISLIKED, LIKED, SEEN, UNSEEN
from recommender.understanding.lexicon import Lexicon
from recommender.understanding.people_of_items import people_before, people_behind
from recommender.understanding.phrases import NEGATORS
from recommender.understanding.reading import ItemRead, Reading
from recommender.understanding.stated_limits import StatedLimits
from recommender.understanding.utterance import Span, Utterance
from recommender.understanding.values import Match
from recommender.understanding.words import FUNCTION_WORDS
from retrieval.limits import Limit

_HAVING = frozenset(
    {
        "i",
        "we",
        "i've",
        "ive",
        "we've",
        "have",
        "has",
        "had",
        "already",
        "she's",
        "he's",
        "they've",
        "all",
        "just",
        "she",
        "he",
    }
)

# What any item can be done with, whatever the catalog's own verbs are.
_DONE = frozenset({"done", "finished", "caught", "rewatched", "know"})
# Whose knowledge of an item is not the user's.
_ANYBODY = frozenset({"everybody", "everyone", "nobody", "people", "critics", "anyone", "anybody"})
_HABIT = re.compile(
    r"\b(?:mostly|usually|always|normally|often|generally) (?:watch|read|play|see)\b"
)


class ItemTalk:
    """Reads what is said of each named item."""

    def __init__(
        self, said: Utterance, lexicon: Lexicon, reading: Reading, limits: StatedLimits
    ) -> None:
        self.said = said
        self.lexicon = lexicon
        self.reading = reading
        self.limits = limits
        self._done = _DONE | set(lexicon.catalog.done)

    def interpret(self, span: Span, ids: tuple[str, ...], negated: bool) -> None:
        if self._asks_for_people_of(span, ids):
            return
        if negated and self.said.is_ruled_out(span.first):
            ids = self.lexicon.series(ids)  # "not batman" is said of all of them
        clause = self.said.clause_before(span.first)
        behind = []
        for word in self.said.words[span.last : span.last + 4]:
            if word.opens_clause or word.folded == "but":
                break
            behind.append(word.folded)
        seen = any(w in SEEN for w in clause) or "already" in behind or self._is_done(clause)
        seen = seen or self._is_done_behind(behind)
        liked = any(w in LIKED for w in clause) or (not seen and not negated)
        disliked = negated or any(w in DISLIKED for w in (*clause, *behind))
        if "heard" in clause and any(w in UNSEEN for w in clause):
            liked = disliked = False  # "never heard of the second"
        if seen and (any(w in UNSEEN for w in clause) or set(clause) & _ANYBODY):
            seen = liked = disliked = False  # "I haven't seen Alien" says nothing of it
        if "than" in clause[-3:] and any(
            isinstance(other.what, Match) and other.last < span.first and any(
                value.direction for value in other.what.meanings
            ) for other in self.said.spans
        ):  # fmt: skip
            liked = False  # "older than Jaws" measures by it
        self.reading.items.append(
            ItemRead(ids, liked and not disliked, disliked, seen, self.said.phrase(span))
        )
        first = span.first
        while first > 0 and not self.said.words[first].opens_clause and (
            self.said.words[first - 1].folded in FUNCTION_WORDS | CUES | NEGATORS | UNSEEN
        ):  # fmt: skip
            first -= 1
        last = span.last
        while (
            last < span.last + len(behind) and behind[last - span.last] in DISLIKED | FUNCTION_WORDS
        ):
            last += 1
        self.said.drop.update(range(first, last if set(behind) & DISLIKED else span.last))

    def _is_done(self, clause: list[str]) -> bool:
        """Whether a verb of the catalog says it is known: "I've read Othello", not "to read"."""
        for place, word in enumerate(clause):
            if word in self.lexicon.catalog.done and not place:
                return True  # "Read that at school"
            if word in self._done and place:
                before = set(clause[max(0, place - 3) : place])
                if before & _HAVING and not before & {"to", "should", "could", "can", "would"}:
                    return True
        return False

    def _is_done_behind(self, behind: list[str]) -> bool:
        """The same for a verb behind: "this first one I have read"."""
        done = self._done | SEEN
        return behind[:1] in (["i"], ["we"], ["i've"], ["we've"], ["ive"], ["weve"]) and any(
            word in done and set(behind[:place]) & _HAVING for place, word in enumerate(behind)
        )

    def _asks_for_people_of(self, span: Span, ids: tuple[str, ...]) -> bool:
        """Reads "by the director of Get Out" as a limit to that director."""
        found = people_before(self.said, span.first, self.lexicon.catalog)
        last = span.last
        if found is None:
            found, last = people_behind(self.said, span, self.lexicon.catalog), span.last + 1
        if found is None:
            return False
        field, start = found
        people = dict.fromkeys(
            v for i in ids for v in self.lexicon.catalog[i].facets.get(field, ())
        )
        if not people:
            return False
        span.start = start
        self.said.drop.update(range(start, last))
        self.limits.add(Limit((field,), tuple(people)), span)
        return True

    def settle(self) -> None:
        """ "Like Titanic, but not Titanic" likes it and only wants another one.

        What is a habit ("I mostly watch Star Wars") and ruled out now is known, and no example.
        """
        ruled_out = {i for item in self.reading.items if item.disliked for i in item.ids}
        for place, item in enumerate(self.reading.items):
            if item.liked and ruled_out & set(item.ids) and _HABIT.search(self.said.text.lower()):
                self.reading.items[place] = ItemRead(item.ids, False, False, True, item.words)
        liked = {i for item in self.reading.items if item.liked for i in item.ids}
        for place, item in enumerate(self.reading.items):
            if item.disliked and liked & set(item.ids):
                rest = tuple(i for i in item.ids if i not in liked)
                self.reading.items[place] = ItemRead(rest, False, False, True, item.words)
        self.reading.items[:] = [item for item in self.reading.items if item.ids]
