"""The figures of a campaign as lines of text, for the command line."""

from __future__ import annotations

from recommender.annotation.agreement import Alpha
from recommender.annotation.figures import Figures


def as_text(figures: Figures) -> str:
    """Every figure with its interval or with what it rests on."""
    now = figures.progress
    lines = [
        f"{figures.name} ({figures.campaign})",
        f"{now['judged']} of {now['needed']} judgements, {now['complete']} of "
        f"{now['comparisons']} comparisons complete, {now['skipped']} skipped",
        "",
        "Strength (logarithm; 95 % interval; share of resamples in which it is first)",
    ]
    for s in figures.strengths.systems:
        first = "" if s.first is None else f", first in {s.first:.0%}"
        lines.append(
            f"  {s.system}: {s.value:+.2f}{_within(s.low, s.high)}{first}, {s.games} votes"
        )
    for one, row in figures.wins.items():
        for other, cell in row.items():
            lines.append(
                f"  {one} against {other}: {cell['won']} won, {cell['tied']} tied, {cell['lost']} lost"
            )
    for system, tags in figures.tags.items():
        told = ", ".join(f"{tag} {count}" for tag, count in tags.items())
        lines.append(f"  {system} is preferred for: {told}")
    lines += ["", "Krippendorff's alpha (95 % interval over resampled cases)"]
    lines += [f"  {question}: {_alpha(a)}" for question, a in figures.agreement.items()]
    lines += ["", "Annotators"]
    for who in figures.annotators:
        gold = who["gold"]
        known = f", gold {gold['right']} of {gold['asked']}" if gold["asked"] else ""
        lines.append(
            f"  {who['annotator']}: {who['judged']} judged, {who['seconds']['median']:.0f} s each, "
            f"agrees on {who['agreeing']:g} of {who['shared']}{known}"
        )
        mark = "may answer at random" if who["at_random"] else "stands out"
        lines += [f"    {mark}: {line}" for line in who["doubts"]]
    if figures.grades:
        lines += ["", "Mean grades"]
    for row in figures.grades:
        lines.append(
            f"  {row['question']}, {row['system']}: {row['mean']:.2f}"
            f"{_within(row['low'], row['high'])}, n {row['n']}"
        )
    return "\n".join(lines) + "\n"


def _alpha(alpha: Alpha) -> str:
    if alpha.value is None:
        return f"not defined ({alpha.judgements} judgements of {alpha.units} units)"
    return f"{alpha.value:.3f}{_within(alpha.low, alpha.high)}, {alpha.judgements} judgements"


def _within(low: float | None, high: float | None) -> str:
    """The interval, where there are enough cases for one."""
    return "" if low is None or high is None else f" ({low:.2f} to {high:.2f})"
