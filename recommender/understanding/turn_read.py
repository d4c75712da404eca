"""What the reading of one utterance gathers, and where an utterance falls into parts."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from recommender.dialogue import Act, DialogueState, Session, StatedLimit
from recommender.understanding.by_model import ModelReading
from recommender.understanding.questions import Question

# Where an utterance may go on with another act: sentences, and questions behind a comma.
_PARTS = re.compile(
    r"(?<=[.!?;])\s+|,?\s+(?:and|but|also|plus|then)\s+(?=(?:who|what|when|why|how (?:long|old|many|come|does|do)|is (?:it|that|the)|was (?:it|that|the)|does (?:it|that|the)|did (?:it|that|the)|tell me|compare|which)\b)|"
    r",\s*(?=(?:who|what(?:'s| is| was| year| language| genre| else)|when|why|how (?:long|old|many|come)|which|is (?:it|that)|was it|does it|tell me|anything else|something else|any others?|show me|next|surprise me|more)\b)|"
    r"\s[-–—]\s",
    re.IGNORECASE,
)


@dataclass
class TurnRead:
    """What the reading of one utterance gathers."""

    session: Session
    number: int
    state: DialogueState
    acts: list[Act]
    questions: list[Question]
    heard: ModelReading = field(default_factory=ModelReading)
    lifted: tuple[StatedLimit, ...] = ()
    taken_back: tuple[str, ...] = ()
    rated: tuple[tuple[str, int], ...] = ()
    went_back: bool = False

    def does(self, *acts: Act) -> None:
        self.acts += [act for act in dict.fromkeys(acts) if act not in self.acts]


def parts_of(text: str) -> list[str]:
    """The parts of an utterance that may be different acts."""
    return [part for part in _PARTS.split(text) if part and part.strip()]
