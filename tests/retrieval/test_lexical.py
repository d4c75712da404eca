"""BM25: the two ways to add up scores come to the same; the best match has 1."""

from __future__ import annotations

import numpy as np
import pytest

from retrieval.catalog import Catalog, load_catalog
from retrieval.lexical import LexicalIndex


@pytest.fixture(scope="module")
def films() -> Catalog:
    return load_catalog("movies")


@pytest.fixture(scope="module")
def index(films: Catalog) -> LexicalIndex:
    return LexicalIndex(films)


@pytest.mark.parametrize(
    "text", ["space", "a war film about love, love and war", "zzyzx nowhere", "", "the of and"]
)
def test_a_score_for_each_item_is_that_of_the_matches(
    text: str, films: Catalog, index: LexicalIndex
) -> None:
    scores = index.scores(text)
    places, worth = index.matches(text)
    spread = np.zeros(len(films), dtype=np.float32)
    spread[places] = worth
    assert scores.dtype == np.float32 and scores.tolist() == spread.tolist()
    assert scores.max() == (1 if len(places) else 0)


def test_a_title_finds_its_item(films: Catalog, index: LexicalIndex) -> None:
    item = max(films.items, key=lambda i: len(i.title))
    assert films.items[int(np.argmax(index.scores(item.title)))].id == item.id
