"""Catalogs: what is inferred, what a card says, and what every broken file answers."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from retrieval.catalog import BUNDLED, Catalog, CatalogError, Kind, fold, load_catalog

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


def test_a_brief_tells_what_sets_an_item_apart(write_catalog: Callable[..., str]) -> None:
    themes = ["heist", "trains", "rain", "night", "cozy", "endless"]
    rows = [
        {"id": str(n), "title": f"Film {n}", "year": 1990, "genres": ["Drama"], "keywords": themes,
         "language": "Dutch" if n % 5 == 0 else "English"}
        for n in range(120)
    ]  # fmt: skip
    catalog = load_catalog(write_catalog(*rows))
    common = {value for _, value in catalog.common.commonplace}
    assert "English" in common and "Dutch" not in common
    assert "english" not in catalog.brief(catalog["1"])
    assert "dutch" in catalog.brief(catalog["0"])
    # Of few items nothing can be said to be common.
    assert "english" in (few := load_catalog(write_catalog(*rows[:5]))).brief(few["1"])


@given(st.text(max_size=60))
@example("𝕊")  # a capital once it is decomposed
def test_folding_is_idempotent(text: str) -> None:
    assert fold(fold(text)) == fold(text)


# --- catalogs without a card ------------------------------------------------------------

NOVELS = [
    {"id": str(n), "title": f"Novel {n}", "subtitle": "A tale of the sea", "published_year": 1960 + 10 * n,
     "authors": authors, "categories": genre, "num_pages": 100 * n, "average_rating": 3 + n / 10,
     "ratings_count": 10**n, "isbn10": f"00000{n}", "thumbnail": f"http://books.invalid/{n}.jpg",
     "description": "Somebody goes to sea, and somebody else waits for a letter that is long in coming."}
    for n, (authors, genre) in enumerate(
        [("Zoë Quill", "Fiction"), ("Ann Lee;Bo Kim", "FICTION"), ("Zoe Quill", "Fiction"),
         ("Cy Orr", "Detective and mystery stories"), ("Zoë Quill;Cy Orr", "Biography & Autobiography")],
        start=1)
]  # fmt: skip
GAMES = [
    {"id": str(n), "title": f"Game {n}", "publisher": "Big Box", "platforms": "PC|Switch",
     "Developer": ["Small Shed"], "price": 9.99 * n, "release_date": f"20{n:02}-11-20",
     "playtime": 5 * n, "tags": ["Cozy", "Farming"], "genres": ["RPG"], "rating": rating}
    for n, rating in enumerate(["Everyone", "Teen", "Teen", "Mature", "Teen", "Teen"], start=1)
]  # fmt: skip


@pytest.fixture
def novels(write_catalog: Callable[..., str]) -> Catalog:
    return load_catalog(write_catalog(*NOVELS))


@pytest.fixture
def games(write_catalog: Callable[..., str]) -> Catalog:
    return load_catalog(write_catalog(*GAMES, name="my_games.jsonl"))


def test_common_columns_of_books_are_known_by_their_names(novels: Catalog) -> None:
    assert {name: (f.kind, f.label) for name, f in novels.fields.items()} == {
        "authors": (Kind.PERSON, "author"),
        "categories": (Kind.CATEGORY, "genre"),
        "published_year": (Kind.YEAR, "year"),
        "num_pages": (Kind.NUMBER, "length"),
        "average_rating": (Kind.NUMBER, "rating"),
        "ratings_count": (Kind.NUMBER, "popularity"),
        "description": (Kind.TEXT, "description"),
        "subtitle": (Kind.TEXT, "subtitle"),
    }
    assert novels.fields["num_pages"].unit == "pages"
    # The first prose is the one that says what an item is about.
    assert [f.name for f in novels.of_kind(Kind.TEXT)] == ["description", "subtitle"]


def test_common_columns_of_games_are_known_by_their_names(games: Catalog) -> None:
    assert {name: (f.kind, f.label) for name, f in games.fields.items()} == {
        "Developer": (Kind.PERSON, "developer"),
        "publisher": (Kind.PERSON, "publisher"),
        "genres": (Kind.CATEGORY, "genre"),
        "tags": (Kind.KEYWORD, "tag"),
        "platforms": (Kind.CATEGORY, "platform"),
        "rating": (Kind.CATEGORY, "age rating"),  # texts are no score
        "release_date": (Kind.YEAR, "year"),
        "playtime": (Kind.NUMBER, "playing time"),
        "price": (Kind.NUMBER, "price"),
    }
    assert games["3"].name == "Game 3 (2003)"
    assert games["3"].facets["platforms"] == ("PC", "Switch")


def test_the_year_of_an_item_is_the_catalogs_year_whatever_its_name(novels: Catalog) -> None:
    assert (novels["2"].year, novels["2"].name) == (1980, "Novel 2 (1980)")


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1612, 1999, 2024], Kind.YEAR),
        ([1612, 1999, 2400], Kind.NUMBER),
        ([1999.5, 2000, 2001], Kind.NUMBER),
        (["1999", "2004-05-01", "2010"], Kind.YEAR),
        (["1999 was good", "2004", "2010"], Kind.CATEGORY),
    ],
)
def test_years_are_known_by_their_values(
    write_catalog: Callable[..., str], values: list[object], kind: Kind
) -> None:
    rows = [{"id": str(n), "title": "T", "coined": value} for n, value in enumerate(values)]
    assert load_catalog(write_catalog(*rows)).fields["coined"].kind is kind


def test_a_text_of_several_people_is_taken_apart(novels: Catalog) -> None:
    assert novels["2"].facets["authors"] == ("Ann Lee", "Bo Kim")


def test_numbers_written_as_text_are_numbers_where_the_name_says_so(
    write_catalog: Callable[..., str],
) -> None:
    rows = [{"id": str(n), "title": "T", "pages": f"1,{n}00", "room": str(n)} for n in range(3)]
    catalog = load_catalog(write_catalog(*rows))
    assert (catalog["2"].numbers, catalog["2"].facets) == ({"pages": 1200.0}, {"room": ("2",)})


def test_columns_for_machines_are_left_out(write_catalog: Callable[..., str]) -> None:
    row = {
        **GOOD,
        "work_id": 7,
        "coverUrl": "x.jpg",
        "page": "https://books.invalid",
        "mood": "sad",
    }
    assert set(load_catalog(write_catalog(row)).fields) == {"mood"}


def test_a_film_is_by_its_director_whoever_wrote_it(write_catalog: Callable[..., str]) -> None:
    catalog = load_catalog(write_catalog({**GOOD, "writer": ["Ann Lee"], "director": ["Bo Kim"]}))
    assert "by" in catalog.fields["director"].roles
    assert "by" not in catalog.fields["writer"].roles
    assert "written by" in catalog.fields["writer"].roles


def test_prose_is_not_taken_apart(write_catalog: Callable[..., str]) -> None:
    text = "He left; she stayed; nobody in the whole of that long summer could say why it was so."
    catalog = load_catalog(write_catalog({**GOOD, "note": text}))
    assert catalog["1"].texts == {"note": text}


def test_spellings_of_one_value_become_one(novels: Catalog) -> None:
    assert novels["2"].facets["categories"] == ("Fiction",)
    assert novels["3"].facets["authors"] == ("Zoë Quill",)


def test_questions_for_every_field_without_a_card(novels: Catalog, games: Catalog) -> None:
    for catalog in (novels, games):
        asks = [phrase for f in catalog.fields.values() for phrase in f.asks]
        assert len(set(asks)) == len(asks)  # one question, one field
        for f in catalog.fields.values():
            assert {f"what is the {f.label}", f"what's the {f.label}"} & set(f.asks), f.name
    assert "who wrote" in novels.fields["authors"].asks
    assert {"how many pages", "how long"} <= set(novels.fields["num_pages"].asks)
    assert "when was" in novels.fields["published_year"].asks
    assert "how much is" in games.fields["price"].asks
    assert "how many hours" in games.fields["playtime"].asks


def test_roles_and_comparisons_without_a_card(novels: Catalog, games: Catalog) -> None:
    assert {"by", "written by"} <= set(novels.fields["authors"].roles)
    assert "newer" in novels.fields["published_year"].more
    assert "shorter" in novels.fields["num_pages"].less
    assert "cheaper" in games.fields["price"].less
    # A game is by its developer; the publisher is named outright.
    assert "by" in games.fields["Developer"].roles
    assert "by" not in games.fields["publisher"].roles
    assert "$" in games.fields["price"].units


def test_named_ranges_are_shares_of_the_catalog(novels: Catalog) -> None:
    # Of 100, 200 … 500 pages the lowest fifth ends at the first, the highest begins at the last.
    assert novels.fields["num_pages"].ranges["short"] == {"max": 100.0}
    assert novels.fields["published_year"].ranges["recent"] == {"min": 2010.0}
    assert novels.fields["ratings_count"].ranges["popular"] == {"min": 100_000.0}


@pytest.mark.parametrize(("ratings", "unit"), [([3.5, 4.9], "stars"), ([3.5, 7.9], "")])
def test_stars_are_out_of_five(
    write_catalog: Callable[..., str], ratings: list[float], unit: str
) -> None:
    rows = [{"id": str(n), "title": "T", "rating": rating} for n, rating in enumerate(ratings)]
    assert load_catalog(write_catalog(*rows)).fields["rating"].unit == unit


def test_a_heading_that_is_the_noun_itself_is_no_word(write_catalog: Callable[..., str]) -> None:
    rows = [{"id": str(n), "title": "T", "category": "Fiction"} for n in range(1100)]
    rows[0]["category"] = "Books"
    assert "books" not in load_catalog(write_catalog(*rows)).fields["category"].hints


def test_too_few_numbers_have_no_share(write_catalog: Callable[..., str]) -> None:
    catalog = load_catalog(write_catalog(*NOVELS[:4]))
    assert catalog.fields["num_pages"].ranges == {}


def test_genres_get_the_words_people_say(novels: Catalog, games: Catalog) -> None:
    genre = novels.fields["categories"]
    assert genre.words["memoir"] == ("Biography & Autobiography",)
    assert genre.words["mystery stories"] == ("Detective and mystery stories",)
    assert genre.hints["whodunit"] == ("Detective and mystery stories",)
    assert "fiction" not in genre.words  # it is a value itself
    assert games.fields["genres"].words["role playing"] == ("RPG",)


def test_a_category_of_very_few_items_is_a_leaning(write_catalog: Callable[..., str]) -> None:
    rows = [{"id": str(n), "title": "T", "category": "Fiction"} for n in range(1100)]
    rows[0]["category"] = "Cats"
    rows[1]["category"] = "Poirot, Hercule (Fictitious character)"
    genre = load_catalog(write_catalog(*rows)).fields["category"]
    assert set(genre.only_named) == {"Cats", "Poirot, Hercule (Fictitious character)"}
    assert genre.hints["cats"] == ("Cats",)
    assert genre.hints["hercule poirot"] == ("Poirot, Hercule (Fictitious character)",)


@pytest.mark.parametrize(
    ("file", "noun", "verb"),
    [
        ("books", "book", "read"),
        ("my-old_Novels", "book", "read"),
        ("video_games", "game", "play"),
        ("things", "item", "try"),
    ],
)
def test_the_file_says_what_the_items_are(
    write_catalog: Callable[..., str], file: str, noun: str, verb: str
) -> None:
    catalog = load_catalog(write_catalog(GOOD, name=f"{file}.jsonl"))
    assert (catalog.noun, catalog.verb) == (noun, verb)


def test_a_card_keeps_what_it_says_and_gets_what_it_leaves_out(
    write_catalog: Callable[..., str],
) -> None:
    path = Path(write_catalog(*NOVELS))
    path.with_suffix(".toml").write_text(
        'noun = "poem"\nnouns = "poems"\n'
        '[fields.num_pages]\nkind = "number"\nlabel = "pages"\nmore = ["fatter", "newer"]\nless = []\n'
        '[fields.published_year]\nkind = "year"\nlabel = "year"\nasks = ["from when is"]\n'
    )
    catalog = load_catalog(str(path))
    pages, year = catalog.fields["num_pages"], catalog.fields["published_year"]
    assert (pages.label, pages.more, pages.less) == ("pages", ("fatter", "newer"), ())
    assert "how many pages" in pages.asks
    assert year.asks == ("from when is",)
    assert "newer" not in year.more and "more recent" in year.more  # "newer" is the card's already
    assert catalog.other_nouns == ()


def test_the_card_of_the_films_says_everything_itself() -> None:
    card = tomllib.loads((BUNDLED / "movies.toml").read_text(encoding="utf-8"))["fields"]
    for name, f in load_catalog("movies").fields.items():
        for key in ("asks", "roles", "more", "less", "only_named", "units"):
            assert list(getattr(f, key)) == card[name].get(key, []), (name, key)
        assert f.ranges == card[name].get("ranges", {})
