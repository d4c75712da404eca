"""What an annotator sees of a case, and nothing that tells which system is which.

The sides come from what was drawn when the slot was given. Both sides have the same keys in
the same order; ids of items, of cases and of comparisons stay here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from statistics import median
from typing import Any

from recommender.annotation.judgement import JudgingError
from recommender.annotation.kept import Annotator, Kept
from recommender.annotation.records import AnnotationStore
from recommender.annotation.slots import Judging

_SHOWN = ("title", "year", "facts", "prose", "reason")
_RECENT = 20  # judgements that the estimate looks back on
_ENOUGH = 3  # judgements before there is an estimate
_LEFT = """
select count(*) as n from annotation_comparisons c where c.campaign = :campaign and not exists (
    select 1 from annotation_slots s where s.comparison = c.id and s.annotator = :annotator
    and s.status in ('judged', 'skipped'))
and (c.gold <> '' or (select count(*) from annotation_slots s where s.comparison = c.id
     and s.annotator <> :annotator and s.status = 'judged') < :needed)
"""


def campaign_view(campaign: Kept) -> dict[str, Any]:
    """What does not change from case to case."""
    questions = campaign.questions
    graded = campaign.plan["grades"] != "none"
    return {
        "name": campaign.name,
        "open": campaign.status == "open",
        "guidelines": campaign.plan["guidelines"],
        "grades": campaign.plan["grades"],
        "names": campaign.plan["names"],
        "vote": questions.vote,
        "questions": [vars(q) for q in questions.questions] if graded else [],
        "tags": [{"id": one, "text": text} for one, text in questions.tags],
    }


def progress_view(store: AnnotationStore, annotator: Annotator) -> dict[str, Any]:
    """How many were judged, how many are left for this annotator at most, how long it may take.

    `seconds` is a median of the last judgements times what is left; None before there are
    enough of them.
    """
    campaign = store.campaign(annotator.campaign)
    taken = [
        row["seconds"]
        for row in store.rows(
            "select v.seconds from annotation_votes v join annotation_slots s on s.id = v.slot "
            "where s.annotator = ? order by s.number desc",
            [annotator.id],
        )
    ]
    left = store.rows(
        _LEFT,
        {"campaign": campaign.id, "annotator": annotator.id, "needed": campaign.judgements},
    )[0]["n"]
    seconds = median(taken[:_RECENT]) * left if len(taken) >= _ENOUGH else None
    return {"judged": len(taken), "left": left, "seconds": seconds}


def case_view(store: AnnotationStore, annotator: Annotator, slot: str) -> dict[str, Any]:
    """A case of this annotator's own. Raises `JudgingError`."""
    found = store.rows(
        'select s.*, c.one, c.other, c."case" from annotation_slots s '
        "join annotation_comparisons c on c.id = s.comparison where s.id = ? and s.annotator = ?",
        [str(slot)[:100], annotator.id],
    )
    if not found:
        raise JudgingError("this case was not given to you")
    row = found[0]
    case = store.rows("select request, detail from annotation_cases where id = ?", [row["case"]])[0]
    left, right = (row["other"], row["one"]) if row["turned"] else (row["one"], row["other"])
    return {
        "slot": row["id"],
        "number": row["number"],
        "status": row["status"],
        "said": json.loads(case["detail"])["said"],
        "request": case["request"],
        "sides": {"a": _side(store, row["case"], left), "b": _side(store, row["case"], right)},
        "judgement": _judgement(store, row["id"]),
        "before": _neighbour(store, annotator, row["number"], "<", "desc"),
        "after": _neighbour(store, annotator, row["number"], ">", "asc"),
    }


def next_view(judging: Judging, annotator: Annotator) -> dict[str, Any] | None:
    """The next case; None where nothing is left. Raises `JudgingError`."""
    slot = judging.next_slot(annotator)
    return case_view(judging.store, annotator, slot) if slot else None


def _side(store: AnnotationStore, case: int, system: str) -> list[dict[str, Any]]:
    row = store.rows(
        'select picks from annotation_replies where "case" = ? and system = ?', [case, system]
    )[0]
    return [{key: pick[key] for key in _SHOWN} for pick in json.loads(row["picks"])]


def _judgement(store: AnnotationStore, slot: str) -> Mapping[str, Any] | None:
    votes = store.rows("select * from annotation_votes where slot = ?", [slot])
    if not votes:
        return None
    grades = store.rows(
        "select question, side, place, value from annotation_grades where slot = ? "
        "order by question, side, place", [slot],
    )  # fmt: skip
    vote = votes[0]
    return {
        "choice": vote["choice"], "tags": json.loads(vote["tags"]), "words": vote["words"],
        "grades": grades, "settled": bool(vote["names_seen"]),
    }  # fmt: skip


def _neighbour(
    store: AnnotationStore, annotator: Annotator, number: int, side: str, order: str
) -> str:
    rows = store.rows(
        f"select id from annotation_slots where annotator = ? and number {side} ? "
        f"order by number {order} limit 1", [annotator.id, number],
    )  # fmt: skip
    return rows[0]["id"] if rows else ""
