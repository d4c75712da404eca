"""The card of a checkpoint: what an adapter was made from, what it serves, how it weighs in.

Promises: a card is read whole or refused with its file named; an adapter is put only on the
base and the templates it was tuned on; cards are written atomically. It reads no weights
file beyond its checksum and imports no ML library.
"""

from __future__ import annotations

import hashlib
import json
import os
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CHECKPOINTS = Path(__file__).parents[1] / "checkpoints"
CARD = "card.toml"
WEIGHTS = "adapter_model.safetensors"
LANGUAGE_MODEL, ENCODER = "language model", "encoder"
RANKING, EXPLAINING = "ranking", "explaining"
_SERVES = {LANGUAGE_MODEL: {RANKING, EXPLAINING}, ENCODER: {"retrieval"}}


class CardError(ValueError):
    """A card that can't be read, or that is of something else; says what was expected."""


@dataclass(frozen=True)
class Figure:
    """A measured figure and the command that gives it again."""

    what: str
    value: float
    command: str


@dataclass(frozen=True)
class Card:
    """What a checkpoint is. `weights` are shares of the joined score, such as rank_weight."""

    kind: str  # LANGUAGE_MODEL | ENCODER
    serves: tuple[str, ...]
    base: str  # hub name or folder of the base
    base_checksum: str  # of the base as it is loaded: `fingerprint`
    templates: str  # version of the templates; "" for an encoder
    instructions: str  # file name of the examples
    instructions_checksum: str
    adapter_checksum: str  # SHA-256 of WEIGHTS
    made: str  # date
    licence: str
    default: bool = False  # taken by --adapter auto where it fits
    settings: Mapping[str, Any] = field(default_factory=dict)
    weights: Mapping[str, float] = field(default_factory=dict)
    figures: tuple[Figure, ...] = ()

    def __post_init__(self) -> None:
        if self.kind not in _SERVES:
            raise CardError(f"kind is {self.kind!r}; expected one of {sorted(_SERVES)}")
        if not self.serves or not set(self.serves) <= _SERVES[self.kind]:
            raise CardError(f"serves is {self.serves}; expected some of {_SERVES[self.kind]}")
        wrong = [name for name, value in self.weights.items() if not 0 <= value <= 1]
        if wrong:
            raise CardError(f"weights {', '.join(wrong)}: expected shares from 0 to 1")

    def check_base(self, folder: Path, base: str, checksum: str) -> None:
        """Raises `CardError` unless the adapter was tuned on this base."""
        if checksum != self.base_checksum:
            raise CardError(
                f"{folder}: tuned on {self.base} (checksum {self.base_checksum}), but the model "
                f"is {base} (checksum {checksum}); use --model {self.base} or --adapter none"
            )

    def check_templates(self, folder: Path, version: str) -> None:
        """Raises `CardError` unless the templates are still those it was tuned on."""
        if version != self.templates:
            raise CardError(
                f"{folder}: tuned on templates of version {self.templates}, but "
                f"prompts/templates.toml has version {version}; tune again on newly made "
                f"instructions or use --adapter none"
            )


def read_card(folder: Path) -> Card | None:
    """The card of a checkpoint, None where it has none. Raises `CardError`."""
    path = folder / CARD
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CardError(f"{path}: can't be read as TOML: {error}") from error
    try:
        figures = tuple(Figure(**figure) for figure in data.pop("figures", ()))
        return Card(**{**data, "serves": tuple(data.get("serves", ())), "figures": figures})
    except (TypeError, CardError) as error:
        raise CardError(f"{path}: {error}") from error


def write_card(folder: Path, card: Card) -> None:
    """Write a card; an older one stays until the new one is whole."""
    plain = {
        "kind": card.kind, "serves": list(card.serves), "default": card.default,
        "base": card.base, "base_checksum": card.base_checksum, "templates": card.templates,
        "instructions": card.instructions, "instructions_checksum": card.instructions_checksum,
        "adapter_checksum": card.adapter_checksum, "made": card.made, "licence": card.licence,
    }  # fmt: skip
    lines = [*_lines(plain)]
    for name in ("weights", "settings"):
        lines += ["", f"[{name}]", *_lines(getattr(card, name))]
    for figure in card.figures:
        lines += ["", "[[figures]]", *_lines(vars(figure))]
    part = folder / f".{CARD}.part"
    part.write_text("\n".join(lines) + "\n", encoding="utf-8")
    os.replace(part, folder / CARD)


def _lines(table: Mapping[str, Any]) -> list[str]:
    # JSON's strings, numbers, booleans and lists of them are TOML's too.
    return [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in table.items()]


def cards_below(root: Path) -> list[tuple[Path, Card]]:
    """All checkpoints with a card, by name. Raises `CardError` where one can't be read."""
    folders = sorted(path.parent for path in root.glob(f"*/{CARD}"))
    return [(folder, card) for folder in folders if (card := read_card(folder)) is not None]


def default_adapter(
    base_checksum: str, templates: str, root: Path = CHECKPOINTS
) -> tuple[Path, Card] | None:
    """The checkpoint that serves this base unasked, if there is one that fits."""
    for folder, card in cards_below(root):
        if card.default and card.kind == LANGUAGE_MODEL and (
            (card.base_checksum, card.templates) == (base_checksum, templates)
        ):  # fmt: skip
            return folder, card
    return None


def file_checksum(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def fingerprint(shape: Sequence[tuple[str, Any]], samples: Sequence[bytes]) -> str:
    """A short checksum of a base: its shape in words and samples of its numbers."""
    digest = hashlib.sha256(json.dumps(sorted(shape)).encode())
    for sample in samples:
        digest.update(sample)
    return digest.hexdigest()[:16]
