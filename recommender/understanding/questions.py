"""Questions about items: of a field, whether something holds, how two differ, why a pick.

Which phrases ask for which field is said by the catalog (`Field.asks`, labels); what a
yes-or-no question asks for is read like a limit. Wishes put as questions are left alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from recommender.dialogue import Act, DialogueState
from recommender.understanding.lexicon import Lexicon
from recommender.understanding.nouns import pattern_of
from recommender.understanding.question_fields import (
    field_of,
    is_any_good,
    is_label_alone,
    superlative,
    without_frame,
)
from recommender.understanding.reader import Reader
from recommender.understanding.reading import Reading
from recommender.understanding.references import pronoun_item, read_references
from recommender.understanding.telling_apart import direction_of
from recommender.understanding.words import FUNCTION_WORDS, split_words
from retrieval.catalog import Field, Kind
from retrieval.limits import Limit

_LEAD = r"^(?:(?:and|so|but|ok(?:ay)?|well|hmm+|oh|wait|also|btw|by the way|tell me(?= (?:who|what|when|how|why|which|if|whether)\b)|do you know|can you tell me|could you tell me|any idea|remind me|i wonder|just curious)\b[ ,:-]*)*"
_WH = r"(?:who|whose|what|what's|whats|which|when|where|how|who's|whos|how's|when's|where's)"
_AUX = r"(?:is|isn't|isnt|was|wasn't|are|were|does|doesn't|did|didn't|has|have|do|will|would)"
# Questions that wish for something, or ask the recommender to change it.
_WISH = (
    r"\b(?:should (?:i|we)|could (?:i|we|you|it)|can (?:i|we|you|it)|would you|do you have|have you got|"
    r"you got|is there (?:a|an|any|some|one)|are there|else|recommend(?!ed)|to (?:watch|see|read|play)|"
    r"something|anything|any good|(?:a|some|any|good|best) [\w' -]*?\b{nouns}\b|what about something|how about (?:a|an|some|one)\b)"
)
_OF_WISH = re.compile(
    r"^(?: (?:a|an|some|any|good|best|should|could|would|recommend|to watch|the best)\b)"
)
# "Whats it about" is spelt as it should be.
_SHORT = re.compile(r"\b(what|who|how|when|where)s\b")
# "When did Heat come out?", "how long does Heat go on for?"
_CLOSING_VERB = re.compile(
    r"\b(?:(?:come|came) out|(?:get|got|been|first|originally) (?:released|published|made)|released|published|made|"
    r"go on(?: for)?|run(?: for)?|last|out|about|end up|win|cost)\W*$"
)
_ONES = re.compile(r"\bone['’]s\b(?= (?:from|by|in|with|the|got|more|a|an|\w+er)\b)")
_PREPOSED = re.compile(r"^(?:from|in|of|by|at|on|for|to|with) (?=(?:which|what|whom|whose) \w)")
# What may stand beside "the second" where that alone is asked about.
_BESIDE = re.compile(r"(?:\b(?:and|or|what|how|about|ok|okay|then|also|the|same|for|one)\b|\W)*")
# "And the third?" asks the last question again.
_AGAIN = re.compile(
    r"(?:and|what about|how about|and what about|same (?:question )?for|ok and)\b(?! (?:something|anything|a|an)\b)(?!.*\b(?:who|what|when|is|was|does|did|how|why|which|i|we|loved?|liked?|hated?|with)\b)[^?]*\?$"
)
# "What is a good western that is short?" asks for items.
_FOR_ONE = re.compile(
    r"(?:what|which|who|where)(?:'s| is| are|s)? (?:a|an|some|any|good|best|the best|other|more)\b"
)
_WHY = re.compile(
    _LEAD + r"(?:(?:why|how come)(?P<rest>\b.*)|(?:explain|justify)\b.*|what (?:makes|made) you (?:think|choose|say|pick|suggest)\b.*|"
    r"what(?:'s| is| was) (?:the|your) (?:reason|reasoning|logic)\b.*|on what grounds\b.*|.*\bwhy (?:did|do|would|have|are) you\b.*)$"
)  # fmt: skip
_OWN_CHOICE = re.compile(
    r"\byou\b|\b(?:pick|picked|suggest|suggested|suggestion|recommend|recommended|choose|chose|chosen|list|listed|here|shown|match|first|top|on top)\b"
)
_COMPARE = (
    r"\b(?:compare|comparison|compared|diff?e?rences?|differ|versus|vs\.?)\b|\bhow (?:do|does|is|are) .+ (?:compare|differ|different|stack up)\b|"
    r"\bwhich (?:one |of (?:them|these|those|the two|the three|the (?:first|last) two) |{nouns} )?(?:is|was|are|has|runs|came|would|do|should|did|lasts|looks|sounds)\b|"
    r"\bwhich (?:one )?(?:of|would|do|should)\b|\bwhat(?:'s| is) the \w+(?:est)\b(?: \w+)? of\b|\bwhich (?:one)?\??$"
)
_BARE_OR = re.compile(r"\bor\b")


@dataclass(frozen=True)
class Question:
    """What is asked of which items.

    `act` is QUESTION, COMPARE or WHY. `field` is the one asked for, "" where the catalog
    has none for it; `limits` are what a yes-or-no question, or "which of these", asks for,
    `leanings` the same as (field, value) pairs of which one would do; `direction` is +1 or
    -1 where the greatest or least of `field` is wanted. `words` are as asked.
    """

    act: Act
    item_ids: tuple[str, ...]
    field: str = ""
    limits: tuple[Limit, ...] = ()
    leanings: tuple[tuple[str, str], ...] = ()
    direction: int = 0
    words: str = ""
    yes_or_no: bool = False


class QuestionReader:
    """Reads questions in the words of one catalog."""

    def __init__(self, lexicon: Lexicon, reader: Reader) -> None:
        self._lexicon = lexicon
        self._reader = reader
        self._catalog = lexicon.catalog
        catalog = lexicon.catalog
        self._wish = pattern_of(_WISH, catalog)
        self._compare = pattern_of(_COMPARE, catalog)

    def read(self, text: str, state: DialogueState) -> Question | None:
        """The question that a text asks about items, or None."""
        text = without_frame(text)
        spoken = text.lower().strip()
        spoken = _ONES.sub("one is", _SHORT.sub(r"\1's", spoken))
        body = re.sub(_LEAD, "", spoken)
        body = _PREPOSED.sub("", body)
        asking = re.match(rf"(?:{_WH}|{_AUX}|why|explain|compare)\b", body) is not None
        if not (asking or spoken.rstrip().endswith("?") or self._opens_question(body)):
            return None
        if len(spoken) > 300 or _FOR_ONE.match(body):
            return None
        pointed = read_references(text, state, self._lexicon, asking=True)
        reading = self._reader.read(text, pointed)
        ids = tuple(dict.fromkeys(
            [i for one in pointed if not one.bare for i in one.item_ids]
            + [i for item in reading.items for i in _meant(item.ids, state)]
        ))  # fmt: skip
        again = self._again(text, ids, state)
        if again is not None:
            return again
        for question in (
            self._why(text, spoken, ids, state),
            self._comparison(text, spoken, ids, state),
            self._of_field(text, body, ids, state),
            self._yes_or_no(text, body, ids, state),
            self._by_label(text, body, ids, state),
            self._unknown(text, body, ids, state),
        ):
            if question is not None and all(map(self._catalog.knows, question.item_ids)):
                return question
        return None

    def _again(self, text: str, ids: tuple[str, ...], state: DialogueState) -> Question | None:
        spoken = text.lower().strip()
        if not ids or len(spoken.split()) > 9 or not (
            _AGAIN.match(spoken) or (state.asked and self._only_points(spoken, state))
        ):  # fmt: skip
            return None
        if not state.asked:
            if not set(ids) <= set(state.last_shown):
                return None  # "how about Casablanca?"
            prose = next((f.name for f in self._catalog.of_kind(Kind.TEXT)), "")
            return Question(Act.QUESTION, ids, prose, words=text) if prose else None
        before = self.read(state.asked, replace(state, asked=""))
        return replace(before, item_ids=ids) if before is not None else None

    def _only_points(self, spoken: str, state: DialogueState) -> bool:
        """Whether a question is nothing but a reference: "2nd?"."""
        left = spoken
        for one in reversed(read_references(spoken, state, self._lexicon, asking=True)):
            left = left[: one.start] + left[one.end :]
        return spoken.endswith("?") and bool(_BESIDE.fullmatch(left))

    def _opens_question(self, body: str) -> bool:
        return any(
            body.startswith(phrase) for f in self._catalog.fields.values() for phrase in f.asks
        ) or bool(
            re.match(r"(?:more about|tell me (?:more )?about|describe|compare|difference)\b", body)
        )

    # --- why --------------------------------------------------------------------------

    def _why(
        self, text: str, spoken: str, ids: tuple[str, ...], state: DialogueState
    ) -> Question | None:
        match = _WHY.match(spoken)
        if match is None or not (state.last_shown or ids):
            return None
        rest = (match["rest"] or "").strip(" ?!.")
        if rest.startswith("not"):
            return None  # "why not something newer?"
        if not ids and rest and not _OWN_CHOICE.search(rest):
            pronoun = pronoun_item(rest, state, self._catalog)
            if not pronoun or len(rest.split()) > 4:
                return None
            ids = (pronoun,)
        if not ids:
            pronoun = pronoun_item(rest, state, self._catalog)
            ids = (pronoun,) if pronoun else state.last_shown
        return Question(Act.WHY, ids, words=text)

    # --- two or more items --------------------------------------------------------------

    def _comparison(
        self, text: str, spoken: str, ids: tuple[str, ...], state: DialogueState
    ) -> Question | None:
        if re.match(r"(?:how|what) about\b", spoken):
            return None
        direction = self._direction(spoken)
        matched = self._compare.search(spoken)
        if direction and not matched and len(ids) < 2 and " than " in spoken:
            sides = (*self._capitalised(text), *self._opening(text), *self._named(text))
            ids = tuple(dict.fromkeys((*ids, *sides)))
        among = "which" in spoken or re.search(
            r"\bof (?:them|these|those|the (?:two|three))\b", spoken
        )
        if not matched and not (
            len(ids) > 1 and (direction or _BARE_OR.search(spoken) or " than " in spoken)
        ):
            return None
        if (
            len(ids) < 2
            and (matched or direction)
            and not re.search(r"\bof (?:them|these|those)\b", spoken)
        ):
            ids = tuple(dict.fromkeys((*ids, *self._capitalised(text))))
        if len(ids) == 1 and re.search(r"\b(?:it|that one|this one)\b", spoken):
            pronoun = pronoun_item(spoken, state, self._catalog)
            ids = (pronoun, *ids) if pronoun and pronoun not in ids else ids
        chosen = len(ids) > 1 and not (among and set(ids) == set(state.last_shown))
        act = Act.COMPARE if chosen else Act.QUESTION  # "which of these is in Russian?"
        if len(ids) < 2:
            if not among and not re.search(r"\b(?:them|these|those|two|three|picks|all)\b", spoken):
                return None
            pair = state.spoken_of if len(state.spoken_of) > 1 else state.last_shown
            if not state.asked and re.search(r"\b(?:which one|these|picks)\b", spoken):
                pair = state.last_shown  # what was spoken of before them is not asked about
            if re.search(r"\btwo\b", spoken) and len(pair) > 2:
                pair = pair[:2]
            ids = pair
        if len(ids) < 2 or (self._wish.search(spoken) and not matched):
            return None
        if direction is None and among and not re.search(r"\bcompare|differ", spoken):
            limits, leanings = self._asked(text, spoken)
            if limits or leanings:
                return Question(act, ids, limits=limits, leanings=leanings, words=text)
        f, sign = direction or (None, 0)
        return Question(Act.COMPARE, ids, f.name if f else "", direction=sign, words=text)

    def _direction(self, spoken: str) -> tuple[Field, int] | None:
        words = re.findall(r"[\w'-]+", spoken)
        for size in (3, 2, 1):
            for first in range(len(words) - size + 1):
                found = direction_of(" ".join(words[first : first + size]), self._catalog)
                if found:
                    return found
        return superlative(spoken, self._catalog)

    # --- one item -----------------------------------------------------------------------

    def _of_field(
        self, text: str, body: str, ids: tuple[str, ...], state: DialogueState
    ) -> Question | None:
        field, asking = self._field_asked(body)
        if field is None:
            return None
        behind = body[body.index(asking) + len(asking) :] if asking else body
        if _OF_WISH.match(behind) or (self._wish.search(body) and not ids):
            return None
        ids = ids or self._named(text) or self._pointed(behind or body, state)
        return Question(Act.QUESTION, ids, field.name, words=text) if ids else None

    def _field_asked(self, body: str) -> tuple[Field | None, str]:
        best: tuple[Field | None, str] = (None, "")
        for f in self._catalog.fields.values():
            for phrase in f.asks:
                # The longest phrase knows best: "what is the runtime" is not "what is".
                if re.match(rf"{re.escape(phrase)}(?!\w)", body) and len(phrase) > len(best[1]):
                    best = f, phrase
        if best[0] is not None and best[0].kind is not Kind.TEXT:
            return best
        if re.match(rf"(?:{_WH})\b", body):
            found = field_of(body, self._catalog)
            return (found, "") if found is not None else best
        return best

    def _capitalised(self, text: str) -> Iterator[str]:
        """Titles that stand capitalised in a comparison: "Heat or Casino"."""
        words, end = split_words(text), 0
        found = sorted(self._lexicon.titles(words), key=lambda one: (one[0], -one[1]))
        for first, last, ids in found:
            content = [w for w in words[first:last] if w.folded not in FUNCTION_WORDS]
            if first >= max(end, 1) and content and all(w.capitalised for w in content):
                end = last
                yield ids[-1]

    def _named(self, text: str) -> tuple[str, ...]:
        """A title that closes the question, or all but a word: "who directed heat?"."""
        text = re.sub(r"\b(?:then|though|tho|again|please|btw)\W*$", "", text)
        text = _CLOSING_VERB.sub("", text)
        words = split_words(text)
        for first, last, ids, _, _ in self._lexicon.misspelt_titles(words):
            if last == len(words) and first >= 2 and len(words[-1].folded) > 5:
                return (ids[-1],)
        for first, last, ids in self._lexicon.titles(words):
            plain = all(w.folded in FUNCTION_WORDS and not w.capitalised for w in words[first:last])
            if last == len(words) and first >= 2 and not plain:
                return (ids[-1],)  # of items of one name the latest
        return ()

    def _opening(self, text: str) -> tuple[str, ...]:
        """A title right behind the verb: "did casablanca make a profit?"."""
        words = split_words(text)
        for first, last, ids in self._lexicon.titles(words):
            unusual = all(w.capitalised for w in words[first:last]) or any(
                not self._lexicon.is_ordinary(w.folded) for w in words[first:last]
            )
            if first == 1 and unusual:
                return (ids[-1],)
        return ()

    def _somewhere(self, text: str) -> tuple[str, ...]:
        """A title of unusual words in a question: "how many oscars did parasite win"."""
        words = split_words(text)
        for first, last, ids in self._lexicon.titles(words):
            if first and not any(self._lexicon.is_ordinary(w.folded) for w in words[first:last]):
                return (ids[-1],)
        return ()

    def _pointed(self, spoken: str, state: DialogueState) -> tuple[str, ...]:
        found = pronoun_item(spoken, state, self._catalog)
        return (found,) if found else ()

    def _yes_or_no(
        self, text: str, body: str, ids: tuple[str, ...], state: DialogueState
    ) -> Question | None:
        denies = re.match(r"(?:isn'?t|wasn'?t|doesn'?t|didn'?t|do|will|would|have)\b", body)
        if denies and not body.rstrip().endswith("?"):
            return None  # "didn't care for it"
        if not re.match(rf"{_AUX}\b", body) or re.match(
            r"is (?:that|it) (?:all|it|everything)\b", body
        ):
            return None
        if re.match(
            r"(?:is it possible|do i|do we|are you|do you|have you|did you|will you|would you|is there (?!.*\bin (?:it|that|this)\b)|are there (?!.*\bin (?:it|that|this)\b))",
            body,
        ):
            return None
        ids = ids or self._named(text) or self._opening(text) or self._pointed(body, state)
        if not ids:
            return None
        limits, leanings = self._asked(text, body)
        return Question(
            Act.QUESTION, ids[:1], limits=limits, leanings=leanings, words=text, yes_or_no=True
        )

    def _asked(self, text: str, body: str) -> tuple[tuple[Limit, ...], tuple[tuple[str, str], ...]]:
        """What a yes-or-no question asks for, read as if it were wished for."""
        predicate = re.sub(
            r"\b(?:it|that|this|is|are|was|does|has|did|one|ones|which|of|them|these|those|the)\b",
            " ",
            re.sub(rf"^{_AUX}\b", "", body),
        )
        reading = self._reader.read(" ".join(predicate.strip(" ?!.").split()) or "x")
        limits = list(dict.fromkeys(one.limit for one in reading.limits))
        pairs = [(one.field, value) for one in reading.leanings for value in one.values]
        people = self._lexicon.people(split_words(text))
        if not any(set(one.fields) & self._person_fields for one in limits):
            for _, _, found in people:
                names = tuple(dict.fromkeys(n for values in found.values() for n in values))
                limits.append(Limit(tuple(found), names))
                break
        themed = None if limits or pairs else self._themed(reading)
        if themed is not None:
            limits.append(themed)
        return tuple(limits), tuple(dict.fromkeys(pairs))

    @property
    def _person_fields(self) -> set[str]:
        return {f.name for f in self._catalog.of_kind(Kind.PERSON)}

    def _themed(self, reading: Reading) -> Limit | None:
        """Words that are no value of the catalog, to be looked for in keywords and prose."""
        words = [w.singular for w in split_words(reading.wish) if w.folded not in FUNCTION_WORDS]
        fields = tuple(f.name for f in self._catalog.of_kind(Kind.KEYWORD, Kind.TEXT))
        return Limit(fields, tuple(words)) if words and fields and len(words) <= 3 else None

    def _by_label(
        self, text: str, body: str, ids: tuple[str, ...], state: DialogueState
    ) -> Question | None:
        """A question of a label and nothing else ("length?"), or for an opinion."""
        if not body.rstrip().endswith("?"):
            return None
        ids = ids or state.spoken_of[:1] or state.last_shown[:1]
        if ids and is_any_good(body):
            rated = next(
                (f for f in self._catalog.fields.values() if "better rated" in f.more), None
            )
            return Question(Act.QUESTION, ids[:1], rated.name if rated else "", words=text)
        f = is_label_alone(body, self._catalog, ("one", *self._lexicon.nouns))
        return Question(Act.QUESTION, ids[:1], f.name, words=text) if f and ids else None

    def _unknown(
        self, text: str, body: str, ids: tuple[str, ...], state: DialogueState
    ) -> Question | None:
        """A question about an item for which the catalog has no field."""
        if not re.match(rf"{_WH}\b", body) or self._wish.search(body):
            return None
        if re.match(r"(?:what about|how about)\b", body):
            return None
        pointed = ids or self._somewhere(text) or self._pointed(body, state)
        if not pointed or not (ids or len(body.split()) <= 12):
            return None
        return Question(Act.QUESTION, pointed[:1], words=text)


def _meant(ids: tuple[str, ...], state: DialogueState) -> tuple[str, ...]:
    """Of items of one title those that were shown or spoken of; else the last of them."""
    known = tuple(i for i in ids if i in state.last_shown or i in state.spoken_of)
    return known or ids[-1:]
