"""Checkpoints: an adapter in a folder of its own, with a card that says where it came from.

Promises: the card is written last, so a folder without one is no checkpoint; an adapter is
small enough to lie in the repository; `verify` says in a line each what does not hold. It
does not choose an adapter for serving (`recommender/adapter_card.py`).
"""

from __future__ import annotations

import datetime
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from prompts.templates import Templates
from recommender.adapter_card import (
    ENCODER,
    LANGUAGE_MODEL,
    WEIGHTS,
    Card,
    CardError,
    Figure,
    cards_below,
    file_checksum,
    fingerprint,
    read_card,
)
from recommender.tuning.options import TuningError, TuningOptions

LARGEST = 10 * 2**20  # bytes of an adapter that may lie in the repository
LICENCE = "Apache-2.0"
_RECORDED = (
    "part", "scoring", "quantization", "rank", "layers", "dropout", "learning_rate", "batch", "accumulate",
    "length", "seed",
)  # fmt: skip


def save_adapter(model: Any, folder: Path, base: str) -> None:
    """Write the adapter of a peft model into a folder, each file whole or not at all."""
    draft = Path(tempfile.mkdtemp(prefix=".adapter-", dir=folder))
    try:
        model.save_pretrained(draft)
        take_adapter(draft, folder, base)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def save_encoder_adapter(model: Any, folder: Path, base: str) -> None:
    """Write the adapter of a sentence-transformers model into a folder."""
    inner = model[0].model
    draft = Path(tempfile.mkdtemp(prefix=".adapter-", dir=folder))
    try:
        inner.save_pretrained(draft)  # with an adapter in it the library saves that alone
        take_adapter(draft, folder, base)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def take_adapter(draft: Path, folder: Path, base: str) -> None:
    """Move an adapter's files into a folder, with the name of its base in them."""
    settings = json.loads((draft / "adapter_config.json").read_text(encoding="utf-8"))
    settings["base_model_name_or_path"] = base  # a name, not a folder of this machine
    (draft / "adapter_config.json").write_text(json.dumps(settings, indent=1) + "\n")
    for name in (WEIGHTS, "adapter_config.json"):  # what else is there, the card says better
        os.chmod(draft / name, 0o644)
        os.replace(draft / name, folder / name)


def encoder_checksum(model: Any) -> str:
    """A short checksum of an encoder as loaded, by its shape and its numbers' samples."""
    named = sorted(model.named_parameters())
    shape = [("parameters", sum(p.numel() for _, p in named)), ("parts", len(named))]
    samples = [p.detach().flatten()[::997].float().cpu().numpy().tobytes() for _, p in named]
    return fingerprint(shape, samples)


def make_card(
    options: TuningOptions, base: str, base_checksum: str, instructions_checksum: str,
    serves: tuple[str, ...], facts: dict[str, Any], figures: tuple[Figure, ...],
) -> Card:  # fmt: skip
    """The card of a run that has ended; its adapter's file must be there."""
    of_model = options.part == "ranker"
    return Card(
        kind=LANGUAGE_MODEL if of_model else ENCODER,
        serves=serves,
        base=base,
        base_checksum=base_checksum,
        templates=Templates.load().version if of_model else "",
        instructions=options.instructions.name,
        instructions_checksum=instructions_checksum,
        adapter_checksum=file_checksum(options.out / WEIGHTS),
        made=datetime.datetime.now(datetime.UTC).date().isoformat(),
        licence=LICENCE,
        settings={name: getattr(options, name) for name in _RECORDED} | facts,
        figures=figures,
    )


def check_begin(options: TuningOptions, checksum: str) -> None:
    """Raises `TuningError` unless the checkpoint to begin with is there and fits the base."""
    if options.begin is None:
        return
    try:
        card = card_of(options.begin)
        card.check_base(options.begin, options.model, checksum)
        card.check_templates(options.begin, Templates.load().version)
    except CardError as error:
        raise TuningError(str(error)) from error


def listing(root: Path) -> list[str]:
    """A line for each checkpoint."""
    return [
        f"{folder.name}: {card.kind}, serves {' and '.join(card.serves)}, for {card.base}, "
        f"made {card.made}{', default' if card.default else ''}"
        for folder, card in cards_below(root)
    ]


def card_of(folder: Path) -> Card:
    """The card of a checkpoint. Raises `CardError` where there is none."""
    card = read_card(folder)
    if card is None:
        there = ", ".join(f.name for f, _ in cards_below(folder.parent)) or "none"
        raise CardError(f"{folder}: no checkpoint with a card is there; there are: {there}")
    return card


def faults(folder: Path, card: Card, data: Path) -> Iterator[str]:
    """What does not hold of a checkpoint, a line each; loads its base to compare."""
    weights = folder / WEIGHTS
    if not weights.is_file() or not (folder / "adapter_config.json").is_file():
        yield f"{folder}: {WEIGHTS} or adapter_config.json is missing; take it from its source again"
        return
    if file_checksum(weights) != card.adapter_checksum:
        yield f"{weights}: not the file that the card was written for; take it from its source again"
    if weights.stat().st_size > LARGEST:
        yield f"{weights}: {weights.stat().st_size:,} bytes; at most {LARGEST:,} belong here"
    if not card.figures:
        yield f"{folder}: the card has no figures; measure and add [[figures]] with the command"
    yield from _misfits(folder, card, data)


def _misfits(folder: Path, card: Card, data: Path) -> Iterator[str]:
    if card.kind == ENCODER:
        from retrieval.encoder import EncoderError, load_sentence_transformer

        try:
            model = load_sentence_transformer(card.base, "cpu")
            card.check_base(folder, card.base, encoder_checksum(model))
        except (CardError, EncoderError) as error:
            yield str(error)
        return
    from recommender.language_model import ModelError, base_checksum, load_weights

    try:
        card.check_templates(folder, Templates.load().version)
    except CardError as error:
        yield str(error)
    try:
        model, *_ = load_weights(card.base, "none", data)
        card.check_base(folder, card.base, base_checksum(model))
    except (CardError, ModelError) as error:
        yield str(error)
