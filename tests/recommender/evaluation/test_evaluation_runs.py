"""Runs: broken off and gone on with, the same figures; other data or settings, refused."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from tiny_shop import write_shop

from recommender.evaluation.baselines import Popularity
from recommender.evaluation.cases import CaseScorer, Question
from recommender.evaluation.data import Behaviour, DataError, load_video_games
from recommender.evaluation.metrics import Standing
from recommender.evaluation.records import (
    beside,
    calibration,
    refuse_other_data,
    summary,
    ties,
    write_record,
)  # fmt: skip
from recommender.evaluation.runs import (
    Row,
    RunError,
    RunSettings,
    codes_of,
    read_rows,
    run_cases,
    stability,
)  # fmt: skip
from recommender.evaluation.tasks import TASKS, make_cases, numbers_for
from recommender.evaluation.wishes import Wishes

TASK = TASKS["sequential"]
SETTINGS = RunSettings("sequential", "popularity", "test", 0, 0, {})


class Breaking:
    """Popularity, until it is asked for the nth time."""

    name = "popularity"

    def __init__(self, inner: CaseScorer, breaks_at: int) -> None:
        self._inner, self._left = inner, breaks_at

    def score(self, questions: Sequence[Question]) -> list[NDArray[np.floating]]:
        self._left -= 1
        if not self._left:
            raise KeyboardInterrupt
        return self._inner.score(questions)


def run(folder: Path, shop: Behaviour, scorer: CaseScorer, **changes: object) -> list[Row]:
    numbers = numbers_for(TASK, shop, "test", 0, 0)
    make = partial(make_cases, TASK, shop, split="test", seed=0, wishes=Wishes(shop.catalog))
    settings = RunSettings(**{**vars(SETTINGS), **changes})  # type: ignore[arg-type]
    return run_cases(folder, settings, shop.checksums, numbers, make, scorer, part=16)


def popularity(shop: Behaviour) -> Popularity:
    return Popularity(shop.training("test"), len(shop.catalog))


COSTS = {"ms", "mb", "peak_mb", "ms_per_case", "mb_per_case", "peak_memory_mb"}


def without_costs(told: Mapping[str, object]) -> dict[str, object]:
    return {k: v for k, v in told.items() if k not in COSTS}


def without_times(rows: Sequence[Row]) -> list[dict[str, object]]:
    return [without_costs(vars(row)) for row in rows]


def test_a_run_that_was_broken_off_comes_to_the_same(shop: Behaviour, tmp_path: Path) -> None:
    whole = run(tmp_path / "whole", shop, popularity(shop))
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "broken", shop, Breaking(popularity(shop), 3))
    assert len(read_rows(tmp_path / "broken" / "cases.jsonl.gz")) == 32
    went_on = run(tmp_path / "broken", shop, popularity(shop))
    assert without_times(went_on) == without_times(whole)
    # What was asked is not asked again: a scorer that breaks at once is not even called.
    assert without_times(run(tmp_path / "broken", shop, Breaking(popularity(shop), 1))) == (
        without_times(whole)
    )


def test_a_torn_end_is_cut_and_asked_again(shop: Behaviour, tmp_path: Path) -> None:
    whole = run(tmp_path, shop, popularity(shop))
    path = tmp_path / "cases.jsonl.gz"
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(RunError, match="torn"):
        read_rows(path)
    assert without_times(run(tmp_path, shop, popularity(shop))) == without_times(whole)


def test_rows_are_plain_jsonl(shop: Behaviour, tmp_path: Path) -> None:
    rows = run(tmp_path, shop, popularity(shop))
    with gzip.open(tmp_path / "cases.jsonl.gz", "rt", encoding="utf-8") as file:
        lines = [json.loads(line) for line in file]
    assert [line["id"] for line in lines] == [row.id for row in rows] == list(shop.users)


def test_a_changed_data_file_is_refused(shop: Behaviour, tmp_path: Path) -> None:
    run(tmp_path / "run", shop, popularity(shop))
    other = load_video_games(write_shop(tmp_path / "shop", seed=6))
    with pytest.raises(DataError, match=r"video_games/sequences\.jsonl\.gz changed"):
        run(tmp_path / "run", other, popularity(other))


def test_what_a_run_is_held_against_must_be_of_the_same_data(tmp_path: Path) -> None:
    made = {"task": "sequential", "ranker": "ease", "data_set": "video games",
            "data": {"items": "one", "sequences": "one"}}  # fmt: skip
    write_record(tmp_path / "ease", made)
    (tmp_path / "torn").mkdir()
    (tmp_path / "torn" / "record.json").write_text("{")
    refuse_other_data(tmp_path, "video games", {"items": "one", "sequences": "one", "hard": "new"})
    refuse_other_data(tmp_path, "cds", {"items": "two"})
    with pytest.raises(DataError, match="ease: made with other data; sequences changed"):
        refuse_other_data(tmp_path, "video games", {"items": "one", "sequences": "two"})


def test_the_versions_that_asked_are_kept_and_no_other(shop: Behaviour, tmp_path: Path) -> None:
    def run_by(code: str, scorer: CaseScorer) -> str:
        numbers = numbers_for(TASK, shop, "test", 0, 0)
        make = partial(make_cases, TASK, shop, split="test", seed=0, wishes=Wishes(shop.catalog))
        run_cases(tmp_path, SETTINGS, shop.checksums, numbers, make, scorer, part=16, code=code)
        return codes_of(tmp_path / "settings.json")

    with pytest.raises(KeyboardInterrupt):
        run_by("v1", Breaking(popularity(shop), 3))
    assert run_by("v2", popularity(shop)) == "v1, v2"
    assert run_by("v3", popularity(shop)) == "v1, v2"  # which had nothing left to ask


class Hungry:
    """Takes 64 MB while it scores, and gives them back."""

    name = "hungry"

    def score(self, questions: Sequence[Question]) -> list[NDArray[np.float64]]:
        taken = np.ones(8_000_000)
        return [np.ones(len(q.candidates)) * taken[0] for q in questions]


def test_what_asking_takes_in_memory_is_told(shop: Behaviour, tmp_path: Path) -> None:
    hungry = run(tmp_path / "hungry", shop, Hungry())
    record = summary(TASK, SETTINGS, hungry, {}, counts=None, catalog_size=48, extra={})
    assert 55 < record["mb_per_case"]["median"] < 90
    assert record["peak_memory_mb"] > record["mb_per_case"]["median"]
    frugal = run(tmp_path / "frugal", shop, popularity(shop))
    assert max(row.mb for row in frugal) < 10


def test_other_settings_are_refused(shop: Behaviour, tmp_path: Path) -> None:
    run(tmp_path, shop, popularity(shop))
    with pytest.raises(RunError, match="seed"):
        run(tmp_path, shop, popularity(shop), seed=1)


def test_twice_the_same_gives_the_same_figures(shop: Behaviour, tmp_path: Path) -> None:
    records = []
    for name in ("one", "two"):
        rows = run(tmp_path / name, shop, popularity(shop))
        record = summary(TASK, SETTINGS, rows, shop.checksums, counts=popularity(shop).counts,
                         catalog_size=len(shop.catalog), extra={})  # fmt: skip
        records.append(without_costs(record))
    assert records[0] == records[1]
    assert records[0]["n"] == 60 and records[0]["data"] == dict(shop.checksums)


class Positional:
    """What no ranker may do: look at where a candidate stands."""

    name = "positional"

    def score(self, questions: Sequence[Question]) -> list[NDArray[np.float64]]:
        return [-np.arange(len(q.candidates), dtype=np.float64) for q in questions]


class Broken:
    """Answers with too few scores, then with one that is no number."""

    name = "broken"

    def score(self, questions: Sequence[Question]) -> list[NDArray[np.float64]]:
        return [np.ones(3) if n % 2 else np.append(np.ones(9), np.nan)
                for n in range(len(questions))]  # fmt: skip


def test_shuffling_shows_who_looks_at_positions(shop: Behaviour) -> None:
    numbers = numbers_for(TASK, shop, "test", 0, 0)
    cases = list(make_cases(TASK, shop, numbers, "test", 0, Wishes(shop.catalog)))
    assert stability(popularity(shop), cases, 0) == {
        "greatest_change": 0.0, "first_pick_kept": 1.0,
    }  # fmt: skip
    assert stability(Positional(), cases, 0)["greatest_change"] >= 5
    assert stability(Positional(), cases, 0)["first_pick_kept"] < 0.5


def test_wrong_outputs_are_counted_and_earn_nothing(shop: Behaviour, tmp_path: Path) -> None:
    rows = run(tmp_path, shop, Broken())
    record = summary(TASK, SETTINGS, rows, {}, counts=None, catalog_size=48, extra={})
    assert record["figures"]["wrong"]["value"] == 1
    assert record["figures"]["HR@5"]["value"] == 0


def row(right: int, picks: tuple[int, ...], scores: tuple[float, ...], number: int) -> Row:
    return Row("x", right, Standing(0, 0, len(scores)), picks, 1.0, scores, number)


def test_coverage_novelty_and_popularity_by_hand() -> None:
    counts = np.array([7, 3, 1, 1])  # of four items; with one more each, 16 in all
    rows = [row(2, (0, 1), (), 0), row(0, (0, 2), (), 0)]
    found = beside(rows, counts, 4)
    assert found["coverage@1"] == 1 / 4 and found["coverage@5"] == 3 / 4
    # Shares 8/16, 4/16, 8/16, 2/16 of the four picks: 1, 2, 1 and 3 bits.
    assert found["novelty@5"] == pytest.approx(7 / 4)
    # Item 0 stands above three of four, item 2 above none: 75 against (0 + 75) / 2.
    assert found["popularity_bias"] == pytest.approx(75 - 75 / 2)


def test_ties_by_hand() -> None:
    level = Row("x", 0, Standing(1, 2, 10), (0,), 1.0)
    assert ties([level, row(0, (0,), (), 0)]) == 1 / 2


def test_calibration_by_hand() -> None:
    even = row(0, (0, 1), (0.0, 0.0), 0)  # sure by 1/2, and right by half
    sure = row(1, (0, 1), (float(np.log(9)), 0.0), 1)  # sure by .9, and wrong
    assert calibration([even])["error"] == pytest.approx(0)
    assert calibration([even, sure])["error"] == pytest.approx(0.9 / 2)
