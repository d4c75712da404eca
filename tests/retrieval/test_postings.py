"""Words in prose: what is found is what a search through every folded text would find."""

from __future__ import annotations

import random
import re

import pytest

from retrieval.catalog import fold, load_catalog
from retrieval.fields import _words_apart
from retrieval.postings import Prose

ODD = ["", "The man's best friend", "mans best", "a man", "best", "'quoted' words",
       "Amélie’s café in Zürich", "rock 'n' roll & blues", "man best man's best"]  # fmt: skip


@pytest.fixture(scope="module")
def texts() -> list[str]:
    return ODD + [item.texts.get("synopsis", "") for item in load_catalog("movies").items[:400]]


@pytest.fixture(scope="module")
def prose(texts: list[str]) -> Prose:
    return Prose(texts)


def through_all(texts: list[str], words: str) -> list[int]:
    needle = re.compile(rf"\b{re.escape(words)}")
    return [place for place, text in enumerate(texts) if needle.search(fold(text))]


@pytest.mark.parametrize(
    "words",
    ["man", "man's", "man's best", "s best", "best", "mans", "best man", "amelie's caf", "zurich",
     "rock n roll", "n roll and b", "nothing of the kind", "zzz", "the", "quoted words", "words"],
)  # fmt: skip
def test_a_phrase_is_found_where_it_stands(prose: Prose, texts: list[str], words: str) -> None:
    assert sorted(set(prose.with_words(words).tolist())) == through_all(texts, words)


def test_phrases_of_the_texts_themselves(prose: Prose, texts: list[str]) -> None:
    rng = random.Random(0)
    for _ in range(300):
        words = fold(rng.choice(texts)).split()
        if not words:
            continue
        begin = rng.randrange(len(words))
        phrase = " ".join(words[begin : begin + rng.randint(1, 4)])
        phrase = phrase[: max(1, len(phrase) - rng.randint(0, 2))].strip().strip("'")
        if phrase:
            assert sorted(set(prose.with_words(phrase).tolist())) == through_all(texts, phrase)


def test_no_phrase_reaches_over_the_end_of_a_text() -> None:
    prose = Prose(["one two", "three four"])
    assert prose.with_words("two three").tolist() == []
    assert prose.with_words("four one").tolist() == []
    assert prose.with_words("three fo").tolist() == [1]
    assert Prose([]).with_words("one two").tolist() == []


@pytest.mark.parametrize("text", ["Sci-Fi's & rock'n'roll", "don't_do 'it'", "A  B\tC", "3½"])
def test_plain_letters_fold_by_a_shorter_way_to_the_same(text: str) -> None:
    assert fold(text + " é") == f"{fold(text)} e"
    if text.isascii():
        assert fold(text) == _words_apart(text.casefold())
