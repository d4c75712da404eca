"""Reads one utterance: items, limits, leanings, tastes and circumstances, each with its words.

Deterministic and without a model. Spans of words are claimed in an order (quoted or cued
titles, ranges, people, values), each word at most once; then every span gets a polarity
from the words before it in its clause. What is left over is the wish in the user's words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from recommender.understanding.lexicon import Lexicon, Match, Value
from recommender.understanding.phrases import (
    COMPARING,
    DEGREES,
    LEAVE_BEFORE,
    LEAVE_BEHIND,
    MANNER,
    NEGATORS,
    NOT_NEGATING,
    NOT_TASTE,
    SERIES,
    TAILS,
    TASTE,
    WEARY,
)  # fmt: skip
from recommender.understanding.ranges import Range, read_ranges
from recommender.understanding.words import (
    FUNCTION_WORDS,
    Word,
    singular,
    split_words,
    word_set,
)
from retrieval.catalog import Kind, fold
from retrieval.limits import Limit

_LIKED = word_set(
    "love loved loves adore adored like liked likes enjoy enjoyed favourite favorite favourites "
    "favorites fan similar reminiscent resembling resembles vein style spirit alike recall obsessed "
    "crazy care cared rewatch rewatching"
)
_SEEN = word_set("seen saw watched watching rewatched already")
_DISLIKED = word_set(
    "hate hated disliked loathe loathed boring awful bored terrible confusing overrated worst "
    "disappointing disappointed dull"
)
_CUES = _LIKED | _SEEN | _DISLIKED | frozenset({"than", "as", "to", "of", "not", "except", "about"})
_TITLE_CUES = _LIKED | _SEEN | _DISLIKED | frozenset({"than", "except", "reminds"})
_CUE_LINKS = frozenset({"to", "of", "for", "with", "about"})  # "obsessed with", "didn't care for"
# What may stand between a cue and the title it speaks of: "loved both Alien and the film Heat".
_LIST_LINKS = word_set("and or the a an film movie also both all every watching that are is")
_UNSEEN = word_set("haven't havent hasn't hasnt never")
_BROAD = 0.4  # a category that holds so much of a catalog is not ruled out by a hint
_JOINERS = frozenset({"or", "and", "nor", "any", "either"})
# A category word before one of these is the thing asked for, not a part of the story.
_CLOSERS = word_set(
    "from with in about under before after of set that which where by for starring directed or and "
    "but please instead only then now tonight too not no without made please is are i we over "
    "featuring like similar between since until at less more than shorter longer you to on as maybe "
    "perhaps though if possibly ideally preferably that's thats who who's whose it's it isn't isnt "
    "aren't arent cause because cos coz cuz bc pls plz thanks thx against towards when while so "
    "than also as at for to having has have"
)
_DANGLING = word_set(
    "a an the with without of from in by or and but for to than that is no set made during"
)
_PREFIXES = frozenset({"pre", "post", "anti", "inter", "semi", "pseudo"})
_THEME_OPENERS = frozenset(["about"])
_CONTEXT = {
    "company": r"\b(?:with|for) (?:my |our |the |some |a |an )?(?:whole |little |young |old |\d+[- ]year[- ]old )*(?:kids?|children|family|parents?|mum|mom|mother|dad|father|girlfriend|boyfriend|wife|husband|partner|friends?|grandma|grandpa|grandparents?|grandmother|grandfather|son|daughter|brother|sister|nephew|niece|toddlers?|teenagers?|teens|roommates?|colleagues?|class|students)\b(?:,? (?:who|aged?) [^,.;]{1,20})?",
    "occasion": r"\b(?:date night|family night|movie night|film night|girls'? night|christmas(?: eve| day)?|halloween|thanksgiving|new year'?s(?: eve)?|birthday|sleepover|rainy (?:day|sunday|afternoon|evening)|sick day|long flight|valentine'?s(?: day)?)\b",
    "time": r"\b(?:tonight|this (?:evening|weekend|afternoon)|after work|before bed|late at night|(?:on )?(?:a )?(?:lazy |quiet )?(?:sunday|saturday|friday)(?: night| afternoon| evening| morning)?)\b",
    "mood": r"\b(?:i'm|i am|i feel|i'm feeling|feeling|we're|we are) (?:a bit |so |very |really |pretty |kind of )?(?:tired|sad|stressed|bored|lonely|heartbroken|happy|down|depressed|anxious|exhausted|melancholic|homesick|ill|sick|blue|nostalgic)\b(?! of\b| with\b)",
}  # fmt: skip
_FILLER = re.compile(
    r"^(?:(?:hi|hello|hey|ok|okay|well|so|um|please|now|actually|and|but|also|then|instead|maybe|yes|no)\b[ ,!]*)+|"
    r"\b(?:can|could|would|will) you (?:please )?(?:recommend|suggest|find|show|give|tell)(?: me| us)?\b|"
    r"\b(?:please )?(?:recommend|suggest|find|show|give|tell) (?:me|us)\b|"
    r"\b(?:i'm|i am|we're|we are) (?:looking|searching|hoping) for\b|\blooking for\b|"
    r"\b(?:i|we) (?:really |just |only )?(?:want|need|fancy|wanna)(?: to (?:watch|see))?\b|"
    r"\b(?:i'd|i would|we'd|we would) (?:really )?(?:like|love|prefer)(?: to (?:watch|see))?\b|"
    r"\b(?:i'm|i am|we're) in the mood for\b|\bin the mood for\b|\bi feel like(?: watching)?\b|"
    r"\bhow about\b|\bwhat about\b|\bdo you (?:have|know)\b|\bis there\b|\bare there\b|\bplease\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class ItemRead:
    """Item ids that a title may mean, with what the user said of them."""

    ids: tuple[str, ...]
    liked: bool
    disliked: bool
    seen: bool
    words: str


@dataclass(frozen=True)
class LimitRead:
    """A limit. `instead` holds where what it rules out is asked for: "horror, not too scary".

    `vague` ones ("classic") give way to stated bounds ("a classic from the 90s").
    """

    limit: Limit
    words: str
    instead: Limit | None = None
    vague: bool = False


@dataclass(frozen=True)
class LeaningRead:
    field: str
    values: tuple[str, ...]
    words: str


@dataclass(frozen=True)
class ComparisonRead:
    """More (+1) or less (-1) of a number than what was shown: "newer", "shorter"."""

    field: str
    direction: int
    words: str


@dataclass
class Reading:
    """What one utterance says, apart from the conversation around it."""

    text: str
    items: list[ItemRead] = field(default_factory=list)
    limits: list[LimitRead] = field(default_factory=list)
    comparisons: list[ComparisonRead] = field(default_factory=list)
    leanings: list[LeaningRead] = field(default_factory=list)
    tastes: list[str] = field(default_factory=list)
    taste_leanings: list[LeaningRead] = field(default_factory=list)
    context: list[tuple[str, str]] = field(default_factory=list)  # (kind, words)
    wish: str = ""
    permitted: list[Limit] = field(default_factory=list)  # "subtitles are fine"
    fragment: bool = False  # values and no sentence around them: "french maybe"


@dataclass
class _Span:
    first: int
    last: int
    what: object  # tuple of ids, Limit, dict of people, or Match
    start: int = -1  # first word with cue or negator, for removal


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
        catalog = lexicon.catalog
        self._prose = tuple(f.name for f in catalog.of_kind(Kind.TEXT))
        self._keywords = tuple(f.name for f in catalog.of_kind(Kind.KEYWORD))

    def read(self, text: str, pointed: Sequence[Pointed] = ()) -> Reading:
        """Read a cleaned utterance (see `words.clean`).

        `pointed` are parts of it, by their characters, that are known to mean items.
        """
        return _Pass(self._lexicon, text, self._keywords, self._prose, pointed).run()


class _Pass:
    """The reading of one utterance, step by step."""

    def __init__(
        self, lexicon: Lexicon, text: str, keywords: tuple[str, ...], prose: tuple[str, ...],
        pointed: Sequence[Pointed],
    ) -> None:  # fmt: skip
        self.lexicon = lexicon
        self.text = text
        self.words = split_words(text)
        self.taken = [False] * len(self.words)
        self.spans: list[_Span] = []
        self.reading = Reading(text)
        self.keywords = keywords
        self.prose = prose
        self.pointed = pointed
        self.drop: set[int] = set()  # words that are no part of the wish
        self.tastes: dict[int, tuple[bool, bool]] = {}  # of clauses, by their first word
        self.bounds: dict[int, tuple[int, int]] = {}  # of clauses, by any word
        self.latest: list[int] = []  # places of the limits that the span before has made

    def run(self) -> Reading:
        self._claim_pointed()
        self._claim_titles()
        self._claim_ranges()
        self._claim_misspelt_titles()
        self._claim_people()
        self._claim_values()
        self.spans.sort(key=lambda span: span.first)
        polarities = self._polarities()
        for span, negated in zip(self.spans, polarities, strict=True):
            if negated is not None:
                made = len(self.reading.limits)
                self._interpret(span, negated)
                if len(self.reading.limits) > made:
                    self.latest = list(range(made, len(self.reading.limits)))
        self._settle_items()
        self._read_negated_rest(polarities)
        self._settle_limits()
        self._read_context()
        self.reading.wish = self._rest()
        self.reading.fragment = (
            bool(self.spans)
            and not any(
                word.folded in ("a", "an", "some", "any") or word.folded in self.lexicon.nouns
                for word, taken in zip(self.words, self.taken, strict=True)
                if not taken
            )
            and all(
                taken or word.folded in FUNCTION_WORDS | _CLOSERS
                for word, taken in zip(self.words, self.taken, strict=True)
            )
        )
        return self.reading

    # --- claiming -------------------------------------------------------------------

    def _claim(self, first: int, last: int, what: object) -> bool:
        if any(self.taken[first:last]):
            return False
        self.taken[first:last] = [True] * (last - first)
        self.spans.append(_Span(first, last, what))
        return True

    def _claim_pointed(self) -> None:
        for one in self.pointed:
            inside = [n for n, w in enumerate(self.words) if one.start <= w.start < one.end]
            if inside:
                self._claim(inside[0], inside[-1] + 1, one.item_ids)

    def _claim_titles(self) -> None:
        found = list(self.lexicon.titles(self.words))
        self._claim_bare_list()
        claimed = -1
        while claimed != len(self.spans):  # a title may be known by the one before it in a list
            claimed = len(self.spans)
            for first, last, ids in found:
                if any(self.taken[first:last]):
                    continue
                ids, end = self._with_year(last, ids)
                if self._title_is_meant(first, last, end):
                    ids, first = self._with_year_before(first, ids)
                    self._claim_title(first, last, end, ids)

    def _claim_bare_list(self) -> None:
        """An utterance of nothing but titles: "jaws, alien and the thing"."""
        pieces: list[list[int]] = [[]]
        for n, word in enumerate(self.words):
            if word.opens_clause and pieces[-1]:
                pieces.append([])
            if word.folded in ("and", "or"):
                pieces.append([])
            else:
                pieces[-1].append(n)
        pieces = [piece for piece in pieces if piece]
        found = [self.lexicon.exact([self.words[n] for n in piece]) for piece in pieces]
        if len(pieces) > 1 and all(found):
            for piece, ids in zip(pieces, found, strict=True):
                self._claim(piece[0], piece[-1] + 1, ids)

    def _claim_misspelt_titles(self) -> None:
        budget = 6  # lookups, which are the slowest part of the reading
        for place in range(1, len(self.words)):
            if not budget or not self._is_cue(place - 1):
                continue
            free = self._free_run(place)
            if not free:
                continue
            if self.words[place].folded in FUNCTION_WORDS - {"the", "a", "an", "my"}:
                continue
            if not self._reads_like_title(place):
                continue
            budget -= 1
            # A slip in the article ("teh matrx") must not hide the title behind it.
            for skip in (0, 1) if free > 1 and len(self.words[place].folded) <= 3 else (0,):
                found = self.lexicon.title_with_typo(self.words[place + skip : place + free])
                if found:
                    last = place + skip + found[0]
                    ids, end = self._with_year(last, found[1])
                    self._claim_title(place, last, end, ids)
                    break

    def _is_cue(self, place: int) -> bool:
        word = self.words[place]
        if word.folded in _CUE_LINKS and place:
            return self.words[place - 1].folded in _LIKED
        return word.folded in _TITLE_CUES and not self._is_wishing(place)

    def _with_year(self, last: int, ids: tuple[str, ...]) -> tuple[tuple[str, ...], int]:
        """A year behind a title tells films of one name apart and is no limit."""
        at = last
        while at < min(last + 2, len(self.words)) and self.words[at].folded in (
            "from",
            "the",
            "of",
        ):
            at += 1  # "The Thing from 1982"
        if at < len(self.words) and re.fullmatch(r"(1[89]|20)\d\d", self.words[at].folded):
            year = float(self.words[at].folded)
            catalog = self.lexicon.catalog
            same = tuple(i for i in ids if catalog[i].numbers.get("year") == year)
            if same:
                return same, at + 1
        return ids, last

    def _with_year_before(self, first: int, ids: tuple[str, ...]) -> tuple[tuple[str, ...], int]:
        """The same for a year before it: "the 2005 Pride and Prejudice"."""
        before = self.words[first - 1].folded if first and not self.taken[first - 1] else ""
        same = tuple(
            i for i in ids if f"{self.lexicon.catalog[i].numbers.get('year', 0):.0f}" == before
        )
        return (same, first - 1) if same else (ids, first)

    def _claim_title(self, first: int, last: int, end: int, ids: tuple[str, ...]) -> None:
        behind = [word.folded for word in self.words[last : last + 2]]
        if end == last and behind and behind[0] in SERIES:
            # "the Star Wars films" are several; "a Heat movie" may be.
            whole = behind[0] not in ("film", "movie") or self._cue_is_negative(first)
            self._claim(first, end + 1, self.lexicon.series(ids) if whole else ids)
        else:
            self._claim(first, end, ids)

    def _cue_is_negative(self, first: int) -> bool:
        return any(word.folded in NEGATORS for word in self.words[max(0, first - 3) : first])

    def _is_ruled_out(self, first: int) -> bool:
        """Whether "not", "no" or the like stands right before a title, across an article."""
        before = [word.folded for word in self.words[max(0, first - 2) : first]]
        while before and before[-1] in ("a", "an", "the", "any", "another"):
            before.pop()
        if before and before[-1] in ("or", "nor"):
            list_before = (
                s for s in self.spans if s.last == first - 1 and isinstance(s.what, tuple)
            )
            return any(self._is_ruled_out(span.first) for span in list_before)
        return bool(before) and before[-1] in ("not", "no", "without", "except", "excluding")

    def _free_run(self, place: int) -> int:
        count = 0
        while place + count < len(self.words) and count < 10 and not self.taken[place + count]:
            if count and self.words[place + count].opens_clause:
                break
            count += 1
        return count

    def _reads_like_title(self, place: int) -> bool:
        """A misspelt title is looked for only where the words do not read as a plain wish."""
        word = self.words[place]
        first = place + (word.folded in ("the", "a", "an"))
        if first >= len(self.words):
            return False
        plain = self.text[:1].lower() + self.text[1:].replace("I ", "i ").replace("I'", "i'")
        return self.words[first].text[:1].isupper() or plain == plain.lower()

    def _title_is_meant(self, first: int, last: int, end: int) -> bool:
        span = self.words[first:last]
        content = [w for w in span if w.folded not in FUNCTION_WORDS]
        if self._quoted(span[0].start, span[-1].end):
            return True
        if any(word.opens_clause for word in span[1:]) and len(span) < 3:
            return False
        if len(content) >= 3 or (len(span) >= 4 and content):
            return True
        whole = first == 0 and end == len(self.words)
        manner = last < len(self.words) and self.words[last].folded in MANNER
        cue = self._cue_before(first) or (
            manner
            and not self._is_plain_value(span)
            and (len(content) > 1 or not self.lexicon.is_ordinary(span[0].folded))
        )
        closed = manner or end > last or last == len(self.words) or self.words[last].opens_clause or (
            self.words[last].folded in ("and", "but", "or", "with", "yesterday", "already", "so",
                                        "please", "too", "recently", "is", "was", "again", "that",
                                        "in", "from", "by", "very", "because", "which", "where",
                                        "for", "more", "less", "last", "yet", "on", "to", "twice",
                                        "today", "tonight", "instead", "as", "though", "what",
                                        "any", "something", "anything", "years", "when", "than")
            or self.words[last].folded in SERIES
            or re.fullmatch(r"(1[89]|20)\d\d", self.words[last].folded) is not None
        )  # fmt: skip
        telling = len(content) > 1 and not self._is_plain_value(span)
        if content and self._cue_is_negative(first) and closed and (
            telling or not any(self.lexicon.is_ordinary(w.folded) for w in span)
        ):  # fmt: skip
            return True  # "that isnt titanic"
        if content and self._cue_is_negative(first) and (
            (last < len(self.words) and self.words[last].folded in SERIES and not self._is_plain_value(span))
            or any(other.what == self.lexicon.exact(span) for other in self.spans)
        ):  # fmt: skip
            return True  # "but not a Die Hard film", "not Titanic itself"
        if self._is_ruled_out(first) and closed and not self._is_plain_value(span) and (
            len(content) > 1 or (content and len(content[0].folded) > 4)
        ):  # fmt: skip
            return True  # "not star wars though", "but not batman or …"
        if self.lexicon.is_part_of_title(span):
            return (cue or whole) and closed
        if whole:
            return True
        shouted = self.text.upper() == self.text
        named = content or (span if cue or end > last else [])  # "Up", "Get Out"
        proper = all(w.capitalised for w in named) and not shouted and bool(named)
        if all(w.folded.isdigit() for w in span):
            return cue and closed
        if cue and closed and (content or proper):
            # "like horror" names a genre, "like Horror Express" a film.
            return proper or not self._is_plain_value(span)
        if not proper:
            # "star wars but not the prequels"
            parted = last == len(self.words) or self.words[last].opens_clause or (
                self.words[last].folded in ("but", "except", "or")
            )  # fmt: skip
            opens = first == 0 or span[0].opens_clause
            return opens and parted and len(content) > 1 and not self._is_plain_value(span)
        if first == 0 or span[0].opens_clause:
            # The capital may only mark the sentence.
            return len(content) >= 2 or (closed and not self._is_plain_value(span))
        return closed or len(content) >= 2

    def _is_plain_value(self, span: list[Word]) -> bool:
        plain = set(range(len(span)))
        for match in self.lexicon.values(span):
            if match.last - match.first == len(span):
                return True
            plain -= set(range(match.first, match.last))
        return all(span[n].folded in self.lexicon.nouns | FUNCTION_WORDS for n in plain)

    def _cue_before(self, first: int) -> bool:
        """Whether a word that introduces a title stands before, across "and" and an article."""
        place = first - 1
        if (
            place > 0
            and self.words[place].folded in ("and", "or")
            and self.words[place].opens_clause
        ):
            place -= 1  # "Jaws, Alien, and The Thing"
            return self.taken[place] and self._is_item(place)
        while place >= 0 and not self.words[place + 1].opens_clause:
            word = self.words[place]
            if word.folded in _TITLE_CUES:
                return not (word.folded == "like" and self._is_wishing(place))
            if word.folded in _CUE_LINKS and place and (
                self.words[place - 1].folded in _TITLE_CUES | self.lexicon.person_labels
            ):  # fmt: skip
                return True
            linking = word.folded in _LIST_LINKS
            ends_item = place == first - 1 and self.taken[place] and self._is_item(place)
            if not linking and (not self.taken[place] or ends_item):
                return False
            place -= 1
        # A list after a cue: "I loved Alien, Heat and Her".
        apart = first - 1 > place or self.words[first].opens_clause
        return place >= 0 and apart and self.taken[place] and self._is_item(place)

    def _is_item(self, place: int) -> bool:
        return any(span.last == place + 1 and isinstance(span.what, tuple) for span in self.spans)

    def _is_wishing(self, place: int) -> bool:
        return place > 0 and self.words[place - 1].folded in ("i'd", "would", "we'd", "you", "feel")

    def _quoted(self, start: int, end: int) -> bool:
        before, after = self.text[:start].rstrip(), self.text[end:].lstrip(" ?!.,")
        return before[-1:] in ('"', "“", "«", "‘", "*", "_") and after[:1] in (
            '"', "”", "»", "’", "*", "_",
        )  # fmt: skip

    def _claim_ranges(self) -> None:
        for found in read_ranges(self.text, self.lexicon.catalog):
            inside = [
                n for n, w in enumerate(self.words) if w.start < found.end and w.end > found.start
            ]
            if inside and not any(self.taken[n] for n in inside):
                self._claim(inside[0], inside[-1] + 1, found)
        for age in re.finditer(r"\b(?:\w+[ -])?years?[ -]olds?\b", self.text.lower()):
            for n, word in enumerate(self.words):  # "for my 6 year old" is about no old film
                self.taken[n] |= age.start() <= word.start < age.end()

    def _claim_people(self) -> None:
        for first, last, found in self.lexicon.people(self.words):
            self._claim(first, last, found)  # those that overlap an earlier one are not

    def _claim_values(self) -> None:
        for match in self.lexicon.values(self.words):
            span = self.words[match.first : match.last]
            if any(word.opens_clause for word in span[1:]):
                continue
            if len(span) == 1 and (
                span[0].folded in FUNCTION_WORDS or span[0].folded in self.lexicon.labels
            ):  # fmt: skip
                continue
            self._claim(match.first, match.last, match)

    # --- polarity -------------------------------------------------------------------

    def _polarities(self) -> list[bool | None]:
        """For each span, whether it is negated; marks the words that negate.

        None for a span that only completes a negated one: "not a romantic comedy" says
        nothing about comedies.
        """
        result: list[bool | None] = []
        for n, span in enumerate(self.spans):
            previous = self.spans[n - 1] if n else None
            start = self._negator(span, previous.last if previous else 0)
            if start is not None:
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
                self.drop.update(range(span.first, span.last))
            else:
                span.start = span.first
                result.append(False)
        return result

    def _negator(self, span: _Span, stop: int) -> int | None:
        """Where the negation of a span begins, looking back to the clause or the last span."""
        place = span.first - 1
        steps = 0
        if span.first < len(self.words) and self.words[span.first].opens_clause:
            return None
        while place >= stop and steps < 7:
            word = self.words[place]
            pair = (
                (word.folded, self.words[place + 1].folded) if place + 1 < len(self.words) else ()
            )
            if word.folded == "but":
                lead = [w.folded for w in self.words[max(0, place - 2) : place]]
                if set(lead) & {"anything", "everything", "all", "any", "every", "anyone"}:
                    return place - 1 if lead[-1] in ("anything", "everything", "all") else place - 2
                break
            if word.folded in ("just", "only", "rather", "instead") and (
                word.folded != "only" or steps
            ):  # fmt: skip
                break
            if word.folded in NEGATORS and pair not in NOT_NEGATING and self._negates(place, span):
                while place > 0 and not self.words[place].opens_clause and (
                    self.words[place - 1].folded in ("i", "we", "please", "do", "really", "but", "and",
                                                     "i'm", "am", "that", "which", "it", "is")
                ):  # fmt: skip
                    place -= 1
                return place
            if (word.folded, self.words[place + 1].folded) in (
                ("other", "than"),
                ("apart", "from"),
            ):
                return place
            if word.opens_clause:
                break
            place -= 1
            steps += 1
        if span.first > stop and self.words[span.first - 1].folded == "too" and (
            isinstance(span.what, Match)
        ):  # fmt: skip
            return span.first - 1  # "it was good but too long"
        return None

    def _negates(self, place: int, span: _Span) -> bool:
        """Whether a negator reaches a span; most do, some only what stands close."""
        word = self.words[place].folded
        between = {w.folded for w in self.words[place + 1 : span.first]}
        if word in COMPARING:
            return between <= DEGREES | _LIKED
        if word == "enough":
            return self.words[place - 1].folded in ("had", "seen", "have") or bool(
                between & {"of", "with"}
            )
        if word in WEARY:
            return bool(between & {"of", "with", "by"})
        if word in ("hate", "hated", "hates", "dislike") and between & {"but", "who", "that"}:
            return False
        return not (word in _UNSEEN and between & {"seen", "watched", "heard", "tried"})

    def _completes(self, previous: _Span, span: _Span) -> bool:
        """Whether two spans are one noun phrase of categories: "romantic comedy"."""
        return (
            span.first == previous.last
            and not self.words[span.first].opens_clause
            and isinstance(previous.what, Match | Range)
            and isinstance(span.what, Match)
        )

    def _ends_plain_list(self, span: _Span, stop: int) -> bool:
        """Whether a span goes on a negated list of plain words: "no gore, torture or war"."""
        joined = span.first > stop and self.words[span.first - 1].folded in ("or", "nor")
        following = self.words[span.last].folded if span.last < len(self.words) else ""
        if not joined and not (self.words[span.first].opens_clause and following in ("or", "nor")):
            return False
        place = span.first - 1 - joined
        while place >= stop and span.first - place < 8 and self.words[place].folded not in (
            FUNCTION_WORDS | _CLOSERS
        ):  # fmt: skip
            if self.words[place].folded in ("no", "without"):
                return place < span.first - 1 - joined
            place -= 1
        return place >= stop and self.words[place].folded in ("no", "without")

    def _joined(self, previous: _Span, span: _Span, n: int) -> bool:
        """Whether a span goes on a negated list: "no horror, war or romance"."""
        between = self.words[previous.last : span.first]
        articles = {"a", "an", "the"} if {w.folded for w in between} & {"or", "nor"} else set()
        if any(word.folded not in _JOINERS | articles for word in between):
            return False
        if isinstance(span.what, Range) and not (between and isinstance(previous.what, Range)):
            return False  # "no christmas, 1990 or later", "no horror and not older than 1980"
        if between:
            return not (between[0].opens_clause and between[0].folded == "and")
        if span.first == previous.last and not self.words[span.first].opens_clause:
            return False
        following = self.words[span.last] if span.last < len(self.words) else None
        return following is None or following.folded in _JOINERS or following.opens_clause

    # --- interpretation -------------------------------------------------------------

    def _interpret(self, span: _Span, negated: bool) -> None:
        if not isinstance(span.what, tuple) and self._leave_is_given(span):
            self._permit(span)
        elif isinstance(span.what, Match):
            self._interpret_match(span, span.what, negated)
        elif isinstance(span.what, Range):
            self._interpret_range(span, span.what, negated)
        elif isinstance(span.what, dict):
            self._interpret_person(span, span.what, negated)
        elif isinstance(span.what, tuple):
            self._interpret_item(span, span.what, negated)

    def _leave_is_given(self, span: _Span) -> bool:
        """Whether a span is only allowed: "long is fine", "I don't mind subtitles"."""
        start = self.words[span.first].start
        # A phrase that begins with a role ("with subtitles") may hold the word before it.
        before = re.split(r"[.,;!?]", self.text[:start].lower())[-1].lstrip()
        behind = self.text[self.words[span.last - 1].end :].lower()
        return bool(LEAVE_BEFORE.search(before) or LEAVE_BEHIND.match(behind))

    def _permit(self, span: _Span) -> None:
        if isinstance(span.what, Match):
            for value in span.what.meanings:
                if value.values and value.kind is Kind.CATEGORY and not value.opposite:
                    self.reading.permitted.append(Limit((value.field,), value.values))
        first, last = self._clause_bounds(span.first)
        self.drop.update(range(max(first, span.first - 6), min(last, span.last + 4)))

    def _interpret_range(self, span: _Span, found: Range, negated: bool) -> None:
        if self._in_taste(span.first) and not negated and self._says_more(span.first):
            return  # "I usually watch 80s films, but tonight ..."
        if negated:
            for part in found.parts:
                self._add_limit(
                    Limit(part.fields, (), part.minimum, part.maximum, not part.negated), span
                )
        else:
            for limit in (found.limit, *found.gaps):
                self._add_limit(limit, span)

    def _says_more(self, place: int) -> bool:
        first, last = self._clause_bounds(place)
        outside = [*self.words[:first], *self.words[last:]]
        return any(word.folded not in FUNCTION_WORDS | NEGATORS for word in outside)

    def _interpret_item(self, span: _Span, ids: tuple[str, ...], negated: bool) -> None:
        if self._asks_for_people_of(span, ids):
            return
        if negated and self._is_ruled_out(span.first):
            ids = self.lexicon.series(ids)  # "not batman" is said of all of them
        clause = self._clause_before(span.first)
        behind = []
        for word in self.words[span.last : span.last + 4]:
            if word.opens_clause or word.folded == "but":
                break
            behind.append(word.folded)
        seen = any(w in _SEEN for w in clause) or "already" in behind
        liked = any(w in _LIKED for w in clause) or (not seen and not negated)
        disliked = negated or any(w in _DISLIKED for w in (*clause, *behind))
        if seen and any(w in _UNSEEN for w in clause):
            seen = liked = disliked = False  # "I haven't seen Alien" says nothing of it
        if "than" in clause[-3:] and any(
            isinstance(other.what, Match) and other.last < span.first and any(
                value.direction for value in other.what.meanings
            ) for other in self.spans
        ):  # fmt: skip
            liked = False  # "older than Jaws" measures by it
        self.reading.items.append(
            ItemRead(ids, liked and not disliked, disliked, seen, self._words(span))
        )
        first = span.first
        while first > 0 and not self.words[first].opens_clause and (
            self.words[first - 1].folded in FUNCTION_WORDS | _CUES | NEGATORS | _UNSEEN
        ):  # fmt: skip
            first -= 1
        last = span.last
        while (
            last < span.last + len(behind)
            and behind[last - span.last] in _DISLIKED | FUNCTION_WORDS
        ):
            last += 1
        self.drop.update(range(first, last if set(behind) & _DISLIKED else span.last))

    def _asks_for_people_of(self, span: _Span, ids: tuple[str, ...]) -> bool:
        """Reads "by the director of Get Out" as a limit to that director."""
        before = [word.folded for word in self.words[max(0, span.first - 2) : span.first]]
        catalog = self.lexicon.catalog
        for f in catalog.of_kind(Kind.PERSON):
            if (
                len(before) == 2
                and before[0] == fold(f.label)
                and before[1] in ("of", "as", "behind")
            ):
                people = dict.fromkeys(v for i in ids for v in catalog[i].facets.get(f.name, ()))
                if people:
                    span.start = max(0, span.first - 4)
                    self._add_limit(Limit((f.name,), tuple(people)), span)
                    return True
        return False

    def _settle_items(self) -> None:
        """ "Like Titanic, but not Titanic" likes it and only wants another one."""
        liked = {i for item in self.reading.items if item.liked for i in item.ids}
        for place, item in enumerate(self.reading.items):
            if item.disliked and liked & set(item.ids):
                rest = tuple(i for i in item.ids if i not in liked)
                self.reading.items[place] = ItemRead(rest, False, False, True, item.words)

    def _interpret_person(self, span: _Span, found: dict[str, set[str]], negated: bool) -> None:
        role = self.lexicon.role_before(self.words, span.first)
        fields = tuple(found)
        start = span.first
        if role:
            start = role[1]
            if role[0] in found:
                fields = (role[0],)
        values = tuple(sorted(set().union(*(found[name] for name in fields))))
        if self._is_likeness(span, start) or self._in_taste(span.first):
            for name in fields:
                self._lean(name, tuple(sorted(found[name])), span)
            return
        span.start = min(span.start, start)
        limit = Limit(fields, values, negated=negated)
        if self._widens_last(limit, span):
            while span.start and self.words[span.start - 1].folded in _JOINERS:
                span.start -= 1
            self.drop.update(range(span.start, span.last))
        else:
            self._add_limit(limit, span)

    def _is_likeness(self, span: _Span, start: int) -> bool:
        """Whether a person stands for a manner: "like a Tarantino film", "Lynch vibes"."""
        place = start - 1
        while place > 0 and self.words[place].folded in ("a", "an", "the", "of", "early", "late",
                                                         "old", "by", "to", "something"):  # fmt: skip
            place -= 1
        if place >= 0 and self.words[place].folded in (
            "like", "style", "similar", "vein", "spirit", "manner", "reminiscent", "inspired"
        ):  # fmt: skip
            return not self._is_wishing(place)
        return span.last < len(self.words) and self.words[span.last].folded in MANNER

    def _interpret_match(self, span: _Span, match: Match, negated: bool) -> None:
        opposite = next((v for v in match.meanings if v.opposite), None)
        hard = [
            v for v in match.meanings if not v.hint and v.kind is Kind.CATEGORY and not v.opposite
        ]
        ranged = next((v for v in match.meanings if v.limit is not None), None)
        soft = [v for v in match.meanings if v.hint]
        comparison = next((v for v in match.meanings if v.direction), None)
        taste = self._in_taste(span.first)
        if comparison is not None and not self._asked_for(span):
            pass  # "an older woman"
        elif comparison is not None:
            direction = -comparison.direction if negated else comparison.direction
            self.reading.comparisons.append(
                ComparisonRead(comparison.field, direction, self._words(span))
            )
            self.drop.update(range(span.start, span.last))
        elif opposite is not None and (negated or not taste):
            self._add_limit(Limit((opposite.field,), opposite.values, negated=not negated), span)
        elif negated and not taste and (hard or soft):
            self._rule_out(span, hard, soft)
        elif taste and (hard or soft):
            if negated:
                self._rule_out(span, hard, soft)
            else:
                for value in (*hard, *soft):
                    self._lean(value.field, value.values, span)
        elif hard and self._is_demanded(span, hard):
            self._demand(span, [value for value in hard if value.field == hard[0].field])
            if self.words[span.first].folded in NEGATORS:  # "no subtitles" asks for a language
                self.drop.update(range(span.first, span.last))
            for value in soft:
                self._lean(value.field, value.values, span)
        elif ranged is not None and taste and self._says_more(span.first) and not negated:
            pass  # "I love old films. Something funny?"
        elif ranged is not None and ranged.limit is not None and self._asked_for(span):
            limit = ranged.limit
            if negated:
                limit = Limit(limit.fields, (), limit.minimum, limit.maximum, negated=True)
            self._add_limit(limit, span, vague=True)
        elif not negated:
            for value in (*soft, *hard):
                self._lean(value.field, value.values, span)

    def _demand(self, span: _Span, values: list[Value]) -> None:
        alternatives = list(self.latest) if self._is_alternative(span) else []
        for value in values:
            limit = Limit((value.field,), value.values)
            widened = [self._widened(place, limit, span) for place in alternatives]
            if not any(widened):
                self.reading.limits.append(LimitRead(limit, self._words(span)))

    def _widens_last(self, limit: Limit, span: _Span) -> bool:
        """Joins a limit to the one before it where "or" stands between them."""
        if not self._is_alternative(span):
            return False
        widened = [self._widened(place, limit, span) for place in self.latest]
        return any(widened)

    def _widened(self, place: int, limit: Limit, span: _Span) -> bool:
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
        self.reading.limits[place] = LimitRead(merged, f"{last.words} or {self._words(span)}")
        return True

    def _is_alternative(self, span: _Span) -> bool:
        """Whether a span is an alternative to the one before it.

        So it is behind "or", in a list that ends in "or", and beside a value of a field of
        which an item holds only one: "French and Italian films" are either.
        """
        place = self.spans.index(span)
        previous = self.spans[place - 1] if place else None
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
        while link == "," and place + 1 < len(self.spans):
            link = self._link(self.spans[place], self.spans[place + 1])
            place += 1
        return link == "or"

    def _link(self, previous: _Span, span: _Span) -> str:
        """What joins two spans: "or", "and", a comma, a slash, or "" where other words stand."""
        between = [
            word.folded
            for word in self.words[previous.last : span.first]
            if word.folded not in ("a", "an", "either", "maybe", "some", "the", "with", "by", "in",
                                   "even", "perhaps", "possibly")
        ]  # fmt: skip
        for joiner in ("or", "and"):
            if between == [joiner]:
                return joiner
        mark = self.text[self.words[previous.last - 1].end : self.words[span.first].start].strip()
        return mark[:1] if not between and mark[:1] in ("/", ",") else ""

    def _rule_out(self, span: _Span, hard: list[Value], soft: list[Value]) -> None:
        """A negated value. A hint for a category rules the category out, a keyword its words."""
        before = {w.folded for w in self.words[span.start : span.first]}
        compound = self._compound(span, bool(hard))
        if compound is not None:  # "no love triangle", "no jump scares"
            self._rule_out_word(compound)
            return
        degree = bool(before & DEGREES)
        # "no zombies" is about zombies, "nothing scary" about a kind of film.
        thing = not hard and not degree and bool(before & {"no", "without", "with", "any"})
        categories = [v for v in hard or soft if v.kind is Kind.CATEGORY]
        if not categories or thing:
            self._rule_out_word(span)
            return
        value = categories[0]
        if hard:
            several = span.last - span.first > 1  # "a mystery, but not a murder mystery"
            self._add_limit(
                Limit((value.field,), value.values, negated=True), span,
                instead=self._without_words(span) if several else None,
            )  # fmt: skip
            return
        # "nothing scary" leans on several categories; the first is the plainest.
        category = Limit((value.field,), value.values[:1], negated=True)
        if self.lexicon.share(value.field, value.values[:1]) > _BROAD:
            self._rule_out_word(span)  # "nothing sad" is not half of all films
        else:
            self._add_limit(category, span, instead=self._without_words(span))

    def _compound(self, span: _Span, hard: bool) -> _Span | None:
        """The noun phrase that a ruled-out value is only a part of, if it is."""
        first, last = span.first, span.last
        closing = FUNCTION_WORDS | _CLOSERS | TAILS | DEGREES | NEGATORS | self.lexicon.nouns
        while last < len(self.words) and last - span.last < 2 and not (
            self.taken[last] or self.words[last].opens_clause or self.words[last].folded in closing
        ):  # fmt: skip
            last += 1
        for other in self.spans:  # "no animal deaths", where both words are themes
            if other.first == last and isinstance(other.what, Match) and not (
                self.words[last].opens_clause or any(not v.hint for v in other.what.meanings)
            ):  # fmt: skip
                last = other.last
        previous = first - 1
        if not hard and previous > span.start and not self.taken[previous] and (
            self.words[previous].folded not in closing | {"any", "with", "want", "wanna", "see"}
            and self.words[previous - 1].folded in NEGATORS | {"any"}
        ):  # fmt: skip
            first = previous
        if (first, last) == (span.first, span.last):
            return None
        return _Span(first, last, span.what, start=span.start)

    def _without_words(self, span: _Span) -> Limit | None:
        """Items that speak of words, in a keyword or in their prose, are ruled out."""
        phrase = " ".join(word.folded for word in self.words[span.first : span.last])
        plain = " ".join((*phrase.split()[:-1], singular(phrase.split()[-1])))
        stems = [plain]
        if phrase.endswith("ies"):
            stems.insert(0, phrase.removesuffix("s"))  # "zombies" are not "zomby"
        if phrase.endswith("oes"):
            stems.insert(0, phrase.removesuffix("es"))
        theme = self.lexicon.theme_within(phrase)
        if theme:
            stems.append(theme)
        catalog = self.lexicon.catalog
        values = list(stems)
        for name in self.keywords:
            for folded, spelled in catalog.vocabulary.get(name, {}).items():
                if any(f" {stem}" in f" {folded}" for stem in stems):
                    values += spelled
        fields = (*self.keywords, *self.prose)
        return Limit(fields, tuple(dict.fromkeys(values)), negated=True) if fields else None

    def _rule_out_word(self, span: _Span) -> None:
        limit = self._without_words(span)
        if limit is not None:
            self._add_limit(limit, span)

    def _read_negated_rest(self, polarities: list[bool | None]) -> None:
        """Negated words that the lexicon lacks: "no clowns, gore or torture"."""
        for place, word in enumerate(self.words[:-1]):
            if place in self.drop or not self._rules_out(place):
                continue
            at = place + 1 + (self.words[place + 1].folded in ("about", "of", "with"))
            at += at < len(self.words) and self.words[at].folded == "the"
            while at < len(self.words) - 1 and self.words[at].folded in DEGREES | {"any"}:
                at += 1
            if (word.folded, self.words[place + 1].folded) in NOT_NEGATING:
                continue
            if at >= len(self.words) or (
                word.folded in ("not", "isn't", "isnt", "aren't", "arent")
                and self.words[at - 1].folded not in DEGREES | {"about"}
                and not self.lexicon.theme_within(self.words[at].folded)
            ):  # fmt: skip
                continue
            self._rule_out_list(at, place)
        for span, negated in zip(self.spans, polarities, strict=True):
            following = self._next_of_list(span.last)
            if negated and isinstance(span.what, Match) and following is not None:
                self._rule_out_list(following, span.last)

    def _rules_out(self, place: int) -> bool:
        """Whether a word rules out the plain words behind it."""
        word = self.words[place].folded
        behind = self.words[place + 1].folded
        if word in ("no", "without", "nothing", "not", "avoid", "isn't", "isnt", "aren't", "arent"):
            return True
        if word in WEARY | {"enough"}:
            return behind in ("of", "with")
        before = self.words[max(0, place - 4) : place]
        return word == "anything" and any(w.folded in NEGATORS for w in before)

    def _rule_out_list(self, at: int, start: int) -> None:
        """Rules out the phrase at a place, and those that follow it in a list."""
        ends = FUNCTION_WORDS | _CLOSERS | NEGATORS
        while at < len(self.words):
            last = at
            while last < len(self.words) and last - at < 3 and not (
                self.taken[last] or self.words[last].folded in ends
                or (last > at and self.words[last].opens_clause)
            ):  # fmt: skip
                last += 1
            following = self.words[last] if last < len(self.words) else None
            whole = following is None or following.opens_clause or following.folded in ends
            end = last
            while end - at > 1 and self.words[end - 1].folded in TAILS:
                end -= 1
            if end == at or not whole or self.taken[last - 1]:
                return
            if len(self.words[at].folded) > 2 and self.words[at].folded not in (
                self.lexicon.nouns | TAILS
            ):  # fmt: skip
                self._rule_out_word(_Span(at, end, None, start=start))
                self.drop.update(range(start, last))
            next_one = self._next_of_list(last)
            if next_one is None:
                return
            start, at = last, next_one

    def _next_of_list(self, last: int) -> int | None:
        """Where a list of plain words goes on: "gore or clowns", "gore, torture or clowns"."""
        if last + 1 >= len(self.words) or self.taken[last]:
            return None
        following = self.words[last]
        if following.folded in ("or", "nor") or (
            following.folded == "and" and not following.opens_clause
        ):  # fmt: skip
            return last + 1
        # A comma goes on with the list only if "or" ends it.
        rest = [word.folded for word in self.words[last + 1 : last + 4]]
        return last if following.opens_clause and "or" in rest else None

    def _settle_limits(self) -> None:
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
                or any(_overrules(other, one.limit) for other in stated)
            )
        ]

    def _asked_for(self, span: _Span) -> bool:
        """Whether a bare value is what is asked for, and not a part of a story.

        "a French comedy" asks for both; "about the French Revolution" and "a war veteran"
        ask for neither.
        """
        opener = span.first - 1
        while opener >= 0 and self.words[opener].folded in ("the", "a", "an"):
            opener -= 1
        if opener >= 0 and self.words[opener].folded in _THEME_OPENERS and not (
            opener and self.words[opener - 1].folded in ("what", "how")
        ):  # fmt: skip
            return False
        if opener >= 0 and self.words[opener].singular in ("year", "yr", "month", "age", "aged"):
            return False  # "my 8 year old"
        if span.last >= len(self.words):
            return True
        following = self.words[span.last]
        return bool(
            following.opens_clause
            or {following.folded, following.singular} & self.lexicon.nouns
            or following.folded in _CLOSERS
            or following.folded in ("language", "speaking", "spoken", "style", "era")
            or self.taken[span.last]
            or self._begins_value(span.last)
        )

    def _is_demanded(self, span: _Span, hard: list[Value]) -> bool:
        before = self.words[span.first - 1] if span.first else None
        if before and before.folded in _PREFIXES and before.end + 1 == self.words[span.first].start:
            return False  # "a post-war film"
        if all(value.bare_adjective for value in hard):
            return self._asked_for(span)
        # A phrase such as "romantic comedy" is clear by itself, "from France" needs its end.
        clear = self.words[span.first].folded not in ("from", "in") or self._asked_for(span)
        return clear and not self._in_story(span)

    def _in_story(self, span: _Span) -> bool:
        """Whether a phrase tells of the story: "about two thieves from France"."""
        first, _ = self._clause_bounds(span.first)
        before = [word.folded for word in self.words[first : span.first]]
        return bool(set(before) & {"about", "who", "whose", "where", "set"}) and not (
            set(before[-2:]) & {"made", "released", "film", "films", "movie", "movies"}
        )

    def _begins_value(self, place: int) -> bool:
        return self.taken[place] or bool(re.fullmatch(r"\d+.*", self.words[place].folded))

    # --- small parts ----------------------------------------------------------------

    def _add_limit(
        self, limit: Limit, span: _Span, instead: Limit | None = None, vague: bool = False
    ) -> None:
        start = span.start if span.start >= 0 else span.first
        words = self.text[self.words[start].start : self.words[span.last - 1].end]
        self.reading.limits.append(LimitRead(limit, words, instead, vague))
        if limit.negated or not limit.values or set(limit.fields) & {
            f.name for f in self.lexicon.catalog.of_kind(Kind.PERSON)
        }:  # fmt: skip
            self.drop.update(range(start, span.last))

    def _lean(self, name: str, values: tuple[str, ...], span: _Span) -> None:
        read = LeaningRead(name, values, self._words(span))
        (
            self.reading.taste_leanings if self._in_taste(span.first) else self.reading.leanings
        ).append(read)

    def _words(self, span: _Span) -> str:
        return self.text[self.words[span.first].start : self.words[span.last - 1].end]

    def _clause_bounds(self, place: int) -> tuple[int, int]:
        if place in self.bounds:
            return self.bounds[place]
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
        self.bounds.update(dict.fromkeys(range(first, last), (first, last)))
        return first, last

    def _clause_before(self, place: int) -> list[str]:
        first, _ = self._clause_bounds(place)
        # A list of titles belongs to the verb before its first one.
        while first > 0 and self.words[first].opens_clause and self.taken[first - 1] and (
            self.taken[first] or self.words[first].folded in ("and", "or")
        ):  # fmt: skip
            first, _ = self._clause_bounds(first - 1)
        return [word.folded for word in self.words[first:place]]

    def _in_taste(self, place: int) -> bool:
        first, last = self._clause_bounds(place)
        if first not in self.tastes:
            clause = self.text[self.words[first].start : self.words[last - 1].end].lower()
            self.tastes[first] = bool(TASTE.search(clause)), bool(NOT_TASTE.search(clause))
        says_so, denies = self.tastes[first]
        if says_so:
            return not denies
        # A list goes on: "I like horror, thrillers and sci-fi".
        listed = all(self.taken[n] or self.words[n].folded in _JOINERS for n in range(first, last))
        if not listed or not first or self.words[first].folded == "but":
            return False
        mark = self.text[self.words[first - 1].end : self.words[first].start]
        return "," in mark and self._in_taste(first - 1)

    def _read_context(self) -> None:
        for kind, pattern in _CONTEXT.items():
            for match in re.finditer(pattern, self.text.lower()):
                self.reading.context.append((kind, self.text[match.start() : match.end()]))

    def _rest(self) -> str:
        """The words that remain as the wish, and the tastes, which are set aside."""
        kept: list[Word] = []
        tastes: dict[tuple[int, int], None] = {}
        for place, word in enumerate(self.words):
            if place in self.drop:
                continue
            if self._in_taste(place):
                tastes[self._clause_bounds(place)] = None
            else:
                kept.append(word)
        for first, last in tastes:
            if any(place not in self.drop and self.words[place].folded not in FUNCTION_WORDS
                   for place in range(first, last)):  # fmt: skip
                phrase = self.text[self.words[first].start : self.words[last - 1].end]
                self.reading.tastes.append(phrase)
        wish = _FILLER.sub(" ", self._joined_text(kept))
        # What was no filler at the start may be now, behind what was taken away.
        wish = re.sub(r"\s+([,.;])", r"\1", wish)
        wish = re.sub(r"\s+", " ", _FILLER.sub(" ", wish.strip())).strip(" ,.;:-")
        return wish if _has_content(wish.split(), self.lexicon.nouns) else ""

    def _joined_text(self, kept: list[Word]) -> str:
        parts: list[str] = []
        while kept and kept[-1].folded in _DANGLING:
            kept = kept[:-1]
        for n, word in enumerate(kept):
            near = n and self.text[kept[n - 1].end : word.start] in (" ", "-")
            if n and not near:
                parts.append(", " if word.opens_clause else " ")
            elif n:
                parts.append(self.text[kept[n - 1].end : word.start])
            parts.append(word.text)
        return "".join(parts)


def _overrules(stated: Limit, vague: Limit) -> bool:
    """Whether a stated bound says anew what a vague one only hints at: "short, under 100"."""
    if stated.fields != vague.fields:
        return False
    (low, high), (vague_low, vague_high) = interval(stated), interval(vague)
    ends = (low > float("-inf"), high < float("inf"))
    vague_ends = (vague_low > float("-inf"), vague_high < float("inf"))
    return contradict(stated, vague) or any(a and b for a, b in zip(ends, vague_ends, strict=True))


def contradict(one: Limit, other: Limit) -> bool:
    """Whether two bounds on one field leave nothing that could pass both."""
    if one.values or other.values or one.fields != other.fields:
        return False
    (low, high), (other_low, other_high) = interval(one), interval(other)
    if max(low, other_low) > min(high, other_high):
        return True
    for gap, (low, high) in ((one, interval(other)), (other, interval(one))):
        if gap.negated and None not in (gap.minimum, gap.maximum):
            assert gap.minimum is not None
            assert gap.maximum is not None
            if gap.minimum <= low and high <= gap.maximum:
                return True
    return False


def interval(limit: Limit) -> tuple[float, float]:
    """What a bound lets through, as an interval; around a gap everything may pass."""
    low = float("-inf") if limit.minimum is None else limit.minimum
    high = float("inf") if limit.maximum is None else limit.maximum
    if not limit.negated:
        return low, high
    if limit.minimum is None:
        return high + 1, float("inf")
    return (float("-inf"), low - 1) if limit.maximum is None else (float("-inf"), float("inf"))


def _has_content(words: Iterable[str], nouns: set[str]) -> bool:
    return any(
        word.folded not in FUNCTION_WORDS
        and word.folded not in nouns | NEGATORS | _JOINERS | DEGREES | _UNSEEN
        for word in split_words(" ".join(words))
    )
