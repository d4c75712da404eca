"""The figures of a campaign, as plain data, and the same as CSV.

Promises that every figure comes with an interval or with the number it rests on, that gold
cases count for nothing but the gold accuracy, and that nobody's judgements are left out.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

import numpy as np
from scipy import stats

from recommender.annotation.agreement import (
    FEWEST,
    NOMINAL,
    ORDINAL,
    Alpha,
    Rating,
    alpha,
    alpha_of,
)
from recommender.annotation.doubts import Doubt, doubts, shared
from recommender.annotation.records import AnnotationStore
from recommender.annotation.strength import Strengths, strengths, win_matrix
from recommender.annotation.votes import BAD, ONE, OTHER, TIE, Graded, Vote, grades_of, votes_of

VOTE = "vote"  # the question of the comparison itself
_VALUES = {ONE: 0.0, TIE: 1.0, OTHER: 2.0, BAD: 3.0}  # one scale from one system to the other
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # how one begins in a spreadsheet
ORDERED = "vote, better to worse"  # the vote as an ordinal scale, without "both bad"


@dataclass(frozen=True)
class Figures:
    """All figures of one campaign."""

    campaign: str
    name: str
    progress: dict[str, int]
    strengths: Strengths
    wins: dict[str, Any]
    agreement: dict[str, Alpha]  # by question; the vote both nominal and ordered
    annotators: list[dict[str, Any]]
    grades: list[dict[str, Any]]  # means by question and system
    doubts: list[Doubt]
    tags: dict[str, dict[str, int]]  # why a system was preferred

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def figures_of(store: AnnotationStore, campaign: str, seed: int = 0) -> Figures:
    """All figures. Raises `UnknownError`."""
    kept = store.campaign(campaign)
    votes, grades = votes_of(store, campaign), grades_of(store, campaign)
    asked = [vote for vote in votes if not vote.gold]
    games = [vote.game() for vote in asked]
    ratings = _ratings(asked, [grade for grade in grades if not grade.gold])
    pointed_out = doubts(votes, seed)
    return Figures(
        campaign=campaign,
        name=kept.name,
        progress=progress(store, campaign),
        strengths=strengths(games, seed),
        wins=win_matrix(games),
        agreement={q: alpha(rows, _level(q), seed) for q, rows in ratings.items()},
        annotators=[
            _annotator(name, votes, ratings, pointed_out, seed)
            for name in sorted({vote.annotator for vote in votes})
        ],
        grades=_means([grade for grade in grades if not grade.gold], seed),
        doubts=pointed_out,
        tags=_tags(asked),
    )


def progress(store: AnnotationStore, campaign: str) -> dict[str, int]:
    """Comparisons, judgements that are needed and that there are, and what is complete."""
    needed = store.campaign(campaign).judgements
    rows = store.rows(
        "select c.gold, (select count(*) from annotation_slots s where s.comparison = c.id and "
        "s.status = 'judged') as judged, (select count(*) from annotation_slots s where "
        "s.comparison = c.id and s.status = 'skipped') as skipped "
        "from annotation_comparisons c where c.campaign = ?",
        [campaign],
    )
    asked = [row for row in rows if not row["gold"]]
    return {
        "comparisons": len(asked),
        "needed": needed * len(asked),
        "judged": sum(row["judged"] for row in asked),
        "complete": sum(row["judged"] >= needed for row in asked),
        "skipped": sum(row["skipped"] for row in asked),
        "gold": len(rows) - len(asked),
        "annotators": len(store.annotators(campaign)),
    }


def _ratings(votes: Sequence[Vote], grades: Sequence[Graded]) -> dict[str, list[Rating]]:
    """What agreement is asked of: the vote, and each question of a pick or a list."""
    found = {
        VOTE: [Rating(v.comparison, v.annotator, _VALUES[v.result]) for v in votes],
        ORDERED: [
            Rating(v.comparison, v.annotator, _VALUES[v.result]) for v in votes if v.result != BAD
        ],
    }
    # A reply stands in several comparisons where there are three systems or more; whoever
    # grades it again is one judge of it, by the last grade.
    last: dict[tuple[str, Any, str], int] = {}
    for grade in grades:
        unit = (grade.case, grade.system, grade.place)
        last[grade.question, unit, grade.annotator] = grade.value
    for (question, unit, annotator), value in last.items():
        found.setdefault(question, []).append(Rating(unit, annotator, float(value)))
    return found


def _level(question: str) -> str:
    return NOMINAL if question == VOTE else ORDINAL


def _annotator(
    name: str, votes: Sequence[Vote], ratings: dict[str, list[Rating]],
    pointed_out: Sequence[Doubt], seed: int,
) -> dict[str, Any]:  # fmt: skip
    mine = [vote for vote in votes if vote.annotator == name]
    gold = [vote for vote in mine if vote.gold]
    right = sum(vote.preferred == vote.gold for vote in gold)
    quartiles = np.percentile([vote.seconds for vote in mine], [25, 75])
    with_others = shared(name, votes, seed)
    return {
        "annotator": name,
        "judged": len(mine),
        "agreement": {q: asdict(alpha_of(name, rows, _level(q), seed, 200)) for q, rows in ratings.items()},
        "agreeing": round(with_others.agreeing, 1),
        "shared": with_others.comparisons,
        "by_chance": with_others.by_chance,
        "gold": accuracy(right, len(gold)),
        "seconds": {
            "median": median(vote.seconds for vote in mine),
            "low": float(quartiles[0]), "high": float(quartiles[1]),
        },
        "doubts": [doubt.line for doubt in pointed_out if doubt.annotator == name],
        "at_random": any(d.at_random for d in pointed_out if d.annotator == name),
    }  # fmt: skip


def accuracy(right: int, asked: int) -> dict[str, float | int | None]:
    """A share with Wilson's 95 % interval; None where nothing was asked."""
    if not asked:
        return {"right": 0, "asked": 0, "value": None, "low": None, "high": None}
    interval = stats.binomtest(right, asked).proportion_ci(method="wilson")
    return {
        "right": right, "asked": asked, "value": right / asked,
        "low": float(interval.low), "high": float(interval.high),
    }  # fmt: skip


def _means(grades: Sequence[Graded], seed: int) -> list[dict[str, Any]]:
    """Mean grades by question and system, with intervals over resampled cases."""
    found = []
    rng = np.random.default_rng(seed)
    for question, system in sorted({(g.question, g.system) for g in grades}):
        by_case: dict[int, list[int]] = {}
        for grade in grades:
            if (grade.question, grade.system) == (question, system):
                by_case.setdefault(grade.case, []).append(grade.value)
        sums = np.array([sum(values) for values in by_case.values()], dtype=float)
        counts = np.array([len(values) for values in by_case.values()], dtype=float)
        low = high = None
        if len(sums) >= FEWEST:
            drawn = rng.integers(len(sums), size=(1_000, len(sums)))
            means = sums[drawn].sum(1) / counts[drawn].sum(1)
            low, high = np.percentile(means, [2.5, 97.5]).tolist()
        found.append({
            "question": question, "system": system, "mean": float(sums.sum() / counts.sum()),
            "low": low, "high": high, "n": int(counts.sum()),
        })  # fmt: skip
    return found


def _tags(votes: Sequence[Vote]) -> dict[str, dict[str, int]]:
    table: dict[str, dict[str, int]] = {}
    for vote in votes:
        for tag in vote.tags if vote.preferred else ():
            row = table.setdefault(vote.preferred, {})
            row[tag] = row.get(tag, 0) + 1
    return {system: dict(sorted(row.items())) for system, row in sorted(table.items())}


def as_csv(figures: Figures) -> str:
    """Every figure on a line: what it is, of what, value, interval, and what it rests on."""
    rows: list[Sequence[Any]] = [("figure", "of", "value", "low", "high", "n")]
    for s in figures.strengths.systems:
        rows.append(("strength", s.system, s.value, s.low, s.high, s.games))
    for one, row in figures.wins.items():
        for other, cell in row.items():
            n = sum(cell.values())
            rows += [(word, f"{one} / {other}", cell[word], "", "", n) for word in cell]
    for system, tags in figures.tags.items():
        rows += [(f"why: {tag}", system, count, "", "", "") for tag, count in tags.items()]
    for question, a in figures.agreement.items():
        rows.append((f"alpha ({_level(question)})", question, a.value, a.low, a.high, a.judgements))
    for row in figures.annotators:
        rows += _annotator_rows(row)
    for row in figures.grades:
        mean = [row[key] for key in ("mean", "low", "high", "n")]
        rows.append((f"mean {row['question']}", row["system"], *mean))
    return _written(rows)


def _annotator_rows(row: dict[str, Any]) -> list[Sequence[Any]]:
    who, n, gold, seconds = row["annotator"], row["judged"], row["gold"], row["seconds"]
    quartiles = [seconds[key] for key in ("median", "low", "high")]
    rows: list[Sequence[Any]] = [
        ("judged", who, n, "", "", n),
        ("gold accuracy", who, gold["value"], gold["low"], gold["high"], gold["asked"]),
        ("seconds, median and quartiles", who, *quartiles, n),
    ]
    for question, a in row["agreement"].items():
        found = [a[key] for key in ("value", "low", "high", "judgements")]
        rows.append((f"alpha with others, {question}", who, *found))
    return [*rows, *[("pointed out", who, line, "", "", "") for line in row["doubts"]]]


def _written(rows: Sequence[Sequence[Any]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([_cell(value) for value in row] for row in rows)
    return out.getvalue()


def _cell(value: Any) -> Any:
    """Numbers to four places, and text that a spreadsheet would not take for a formula."""
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_FORMULA) else value
    return round(value, 4) if isinstance(value, float) else value
