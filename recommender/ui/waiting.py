"""A reply for one visitor of the line: waited for, then made in a thread, step by step.

Both the page and the API go through here, so that they wait in one line, and so that whoever
leaves, at any moment, frees the place.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import gradio as gr

from recommender.ui.line import Line, Place
from recommender.ui.presence import PRESENCE

Step = TypeVar("Step")
_OVER = object()


@asynccontextmanager
async def place_in(line: Line, request: gr.Request, visitor: str) -> AsyncIterator[Place]:
    """A place for as long as the client of the request is there. Raises `LineFullError`."""
    client = getattr(request, "client", None)
    place = line.join(str(client.host) if client else "", visitor)
    try:
        with PRESENCE.watching(request.session_hash, place.leave):
            yield place
    finally:
        line.give_back(place)


async def in_steps(
    line: Line, make: Callable[[], Iterator[Step]], place: Place
) -> AsyncGenerator[Step, None]:
    """What an iterator gives, each step made in a thread of the line; it is closed when it is not wanted
    any longer, and when who holds the place has left."""
    steps = make()
    try:
        while not place.left:
            step = await _finished(line, lambda: next(steps, _OVER))
            if step is _OVER:
                return
            yield step
    finally:
        close = getattr(steps, "close", None)
        if close is not None:
            await _finished(line, close)


async def _finished(line: Line, function: Callable[[], Any]) -> Any:
    """What a function gives in a thread. Who is cancelled meanwhile waits for its end first,
    since a generator can't be closed while it runs."""
    context = contextvars.copy_context()  # a borrowed GPU is told by it whose quota is spent
    call = asyncio.get_running_loop().run_in_executor(line.threads, context.run, function)
    try:
        return await asyncio.shield(call)
    except asyncio.CancelledError:
        await asyncio.wait([call])
        raise
