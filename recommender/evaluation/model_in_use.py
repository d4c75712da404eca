"""The language model of the settings while it is evaluated, and what a record says of it.

Promises that the model is loaded once, and only when it is asked; and that a record tells
adapter and template, so that runs in other wordings never mix.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any

from prompts.instruction import Aspects, TaskForm
from prompts.templates import Template, Templates
from recommender.adapter_card import CHECKPOINTS, WEIGHTS, file_checksum, read_card
from recommender.evaluation.language import all_templates
from recommender.language_model import (
    LanguageModel,
    load_language_model,
    without_credentials,
)
from recommender.settings import Settings


class ModelInUse:
    """`template` is asked in place of the one that serves, where one is given."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.template: Template | None = None

    @cached_property
    def model(self) -> LanguageModel:
        """The model. Raises `ModelError`."""
        return load_language_model(
            self._settings.model, quantization=self._settings.quantization,
            adapter=self._settings.adapter, cache=self._settings.data,
        )  # fmt: skip

    @cached_property
    def _folder(self) -> Path | None:
        """Where the adapter lies that the model was loaded with."""
        name = self.model.describe()["adapter"]
        given = Path(self._settings.adapter)
        if not name:
            return None
        return given if given.is_dir() else CHECKPOINTS / Path(name).name

    def options(self) -> dict[str, Any]:
        """What a command has to say of the model to ask the same again."""
        names = ("model", "adapter", "quantization")
        template = self.template.id if self.template else ""
        told = {name: getattr(self._settings, name) for name in names} | {"template": template}
        return told | {"model": without_credentials(self._settings.model)}

    def label(self, ranker: str) -> str:
        """The ranker's name in a record; each adapter and wording has its own run."""
        said = [self._folder.name] if self._folder else []
        said += [f"as {self.template.id}"] if self.template else []
        return f"{ranker} ({', '.join(said)})" if said else ranker

    def says(self) -> dict[str, Any]:
        """What a run that goes on must agree with."""
        checksum = file_checksum(self._folder / WEIGHTS)[:16] if self._folder else ""
        return {**self.model.describe(), "adapter_checksum": checksum}

    def wording(self, aspects: Aspects, form: TaskForm) -> dict[str, Any]:
        """The template of a run, and whether the adapter was tuned on it, and on any that has
        its preference, intention and task form, as far as is known."""
        template = self.template or Templates.load().choose(aspects, form)
        card = read_card(self._folder) if self._folder else None
        seen = card.settings.get("templates_seen") if card else None
        told: dict[str, Any] = {"template": template.id}
        if seen is None:
            return told
        known = [one for name, one in all_templates().by_id.items() if name in seen]
        combination = any(_combines(one) == _combines(template) for one in known)
        return {**told, "template_seen": template.id in seen, "combination_seen": combination}


def _combines(template: Template) -> tuple[Any, ...]:
    return template.preference, template.intention, template.task_form
