"""What an utterance states, once courtesies and questions are read off: items and wishes.

Taking back, ratings and short replies come first, then what is left is read as a wish, a
refinement of one, or a judgement, and brings the state up to date.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from recommender.dialogue import Act, DialogueState
from recommender.understanding.acts_heard import merged_acts
from recommender.understanding.elsewhere import ElsewhereReader
from recommender.understanding.item_acts import acts_of_items, with_verdicts
from recommender.understanding.lexicon import Lexicon
from recommender.understanding.limits_kept import with_limits
from recommender.understanding.merging import validated
from recommender.understanding.people_meant import name_people
from recommender.understanding.rated_items import RatedItems
from recommender.understanding.reader import Reader
from recommender.understanding.reading import Reading
from recommender.understanding.references import read_references
from recommender.understanding.remarks import WISHING, Remarks
from recommender.understanding.short_replies import ShortReplies
from recommender.understanding.taking_back import take_back, unseen
from recommender.understanding.turn_read import TurnRead
from recommender.understanding.update import (
    is_refinement,
    with_items,
    with_wishes,
    without_opinions,
)
from retrieval.catalog import Kind, fold

# What stands before is taken back: "a comedy. No wait, a drama".
_CORRECTION = re.compile(
    r"[,.;]? ?\b(?:(?:no|oh|um|hmm|actually)[, ]+wait|wait,? (?:no|actually)|scratch that|no,? (?:make (?:that|it)|rather|actually)|"
    r"(?:or |actually,? )?make that|or (?:rather|actually)|on second thoughts?|i mean)\b[ ,.:;!-]+(?=\w)"
    r"|[,.;]+ (?:er+|uh+|um+|sorry|oops)[, ]+(?=\w)|[,.;]+ no,? (?=(?:in|a|an|the|from|make|something|rather)\b(?! (?:first|second|third|last)\b))",
    re.IGNORECASE,
)
_LEADING = re.compile(
    r"^(?:(?:on (?:second thoughts?|reflection),? )|(?:(?:h+m+|er+|uh+|um+|ugh)\b[ ,.!]*)|(?:(?:oh|ooh|ah|ugh|sorry|(?:just |only )?(?:kidding|joking)|jk|lol|haha|well|right|tbh|nice|cool|great|"
    r"fair enough|i see|oh go on then|go on then|alright|ok|okay|yes|yeah|sure|perfect|awesome)[,.!]+ ))+(?=\w)",
    re.IGNORECASE,
)
_WISHED_ANEW = re.compile(r"(?:i'd like|i want|i fancy|i need|find me|give me|show me)\b")
_SUBJECTS = frozenset(
    {
        "i",
        "i'll",
        "i'm",
        "i've",
        "we",
        "we'll",
        "we're",
        "he",
        "she",
        "they",
        "it",
        "it's",
        "that's",
    }
)
_LIKENED = re.compile(r"\b(?:like|similar to|of)\s*$")


class StatementReader:
    """Reads statements in the words of one catalog."""

    def __init__(self, lexicon: Lexicon, reader: Reader, elsewhere: ElsewhereReader) -> None:
        self._catalog = lexicon.catalog
        self._lexicon = lexicon
        self._reader = reader
        self._elsewhere = elsewhere
        self._short = ShortReplies(lexicon.catalog)
        self._rated = RatedItems(lexicon, reader)
        self._remarks = Remarks(lexicon)

    def read(self, turn: TurnRead, text: str) -> None:
        spoken = text.lower().strip()
        if self._short.read_whole(turn, spoken):
            return
        lost = self._elsewhere.is_question_of_world(text) or self._elsewhere.is_mishap(text)
        if not turn.questions and lost:
            turn.does(Act.OFF_TOPIC)
            return
        text = self._read_taking_back(turn, _LEADING.sub("", text) or text)
        if not text:
            return
        named = name_people(text, turn.state, self._catalog)
        spoken_of_people = named != text
        text = named
        text = self._rated.read(turn, text)
        text = self._short.read_beside(turn, text)
        if not text.strip(" ,.;:!?-"):
            return
        *before, text = _parts_of_correction(text)
        first: Act | None = None
        for part in before:  # read for what the correction leaves as it is: language, year
            first = first or self._step(turn, part, corrected=True)
            turn.state = replace(turn.state, wish=())
        anew = re.match(r"(?:what|how) about\b", text.lower())
        spoken_of_people = spoken_of_people and not _WISHED_ANEW.match(text.lower())
        refining = bool(before) or spoken_of_people or (bool(turn.lifted) and not anew)
        if turn.lifted and anew:  # "drop her again. What about football?"
            first = first or Act.ASK
        self._step(turn, text, refining=refining, said_as=first)

    def _read_taking_back(self, turn: TurnRead, text: str) -> str:
        """Reads what is taken back, in a sentence of its own or as a whole; gives the rest."""
        pieces = [p for p in re.split(r"(?<=[.!?;])\s+", text) if p.strip()]
        rest = []
        for piece in pieces:
            taken = take_back(
                name_people(piece, turn.state, self._catalog),
                turn.session,
                turn.state,
                self._catalog,
            )
            if taken is None:
                rest.append(piece)
                continue
            turn.state, turn.went_back = taken.state, taken.turn
            turn.lifted, turn.taken_back = (
                (*turn.lifted, *taken.limits),
                (*turn.taken_back, *taken.words),
            )
            if taken.words or not taken.rest:
                turn.does(Act.UNDO)
            rest += [taken.rest] if taken.rest and not self._is_reason(taken.rest) else []
        return " ".join(rest)

    def _is_reason(self, text: str) -> bool:
        """Whether a clause only says why something is taken back: "I shall use a cushion"."""
        words = fold(text).split()
        if words[0] not in _SUBJECTS or set(words) & WISHING:
            return False
        return not self._reader.read(text).names_values

    def _step(
        self, turn: TurnRead, text: str, refining: bool = False, corrected: bool = False,
        said_as: Act | None = None,
    ) -> Act:  # fmt: skip
        """Brings the state up to date with a text that says something new; gives what it does.

        With `said_as` it goes by that act, whatever it does to what stands.
        """
        spoken = text.lower().strip()
        state = turn.state
        pointed = read_references(text, state, self._lexicon)
        named = [one for one in pointed if not (one.bare and _LIKENED.search(spoken[: one.start]))]
        if len(named) < len(pointed) and self._reader.read(text, named).items:
            pointed = named  # "Gravity was great, more like that"
        reading = self._reader.read(text, pointed)
        reading.items = with_verdicts(reading.items, spoken)
        reading = without_opinions(
            self._remarks.without(text, reading, lambda part: self._read_part(part, state))
        )
        reading = validated(reading, turn.heard, self._reader, self._lexicon)
        surprised = Act.SURPRISE in turn.acts
        acts = acts_of_items(text, reading, self._catalog)
        refines = (
            refining
            or is_refinement(spoken, reading, state, set(self._catalog.all_nouns))
            or Act.CRITIQUE in acts
            or surprised
        )
        act = Act.REFINE if refines else Act.ASK
        act, *acts_heard = merged_acts((act,), turn.heard, reading, state)
        if unseen(text):
            known = {i for item in reading.items for i in item.ids}
            state = replace(state, seen=tuple(m for m in state.seen if m.item_id not in known))
        state = with_items(state, reading, turn.number, self._catalog)
        says = bool(reading.wish) or reading.names_values
        liked = any(item.liked for item in reading.items)
        if says or (liked and not state.choice and not refines):
            state = with_wishes(state, reading, turn.number, Act.REFINE if surprised else act)
        state = with_limits(state, reading, turn.number, act, spoken, self._lexicon)
        turn.state = self._with_people(state, reading)
        if corrected:
            return act
        turn.does(*acts)
        if says and not {Act.CRITIQUE, Act.MORE_LIKE_THIS, Act.SURPRISE} & set(turn.acts):
            turn.does(said_as or act)
        turn.does(*acts_heard)
        return act

    def _read_part(self, part: str, state: DialogueState) -> Reading:
        return self._reader.read(part, read_references(part, state, self._lexicon))

    def _with_people(self, state: DialogueState, reading: Reading) -> DialogueState:
        """The state with the persons that a reading speaks of."""
        kinds = {f.name for f in self._catalog.of_kind(Kind.PERSON)}
        names = [
            value for one in reading.limits if one.limit.fields and set(one.limit.fields) <= kinds
            for value in one.limit.values
        ] + [v for one in reading.leanings if one.field in kinds for v in one.values]  # fmt: skip
        return replace(state, people=tuple(dict.fromkeys(names))) if names else state


def _parts_of_correction(text: str) -> Sequence[str]:
    return [part for part in _CORRECTION.split(text) if part.strip(" ,.;:!-?")] or [text]
