"""Questions about an item that was shown: "who directed the second one?"

Which phrases ask for which field is said by the catalog's card (`asks`); which item is
meant comes from an ordinal, a title, or a pronoun for the item last spoken of.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from recommender.dialogue import DialogueState
from recommender.understanding.lexicon import Lexicon
from recommender.understanding.words import split_words

ORDINALS = {
    "first": 0, "1st": 0, "second": 1, "2nd": 1, "third": 2, "3rd": 2, "fourth": 3, "4th": 3,
    "fifth": 4, "5th": 4, "last": -1,
}  # fmt: skip
_ORDINAL = re.compile(
    r"\b(?:the )?(first|second|third|fourth|fifth|last|1st|2nd|3rd|4th|5th)(?: one\b.*|'s .*| \w+)?"
    r"\s*[?.!]*$"
    r"|\b(?:number|no\.?|#) ?(\d)\b"
)
_PRONOUN = re.compile(r"\b(?:it|that|this|that one|this one|it's|that's)\b")
_WISH = re.compile(r"\b(?:a|an|some|any|good|best|should|could|would|recommend|to watch)\b")


@dataclass(frozen=True)
class Question:
    """An item and the field of it that is asked for."""

    item_id: str
    field: str


def read_question(text: str, state: DialogueState, lexicon: Lexicon) -> Question | None:
    """The question that an utterance asks about an item, or None."""
    spoken = text.lower().strip()
    field, asking = "", ""
    for f in lexicon.catalog.fields.values():
        for phrase in f.asks:
            # The longest phrase knows best: "what is the runtime" is not "what is".
            found = re.search(rf"^(?:and |so |ok(?:ay)?,? |but )?{re.escape(phrase)}\b", spoken)
            if found and len(phrase) > len(asking):
                field, asking = f.name, phrase
    if not field:
        return None
    behind = spoken[spoken.index(asking) + len(asking) :]
    # "What is a good western that is short?" asks for something else.
    pointed = "" if _WISH.search(behind) else _pointed_at(behind, state)
    item_id = _named(text, lexicon) or pointed
    return Question(item_id, field) if item_id in lexicon.catalog else None


def _named(text: str, lexicon: Lexicon) -> str:
    """A title that closes the question: "who directed Heat?"."""
    words = split_words(text)
    for first, last, ids in lexicon.titles(words):
        if (
            last == len(words)
            and first >= 2
            and any(word.capitalised for word in words[first:last])
        ):
            return ids[-1]  # of films of one name the latest
    return ""


def _pointed_at(spoken: str, state: DialogueState) -> str:
    ordinal = _ORDINAL.search(spoken)
    shown = state.last_shown
    if ordinal and shown:
        place = ORDINALS[ordinal[1]] if ordinal[1] else int(ordinal[2]) - 1
        return shown[place] if -len(shown) <= place < len(shown) else ""
    if _PRONOUN.search(spoken):
        return state.focus or (shown[0] if shown else "")
    return ""
