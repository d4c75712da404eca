"""What visitors ask of the language model in a turn, as the chat would ask it.

Labelled requests, each with films drawn at random: to a model their ranking costs what that of
found ones does, and nothing has to be searched for. No two visitors ask the same.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.labelled import load_requests
from prompts.instruction import Aspects, Intention
from prompts.templates import Templates
from recommender.dialogue import DialogueState, Pick
from recommender.explanation import Explainer
from recommender.language_model import Frame
from retrieval.catalog import load_catalog

LISTED, REASONS = 20, 3


@dataclass(frozen=True)
class Writing:
    """What is asked of a model for one reason."""

    messages: tuple[tuple[str, str], ...]
    max_tokens: int
    frame: Frame | None


@dataclass(frozen=True)
class Turn:
    """An instruction with the blocks of its candidates, and the reasons of the first three."""

    prefix: str
    blocks: tuple[str, ...]  # (LISTED,)
    reasons: tuple[Writing, ...]  # (REASONS,)


def turns(count: int, *, freely: bool, free_tokens: int) -> list[Turn]:
    """`count` different turns, the same at every call.

    Reasons are bound to a frame, or written `freely` to `free_tokens` tokens.
    """
    catalog, templates = load_catalog("movies"), Templates.load()
    explainer, dice = Explainer(catalog), random.Random(0)
    items = sorted(catalog.items, key=lambda item: item.id)
    nouns = {"noun": catalog.noun, "nouns": catalog.nouns}
    made = []
    for row in load_requests()[:count]:
        aspects = Aspects(wish=row.request, intention=Intention.SPECIFIC)
        template = templates.choose(aspects)
        instruction = template.render(aspects, nouns)
        listed = dice.sample(items, LISTED)
        heard = _Heard(freely)
        for item in listed[:REASONS]:
            for _ in explainer.write(heard, Pick(item, 1, 0.0, 0.0), instruction, DialogueState()):
                pass
        made.append(Turn(
            instruction.text,
            tuple(template.render_block(nouns, item=catalog.brief(item)) for item in listed),
            tuple(Writing(w.messages, free_tokens if freely else w.max_tokens, w.frame)
                  for w in heard.asked),
        ))  # fmt: skip
    return made


class _Heard:
    """In a model's place: keeps what it is asked to write, and writes nothing."""

    name = "heard"

    def __init__(self, freely: bool) -> None:
        self.writes_freely = freely
        self.asked: list[Writing] = []

    def describe(self) -> dict[str, Any]:
        return {}

    def score(self, prefix: str, blocks: Sequence[str]) -> Any:
        raise NotImplementedError

    likelihood = score

    def stream(
        self, messages: Sequence[tuple[str, str]], max_tokens: int, frame: Frame | None = None
    ) -> Iterator[str]:
        self.asked.append(Writing(tuple(messages), max_tokens, frame))
        return iter(())
