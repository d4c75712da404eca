"""Calls to a model that can be given up: by a visitor who leaves, or when their time is over.

A model can't be interrupted while it reads. So what is given up while it waits never begins,
and what runs by then ends by itself in one of a few threads: calls don't pile up, however many
visitors leave.
"""

from __future__ import annotations

import concurrent.futures
import time
from collections.abc import Callable, Generator
from typing import Any, TypeVar

_HEARTBEAT_S = 0.1
_SPARE = 1  # threads beyond those that are served, so that one hung call holds nobody up
Answer = TypeVar("Answer")


class ModelBusyError(RuntimeError):
    """Every thread is held by a call whose time was over before."""


class Calls:
    """Runs calls in threads of its own, `at_once` and one to spare; safe to share."""

    def __init__(self, at_once: int) -> None:
        self._most = at_once + _SPARE
        self._pool = concurrent.futures.ThreadPoolExecutor(self._most, thread_name_prefix="model")
        self._overdue: frozenset[concurrent.futures.Future[Any]] = frozenset()

    def run(
        self, budget_s: float, function: Callable[..., Answer], *arguments: Any
    ) -> Generator[None, None, Answer]:
        """A sign of life ten times a second while the call runs, then what it gave.

        Closing the generator gives the call up. Raises what the call raised, `TimeoutError` once
        the budget is spent, and at once `ModelBusyError` where nothing could run.
        """
        self._overdue = frozenset(call for call in self._overdue if not call.done())
        if len(self._overdue) >= self._most:
            raise ModelBusyError("it still has to end what was given up before")
        call = self._pool.submit(function, *arguments)
        deadline = time.perf_counter() + budget_s
        try:
            while not concurrent.futures.wait([call], timeout=_HEARTBEAT_S).done:
                if time.perf_counter() > deadline:
                    self._overdue |= {call}
                    raise TimeoutError
                yield None
            return call.result()
        finally:
            call.cancel()

    def close(self) -> None:
        """Give up what waits; what runs is not waited for."""
        self._pool.shutdown(wait=False, cancel_futures=True)
