"""The command itself, on a tiny shop: figures, record, report, and what it refuses."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from tiny_shop import write_rows, write_shop

from recommender.__main__ import main
from recommender.evaluation.tasks import TASKS

Run = Callable[..., int]


@pytest.fixture
def evaluate(shop_folder: Path, tmp_path: Path) -> Run:
    def run(*arguments: str) -> int:
        return main([
            "evaluate", "--data", str(shop_folder), "--out", str(tmp_path / "out"),
            "--data-folder", str(tmp_path / "kept"), *arguments,
        ])  # fmt: skip

    return run


def test_a_record_says_all_that_is_needed_to_repeat_it(
    evaluate: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate("sequential", "--ranker", "popularity,neighbours", "--sample", "40") == 0
    printed = capsys.readouterr().out
    assert "sequential neighbours, 40 cases: HR@1 0." in printed
    folder = tmp_path / "out" / "sequential-neighbours-test-40-seed0"
    record = json.loads((folder / "record.json").read_text())
    assert record["n"] == 40 and record["seed"] == 0 and record["code"]
    again = "evaluate sequential --data DIR --ranker neighbours --sample 40"
    assert record["command"] == f"python -m recommender {again}"
    assert set(record["data"]) >= {"video_games/items.jsonl.gz", "video_games/sequences.jsonl.gz"}
    figure = record["figures"]["HR@1"]
    assert figure["low"] <= figure["value"] <= figure["high"] and figure["n"] == 40
    assert record["stability"] == {"greatest_change": 0.0, "first_pick_kept": 1.0}
    assert (folder / "cases.jsonl.gz").is_file()
    report = (tmp_path / "out" / "report.md").read_text()
    assert "*paper: InstructRec*" in report and "0.6947" in report
    assert "| HR@5 | NDCG@3 | NDCG@5 | NDCG@10 | MRR |" in report
    assert (tmp_path / "out" / "plots" / "sequential.svg").read_text().startswith("<?xml")


def test_the_same_command_twice_gives_the_same_figures(evaluate: Run, tmp_path: Path) -> None:
    path = tmp_path / "out" / "search-vague-popularity-test-seed0" / "record.json"
    assert evaluate("search-vague", "--ranker", "popularity") == 0
    first = json.loads(path.read_text())
    shutil.rmtree(path.parent)
    assert evaluate("search-vague", "--ranker", "popularity") == 0
    assert json.loads(path.read_text())["figures"] == first["figures"]


def test_an_answer_that_is_planted_in_the_data_ends_the_run(
    evaluate: Run, shop_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    planted = shutil.copytree(shop_folder, tmp_path / "planted")
    write_rows(planted / "video_games" / "sequences.jsonl.gz",
               [{"user_id": 0, "items": [3, 1, 2, 3]}, {"user_id": 1, "items": [4, 5, 6]}])  # fmt: skip
    assert evaluate("sequential", "--ranker", "popularity", "--data", str(planted)) == 1
    told = capsys.readouterr().err
    assert (
        "case 0: 'Amber Crown (Alpha Box)' is right and in the history" in told
        and told.count("\n") == 1
    )


def test_a_run_on_changed_data_is_not_put_beside_older_ones(
    evaluate: Run, shop_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    changed = shutil.copytree(shop_folder, tmp_path / "changed")
    assert evaluate("sequential", "--ranker", "popularity", "--data", str(changed)) == 0
    write_shop(changed, seed=6)
    capsys.readouterr()
    assert evaluate("sequential", "--ranker", "neighbours", "--data", str(changed)) == 2
    told = capsys.readouterr().err
    assert "video_games/sequences.jsonl.gz changed since" in told and told.count("\n") == 1
    assert not list((tmp_path / "out").glob("*neighbours*"))


def test_all_tasks_are_asked_that_the_data_has_cases_for(
    evaluate: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate("all", "--ranker", "popularity", "--sample", "20") == 0
    told = capsys.readouterr()
    asked = {line.split()[0] for line in told.out.splitlines() if "cases:" in line}
    assert asked == set(TASKS) - {"sequential-100", "search-vague-100", "product-search-cds"}
    assert "sequential-100 popularity: left out, 48 items are too few" in told.err


def test_a_torn_record_is_told_in_a_line(
    evaluate: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    torn = tmp_path / "out" / "torn" / "record.json"
    torn.parent.mkdir(parents=True)
    torn.write_text('{"task": "seq')
    assert evaluate("sequential", "--ranker", "popularity", "--sample", "20") == 1
    told = capsys.readouterr().err
    assert str(torn) in told and told.count("\n") == 1


def test_a_stand_in_is_named_in_the_report(evaluate: Run, tmp_path: Path) -> None:
    assert evaluate("product-search", "product-search-cds", "--ranker", "bm25") == 0
    report = (tmp_path / "out" / "report.md").read_text()
    for name in ("product-search", "product-search-cds"):
        assert TASKS[name].stands_for in report


def test_who_learns_from_users_is_left_out_where_there_are_none(
    evaluate: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate("product-search-cds", "--ranker", "popularity,bm25") == 0
    told = capsys.readouterr()
    assert "left out, cds has no users" in told.err and "cds bm25" in told.out


def test_two_towers_learn_from_items_where_there_are_no_users(
    evaluate: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate("product-search-cds", "--ranker", "two-tower,tem") == 0
    told = capsys.readouterr()
    assert "cds two-tower, " in told.out
    assert "tem: left out, there is no history" in told.err


def test_rankers_are_joined_by_weights_that_the_record_holds(evaluate: Run, tmp_path: Path) -> None:
    assert evaluate("sequential", "--ranker", "neighbours+popularity") == 0
    [path] = (tmp_path / "out").glob("sequential-neighbours+popularity-*/record.json")
    record = json.loads(path.read_text())
    assert set(record["scorer"]["weights"]) == {"neighbours", "popularity"}
    assert record["scorer"]["weights"]["neighbours"] > 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nonsense",), "no task nonsense; there are all, sequential"),
        (("sequential", "--ranker", "nonsense"), "no ranker nonsense; there are popularity"),
        (("sequential", "--sample", "-1"), "--sample"),
        (("sequential", "--data", "/nowhere"), "/nowhere/video_games/items.jsonl.gz"),
    ],
)
def test_bad_input_is_told_in_a_line(
    evaluate: Run, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], said: str
) -> None:
    if "--data" in arguments:
        assert main(["evaluate", *arguments]) == 2
    else:
        assert evaluate(*arguments) == 2
    told = capsys.readouterr().err
    assert said in told and told.count("\n") == 1 and "Traceback" not in told
