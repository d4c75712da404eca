"""The prompt by which a language model reads a turn: load, check, write.

The prompt is data (`reading.toml`): what to do, and turns with the answers that are right.
An example whose answer is not made of the example's own words stops the start and names
itself, since a model would learn from it to invent. What the model answers is judged
elsewhere.
"""

from __future__ import annotations

import json
import string
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prompts.templates import TemplateError

PROMPT_FILE = Path(__file__).with_name("reading.toml")
# What an answer holds, in its order. All but the acts are words of the user.
ACTS = "acts"
SPANS = ("liked", "disliked", "seen", "must", "must_not", "wish", "taste", "context")
_TURN = ("standing", "shown", "words")


def as_json(answer: Mapping[str, Sequence[str]]) -> str:
    """An answer as the model writes it, without the lists that are empty.

    >>> as_json({"wish": ["tender"], "acts": ["ask", "greet"]})
    '{"acts": [ "ask", "greet" ], "wish": [ "tender" ] }'
    """
    lists = []
    for name in (ACTS, *SPANS):
        entries = [json.dumps(entry, ensure_ascii=False) for entry in answer.get(name, ())]
        if entries:
            lists.append(f'"{name}": [ {", ".join(entries)} ]')
    return f"{{{', '.join(lists)} }}"


@dataclass(frozen=True)
class ReadingPrompt:
    """What a model is told before it reads a turn. `examples` are (turn, answer)."""

    system: str
    turn: str
    examples: tuple[tuple[Mapping[str, str], str], ...]

    @classmethod
    def load(cls, path: Path = PROMPT_FILE, acts: Sequence[str] = ()) -> ReadingPrompt:
        """Read and check a prompt file; `acts` are those that an answer may name.

        Raises `TemplateError`.
        """
        try:
            table = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise TemplateError(f"{path}: can't be read as TOML: {error}") from error
        if set(table) != {"system", "turn", "example"}:
            raise TemplateError(f"{path}: keys must be system, turn and example")
        _check_placeholders(f"{path}: system", table["system"], {"noun", "nouns"})
        _check_placeholders(f"{path}: turn", table["turn"], set(_TURN))
        examples = [
            _checked(example, f"{path}: example {number}", acts)
            for number, example in enumerate(table["example"], start=1)
        ]
        return cls(table["system"].strip(), table["turn"].strip(), tuple(examples))

    def messages(
        self, standing: str, shown: str, words: str, nouns: Mapping[str, str]
    ) -> list[tuple[str, str]]:
        """(role, text) messages that end with a turn; `nouns` gives "noun" and "nouns"."""
        messages = [("system", self.system.format(**nouns))]
        for turn, answer in self.examples:
            messages += [("user", self.turn.format(**turn)), ("assistant", answer)]
        turn = {"standing": standing, "shown": shown, "words": words}
        return [*messages, ("user", self.turn.format(**turn))]


def _checked(
    example: Mapping[str, Any], name: str, acts: Sequence[str]
) -> tuple[Mapping[str, str], str]:
    turn = {key: example.get(key) for key in _TURN}
    answer = {key: value for key, value in example.items() if key not in _TURN}
    if not all(isinstance(text, str) and text for text in turn.values()):
        raise TemplateError(f"{name}: needs {', '.join(_TURN)}, each a text")
    if not set(answer) <= {ACTS, *SPANS} or not answer.get(ACTS):
        raise TemplateError(f"{name}: an answer has acts and any of {', '.join(SPANS)}")
    for key, entries in answer.items():
        if not isinstance(entries, list) or not all(isinstance(one, str) for one in entries):
            raise TemplateError(f"{name}: {key} must be a list of texts")
        if key != ACTS:
            invented = [one for one in entries if one not in str(turn["words"])]
        else:
            invented = [one for one in entries if acts and one not in acts]
        if invented:
            raise TemplateError(f"{name}: {key} has {invented[0]!r}, which is not among its words")
    return {key: str(text) for key, text in turn.items()}, as_json(answer)


def _check_placeholders(name: str, text: object, needed: set[str]) -> None:
    if not isinstance(text, str):
        raise TemplateError(f"{name}: must be a text")
    try:
        found = {field for _, field, _, _ in string.Formatter().parse(text) if field is not None}
    except ValueError as error:
        raise TemplateError(f"{name}: {error}") from error
    if found != needed:
        raise TemplateError(
            f"{name}: needs the placeholders {sorted(needed)} and no others, has {sorted(found)}"
        )
