"""What is kept: changes in one step, whatever happens meanwhile."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from writing import HEADER, ROWS, changed, table, taken

from retrieval.fields import CatalogError
from retrieval.intake.bounds import OWN
from retrieval.intake.embeddings import CachedEncoder
from retrieval.intake.finding import find_catalog, imported_names, read_stored, storage_of
from retrieval.intake.importing import look, take_in, take_up
from retrieval.intake.storage import CatalogStorage

ROOT = Path(__file__).parents[3]


@pytest.fixture
def kept(tmp_path: Path) -> CatalogStorage:
    storage = storage_of("books", tmp_path / "data")
    take_in(look(table(tmp_path / "books.csv"), OWN), storage, "books", OWN)
    return storage


def test_items_are_added_updated_and_removed(kept: CatalogStorage, tmp_path: Path) -> None:
    more = table(tmp_path / "more.csv", [
        "3,Changed,Ann Lee,1999,Drama,text\n", "900,New,Bo Kim,2001,Horror,text\n", ROWS[5],
    ])  # fmt: skip
    change = take_up(more, kept, OWN)["change"]
    assert change == {"version": 2, "added": 1, "updated": 1, "removed": 0, "unchanged": 1}
    catalog = read_stored(kept).catalog
    assert catalog["3"].title == "Changed" and catalog["900"].year == 2001
    assert [i.id for i in catalog.items] == [*map(str, range(40)), "900"]
    assert kept.remove(["4", "nobody"]).removed == 1
    after = read_stored(kept).catalog
    assert "4" not in after and after["4"].title == "Title, number 4"  # remembered, not there
    assert len(after) == 40


def test_what_changes_nothing_makes_no_version(kept: CatalogStorage, tmp_path: Path) -> None:
    card = take_in(look(tmp_path / "books.csv", OWN), kept, "books", OWN)
    assert card["change"] == {"version": 1, "added": 0, "updated": 0, "removed": 0, "unchanged": 40}
    assert kept.remove(["nobody"]).version == 1


def test_an_item_that_comes_back_is_there_once(kept: CatalogStorage, tmp_path: Path) -> None:
    kept.remove(["4"])
    take_in(look(tmp_path / "books.csv", OWN), kept, "books", OWN)
    catalog = read_stored(kept).catalog
    assert sorted(i.id for i in catalog.items) == sorted(map(str, range(40)))
    assert not catalog.gone


def test_an_import_replaces_the_whole(kept: CatalogStorage, tmp_path: Path) -> None:
    path = table(tmp_path / "books.csv", changed(7, "70,Another,Ann Lee,1999,Drama,text\n"))
    change = take_in(look(path, OWN), kept, "books", OWN)["change"]
    assert (change["added"], change["removed"], change["unchanged"]) == (1, 1, 39)


def test_an_update_does_not_join_another_import(kept: CatalogStorage, tmp_path: Path) -> None:
    with kept.reading() as stored:
        about = dict(stored.about)
    take_in(look(table(tmp_path / "books.csv"), OWN, {"genre": "skip"}), kept, "books", OWN)
    with kept.drafting() as draft:
        draft.put({"id": "900", "title": "Late"}, 1, None)
        with pytest.raises(CatalogError, match="imported anew"):
            kept.merge(draft, about, replace=False)
    assert "900" not in read_stored(kept).catalog


def test_a_reader_sees_one_version(kept: CatalogStorage) -> None:
    with kept.reading() as stored:
        rows = iter(stored.rows)
        first = next(rows)["id"]
        kept.remove([str(n) for n in range(40) if str(n) != first])
        assert len(list(rows)) == 39  # as it was when the reading began
    assert len(read_stored(kept).catalog) == 1


def test_another_file_must_name_the_ids(kept: CatalogStorage, tmp_path: Path) -> None:
    path = tmp_path / "no-ids.csv"
    path.write_text("title,year\nSome thing,1999\nOther thing,2000\n")
    with pytest.raises(CatalogError, match="needs the column 'id' as at the import"):
        take_up(path, kept, OWN)
    assert kept.version == 1


def test_names_find_what_was_imported(kept: CatalogStorage, tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert imported_names(data) == ["books"]
    found = find_catalog("books", data)
    assert (len(found.catalog), found.version, found.catalog.noun) == (40, 1, "book")
    spot = find_catalog(str(tmp_path / "books.csv"), data)
    assert spot.catalog.items == found.catalog.items
    assert imported_names(data) == ["books"]  # what is only named gets no name
    kept.drop()
    with pytest.raises(CatalogError, match="neither bundled nor imported"):
        find_catalog("books", data)


def test_only_what_changed_is_encoded(tmp_path: Path, encoder: Any) -> None:
    before = taken(table(tmp_path / "books.csv"))[1].catalog
    after = taken(table(tmp_path / "books.csv", changed(3, "3,New,Ann Lee,1999,Drama,text\n")))[
        1
    ].catalog
    once = CachedEncoder(encoder, tmp_path)
    vectors = once.encode([before.describe(i) for i in before.items])
    again = CachedEncoder(encoder, tmp_path)
    renewed = again.encode([after.describe(i) for i in after.items])
    assert (once.encoded, again.encoded) == (40, 1)
    assert (renewed[4] == vectors[4]).all() and (renewed[3] != vectors[3]).any()
    other = CachedEncoder(type(encoder)("another", 64), tmp_path)
    assert other.encode(["x"]).shape == (1, 64)  # vectors of one space serve no other
    [file] = tmp_path.glob(f"{once._file.name}")
    file.write_bytes(b"damaged")
    assert (CachedEncoder(encoder, tmp_path).encode(["x"]) == encoder.encode(["x"])).all()


def test_killed_at_any_moment_leaves_the_old_catalog(kept: CatalogStorage, tmp_path: Path) -> None:
    new = tmp_path / "new" / "books.csv"
    new.parent.mkdir()
    new.write_text(
        HEADER + "".join(f"{n},Newer {n},Ann Lee,1999,Drama,text\n" for n in range(15_000))
    )
    command = [sys.executable, "-m", "recommender", "catalog", "import", str(new), "--name", "books",
               "--data", str(tmp_path / "data"), "--keep-duplicates"]  # fmt: skip
    seen: set[int] = set()
    for delay in (0.0, 0.1, 0.25, 0.4, 0.6):
        running = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        while running.poll() is None and not list(kept.folder.glob(".draft-*")):
            time.sleep(0.005)
        time.sleep(delay)
        os.kill(running.pid, signal.SIGKILL)
        running.wait()
        catalog = read_stored(kept).catalog
        seen.add(len(catalog))
        assert len({i.id for i in catalog.items}) == len(catalog)
        if len(catalog) == 15_000:
            break
    assert 40 in seen and seen <= {40, 15_000}
    finished = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr
    assert len(read_stored(kept).catalog) == 15_000
    assert not list(kept.folder.glob(".draft-*"))
