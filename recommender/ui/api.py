"""The public endpoints, for programs and for MCP clients: ask, see what was understood, edit
it, take all of it along, be forgotten.

A session's id is the only key to it, so each endpoint but the first needs one.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import aclosing
from dataclasses import asdict
from typing import Any

import gradio as gr

from recommender.dialogue import Done, Event, Session
from recommender.store import KEPT
from recommender.ui.line import Line, LineFullError
from recommender.ui.understood import what_went
from recommender.ui.waiting import in_steps, place_in
from recommender.ui.zero_gpu import lend
from recommender.understanding.edits import EditError, parse_edit

log = logging.getLogger(__name__)

NO_SESSION = "session is empty; pass the session of an earlier answer"


def endpoints(recommender: Any, line: Line) -> dict[str, Callable[..., Any]]:
    """All endpoints by name, over `recommender`; their bounds are checked before anything
    is begun. Those that want a reply wait in `line`."""
    return {
        "recommend": recommend_endpoint(recommender, line),
        "edit": edit_endpoint(recommender, line),
        "understood": understood_endpoint(recommender),
        "export": export_endpoint(recommender),
        "forget": forget_endpoint(recommender),
    }


def recommend_endpoint(recommender: Any, line: Line) -> Callable[..., Awaitable[dict[str, Any]]]:
    most, on_gpu = recommender.settings.candidates, lend(recommender)

    async def recommend(
        request: gr.Request, utterance: str, session: str = "", picks: int = 3, keep: bool = True
    ) -> dict[str, Any]:
        """Recommend items for a wish in plain words, with reasons and their evidence.

        Args:
            utterance: What is wished for, for example "a calm one from the sixties".
            session: The session of an earlier answer, to go on from it; empty for a new one.
            picks: How many items to return.
            keep: Whether a new session is written down; without, it is held for a day in memory.
        """
        if not isinstance(utterance, str) or not utterance.strip():
            raise refusal("utterance is empty; say in words what is wished for")
        if isinstance(picks, bool) or not isinstance(picks, int) or not 1 <= picks <= most:
            raise refusal(f"picks is {picks!r}; expected a whole number from 1 to {most}")
        if session != "":
            _known(recommender, session)

        def begin() -> Iterator[Event]:
            opened = session or recommender.open_session(KEPT if keep is True else "").id
            return on_gpu.reply(opened, utterance, picks)

        return await _whole(begin, "the recommendation", line, request, session)

    return recommend


def edit_endpoint(recommender: Any, line: Line) -> Callable[..., Awaitable[dict[str, Any]]]:
    on_gpu = lend(recommender)

    async def edit(
        request: gr.Request,
        session: str,
        action: str,
        kind: str = "",
        key: str = "",
        text: str = "",
    ) -> dict[str, Any]:
        """Edit a line of what was understood, and get new picks at once.

        Args:
            session: The session of an earlier answer.
            action: "remove" or "change" the line named by key, or "add" one of a kind.
            kind: Of a line to add: wish, limit, leaning, liked, disliked, seen, taste, context.
            key: The line, as the tool that lists what was understood names it.
            text: What the line should hold: a title, a limit such as "before 1990", or words.
        """
        known = _known(recommender, session)
        try:
            what = parse_edit({"action": action, "kind": kind, "key": key, "text": text})
        except EditError as error:
            raise refusal(str(error)) from None
        return await _whole(
            lambda: on_gpu.edit(known.id, what), "the edit", line, request, known.id
        )

    return edit


def understood_endpoint(recommender: Any) -> Callable[..., list[dict[str, Any]]]:
    def understood(session: str) -> list[dict[str, Any]]:
        """List what is held of a conversation: a line for each thing, with its words and turn.

        Args:
            session: The session of an earlier answer.
        """
        return [asdict(line) for line in recommender.understood(_known(recommender, session).id)]

    return understood


def export_endpoint(recommender: Any) -> Callable[..., dict[str, Any]]:
    def export(session: str) -> dict[str, Any]:
        """Give all that is kept of a conversation: state, turns, picks, candidates, ratings.

        Args:
            session: The session of an earlier answer.
        """
        kept: dict[str, Any] = recommender.export(_known(recommender, session).id)
        return kept

    return export


def forget_endpoint(recommender: Any) -> Callable[..., dict[str, Any]]:
    def forget(session: str) -> dict[str, Any]:
        """Delete all that is kept of a conversation, for good, and say what went.

        Args:
            session: The session to forget.
        """
        counts = recommender.forget(_known(recommender, session).id)
        return {"deleted": counts, "message": what_went(counts)}

    return forget


def _known(recommender: Any, session: Any) -> Session:
    if not isinstance(session, str):
        raise refusal("session is not text; pass the session of an earlier answer, or ''")
    if not session:
        raise refusal(NO_SESSION)
    try:
        known: Session = recommender.session(session)
    except LookupError:
        raise refusal("no such session; pass that of an earlier answer, or ask anew") from None
    return known


async def _whole(
    begin: Callable[[], Iterator[Event]], what: str, line: Line, request: gr.Request, visitor: str
) -> dict[str, Any]:
    """The reply at the end of the events, once its turn has come; a refused request says why,
    before it is begun, and a full line says so at once."""
    begun = False
    try:
        async with place_in(line, request, visitor) as place:
            async for _ in place.positions():
                pass
            async with aclosing(in_steps(line, begin, place)) as events:
                async for event in events:
                    begun = True
                    if isinstance(event, Done):
                        return event.reply.as_dict()
            if place.left:
                raise refusal("the client has left")
    except gr.Error:
        raise
    except LineFullError as error:
        raise refusal(f"busy: {error}") from None
    except Exception as error:
        if isinstance(error, ValueError) and not begun:
            raise refusal(str(error)) from None
        log.exception("%s failed", what)
    raise refusal(f"{what} failed on this side; please try again")


def refusal(line: str) -> gr.Error:
    """An error that the caller reads in full and that leaves no trace in the log."""
    return gr.Error(line, print_exception=False)
