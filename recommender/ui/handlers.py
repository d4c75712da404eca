"""What happens on the Chat page, without its layout.

Every handler can be called by anyone with anything, whatever the page offers, so each one
checks the session and the words it is given. Nothing of a visitor is kept in this object.
"""

from __future__ import annotations

import hashlib
import logging
from typing import Any

import gradio as gr

from recommender.dialogue import Act, Reply, Session
from recommender.store import KEPT
from recommender.ui import cards, conversation, understood, visitor
from recommender.ui.conversation import WAITING, Message, said
from recommender.ui.gate import Gate, Ticket
from recommender.ui.line import Line
from recommender.ui.model_line import busy_line, model_line, plain_line
from recommender.understanding.edits import Edit

log = logging.getLogger(__name__)

MAX_UTTERANCE = 4_000  # characters that the page takes; the engine may ask for fewer
START = "Try one of these"
NEXT = "Or say"
WELCOME = "Picks will stand here, each with the reason it was chosen."
NOTHING = "Nothing in the catalog fits all of that. Loosen one wish and ask again."
NOT_AGAIN = "That was an edit by hand. Undo it, or edit once more under “What I understood”."


class Handlers:
    """The events of the page, over one recommender for all visitors.

    Methods return updates by the name of the component; `chat.py` puts them in order.
    """

    def __init__(self, recommender: Any, examples: tuple[str, ...], line: Line) -> None:
        """`line` is the one that all who want a reply wait in."""
        self.recommender = recommender
        self.examples = examples
        self.waiting_line = line

    # --- a reply ----------------------------------------------------------------------

    def begin(
        self, words: Any, browser: Any, history: Any, gate: Gate, consent: Any = KEPT
    ) -> dict[str, Any]:
        """Show the user's words at once and let the reply in; nothing where one is running.

        Where nobody else may wait, the words stay where they were typed, and a line says so.
        """
        utterance = str(words or "").strip()[:MAX_UTTERANCE]
        if not utterance or gate.busy:
            return {}
        if self.waiting_line.full:
            return {"line": busy_line(str(self.waiting_line.refusal()))}
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
            **buttons(replying=True),
        }

    def again(
        self, words: str | None, index: Any, browser: Any, history: Any, gate: Gate
    ) -> dict[str, Any]:
        """Take back the user's message at or before `index` and what came of it, then say
        `words`, or the same words, in its place."""
        if gate.busy:
            return {}
        if self.waiting_line.full:  # before anything is taken back
            return {"line": busy_line(str(self.waiting_line.refusal()))}
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

    def stop(self, history: Any, gate: Gate) -> dict[str, Any]:
        """Leave the text as it stands and close the model's stream."""
        gate.stop()
        messages = conversation.cleaned(history)
        if messages and conversation.text_of(messages[-1]) == WAITING:
            messages[-1] = {**messages[-1], "content": conversation.STOPPED}
        return {"chatbot": messages, **buttons(replying=False)}

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
            **self._standing(self.known(browser), history=messages[:place]),
        }

    def clear(self, browser: Any, gate: Gate) -> dict[str, Any]:
        """Forget the conversation: on the page, in the browser and in the store."""
        gate.stop()
        session = self.known(browser)
        told = "Nothing was kept of you here."
        if session is not None:
            told = f"{understood.what_went(self.recommender.forget(session.id))}."
        return {
            "browser": {},
            "composer": "",
            **self._standing(None, history=[]),
            "panel": self.panel(None, told=told),
            **buttons(replying=False),
        }

    # --- the page as it stands ----------------------------------------------------------

    def restore(self, browser: Any) -> dict[str, Any]:
        """Bring back what the store keeps of the session that the browser names."""
        session = self.known(browser)
        loading = {"loading": gr.Timer(active=self._is_loading())}
        if session is None and visitor.id_of(browser):
            lost = [said("assistant", conversation.LOST)]
            return {"browser": {}, **self._standing(None, history=lost), **loading}
        return {**self._standing(session), **loading}

    def loading(self, gate: Gate) -> dict[str, Any]:
        """While the language model loads: look again; a reply in progress keeps its line."""
        if self._is_loading():
            return {}
        return {"loading": gr.Timer(active=False), **({} if gate.busy else {"line": self.line()})}

    def line(self, degraded: str | None = None, *, ranked: bool = False) -> str:
        return model_line(self.recommender.describe_model(), degraded, ranked=ranked)

    def panel(self, session: Session | None, **more: Any) -> str:
        """The panel over a session as it stands; see `understood.panel_value`."""
        state = session.state if session else None
        return understood.panel_value(visitor.catalog_of(self.recommender, session), state, **more)

    def known(self, browser: Any) -> Session | None:
        return visitor.known(self.recommender, browser)

    def picks_of(self, reply: Reply) -> str:
        return self.picks_shown(_after(reply), reply.turn, reply.picks)

    def picks_shown(self, session: Session, turn: int, picks: Any) -> str:
        catalog = visitor.catalog_of(self.recommender, session)
        kept = self.recommender.feedback_of(session.id)
        reply = f"{hashlib.sha256(session.id.encode()).hexdigest()[:8]}.{turn}"
        return cards.cards_value(catalog, reply, picks, kept, NOTHING)

    def no_picks(self, note: str) -> str:
        return cards.cards_value(self.recommender.catalog, "", (), {}, note)

    def start_chips(self) -> str:
        return cards.chips_value(START, self.examples)

    # --- inside -----------------------------------------------------------------------

    def _is_loading(self) -> bool:
        return bool(self.recommender.describe_model().get("loading"))

    def _by_hand(self, browser: Any, message: Message) -> bool:
        """Whether a message tells of an edit by hand, whose words nobody said."""
        session, turn = self.known(browser), conversation.turn_of(message)
        replies = self.recommender.replies(session.id) if session else ()
        return any(r.turn == turn and Act.EDIT in r.acts for r in replies)

    def _rewind(self, browser: Any, messages: list[Message], place: int) -> None:
        """Take the turns from `place` on out of the store, if any of them was begun."""
        session = self.known(browser)
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
            "cards": self.picks_of(picked) if picked else self.no_picks(WELCOME),
            "chips": cards.chips_value(NEXT, last.suggestions) if last else self.start_chips(),
            "line": self.line(),
            "panel": self.panel(session, reader=understood.read_by(last)),
        }


def _after(reply: Reply) -> Session:
    return Session(reply.session, reply.turn, reply.state)


def buttons(*, replying: bool) -> dict[str, Any]:
    return {"send": gr.Button(visible=not replying), "stop": gr.Button(visible=replying)}
