"""A reply on a borrowed GPU.

A Space with ZeroGPU lends its GPU for the length of one decorated call, and runs that call
in a forked process. So the call is a plain function of plain arguments, and recommenders are
kept by number in a global of this module, which the fork inherits. Everywhere else the
decorator does nothing.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from recommender.dialogue import Event
from recommender.understanding.edits import Edit

LONGEST_S = 60  # a visitor's quota is spent by what is asked for, not by what is used
OVERHEAD_S = 5

_recommenders: list[Any] = []


@dataclass(frozen=True)
class OnGpu:
    """The replies of one recommender, each on a GPU that is borrowed for it where there is one."""

    number: int

    def reply(self, session_id: str, utterance: str, picks: int | None = None) -> Iterator[Event]:
        """The events of one reply."""
        return _reply(self.number, session_id, utterance, picks)

    def edit(self, session_id: str, edit: Edit, picks: int | None = None) -> Iterator[Event]:
        """The events of the reply to an edit by hand."""
        return _edit(self.number, session_id, edit, picks)


def lend(recommender: Any) -> OnGpu:
    """The replies of `recommender`; called ahead of the first of them, so that a fork knows it."""
    for number, known in enumerate(_recommenders):
        if known is recommender:
            return OnGpu(number)
    _recommenders.append(recommender)
    return OnGpu(len(_recommenders) - 1)


def duration(number: int, session_id: str, what: str | Edit, picks: int | None = None) -> int:
    """Seconds to ask for: what the settings allow a reply to take, and no more."""
    settings = _recommenders[number].settings
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
def _reply(
    number: int, session_id: str, utterance: str, picks: int | None = None
) -> Iterator[Event]:
    yield from _recommenders[number].reply(session_id, utterance, picks)


@_on_gpu
def _edit(number: int, session_id: str, edit: Edit, picks: int | None = None) -> Iterator[Event]:
    yield from _recommenders[number].edit(session_id, edit, picks)
