"""A judgement as an annotator's browser sends it, checked before anything is done with it.

A browser may send anything: what is not asked for is refused with a line for the annotator,
and words stay words, whatever markup they hold.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from recommender.annotation.campaign import HIGHEST, LOWEST, MAX_WORDS, PICK
from recommender.annotation.kept import Kept

CHOICES = ("a", "b", "tie", "bad")  # as shown: left, right, no difference, neither will do
SIDES = ("a", "b")


class JudgingError(ValueError):
    """A judgement that is not taken; the message says why, for the annotator."""


class LapsedError(JudgingError):
    """The case went to somebody else, so there is nothing to do about it but to go on."""


@dataclass(frozen=True)
class Grade:
    """A grade of a pick, or with place 0 of a whole side."""

    question: str
    side: str  # as shown
    place: int
    value: int


@dataclass(frozen=True)
class Judgement:
    """What an annotator says of a case, checked."""

    choice: str
    tags: tuple[str, ...]
    words: str
    grades: tuple[Grade, ...]


def parse_judgement(data: Any, campaign: Kept) -> Judgement:
    """A judgement as a browser sends it. Raises `JudgingError`."""
    if not isinstance(data, Mapping):
        raise JudgingError("a judgement is an object with choice, tags, words and grades")
    choice, words = data.get("choice"), data.get("words", "")
    if choice not in CHOICES:
        raise JudgingError(f"choice is {_short(choice)}; expected one of {', '.join(CHOICES)}")
    if not isinstance(words, str) or len(words) > MAX_WORDS:
        raise JudgingError(f"words: expected text of at most {MAX_WORDS:,} characters")
    tags, known = data.get("tags", []), [one for one, _ in campaign.questions.tags]
    if not isinstance(tags, list) or any(tag not in known for tag in tags):
        raise JudgingError(f"tags: expected a list of some of {', '.join(known)}")
    grades = data.get("grades", [])
    if not isinstance(grades, list):
        raise JudgingError("grades: expected a list")
    taken = [_grade(row, campaign) for row in grades]
    if len({(g.question, g.side, g.place) for g in taken}) < len(taken):
        raise JudgingError("grades: the same is graded twice")
    return Judgement(choice, tuple(dict.fromkeys(tags)), words.strip(), tuple(taken))


def _grade(row: Any, campaign: Kept) -> Grade:
    if not isinstance(row, Mapping):
        raise JudgingError("grades: expected objects with question, side, place and value")
    question = next((q for q in campaign.questions.questions if q.id == row.get("question")), None)
    if question is None or campaign.plan["grades"] == "none":
        raise JudgingError(f"grades: nothing asks for {_short(row.get('question'))}")
    side, place, value = row.get("side"), row.get("place"), row.get("value")
    if isinstance(value, bool) or not isinstance(value, int) or not LOWEST <= value <= HIGHEST:
        raise JudgingError(f"a grade is {_short(value)}; expected a whole number from 1 to 5")
    places = range(1, campaign.plan["picks"] + 1) if question.of == PICK else range(1)
    if side not in SIDES or type(place) is not int or place not in places:
        raise JudgingError("grades: there is no such pick")
    return Grade(question.id, str(side), place, value)


def _short(value: Any) -> str:
    return repr(value)[:40]
