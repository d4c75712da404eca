"""Examples: what is written is read again; a broken line is named; a file is whole or absent."""

from __future__ import annotations

import gzip
import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from recommender.tuning.examples import Example, ExampleError, ExampleWriter, read_examples

SCORED = Example(
    "a-1", "rerank-history-open", "games", "7", "train", "Liked: Elden Path; Öland\nQuestion: this",
    (" One? Answer:", " Two? Answer:"), (0, 1), ("1", "2"),
)  # fmt: skip
WRITTEN = Example("a-2", "match-new-vague", "games", None, "validation", "Name it:",
                  items=("2",), target=" Two")  # fmt: skip


def written(path: Path, *examples: Example) -> Path:
    with ExampleWriter(path) as writer:
        writer.write_all(examples)
    assert writer.count == len(examples)
    return path


@pytest.mark.parametrize("name", ["some.jsonl", "some.jsonl.gz"])
def test_what_is_written_is_read_again_and_always_the_same_bytes(tmp_path: Path, name: str) -> None:
    first = written(tmp_path / "a" / name, SCORED, WRITTEN)
    second = written(tmp_path / "b" / name, SCORED, WRITTEN)
    assert list(read_examples(first)) == [SCORED, WRITTEN]
    assert first.read_bytes() == second.read_bytes()
    assert (SCORED.scored, WRITTEN.scored) == (True, False)


def test_a_line_is_one_object_with_the_keys_that_training_reads(tmp_path: Path) -> None:
    line = json.loads(written(tmp_path / "x.jsonl", SCORED).read_text("utf-8"))
    assert list(line) == ["id", "template", "source", "user", "split", "prefix", "blocks",
                          "labels", "items", "target"]  # fmt: skip
    assert line["labels"] == [0, 1]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"labels": [0, 0]}, "at least one has to fit"),
        ({"labels": [1, 3]}, "at least one must not fit"),
        ({"labels": [1]}, "2 blocks, but 1 labels"),
        ({"labels": [0, 4]}, "from 0 to 3"),
        ({"labels": [False, True]}, "'labels' must be a list of int"),
        ({"target": "Two"}, "either blocks"),
        ({"blocks": [], "labels": []}, "either blocks"),
        ({"split": "test"}, "split must be"),
        ({"prefix": ""}, "must not be empty"),
        ({"user": 7}, "'user' must be text or null"),
        ({"extra": 1}, "expected an object with the keys"),
    ],
)
def test_a_line_that_cannot_be_used_is_named(
    tmp_path: Path, change: dict[str, object], expected: str
) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text(SCORED.as_line() + json.dumps({**asdict(SCORED), **change}) + "\n", "utf-8")
    reader = read_examples(path)
    assert next(reader) == SCORED  # reading streams: the first comes before the second is seen
    with pytest.raises(ExampleError, match=rf"x\.jsonl, line 2: .*{expected}"):
        next(reader)


@pytest.mark.parametrize("line", ["{", "[1]", "3", "\xff"])
def test_what_is_no_example_at_all_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text(line + "\n", "latin-1")
    with pytest.raises(ExampleError, match=r"x\.jsonl"):
        list(read_examples(path))


def test_a_file_that_is_missing_or_cut_off_says_so(tmp_path: Path) -> None:
    with pytest.raises(ExampleError, match="can't be read"):
        list(read_examples(tmp_path / "none.jsonl"))
    path = tmp_path / "cut.jsonl.gz"
    path.write_bytes(gzip.compress(SCORED.as_line().encode() * 50)[:-20])
    with pytest.raises(ExampleError, match="can't be read"):
        list(read_examples(path))


def test_an_error_while_writing_leaves_the_old_file_and_no_part(tmp_path: Path) -> None:
    path = written(tmp_path / "x.jsonl", SCORED)
    with pytest.raises(ExampleError), ExampleWriter(path) as writer:
        writer.write_all(replace(WRITTEN, split=split) for split in ("train", "test"))
    assert list(read_examples(path)) == [SCORED]
    assert [p.name for p in tmp_path.iterdir()] == ["x.jsonl"]


def test_one_block_may_fit_or_not() -> None:
    one = replace(SCORED, blocks=(" One? Answer:",), labels=(0,), items=("1",))
    assert replace(one, labels=(1,)).labels == (1,)


def test_of_several_that_fit_the_first_of_the_best_is_the_best() -> None:
    graded = Example(
        id="a", template="t", source="s", user=None, split="train", prefix="p",
        blocks=("1", "2", "3", "4"), labels=(0, 1, 2, 2), items=("1", "2", "3", "4"),
    )  # fmt: skip
    assert graded.best == 2
