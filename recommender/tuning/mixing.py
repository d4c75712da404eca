"""The mix: which source and which template an example comes from, as data (`mix.toml`)."""

from __future__ import annotations

import random
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prompts.templates import Strategy, Template, Templates
from recommender.tuning.negatives import NegativeMix

MIX_FILE = Path(__file__).with_name("mix.toml")
MIXES = ("all", "ranking", "scored", "games")  # what is made of each, its file says
_OTHER_SHARE = 5.0  # of a source that the file has no table for
_GIVEN_UP = 40  # failures in a row, after which a template is no longer tried in a source


class MixError(ValueError):
    """A mix that can't be used; the message names the file and the key."""


@dataclass(frozen=True)
class Mix:
    """What the data is made of; see `mix.toml` for what each number means."""

    validation: float
    characters: int
    kinds: Mapping[str, float]
    negatives: NegativeMix
    sources: Mapping[str, Mapping[str, Any]]

    @classmethod
    def load(cls, path: Path = MIX_FILE) -> Mix:
        """Read a mix. Raises `MixError` where something is missing or is no number."""
        try:
            table = tomllib.loads(path.read_text(encoding="utf-8"))
            mix = cls(
                float(table["validation"]),
                int(table["characters"]),
                {kind: float(share) for kind, share in table["kinds"].items()},
                NegativeMix(**table["negatives"]),
                table.get("sources", {}),
            )
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise MixError(f"{path}: can't be read as TOML: {error}") from error
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise MixError(f"{path}: missing or wrong: {error}") from error
        unknown = set(mix.kinds) - set(kinds_of(Templates.load()))
        if unknown:
            raise MixError(f"{path}: no template is of the kinds {sorted(unknown)}")
        return mix

    def share(self, source: str) -> float:
        return float(self.sources.get(source, {}).get("share", _OTHER_SHARE))

    def negatives_of(self, source: str) -> NegativeMix:
        own = self.sources.get(source, {})
        common = self.negatives
        return NegativeMix(
            common.count,
            *(float(own.get(k, getattr(common, k))) for k in ("random", "popular", "hard")),
        )

    def weight(self, source: str, template: Template) -> float:
        """How often a template is drawn among those of its kind."""
        return float(self.sources.get(source, {}).get("templates", {}).get(template.id, 1.0))


def mix_file(name: str) -> Path:
    """The file of a mix that comes with the project (one of `MIXES`), or a path as it is."""
    if name not in MIXES:
        return Path(name)
    return MIX_FILE if name == "all" else MIX_FILE.with_name(f"mix_{name}.toml")


def kind_of(template: Template) -> str:
    """The key of a template in `[kinds]`."""
    if template.strategy is Strategy.PLAIN:
        return str(template.task_form)
    return str(template.strategy)


def kinds_of(templates: Templates) -> dict[str, list[Template]]:
    found: dict[str, list[Template]] = {}
    for template in templates.by_id.values():
        found.setdefault(kind_of(template), []).append(template)
    return found


class Drawing:
    """Draws source and template by their shares, and gives up on what can't be filled in."""

    def __init__(self, mix: Mix, templates: Templates, sources: Sequence[str]) -> None:
        self._mix = mix
        self._kinds = kinds_of(templates)
        self._shares = {source: mix.share(source) for source in sources}
        self._possible: dict[str, dict[str, dict[str, float]]] = {
            source: {
                kind: weights for kind in mix.kinds if (weights := self._weights(mix, source, kind))
            }
            for source in sources
        }
        self._failed: Counter[tuple[str, str]] = Counter()
        self.given_up: list[tuple[str, str]] = []

    def _weights(self, mix: Mix, source: str, kind: str) -> dict[str, float]:
        """Of the templates of a kind that are to be drawn at all."""
        weights = {t.id: mix.weight(source, t) for t in self._kinds.get(kind, ())}
        return {template: weight for template, weight in weights.items() if weight > 0}

    def draw(self, rng: random.Random) -> tuple[str, str] | None:
        """A source and the id of a template; None where nothing is possible any more."""
        sources = {s: share for s, share in self._shares.items() if self._possible[s]}
        if not sources:
            return None
        source = _chosen(sources, rng)
        kinds = self._possible[source]
        kind = _chosen({k: self._mix.kinds[k] for k in kinds}, rng)
        return source, _chosen(kinds[kind], rng)

    def succeeded(self, source: str, template: str) -> None:
        self._failed[source, template] = 0

    def failed(self, source: str, template: str) -> None:
        self._failed[source, template] += 1
        if self._failed[source, template] < _GIVEN_UP:
            return
        self.given_up.append((source, template))
        for kind, weights in list(self._possible[source].items()):
            weights.pop(template, None)
            if not weights:
                del self._possible[source][kind]


def _chosen(weights: Mapping[str, float], rng: random.Random) -> str:
    return rng.choices(list(weights), list(weights.values()))[0]
