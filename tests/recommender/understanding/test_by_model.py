"""What a model says of a turn: bound to the user's words, and never more than it is worth."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scripted_models import ScriptedModel

from prompts.reading import ACTS, SPANS, ReadingPrompt, as_json
from recommender.dialogue import Act, DialogueState, Phrase
from recommender.language_model import LanguageModel, SlotGrammar
from recommender.understanding.by_model import (
    MOST,
    OFFERED,
    AnswerError,
    ModelReader,
    ModelReading,
    frame_of,
    heard,
    is_wanted,
    spans_of,
)
from retrieval.catalog import Catalog

TEXT = 'I loved "Her", so no films like Tin Parade\\!'


class Characters:
    """A tokenizer whose tokens are characters; 0 ends a text."""

    eos_token_id = 0

    def __call__(self, text: str, add_special_tokens: bool = False) -> dict[str, list[int]]:
        return {"input_ids": [ord(character) for character in text]}

    def decode(self, tokens: Sequence[int]) -> str:
        return "".join(map(chr, tokens))


def walk(text: str, tokenizer: Any, seed: int) -> str:
    """An answer about a text by a model that chooses blindly."""
    grammar, choose = SlotGrammar(frame_of(text), tokenizer), random.Random(seed)
    written: list[int] = []
    while len(written) < 8000:
        allowed = grammar.allowed(written)
        if allowed == grammar.end:
            return str(tokenizer.decode(written))
        written.append(choose.choice(allowed))
    raise AssertionError(f"no end: {tokenizer.decode(written)[:200]}")


def model_that_says(answer: str, **options: Any) -> ScriptedModel:
    return ScriptedModel(pieces=(answer[:9], answer[9:]), **options)


# --- the frame ----------------------------------------------------------------------------


@given(st.text(max_size=60), st.integers())
@settings(max_examples=60, deadline=None)
def test_every_answer_of_the_frame_parses_and_is_of_the_users_words(text: str, seed: int) -> None:
    answer = json.loads(walk(text, Characters(), seed))
    assert list(answer) == [name for name in (ACTS, *SPANS) if name in answer]
    assert 1 <= len(answer[ACTS]) <= MOST
    assert set(answer[ACTS]) <= set(OFFERED)
    for name in set(answer) - {ACTS}:
        assert 1 <= len(answer[name]) <= MOST
        assert len(set(answer[name])) == len(answer[name])
        assert set(answer[name]) <= set(spans_of(text))
        assert all(span in text for span in answer[name])


@pytest.mark.parametrize("seed", range(8))
def test_what_the_frame_lets_through_is_heard_whole(seed: int) -> None:
    answer = walk(TEXT, Characters(), seed)
    reading = heard(answer, TEXT)
    for name in (ACTS, *SPANS):
        assert list(getattr(reading, name)) == json.loads(answer).get(name, [])


def test_the_frame_writes_as_the_examples_are_written() -> None:
    frame = frame_of("something quiet about the sea")
    wanted = as_json({"acts": ["ask", "thank"], "wish": ["quiet", "the sea"]})
    grammar, written = SlotGrammar(frame, Characters()), []
    for character in map(ord, wanted):
        assert character in grammar.allowed(written), wanted[: len(written) + 1]
        written.append(character)
    assert grammar.allowed(written) == grammar.end


def test_spans_are_runs_of_words_as_they_stand_in_it() -> None:
    spans = spans_of("With the sci-fi, no Up")
    assert "sci-fi" in spans
    assert "the sci-fi, no Up" in spans
    assert "With the sci-fi, no Up" in spans
    assert "sci-fi, Up" not in spans
    assert spans_of("?!") == ()


def test_acts_that_take_back_what_stands_are_not_offered() -> None:
    assert not {Act.UNDO, Act.START_OVER, Act.EDIT, Act.CHOOSE} & set(OFFERED)


# --- hearing ------------------------------------------------------------------------------


def test_an_answer_becomes_a_reading(films: Catalog) -> None:
    answer = as_json({"acts": ["like", "ask"], "liked": ["Her"], "must_not": ["films like Tin"]})
    model = model_that_says(answer)
    state = DialogueState(wish=(Phrase("something tender", 1),), last_shown=("hull", "tin"))
    reading = ModelReader(model, films, 5).read(TEXT, state)
    assert reading == ModelReading(
        (Act.LIKE, Act.ASK), liked=("Her",), must_not=("films like Tin",)
    )  # fmt: skip
    assert reading.read_by == "rules and model"
    messages, frame = model.heard[0]
    assert frame == frame_of(TEXT)
    turn = messages[-1][1]
    assert TEXT in turn
    assert "something tender" in turn
    assert f"1. {films['hull'].title}; 2. Tin Parade" in turn
    assert films.nouns in messages[0][1]


def test_words_that_were_not_said_are_dropped() -> None:
    answer = as_json({
        "acts": ["start_over", "sing", "ask"], "liked": ["Alien", "Her"], "must": ["horror", "so no"],
        "wish": ["", " ", "!", "he"],
    })  # fmt: skip
    assert heard(answer, TEXT) == ModelReading((Act.ASK,), liked=("Her",), must=("so no",))


def test_an_answer_of_another_shape_costs_nothing() -> None:
    odd = {"acts": "ask", "liked": [["Her"], 3, None, "Her"], "must": {"a": 1}, "more": ["Her"],
           "problem": "none", "wish": None}  # fmt: skip
    assert heard(json.dumps(odd), TEXT) == ModelReading(liked=("Her",))
    assert heard(f"Sure!\n```json\n{as_json({'seen': ['Her']})}\n```", TEXT).seen == ("Her",)
    many = {"wish": ["I", "loved", "Her", "so", "no", "films", "like"]}
    assert len(heard(json.dumps(many), TEXT).wish) == MOST


@pytest.mark.parametrize("answer", ["", "no", "[]", "{]}", '{"acts": ["ask"', "{" * 5000 + "}"])
def test_no_json_is_an_error_of_its_own(answer: str) -> None:
    with pytest.raises(AnswerError, match="the answer is no"):
        heard(answer, TEXT)


# --- failing ------------------------------------------------------------------------------


def test_nonsense_leaves_a_problem_and_nothing_else(films: Catalog) -> None:
    reading = ModelReader(model_that_says("As a language model I"), films, 5).read(
        TEXT, DialogueState()
    )
    assert reading == ModelReading(problem=reading.problem)
    assert reading.read_by == ModelReading().read_by == "rules"
    assert "failed at understanding (AnswerError)" in reading.problem
    assert "As a language model" not in reading.problem


def test_a_model_that_fails_leaves_a_problem(films: Catalog) -> None:
    def fail() -> Iterator[str]:
        yield '{"acts": ['
        raise RuntimeError("out of memory")

    model = ScriptedModel(pieces=fail)
    reading = ModelReader(model, films, 5).read(TEXT, DialogueState())
    assert "failed at understanding (RuntimeError)" in reading.problem
    assert model.streams_begun == model.streams_ended == 1


def test_a_model_that_is_too_slow_is_stopped(films: Catalog) -> None:
    told: list[int] = []

    def endless() -> Iterator[str]:
        while True:
            told.append(1)
            yield " "

    model = ScriptedModel(pieces=endless, pause_s=0.01)
    reading = ModelReader(model, films, 0.05).read(TEXT, DialogueState())
    assert reading == ModelReading(
        problem="the language model took longer than 0.05 s for understanding"
    )
    assert model.streams_ended == 1
    assert told


# --- who reads ----------------------------------------------------------------------------


class On(ScriptedModel):
    def __init__(self, device: str, able: bool) -> None:
        super().__init__(writes_freely=able)
        self._device = device

    def describe(self) -> dict[str, Any]:
        return {**super().describe(), "device": self._device}


@pytest.mark.parametrize(
    ("understanding", "device", "able", "wanted"),
    [
        ("auto", "cuda:0", True, True), ("auto", "cuda:0", False, False),
        ("auto", "cpu", True, False), ("rules", "cuda:0", True, False),
        ("model", "cpu", False, True),
    ],
)  # fmt: skip
def test_auto_asks_a_model_that_is_able(
    understanding: str, device: str, able: bool, wanted: bool
) -> None:
    assert is_wanted(understanding, On(device, able)) is wanted
    assert not is_wanted(understanding, None)


# --- the real model -------------------------------------------------------------------------


def test_the_real_tokens_spell_answers(small_model: LanguageModel) -> None:
    tokenizer = small_model._tokenizer  # type: ignore[attr-defined]
    for seed, text in enumerate((TEXT, "Ōtani’s 🎬 Garden, été?", "nothing after 1990, ok")):
        assert set(json.loads(walk(text, tokenizer, seed))) <= {ACTS, *SPANS}


def test_the_model_may_write_the_examples_in_its_own_tokens(small_model: LanguageModel) -> None:
    """Else it would be pushed off what it means to say where the frame cuts a token."""
    tokenizer = small_model._tokenizer  # type: ignore[attr-defined]
    for turn, answer in ReadingPrompt.load().examples:
        grammar, written = SlotGrammar(frame_of(turn["words"]), tokenizer), []
        for token in tokenizer(answer, add_special_tokens=False)["input_ids"]:
            assert token in grammar.allowed(written), tokenizer.decode(written)
            written.append(token)
        assert grammar.allowed(written) == grammar.end


@pytest.mark.parametrize("text", [TEXT, "thanks, something shorter?", "日本語 🎬"])
def test_the_real_model_answers_in_the_users_words(
    small_model: LanguageModel, films: Catalog, text: str
) -> None:
    reading = ModelReader(small_model, films, 120).read(text, DialogueState())
    assert reading.problem == ""
    assert reading.acts
    assert all(span in text for name in SPANS for span in getattr(reading, name))
