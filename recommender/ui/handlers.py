"""What happens on the Chat page, without its layout.

Every handler can be called by anyone with anything, whatever the page offers, so each one
checks the session and the words it is given. Nothing of a visitor is kept in this object.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from typing import Any

import gradio as gr

from recommender.dialogue import Act, Degraded, Done, Picked, Reply, Session, TextChunk, Understood
from recommender.store import KEPT
from recommender.ui import cards, conversation, understood, visitor
from recommender.ui.conversation import WAITING, Message, said
from recommender.ui.gate import Gate, Ticket
from recommender.ui.model_line import model_line, plain_line
from recommender.ui.zero_gpu import lend
from recommender.understanding.edits import Edit

log = logging.getLogger(__name__)

MAX_UTTERANCE = 4_000  # characters that the page takes; the engine may ask for fewer
START = "Try one of these"
NEXT = "Or say"
WELCOME = "Picks will stand here, each with the reason it was chosen."
NOTHING = "Nothing in the catalog fits all of that. Loosen one wish and ask again."
NOT_AGAIN = "That was an edit by hand. Undo it, or edit once more under “What I understood”."
TRY_AGAIN = "The reply could not be finished, so there are no picks to show."


class Handlers:
    """The events of the page, over one recommender for all visitors.

    Methods return updates by the name of the component; `chat.py` puts them in order.
    """

    def __init__(self, recommender: Any, examples: tuple[str, ...]) -> None:
        self.recommender = recommender
        self.examples = examples
        self._on_gpu = lend(recommender)

    # --- a reply ----------------------------------------------------------------------

    def begin(
        self, words: Any, browser: Any, history: Any, gate: Gate, consent: Any = KEPT
    ) -> dict[str, Any]:
        """Show the user's words at once and let the reply in; nothing where one is running."""
        utterance = str(words or "").strip()[:MAX_UTTERANCE]
        if not utterance or gate.busy:
            return {}
        entered = self.enter(utterance, browser, history, gate, consent=consent)
        return {**entered, "composer": ""}

    def enter(
        self, utterance: str, browser: Any, history: Any, gate: Gate, edit: Edit | None = None,
        consent: Any = KEPT,
    ) -> dict[str, Any]:  # fmt: skip
        """Let a reply in, to words or to an edit that the words tell of."""
        messages = conversation.cleaned(history)
        session, fresh = visitor.known_or_new(self.recommender, browser, consent)
        if fresh:
            lost = visitor.id_of(browser)
            messages = [said("assistant", conversation.LOST)] if lost else []
        messages += [said("user", utterance), said("assistant", WAITING)]
        gate.enter(Ticket(session.id, utterance, messages, edit))
        return {
            "chatbot": list(messages),
            "chips": cards.chips_value("", ()),
            "browser": {"session": session.id},
            "consent": gr.Radio(visible=False),
            **_buttons(replying=True),
        }

    def again(
        self, words: str | None, index: Any, browser: Any, history: Any, gate: Gate
    ) -> dict[str, Any]:
        """Take back the user's message at or before `index` and what came of it, then say
        `words`, or the same words, in its place."""
        if gate.busy:
            return {}
        messages = conversation.cleaned(history)
        place = conversation.last_user(messages, index if isinstance(index, int) else None)
        if place is None:
            return {}
        if words is None and self._by_hand(browser, messages[place]):
            return {"chatbot": messages, "line": plain_line(NOT_AGAIN)}
        utterance = conversation.text_of(messages[place]) if words is None else words
        if not str(utterance).strip():
            return {"chatbot": messages}
        self._rewind(browser, messages, place)
        return self.begin(utterance, browser, messages[:place], gate)

    def stream(self, gate: Gate) -> Iterator[dict[str, Any]]:
        """The reply, piece by piece: the cards first, then the text.

        The recommender's generator is closed as soon as a stop is seen or the tab is gone,
        which stops the model.
        """
        ticket = gate.take()
        if ticket is None:
            yield {}  # a stream that yields nothing would put the page back to its beginning
            return
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
                        yield {"chatbot": list(messages), "panel": self.panel(session)}
                    case Picked(picks=picks):
                        picked = True
                        yield {"cards": self._cards(current, current.turn, picks)}
                    case TextChunk(text=piece):
                        text += piece
                        yield {"chatbot": _answered(messages, text)} if piece else {}
                    case Degraded(reason=reason):
                        yield {"line": self.line(reason, ranked=picked)}
                    case Done(reply=reply):
                        yield self._done(messages, reply, picked)
        except Exception as error:
            yield self._failed(error, ticket, messages, text, begun=current.turn > 0)
        finally:
            close = getattr(events, "close", None)
            if close:
                close()
            gate.leave(ticket)
        yield _buttons(replying=False)

    def stop(self, history: Any, gate: Gate) -> dict[str, Any]:
        """Leave the text as it stands and close the model's stream."""
        gate.stop()
        messages = conversation.cleaned(history)
        if messages and conversation.text_of(messages[-1]) == WAITING:
            messages[-1] = {**messages[-1], "content": conversation.STOPPED}
        return {"chatbot": messages, **_buttons(replying=False)}

    # --- taking back ------------------------------------------------------------------

    def undo(self, browser: Any, history: Any, gate: Gate) -> dict[str, Any]:
        """Forget the last turn and put its words back where they were typed."""
        messages = conversation.cleaned(history)
        place = conversation.last_user(messages)
        if gate.busy or place is None:
            return {}
        by_hand = self._by_hand(browser, messages[place])
        self._rewind(browser, messages, place)
        return {
            **({} if by_hand else {"composer": conversation.text_of(messages[place])}),
            **self._standing(self._known(browser), history=messages[:place]),
        }

    def clear(self, browser: Any, gate: Gate) -> dict[str, Any]:
        """Forget the conversation: on the page, in the browser and in the store."""
        gate.stop()
        session = self._known(browser)
        told = "Nothing was kept of you here."
        if session is not None:
            told = f"{understood.what_went(self.recommender.forget(session.id))}."
        return {
            "browser": {},
            "composer": "",
            **self._standing(None, history=[]),
            "panel": self.panel(None, told=told),
            **_buttons(replying=False),
        }

    # --- the page as it stands ----------------------------------------------------------

    def restore(self, browser: Any) -> dict[str, Any]:
        """Bring back what the store keeps of the session that the browser names."""
        session = self._known(browser)
        if session is None and visitor.id_of(browser):
            lost = [said("assistant", conversation.LOST)]
            return {"browser": {}, **self._standing(None, history=lost)}
        return self._standing(session)

    def line(self, degraded: str | None = None, *, ranked: bool = False) -> str:
        return model_line(self.recommender.describe_model(), degraded, ranked=ranked)

    def panel(self, session: Session | None, **more: Any) -> str:
        """The panel over a session as it stands; see `understood.panel_value`."""
        state = session.state if session else None
        return understood.panel_value(visitor.catalog_of(self.recommender, session), state, **more)

    # --- inside -----------------------------------------------------------------------

    def _known(self, browser: Any) -> Session | None:
        return visitor.known(self.recommender, browser)

    def _by_hand(self, browser: Any, message: Message) -> bool:
        """Whether a message tells of an edit by hand, whose words nobody said."""
        session, turn = self._known(browser), conversation.turn_of(message)
        replies = self.recommender.replies(session.id) if session else ()
        return any(r.turn == turn and Act.EDIT in r.acts for r in replies)

    def _rewind(self, browser: Any, messages: list[Message], place: int) -> None:
        """Take the turns from `place` on out of the store, if any of them was begun."""
        session = self._known(browser)
        turns = [t for t in map(conversation.turn_of, messages[place:]) if t]
        if session is not None and turns and 1 <= turns[0] <= session.turn:
            self.recommender.rewind(session.id, turns[0])

    def _standing(
        self, session: Session | None, history: list[Message] | None = None
    ) -> dict[str, Any]:
        replies = self.recommender.replies(session.id) if session else []
        last = replies[-1] if replies else None
        picked = next((r for r in reversed(replies) if r.picks), None)
        return {
            "consent": gr.Radio(visible=session is None),
            "chatbot": conversation.from_replies(replies) if history is None else history,
            "cards": self._cards_of(picked) if picked else self._no_cards(WELCOME),
            "chips": cards.chips_value(NEXT, last.suggestions) if last else self._start(),
            "line": self.line(),
            "panel": self.panel(session, reader=understood.read_by(last)),
        }

    def _done(self, messages: list[Message], reply: Reply, picked: bool) -> dict[str, Any]:
        return {
            "chatbot": _answered(messages, reply.message or NOTHING),
            "chips": cards.chips_value(NEXT, reply.suggestions),
            "line": self.line(reply.degraded, ranked=_ranked(reply)),
            "panel": self.panel(
                self._known({"session": reply.session}), reader=understood.read_by(reply)
            ),
            **({"cards": self._cards_of(reply)} if picked else {}),
        }

    def _cards_of(self, reply: Reply) -> str:
        return self._cards(_after(reply), reply.turn, reply.picks)

    def _failed(
        self, error: Exception, ticket: Ticket, messages: list[Message], text: str, *, begun: bool
    ) -> dict[str, Any]:
        """A refused utterance says why; any other failure is ours and goes to the log."""
        if isinstance(error, ValueError) and not begun:
            return {"chatbot": _answered(messages, str(error)), "chips": self._start()}
        log.error("a reply failed", exc_info=error)
        said_so_far = f"{text}\n\n" if text else ""
        return {
            "chatbot": _answered(messages, said_so_far + conversation.FAILED),
            "chips": cards.chips_value(NEXT, (ticket.utterance,)),
            **({} if text else {"cards": self._no_cards(TRY_AGAIN)}),
        }

    def _cards(self, session: Session, turn: int, picks: Any) -> str:
        catalog = visitor.catalog_of(self.recommender, session)
        kept = self.recommender.feedback_of(session.id)
        reply = f"{hashlib.sha256(session.id.encode()).hexdigest()[:8]}.{turn}"
        return cards.cards_value(catalog, reply, picks, kept, NOTHING)

    def _no_cards(self, note: str) -> str:
        return cards.cards_value(self.recommender.catalog, "", (), {}, note)

    def _start(self) -> str:
        return cards.chips_value(START, self.examples)


def _after(reply: Reply) -> Session:
    return Session(reply.session, reply.turn, reply.state)


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


def _buttons(*, replying: bool) -> dict[str, Any]:
    return {"send": gr.Button(visible=not replying), "stop": gr.Button(visible=replying)}
