"""The commands of tuning, as a user meets them: what they print, refuse and load."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from recommender.__main__ import main
from recommender.adapter_card import Card, Figure, write_card
from recommender.tuning.options import PRESETS, TuningError, TuningOptions, options_of

ROOT = Path(__file__).parents[3]
CARD = Card(
    kind="language model", serves=("ranking",), base="some/model", base_checksum="abc",
    templates="def", instructions="films.jsonl", instructions_checksum="123",
    adapter_checksum="456", made="2025-01-02", licence="Apache-2.0", weights={"rank_weight": 0.4},
    figures=(Figure("ndcg", 0.5, "a command"),),
)  # fmt: skip


@pytest.mark.parametrize(
    "words", [["tune"], ["instructions", "make"], ["checkpoints"], ["checkpoints", "verify"]]
)
def test_help_loads_nothing_heavy(words: list[str]) -> None:
    finished = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "recommender", *words, "--help"],
        capture_output=True, text=True, cwd=ROOT, check=True,
    )  # fmt: skip
    loaded = {line.split("|")[-1].strip() for line in finished.stderr.splitlines() if "|" in line}
    assert "recommender.tuning.options" in loaded
    assert not loaded & {"torch", "transformers", "peft", "accelerate", "matplotlib", "scipy"}


def test_checkpoints_are_listed_shown_and_missed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = ["--root", str(tmp_path)]
    assert main(["checkpoints", "list", *root]) == 0
    assert "no checkpoints" in capsys.readouterr().out
    for name, card in (("films", replace(CARD, default=True)), ("games", CARD)):
        (tmp_path / name).mkdir()
        write_card(tmp_path / name, card)
    assert main(["checkpoints", "list", *root]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "films: language model, serves ranking, for some/model, made 2025-01-02, default",
        "games: language model, serves ranking, for some/model, made 2025-01-02",
    ]
    assert main(["checkpoints", "show", "games", *root]) == 0
    assert "rank_weight = 0.4" in capsys.readouterr().out
    assert main(["checkpoints", "show", "books", *root]) == 2
    assert "there are: films, games" in capsys.readouterr().err
    assert main(["checkpoints", "verify", "games", *root]) == 1
    assert "is missing" in capsys.readouterr().err


def test_a_broken_file_of_examples_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], tiny_llama: Path
) -> None:
    (tmp_path / "bad.jsonl").write_text("{}\n")
    words = ["--instructions", str(tmp_path / "bad.jsonl"), "--out", str(tmp_path / "out")]
    assert main(["tune", *words, "--model", str(tiny_llama)]) == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert said.startswith("error: ") and "bad.jsonl, line 1" in said


@pytest.mark.parametrize(
    ("name", "value"), [("rank", 0), ("learning_rate", 0.0), ("dropout", 1.0), ("length", 3),
                        ("scoring", "guess"), ("minutes", -1.0)],
)  # fmt: skip
def test_a_wrong_option_is_named(name: str, value: object) -> None:
    with pytest.raises(TuningError, match=name):
        options_of("cpu", {"instructions": Path("x"), "out": Path("y"), name: value})


def test_what_is_given_goes_before_the_preset() -> None:
    given = {"instructions": Path("x"), "out": Path("y"), "batch": 2, "steps": None}
    options = options_of("qlora", given)
    assert (options.quantization, options.batch, options.steps) == ("nf4", 2, 0)
    assert options.accumulate == PRESETS["qlora"]["accumulate"]
    assert options_of("cpu", given) == TuningOptions(Path("x"), Path("y"), batch=2)
