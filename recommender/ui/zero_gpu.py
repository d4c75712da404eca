"""A reply on a borrowed GPU.

A Space with ZeroGPU lends its GPU for the length of one decorated call, and runs that call
in a forked process. So the call is a plain function of plain arguments, and the recommender
is a global of this module that the fork inherits. Everywhere else the decorator does nothing.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

from recommender.dialogue import Event
from recommender.understanding.edits import Edit

LONGEST_S = 60  # a visitor's quota is spent by what is asked for, not by what is used
OVERHEAD_S = 5

_recommender: Any = None


def lend(recommender: Any) -> None:
    """Name the recommender that `reply` and `edit` speak with, once, before the first of them."""
    global _recommender
    _recommender = recommender


def duration(session_id: str, what: str | Edit, picks: int | None = None) -> int:
    """Seconds to ask for: what the settings allow a reply to take, and no more."""
    settings = _recommender.settings
    wanted: float = settings.rank_budget_s + settings.explain_budget_s
    return min(LONGEST_S, round(wanted) + OVERHEAD_S)


def _on_gpu(function: Callable[..., Iterator[Event]]) -> Callable[..., Iterator[Event]]:
    if not os.environ.get("SPACES_ZERO_GPU"):
        return function
    try:
        import spaces
    except ImportError:
        return function
    decorated: Callable[..., Iterator[Event]] = spaces.GPU(duration=duration)(function)
    return decorated


@_on_gpu
def reply(session_id: str, utterance: str, picks: int | None = None) -> Iterator[Event]:
    """The events of one reply of the lent recommender."""
    yield from _recommender.reply(session_id, utterance, picks)


@_on_gpu
def edit(session_id: str, edit: Edit, picks: int | None = None) -> Iterator[Event]:
    """The events of the reply to an edit by hand."""
    yield from _recommender.edit(session_id, edit, picks)
