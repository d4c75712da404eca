"""Catalogs: what is inferred, what a card says, and what every broken file answers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.catalog import Catalog, CatalogError, Kind, fold, load_catalog

GOOD = {"id": "1", "title": "One"}


def test_kinds_are_inferred_without_a_card(books: Catalog) -> None:
    kinds = {name: field.kind for name, field in books.fields.items()}
    assert kinds == {
        "year": Kind.YEAR,
        "genres": Kind.CATEGORY,
        "authors": Kind.PERSON,
        "pages": Kind.NUMBER,
        "text": Kind.TEXT,
    }


def test_items_keep_their_order_and_are_found_by_id(books: Catalog) -> None:
    assert [item.id for item in books.items] == list("abcdef")
    assert books["d"].name == "Zero Zombies (2004)"
    assert "z" not in books
    with pytest.raises(KeyError, match="no item 'z'"):
        books["z"]


def test_a_card_names_kinds_words_and_nouns(write_catalog: Callable[..., str]) -> None:
    path = Path(write_catalog({**GOOD, "mood": ["Bleak"]}))
    path.with_suffix(".toml").write_text(
        'noun = "poem"\nnouns = "poems"\n[fields.mood]\nkind = "category"\n'
        '[fields.mood.words]\n"Bleak" = ["grim"]\n'
    )
    catalog = load_catalog(str(path))
    assert (catalog.noun, catalog.nouns) == ("poem", "poems")
    assert catalog.fields["mood"].words == {"grim": ("Bleak",)}


def test_the_card_is_part_of_the_checksum(write_catalog: Callable[..., str]) -> None:
    path = Path(write_catalog(GOOD))
    before = load_catalog(str(path)).checksum
    path.with_suffix(".toml").write_text('noun = "poem"\n')
    assert load_catalog(str(path)).checksum != before


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([GOOD, '{"id": "2", "title"'], "line 2: not JSON"),
        ([GOOD, "[1, 2]"], "line 2: expected a JSON object, found list"),
        ([GOOD, {"id": "2"}], "line 2: needs 'title'"),
        ([{"title": "One"}], "line 1: needs 'id'"),
        ([{"id": " ", "title": "One"}], "line 1: needs 'id'"),
        ([GOOD, {"id": "1", "title": "Two"}], "id '1' was used before"),
        ([{**GOOD, "year": 1990}, {"id": "2", "title": "Two", "year": "soon"}], "'year' must hold"),
        ([{**GOOD, "tags": [{"deep": 1}]}], "'tags'"),
        ([""], "holds no items"),
    ],
)
def test_a_broken_catalog_says_where(
    write_catalog: Callable[..., str], lines: list[object], expected: str
) -> None:
    with pytest.raises(CatalogError) as caught:
        load_catalog(write_catalog(*lines))
    assert expected in str(caught.value)
    assert "books.jsonl" in str(caught.value)


def test_bytes_that_are_not_utf8_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "latin.jsonl"
    path.write_bytes('{"id": "1", "title": "Amélie"}\n'.encode("latin-1"))
    with pytest.raises(CatalogError, match="not UTF-8"):
        load_catalog(str(path))


def test_a_broken_card_is_refused(write_catalog: Callable[..., str]) -> None:
    path = Path(write_catalog(GOOD))
    path.with_suffix(".toml").write_text('[fields.mood]\nkind = "flavour"\n')
    with pytest.raises(CatalogError, match="field 'mood'"):
        load_catalog(str(path))


def test_an_unknown_name_lists_the_bundled_ones() -> None:
    with pytest.raises(CatalogError, match="movies"):
        load_catalog("no-such-catalog")


def test_control_characters_leave_titles(write_catalog: Callable[..., str]) -> None:
    catalog = load_catalog(write_catalog({"id": "1", "title": "Two\nlines\x07"}))
    assert catalog["1"].title == "Two lines"


def test_hostile_titles_stay_text(write_catalog: Callable[..., str]) -> None:
    title = "${window.x=1} <img src=x onerror=1> \\ " + "W" * 10_000
    catalog = load_catalog(write_catalog({"id": "1", "title": title}))
    assert catalog["1"].title == title
    assert len(catalog.brief(catalog["1"])) < 400


@given(st.text(max_size=60))
def test_folding_is_idempotent(text: str) -> None:
    assert fold(fold(text)) == fold(text)
