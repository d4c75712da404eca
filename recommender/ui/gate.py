"""One reply at a time in one tab.

Enter, a chip and a card can all ask for a reply, and a visitor can send any of these events
at any moment. The gate lets one in, hands it to the stream once, and remembers a stop. It
lives in the state of the tab and holds no words of anybody else.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from recommender.ui.conversation import Message
from recommender.understanding.edits import Edit


@dataclass
class Ticket:
    """One reply that was let in: whose it is, what was said, what stood before it.

    With an `edit` the utterance only tells what it does.
    """

    session_id: str
    utterance: str
    history: list[Message] = field(default_factory=list)
    edit: Edit | None = None
    stopped: bool = False


class Gate:
    def __init__(self) -> None:
        self._ticket: Ticket | None = None
        self._taken = False

    @property
    def busy(self) -> bool:
        return self._ticket is not None

    def enter(self, ticket: Ticket) -> None:
        self._ticket, self._taken = ticket, False

    def take(self) -> Ticket | None:
        """The ticket that waits; None where there is none or another stream has it."""
        if self._ticket is None or self._taken:
            return None
        self._taken = True
        return self._ticket

    def stop(self) -> None:
        """Free the gate at once; the stream that has the ticket sees that it is stopped."""
        if self._ticket is not None:
            self._ticket.stopped = True
        self._ticket = None

    def leave(self, ticket: Ticket) -> None:
        """The reply is over. A later ticket stays."""
        if self._ticket is ticket:
            self._ticket = None
