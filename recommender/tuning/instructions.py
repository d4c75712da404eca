"""Making instruction data: behaviour in, a file of examples and its card out.

Promises: the same sources, mix and seed give the same bytes, with the default teacher;
memory holds the sources and eight bytes for each example, never the examples; no example
twice; nothing of what is held out for testing. It trains nothing.
"""

from __future__ import annotations

import hashlib
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from prompts.templates import Templates
from recommender.tuning.behaviour import Behaviour
from recommender.tuning.card import Tally, write_card
from recommender.tuning.examples import TRAIN, VALIDATION, Example, ExampleWriter
from recommender.tuning.filling import Filled, Filler
from recommender.tuning.mixing import Drawing, Mix
from recommender.tuning.teacher import SalientPhrases, Teacher

COUNT = 250_000


class InstructionsError(ValueError):
    """Instruction data that can't be made; the message says what is missing."""


@dataclass(frozen=True)
class Made:
    """What came of it: the file, its card, and how many examples."""

    path: Path
    card: Path
    count: int
    seconds: float


def make(
    sources: Sequence[Behaviour],
    out: Path,
    *,
    count: int = COUNT,
    seed: int = 0,
    teacher: Teacher | None = None,
    templates: Templates | None = None,
    mix: Mix | None = None,
    negatives: int | None = None,
    progress: bool = True,
) -> Made:
    """Write `count` examples to `out` (.jsonl, or .jsonl.gz) and a card beside it.

    `sources` come from `sources.read_sources(data)`. `teacher` words tastes and wishes
    (default: salient phrases, no model). `negatives` overrides how many a reranking example
    has. Fewer examples come, and the card says so, where the sources hold no more. Raises
    `InstructionsError` where there is no source.
    """
    if not sources:
        raise InstructionsError("no source of behaviour was found; see the layouts in the README")
    if count < 1:
        raise InstructionsError(f"count must be at least 1, not {count}")
    since = time.perf_counter()
    templates, mix = templates or Templates.load(), mix or Mix.load()
    teacher = teacher or SalientPhrases()
    fillers = {}
    for behaviour in sources:
        own = mix.negatives_of(behaviour.name)
        own = own if negatives is None else own.with_count(negatives)
        fillers[behaviour.name] = Filler(behaviour, teacher, own, mix.characters)
    drawing = Drawing(mix, templates, list(fillers))
    tally = Tally(templates, fillers, seed)
    bar = tqdm(total=count, desc="instructions", unit="", disable=not progress)
    with ExampleWriter(out) as writer, bar:
        for filled in _distinct(drawing, fillers, templates, mix, count, seed):
            writer.write(filled.example)
            tally.add(filled)
            bar.update()
    seconds = time.perf_counter() - since
    about = {"asked_for": count, "seed": seed, "teacher": teacher.name}
    card = write_card(out, tally.card(sources, drawing.given_up, about))
    return Made(out, card, writer.count, seconds)


def _distinct(
    drawing: Drawing,
    fillers: dict[str, Filler],
    templates: Templates,
    mix: Mix,
    count: int,
    seed: int,
) -> Iterator[Filled]:
    """Up to `count` different examples, one after the other."""
    rng = random.Random(seed)
    seen: set[bytes] = set()
    while len(seen) < count:
        drawn = drawing.draw(rng)
        if drawn is None:
            return
        source, template = drawn
        split = VALIDATION if rng.random() < mix.validation else TRAIN
        filled = fillers[source].fill(templates.by_id[template], split, len(seen), rng)
        key = _key(filled.example) if filled else b""
        if filled is None or key in seen:
            if filled is not None:
                fillers[source].lost["the same was there before"] += 1
            drawing.failed(source, template)
            continue
        drawing.succeeded(source, template)
        seen.add(key)
        yield filled


def _key(example: Example) -> bytes:
    """What makes an example the same as another: all that a model would read or write."""
    text = "\0".join((example.prefix, example.target, *sorted(example.blocks)))
    return hashlib.blake2b(text.encode(), digest_size=8).digest()
