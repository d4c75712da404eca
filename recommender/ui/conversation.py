"""The conversation as the Chatbot shows it: plain text that can never act as HTML.

The Chatbot puts every message into the page as HTML, even with Markdown switched off, and
its sanitizer lets images and forms through. Escaping would show entities in the edit box.
So a word joiner, which takes no room on screen, is set behind each character that could
open a tag or an entity: what follows is then text by the rules of HTML.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from recommender.dialogue import Reply

JOINER = "\u2060"
WAITING = "…"
STOPPED = "Stopped."
FAILED = "Something went wrong on this side, and it has been noted. Please try again."
LOST = "That conversation is no longer kept here, so this is a new one."

Message = dict[str, Any]


def shield(text: str) -> str:
    """`text` such that it looks the same and holds no tag and no entity.

    >>> shield("<b>").encode("unicode_escape")
    b'<\\\\u2060b>'
    """
    plain = unshield(text)
    return plain.replace("<", f"<{JOINER}").replace("&", f"&{JOINER}")


def unshield(text: str) -> str:
    """What the user sees, without the joiners that `shield` set."""
    return text.replace(JOINER, "")


def said(role: str, text: str, turn: int | None = None) -> Message:
    """One message. `turn` travels with the message, so that undo and edit find it again."""
    message: Message = {"role": role, "content": shield(text)}
    if turn is not None:
        message["metadata"] = {"id": str(turn)}
    return message


def text_of(message: Message) -> str:
    """The words of a message in any of the shapes that the Chatbot hands back."""
    content = message.get("content", "")
    if isinstance(content, str):
        return unshield(content)
    blocks = content if isinstance(content, Sequence) else [content]
    return unshield(
        "".join(str(b.get("text", "")) if isinstance(b, dict) else str(b) for b in blocks)
    )


def turn_of(message: Message) -> int | None:
    """The turn that a message belongs to; None where none was begun or the id is forged."""
    number = str((message.get("metadata") or {}).get("id", ""))
    return int(number) if number.isdecimal() and len(number) < 7 else None


def cleaned(history: Iterable[Any] | None) -> list[Message]:
    """The history as it came back from the browser, in our own shape."""
    return [
        said(message["role"], text_of(message), turn_of(message))
        for message in history or ()
        if isinstance(message, dict) and message.get("role") in ("user", "assistant")
    ]


def last_user(history: Sequence[Message], upto: int | None = None) -> int | None:
    """The place of the last message of the user, at or before `upto`."""
    end = len(history) - 1 if upto is None else min(upto, len(history) - 1)
    return next((i for i in range(end, -1, -1) if history[i]["role"] == "user"), None)


def from_replies(replies: Iterable[Reply]) -> list[Message]:
    """The history of a session, as the store remembers it."""
    history: list[Message] = []
    for reply in replies:
        history.append(said("user", reply.utterance, reply.turn))
        history.append(said("assistant", reply.message or STOPPED, reply.turn))
    return history
