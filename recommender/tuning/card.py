"""The card of instruction data: what is in it, where it came from, and how good it is.

The four questions by which the paper's authors judged their data are asked of a seeded
sample, by rules instead of by a person; `ASKED` says how. The rules see words, not sense.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from prompts.templates import Templates
from recommender.tuning.behaviour import Behaviour
from recommender.tuning.filling import Filled, Filler

_SAMPLE = 400  # examples that the questions are asked of


class Tally:
    """Counts examples as they are written."""

    def __init__(self, templates: Templates, fillers: Mapping[str, Filler], seed: int) -> None:
        self._templates = templates
        self._fillers = fillers
        self._counts: dict[str, Counter[str]] = {
            name: Counter()
            for name in ("source", "split", "template", "strategy", "task_form", "aspects")
        }
        self._scored = 0
        self._lengths: dict[str, list[int]] = {"prefix": [], "block": [], "target": []}
        self._count = 0

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
        self._scored += example.scored

    def card(
        self,
        sources: Sequence[Behaviour],
        given_up: Sequence[tuple[str, str]],
        about: Mapping[str, Any],
    ) -> dict[str, Any]:
        return {
            **about,
            "count": self._count,
            "scored": self._scored,
            "templates": self._templates.version,
            "counts": {
                name: dict(sorted(counter.items())) for name, counter in self._counts.items()
            },
            "lost": {s: dict(sorted(f.lost.items())) for s, f in self._fillers.items()},
            "given_up": sorted(f"{source}: {template}" for source, template in given_up),
            "sources": {
                s.name: {"items": len(s.catalog), "histories": len(s.histories),
                         "reviews": len(s.reviews), "dialogues": len(s.talks),
                         "files": dict(s.files), "left_out": s.left_out}
                for s in sources
            },
        }  # fmt: skip


def write_card(out: Path, card: Mapping[str, Any]) -> Path:
    """Write the card beside the file, with the file's checksum."""
    digest = hashlib.sha256()
    with out.open("rb") as file:
        while part := file.read(1 << 20):
            digest.update(part)
    path = out.with_name(f"{out.name}.card.json")
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    text = json.dumps({"file": out.name, "sha256": digest.hexdigest(), **card}, indent=1,
                      ensure_ascii=False)  # fmt: skip
    draft.write_text(f"{text}\n", encoding="utf-8")
    os.replace(draft, path)
    return path
