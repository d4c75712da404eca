"""Files of interactions: what is read, and what is said of what can't be."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from retrieval.interactions import InteractionsError, in_time, read_interactions


@pytest.mark.parametrize("name", ["i.csv", "i.csv.gz", "i.jsonl", "i.jsonl.gz"])
def test_interactions_are_read_from_each_kind_of_file(tmp_path: Path, name: str) -> None:
    lines = ["user,item,rating,time", "7,a,4.5,99", "8,b,,"]
    if "jsonl" in name:
        rows = [{"user": 7, "item": "a", "rating": 4.5, "time": 99}, {"user": "8", "item": "b"}]
        lines = [json.dumps(row) for row in rows]
    content = "\n".join(lines).encode()
    (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith("gz") else content)
    read = list(read_interactions(tmp_path / name))
    assert [float(row.pop("time") or 0) for row in read] == [99, 0]
    assert read == [
        {"user": "7", "item": "a", "rating": 4.5},
        {"user": "8", "item": "b", "rating": None},
    ]


def test_rows_sort_by_time_as_numbers_or_as_dates() -> None:
    numbers = [{"time": "1000"}, {"time": 99}, {"time": None}]
    assert sorted(numbers, key=in_time) == numbers[::-1]
    dates = [{"time": "2021-03-01"}, {"time": "2020-12-31"}]
    assert sorted(dates, key=in_time) == dates[::-1]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("i.txt", "", r"expected \.csv or \.jsonl"),
        ("i.csv", "who,item\n1,a\n", r"no column user.*'who'"),
        ("i.csv", "user,item,rating\n1,a,5\n1,b,good\n", r"line 3: expected a number.*'good'"),
        ("i.csv", "user,item,rating\n1,a,nan\n", r"line 2: expected a number"),
        ("i.csv", "user,item\n1,\n", r"line 2: needs 'item'"),
        ("i.jsonl", '{"user": "1", "item": "a"}\n{"user": \n', r"line 2: not JSON"),
        ("i.jsonl", "[1]\n", r"line 1: expected a JSON object"),
        ("i.jsonl", '{"user": true, "item": "a"}\n', r"line 1: needs 'user'"),
        ("i.csv.gz", "not gzipped", r"can't be read"),
        ("gone/i.csv", None, r"can't be read"),
    ],
)
def test_a_broken_file_of_interactions_names_the_line(
    tmp_path: Path, name: str, text: str | None, message: str
) -> None:
    if text is not None:
        (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(InteractionsError, match=message):
        list(read_interactions(tmp_path / name))
