"""Twelve faults that files have: none crashes, none hangs, each is told."""

from __future__ import annotations

import datetime
import gzip
import json
import os
import zipfile
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest
from writing import HEADER, ROWS, changed, refused, table, taken

from retrieval.fields import CatalogError
from retrieval.intake.bounds import OWN, VISITOR
from retrieval.intake.finding import find_catalog, read_stored, storage_of
from retrieval.intake.importing import look
from retrieval.intake.storage import CatalogStorage


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


# --- and some more ---------------------------------------------------------------------------


def test_a_column_of_years_that_are_none_is_no_year(tmp_path: Path) -> None:
    odd = ["1e308", "1e309", "-1e308", "9" * 23, "1999", "inf", "c. 1900?"]
    rows = [f"{n},Thing {n} here,Ann Lee,{odd[n % 7]},Drama,text\n" for n in range(42)]
    card, found = taken(table(tmp_path / "books.csv", rows))
    assert card["items"] == 42 and all(item.year is None for item in found.catalog.items)


def test_more_columns_than_are_taken(tmp_path: Path) -> None:
    own = [
        {"id": n, "title": f"Thing {n} here", **{f"k{n}_{j}": j for j in range(20)}}
        for n in range(300)
    ]
    path = tmp_path / "books.jsonl"
    path.write_text("\n".join(map(json.dumps, own)))
    card, found = taken(path)
    assert len(found.catalog) == 300
    assert card["warnings"][0] == (
        "more columns than are taken in: the 500 that are filled most often, without 5,502 others"
    )
    wide = tmp_path / "wide.csv"
    wide.write_text(",".join(f"c{n}" for n in range(5_000)) + "\n" + "1," * 4_999 + "1\n")
    with pytest.raises(CatalogError, match="has 5000 columns; expected at most 500"):
        look(wide, OWN)


@pytest.mark.parametrize("line", [
    b'{"id": 7, "title": "Half \\ud800 a letter", "kind": "Dr\\udfffama"}',
    b'{"id": 7, "title": "Half \xed\xa0\x80 a letter"}',
])  # fmt: skip
def test_half_a_letter_is_told(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "books.jsonl"
    path.write_bytes(b'{"id": 1, "title": "One \\ud83d\\ude00 thing"}\n' + line + b"\n")
    card, found = taken(path)
    assert found.catalog["1"].title == "One \N{GRINNING FACE} thing"
    assert "\ufffd" in found.catalog["7"].title or card["mended"]
    found.catalog["7"].title.encode()


def test_a_number_of_thousands_of_digits_is_no_id(tmp_path: Path) -> None:
    digits = "9" * 5_000
    path = tmp_path / "books.json"
    path.write_text(
        f'[{{"id": 1, "title": "One thing"}}, {{"id": {digits}, "title": "Two things"}}]'
    )
    card, found = taken(path)
    assert [item.id for item in found.catalog.items] == ["1"]
    assert [one["cause"] for one in refused(card)] == ["has an id of 5,000 characters"]


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1e400"])
def test_what_is_no_number_is_left_out(tmp_path: Path, value: str) -> None:
    rows = [f'{{"id": {n}, "title": "Thing {n} here", "price": {n}.5}}' for n in range(1, 30)]
    path = tmp_path / "books.json"
    path.write_text(f'[{{"id": 0, "title": "Odd one", "price": {value}}}, {", ".join(rows)}]')
    _, found = taken(path)
    assert "price" not in found.catalog["0"].numbers and found.catalog["9"].numbers["price"] == 9.5


def test_a_line_too_long_costs_its_own_row(tmp_path: Path) -> None:
    path = tmp_path / "books.csv"
    path.write_text('id,title\n1,"' + "x" * (OWN.line + 9) + '"\n2,Two things\n3,Three things\n')
    card, found = taken(path)
    assert [item.id for item in found.catalog.items] == ["2", "3"]
    assert [one["cause"] for one in refused(card)] == ["the line is longer than can be read"]


def test_zero_bytes_here_and_there_are_told(tmp_path: Path) -> None:
    card, found = taken(table(tmp_path / "books.csv", changed(3, "3,Odd\0 one,Ann,1960,Drama,t\n")))
    assert found.catalog["3"].title == "Odd one"
    assert card["mended"]["rows that were freed of zero bytes"] == 1


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "books.csv"
    os.mkfifo(pipe)
    for ask in (lambda: look(pipe, OWN), lambda: find_catalog(str(pipe), tmp_path)):
        with pytest.raises(CatalogError, match="is a pipe or a device"):
            ask()


def test_a_zip_whose_content_is_damaged_is_told(tmp_path: Path) -> None:
    path = tmp_path / "books.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("items.csv", HEADER + "".join(ROWS))
    content = bytearray(path.read_bytes())
    content[50:70] = b"\xff" * 20
    path.write_bytes(content)
    with pytest.raises(CatalogError, match="damaged or cut short"):
        look(path, OWN)


def test_a_zip_of_two_tables_is_not_guessed_at(tmp_path: Path) -> None:
    path = tmp_path / "shop.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("alpha.csv", "beta.csv"):
            archive.writestr(name, HEADER + "".join(ROWS))
    with pytest.raises(CatalogError, match=r"several tables in it \(alpha.csv, beta.csv\)"):
        look(path, OWN)


def test_times_of_every_kind_in_parquet(tmp_path: Path) -> None:
    path = tmp_path / "books.parquet"
    when = datetime.datetime(2001, 2, 3, 4, 5, 6)
    far = pyarrow.array([2**62, 1, 2], pyarrow.timestamp("us"))
    pyarrow.parquet.write_table(pyarrow.table({
        "id": [1, 2, 3], "title": ["One thing", "Two things", "Three things"],
        "released": pyarrow.array([when, None, when], pyarrow.timestamp("ns", "Europe/Berlin")),
        "far": far,
        "fine": pyarrow.array([1, 2, 3], pyarrow.timestamp("ns")),
        "props": pyarrow.array([[("k", "v")], [], None], pyarrow.map_(pyarrow.string(), pyarrow.string())),
        "lists": [[[1], [2]], [[3]], []],
    }), path)  # fmt: skip
    card, found = taken(path)
    assert card["items"] == 3 and found.catalog["1"].year == 2001
    assert card["mended"]["rows that were read without a date that no calendar has"] == 1


@pytest.mark.parametrize("content", [HEADER, HEADER.replace(",", "\t"), "[]", "[null]", "[1, 2]"])
def test_names_without_rows_are_told(tmp_path: Path, content: str) -> None:
    path = tmp_path / "books.csv"
    path.write_text(content)
    with pytest.raises(CatalogError, match=r"holds no row that can be read.*; expected names"):
        look(path, OWN)


def test_ids_that_differ_in_case_are_two(tmp_path: Path) -> None:
    rows = [f"{one},Thing {n} here,Ann Lee,1960,Drama,t\n" for n, one in enumerate("aAbBåÅßẞ")]
    _, found = taken(table(tmp_path / "books.csv", rows))
    assert "".join(item.id for item in found.catalog.items) == "aAbBåÅßẞ"


def test_a_damaged_catalog_says_what_to_run(tmp_path: Path) -> None:
    path = table(tmp_path / "books.csv")
    card, _ = taken(path)
    storage = CatalogStorage(Path(card["refused_file"]).parent)
    content = bytearray(storage.file.read_bytes())
    content[4096:] = b"\x55" * (len(content) - 4096)
    storage.file.write_bytes(content)
    with pytest.raises(CatalogError, match=r"is damaged .*catalog remove .* and import it again"):
        read_stored(storage)


def test_a_visitor_may_bring_less(tmp_path: Path) -> None:
    rows = [f"{n},Title {n},Ann Lee,1960,Drama,text\n" for n in range(VISITOR.rows + 1)]
    path = table(tmp_path / "books.csv", rows)
    assert look(path, OWN).rows == len(rows)
    with pytest.raises(CatalogError, match="more than 20,000 rows"):
        look(path, VISITOR)
