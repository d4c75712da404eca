"""The commands on catalogs as processes: what they print, keep and refuse."""

from __future__ import annotations

import csv
import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
ROWS = [
    {"id": str(n), "name": f"The {word} Fern", "light": ["shade", "sun"][n % 2], "height": 10 * n}
    for n, word in enumerate(["Quiet", "Tall", "Red", "Salt", "Winter", "Glass"], start=1)
]  # fmt: skip


def catalog(data: Path, *arguments: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "recommender", "catalog", *map(str, arguments), "--data", str(data)],
        capture_output=True, text=True, cwd=ROOT, timeout=120, check=False, **options,
    )  # fmt: skip


def told(data: Path, *arguments: str | Path) -> Any:
    finished = catalog(data, *arguments, "--json")
    assert finished.returncode == 0, finished.stderr
    return json.loads(finished.stdout)


def refused(data: Path, *arguments: str | Path) -> str:
    finished = catalog(data, *arguments)
    assert finished.returncode == 2, finished.stderr
    assert finished.stdout == ""
    [line] = finished.stderr.splitlines()
    assert line.startswith("error: ")
    return line


def plants(path: Path, rows: list[dict[str, Any]] = ROWS) -> Path:
    with path.open("w", encoding="utf-8", newline="") as target:
        writer = csv.DictWriter(target, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.fixture
def data(tmp_path: Path) -> Path:
    told(tmp_path, "import", plants(tmp_path / "plants.csv"), "--name", "plants")
    return tmp_path


def test_a_catalog_comes_changes_and_goes(data: Path) -> None:
    card = told(data, "show", "plants")
    assert (card["items"], card["rows"], card["refused"], card["source"]) == (6, 6, 0, "plants.csv")
    assert {f["name"]: (f["kind"], f["coverage"]) for f in card["fields"]} == {
        "light": ("category", 1.0), "height": ("number", 1.0),
    }  # fmt: skip
    more = [{**ROWS[0], "height": 99}, {**ROWS[0], "id": "9", "name": "The New Fern"}]
    assert told(data, "update", "plants", plants(data / "more.csv", more))["change"] == {
        "version": 2, "added": 1, "updated": 1, "removed": 0, "unchanged": 0,
    }  # fmt: skip
    assert told(data, "remove", "plants", "2", "nobody") == {
        "name": "plants", "removed": 1, "unknown": 1,
    }  # fmt: skip
    listed = {one["name"]: one.get("items") for one in told(data, "list")}
    assert listed == {"movies": None, "plants": 6}
    assert told(data, "show", "plants")["items"] == 6
    out = data / "out.csv"
    assert told(data, "export", "plants", out)["files"] == [str(out)]
    with out.open(encoding="utf-8") as rows:
        assert [row["id"] for row in csv.DictReader(rows)] == ["1", "3", "4", "5", "6", "9"]
    assert "is there already" in refused(data, "export", "plants", out)
    assert catalog(data, "remove", "plants").returncode == 0
    assert "no imported catalog 'plants'" in refused(data, "update", "plants", out)
    assert not (data / "catalogs" / "plants").exists()


def test_columns_are_mapped_by_hand(tmp_path: Path) -> None:
    file = plants(tmp_path / "plants.csv")
    card = told(tmp_path, "import", file, "--name", "p", "--map", "keyword=light,skip=height")
    assert [(f["name"], f["kind"]) for f in card["fields"]] == [("light", "keyword")]
    assert "expected ROLE=COLUMN" in refused(
        tmp_path, "import", file, "--name", "p", "--map", "x=y"
    )
    assert "has no column 'wat'" in refused(
        tmp_path, "import", file, "--name", "p", "--map", "title=wat"
    )


def test_a_card_brings_its_words(data: Path) -> None:
    card = data / "words.toml"
    card.write_text('noun = "plant"\nnouns = "plants"\n[fields.light]\nkind = "category"\n'
                    '[fields.light.words]\n"shade" = ["dark corner"]\n')  # fmt: skip
    told(data, "import", data / "plants.csv", "--name", "plants", "--card", card)
    told(data, "export", "plants", data / "out.jsonl")
    written = (data / "out.toml").read_text()
    assert 'noun = "plant"' in written and '"shade" = ["dark corner"]' in written
    card.write_text("[fields.light]\nkind = 'flavour'\n")
    assert "field 'light'" in refused(
        data, "import", data / "plants.csv", "--name", "plants", "--card", card
    )


@pytest.mark.parametrize(("arguments", "expected"), [
    (("import", "nowhere.csv", "--name", "x"), "there is no such file"),
    (("import", "README.md", "--name", "../x"), "can't name a catalog"),
    (("import", "README.md", "--name", "movies"), "is the bundled catalog's name"),
    (("show", "nothing"), "neither bundled nor imported"),
    (("export", "movies", "out.xlsx"), "can't tell the format"),
    (("remove", "movies"), "is the bundled catalog's name"),
])  # fmt: skip
def test_what_can_not_be_done_is_one_line(
    tmp_path: Path, arguments: tuple[str, ...], expected: str
) -> None:
    assert expected in refused(tmp_path, *arguments)


def test_a_terminal_is_shown_the_columns_and_asked(tmp_path: Path) -> None:
    file = plants(tmp_path / "plants.csv")
    command = [sys.executable, "-m", "recommender", "catalog", "import", str(file), "--name", "p",
               "--data", str(tmp_path)]  # fmt: skip
    ours, theirs = pty.openpty()
    asked = subprocess.Popen(command, cwd=ROOT, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    os.write(ours, b"keyword=light\nnonsense\n\n")
    seen = b""
    try:
        while chunk := os.read(ours, 4096):
            seen += chunk
    except OSError:
        pass  # the other end is closed
    assert asked.wait(60) == 0
    text = seen.decode()
    assert "light" in text and "as you say" in text and "expected ROLE=COLUMN" in text
    assert [f["kind"] for f in told(tmp_path, "show", "p")["fields"]] == ["keyword", "number"]


def test_help_has_examples() -> None:
    finished = subprocess.run(
        [sys.executable, "-m", "recommender", "catalog", "--help"], capture_output=True, text=True,
        cwd=ROOT, check=True,
    )  # fmt: skip
    assert "catalog import books.csv --name books" in finished.stdout


def test_asking_of_an_imported_catalog(data: Path) -> None:
    finished = subprocess.run(
        [sys.executable, "-m", "recommender", "ask", "a fern for the shade", "--json", "--catalog",
         "plants", "--model", "none", "--data", str(data)],
        capture_output=True, text=True, cwd=ROOT, timeout=120, check=False,
    )  # fmt: skip
    assert finished.returncode == 0, finished.stderr
    picks = json.loads(finished.stdout)["picks"]
    assert {pick["item_id"] for pick in picks} == {"2", "4", "6"}
