"""Pairs for the encoder: what a user asks for, an item that fits, and items that do not.

Promises: the query is the user's own part of an example, told apart from the words of its
template; an item's text is what the index embeds where a catalog is given, else the text of
its block. Examples without such a pair are passed over; none is made up.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from prompts.templates import Template, Templates
from recommender.tuning.encoding import BLOCK_END
from recommender.tuning.examples import Example

_SAID = ("taste", "wish", "dialogue")  # the user's words, as retrieval is asked with
_OTHERWISE = "history"  # titles, where nothing was said


@dataclass(frozen=True)
class Pair:
    """A query, the text of an item that fits, and texts of items that do not."""

    id: str
    split: str
    query: str
    fitting: str
    others: tuple[str, ...] = ()


def make_pairs(
    examples: Iterable[Example], templates: Templates, texts: Mapping[str, str], negatives: int = 1
) -> Iterator[Pair]:
    """The pairs of scored examples with several blocks.

    `texts` gives items' texts by id; an item that is not in it has that of its block.
    """
    patterns: dict[str, re.Pattern[str]] = {}
    for example in examples:
        template = templates.by_id.get(example.template)
        if template is None or len(example.blocks) < 2 or len(example.items) != len(example.blocks):
            continue
        pattern = patterns.setdefault(template.id, _pattern(template))
        query = _query(pattern, example.prefix)
        if not query:
            continue
        named = [
            texts.get(item, block.removesuffix(BLOCK_END).strip())
            for item, block in zip(example.items, example.blocks, strict=True)
        ]
        fitting = named[example.best]
        unfit = [text for text, label in zip(named, example.labels, strict=True) if not label]
        others = tuple(text for text in unfit if text != fitting)[:negatives]
        yield Pair(example.id, example.split, query, fitting, others)


def _query(pattern: re.Pattern[str], prefix: str) -> str:
    found = pattern.search(prefix)
    if not found:
        return ""
    given = found.groupdict()
    said = [given[name] for name in _SAID if given.get(name)]
    return ". ".join(said) or given.get(_OTHERWISE) or ""


def _pattern(template: Template) -> re.Pattern[str]:
    """A template's input read backwards; a placeholder's second place repeats the first."""
    parts, seen = [], set()
    for text, name, _, _ in string.Formatter().parse(template.input):
        parts.append(re.escape(text))
        if name is not None:
            parts.append(f"(?P={name})" if name in seen else f"(?P<{name}>.+?)")
            seen.add(name)
    return re.compile("".join(parts) + r"\Z", re.DOTALL)
