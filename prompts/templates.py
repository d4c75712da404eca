"""The templates of instructions: load, check, choose, render.

Templates are data (`templates.toml`). A template names the aspects it serves and its text
has one placeholder for each aspect it needs, so that a template which would drop what the
user said, or promise what the user never said, stops the start and names itself.
"""

from __future__ import annotations

import string
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from prompts.instruction import Aspects, Instruction, Intention, Preference, TaskForm

TEMPLATE_FILE = Path(__file__).with_name("templates.toml")
HISTORY_LIMIT = 20  # titles; the paper cuts the history to its last 20 items

_NEEDS = {
    Preference.NONE: set(),
    Preference.IMPLICIT: {"history"},
    Preference.EXPLICIT: {"taste"},
    Preference.BOTH: {"history", "taste"},
}
_ITEM_PLACEHOLDERS = {
    TaskForm.POINTWISE: {"item"},
    TaskForm.PAIRWISE: {"item", "other"},
    TaskForm.MATCHING: set(),
    TaskForm.RERANKING: {"item"},
}


class TemplateError(ValueError):
    """A template file that can't be used; the message names the file and the template."""


@dataclass(frozen=True)
class Template:
    """One way to write an instruction.

    `text` is read once for a request; `block` is read for each candidate, after `text`.
    """

    id: str
    preference: Preference
    intention: Intention
    task_form: TaskForm
    text: str
    block: str

    def render(self, aspects: Aspects, nouns: Mapping[str, str]) -> Instruction:
        """Fill the template in. `nouns` gives the catalog's words "noun" and "nouns"."""
        if (aspects.preference, aspects.intention) != (self.preference, self.intention):
            raise TemplateError(
                f"template {self.id} is for preference {self.preference} and intention "
                f"{self.intention}, not for {aspects.preference} and {aspects.intention}"
            )
        text = self.text.format(
            history="; ".join(aspects.history[-HISTORY_LIMIT:]),
            taste="; ".join(aspects.taste),
            wish=_wish_in_words(aspects),
            **nouns,
        )
        # Context has no placeholder: it is optional and may come with every other aspect.
        if aspects.context:
            text = f"Circumstances: {', '.join(aspects.context.values())}. {text}"
        return Instruction(aspects, self.task_form, self.id, text)

    def render_block(self, nouns: Mapping[str, str], **items: str) -> str:
        """The text of one candidate; `items` gives "item" and, for pairs, "other"."""
        return self.block.format(**items, **nouns)


def _wish_in_words(aspects: Aspects) -> str:
    limits = ", ".join(aspects.limits)
    if aspects.wish and limits:
        return f"{aspects.wish} ({limits})"
    return aspects.wish or limits


class Templates:
    """The templates of a file, by id and by aspects."""

    def __init__(self, templates: Sequence[Template]) -> None:
        self.by_id = {template.id: template for template in templates}

    @classmethod
    def load(cls, path: Path = TEMPLATE_FILE) -> Templates:
        """Read and check a template file. Raises `TemplateError`."""
        try:
            tables = tomllib.loads(path.read_text(encoding="utf-8")).get("template", [])
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise TemplateError(f"{path}: can't be read as TOML: {error}") from error
        templates = [_checked(table, path) for table in tables]
        ids = [template.id for template in templates]
        repeated = sorted({i for i in ids if ids.count(i) > 1})
        if repeated:
            raise TemplateError(f"{path}: ids occur twice: {', '.join(repeated)}")
        found = {(t.preference, t.intention) for t in templates if t.task_form == "reranking"}
        missing = [f"{p} × {i}" for p in Preference for i in Intention if (p, i) not in found]
        if missing:
            raise TemplateError(f"{path}: no reranking template for {'; '.join(missing)}")
        return cls(templates)

    def choose(self, aspects: Aspects, task_form: TaskForm = TaskForm.RERANKING) -> Template:
        """The first template of the file for these aspects. Raises `TemplateError`."""
        for template in self.by_id.values():
            if (template.preference, template.intention, template.task_form) == (
                aspects.preference,
                aspects.intention,
                task_form,
            ):
                return template
        raise TemplateError(
            f"no {task_form} template for preference {aspects.preference} and intention "
            f"{aspects.intention}; add one to {TEMPLATE_FILE.name}"
        )


def _checked(table: Mapping[str, object], path: Path) -> Template:
    name = f"{path}: template {table.get('id', '(without id)')!r}"
    wanted = {"id", "preference", "intention", "task_form", "text", "block"}
    if set(table) != wanted:
        raise TemplateError(f"{name}: keys must be {sorted(wanted)}, not {sorted(table)}")
    if not all(isinstance(value, str) for value in table.values()):
        raise TemplateError(f"{name}: every value must be a string")
    try:
        template = Template(
            id=str(table["id"]),
            preference=Preference(str(table["preference"])),
            intention=Intention(str(table["intention"])),
            task_form=TaskForm(str(table["task_form"])),
            text=str(table["text"]).strip(),
            block=str(table["block"]).rstrip("\n"),
        )
    except ValueError as error:
        raise TemplateError(f"{name}: {error}") from error
    needed = _NEEDS[template.preference] | (
        {"wish"} if template.intention is not Intention.NONE else set()
    )
    _check_placeholders(f"{name}, text", template.text, needed)
    _check_placeholders(f"{name}, block", template.block, _ITEM_PLACEHOLDERS[template.task_form])
    return template


def _check_placeholders(name: str, text: str, needed: set[str]) -> None:
    try:
        found = {field for _, field, _, _ in string.Formatter().parse(text) if field is not None}
    except ValueError as error:
        raise TemplateError(f"{name}: {error}") from error
    found -= {"noun", "nouns"}
    if found != needed:
        raise TemplateError(
            f"{name}: needs the placeholders {sorted(needed)} and no others, has {sorted(found)}"
        )
