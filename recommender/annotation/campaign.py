"""A campaign as its file says it: systems, cases, questions, how often each case is judged.

Promises: a file is read whole or refused with the name of what is wrong in it and what was
expected; nothing is opened but the file and the texts that it names.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
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
    quantization: str = "nf4"
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


@dataclass(frozen=True)
class _Table:
    """A table of the file, from which every key is taken just once."""

    where: str
    left: dict[str, Any] = field(default_factory=dict)

    def take(self, key: str, kind: type | tuple[type, ...], default: Any) -> Any:
        value = self.left.pop(key, default)
        fits = isinstance(value, kind) and not (isinstance(value, bool) and kind is not bool)
        if value is not default and not fits:
            raise CampaignError(f"{self.where}{key} is {value!r}; expected {_said(kind)}")
        return value

    def done(self, known: str) -> None:
        if self.left:
            raise CampaignError(f"{self.where}{', '.join(self.left)}: unknown; there are {known}")


def _said(kind: type | tuple[type, ...]) -> str:
    words = {str: "text", int: "a whole number", float: "a number", bool: "true or false",
             dict: "a table", list: "a list"}  # fmt: skip
    return " or ".join(words[one] for one in (kind if isinstance(kind, tuple) else (kind,)))


def read_campaign(path: Path) -> Campaign:
    """The campaign of a TOML file. Raises `CampaignError`, which names the file."""
    try:
        return parse_campaign(path.read_text(encoding="utf-8"), path.parent)
    except (OSError, UnicodeDecodeError) as error:
        raise CampaignError(f"{path}: can't be read as text: {error}") from error
    except CampaignError as error:
        raise CampaignError(f"{path}: {error}") from error


def parse_campaign(text: str, folder: Path | None) -> Campaign:
    """The campaign of TOML in words. Raises `CampaignError`.

    `folder` is where files that it names lie; None lets it name none, as on the owner's page,
    from where no file of the server is to be read.
    """
    try:
        top = _Table("", tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise CampaignError(f"no TOML: {error}") from error
    gold, cases = (
        _Table("gold.", top.take("gold", dict, {})),
        _Table("cases.", top.take("cases", dict, {})),
    )
    guidelines = top.take("guidelines", str, "")
    guidelines_file = _file(top.take("guidelines_file", str, ""), folder, "guidelines_file")
    if guidelines_file:
        guidelines = guidelines_file.read_text(encoding="utf-8")
    made = {
        "name": top.take("name", str, ""),
        "systems": tuple(_system(row) for row in top.take("systems", list, [])),
        "source": _source(cases, folder),
        "questions": _questions(top.take("questions", str, "default"), folder),
        "guidelines": guidelines,
        "judgements": top.take("judgements", int, 2),
        "picks": top.take("picks", int, 3),
        "grades": top.take("grades", str, "optional"),
        "reasons": top.take("reasons", str, "composed"),
        "names": top.take("names", bool, True),
        "joinable": top.take("joinable", bool, False),
        "lease_s": 60.0 * top.take("lease_minutes", (int, float), 30),
        "gold": tuple(_gold(row) for row in gold.take("case", list, [])),
        "gold_random": gold.take("random", int, 0),
    }
    gold.done("case, random")
    top.done(
        "name, guidelines, guidelines_file, judgements, picks, grades, reasons, names, joinable, "
        "lease_minutes, questions, systems, cases, gold"
    )
    return Campaign(**made)


def _system(row: Any) -> System:
    if not isinstance(row, dict):
        raise CampaignError("systems: expected [[systems]] with name and ranker")
    table = _Table("systems.", dict(row))
    weight = table.take("rank_weight", (int, float), None)
    system = System(
        name=table.take("name", str, ""), ranker=table.take("ranker", str, ""),
        model=table.take("model", str, "auto"), adapter=table.take("adapter", str, "none"),
        quantization=table.take("quantization", str, "nf4"),
        rank_weight=None if weight is None else float(weight),
    )  # fmt: skip
    table.done("name, ranker, model, adapter, quantization, rank_weight")
    if not system.name or not system.ranker:
        raise CampaignError("systems: each needs a name and a ranker")
    if system.rank_weight is not None and not 0 <= system.rank_weight <= 1:
        raise CampaignError(f"systems.rank_weight is {weight!r}; expected a share from 0 to 1")
    return system


def _source(table: _Table, folder: Path | None) -> Source:
    requests = table.take("requests", (str, list), "")
    told = requests if isinstance(requests, list) else []
    if not all(isinstance(one, str) and one.strip() for one in told):
        raise CampaignError("cases.requests: expected a file, or a list of texts")
    source = Source(
        requests=_file("" if told else requests or "", folder, "cases.requests"),
        told=tuple(told),
        chats=table.take("chats", bool, False),
        task=table.take("task", str, ""),
        data=_file(table.take("data", str, ""), folder, "cases.data"),
        limit=table.take("limit", int, 0),
        seed=table.take("seed", int, 0),
    )
    table.done("requests, chats, task, data, limit, seed")
    if source.limit < 0:
        raise CampaignError(f"cases.limit is {source.limit}; expected 0 or more")
    if source.task and source.data is None:
        raise CampaignError("cases.data is missing; it names the folder of the task's data")
    return source


def _file(name: str, folder: Path | None, key: str) -> Path | None:
    if not name:
        return None
    if folder is None:
        raise CampaignError(f"{key}: a page reads no file of the server; use the command line")
    path = folder / name
    if not path.exists():
        raise CampaignError(f"{key}: there is no {path}")
    return path


def _questions(name: str, folder: Path | None) -> QuestionSet:
    path = _file(name, folder, "questions") if name not in ("", "default") else None
    path = path or QUESTIONS
    try:
        return QuestionSet.from_dict(tomllib.loads(path.read_text(encoding="utf-8")))
    except tomllib.TOMLDecodeError as error:
        raise CampaignError(f"questions: {path.name} is no TOML: {error}") from error


def _gold(row: Any) -> GoldCase:
    lists = [row.get(key) for key in ("good", "bad")] if isinstance(row, dict) else [None]
    fits = all(
        isinstance(ids, list) and ids and all(isinstance(i, str) for i in ids) for ids in lists
    )
    if not fits or not isinstance(row.get("request"), str):
        raise CampaignError("gold.case: expected request, and good and bad as lists of item ids")
    return GoldCase(row["request"], tuple(lists[0]), tuple(lists[1]))
