"""The data sets in their published layouts: found, read, cut for leave-one-out, and refused."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import published_layouts as layouts
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.__main__ import main
from recommender.evaluation.data import DataError
from recommender.evaluation.data_homes import HOMES
from recommender.evaluation.data_sets import DATA_SETS, chosen, load
from recommender.evaluation.splitting import LONGEST, sequences_of

# What writes each layout, the data set, its name with a core of 1, and what an item is called.
LAYOUTS = [
    (layouts.write_amazon_2018, "amazon-2018", "amazon-2018 Video_Games 1-core", "Game & Tale 2"),
    (layouts.write_amazon_2023, "amazon-2023", "amazon-2023 Video_Games 1-core", "Tale 2"),
    (layouts.write_ml_latest, "movielens", "movielens here 1-core", "The Tale 2 (1992)"),
    (layouts.write_ml_1m, "movielens", "movielens here 1-core", "The Tale 2 (1992)"),
    (layouts.write_ml_100k, "movielens", "movielens here 1-core", "The Tale 2 (1992)"),
    (layouts.write_redial, "redial", "redial", "Tale 2 (1992)"),
    (layouts.write_inspired, "inspired", "inspired", "Tale 2 (1992)"),
    (layouts.write_own, "own", "own", "Tale 2"),
]
Write = Callable[[Path], Path]


@pytest.mark.parametrize(("write", "name", "called", "item"), LAYOUTS)
def test_each_layout_is_found_and_read(
    write: Write, name: str, called: str, item: str, tmp_path: Path
) -> None:
    write(tmp_path / "here")
    assert chosen(tmp_path, "") == name
    behaviour = load(name, tmp_path, core=1)
    assert behaviour.name == called
    assert len(behaviour.users) == layouts.USERS
    assert item in {one.name for one in behaviour.catalog.items}
    number = {one.name: one.name.split("Tale ")[-1].split()[0] for one in behaviour.catalog.items}
    found = [
        [number[behaviour.catalog.items[place].name] for place in sequence]
        for sequence in behaviour.sequences
    ]
    # One item of 2023 has no metadata, and goes by its id.
    found = [[n.removeprefix("B") for n in sequence] for sequence in found]
    wanted = [[str(n) for n in layouts.expected(user)] for user in range(layouts.USERS)]
    assert sorted(found) == sorted(wanted)
    history, right = behaviour.case(0, "test")
    assert [*history, right] == behaviour.sequences[0].tolist()
    assert set(behaviour.checksums) == {f"here/{p.name}" for p in (tmp_path / "here").iterdir()}


@pytest.mark.parametrize(("write", "name", "called", "item"), LAYOUTS)
def test_a_run_on_it_is_recorded_and_a_changed_file_refused(
    write: Write, name: str, called: str, item: str, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    path = write(tmp_path / "here")
    command = ["evaluate", "sequential-catalog", "--data", str(tmp_path), "--core", "1",
               "--ranker", "popularity", "--out", str(tmp_path / "out"),
               "--data-folder", str(tmp_path / "kept")]  # fmt: skip
    assert main(command) == 0
    [folder] = (tmp_path / "out").glob("sequential-*")
    record = json.loads((folder / "record.json").read_text())
    assert record["data_set"] == called and record["n"] == layouts.USERS
    assert f"--data-set {name}" in record["command"]
    assert "paper" not in (tmp_path / "out" / "report.md").read_text()
    change(path)
    capsys.readouterr()
    assert main(command) == 2
    told = capsys.readouterr().err
    assert f"here/{path.name} changed since" in told and told.count("\n") == 1


def change(path: Path) -> None:
    """Another title, or another time."""
    data = path.read_bytes()
    text = gzip.decompress(data) if path.suffix == ".gz" else data
    other = text.replace(b"Tale 2", b"Tale B", 1).replace(b"1000000", b"1000001", 1)
    assert other != text
    path.write_bytes(gzip.compress(other) if path.suffix == ".gz" else other)


def test_genres_and_categories_are_the_words_of_a_search(tmp_path: Path) -> None:
    layouts.write_ml_100k(tmp_path / "ml-100k")
    layouts.write_amazon_2018(tmp_path / "amazon")
    films, goods = load("movielens", tmp_path, 1), load("amazon-2018", tmp_path, 1)
    assert films.catalog.items[0].facets == {"genres": ("Comedy", "Science Fiction")}
    assert goods.catalog.items[0].facets == {"categories": ("PlayStation 4", "Games")}
    assert DATA_SETS["amazon-2018"].stands_for == ""
    assert "genres" in DATA_SETS["movielens"].stands_for


def test_the_core_by_hand() -> None:
    rows = [(u, i, float(n)) for n, (u, i) in enumerate(
        ["aw", "ax", "ay", "bw", "bx", "by", "cx", "cy", "cz", "dz", "dw", "dx"])]  # fmt: skip
    # z has two users and falls, so c and d are left with two items and fall; then w and y have
    # two users, a and b, and fall, and nothing is left.
    assert sequences_of(rows, 3) == {}
    # With a core of 2 nothing falls: each item has two users, each user three items.
    assert sequences_of(rows, 2) == {
        "a": ["w", "x", "y"], "b": ["w", "x", "y"], "c": ["x", "y", "z"], "d": ["z", "w", "x"],
    }  # fmt: skip


def test_items_of_one_time_go_by_id_and_the_first_time_counts() -> None:
    rows = [("a", "y", 2.0), ("a", "x", 2.0), ("a", "z", 1.0), ("a", "x", 9.0)]
    assert sequences_of(rows, 1) == {"a": ["z", "x", "y"]}
    assert sequences_of(rows[:2], 1) == {}  # two items are too few to leave two out


def test_only_the_last_items_of_a_long_history_are_kept() -> None:
    rows = [("a", f"i{n:03}", float(n)) for n in range(LONGEST + 10)]
    assert sequences_of(rows, 1)["a"] == [f"i{n:03}" for n in range(10, LONGEST + 10)]


@given(
    st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("wxyz"), st.integers(0, 3))),
    st.randoms(use_true_random=False), st.integers(1, 3),
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_the_order_of_the_rows_has_no_say(rows: list, random: object, core: int) -> None:
    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert sequences_of(shuffled, core) == sequences_of(rows, core)


def test_two_sets_in_a_folder_are_told(tmp_path: Path) -> None:
    layouts.write_ml_1m(tmp_path / "one")
    layouts.write_redial(tmp_path / "two")
    with pytest.raises(DataError, match="holds movielens and redial; choose one by --data-set"):
        chosen(tmp_path, "")
    assert chosen(tmp_path, "redial") == "redial"
    layouts.write_ml_latest(tmp_path / "three")
    with pytest.raises(DataError, match=r"movielens more than once .*one/ratings\.dat"):
        load("movielens", tmp_path)


@pytest.mark.parametrize("name", HOMES)
def test_where_a_data_set_is_to_be_had_is_said(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(DataError) as caught:
        load(name, tmp_path)
    assert HOMES[name].holds in str(caught.value) and HOMES[name].place in str(caught.value)
    with pytest.raises(SystemExit):
        main(["evaluate", "--help"])
    assert HOMES[name].place in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("ratings.dat", "1::2::3", "line 1: expected userId::movieId::rating::timestamp"),
        ("ratings.dat", "1::2::3::soon", "row 1: 'soon' is no time"),
        ("ratings.csv", "userId,movieId,stars\n1,2,3", "lacks rating, timestamp"),
        ("Video_Games_5.json.gz", '{"asin": "B1"}', "lacks reviewerID, unixReviewTime"),
        ("Video_Games_5.json.gz", '{"asin": "B1', "not JSON"),
        ("train_data.jsonl", '{"messages": []}', "lacks"),
    ],
)
def test_a_broken_file_is_told_in_a_line(
    name: str, text: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for write in (layouts.write_ml_1m, layouts.write_ml_latest, layouts.write_amazon_2018,
                  layouts.write_redial):  # fmt: skip
        folder = tmp_path / write.__name__
        write(folder)
        if not (folder / name).is_file():
            for path in folder.iterdir():
                path.unlink()
            continue
        data = text.encode()
        (folder / name).write_bytes(gzip.compress(data) if name.endswith("gz") else data)
    out = tmp_path / "out"
    assert main(["evaluate", "sequential", "--data", str(tmp_path), "--out", str(out)]) == 2
    told = capsys.readouterr().err
    assert name in told and said in told and told.count("\n") == 1
    assert not out.exists()


def test_a_core_that_leaves_nobody_is_told(tmp_path: Path) -> None:
    layouts.write_ml_1m(tmp_path)
    with pytest.raises(DataError, match=r"no user is left .* 7-core; a smaller --core"):
        load("movielens", tmp_path, core=7)


def test_reviews_that_are_not_beside_their_metadata_are_asked_for(tmp_path: Path) -> None:
    layouts.write_amazon_2018(tmp_path)
    (tmp_path / "Video_Games_5.json.gz").unlink()
    with pytest.raises(DataError, match=r"meta_Video_Games\.json\.gz: its reviews are not beside"):
        load("amazon-2018", tmp_path)
