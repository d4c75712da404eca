"""Frames: any walk through the allowed tokens is a text of the frame, and never a dead end."""

from __future__ import annotations

import random
import re
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.claims import ClaimCheck
from recommender.dialogue import DialogueState, Leaning, Mention, Phrase
from recommender.evidence import gather
from recommender.explanation import frame_of
from recommender.language_model import Frame, LanguageModel, SlotGrammar
from retrieval.catalog import Catalog, Item, load_catalog

STATE = DialogueState(
    wish=(Phrase("a scary film about grief", 1),),
    leanings=(Leaning("genres", ("Horror", "Thriller"), "scary", 1),),
)


class Characters:
    """A tokenizer whose tokens are characters; 0 ends a text."""

    eos_token_id = 0

    def __call__(self, text: str, add_special_tokens: bool = False) -> dict[str, list[int]]:
        return {"input_ids": [ord(character) for character in text]}

    def decode(self, tokens: list[int]) -> str:
        return "".join(map(chr, tokens))


def walk(frame: Frame, tokenizer: Any, seed: int) -> str:
    grammar, choose = SlotGrammar(frame, tokenizer), random.Random(seed)
    written: list[int] = []
    while len(written) < 2000:
        allowed = grammar.allowed(written)
        if allowed == grammar.end:
            return tokenizer.decode(written)
        written.append(choose.choice(allowed))
    raise AssertionError(f"no end: {tokenizer.decode(written)}")


def texts_of(frame: Frame) -> set[str]:
    """All texts of a frame, spelled out."""
    found: set[str] = set()

    def go_on(slot: str, text: str, said: frozenset[str]) -> None:
        for phrase, says in frame.phrases[slot]:
            if says in said:
                continue
            blank = "" if not text or phrase[0] in ",." else " "
            longer = text + blank + phrase
            if slot in frame.last:
                found.add(longer)
            for name in frame.following[slot]:
                go_on(name, longer, said | {says})

    go_on(frame.first, "", frozenset())
    return found


FRAME = Frame(
    "what",
    {
        "what": (("A film", "film"), ("A film noir", "noir")),
        "with": (("with fog", "fog"), ("with fog lamps", "lamps"), ("with a dog", "dog")),
        "and": (("and fog", "fog"), ("and fog lamps", "lamps"), ("and a dog", "dog")),
        "stop": ((".", "the end"),),
    },
    {"what": ("with", "stop"), "with": ("and", "stop"), "and": ("stop",), "stop": ()},
    ("stop",),
)


@given(st.integers())
@settings(max_examples=60, deadline=None)
def test_a_walk_is_one_of_the_texts(seed: int) -> None:
    assert walk(FRAME, Characters(), seed) in texts_of(FRAME)


def test_every_text_can_be_reached() -> None:
    reached = {walk(FRAME, Characters(), seed) for seed in range(600)}
    assert reached == texts_of(FRAME)
    assert "A film noir with fog lamps and fog." in reached


def test_nothing_is_said_twice() -> None:
    assert not any(re.search(r"fog(?! lamps).* fog(?! lamps)", text) for text in texts_of(FRAME))
    only_fog = Frame(
        "with",
        {"with": (("with fog", "fog"),), "and": (("and fog", "fog"),), "stop": ((".", "end"),)},
        {"with": ("and", "stop"), "and": ("stop",), "stop": ()},
        ("stop",),
    )
    assert {walk(only_fog, Characters(), seed) for seed in range(20)} == {"with fog."}


def test_a_phrase_may_go_on_where_a_shorter_one_says_the_same() -> None:
    frame = Frame(
        "story",
        {"story": (("he left", "story"), ("he left, and she", "story")), "stop": ((".", "end"),)},
        {"story": ("stop",), "stop": ()},
        ("stop",),
    )
    reached = {walk(frame, Characters(), seed) for seed in range(40)}
    assert reached == {"he left.", "he left, and she."}


@cache
def bundled() -> Catalog:
    return load_catalog("movies")


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_every_sentence_of_a_bundled_film_ends_and_holds(data: st.DataObject) -> None:
    movies = bundled()
    item = data.draw(st.sampled_from(movies.items))
    other = data.draw(st.sampled_from(movies.items))
    state = DialogueState(
        wish=STATE.wish, leanings=STATE.leanings, liked=(Mention(other.id, other.title, 1),)
    )
    frame = frame_of(item, movies, gather(item, state, movies))
    text = walk(frame, Characters(), data.draw(st.integers()))
    assert text.endswith(".")
    assert text in texts_of(frame)


def test_an_item_with_nothing_but_a_title_has_a_frame(films: Catalog) -> None:
    bare = Item("bare", "Bare", {}, {}, {})
    text = walk(frame_of(bare, films, gather(bare, STATE, films)), Characters(), 1)
    assert text.endswith(".")
    assert "film film" not in text


def test_the_real_tokens_spell_the_texts(small_model: LanguageModel, films: Catalog) -> None:
    tokenizer = small_model._tokenizer  # type: ignore[attr-defined]
    for item in films.items:
        frame = frame_of(item, films, gather(item, STATE, films))
        texts = texts_of(frame)
        for seed in range(5):
            assert walk(frame, tokenizer, seed) in texts


@pytest.mark.parametrize("item_id", ["hull", "lamps", "garden"])
def test_what_the_real_model_writes_passes_the_check(
    small_model: LanguageModel, films: Catalog, item_id: str
) -> None:
    item = films[item_id]
    frame = frame_of(item, films, gather(item, STATE, films))
    messages = [("user", f"Say in one sentence what {item.title} is.")]
    pieces = list(small_model.stream(messages, 112, frame))
    assert "".join(pieces) in texts_of(frame)
    verdict = ClaimCheck(films).check("".join(pieces), item, STATE)
    assert verdict.passed, verdict.objection
    assert list(small_model.stream(messages, 112, frame)) == pieces
