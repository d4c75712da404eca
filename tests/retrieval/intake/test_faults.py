"""Twelve faults that files have: none crashes, none hangs, each is told."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest
from writing import HEADER, ROWS, changed, refused, table, taken

from retrieval.fields import CatalogError
from retrieval.intake.bounds import OWN, VISITOR
from retrieval.intake.finding import storage_of
from retrieval.intake.importing import look


def test_a_letter_in_another_encoding_spoils_no_row(tmp_path: Path) -> None:
    path = table(tmp_path / "books.csv", changed(3, '3,"Café noir",Ann Lee,1960,Drama,ça va\n'))
    path.write_bytes(path.read_bytes().replace("é".encode(), b"\xe9"))
    card, found = taken(path)
    assert card["items"] == 40
    assert found.catalog["3"].title == "Café noir"
    assert found.catalog["3"].texts["text"] == "ça va" or card["mended"]
    assert card["mended"]["rows that were not UTF-8, read as cp1252"] == 1


@pytest.mark.parametrize("open_quote", [
    '10,"Open title,Ann Lee,1960,Horror,text\n',
    '10,"Open title,Ann Lee,1960,Horror,"text"\n',
])  # fmt: skip
def test_a_quote_that_is_never_closed_costs_its_own_row(tmp_path: Path, open_quote: str) -> None:
    card, found = taken(table(tmp_path / "books.csv", changed(10, open_quote)))
    assert [(one["row"], one["cause"]) for one in refused(card)] == [
        (12, "a quote is opened and not closed")
    ]
    assert len(found.catalog) == 39 and "11" in found.catalog and "9" in found.catalog


def test_a_file_of_open_quotes_alone_ends_soon(tmp_path: Path) -> None:
    rows = [f'{n},"Open {n},Ann Lee,1960,Horror,text\n' for n in range(20_000)]
    with pytest.raises(CatalogError, match="check its quotes"):
        look(table(tmp_path / "books.csv", rows), OWN)


def test_paragraphs_in_quotes_are_one_row(tmp_path: Path) -> None:
    row = '10,Long one,Ann Lee,1960,Horror,"First.\n\nSecond, with ""quotes"".\nThird."\n'
    card, found = taken(table(tmp_path / "books.csv", changed(10, row)))
    assert card["refused"] == 0
    assert found.catalog["10"].texts["text"] == 'First. Second, with "quotes". Third.'


def test_rows_without_a_title_are_refused(tmp_path: Path) -> None:
    card, found = taken(table(tmp_path / "books.csv", changed(3, "3, ,Ann Lee,1960,Drama,text\n")))
    [one] = refused(card)
    assert (one["row"], one["cause"]) == (5, "has no title (column 'title' is empty)")
    assert "Ann Lee" in one["content"]
    assert "3" not in found.catalog and card["items"] == 39


def test_an_id_is_used_once(tmp_path: Path) -> None:
    card, found = taken(table(tmp_path / "books.csv", changed(9, "2,Other,Bo Kim,1999,Drama,t\n")))
    assert [(o["row"], o["cause"]) for o in refused(card)] == [
        (11, "id '2' was used before, in row 4")
    ]
    assert found.catalog["2"].title == "Title, number 2"


def test_one_item_under_two_ids_is_taken_once(tmp_path: Path) -> None:
    again = "900,TITLE: number 5,Author 5 Quill,1955,Drama,another edition\n"
    other = "901,Title number 5,Zoë Other,1955,Drama,another book of that name\n"
    path = table(tmp_path / "books.csv", [*ROWS, again, other])
    card, found = taken(path)
    assert [(o["row"], o["cause"]) for o in refused(card)] == [
        (42, "has the title, year and people of row 7")
    ]
    assert "901" in found.catalog
    assert "2 of them the year too" in card["warnings"][0]
    assert "900" in taken(path, keep_duplicates=True)[1].catalog


@pytest.mark.parametrize("year", ["99999", "-5", "12", "3024"])
def test_years_that_can_not_be_are_left_out(tmp_path: Path, year: str) -> None:
    path = table(tmp_path / "books.csv", changed(3, f"3,Odd,Ann Lee,{year},Drama,text\n"))
    card, found = taken(path)
    assert found.catalog["3"].year is None and found.catalog["4"].year == 1954
    [what] = card["mended"]
    assert what.startswith("years left out of 'year' that can't be")


def test_a_cell_of_a_megabyte_is_cut(tmp_path: Path) -> None:
    rows = changed(3, f'3,{"T" * 1_000_000},Ann Lee,1960,Drama,"{"x" * 1_000_000}"\n')
    card, found = taken(table(tmp_path / "books.csv", rows))
    assert len(found.catalog["3"].texts["text"]) == OWN.text
    assert len(found.catalog["3"].title) == OWN.title
    assert card["mended"]["cells of 'text' cut to 20,000 characters"] == 1


def test_formulas_stay_text_and_are_told(tmp_path: Path) -> None:
    row = '3,"=HYPERLINK(""http://x.invalid"",""y"")",@SUM(1),1960,Drama,text\n'
    card, found = taken(table(tmp_path / "books.csv", changed(3, row)))
    assert found.catalog["3"].title.startswith("=HYPERLINK(")
    assert card["mended"] == {"texts that a spreadsheet would run as a formula (kept as text)": 2}


@pytest.mark.parametrize("kind", ["zip", "gzip"])
def test_a_bomb_is_refused_before_it_goes_off(tmp_path: Path, kind: str) -> None:
    content = HEADER.encode() + b"0" * (128 << 20)
    path = tmp_path / f"bomb.{kind}"
    if kind == "zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("items.csv", content)
    else:
        path.write_bytes(gzip.compress(content, 9))
    for bounds in (OWN, VISITOR):
        with pytest.raises(CatalogError, match=r"unpacks to more than .* times the packed size"):
            look(path, bounds)


def test_an_archive_that_is_cut_short_is_told(tmp_path: Path) -> None:
    path = tmp_path / "books.csv.gz"
    path.write_bytes(gzip.compress((HEADER + "".join(ROWS)).encode())[:-20])
    with pytest.raises(CatalogError, match="damaged or cut short"):
        look(path, OWN)


def test_columns_within_columns_become_columns(tmp_path: Path) -> None:
    path = tmp_path / "books.parquet"
    books = pyarrow.table({
        "id": [1, 2, 3],
        "title": ["One thing", "Two things", "Three things"],
        "details": [{"pages": 100 * n, "publisher": {"name": f"House {n}"}} for n in (1, 2, 3)],
        "authors": [[{"name": "Ann Lee"}], [{"name": "Bo Kim"}, {"name": "Cy Orr"}], []],
        "deep": [{"a": {"b": {"c": {"d": {"e": 1}}}}}] * 3,
    })  # fmt: skip
    pyarrow.parquet.write_table(books, path)
    card, found = taken(path)
    item = found.catalog["2"]
    assert item.facets["authors"] == ("Bo Kim", "Cy Orr")
    assert item.numbers["pages"] == 200 and item.facets["publisher"] == ("House 2",)
    assert card["refused"] == 0


def test_a_damaged_parquet_is_told(tmp_path: Path) -> None:
    path = tmp_path / "books.parquet"
    path.write_bytes(b"PAR1" + b"\x07" * 400 + b"PAR1")
    with pytest.raises(CatalogError, match="not a Parquet file that can be read"):
        look(path, OWN)


@pytest.mark.parametrize("name", ["../../etc/items.csv", "/etc/items.csv", "..\\items.csv"])
def test_a_path_outside_of_an_archive_is_not_trusted(tmp_path: Path, name: str) -> None:
    path = tmp_path / "books.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, HEADER + "".join(ROWS))
    with pytest.raises(CatalogError, match="names a file outside of itself"):
        look(path, OWN)


@pytest.mark.parametrize(
    "name", ["../books", "/etc/books", "a/b", "", ".files", "movies", "x" * 65]
)
def test_a_name_is_no_path(tmp_path: Path, name: str) -> None:
    with pytest.raises(CatalogError):
        storage_of(name, tmp_path)


def test_a_link_out_of_a_folder_is_not_followed(tmp_path: Path) -> None:
    secret = table(tmp_path / "items.csv")
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "items.csv").symlink_to(secret)
    with pytest.raises(CatalogError, match="holds no file"):
        look(folder, OWN)


@pytest.mark.parametrize("content", [b"", b"\n\n  \r\n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_told(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "books.csv"
    path.write_bytes(content)
    with pytest.raises(CatalogError, match="is empty; expected CSV, TSV, JSON"):
        look(path, OWN)


@pytest.mark.parametrize(("content", "what"), [
    (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "is a PNG image by its first bytes"),
    (b"%PDF-1.7\n", "is a PDF"),
    (b"<html><body><table></table></body></html>", "is XML or a web page"),
    (b"id,title\n\0\1\2\3", "is no text"),
    (b"just one line of prose without any table in it", "no table can be seen in it"),
])  # fmt: skip
def test_what_is_no_table_is_told_whatever_its_name(
    tmp_path: Path, content: bytes, what: str
) -> None:
    path = tmp_path / "books.csv"
    path.write_bytes(content)
    with pytest.raises(CatalogError, match=what):
        look(path, OWN)


def test_nothing_is_left_of_a_failed_import(tmp_path: Path) -> None:
    path = table(tmp_path / "books.csv", [f"{n},,Ann Lee,1960,Drama,text\n" for n in range(5)])
    with pytest.raises(CatalogError, match="title"):
        taken(path)
    assert not list(tmp_path.glob("kept/*/.draft-*"))


def test_nesting_without_end_costs_its_own_row(tmp_path: Path) -> None:
    path = tmp_path / "books.jsonl"
    deep = "[" * 100_000 + "]" * 100_000
    path.write_text('{"id": 1, "title": "One thing"}\n'
                    f'{{"id": 2, "title": {deep}}}\n{{"id": 3, "title": "Three things"}}\n')  # fmt: skip
    card, found = taken(path)
    assert [(o["row"], o["cause"]) for o in refused(card)] == [(2, "nested too deeply")]
    assert [item.id for item in found.catalog.items] == ["1", "3"]


def test_a_visitor_may_bring_less(tmp_path: Path) -> None:
    rows = [f"{n},Title {n},Ann Lee,1960,Drama,text\n" for n in range(VISITOR.rows + 1)]
    path = table(tmp_path / "books.csv", rows)
    assert look(path, OWN).rows == len(rows)
    with pytest.raises(CatalogError, match="more than 20,000 rows"):
        look(path, VISITOR)
