"""The line under the composer: which model answers, or that none does, and why."""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import Any

from recommender.settings import BASELINES

MAX_REASON = 200  # characters


def model_line(
    model: Mapping[str, Any], degraded: str | None = None, *, ranked: bool = False
) -> str:
    """Safe HTML over what `describe_model` says; `degraded` is the reason of one reply, and
    `ranked` says that the model had ranked its picks before."""
    reason = degraded or model.get("degraded")
    if model.get("loading"):
        return (
            '<p class="line degraded"><strong>The language model is still loading.</strong> Until '
            f"it is there, picks stand as {_ranker(model)} ranks them, with reasons composed "
            "from the catalog.</p>"
        )
    if reason:
        words = html.escape(str(reason).strip().rstrip(".")[:MAX_REASON])
        how_much, what = (
            ("Partly without", "The picks are ranked with it; reasons that it did not write are")
            if ranked
            else ("Without", f"The picks stand as {_ranker(model)} ranks them; the reasons are")
        )
        return (
            f'<p class="line degraded"><strong>{how_much} the language model.</strong> '
            f"Reason: {words}. {what} composed from the catalog.</p>"
        )
    if not model.get("language_model"):
        return '<p class="line">Answers are composed from the catalog, no language model</p>'
    if model.get("ranker") in BASELINES:
        by = f"{model['language_model']}, ranked by {model['ranker']}"
        return f'<p class="line">Answers by {html.escape(by)}</p>'
    parts = [str(model["language_model"])]
    if model.get("quantization") not in (None, "", "none"):
        parts.append(str(model["quantization"]))
    if model.get("adapter"):
        parts.append(f"adapter {model['adapter']}")
    weight = model.get("rank_weight")
    if isinstance(weight, float):
        parts.append(f"{weight:.0%} of the score")
    return f'<p class="line">Answers by {html.escape(", ".join(parts))}</p>'


def _ranker(model: Mapping[str, Any]) -> str:
    baseline = model.get("ranker") in BASELINES
    return html.escape(str(model["ranker"])) if baseline else "the catalog search"


def plain_line(text: str) -> str:
    return f'<p class="line">{html.escape(text)}</p>'


def busy_line(text: str) -> str:
    return f'<p class="line degraded"><strong>Busy.</strong> {html.escape(text)}</p>'


def failure_line() -> str:
    return (
        '<p class="line degraded"><strong>That did not work.</strong> '
        "Something went wrong on this side, and it has been noted. Please try again.</p>"
    )
