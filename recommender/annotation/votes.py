"""The judgements of a campaign, read back in terms of systems instead of sides."""

from __future__ import annotations

import json
from dataclasses import dataclass

from recommender.annotation.records import AnnotationStore
from recommender.annotation.strength import LOST, TIED, WON, Game

ONE, OTHER, TIE, BAD = "one", "other", "tie", "bad"


@dataclass(frozen=True)
class Vote:
    """One judgement. `side` is the choice as shown, `turned` whether `other` stood left."""

    slot: str
    annotator: str
    comparison: int
    case: int
    one: str
    other: str
    gold: str  # the system that is known to be better, or ""
    turned: bool
    side: str  # "a" | "b" | "tie" | "bad"
    tags: tuple[str, ...]
    words: str
    seconds: float
    changed: int
    created: str

    @property
    def result(self) -> str:
        """The choice in terms of the comparison: "one", "other", "tie" or "bad"."""
        return as_result(self.side, self.turned)

    @property
    def preferred(self) -> str:
        """The system that was preferred, or ""."""
        return {ONE: self.one, OTHER: self.other}.get(self.result, "")

    def game(self) -> Game:
        result = {ONE: WON, OTHER: LOST}.get(self.result, TIED)
        return Game(self.comparison, self.one, self.other, result)


@dataclass(frozen=True)
class Graded:
    """One grade, of the pick at `place` of a system's list, or with place 0 of the list."""

    slot: str
    annotator: str
    case: int
    question: str
    system: str
    place: int
    value: int
    gold: bool


def as_result(side: str, turned: bool) -> str:
    if side not in ("a", "b"):
        return side
    return ONE if (side == "a") != turned else OTHER


def votes_of(store: AnnotationStore, campaign: str) -> list[Vote]:
    """All judgements of a campaign, in the order in which they were first given."""
    rows = store.rows(
        'select v.*, s.annotator, s.turned, s.comparison, c."case", c.one, c.other, c.gold '
        "from annotation_votes v join annotation_slots s on s.id = v.slot "
        "join annotation_comparisons c on c.id = s.comparison where c.campaign = ? "
        "and s.status = 'judged' order by v.created, v.slot",
        [campaign],
    )
    return [
        Vote(
            slot=row["slot"], annotator=row["annotator"], comparison=row["comparison"],
            case=row["case"], one=row["one"], other=row["other"], gold=row["gold"],
            turned=bool(row["turned"]), side=row["choice"], tags=tuple(json.loads(row["tags"])),
            words=row["words"], seconds=row["seconds"], changed=row["changed"],
            created=row["created"],
        )
        for row in rows
    ]  # fmt: skip


def grades_of(store: AnnotationStore, campaign: str) -> list[Graded]:
    """All grades of a campaign's judgements."""
    rows = store.rows(
        'select g.*, s.annotator, s.turned, c."case", c.one, c.other, c.gold '
        "from annotation_grades g join annotation_slots s on s.id = g.slot "
        "join annotation_comparisons c on c.id = s.comparison where c.campaign = ? "
        "order by g.slot, g.question, g.side, g.place",
        [campaign],
    )
    return [
        Graded(
            slot=row["slot"], annotator=row["annotator"], case=row["case"],
            question=row["question"], place=row["place"], value=row["value"],
            system=row["one"] if as_result(row["side"], bool(row["turned"])) == ONE else row["other"],
            gold=bool(row["gold"]),
        )
        for row in rows
    ]  # fmt: skip
