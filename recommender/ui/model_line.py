"""The line under the composer: which model answers, or that none does, and why."""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import Any

MAX_REASON = 200  # characters


def model_line(model: Mapping[str, Any], degraded: str | None = None) -> str:
    """Safe HTML over what `describe_model` says; `degraded` is the reason of one reply."""
    reason = degraded or model.get("degraded")
    if reason:
        words = html.escape(str(reason).strip().rstrip(".")[:MAX_REASON])
        return (
            '<p class="line degraded"><strong>Without the language model.</strong> '
            f"Reason: {words}. Picks come from the catalog search alone.</p>"
        )
    if not model.get("language_model"):
        return '<p class="line">Answers are composed from the catalog, no language model</p>'
    parts = [str(model["language_model"])]
    if model.get("quantization") not in (None, "", "none"):
        parts.append(str(model["quantization"]))
    if model.get("adapter"):
        parts.append(f"adapter {model['adapter']}")
    weight = model.get("rank_weight")
    if isinstance(weight, float):
        parts.append(f"{weight:.0%} of the score")
    return f'<p class="line">Answers by {html.escape(", ".join(parts))}</p>'


def failure_line() -> str:
    return (
        '<p class="line degraded"><strong>That did not work.</strong> '
        "Something went wrong on this side, and it has been noted. Please try again.</p>"
    )
