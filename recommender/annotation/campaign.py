"""A campaign as plain data: systems, cases, questions, how often each case is judged.

Promises that a campaign that can't be is refused when it is made, with what was expected.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recommender.settings import RANKERS

QUESTIONS = Path(__file__).with_name("questions.toml")
GRADES = ("none", "optional", "required")
REASONS = ("composed", "own", "none")
PICK, LIST = "pick", "list"
PREFERENCE = "preference"
LOWEST, HIGHEST = 1, 5
MAX_WORDS = 1_000  # characters of an annotator's words
MAX_NAME = 200  # characters of a campaign's or a system's name
_ID = re.compile(r"[\w.-]{1,60}")  # no blanks: the page tells the parts of a grade by them
GOOD, BAD = "gold: good", "gold: bad"  # the two sides of a case with a known answer


class CampaignError(ValueError):
    """A campaign that can't be made; the message names what is wrong and what is expected."""


@dataclass(frozen=True)
class Question:
    """One grade from 1 to 5, asked of each pick or of each list."""

    id: str
    of: str  # "pick" | "list"
    text: str
    low: str  # what 1 means
    high: str  # what 5 means
    points: str = ""  # "preference": a better grade is a better recommendation


@dataclass(frozen=True)
class QuestionSet:
    """What is asked: the vote, the grades, and the tags that say why."""

    vote: str
    questions: tuple[Question, ...] = ()
    tags: tuple[tuple[str, str], ...] = ()  # id and text

    def as_dict(self) -> dict[str, Any]:
        return {
            "vote": self.vote,
            "question": [vars(question) for question in self.questions],
            "tag": [{"id": one, "text": text} for one, text in self.tags],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> QuestionSet:
        """Raises `CampaignError`."""
        rows, tags = data.get("question", ()), data.get("tag", ())
        try:
            questions = tuple(Question(**row) for row in rows)
            made = cls(data["vote"], questions, tuple((row["id"], row["text"]) for row in tags))
        except (KeyError, TypeError) as error:
            raise CampaignError(
                "questions: expected vote, [[question]] with id, of, text, low and high (points, "
                "if any), and [[tag]] with id and text"
            ) from error
        if not all(isinstance(text, str) for tag in (*made.tags, (made.vote,)) for text in tag):
            raise CampaignError("questions: vote and the parts of a tag: expected texts")
        for question in questions:
            told = vars(question).values()
            if not all(isinstance(value, str) for value in told) or not _ID.fullmatch(question.id):
                raise CampaignError(
                    f"questions: question {question.id!r}: expected texts, and an id of letters, "
                    f"digits, '_', '-' and '.'"
                )
            if question.of not in (PICK, LIST):
                raise CampaignError(
                    f"questions: of is {question.of!r} in {question.id}; expected pick or list"
                )
            if question.points not in ("", PREFERENCE):
                raise CampaignError(
                    f"questions: points is {question.points!r} in {question.id}; expected "
                    f"{PREFERENCE} or nothing"
                )
        ids = [q.id for q in questions]
        if len(set(ids)) < len(ids) or len({one for one, _ in made.tags}) < len(made.tags):
            raise CampaignError("questions: an id stands twice; each must be its own")
        return made


@dataclass(frozen=True)
class System:
    """A recommender that is judged: a name that annotators don't see, and its ranker.

    `ranker` is one of the app's, or in a campaign from an evaluation task one of those.
    An empty `model` or `quantization` is that of the settings.
    """

    name: str
    ranker: str
    model: str = ""
    adapter: str = "none"
    quantization: str = ""
    rank_weight: float | None = None


@dataclass(frozen=True)
class Source:
    """Where the cases come from: just one of requests (in a file or told), chats, a task."""

    requests: Path | None = None
    told: tuple[str, ...] = ()  # requests, as they are
    chats: bool = False
    task: str = ""
    data: Path | None = None  # of a task
    limit: int = 0  # cases at most; 0 is all
    seed: int = 0


@dataclass(frozen=True)
class GoldCase:
    """A request with a known answer, by ids of items."""

    request: str
    good: tuple[str, ...]
    bad: tuple[str, ...]


@dataclass(frozen=True)
class Campaign:
    """What a campaign's file says. `lease_s` is how long a slot waits for its annotator."""

    name: str
    systems: tuple[System, ...]
    source: Source
    questions: QuestionSet
    guidelines: str = ""  # Markdown
    judgements: int = 2  # that a case needs, of different annotators
    picks: int = 3
    grades: str = "optional"
    reasons: str = "composed"
    names: bool = True  # whether an annotator may see the systems' names after a vote
    joinable: bool = False  # whether whoever has the campaign's link may take part
    lease_s: float = 1800.0
    gold: tuple[GoldCase, ...] = ()
    gold_random: int = 0  # cases with a system's picks against picks at random

    def __post_init__(self) -> None:
        names = [system.name for system in self.systems]
        self._require(0 < len(self.name.strip()) <= MAX_NAME, "name",
                      f"a name of at most {MAX_NAME} characters")  # fmt: skip
        self._require(len(names) >= 2 and len(set(names)) == len(names), "systems",
                      "two or more, each with a name of its own")  # fmt: skip
        self._require(all(len(name) <= MAX_NAME and name not in (GOOD, BAD) for name in names),
                      "systems", f"names of at most {MAX_NAME} characters, none of them {GOOD!r} "
                      f"or {BAD!r}")  # fmt: skip
        for name, most in (("judgements", 100), ("picks", 10)):
            value = getattr(self, name)
            self._require(1 <= value <= most, f"{name} is {value}", f"1 to {most}")
        for name, words in (("grades", GRADES), ("reasons", REASONS)):
            value = getattr(self, name)
            self._require(value in words, f"{name} is {value!r}", f"one of {', '.join(words)}")
        self._require(1 <= self.lease_s <= 604_800, f"lease_minutes is {self.lease_s / 60:g}",
                      "a minute to a week, in minutes")  # fmt: skip
        self._require(self.gold_random >= 0, f"gold.random is {self.gold_random}", "0 or more")
        requests = bool(self.source.requests or self.source.told)
        chosen = [requests, self.source.chats, bool(self.source.task)]
        self._require(sum(chosen) == 1, "cases", "just one of requests, chats = true, task")
        unknown = [system.ranker for system in self.systems if system.ranker not in RANKERS]
        self._require(bool(self.source.task) or not unknown,
                      f"systems.ranker is {', '.join(map(repr, unknown))}",
                      f"one of {', '.join(RANKERS)}")  # fmt: skip

    def _require(self, holds: bool, name: str, expected: str) -> None:
        if not holds:
            mark = ";" if " is " in name else ":"
            raise CampaignError(f"{name}{mark} expected {expected}")
