"""The card of instruction data: what is in it, where it came from, and how good it is.

Counts are of what was written. Lengths are in words and of all examples, the quality of a
seeded sample (`quality.py`). The card lies beside the file and names its checksum.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from prompts.templates import Templates
from recommender.tuning.behaviour import Behaviour
from recommender.tuning.filling import Filled, Filler
from recommender.tuning.leaks import leak_in
from recommender.tuning.quality import QUESTIONS

_SAMPLE = 400  # examples that each question is asked of


class Tally:
    """Counts examples as they are written, and keeps a sample of them."""

    def __init__(self, templates: Templates, fillers: Mapping[str, Filler], seed: int) -> None:
        self._templates = templates
        self._fillers = fillers
        self._rng = random.Random(f"card {seed}")
        self._counts: dict[str, Counter[str]] = {
            name: Counter()
            for name in ("source", "split", "template", "strategy", "task_form", "aspects")
        }
        self._words: dict[str, list[int]] = {"prefix": [0, 0], "target": [0, 0]}  # sum, greatest
        self._blocks: Counter[int] = Counter()
        self._scored = self._count = 0
        self._leaks: Counter[str] = Counter()
        # For each question its own sample, since half of the examples have no wish.
        self._samples: dict[str, list[Filled]] = {name: [] for name in QUESTIONS}
        self._asked_of: Counter[str] = Counter()

    def add(self, filled: Filled) -> None:
        example = filled.example
        template = self._templates.by_id[example.template]
        self._count += 1
        for name, value in (
            ("source", example.source), ("split", example.split), ("template", example.template),
            ("strategy", template.strategy), ("task_form", template.task_form),
            ("aspects", f"{template.preference} × {template.intention}"),
        ):  # fmt: skip
            self._counts[name][value] += 1
        for name in self._words:
            words = len(getattr(example, name).split())
            self._words[name] = [self._words[name][0] + words, max(self._words[name][1], words)]
        if example.scored:
            self._scored += 1
            self._blocks[len(example.blocks)] += 1
        # Checked again on what is written, for a check before it might have been left out.
        leak = leak_in(template, example, filled.case.target, filled.aspects, filled.given)
        self._leaks[leak] += bool(leak)
        for name, sample in self._samples.items():
            self._keep(name, sample, filled)

    def _keep(self, name: str, sample: list[Filled], filled: Filled) -> None:
        """Reservoir sampling among the examples that the question applies to."""
        if not (filled.aspects.taste if "preference" in name else filled.wish):
            return
        self._asked_of[name] += 1
        if len(sample) < _SAMPLE:
            sample.append(filled)
        elif (place := self._rng.randrange(self._asked_of[name])) < _SAMPLE:
            sample[place] = filled

    def card(
        self,
        sources: Sequence[Behaviour],
        given_up: Sequence[tuple[str, str]],
        about: Mapping[str, Any],
    ) -> dict[str, Any]:
        written = self._count - self._scored
        return {
            **about,
            "count": self._count,
            "scored": self._scored,
            "written": written,
            "templates": self._templates.version,
            "counts": {
                name: dict(sorted(counter.items())) for name, counter in self._counts.items()
            },
            "words": {
                "prefix": _mean_and_most(self._words["prefix"], self._count),
                "target": _mean_and_most(self._words["target"], written),
            },
            "blocks": {str(n): count for n, count in sorted(self._blocks.items())},
            "leaks": {
                "checked": self._count,
                "written": sum(self._leaks.values()),
                "kept_out": sum(
                    count for f in self._fillers.values() for why, count in f.lost.items()
                    if "stood in the prefix" in why
                ),
            },
            "quality": self._quality(),
            "lost": {s: dict(sorted(f.lost.items())) for s, f in self._fillers.items()},
            "given_up": sorted(f"{source}: {template}" for source, template in given_up),
            "sources": {s.name: _about_source(s) for s in sources},
        }  # fmt: skip

    def _quality(self) -> dict[str, Any]:
        found = {}
        for name, (how, question) in QUESTIONS.items():
            answers = [
                question(filled, self._fillers[filled.example.source].behaviour.catalog)
                for filled in self._samples[name]
            ]
            said = [answer for answer in answers if answer is not None]
            share = round(sum(said) / len(said), 3) if said else None
            found[name] = {"yes": share, "asked_of": len(said), "yes_means": how}
        return found


def _mean_and_most(sum_and_greatest: Sequence[int], count: int) -> dict[str, float]:
    return {"mean": round(sum_and_greatest[0] / max(count, 1), 1), "most": sum_and_greatest[1]}


def _about_source(source: Behaviour) -> dict[str, Any]:
    return {
        "items": len(source.catalog),
        "histories": len(source.histories),
        "reviews": len(source.reviews),
        "dialogues": len(source.talks),
        "files": dict(source.files),
        "left_out": source.left_out,
    }


def write_card(out: Path, card: Mapping[str, Any]) -> Path:
    """Write the card beside the file, with the file's checksum."""
    digest = hashlib.sha256()
    with out.open("rb") as file:
        while part := file.read(1 << 20):
            digest.update(part)
    path = out.with_name(f"{out.name}.card.json")
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    about = {"file": out.name, "sha256": digest.hexdigest(), **card}
    draft.write_text(f"{json.dumps(about, indent=1, ensure_ascii=False)}\n", encoding="utf-8")
    os.replace(draft, path)
    return path
