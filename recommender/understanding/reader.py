"""Reads one utterance: items, limits, leanings, tastes and circumstances, each with its words.

Deterministic and without a model. Spans of words are claimed in an order (quoted or cued
titles, ranges, people, values), each word at most once; then every span gets a polarity
from the words before it in its clause. What is left over is the wish in the user's words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from recommender.understanding.lexicon import Lexicon, Match, Value
from recommender.understanding.ranges import read_ranges
from recommender.understanding.words import FUNCTION_WORDS, Word, singular, split_words
from retrieval.catalog import Kind
from retrieval.limits import Limit

_NEGATORS = frozenset(
    "no not without nothing never none nor neither don't dont doesn't didn't won't wouldn't isn't "
    "aren't can't cannot avoid avoiding except excluding exclude skip hate hates hated hating "
    "dislike disliked loathe sick tired bored anything-but minus ban non".split()
)
_NOT_NEGATING = (
    ("don't", "mind"), ("not", "only"), ("not", "just"), ("not", "bad"), ("no", "problem"),
    ("can't", "wait"), ("not", "sure"), ("no", "matter"), ("no", "idea"), ("not", "necessarily"),
    ("don't", "care"), ("no", "preference"), ("why", "not"), ("can't", "decide"), ("don't", "know"),
)  # fmt: skip
_LIKED = frozenset(
    "love loved loves adore adored like liked likes enjoy enjoyed favourite favorite favourites "
    "favorites fan similar reminiscent resembling resembles vein style spirit alike recall".split()
)
_SEEN = frozenset("seen saw watched watching rewatched already".split())
_DISLIKED = frozenset("hate hated disliked loathe loathed boring awful bored terrible".split())
_CUES = _LIKED | _SEEN | _DISLIKED | frozenset({"than", "as", "to", "of", "not", "except", "about"})
_TITLE_CUES = _LIKED | _SEEN | _DISLIKED | frozenset({"than", "except", "reminds"})
_TASTE = re.compile(
    r"\bi(?:'m| am)? (?:(?:usually|always|really|generally|normally|mostly|also|just|do|absolutely|"
    r"kind of|tend to|quite) )*(?:like|love|enjoy|prefer|adore|into|a (?:big |huge )?fan of|"
    r"a sucker for)\b|\bmy favou?rite (?!is to)|\bfan of\b"
)
_NOT_TASTE = re.compile(r"\b(?:i'd|i would|would|we'd|something|anything|films?|movies?|one) (?:really )?(?:like|love|enjoy|prefer)")
_JOINERS = frozenset({"or", "and", "nor", "any", "either"})
# A category word before one of these is the thing asked for, not a part of the story.
_CLOSERS = frozenset(
    "from with in about under before after of set that which where by for starring directed or and "
    "but please instead only then now tonight too not no without made please is are i we over "
    "featuring like similar between since until at less more than shorter longer you to on as maybe perhaps though if possibly ideally preferably".split()
)
_THEME_OPENERS = frozenset("about".split())
_CONTEXT = {
    "company": r"\b(?:with|for) (?:my |our |the |some |a |an )?(?:whole |little |young |old |\d+[- ]year[- ]old )*(?:kids?|children|family|parents?|mum|mom|mother|dad|father|girlfriend|boyfriend|wife|husband|partner|friends?|grandma|grandpa|grandparents?|grandmother|grandfather|son|daughter|brother|sister|nephew|niece|toddlers?|teenagers?|teens|roommates?|colleagues?|class|students)\b(?:,? (?:who|aged?) [^,.;]{1,20})?",
    "occasion": r"\b(?:date night|family night|movie night|film night|girls'? night|christmas(?: eve| day)?|halloween|thanksgiving|new year'?s(?: eve)?|birthday|sleepover|rainy (?:day|sunday|afternoon|evening)|sick day|long flight|valentine'?s(?: day)?)\b",
    "time": r"\b(?:tonight|this (?:evening|weekend|afternoon)|after work|before bed|late at night|(?:on )?(?:a )?(?:lazy |quiet )?(?:sunday|saturday|friday)(?: night| afternoon| evening| morning)?)\b",
    "mood": r"\b(?:i'm|i am|i feel|i'm feeling|feeling|we're|we are) (?:a bit |so |very |really |pretty |kind of )?(?:tired|sad|stressed|bored|lonely|heartbroken|happy|down|depressed|anxious|exhausted|melancholic|homesick|ill|sick|blue|nostalgic)\b",
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
    limit: Limit
    words: str


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
    fragment: bool = False  # values and no sentence around them: "french maybe"


@dataclass
class _Span:
    first: int
    last: int
    what: object  # tuple of ids, Limit, dict of people, or Match
    removed: bool = False  # its words are no part of the wish
    start: int = -1  # first word with cue or negator, for removal


class Reader:
    """Reads utterances in the words of one catalog."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        catalog = lexicon.catalog
        self._prose = tuple(f.name for f in catalog.of_kind(Kind.TEXT))
        self._keywords = tuple(f.name for f in catalog.of_kind(Kind.KEYWORD))

    def read(self, text: str) -> Reading:
        """Read a cleaned utterance (see `words.clean`)."""
        return _Pass(self._lexicon, text, self._keywords, self._prose).run()


class _Pass:
    """The reading of one utterance, step by step."""

    def __init__(
        self, lexicon: Lexicon, text: str, keywords: tuple[str, ...], prose: tuple[str, ...]
    ) -> None:
        self.lexicon = lexicon
        self.text = text
        self.words = split_words(text)
        self.taken = [False] * len(self.words)
        self.spans: list[_Span] = []
        self.reading = Reading(text)
        self.keywords = keywords
        self.prose = prose
        self.drop: set[int] = set()  # words that are no part of the wish

    def run(self) -> Reading:
        self._claim_titles()
        self._claim_ranges()
        self._claim_people()
        self._claim_values()
        self.spans.sort(key=lambda span: span.first)
        polarities = self._polarities()
        for span, negated in zip(self.spans, polarities, strict=True):
            if negated is not None:
                self._interpret(span, negated)
        self._read_negated_rest()
        self._read_context()
        self.reading.wish = self._rest()
        self.reading.fragment = bool(self.spans) and not any(
            word.folded in ("a", "an", "some", "any") or word.folded in self.lexicon.nouns
            for word, taken in zip(self.words, self.taken, strict=True)
            if not taken
        ) and all(
            taken or word.folded in FUNCTION_WORDS | _CLOSERS
            for word, taken in zip(self.words, self.taken, strict=True)
        )
        return self.reading

    # --- claiming -------------------------------------------------------------------

    def _claim(self, first: int, last: int, what: object) -> bool:
        if any(self.taken[first:last]):
            return False
        self.taken[first:last] = [True] * (last - first)
        self.spans.append(_Span(first, last, what))
        return True

    def _claim_titles(self) -> None:
        for first, last, ids in self.lexicon.titles(self.words):
            if not any(self.taken[first:last]) and self._title_is_meant(first, last):
                self._claim_title(first, last, ids)
        for place in range(1, len(self.words)):
            cue = self.words[place - 1]
            if cue.folded not in _TITLE_CUES and not (
                cue.folded == "to" and place > 1 and self.words[place - 2].folded == "similar"
            ):
                continue
            free = self._free_run(place)
            if not free or self.words[place].folded in FUNCTION_WORDS - {"the", "a", "an", "my"}:
                continue
            if not self._reads_like_title(place):
                continue
            # A slip in the article ("teh matrx") must not hide the title behind it.
            for skip in (0, 1) if free > 1 and len(self.words[place].folded) <= 3 else (0,):
                found = self.lexicon.title_with_typo(self.words[place + skip : place + free])
                if found:
                    self._claim_title(place, place + skip + found[0], found[1])
                    break

    def _claim_title(self, first: int, last: int, ids: tuple[str, ...]) -> None:
        # A year behind a title tells films of one name apart and is no limit.
        if last < len(self.words) and re.fullmatch(r"(1[89]|20)\d\d", self.words[last].folded):
            year = float(self.words[last].folded)
            catalog = self.lexicon.catalog
            same = tuple(i for i in ids if catalog[i].numbers.get("year") == year)
            if same:
                ids, last = same, last + 1
        self._claim(first, last, ids)

    def _free_run(self, place: int) -> int:
        count = 0
        while place + count < len(self.words) and not self.taken[place + count]:
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

    def _title_is_meant(self, first: int, last: int) -> bool:
        span = self.words[first:last]
        content = [w for w in span if w.folded not in FUNCTION_WORDS]
        if self._quoted(span[0].start, span[-1].end):
            return True
        if any(word.opens_clause for word in span[1:]) and len(span) < 3:
            return False
        if len(content) >= 3 or (len(span) >= 4 and content):
            return True
        whole = first == 0 and last == len(self.words)
        cue = self._cue_before(first)
        closed = last == len(self.words) or self.words[last].opens_clause or (
            self.words[last].folded in ("and", "but", "or", "with", "yesterday", "already", "so",
                                        "please", "too", "recently", "is", "was", "again", "that",
                                        "in", "from", "by", "very", "because", "which", "where")
            or re.fullmatch(r"(1[89]|20)\d\d", self.words[last].folded) is not None
        )  # fmt: skip
        if whole:
            return bool(content) or all(w.capitalised for w in span)
        shouted = self.text.upper() == self.text
        proper = all(w.capitalised for w in content) and not shouted and bool(content)
        if all(w.folded.isdigit() for w in span):
            return cue and closed
        if cue and closed and (content or proper):
            # "like horror" names a genre, "like Horror Express" a film.
            return proper or not self._is_plain_value(span)
        if not proper:
            return False
        if first == 0 or span[0].opens_clause:
            # The capital may only mark the sentence.
            return len(content) >= 2 or (closed and not self._is_plain_value(span))
        return closed or len(content) >= 2

    def _is_plain_value(self, span: list[Word]) -> bool:
        return any(m.last - m.first == len(span) for m in self.lexicon.values(span)) or all(
            word.folded in self.lexicon.nouns for word in span
        )

    def _cue_before(self, first: int) -> bool:
        """Whether a word that introduces a title stands before, across "and" and an article."""
        place = first - 1
        while place >= 0 and not self.words[place + 1].opens_clause:
            word = self.words[place]
            if word.folded in _TITLE_CUES:
                return not (word.folded == "like" and self._is_wishing(place))
            if word.folded in ("to", "of") and place and self.words[place - 1].folded in _TITLE_CUES:
                return True
            if word.folded not in ("and", "or", "the", "a", "an", "film", "movie", "also", "both"):
                if not self.taken[place]:
                    return False
            place -= 1
        # A list after a cue: "I loved Alien, Heat and Her".
        return place >= 0 and self.taken[place] and any(
            span.last == place + 1 and isinstance(span.what, tuple) for span in self.spans
        )  # fmt: skip

    def _is_wishing(self, place: int) -> bool:
        return place > 0 and self.words[place - 1].folded in ("i'd", "would", "we'd", "you", "feel")

    def _quoted(self, start: int, end: int) -> bool:
        before, after = self.text[:start].rstrip(), self.text[end:].lstrip(" ?!.,")
        return before[-1:] in ('"', "“", "«", "‘", "*", "_") and after[:1] in (
            '"', "”", "»", "’", "*", "_",
        )  # fmt: skip

    def _claim_ranges(self) -> None:
        for found in read_ranges(self.text, self.lexicon.catalog):
            inside = [n for n, w in enumerate(self.words) if w.start < found.end and w.end > found.start]
            if inside and not any(self.taken[n] for n in inside):
                self._claim(inside[0], inside[-1] + 1, found.limit)

    def _claim_people(self) -> None:
        for first, last, found in self.lexicon.people(self.words):
            self._claim(first, last, found)

    def _claim_values(self) -> None:
        for match in self.lexicon.values(self.words):
            span = self.words[match.first : match.last]
            if any(word.opens_clause for word in span[1:]):
                continue
            if len(span) == 1 and span[0].folded in FUNCTION_WORDS:
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
            elif previous is not None and result[-1] and self._joined(previous, span, n):
                span.start = previous.last
                result.append(True)
            elif previous is not None and result[-1] is not False and self._completes(previous, span):
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
            pair = (word.folded, self.words[place + 1].folded) if place + 1 < len(self.words) else ()
            if word.folded in ("but", "just", "only", "rather", "instead") and not (
                word.folded == "but" and place and self.words[place - 1].folded in ("anything", "nothing")
            ):  # fmt: skip
                if word.folded != "only" or steps:
                    return None
            if word.folded == "but":
                return place - 1 if self.words[place - 1].folded == "anything" else None
            if word.folded in _NEGATORS and pair not in _NOT_NEGATING:
                while place > 0 and not self.words[place].opens_clause and (
                    self.words[place - 1].folded in ("i", "we", "please", "do", "really", "but", "and")
                ):  # fmt: skip
                    place -= 1
                return place
            if (word.folded, self.words[place + 1].folded) in (("other", "than"), ("apart", "from")):
                return place
            if word.opens_clause:
                return None
            place -= 1
            steps += 1
        return None

    def _completes(self, previous: _Span, span: _Span) -> bool:
        """Whether two spans are one noun phrase of categories: "romantic comedy"."""
        return (
            span.first == previous.last
            and not self.words[span.first].opens_clause
            and isinstance(previous.what, Match)
            and isinstance(span.what, Match)
        )

    def _joined(self, previous: _Span, span: _Span, n: int) -> bool:
        """Whether a span goes on a negated list: "no horror, war or romance"."""
        between = self.words[previous.last : span.first]
        if any(word.folded not in _JOINERS for word in between):
            return False
        if between:
            return not (between[0].opens_clause and between[0].folded == "and")
        if span.first == previous.last and not self.words[span.first].opens_clause:
            return False
        following = self.words[span.last] if span.last < len(self.words) else None
        return following is None or following.folded in _JOINERS or following.opens_clause

    # --- interpretation -------------------------------------------------------------

    def _interpret(self, span: _Span, negated: bool) -> None:
        if isinstance(span.what, Match):
            self._interpret_match(span, span.what, negated)
        elif isinstance(span.what, Limit):
            limit = span.what
            if negated:
                limit = Limit(limit.fields, (), limit.minimum, limit.maximum, negated=True)
            self._add_limit(limit, span)
        elif isinstance(span.what, dict):
            self._interpret_person(span, span.what, negated)
        elif isinstance(span.what, tuple):
            self._interpret_item(span, span.what, negated)

    def _interpret_item(self, span: _Span, ids: tuple[str, ...], negated: bool) -> None:
        clause = self._clause_before(span.first)
        behind = [word.folded for word in self.words[span.last : span.last + 4]]
        seen = any(w in _SEEN for w in clause) or "already" in behind
        liked = any(w in _LIKED for w in clause) or (not seen and not negated)
        disliked = negated or any(w in _DISLIKED for w in (*clause, *behind))
        if disliked and seen and not any(w in _DISLIKED for w in clause) and negated:
            # "I haven't seen Alien" says nothing against it.
            disliked = not any(w.startswith(("haven't", "never", "hasn't")) for w in clause)
        self.reading.items.append(
            ItemRead(ids, liked and not disliked, disliked, seen, self._words(span))
        )
        first = span.first
        while first > 0 and not self.words[first].opens_clause and (
            self.words[first - 1].folded in FUNCTION_WORDS | _CUES | _NEGATORS
        ):  # fmt: skip
            first -= 1
        self.drop.update(range(first, span.last))

    def _interpret_person(self, span: _Span, found: dict[str, set[str]], negated: bool) -> None:
        role = self.lexicon.role_before(self.words, span.first)
        fields = tuple(found)
        start = span.first
        if role:
            start = role[1]
            if role[0] in found:
                fields = (role[0],)
        values = tuple(sorted(set().union(*(found[name] for name in fields))))
        before = self.words[start - 1].folded if start else ""
        if before in ("like", "style", "similar") or self._in_taste(span.first):
            for name in fields:
                self._lean(name, tuple(sorted(found[name])), span)
            return
        span.start = min(span.start, start)
        limit = Limit(fields, values, negated=negated)
        if self._widens_last(limit, span):
            self.drop.update(range(span.start, span.last))
        else:
            self._add_limit(limit, span)

    def _interpret_match(self, span: _Span, match: Match, negated: bool) -> None:
        opposite = next((v for v in match.meanings if v.opposite), None)
        hard = [v for v in match.meanings if not v.hint and v.kind is Kind.CATEGORY and not v.opposite]
        ranged = next((v for v in match.meanings if v.limit is not None), None)
        soft = [v for v in match.meanings if v.hint]
        comparison = next((v for v in match.meanings if v.direction), None)
        taste = self._in_taste(span.first)
        if comparison is not None:
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
        elif hard and (
            self._asked_for(span) or not all(v.bare_adjective for v in hard)
        ):
            for value in hard:
                if value.field == hard[0].field:
                    self._demand(span, value)
            for value in soft:
                self._lean(value.field, value.values, span)
        elif ranged is not None and ranged.limit is not None and self._asked_for(span):
            limit = ranged.limit
            if negated:
                limit = Limit(limit.fields, (), limit.minimum, limit.maximum, negated=True)
            self._add_limit(limit, span)
        else:
            for value in (*soft, *hard):
                self._lean(value.field, value.values, span)

    def _demand(self, span: _Span, value: Value) -> None:
        limit = Limit((value.field,), value.values)
        if not self._widens_last(limit, span):
            self.reading.limits.append(LimitRead(limit, self._words(span)))

    def _widens_last(self, limit: Limit, span: _Span) -> bool:
        """Joins a limit to the one before it where "or" stands between them."""
        last = self.reading.limits[-1] if self.reading.limits else None
        if last is None or not self._is_alternative(span):
            return False
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
        self.reading.limits[-1] = LimitRead(merged, f"{last.words} or {self._words(span)}")
        return True

    def _is_alternative(self, span: _Span) -> bool:
        """Whether "or" joins this span to the limit before it."""
        place = span.first - 1
        while place >= 0 and self.words[place].folded in ("a", "an", "either", "maybe", "some"):
            place -= 1
        return place >= 0 and self.words[place].folded == "or"

    def _rule_out(self, span: _Span, hard: list[Value], soft: list[Value]) -> None:
        """A negated value. A hint for a category rules the category out, a keyword its words."""
        before = {w.folded for w in self.words[span.start : span.first]}
        # "no zombies" is about zombies, "nothing scary" about a kind of film.
        thing = not hard and bool(before & {"no", "without", "with", "too", "any"})
        categories = [v for v in hard or soft if v.kind is Kind.CATEGORY]
        if categories and not thing:
            value = categories[0]
            if not hard:
                # "nothing scary" leans on several categories; the first is the plainest.
                value = Value(value.field, value.kind, value.values[:1])
            self._add_limit(Limit((value.field,), value.values, negated=True), span)
        else:
            self._rule_out_word(span)

    def _rule_out_word(self, span: _Span) -> None:
        """Items that speak of a word, in a keyword or in their prose, are ruled out."""
        phrase = " ".join(word.folded for word in self.words[span.first : span.last])
        stems = [" ".join((*phrase.split()[:-1], singular(phrase.split()[-1])))]
        if phrase.endswith("ies"):
            stems.append(phrase.removesuffix("s"))  # "zombies" are not "zomby"
        catalog = self.lexicon.catalog
        values = list(stems)
        for name in self.keywords:
            for folded, spelled in catalog.vocabulary.get(name, {}).items():
                if any(f" {stem}" in f" {folded}" for stem in stems):
                    values += spelled
        fields = (*self.keywords, *self.prose)
        if fields:
            limit = Limit(fields, tuple(dict.fromkeys(values)), negated=True)
            self._add_limit(limit, span)

    def _read_negated_rest(self) -> None:
        """Negated words that the lexicon lacks: "no clowns" still rules clowns out."""
        for place, word in enumerate(self.words[:-1]):
            if word.folded not in ("no", "without", "nothing", "not"):
                continue
            degree = self.words[place + 1].folded in ("too", "very", "so", "overly", "remotely")
            at = place + 1 + degree
            if at >= len(self.words) or self.taken[at] or (word.folded == "not" and not degree):
                continue
            target = self.words[at]
            if target.opens_clause or target.folded in FUNCTION_WORDS or (
                word.folded, target.folded) in _NOT_NEGATING or place in self.drop:  # fmt: skip
                continue
            if target.folded in self.lexicon.nouns or len(target.folded) < 4:
                continue
            if at + 1 < len(self.words) and not self.words[at + 1].opens_clause and (
                self.words[at + 1].folded not in _CLOSERS):  # fmt: skip
                continue
            span = _Span(at, at + 1, None, start=place)
            self._rule_out_word(span)

    def _asked_for(self, span: _Span) -> bool:
        """Whether a bare value is what is asked for, and not a part of a story.

        "a French comedy" asks for both; "about the French Revolution" and "a war veteran"
        ask for neither.
        """
        opener = span.first - 1
        while opener >= 0 and self.words[opener].folded in ("the", "a", "an"):
            opener -= 1
        if opener >= 0 and self.words[opener].folded in _THEME_OPENERS:
            return False
        if span.last >= len(self.words):
            return True
        following = self.words[span.last]
        return (
            following.opens_clause
            or following.folded in self.lexicon.nouns
            or following.folded in _CLOSERS
            or following.folded in ("language", "speaking", "spoken", "style", "era")
            or self.taken[span.last]
            or self._begins_value(span.last)
        )

    def _begins_value(self, place: int) -> bool:
        return self.taken[place] or bool(re.fullmatch(r"\d+.*", self.words[place].folded))

    # --- small parts ----------------------------------------------------------------

    def _add_limit(self, limit: Limit, span: _Span) -> None:
        start = span.start if span.start >= 0 else span.first
        words = self.text[self.words[start].start : self.words[span.last - 1].end]
        self.reading.limits.append(LimitRead(limit, words))
        if limit.negated or not limit.values or set(limit.fields) & {
            f.name for f in self.lexicon.catalog.of_kind(Kind.PERSON)
        }:  # fmt: skip
            self.drop.update(range(start, span.last))

    def _lean(self, name: str, values: tuple[str, ...], span: _Span) -> None:
        read = LeaningRead(name, values, self._words(span))
        (self.reading.taste_leanings if self._in_taste(span.first) else self.reading.leanings).append(read)

    def _words(self, span: _Span) -> str:
        return self.text[self.words[span.first].start : self.words[span.last - 1].end]

    def _clause_bounds(self, place: int) -> tuple[int, int]:
        first = place
        while first > 0 and not self.words[first].opens_clause and self.words[first].folded != "but":
            first -= 1
        last = place + 1
        while last < len(self.words) and not self.words[last].opens_clause and (
            self.words[last].folded != "but"
        ):  # fmt: skip
            last += 1
        return first, last

    def _clause_before(self, place: int) -> list[str]:
        first, _ = self._clause_bounds(place)
        # A list of titles belongs to the verb before its first one.
        while first > 0 and self.words[first].opens_clause and self.taken[first] and self.taken[first - 1]:
            first, _ = self._clause_bounds(first - 1)
        return [word.folded for word in self.words[first:place]]

    def _in_taste(self, place: int) -> bool:
        first, last = self._clause_bounds(place)
        clause = self.text[self.words[first].start : self.words[last - 1].end].lower()
        return bool(_TASTE.search(clause)) and not _NOT_TASTE.search(clause)

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
        wish = re.sub(r"\s+", " ", _FILLER.sub(" ", wish.strip())).strip(" ,.;:-")
        return wish if _has_content(wish.split(), self.lexicon.nouns) else ""

    def _joined_text(self, kept: list[Word]) -> str:
        parts: list[str] = []
        for n, word in enumerate(kept):
            near = n and self.text[kept[n - 1].end : word.start] in (" ", "-")
            if n and not near:
                parts.append(", " if word.opens_clause else " ")
            elif n:
                parts.append(self.text[kept[n - 1].end : word.start])
            parts.append(word.text)
        return "".join(parts)


def _has_content(words: Iterable[str], nouns: set[str]) -> bool:
    return any(
        word.folded not in FUNCTION_WORDS and word.folded not in nouns | _NEGATORS | _JOINERS
        for word in split_words(" ".join(words))
    )
