"""A campaign read from TOML.

Promises: a file is read whole or refused with the name of what is wrong in it and what was
expected; nothing is opened but the file and the texts that it names, and on a page not even
these.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from recommender.annotation.campaign import (
    QUESTIONS,
    Campaign,
    CampaignError,
    GoldCase,
    QuestionSet,
    Source,
    System,
)


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
        why = error.strerror if isinstance(error, OSError) else error
        raise CampaignError(f"{path}: can't be read as text ({why})") from error
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
        guidelines = _text(guidelines_file, "guidelines_file")
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
        model=table.take("model", str, ""), adapter=table.take("adapter", str, "none"),
        quantization=table.take("quantization", str, ""),
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
    told: list[str] = requests if isinstance(requests, list) else []
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


def _text(path: Path, key: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise CampaignError(f"{key}: {path} can't be read as text ({why})") from error


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
        return QuestionSet.from_dict(tomllib.loads(_text(path, "questions")))
    except tomllib.TOMLDecodeError as error:
        raise CampaignError(f"questions: {path.name} is no TOML: {error}") from error


def _gold(row: Any) -> GoldCase:
    told = row if isinstance(row, dict) else {}
    good, bad = _ids(told.get("good")), _ids(told.get("bad"))
    whole = set(told) == {"request", "good", "bad"} and isinstance(told.get("request"), str)
    if not good or not bad or not whole:
        raise CampaignError("gold.case: expected request, and good and bad as lists of item ids")
    if set(good) & set(bad):
        raise CampaignError(f"gold.case {told['request'][:40]!r}: an item is both good and bad")
    return GoldCase(told["request"], good, bad)


def _ids(value: Any) -> tuple[str, ...]:
    """The ids of a list; none where it is something else."""
    fits = isinstance(value, list) and all(isinstance(one, str) for one in value)
    return tuple(value) if fits else ()
