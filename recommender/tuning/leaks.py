"""Leaks: whether the answer stands in the question.

A title that is also a common word ("It", "Up") counts only with its capital, and a title
of an instruction's own wording is no leak. A leak that no text shows, such as a history
that was put together after the fact, can't be found here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from prompts.instruction import Aspects
from prompts.templates import Template
from recommender.tuning.examples import Example
from retrieval.catalog import Item, fold

TITLE = "the target's title stood in the prefix"
TEXT = "the target stood in the prefix"
LABEL = "a label stood in the prefix"
_COMMON = 5  # letters; shorter titles of one word are common words as well
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
    if item_asked and any(names(text, target) for text in told):
        return TITLE
    if example.target and fold(example.target) in fold(example.prefix):
        return TEXT
    return ""


def names(text: str, item: Item) -> bool:
    """Whether a text names an item by its title."""
    title = item.title.strip()
    short = len(title) < _COMMON and " " not in title
    pattern = rf"(?<!\w){re.escape(title)}(?!\w)"
    if re.search(pattern, text, 0 if short else re.IGNORECASE):
        return True
    folded = fold(title)
    return not short and len(folded) >= _COMMON and f" {folded} " in f" {fold(text)} "


def _told(aspects: Aspects, given: Mapping[str, str]) -> list[tuple[str, str]]:
    told = [("history", "; ".join(aspects.history)), ("taste", "; ".join(aspects.taste))]
    told.append(("wish", "; ".join((aspects.wish, *aspects.limits))))
    # An explanation names its item, which is not asked for there.
    return told + [(name, text) for name, text in given.items() if name == "dialogue"]
