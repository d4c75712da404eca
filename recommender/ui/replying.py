"""A reply on the Chat page: the place in the line, then the cards, then the text."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from typing import Any

import gradio as gr

from recommender.dialogue import Degraded, Done, Picked, Reply, Session, TextChunk, Understood
from recommender.ui import cards, conversation, understood
from recommender.ui.conversation import Message, said
from recommender.ui.gate import Gate, Ticket
from recommender.ui.handlers import NEXT, NOTHING, Handlers, buttons
from recommender.ui.line import LineFullError
from recommender.ui.model_line import plain_line
from recommender.ui.waiting import in_steps, place_in
from recommender.ui.zero_gpu import lend

log = logging.getLogger(__name__)

TRY_AGAIN = "The reply could not be finished, so there are no picks to show."


class Replying:
    """The replies of the page, over its handlers; updates go by the name of the component."""

    def __init__(self, handlers: Handlers) -> None:
        self.handlers = handlers
        self._on_gpu = lend(handlers.recommender)

    async def stream(self, gate: Gate, request: gr.Request) -> AsyncGenerator[dict[str, Any], None]:
        """Wait for the turn, saying at which place; then the reply, piece by piece.

        Whatever ends it, a stop, a closed tab or the last word, frees the place and closes the
        recommender's generator, which stops the model.
        """
        ticket = gate.take()
        if ticket is None:
            yield {}  # a stream that yields nothing would put the page back to its beginning
            return
        line = self.handlers.waiting_line
        try:
            async with place_in(line, request, ticket.session_id) as place:
                waited = False
                async for position in place.positions():
                    waited = True
                    yield {"line": plain_line(told(position, line.about_s(position)))}
                if waited:
                    yield {"line": self.handlers.line()}
                if not ticket.stopped:
                    async with aclosing(
                        in_steps(line, lambda: self._reply(ticket), place)
                    ) as updates:
                        async for update in updates:
                            if update:
                                yield update
        except LineFullError as error:
            yield _refused(ticket, str(error))
        finally:
            gate.leave(ticket)
        if not ticket.stopped:
            yield buttons(replying=False)

    def _reply(self, ticket: Ticket) -> Iterator[dict[str, Any]]:
        """The reply as updates of the page; nothing where only time has passed."""
        messages, text, current = ticket.history, "", Session(ticket.session_id)
        picked = False  # small talk picks nothing and leaves the cards as they are
        if ticket.edit is None:
            events = self._on_gpu.reply(ticket.session_id, ticket.utterance)
        else:
            events = self._on_gpu.edit(ticket.session_id, ticket.edit)
        try:
            for event in events:
                if ticket.stopped:
                    return
                match event:
                    case Understood(session=session):
                        _number(messages, session.turn)
                        current = session
                        panel = self.handlers.panel(session)
                        yield {"chatbot": list(messages), "panel": panel}
                    case Picked(picks=picks):
                        picked = True
                        shown = self.handlers.picks_shown(current, current.turn, picks)
                        yield {"cards": shown}
                    case TextChunk(text=piece):
                        text += piece
                        yield {"chatbot": _answered(messages, text)} if piece else {}
                    case Degraded(reason=reason):
                        yield {"line": self.handlers.line(reason, ranked=picked)}
                    case Done(reply=reply):
                        yield self._done(messages, reply, picked)
        except Exception as error:
            yield self._failed(error, ticket, messages, text, begun=current.turn > 0)
        finally:
            close = getattr(events, "close", None)
            if close:
                close()

    def _done(self, messages: list[Message], reply: Reply, picked: bool) -> dict[str, Any]:
        session = self.handlers.known({"session": reply.session})
        return {
            "chatbot": _answered(messages, reply.message or NOTHING),
            "chips": cards.chips_value(NEXT, reply.suggestions),
            "line": self.handlers.line(reply.degraded, ranked=_ranked(reply)),
            "panel": self.handlers.panel(session, reader=understood.read_by(reply)),
            **({"cards": self.handlers.picks_of(reply)} if picked else {}),
        }

    def _failed(
        self, error: Exception, ticket: Ticket, messages: list[Message], text: str, *, begun: bool
    ) -> dict[str, Any]:
        """A refused utterance says why; any other failure is ours and goes to the log."""
        if isinstance(error, ValueError) and not begun:
            return {
                "chatbot": _answered(messages, str(error)), "chips": self.handlers.start_chips(),
            }  # fmt: skip
        log.error("a reply failed", exc_info=error)
        said_so_far = f"{text}\n\n" if text else ""
        return {
            "chatbot": _answered(messages, said_so_far + conversation.FAILED),
            "chips": cards.chips_value(NEXT, (ticket.utterance,)),
            **({} if text else {"cards": self.handlers.no_picks(TRY_AGAIN)}),
        }


def told(position: int, about_s: int) -> str:
    """Where somebody stands in the line, in words."""
    place = "You are next" if position == 1 else f"You are number {position} in line"
    return f"{place}, about {about_s} s." if about_s else f"{place}."


def _refused(ticket: Ticket, line: str) -> dict[str, Any]:
    return {
        "chatbot": _answered(ticket.history, line),
        "chips": cards.chips_value(NEXT, (ticket.utterance,)),
    }


def _ranked(reply: Reply) -> bool:
    """Whether the language model had a part in the order of the picks."""
    return any(pick.language_score is not None for pick in reply.picks)


def _answered(messages: list[Message], text: str) -> list[Message]:
    turn = conversation.turn_of(messages[-1])
    messages[-1] = said("assistant", text, turn)
    return list(messages)


def _number(messages: list[Message], turn: int) -> None:
    for message in messages[-2:]:
        message["metadata"] = {"id": str(turn)}
