"""Campaigns without any recommender behind them, and annotators of known quality."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import combinations
from math import exp
from typing import Any

from recommender.annotation.campaign import (
    BAD,
    GOOD,
    QUESTIONS,
    Campaign,
    QuestionSet,
    Source,
    System,
)
from recommender.annotation.judgement import Judgement
from recommender.annotation.kept import Annotator, Case
from recommender.annotation.records import AnnotationStore
from recommender.annotation.slots import Judging

PLAIN = QuestionSet("Which would you rather be given?", (), (("fit", "fits"),))


def default_questions() -> QuestionSet:
    import tomllib

    return QuestionSet.from_dict(tomllib.loads(QUESTIONS.read_text(encoding="utf-8")))


def pick(item: str) -> dict[str, Any]:
    return {
        "item": item, "title": f"Title of {item}", "year": "1999", "facts": [], "prose": "",
        "reason": f"A reason for {item}.", "block": f"{item}, drama", "written_by": "composed",
    }  # fmt: skip


def case(number: int, systems: Sequence[str], *, gold: bool = False, picks: int = 1) -> Case:
    names = (BAD, GOOD) if gold else tuple(sorted(systems))
    # An item's name tells nothing of the system either: it is a number of its own.
    replies = {
        name: [pick(f"i{(number * 31 + place * 7 + rank * 101) % 9973}") for rank in range(picks)]
        for place, name in enumerate(names)
    }
    pairs = tuple((a, b, GOOD if gold else "") for a, b in combinations(names, 2))
    detail = {"said": [], "instruction": f"wish {number}", "template": "plain", "candidates": []}
    return Case(f"request {number}", detail, replies, pairs)


def campaign_in(
    store: AnnotationStore, cases: int = 30, *, systems: Sequence[str] = ("first", "second"),
    judgements: int = 2, gold: int = 0, picks: int = 1, questions: QuestionSet = PLAIN,
    sessions: Sequence[str] = (), **settings: Any,
) -> str:  # fmt: skip
    """A campaign in the store; gives its id."""
    campaign = Campaign(
        name="A trial", systems=tuple(System(name, "retriever") for name in systems),
        source=Source(told=("x",)), questions=questions, judgements=judgements, picks=picks,
        **settings,
    )  # fmt: skip
    made = [case(n, systems, picks=picks) for n in range(cases)]
    made += [case(1000 + n, systems, gold=True, picks=picks) for n in range(gold)]
    made[: len(sessions)] = [
        Case(c.request, c.detail, c.replies, c.comparisons, session)
        for c, session in zip(made, sessions, strict=False)
    ]
    return store.create(campaign, made)[0]


class Simulated:
    """An annotator who finds the answer of a case, or answers at random.

    The answer of a comparison is one for all annotators, drawn by Davidson's model: with
    strengths p and q, a tie has the weight ties · sqrt(p q) · 2 beside p and q. With chance
    `slips` an answer is one of the four at random, as all are of an annotator with slips = 1.
    Another `world` has other answers.
    """

    def __init__(
        self, strengths: dict[str, float], *, slips: float = 0.0, ties: float = 0.3,
        seed: int = 0, world: int = 0,
    ) -> None:  # fmt: skip
        self.strengths, self.slips, self.ties, self.world = strengths, slips, ties, world
        self.chance = random.Random(seed)

    def choose(self, left: str, right: str, comparison: int) -> str:
        if self.chance.random() < self.slips:
            return self.chance.choice(("a", "b", "tie", "bad"))
        answer = GOOD if GOOD in (left, right) else self._answer(left, right, comparison)
        return {left: "a", right: "b"}.get(answer, "tie")

    def _answer(self, left: str, right: str, comparison: int) -> str:
        one, other = sorted((left, right))
        p, q = (exp(self.strengths[name]) for name in (one, other))
        weights = (p, q, 2 * self.ties * (p * q) ** 0.5)
        return random.Random(f"answer {self.world} {comparison}").choices(
            (one, other, "tie"), weights
        )[0]


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def sides(store: AnnotationStore, slot: str) -> tuple[str, str, int]:
    """The systems left and right of a slot, and its comparison, as no annotator gets them."""
    row = store.rows(
        "select c.id, c.one, c.other, s.turned from annotation_slots s join annotation_comparisons c "
        "on c.id = s.comparison where s.id = ?", [slot],
    )[0]  # fmt: skip
    left, right = (row["other"], row["one"]) if row["turned"] else (row["one"], row["other"])
    return left, right, row["id"]


def judge_all(
    judging: Judging, annotator: Annotator, simulated: Simulated, *,
    clock: Clock | None = None, seconds: float = 8.0, most: int = 10**6,
) -> int:  # fmt: skip
    """Let an annotator judge until nothing is left; gives how many were judged."""
    count = 0
    while count < most and (slot := judging.next_slot(annotator)):
        if clock is not None:
            clock.now += seconds * (0.5 + simulated.chance.random())
        choice = simulated.choose(*sides(judging.store, slot))
        judging.vote(annotator, slot, Judgement(choice, (), "", ()))
        count += 1
    return count
