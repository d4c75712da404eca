"""From an utterance and the session to what was understood: acts, state, instruction, query.

One utterance may do several things: courtesies, a fresh start, questions and what is taken
back are read off first, each where it stands; what is left is read as a statement about
items and wishes. Deterministic and without a model.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from prompts.instruction import Aspects
from recommender.dialogue import Act, DialogueState, Session, StatedLimit
from recommender.understanding import talk
from recommender.understanding.aspects import aspects_of, query_of
from recommender.understanding.by_model import ModelReading
from recommender.understanding.choosing import ChoiceReader
from recommender.understanding.courtesies import CourtesyReader
from recommender.understanding.elsewhere import ElsewhereReader
from recommender.understanding.lexicon import Lexicon
from recommender.understanding.question_fields import without_frame
from recommender.understanding.questions import Question, QuestionReader
from recommender.understanding.reader import Reader
from recommender.understanding.references import Reference, read_references
from recommender.understanding.shorthand import written_out
from recommender.understanding.statement import StatementReader
from recommender.understanding.turn_read import TurnRead, parts_of
from recommender.understanding.words import clean, split_words
from retrieval.catalog import Catalog, Kind, fold
from retrieval.limits import Limit
from retrieval.retriever import Query

_TOPIC = re.compile(r"(?:(?:and|so|ok(?:ay)?|but),? )*(?:what|how) about\b", re.IGNORECASE)


@dataclass(frozen=True)
class Understanding:
    """What an utterance comes to.

    `lifted` holds the limits that it took back, `taken_back` all the words it did; `rated`
    the items it gave stars (1 to 5); `questions` what it asks about items. `read_by` says who
    read it: "rules", or "rules and model".
    """

    utterance: str
    acts: tuple[Act, ...]
    state: DialogueState
    aspects: Aspects
    query: Query
    lifted: tuple[StatedLimit, ...] = ()
    taken_back: tuple[str, ...] = ()
    questions: tuple[Question, ...] = ()
    rated: tuple[tuple[str, int], ...] = ()
    read_by: str = "rules"

    @property
    def asks_for_items(self) -> bool:
        """Whether the reply should hold picks."""
        talk_only = {
            Act.GREET, Act.THANK, Act.START_OVER, Act.OFF_TOPIC, Act.UNSAFE, Act.QUESTION,
            Act.COMPARE, Act.WHY,
        }  # fmt: skip
        return self.state.choice is None and not set(self.acts) <= talk_only


class Understander:
    """Understands utterances about one catalog. Holds no state of any visitor."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self._lexicon = Lexicon(catalog)
        self._reader = Reader(self._lexicon)
        self._questions = QuestionReader(self._lexicon, self._reader)
        self._courtesies = CourtesyReader(self._lexicon, self._reader)
        self._choices = ChoiceReader(self._lexicon)
        self._elsewhere = ElsewhereReader(self._lexicon, self._reader)
        self._statements = StatementReader(self._lexicon, self._reader, self._elsewhere)
        # No visitor waits for patterns to compile, or for the catalog to be counted.
        self.understand(Session(""), "a first reading")
        _ = catalog.common

    def understand(
        self, session: Session, utterance: str, heard: ModelReading | None = None
    ) -> Understanding:
        """Read an utterance as the next turn of a session. Raises `UtteranceError`.

        `heard` is what a language model reads in it; what of that holds is added.
        """
        text = clean(utterance)
        turn = TurnRead(session, session.turn + 1, session.state, [], [], heard or ModelReading())
        rest = self._read_around(turn, written_out(text))
        if rest:
            away, rest = self._elsewhere.take_out(rest, turn.state)
            turn.does(*([Act.OFF_TOPIC] if away else []))
        if rest:
            rest = self._read_questions(turn, rest)
        if rest:
            self._statements.read(turn, rest)
        return self._finish(text, turn)

    def _finish(self, text: str, turn: TurnRead) -> Understanding:
        state = turn.state
        if not turn.went_back:
            state = replace(state, stands_for=turn.number)
        asked = turn.questions[-1].words if turn.questions else ""
        state = replace(state, asked=asked)
        if not turn.acts:
            turn.does(Act.OFF_TOPIC)
        aspects = aspects_of(state, self.catalog)
        return Understanding(
            text, tuple(turn.acts), state, aspects, query_of(state, aspects, self.catalog), turn.lifted,
            turn.taken_back, tuple(turn.questions), turn.rated, turn.heard.read_by,
        )  # fmt: skip

    # --- around the wish ----------------------------------------------------------------

    def _read_around(self, turn: TurnRead, text: str) -> str:
        """Reads harm, courtesies and a fresh start; gives the text that is left."""
        if self._elsewhere.is_unsafe(text):
            turn.does(Act.UNSAFE)
            return ""
        acts, rest = self._courtesies.take_out(text)
        turn.does(*acts)
        if not rest:
            return ""
        fresh, rest = talk.without_fresh_start(rest)
        if fresh:
            turn.does(Act.START_OVER)
            turn.state = DialogueState(began=turn.number)
            if len(rest.split()) < 2:
                return ""
        return self._choices.read(turn, rest)

    # --- questions ----------------------------------------------------------------------

    def _read_questions(self, turn: TurnRead, text: str) -> str:
        """Reads questions about items, wherever they stand; gives the text without them."""
        text = without_frame(text)
        pieces = parts_of(text)
        whole = self._questions.read(text, turn.state) if len(pieces) < 2 or "," in text else None
        if whole is not None and (len(pieces) < 2 or whole.act is not Act.QUESTION):
            self._ask(turn, whole)
            return ""
        rest = []
        for n, piece in enumerate(pieces if len(pieces) > 1 else ()):
            question = self._questions.read(piece, turn.state)
            topic = _TOPIC.match(piece) and n + 1 < len(pieces) and (
                self._questions.read(pieces[n + 1], turn.state) is not None
            )  # fmt: skip
            if topic:  # "what about Heat, is it long?" asks once
                ids = self._items_of(piece, turn.state)
                turn.state = replace(turn.state, spoken_of=ids or turn.state.spoken_of)
            elif question is not None:
                self._ask(turn, question)
            else:
                pointed = read_references(piece, turn.state, self._lexicon)
                ids = self._items_of(piece, turn.state)
                if ids:  # "I loved Heat. Who directed it?"
                    turn.state = replace(turn.state, spoken_of=ids)
                if not _only_points(piece, pointed):  # "the first one, is it long?"
                    rest.append(piece)
        if not turn.questions:
            return text
        return " ".join(rest)

    def _items_of(self, text: str, state: DialogueState) -> tuple[str, ...]:
        pointed = read_references(text, state, self._lexicon)
        return tuple(i for item in self._reader.read(text, pointed).items for i in item.ids)

    def _ask(self, turn: TurnRead, question: Question) -> None:
        turn.does(question.act)
        turn.questions.append(question)
        passed = tuple(
            i for i in question.item_ids
            if question.limits and all(one.allows(self.catalog[i]) for one in question.limits)
        )  # fmt: skip
        people: list[str] = []
        for item_id in question.item_ids[:1]:
            f = self.catalog.fields.get(question.field)
            if f is not None and f.kind is Kind.PERSON:
                people += self.catalog[item_id].facets.get(f.name, ())
        people += [
            v for one in question.limits for v in one.values
            if {self.catalog.fields[name].kind for name in one.fields} == {Kind.PERSON}
        ]  # fmt: skip
        turn.state = replace(
            turn.state,
            spoken_of=passed
            or self._furthest_first(question),  # "which is in French, and how long is it?"
            people=tuple(people) or turn.state.people,
        )

    def _furthest_first(self, question: Question) -> tuple[str, ...]:
        """The items of a question; where it asks for the oldest of them, that one first."""

        def rank(item_id: str) -> float:
            number = self.catalog[item_id].numbers.get(question.field)
            return float("inf") if number is None else -question.direction * number

        return tuple(
            sorted(question.item_ids, key=rank) if question.direction else question.item_ids
        )

    # --- what an edit by hand needs -----------------------------------------------------

    def revise(self, session: Session, state: DialogueState, summary: str) -> Understanding:
        """A state that was edited by hand, as the next turn of a session."""
        turn = TurnRead(session, session.turn + 1, replace(state, choice=None), [Act.EDIT], [])
        return self._finish(summary, turn)

    def read_limits(self, text: str) -> tuple[Limit, ...]:
        """The hard limits that a short text names by itself: "before 1990", "no horror"."""
        reading = self._reader.read(text)
        found = reading.limits or self._reader.read(f"a {text} {self.catalog.noun}").limits
        themes = [  # a theme is a leaning in a sentence; by itself it can be meant hard
            Limit((one.field,), one.values)
            for one in reading.leanings
            if self.catalog.fields[one.field].kind is Kind.KEYWORD and fold(one.words) == fold(text)
        ]
        return tuple(dict.fromkeys([one.limit for one in found] or themes))

    def read_leanings(self, text: str) -> tuple[tuple[str, tuple[str, ...], str], ...]:
        """The values that a short text leans to: field, values, words. What would be a limit
        in a sentence is taken softly: "westerns"."""
        reading = self._reader.read(text)
        soft = [(one.field, one.values, one.words) for one in reading.leanings]
        soft += [
            (one.limit.fields[0], one.limit.values, one.words)
            for one in reading.limits
            if one.limit.values and not one.limit.negated and len(one.limit.fields) == 1
        ]
        return tuple(dict.fromkeys(soft))

    def circumstance(self, text: str) -> str:
        """The kind of circumstance that a text names ("company"), or ""."""
        for said in (text, f"with {text}"):
            for kind, _ in self._reader.read(said).context:
                return kind
        return ""

    def link(self, text: str) -> tuple[str, ...]:
        """Ids of the items of which a text is the title, perhaps misspelt; with a year behind
        it ("Heat (1995)") only those of that year."""
        words = split_words(text)
        year = words[-1].folded if len(words) > 1 else ""
        dated = [f.name for f in self.catalog.of_kind(Kind.YEAR)]
        for said, number in ((words, ""), (words[:-1], year)):
            if not said or (number and not re.fullmatch(r"\d{4}", number)):
                continue
            ids = self._lexicon.exact(said) or next(
                (
                    ids for first, last, ids, _, _ in self._lexicon.misspelt_titles(said)
                    if (first, last) == (0, len(said))
                ),
                (),
            )  # fmt: skip
            same = tuple(
                i for i in ids
                if not number
                or any(self.catalog[i].numbers.get(name) == float(number) for name in dated)
            )  # fmt: skip
            if same:
                return same
        return ()


def _only_points(piece: str, pointed: Sequence[Reference]) -> bool:
    """Whether a text holds a reference and nothing else."""
    left = piece
    for one in reversed(pointed):
        left = left[: one.start] + left[one.end :]
    return bool(pointed) and not left.strip(" ,.;:!?-")
