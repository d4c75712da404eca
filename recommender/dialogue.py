"""The data of a conversation, as it passes between the stages of a reply.

Everything that a user said is kept with the turn and the words it came from, so that it
can be shown, checked and taken back. All classes are frozen: a new turn makes a new state.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from prompts.instruction import Instruction
from retrieval.catalog import Item
from retrieval.limits import Limit


class Act(StrEnum):
    """What an utterance does. One utterance may do several things."""

    ASK = "ask"  # for items, by a new wish
    REFINE = "refine"  # changes the wish that stands
    CRITIQUE = "critique"  # by comparison with an item: "like the second but shorter"
    REJECT = "reject"
    SEEN = "seen"
    LIKE = "like"
    RATE = "rate"
    MORE_LIKE_THIS = "more_like_this"
    MORE = "more"  # the same wish, other items
    SURPRISE = "surprise"
    QUESTION = "question"  # about an item
    COMPARE = "compare"  # two items with each other
    WHY = "why"  # an item was picked
    UNDO = "undo"  # takes back what was said before
    START_OVER = "start_over"
    GREET = "greet"
    THANK = "thank"
    CHOOSE = "choose"  # which of several items of one title was meant
    OFF_TOPIC = "off_topic"
    UNSAFE = "unsafe"
    EDIT = "edit"  # of what was understood, by hand


@dataclass(frozen=True)
class Mention:
    """An item that the user spoke of or rated."""

    item_id: str
    words: str
    turn: int


@dataclass(frozen=True)
class StatedLimit:
    """A hard limit with the words it was read from."""

    limit: Limit
    words: str
    turn: int


@dataclass(frozen=True)
class Leaning:
    """A soft wish: values of a field, any of which the user's words lean towards."""

    field: str
    values: tuple[str, ...]
    words: str
    turn: int


@dataclass(frozen=True)
class Phrase:
    """Words of the user that are kept as they are: a wish, a taste, a circumstance."""

    words: str
    turn: int
    kind: str = ""  # of a circumstance: "company", "occasion", "time"


@dataclass(frozen=True)
class Choice:
    """A title that may mean several items, as long as the user has not said which.

    `stars` (1 to 5, 0 for none) are those that the item was given.
    """

    item_ids: tuple[str, ...]
    said_of_it: str  # "liked", "disliked" or "seen"
    words: str
    turn: int
    stars: int = 0


@dataclass(frozen=True)
class DialogueState:
    """What is known after a turn.

    `taste` and `taste_leanings` last; `wish` and `leanings` are of the moment, which began
    in turn `began`. `shown` holds the ids of items already picked in this session, oldest
    first; `last_shown` those of the last reply that had picks. `spoken_of` are the items and
    `people` the persons last spoken of, whom "it", "both" and "her" mean; `asked` is the
    question of the last turn, which "and the third?" repeats. `stands_for` is the turn
    whose state this is: an undo goes back to that of an earlier one.
    """

    liked: tuple[Mention, ...] = ()
    disliked: tuple[Mention, ...] = ()
    seen: tuple[Mention, ...] = ()
    limits: tuple[StatedLimit, ...] = ()
    taste: tuple[Phrase, ...] = ()
    taste_leanings: tuple[Leaning, ...] = ()
    wish: tuple[Phrase, ...] = ()
    leanings: tuple[Leaning, ...] = ()
    context: tuple[Phrase, ...] = ()
    shown: tuple[str, ...] = ()
    last_shown: tuple[str, ...] = ()
    began: int = 0
    spoken_of: tuple[str, ...] = ()
    asked: str = ""
    people: tuple[str, ...] = ()
    choice: Choice | None = None
    stands_for: int = 0

    @property
    def excluded(self) -> frozenset[str]:
        """Ids that are not to be picked: known to the user or turned down."""
        return frozenset(m.item_id for m in (*self.liked, *self.disliked, *self.seen))

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> DialogueState:
        """The inverse of `as_dict`, also after a round trip through JSON."""
        return cls(
            liked=tuple(Mention(**m) for m in data["liked"]),
            disliked=tuple(Mention(**m) for m in data["disliked"]),
            seen=tuple(Mention(**m) for m in data["seen"]),
            limits=tuple(
                StatedLimit(_limit(s["limit"]), s["words"], s["turn"]) for s in data["limits"]
            ),
            taste=tuple(Phrase(**p) for p in data["taste"]),
            wish=tuple(Phrase(**p) for p in data["wish"]),
            taste_leanings=tuple(_leaning(one) for one in data["taste_leanings"]),
            leanings=tuple(_leaning(one) for one in data["leanings"]),
            context=tuple(Phrase(**p) for p in data["context"]),
            shown=tuple(data["shown"]),
            last_shown=tuple(data["last_shown"]),
            began=data["began"],
            spoken_of=tuple(data.get("spoken_of", ())),
            asked=data.get("asked", ""),
            people=tuple(data.get("people", ())),
            choice=_choice(data.get("choice")),
            stands_for=data.get("stands_for", 0),
        )


def _leaning(data: Mapping[str, Any]) -> Leaning:
    return Leaning(**{**data, "values": tuple(data["values"])})


def _choice(data: Mapping[str, Any] | None) -> Choice | None:
    return Choice(**{**data, "item_ids": tuple(data["item_ids"])}) if data else None


def _limit(data: Mapping[str, Any]) -> Limit:
    return Limit(**{**data, "fields": tuple(data["fields"]), "values": tuple(data["values"])})


@dataclass(frozen=True)
class Session:
    """One conversation of one visitor; `turn` counts from 1, 0 before the first.

    `earlier` holds the states after the turns before the last one, oldest first.
    """

    id: str
    turn: int = 0
    state: DialogueState = field(default_factory=DialogueState)
    earlier: tuple[DialogueState, ...] = ()


@dataclass(frozen=True)
class Evidence:
    """What backs a reason: a field of the item, or words of the user."""

    source: str  # "item" or "user"
    field: str  # of the item, or "turn 2"
    value: str


@dataclass(frozen=True)
class Pick:
    """A ranked item with its reason.

    `score` joins `language_score` (log-odds of yes, None without a model) and
    `retrieval_score`, and is comparable within one reply only. `written_by` is "model" or
    "composed".
    """

    item: Item
    rank: int
    score: float
    retrieval_score: float
    language_score: float | None = None
    reason: str = ""
    evidence: tuple[Evidence, ...] = ()
    written_by: str = ""

    def as_dict(self) -> dict[str, Any]:
        return {
            "item_id": self.item.id,
            "title": self.item.title,
            "rank": self.rank,
            "score": self.score,
            "retrieval_score": self.retrieval_score,
            "language_score": self.language_score,
            "reason": self.reason,
            "evidence": [asdict(e) for e in self.evidence],
            "written_by": self.written_by,
        }


@dataclass(frozen=True)
class Reply:
    """All that one turn came to; `as_dict` is the shape that API and CLI give out."""

    session: str
    turn: int
    utterance: str
    instruction: Instruction
    state: DialogueState
    picks: tuple[Pick, ...]
    message: str
    degraded: str | None
    model: Mapping[str, Any]
    timings_ms: Mapping[str, float]
    acts: tuple[Act, ...] = ()
    nouns: tuple[str, str] = ("item", "items")
    suggestions: tuple[str, ...] = ()  # short utterances that would make sense next

    def as_dict(self) -> dict[str, Any]:
        instruction = self.instruction
        return {
            "session": self.session,
            "turn": self.turn,
            "utterance": self.utterance,
            "acts": [str(act) for act in self.acts],
            "instruction": {
                "preference": str(instruction.preference),
                "intention": str(instruction.intention),
                "task_form": str(instruction.task_form),
                "context": dict(instruction.aspects.context),
                "template": instruction.template,
                "text": instruction.text,
            },
            "state": self.state.as_dict(),
            "picks": [pick.as_dict() for pick in self.picks],
            "message": self.message,
            "degraded": self.degraded,
            "model": dict(self.model),
            "timings_ms": dict(self.timings_ms),
            "suggestions": list(self.suggestions),
        }


# --- events: what a reply yields while it is made ---------------------------------


@dataclass(frozen=True)
class Understood:
    """The utterance was read; the turn is on disk."""

    session: Session
    instruction: Instruction


@dataclass(frozen=True)
class Picked:
    """The ranking is done; reasons are still composed or missing."""

    picks: tuple[Pick, ...]


@dataclass(frozen=True)
class TextChunk:
    """A piece of the message, checked, in order. An empty one says that work goes on."""

    text: str


@dataclass(frozen=True)
class Degraded:
    """The language model had no part in what follows, and why."""

    reason: str


@dataclass(frozen=True)
class Done:
    """The reply, complete."""

    reply: Reply


Event = Understood | Picked | TextChunk | Degraded | Done
