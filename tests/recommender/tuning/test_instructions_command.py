"""The command `instructions make`, as a user meets it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from small_data import write_games

from recommender.__main__ import main
from recommender.tuning.examples import read_examples


@pytest.fixture
def data(tmp_path: Path) -> Path:
    write_games(tmp_path / "behaviour")
    return tmp_path / "behaviour"


def make(data: Path, out: Path, *more: str) -> int:
    return main(["instructions", "make", "--data", str(data), "--out", str(out), *more])


def test_the_same_seed_gives_the_same_file_and_a_card(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second, third = (tmp_path / f"{name}.jsonl" for name in "abc")
    assert make(data, first, "--count", "60") == 0
    assert "60 examples" in capsys.readouterr().out
    assert make(data, second, "--count", "60") == 0
    assert make(data, third, "--count", "60", "--seed", "1") == 0
    assert first.read_bytes() == second.read_bytes() != third.read_bytes()
    card = json.loads(first.with_name("a.jsonl.card.json").read_text())
    assert card["count"] == 60


def test_a_short_run_reranks_only(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "short.jsonl"
    assert make(data, out, "--count", "60", "--mix", "ranking", "--negatives", "4") == 0
    examples = list(read_examples(out))
    assert all(one.template.startswith("rerank-") for one in examples)
    assert max(len(one.blocks) for one in examples) == 5


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--mix", "none.toml"], "none.toml"),
        (["--count", "0"], "count must be at least 1"),
        (["--teacher", "http://127.0.0.1:9"], "can't be reached"),
    ],
)
def test_what_can_not_be_is_said_in_a_line(
    more: list[str], said: str, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "none.jsonl"
    assert make(data, out, *more) in (1, 2)
    error = capsys.readouterr().err
    assert said in error
    assert len(error.splitlines()) == 1
    assert not out.exists()


def test_a_folder_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert make(tmp_path / "nowhere", tmp_path / "a.jsonl") == 2
    assert "no such folder" in capsys.readouterr().err
