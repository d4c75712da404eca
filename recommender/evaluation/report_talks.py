"""The report's part on conversations: with simulated users, and ReDial's.

Promises a row a system, with intervals and n; it computes nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from recommender.evaluation.conversations import TURNS
from recommender.evaluation.metrics import Figure
from recommender.evaluation.reasons import KINDS

Record = Mapping[str, Any]
_AT = "5"  # of ReDial's R@k


def talk_sections(records: Sequence[Record]) -> list[str]:
    """Markdown of all records of conversations; nothing where there are none."""
    by_task: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        by_task[record["task"]].append(record)
    lines = []
    if held := [r for r in by_task["conversation"] if r.get("system")]:
        lines += _conversations(sorted(held, key=lambda r: -r["figures"]["success@5"]["value"]))
    for record in by_task["redial"]:
        lines += _redial(record)
    return lines


def row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _conversations(records: Sequence[Record]) -> list[str]:
    shown = [f"success@{most}" for most in TURNS]
    lines = ["## Conversations with simulated users", ""]
    stands_for = sorted({r["stands_for"] for r in records if r["stands_for"]})
    lines += [f"Stand-in: {text}." for text in stands_for] + [""] * bool(stands_for)
    lines += [row(["system", "users", *shown, "turns", "ms a turn"]), row(["---"] * 7)]
    for record in records:
        cells = [_cell(record, name) for name in shown]
        turns, ms = record["turns"]["mean"], record["ms_per_turn"]["median"]
        lines.append(row([record["system"], str(record["n"]), *cells, f"{turns:.1f}", f"{ms:.0f}"]))
    lines += ["", "Reasons, over the replies that had some:", ""]
    lines += [row(["system", "replies", *KINDS]), row(["---"] * (len(KINDS) + 2))]
    for record in records:
        judged = record["figures"].get(KINDS[0])
        if judged is not None:
            cells = [_cell(record, kind) for kind in KINDS]
            lines.append(row([record["system"], str(judged["n"]), *cells]))
    example = records[0]["example"]
    return [*lines, "", f"For example, {example[0]}:", "", *(f"- {t}" for t in example[1:]), ""]


def _redial(record: Record) -> list[str]:
    lines = [f"## ReDial, {record['n']} turns: films recommended next among the first {_AT}", ""]
    halves = [half for half in ("all", "test half", "validation half") if half in record]
    lines += [row(["query", *halves]), row(["---"] * (len(halves) + 1))]
    for name in record["all"]:
        cells = [_interval(*record[half][name][_AT]) for half in halves]
        lines.append(row([name, *cells]))
    return [*lines, ""]


def _cell(record: Record, name: str) -> str:
    data = record["figures"].get(name)
    if data is None:
        return ""
    figure = Figure(**data)
    return _interval(figure.value, figure.low, figure.high)


def _interval(value: float, low: float, high: float) -> str:
    return f"{value:.3f} ({low:.3f}–{high:.3f})"
