"""The formats and layouts that people have: what is seen in them without a word from anybody."""

from __future__ import annotations

import gzip
import json
import zipfile
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest
from writing import HEADER, ROWS, kept_under, table, taken

from retrieval.catalog import Kind, load_catalog
from retrieval.fields import CatalogError
from retrieval.intake.bounds import OWN
from retrieval.intake.export import export
from retrieval.intake.finding import find_catalog, read_stored
from retrieval.intake.importing import look

LINES = [
    {"id": n, "title": f"Thing {n}", "year": 1950 + n, "genres": ["Horror", "Comedy"][: 1 + n % 2]}
    for n in range(30)
]  # fmt: skip
KINDS = {"author": Kind.PERSON, "year": Kind.YEAR, "genre": Kind.CATEGORY, "text": Kind.TEXT}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le-bom", "cp1252"])
@pytest.mark.parametrize("packed", [False, True])
def test_a_table_in_any_encoding(tmp_path: Path, encoding: str, packed: bool) -> None:
    text = (HEADER + "".join(ROWS)).replace("Title", "Été à")
    content = (
        text.encode(encoding) if "bom" not in encoding else b"\xff\xfe" + text.encode("utf-16-le")
    )
    path = tmp_path / "books.csv"  # whatever is packed, the content says so
    path.write_bytes(gzip.compress(content) if packed else content)
    found = taken(path)[1]
    assert found.catalog["7"].title == "Été à, number 7"
    assert {name: f.kind for name, f in found.catalog.fields.items()} == KINDS
    assert found.catalog.noun == "book"


@pytest.mark.parametrize("delimiter", ["\t", ";", "|"])
def test_the_delimiter_is_seen(tmp_path: Path, delimiter: str) -> None:
    rows = [["id", "title", "price", "maker"]]
    rows += [[str(n), f"Lamp {n}, tall", f"{n},50 €", f"Maker {n % 3} & Co"] for n in range(1, 20)]
    path = tmp_path / "lamps.csv"
    path.write_text("".join(delimiter.join(row) + "\r\n" for row in rows), encoding="utf-8")
    item = taken(path)[1].catalog["7"]
    assert (item.title, item.numbers["price"]) == ("Lamp 7, tall", 7.5)


_NAMES = list(LINES[0])
_CELLS = [[one[name] for name in _NAMES] for one in LINES]
SHAPES = {
    "lines": "\n".join(map(json.dumps, LINES)),
    "lines apart": "\n\n \n".join(map(json.dumps, LINES)) + "\n\n",
    "no lines": "".join(map(json.dumps, LINES)),
    "over several lines": "\n".join(json.dumps(one, indent=1) for one in LINES),
    "array": json.dumps(LINES, indent=2),
    "wrapped": json.dumps({"total": 30, "results": LINES}),
    "wrapped twice": json.dumps({"status": "ok", "result": {"total": 30, "items": LINES}}),
    "by id": json.dumps({str(one["id"]): one for one in LINES}),
    "columns of lists": json.dumps({name: [one[name] for one in LINES] for name in _NAMES}),
    "columns by row": json.dumps({
        name: {str(n): one[name] for n, one in enumerate(LINES)} for name in _NAMES
    }),
    "columns and data": json.dumps({"columns": _NAMES, "data": _CELLS}),
    "rows": json.dumps([_NAMES, *_CELLS]),
}  # fmt: skip


@pytest.mark.parametrize("shape", [*SHAPES, "zip", "parquet"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be"])
def test_objects_in_any_shape(tmp_path: Path, shape: str, encoding: str) -> None:
    path = tmp_path / "films.json"
    if shape == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("README.md", "nothing")
            archive.writestr("inner/films.jsonl", SHAPES["lines"].encode(encoding))
    elif shape == "parquet":
        pyarrow.parquet.write_table(pyarrow.Table.from_pylist(LINES), path)
    else:
        path.write_bytes(SHAPES[shape].encode(encoding))
    card, found = taken(path)
    assert (card["rows"], card["items"], len(found.catalog)) == (30, 30, 30)
    assert found.catalog["3"].facets["genres"] == ("Horror", "Comedy")
    assert found.catalog["3"].year == 1953


@pytest.mark.parametrize("above", ["sep=,\n", "\n \n", "# exported, on Monday\n#\n", "\r\n"])
def test_what_stands_above_a_table_is_no_part_of_it(tmp_path: Path, above: str) -> None:
    path = tmp_path / "books.csv"
    path.write_text(above + HEADER + "".join(ROWS))
    card, found = taken(path)
    assert (card["rows"], card["refused"], len(found.catalog)) == (40, 0, 40)
    marked = tmp_path / "marked.csv"  # a name may begin so
    marked.write_text("#" + HEADER + "".join(ROWS))
    assert len(taken(marked)[1].catalog) == 40


def test_a_table_of_titles_alone(tmp_path: Path) -> None:
    path = tmp_path / "games.csv"
    path.write_text('Title\n"Tag, and run"\nHide and Seek\nHop, skip\n')
    titles = [item.title for item in taken(path)[1].catalog.items]
    assert titles == ["Tag, and run", "Hide and Seek", "Hop, skip"]


def test_numbers_of_rows_are_no_facet(tmp_path: Path) -> None:
    path = tmp_path / "wines.csv"
    rows = [f"{n},Wine of hill {n},{['Red', 'White'][n % 2]}\n" for n in range(20)]
    for first in ("", "Unnamed: 0", "index"):
        path.write_text(f"{first},title,colour\n" + "".join(rows))
        assert list(taken(path)[1].catalog.fields) == ["colour"]


def test_dates_with_some_to_come_are_dates(tmp_path: Path) -> None:
    path = tmp_path / "games.csv"
    when = ['"Oct 21, 2008"', '"21 Oct, 2011"', "Coming soon", "Nov 2012"]
    rows = [f"{n},Game of stone {n},{when[n % 4]}\n" for n in range(20)]
    path.write_text("id,name,release_date\n" + "".join(rows))
    card, found = taken(path)
    assert [item.year for item in found.catalog.items[:4]] == [2008, 2011, None, 2012]
    [(what, count)] = card["mended"].items()
    assert what.startswith("years left out of 'release_date'") and count == 5


def test_unknown_is_a_title_and_no_genre(tmp_path: Path) -> None:
    row = "3,Unknown,Ann Lee,1960,Unknown,A man wakes up.\n"
    item = taken(table(tmp_path / "books.csv", [*ROWS[:3], row, *ROWS[4:]]))[1].catalog["3"]
    assert item.title == "Unknown" and "genre" not in item.facets


def test_a_movielens_folder(tmp_path: Path) -> None:
    folder = tmp_path / "ml"
    folder.mkdir()
    films = [(1, "Toy Story (1995)", "Adventure|Comedy"), (2, "Matrix, The (1999)", "Action|Sci-Fi"),
             (3, "Nobody Knows (Dare mo shiranai) (2004)", "(no genres listed)")]  # fmt: skip
    (folder / "movies.csv").write_text(
        "movieId,title,genres\n" + "".join(f'{i},"{t}",{g}\n' for i, t, g in films)
    )
    (folder / "ratings.csv").write_text(
        "userId,movieId,rating,timestamp\n1,2,4.0,9\n2,2,5.0,9\n3,1,3.0,9\n"
    )
    (folder / "tags.csv").write_text(
        "userId,movieId,tag,timestamp\n1,2,Mind-Bending,9\n2,2,mind-bending,9\n"
    )
    with gzip.open(folder / "links.csv.gz", "wt") as links:
        links.write("movieId,imdbId,tmdbId\n1,1,1\n")
    catalog = taken(folder)[1].catalog
    matrix = catalog["2"]
    assert matrix.name == "The Matrix (1999)"
    assert matrix.facets == {"genres": ("Action", "Sci-Fi"), "tags": ("mind-bending",)}
    assert matrix.numbers["mean rating"] == 4.5 and matrix.numbers["ratings count"] == 2
    assert catalog["3"].name == "Nobody Knows (Dare mo shiranai) (2004)"
    assert "genres" not in catalog["3"].facets


def test_the_older_movielens(tmp_path: Path) -> None:
    folder = tmp_path / "ml-1m"
    folder.mkdir()
    (folder / "movies.dat").write_bytes(
        "1::Toy Story (1995)::Animation|Comedy\n2::Misérables, Les (1995)::Drama\n".encode(
            "latin-1"
        )
    )
    (folder / "ratings.dat").write_text("1::1::5::9\n2::1::4::9\n")
    catalog = taken(folder)[1].catalog
    assert catalog["2"].name == "Les Misérables (1995)"
    assert catalog["1"].numbers["mean rating"] == 4.5


def test_amazons_items_as_pythons_literals(tmp_path: Path) -> None:
    path = tmp_path / "meta_Books.json.gz"
    rows = [
        {"asin": f"B{n:04}", "title": f"It's thing {n} &amp; co", "price": 9.99, "brand": "Acme",
         "categories": [["Books", "Horror"]], "salesRank": {"Books": n}, "imUrl": "http://x.invalid/1.jpg",
         "related": {"also_bought": ["B0001"]}}
        for n in range(1, 20)
    ]  # fmt: skip
    with gzip.open(path, "wt") as target:
        target.writelines(f"{row!r}\n" for row in rows)
    catalog = taken(path)[1].catalog
    assert catalog["B0003"].title == "It's thing 3 & co"
    assert catalog["B0003"].facets == {"categories": ("Books", "Horror"), "brand": ("Acme",)}
    assert set(catalog.fields) <= {"categories", "brand", "price", "Books"}


def test_amazons_newer_items(tmp_path: Path) -> None:
    path = tmp_path / "meta_Games.jsonl"
    rows = [
        {"parent_asin": f"B{n:04}", "title": f"Game {n}", "main_category": "Games", "store": "Acme",
         "average_rating": 4.5, "rating_number": 10 * n, "price": f"${n}.99", "features": ["<b>Fun</b>"],
         "description": ["A long walk <br/> through the woods, where nobody has been for a hundred years.",
                         "And back again before the night, when the owls are out and hungry."],
         "images": [{"large": "https://x.invalid/a.jpg"}], "categories": ["Games", "PC"],
         "details": {"Publisher": "Big House", "Language": "English"}, "bought_together": None}
        for n in range(1, 60)
    ]  # fmt: skip
    path.write_text("\n".join(map(json.dumps, rows)))
    item = taken(path)[1].catalog["B0007"]
    assert item.numbers["price"] == 7.99 and item.numbers["rating_number"] == 70
    assert item.texts["description"].startswith("A long walk through the woods")
    assert item.facets["categories"] == ("Games", "PC")


def test_a_goodreads_library(tmp_path: Path) -> None:
    path = tmp_path / "goodreads_library_export.csv"
    head = "Book Id,Title,Author,Author l-f,Additional Authors,ISBN,My Rating,Average Rating,Number of Pages,Original Publication Year,Exclusive Shelf\n"
    path.write_text(head + "".join(
        f'{n},Novel {n},Ann Lee,"Lee, Ann",Bo Kim {n % 3},"=""043935{n:04}""",0,4.12,{100 + n},{1980 + n % 30},to-read\n'
        for n in range(60)
    ))  # fmt: skip
    catalog = taken(path)[1].catalog
    assert {"Author", "Additional Authors", "Average Rating", "Number of Pages",
            "Original Publication Year"} == set(catalog.fields)  # fmt: skip
    assert catalog.fields["Author"].kind is Kind.PERSON
    assert catalog["7"].name == "Novel 7 (1987)"


def test_volumes_of_google_books(tmp_path: Path) -> None:
    path = tmp_path / "books.json"
    volumes = [
        {"kind": "books#volume", "id": f"v{n}", "etag": "x", "volumeInfo": {
            "title": f"Novel {n}", "authors": ["Ann Lee"], "publishedDate": f"{1990 + n}-08",
            "pageCount": 200 + n, "categories": ["Fiction"], "language": "en",
            "imageLinks": {"thumbnail": "http://x.invalid/1"}}}
        for n in range(10)
    ]  # fmt: skip
    path.write_text(json.dumps({"kind": "books#volumes", "totalItems": 10, "items": volumes}))
    catalog = taken(path)[1].catalog
    assert catalog["v3"].name == "Novel 3 (1993)"
    assert catalog["v3"].numbers["pageCount"] == 203
    assert "thumbnail" not in catalog.fields and "etag" not in catalog.fields


def test_a_dump_of_steam(tmp_path: Path) -> None:
    games = {
        str(10 * n): {"name": f"Game {n}", "release_date": "Nov 1, 2000", "price": n + 0.99,
                      "windows": True, "linux": n % 2 == 0, "mac": False, "required_age": 0,
                      "tags": {"FPS": 10, "Old School": 3}, "genres": ["Action"],
                      "header_image": "https://x.invalid/1.jpg", "developers": ["Small Shed"]}
        for n in range(1, 60)
    }  # fmt: skip
    path = tmp_path / "games.json"
    path.write_text(json.dumps(games))
    item = taken(path)[1].catalog["40"]
    assert item.facets["tags"] == ("FPS", "Old School")
    assert item.facets["linux"] == ("linux",) and "mac" not in item.facets
    assert item.numbers["release_date"] == 2000 and item.numbers["price"] == 4.99


def test_lists_inside_of_cells(tmp_path: Path) -> None:
    path = tmp_path / "films.csv"
    rows = [
        [
            str(n),
            f"Film {n}",
            cell,
            f"Ann {n} Lee, Bo {n} Kim",
            "Action, Horror" if n % 2 else "Action",
        ]
        for n, cell in enumerate(
            ["['Calm', 'Sea']", '["Calm","Sea"]', "[{'id': 1, 'name': 'Calm'}, {'name': 'Sea'}]"]
            * 10
        )
    ]
    quoted = [",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows]
    path.write_text("\n".join(["id,title,themes,cast,genres", *quoted]))
    catalog = taken(path)[1].catalog
    for item in catalog.items:
        assert item.facets["themes"] == ("Calm", "Sea")
        assert len(item.facets["cast"]) == 2
    assert catalog["1"].facets["genres"] == ("Action", "Horror")


def test_markup_entities_and_broken_letters(tmp_path: Path) -> None:
    rows = [
        *ROWS[:3],
        '3,CafÃ© &amp; <b>bar</b>,Ann Lee,1960,Drama,"<p>One.</p><script>x()</script> 2 < 3"\n',
    ]
    card, found = taken(table(tmp_path / "books.csv", rows))
    assert found.catalog["3"].title == "Café & bar"
    assert found.catalog["3"].texts["text"] == "One. 2 < 3"
    assert card["mended"]["texts freed of markup"] == 2


def test_without_ids_they_are_made_and_stay(tmp_path: Path) -> None:
    path = tmp_path / "films.jsonl"
    rows = [{"title": f"Film {n}", "year": 1990 + n, "cast": ["Ann Lee"]} for n in range(5)]
    path.write_text("\n".join(map(json.dumps, rows)))
    first = taken(path)[1].catalog
    path.write_text("\n".join(map(json.dumps, [*rows[::-1], rows[0]])))
    card, again = taken(path)
    assert {i.id for i in again.catalog.items} == {i.id for i in first.items}
    assert card["causes"] == {"has the title, year and people of row …": 1}


def test_columns_named_as_ids_and_titles_stay_columns(tmp_path: Path) -> None:
    path = tmp_path / "films.jsonl"
    rows = [{"sku": f"s{n}", "name": f"Film {n}", "id": n % 3, "series": {"title": ["Dune", "Alien"][n % 2]}}
            for n in range(60)]  # fmt: skip
    path.write_text("\n".join(map(json.dumps, rows)))
    catalog = read_stored(kept_under({"sku": "id", "name": "title"}, path)).catalog
    assert (catalog["s7"].id, catalog["s7"].title) == ("s7", "Film 7")
    assert catalog["s7"].numbers == {"id column": 1.0}
    assert catalog["s7"].facets == {"title column": ("Alien",)}


def test_a_file_without_titles_says_what_was_looked_for(tmp_path: Path) -> None:
    path = tmp_path / "numbers.csv"
    path.write_text("a,b\n" + "".join(f"{n},{n * n}\n" for n in range(20)))
    with pytest.raises(
        CatalogError, match=r"looked for a name such as title.*'a', 'b'.*--map title="
    ):
        look(path, OWN)


def test_columns_can_be_mapped_by_hand(tmp_path: Path) -> None:
    path = tmp_path / "shop.csv"
    path.write_text(
        "code,what,who,note\n" + "".join(f"{n},Lamp {n},Ann,short {n % 3}\n" for n in range(30))
    )
    plan = look(path, OWN, {"what": "title", "who": "person", "note": "skip", "code": "id"}).plan
    assert {c.name: c.role for c in plan.columns} == {
        "code": "id", "what": "title", "who": "person", "note": "skip",
    }  # fmt: skip
    with pytest.raises(CatalogError, match="has no column 'wat'"):
        look(path, OWN, {"wat": "title"})
    with pytest.raises(CatalogError, match="is no role of a column"):
        look(path, OWN, {"what": "titel"})


def test_several_tables_are_not_guessed_at(tmp_path: Path) -> None:
    for name in ("alpha.csv", "beta.csv"):
        table(tmp_path / "shop" / name) if (tmp_path / "shop").is_dir() else (
            (tmp_path / "shop").mkdir(), table(tmp_path / "shop" / name))  # fmt: skip
    with pytest.raises(CatalogError, match=r"several tables in it \(alpha.csv, beta.csv\)"):
        look(tmp_path / "shop", OWN)


@pytest.mark.parametrize("ending", [".csv", ".tsv", ".parquet", ".jsonl"])
def test_what_is_written_reads_as_it_was(tmp_path: Path, ending: str) -> None:
    hostile = '3,"=1+1",Ann Lee;Bo Kim,1960,Drama,"-text, with ""quotes"""\n'
    catalog = taken(table(tmp_path / "books.csv", [*ROWS[:3], hostile, *ROWS[4:]]))[1].catalog
    out = tmp_path / f"again{ending}"
    export(catalog, out)
    if ending == ".csv":
        assert "'=1+1" in out.read_text() and "'-text" in out.read_text()
    again = find_catalog(str(out), tmp_path).catalog
    assert [i.title for i in again.items] == [i.title for i in catalog.items]
    assert again["3"].facets == catalog["3"].facets and again["3"].texts == catalog["3"].texts
    assert {n: f.kind for n, f in again.fields.items()} == {
        n: f.kind for n, f in catalog.fields.items()
    }


def test_an_exported_card_says_all_that_was_known(tmp_path: Path) -> None:
    movies = load_catalog("movies")
    export(movies, tmp_path / "films.jsonl")
    again = load_catalog(str(tmp_path / "films.jsonl"))
    assert again.fields == movies.fields
    assert (again.nouns, again.examples, again.items) == (
        movies.nouns,
        movies.examples,
        movies.items,
    )
