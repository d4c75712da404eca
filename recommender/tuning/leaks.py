"""Leaks: whether the answer stands in the question.

What it is to name a title is said here for evaluation too; a title of an instruction's own
wording is no leak. A leak that no text shows, such as a history
that was put together after the fact, can't be found here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from prompts.instruction import Aspects
from prompts.templates import Strategy, Template
from recommender.tuning.examples import Example
from retrieval.catalog import Item, fold

TITLE = "the target's title stood in the prefix"
TEXT = "the target stood in the prefix"
LABEL = "a label stood in the prefix"
_COMMON = 5  # letters; shorter titles of one word are common words as well
_WORD = re.compile(r"[^\W_]+")
_ANSWERED = re.compile(r"Answer:\s*(?:yes|no)\b", re.IGNORECASE)


def leak_in(
    template: Template,
    example: Example,
    target: Item,
    aspects: Aspects,
    given: Mapping[str, str],
) -> str:
    """What leaks in an example, in words; "" where nothing does."""
    if _ANSWERED.search(example.prefix):
        return LABEL
    item_asked = template.scored or "item" in template.asks_for
    told = [text for name, text in _told(aspects, given) if name not in template.asks_for]
    if item_asked and any(names(text, target.title) for text in told):
        return TITLE
    # To find the wish in a conversation is the task itself.
    found_in_talk = template.strategy is Strategy.DIALOGUE and not item_asked
    if example.target and not found_in_talk and fold(example.target) in fold(example.prefix):
        return TEXT
    return ""


def names(text: str, title: str) -> bool:
    """Whether a text names a title: its words as they stand, whatever their case, marks or
    accents; of a short title of one word, which is a common word as well, only with its capital.
    """
    parts = words(title)
    if not parts:  # a title of marks alone
        return bool(title.strip()) and title.strip() in text
    if len(parts) == 1 and len(parts[0]) < _COMMON:
        return _WORD.findall(title)[0] in _WORD.findall(text)
    return f" {' '.join(parts)} " in f" {' '.join(words(text))} "


def words(text: str) -> list[str]:
    """The words of a text without marks, case or accents."""
    return _WORD.findall(fold(text))


def _told(aspects: Aspects, given: Mapping[str, str]) -> list[tuple[str, str]]:
    told = [("history", "; ".join(aspects.history)), ("taste", "; ".join(aspects.taste))]
    told.append(("wish", "; ".join((aspects.wish, *aspects.limits))))
    # An explanation names its item, which is not asked for there.
    return told + [(name, text) for name, text in given.items() if name == "dialogue"]
