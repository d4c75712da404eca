"""The instruction: what one request comes to, in the terms of InstructRec.

A request is described by three aspects (Zhang et al., arXiv 2305.07001, section 3.1) and
an optional context. `Aspects` holds them as facts and short phrases, `Instruction` holds
them together with the words that the language model reads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any


class Preference(StrEnum):
    """Where the user's taste comes from."""

    NONE = "none"  # P0, cold start
    IMPLICIT = "implicit"  # P1, items liked or picked
    EXPLICIT = "explicit"  # P2, described in words
    BOTH = "implicit+explicit"  # P1 and P2


class Intention(StrEnum):
    """How clear the wish of the moment is."""

    NONE = "none"  # I0, exploring
    VAGUE = "vague"  # I1, wished-for traits, an occasion
    SPECIFIC = "specific"  # I2, categories, attributes


class TaskForm(StrEnum):
    """What the model is asked to do with the candidates."""

    POINTWISE = "pointwise"  # T0, is this item suitable
    PAIRWISE = "pairwise"  # T1, which of two
    MATCHING = "matching"  # T2, name an item
    RERANKING = "reranking"  # T3, choose from the candidates


@dataclass(frozen=True)
class Aspects:
    """What is known of a request, before it is put into words.

    `history` holds titles of items that the user liked or picked, oldest first. `taste`
    holds lasting tastes in the user's words, `wish` the wish of the moment, `limits` the
    hard limits as phrases ("not after 1990"). `context` maps a kind of circumstance
    ("company") to the user's words for it ("with the kids"). `known` maps titles of the
    history to what they are told with, since a small model knows few items by their names.
    """

    history: tuple[str, ...] = ()
    taste: tuple[str, ...] = ()
    wish: str = ""
    limits: tuple[str, ...] = ()
    intention: Intention = Intention.NONE
    context: Mapping[str, str] = field(default_factory=dict)
    known: Mapping[str, str] = field(default_factory=dict)

    @property
    def preference(self) -> Preference:
        if self.history and self.taste:
            return Preference.BOTH
        if self.history:
            return Preference.IMPLICIT
        return Preference.EXPLICIT if self.taste else Preference.NONE


@dataclass(frozen=True)
class Instruction:
    """An instruction as the language model reads it, and the aspects it was written from."""

    aspects: Aspects
    task_form: TaskForm
    template: str  # id of the template
    text: str

    @property
    def preference(self) -> Preference:
        return self.aspects.preference

    @property
    def intention(self) -> Intention:
        return self.aspects.intention

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Instruction:
        """The inverse of `as_dict`, also after a round trip through JSON."""
        aspects = data["aspects"]
        return cls(
            Aspects(
                history=tuple(aspects["history"]),
                taste=tuple(aspects["taste"]),
                wish=aspects["wish"],
                limits=tuple(aspects["limits"]),
                intention=Intention(aspects["intention"]),
                context=aspects["context"],
                known=aspects.get("known", {}),
            ),
            TaskForm(data["task_form"]),
            data["template"],
            data["text"],
        )
