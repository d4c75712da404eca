"""What do 4 bits cost or gain on a GPU, and how many visitors does one serve at once?

    python -m benchmarks.gpu [--models smollm2,4b] [--seconds 4] [--batching none,library]
    python -m benchmarks.gpu --device cpu --models tiny --seconds 1 --visitors 1,4

Each model in bfloat16 and in NF4 (bitsandbytes), one after the other in one process: memory,
the ranking of 20 candidates, three reasons, and turns (both) with so many visitors at once.
"smollm2" is the model of a CPU, or one of its shape with random weights where it can't be
loaded; "4b" has the shape of Qwen3-4B and random weights, which write for as long as any others,
so that its reasons end at a length instead of a full stop. Visitors are threads; "library" writes
their free texts by the continuous batching of transformers, "none" each by itself. What takes
longer than its time is stopped: a turn that was not over counts by its part that was done, as
much as that part takes of a turn alone. What fails is told, and the rest goes on.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.gpu_turns import LISTED, Turn, Writing, turns
from benchmarks.labelled import write_record

FREE_TOKENS = 32  # a reason that a larger model writes, about
DIFFERENT = 64  # turns
REPEATS = 20
FREELY = ("4b", "tiny")  # the others write within a frame
QUANTIZATIONS = ("none", "nf4")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--models", default="smollm2,4b", help="smollm2, 4b, tiny")
    parser.add_argument("--device", default="cuda", choices=("cuda", "cpu"))
    parser.add_argument("--seconds", type=float, default=4.0, help="for each measurement")
    parser.add_argument("--visitors", default="1,16,64", help="at once")
    parser.add_argument("--batching", default="none,library")
    parser.add_argument(
        "--tokenizer", default="", metavar="FOLDER", help="else the default model's"
    )
    parser.add_argument("--cache", type=Path, default=Path("data"))
    parser.add_argument("--out", type=Path, help="a file for the record, beside results/gpu.json")
    options = parser.parse_args()
    if options.device == "cpu":
        os.environ["CUDA_VISIBLE_DEVICES"] = ""  # the loader takes a GPU where it sees one
    from benchmarks import gpu_models

    names = options.models.split(",")
    if unknown := sorted(set(names) - set(gpu_models.SHAPES)):
        parser.error(f"--models knows {', '.join(gpu_models.SHAPES)}, not {', '.join(unknown)}")
    if not gpu_models.is_there(options.device):
        parser.error("no CUDA device here; --device cpu --models tiny runs on any machine")
    record: dict[str, Any] = {"device": gpu_models.device_name(options.device), "models": {}}
    print(f"{record['device']}; {options.seconds:g} s a measurement", flush=True)
    for name in names:
        found = record["models"][name] = {}
        for quantization in QUANTIZATIONS:
            try:
                found[quantization] = _measured(name, quantization, options)
            except Exception:  # a machine that is lent for minutes shall tell what it can
                traceback.print_exc()
        if len(found) == len(QUANTIZATIONS):
            found["ratios"] = _ratios(found["none"], found["nf4"])
            _show(found)
    written = write_record("gpu", record)
    if options.out:
        options.out.write_text(written.read_text(encoding="utf-8"), encoding="utf-8")
    print("written to", written)


def _measured(name: str, quantization: str, options: argparse.Namespace) -> dict[str, Any]:
    """Figures of a model in one precision; times in seconds, memory in MB."""
    from benchmarks import gpu_models

    device = options.device
    gpu_models.forget_peak(device)
    since = time.perf_counter()
    model = gpu_models.loaded(name, quantization, device, options.tokenizer, options.cache)
    alone = gpu_models.one_by_one(model)
    gpu_models.forget_peak(device)
    asked = turns(DIFFERENT, freely=name in FREELY, free_tokens=FREE_TOKENS)
    figures: dict[str, Any] = {
        "model": model.describe(), "loaded_s": time.perf_counter() - since,
        "weights_mb": gpu_models.held_mb(device),
    }  # fmt: skip

    def timed(work: Callable[[Turn], Any]) -> tuple[list[float], list[Any]]:
        work(asked[0])  # warms up
        took, gave = [], []
        deadline = time.perf_counter() + options.seconds
        for turn in itertools.islice(itertools.cycle(asked), REPEATS):
            gpu_models.wait_for(device)
            begun = time.perf_counter()
            gave.append(work(turn))
            gpu_models.wait_for(device)
            took.append(time.perf_counter() - begun)
            if time.perf_counter() > deadline:
                break
        return took, gave

    ranked, _ = timed(lambda turn: alone.score(turn.prefix, turn.blocks))
    wrote, pieces = timed(lambda turn: [_written(alone, w) for w in turn.reasons])
    figures["rank"] = _spread(ranked)
    figures["reasons"] = _spread(wrote)
    figures["tokens_a_second"] = sum(map(sum, pieces)) / sum(wrote)
    usual = _Usual(float(np.median(ranked)), float(np.median(wrote)),
                   float(np.mean([*map(sum, pieces)])))  # fmt: skip
    figures["peak_mb"] = gpu_models.peak_mb(device)
    _progress(name, quantization, figures)
    ways = [way for way in options.batching.split(",") if way == "none" or name in FREELY]
    for way in ways:
        for count in map(int, options.visitors.split(",")):
            served = _Visitors(model if way == "library" else alone, asked, usual)
            told = served.measured(count, options.seconds)
            figures[f"{count} at once, batching {way}"] = told
            _progress(f"{name}, {quantization}", f"{count} at once, batching {way}", told)
    figures["peak_mb_with_visitors"] = gpu_models.peak_mb(device)
    if hasattr(model, "close"):
        model.close()
    return figures


def _progress(what: str, which: str, figures: dict[str, Any]) -> None:
    print(f"{what}, {which}: {json.dumps(figures, default=str)}", file=sys.stderr, flush=True)


def _written(model: Any, writing: Writing, until: float = float("inf")) -> int:
    """Write a reason, or as much as there is time for; gives its pieces, each a token."""
    pieces = 0
    with closing(model.stream(writing.messages, writing.max_tokens, writing.frame)) as text:
        for _ in text:
            pieces += 1
            if time.perf_counter() > until:
                break
    return pieces


@dataclass(frozen=True)
class _Usual:
    """A turn with nobody beside: seconds of its two parts, and the pieces of its reasons."""

    rank_s: float
    reasons_s: float
    pieces: float

    def share(self, pieces: int) -> float:
        """How much of a turn is done when it has ranked and written so many pieces."""
        written = self.reasons_s * min(1.0, pieces / self.pieces)
        return (self.rank_s + written) / (self.rank_s + self.reasons_s)


class _Visitors:
    """Threads that take turns at the same model for a while, each with requests of its own."""

    def __init__(self, model: Any, asked: list[Turn], usual: _Usual) -> None:
        self._model, self._asked, self._usual = model, asked, usual
        self._took: list[float] = []
        self._begun: list[float] = []  # the shares done of turns that were not over
        self._errors: list[Exception] = []

    def measured(self, count: int, seconds: float) -> dict[str, Any]:
        try:
            _written(self._model, self._asked[-1].reasons[0])  # opens what writes
        except Exception as error:
            return {"error": f"{type(error).__name__}: {error}"}
        since = time.perf_counter()
        threads = [
            threading.Thread(target=self._visit, args=(n, count, since + seconds))
            for n in range(count)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        lasted = time.perf_counter() - since
        while any(thread.name == "writing" for thread in threading.enumerate()):
            time.sleep(0.05)  # texts that were stopped end with their next token
        if self._errors:
            return {"error": f"{len(self._errors)}, {self._errors[0]!r}"}
        done = len(self._took) + sum(self._begun)
        return {"turns_a_second": done / lasted, "seconds": lasted, "turns_over": len(self._took),
                "turns_begun": len(self._begun), **_spread(self._took)}  # fmt: skip

    def _visit(self, number: int, count: int, until: float) -> None:
        try:
            for turn in itertools.islice(itertools.cycle(self._asked), number, None, count):
                since = time.perf_counter()
                if since > until:
                    return
                self._take(turn, since, until)
        except Exception as error:
            self._errors.append(error)

    def _take(self, turn: Turn, since: float, until: float) -> None:
        self._model.score(turn.prefix, turn.blocks)
        pieces = 0
        for writing in turn.reasons:
            if time.perf_counter() > until:
                break
            pieces += _written(self._model, writing, until)
        else:
            if time.perf_counter() <= until:
                self._took.append(time.perf_counter() - since)
                return
        self._begun.append(self._usual.share(pieces))


def _spread(took: list[float]) -> dict[str, Any]:
    if not took:
        return {"p50_s": None, "p95_s": None, "seen": 0}
    middle, high = (float(np.quantile(took, share)) for share in (0.5, 0.95))
    return {"p50_s": middle, "p95_s": high, "seen": len(took)}


def _ratios(base: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Each figure in NF4 as a multiple of the same in bfloat16."""
    ratios: dict[str, Any] = {}
    for key, value in base.items():
        against = other[key]
        if key in ("model", "loaded_s") or value is None:
            continue
        if isinstance(value, dict):
            if "error" in value or "error" in against:
                continue
            key, field = (f"{key}, turns a second", "turns_a_second") if "turns_a_second" in value \
                else (f"{key}, p50", "p50_s")  # fmt: skip
            value, against = value[field], against[field]
        ratios[key] = against / value if value and against else None
    return ratios


def _show(found: dict[str, Any]) -> None:
    base, other, ratios = found["none"], found["nf4"], found["ratios"]
    print(f"\n{base['model']['language_model']}\n{'':34} {'bfloat16':>24} {'nf4':>24} {'ratio':>6}")
    for label, key in (("weights, MB", "weights_mb"), ("peak, one visitor, MB", "peak_mb"),
                       ("peak with visitors and cache, MB", "peak_mb_with_visitors"),
                       ("tokens a second of reasons", "tokens_a_second")):  # fmt: skip
        if base[key] is not None:
            _line(label, f"{base[key]:.0f}", f"{other[key]:.0f}", ratios[key])
    for key, label in (("rank", f"rank {LISTED}"), ("reasons", "three reasons")):
        _line(label, _times(base[key]), _times(other[key]), ratios[f"{key}, p50"])
    for key, value in base.items():
        if "at once" in key:
            _line(key, _times(value), _times(other[key]))
            if (rate := f"{key}, turns a second") in ratios:
                told = [f"{v['turns_a_second']:.2f}/s" for v in (value, other[key])]
                _line("  turns", told[0], told[1], ratios[rate])


def _times(spread: dict[str, Any]) -> str:
    if "error" in spread:
        return "failed"
    if spread["p50_s"] is None:
        return f"none over in {spread['seconds']:.0f} s"
    return f"{spread['p50_s']:.3f} p95 {spread['p95_s']:.3f} s ({spread['seen']})"


def _line(label: str, base: str, other: str, ratio: float | None = None) -> None:
    told = "" if ratio is None else f"{ratio:.2f}"
    print(f"{label:34} {base:>24} {other:>24} {told:>6}", flush=True)


if __name__ == "__main__":
    main()
