"""Who is still there: a client that stops listening for its events has left.

Gradio ends a run whose client is gone only between two of its updates, and a call of the API
not at all. So the connections on which clients listen are watched on their way in.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs

_CALL = re.compile(r"/gradio_api/call/.+/([^/]+)/?$")
_PAGE = re.compile(r"/gradio_api/queue/data/?$")


class Presence:
    """Tells those who work for a client that it has left; for the loop of a server alone."""

    def __init__(self) -> None:
        self._listening: Counter[str] = Counter()
        self._watching: dict[str, set[Callable[[], None]]] = {}

    @contextmanager
    def watching(self, client: str | None, gone: Callable[[], None]) -> Iterator[None]:
        """`gone` is called if the client leaves meanwhile; `client` is the session's hash."""
        if client is None:
            yield
            return
        self._watching.setdefault(client, set()).add(gone)
        try:
            yield
        finally:
            self._watching[client].discard(gone)
            if not self._watching[client]:
                del self._watching[client]

    def came(self, client: str) -> None:
        self._listening[client] += 1

    def went(self, client: str, *, early: bool) -> None:
        """A connection is over; `early` where not all had been sent on it."""
        self._listening[client] -= 1
        if self._listening[client] > 0:
            return
        del self._listening[client]
        if early:
            for gone in list(self._watching.get(client, ())):
                gone()


PRESENCE = Presence()  # of all servers of a process: the hash of a session is random


class WatchPresence:
    """The connections on which clients listen, as an ASGI middleware."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        client = _listener(scope)
        if client is None:
            await self._app(scope, receive, send)
            return
        over = told = False

        def leave(*, early: bool) -> None:
            nonlocal told
            if not told:
                told = True
                PRESENCE.went(client, early=early)

        async def heard() -> Any:
            message = await receive()
            if message["type"] == "http.disconnect":
                leave(early=not over)
            return message

        async def sent(message: MutableMapping[str, Any]) -> None:
            nonlocal over
            if message["type"] == "http.response.body" and not message.get("more_body", False):
                over = True
            await send(message)

        PRESENCE.came(client)
        try:
            await self._app(scope, heard, sent)
        finally:
            leave(early=not over)


def _listener(scope: MutableMapping[str, Any]) -> str | None:
    """The hash of the session whose events are listened for, if that is what is asked."""
    if scope["type"] != "http" or scope["method"] != "GET":
        return None
    if call := _CALL.search(scope["path"]):
        return call[1]
    if _PAGE.search(scope["path"]):
        given = parse_qs(scope.get("query_string", b"").decode("latin-1"))
        return given.get("session_hash", [None])[0]
    return None
