"""What is kept of a campaign, as plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from recommender.annotation.campaign import QuestionSet


@dataclass(frozen=True)
class Case:
    """A request with the replies to it, made ahead.

    `replies` holds the picks of each system as plain data; `comparisons` the pairs of systems
    that are compared, each with the system that is known to be better, or "".
    `session` is the conversation that it came from, "" where it came from none.
    """

    request: str
    detail: Mapping[str, Any]  # instruction, template, what was said before
    replies: Mapping[str, Sequence[Mapping[str, Any]]]
    comparisons: tuple[tuple[str, str, str], ...]
    session: str = ""


@dataclass(frozen=True)
class Kept:
    """A campaign as it is kept."""

    id: str
    name: str
    status: str  # "open" | "closed"
    created: str
    judgements: int
    lease_s: float
    plan: Mapping[str, Any]

    @property
    def questions(self) -> QuestionSet:
        return QuestionSet.from_dict(self.plan["questions"])

    @property
    def systems(self) -> tuple[str, ...]:
        return tuple(system["name"] for system in self.plan["systems"])


@dataclass(frozen=True)
class Annotator:
    """Somebody who judges, by a pseudonym."""

    id: str
    campaign: str
    origin: str  # "invited" | "joined" | "login"


class UnknownError(LookupError):
    """No campaign, annotator or token of that name."""
