"""The templates of instructions: load, check, choose, render.

Templates are data (`templates.toml`). A template names the aspects it serves and its words
have one placeholder for each aspect, so that a template which would drop what the user
said, or promise what the user never said, stops the start and names itself. The same
templates serve in the chat and make the data that models are tuned on; `Templates.version`
says which wording a model was tuned on.
"""

from __future__ import annotations

import hashlib
import json
import string
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from pathlib import Path

from prompts.instruction import Aspects, Instruction, Intention, Preference, TaskForm

TEMPLATE_FILE = Path(__file__).with_name("templates.toml")
HELD_OUT_FILE = Path(__file__).with_name("held_out.toml")  # no model is tuned on these
HISTORY_LIMIT = 20  # titles; the paper cuts the history to its last 20 items

_NEEDS = {
    Preference.NONE: set(),
    Preference.IMPLICIT: {"history"},
    Preference.EXPLICIT: {"taste"},
    Preference.BOTH: {"history", "taste"},
}
_BLOCK = {
    TaskForm.POINTWISE: {"item"},
    TaskForm.PAIRWISE: {"item", "other"},
    TaskForm.RERANKING: {"item"},
}
_KEYS = {"id", "preference", "intention", "task_form", "strategy", "input"}


class Strategy(StrEnum):
    """Which part of what is known a template gives, and which it asks for."""

    PLAIN = "plain"  # preference and intention are given, the item is asked for
    TURN_AROUND = "turn_around"  # from the item or the history to the words
    TIE = "tie"  # preference and intention are told from each other
    REASON_FIRST = "reason_first"  # a taste or a reason is written before the item
    DIALOGUE = "dialogue"  # preference and intention arise over several turns
    EXPLAIN = "explain"  # from an item's facts to a sentence about it


class TemplateError(ValueError):
    """A template file that can't be used; the message names the file and the template."""


@dataclass(frozen=True)
class Template:
    """One way to write an instruction.

    `input` is read first. A scored template has a `block`, read for each candidate after
    the input; a written one has a `target`, which follows the input.
    """

    id: str
    preference: Preference
    intention: Intention
    task_form: TaskForm
    strategy: Strategy
    input: str
    block: str = ""
    target: str = ""

    @property
    def scored(self) -> bool:
        return bool(self.block)

    @cached_property
    def asks_for(self) -> frozenset[str]:
        """The placeholders that are asked for: those of the target."""
        return frozenset(_placeholders(self.target))

    def render(self, aspects: Aspects, nouns: Mapping[str, str], **given: str) -> Instruction:
        """Fill the input in.

        `nouns` gives the catalog's words "noun" and "nouns"; `given` what the strategy
        needs besides the aspects: "item", "dialogue" or "facts".
        """
        self._check(aspects)
        text = self.input.format(**_in_words(aspects), **nouns, **given)
        # Context has no placeholder: it is optional and may come with every other aspect.
        if aspects.context:
            text = f"Circumstances: {', '.join(aspects.context.values())}. {text}"
        return Instruction(aspects, self.task_form, self.id, text)

    def render_block(self, nouns: Mapping[str, str], **items: str) -> str:
        """The text of one candidate; `items` gives "item" and, for pairs, "other"."""
        return self.block.format(**items, **nouns)

    def render_target(self, aspects: Aspects, nouns: Mapping[str, str], **given: str) -> str:
        """What a model should write after the input; `given` as needed: "item", "reason"."""
        self._check(aspects)
        return self.target.format(**_in_words(aspects), **nouns, **given)

    def _check(self, aspects: Aspects) -> None:
        if self.strategy in (Strategy.DIALOGUE, Strategy.EXPLAIN):
            return  # the aspects stand in the dialogue or beside the facts, as far as they do
        if (aspects.preference, aspects.intention) != (self.preference, self.intention):
            raise TemplateError(
                f"template {self.id} is for preference {self.preference} and intention "
                f"{self.intention}, not for {aspects.preference} and {aspects.intention}"
            )


def _in_words(aspects: Aspects) -> dict[str, str]:
    history = aspects.history[-HISTORY_LIMIT:]
    return {
        "history": "; ".join(aspects.known.get(title, title) for title in history),
        "taste": "; ".join(aspects.taste),
        "wish": _wish_in_words(aspects),
    }


def _wish_in_words(aspects: Aspects) -> str:
    limits = ", ".join(aspects.limits)
    if aspects.wish and limits:
        return f"{aspects.wish} ({limits})"
    return aspects.wish or limits


class Templates:
    """The templates of a file, by id and by aspects."""

    def __init__(self, templates: Sequence[Template]) -> None:
        self.by_id = {template.id: template for template in templates}

    @cached_property
    def version(self) -> str:
        """A short checksum of all that a model reads or writes; comments don't count."""
        words = sorted((t.id, t.input, t.block, t.target) for t in self.by_id.values())
        return hashlib.sha256(json.dumps(words).encode()).hexdigest()[:12]

    @classmethod
    def load(cls, path: Path = TEMPLATE_FILE) -> Templates:
        """Read and check a file of templates that serve. Raises `TemplateError`."""
        templates = read_templates(path)
        for form in (TaskForm.RERANKING, TaskForm.PAIRWISE):  # what the chat ranks by
            served = [t for t in templates if t.task_form is form and t.strategy == "plain"]
            found = {(t.preference, t.intention) for t in served}
            missing = [f"{p} × {i}" for p in Preference for i in Intention if (p, i) not in found]
            if missing:
                raise TemplateError(f"{path}: no {form} template for {'; '.join(missing)}")
        return cls(templates)

    def choose(self, aspects: Aspects, task_form: TaskForm = TaskForm.RERANKING) -> Template:
        """The first plain template of the file for these aspects. Raises `TemplateError`."""
        wanted = (aspects.preference, aspects.intention, task_form, Strategy.PLAIN)
        for t in self.by_id.values():
            if (t.preference, t.intention, t.task_form, t.strategy) == wanted:
                return t
        raise TemplateError(
            f"no {task_form} template for preference {aspects.preference} and intention "
            f"{aspects.intention}; add one to {TEMPLATE_FILE.name}"
        )


def read_templates(path: Path) -> list[Template]:
    """The templates of a file, each checked by itself. Raises `TemplateError`."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8")).get("template", [])
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise TemplateError(f"{path}: can't be read as TOML: {error}") from error
    templates = [_checked(table, path) for table in tables]
    ids = [template.id for template in templates]
    repeated = sorted({i for i in ids if ids.count(i) > 1})
    if repeated:
        raise TemplateError(f"{path}: ids occur twice: {', '.join(repeated)}")
    return templates


def _checked(table: Mapping[str, object], path: Path) -> Template:
    name = f"{path}: template {table.get('id', '(without id)')!r}"
    if set(table) not in (_KEYS | {"block"}, _KEYS | {"target"}):
        raise TemplateError(
            f"{name}: keys must be {sorted(_KEYS)} with either 'block' or 'target', not "
            f"{sorted(table)}"
        )
    if not all(isinstance(value, str) for value in table.values()):
        raise TemplateError(f"{name}: every value must be a string")
    try:
        template = Template(
            id=str(table["id"]),
            preference=Preference(str(table["preference"])),
            intention=Intention(str(table["intention"])),
            task_form=TaskForm(str(table["task_form"])),
            strategy=Strategy(str(table["strategy"])),
            input=str(table["input"]).strip(),
            block=str(table.get("block", "")).rstrip("\n"),
            target=str(table.get("target", "")).rstrip("\n"),
        )
    except ValueError as error:
        raise TemplateError(f"{name}: {error}") from error
    if template.scored == (template.task_form is TaskForm.MATCHING):
        raise TemplateError(f"{name}: matching needs a 'target', every other task form a 'block'")
    if template.scored and template.strategy not in (Strategy.PLAIN, Strategy.DIALOGUE):
        raise TemplateError(f"{name}: {template.strategy} is written, so its form is 'matching'")
    for part in ("input", "block", "target"):
        try:
            _placeholders(getattr(template, part))
        except ValueError as error:
            raise TemplateError(f"{name}, {part}: {error}") from error
    for part, allowed in _allowed(template).items():
        found = _placeholders(getattr(template, part))
        if found not in allowed:
            needed = " or ".join(str(sorted(names)) for names in allowed)
            raise TemplateError(
                f"{name}, {part}: needs the placeholders {needed} and no others, has "
                f"{sorted(found)}"
            )
    return template


def _allowed(template: Template) -> dict[str, list[set[str]]]:
    """For each part, the sets of placeholders that it may have."""
    known = _NEEDS[template.preference] | (
        {"wish"} if template.intention is not Intention.NONE else set()
    )
    if template.scored:
        given = {"dialogue"} if template.strategy is Strategy.DIALOGUE else known
        return {"input": [given], "block": [_BLOCK[template.task_form]]}
    if template.strategy is Strategy.PLAIN:
        return {"input": [known], "target": [{"item"}]}
    if template.strategy is Strategy.DIALOGUE:
        return {"input": [{"dialogue"}], "target": [{"item"}, {"wish"}]}
    if template.strategy is Strategy.EXPLAIN:
        return {"input": [{"facts"}], "target": [{"reason"}]}
    return _turned(template, known)


def _turned(template: Template, known: set[str]) -> dict[str, list[set[str]]]:
    """Of the other strategies: what is asked for is not given, and nothing is dropped."""
    asked = _placeholders(template.target)
    given = known - asked
    if template.strategy is Strategy.REASON_FIRST:
        reasons = [{"taste", "item"}] if "taste" in known else [{"reason", "item"}]
        return {"input": [given], "target": reasons}
    inputs = [given] if "item" in asked else [given | {"item"}, *([given] if given else [])]
    one = [{name} for name in sorted(known)]
    both = [{name, "item"} for name in sorted(known)] if template.strategy is Strategy.TIE else []
    return {"input": inputs, "target": one + both}


def _placeholders(text: str) -> set[str]:
    found = {field for _, field, _, _ in string.Formatter().parse(text) if field is not None}
    return found - {"noun", "nouns"}
