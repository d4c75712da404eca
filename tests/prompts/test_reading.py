"""The prompt for reading turns: the bundled one holds; one that would teach to invent does not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from prompts.reading import ACTS, PROMPT_FILE, SPANS, ReadingPrompt, as_json
from prompts.templates import TemplateError
from recommender.understanding.by_model import OFFERED

NOUNS = {"noun": "book", "nouns": "books"}


def written(tmp_path: Path, old: str, new: str) -> Path:
    """The bundled prompt with a change."""
    text = PROMPT_FILE.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "reading.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


def test_the_examples_are_turns_with_answers_and_the_turn_comes_last() -> None:
    prompt = ReadingPrompt.load(acts=OFFERED)
    messages = prompt.messages("a {quiet} one", "1. Up", "{words} newer", NOUNS)
    roles = [role for role, _ in messages]
    assert roles == ["system", *["user", "assistant"] * len(prompt.examples), "user"]
    assert "books" in messages[0][1]
    assert messages[-1][1] == "Standing: a {quiet} one\nShown: 1. Up\nUser: {words} newer"
    for role, text in messages:
        if role == "assistant":
            assert ACTS in json.loads(text)
            assert set(json.loads(text)) <= {ACTS, *SPANS}


def test_every_act_that_may_be_named_is_explained() -> None:
    system = ReadingPrompt.load(acts=OFFERED).system
    assert [act for act in OFFERED if str(act) not in system] == []


def test_an_answer_leaves_out_what_is_empty_and_keeps_its_order() -> None:
    text = as_json({"wish": ['the "best"', "été"], "liked": [], "acts": ["ask"]})
    assert json.loads(text) == {"acts": ["ask"], "wish": ['the "best"', "été"]}
    assert list(json.loads(text)) == ["acts", "wish"]


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ('must_not = ["weddings"]', 'must_not = ["wars"]', "example .*must_not has 'wars'"),
        ('acts = ["ask"]', 'acts = ["sing"]', "example .*acts has 'sing'"),
        ('acts = ["ask"]', "acts = []", "example .*an answer has acts"),
        ('wish = ["loud"]', 'mood = ["loud"]', "example .*an answer has acts and any of"),
        ('wish = ["loud"]', 'wish = "loud"', "example .*wish must be a list"),
        ('standing = "nothing"', "standing = 3", "example .*needs standing, shown, words"),
        ("{nouns} and answer", "{items} and answer", "system: needs the placeholders"),
        ("User: {words}", "User: {word}", "turn: needs the placeholders"),
        ("User: {words}", "User: {", "turn: "),
        ("system =", "sistem =", "keys must be"),
        ("turn =", "turn", "can't be read as TOML"),
    ],
)
def test_a_broken_prompt_says_where(tmp_path: Path, old: str, new: str, named: str) -> None:
    with pytest.raises(TemplateError, match=named):
        ReadingPrompt.load(written(tmp_path, old, new), acts=OFFERED)


def test_a_prompt_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match=r"missing\.toml"):
        ReadingPrompt.load(tmp_path / "missing.toml")
