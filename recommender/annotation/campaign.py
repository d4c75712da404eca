"""A campaign as plain data: systems, cases, questions, how often each case is judged.

Promises that a campaign that can't be is refused when it is made, with what was expected.
"""

from __future__ import annotations

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
        try:
            questions = tuple(Question(**row) for row in data.get("question", ()))
            tags = tuple((str(row["id"]), str(row["text"])) for row in data.get("tag", ()))
            made = cls(str(data["vote"]), questions, tags)
        except (KeyError, TypeError) as error:
            raise CampaignError(
                f"questions: {error}; expected vote, [[question]] with id, of, text, low and "
                f"high, and [[tag]] with id and text"
            ) from error
        wrong = [q.id for q in questions if q.of not in (PICK, LIST)]
        if wrong:
            raise CampaignError(f"questions: of must be pick or list, which {wrong} are not")
        ids = [q.id for q in questions]
        if len(set(ids)) < len(ids) or len({one for one, _ in tags}) < len(tags):
            raise CampaignError("questions: an id stands twice; each must be its own")
        return made


@dataclass(frozen=True)
class System:
    """A recommender that is judged: a name that annotators don't see, and its ranker.

    `ranker` is one of the app's, or in a campaign from an evaluation task one of those.
    """

    name: str
    ranker: str
    model: str = "auto"
    adapter: str = "none"
    quantization: str = "auto"
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
        self._require(bool(self.name.strip()), "name", "a name")
        self._require(len(names) >= 2 and len(set(names)) == len(names), "systems",
                      "two or more, each with a name of its own")  # fmt: skip
        self._require(1 <= self.judgements <= 100, "judgements", "1 to 100")
        self._require(1 <= self.picks <= 10, "picks", "1 to 10")
        self._require(self.grades in GRADES, "grades", f"one of {GRADES}")
        self._require(self.reasons in REASONS, "reasons", f"one of {REASONS}")
        self._require(1 <= self.lease_s <= 604_800, "lease_minutes", "a minute to a week")
        self._require(self.gold_random >= 0, "gold random", "0 or more")
        requests = bool(self.source.requests or self.source.told)
        chosen = [requests, self.source.chats, bool(self.source.task)]
        self._require(sum(chosen) == 1, "cases", "just one of requests, chats = true, task")
        known = self.source.task or all(system.ranker in RANKERS for system in self.systems)
        self._require(bool(known), "systems", f"rankers among {RANKERS}")

    def _require(self, holds: bool, name: str, expected: str) -> None:
        if not holds:
            raise CampaignError(f"{name}: expected {expected}")
