"""What tuning gains, after the same number of examples: by the way of asking, by kinds of instruction.

    python -m benchmarks.tuning scorings --data DIR [--examples 400] [--batch 4]
    python -m benchmarks.tuning kinds --data DIR [--examples 600] [--batch 4]

`scorings` tunes the small model on next items of video games, asked by block scoring, by
letter labels and by the title's likelihood, and ranks the same held-out cases with each:
hit rate, NDCG, milliseconds a case, and how far a shuffle of the candidates moves the ranks.
`kinds` tunes on one kind of instruction, on two, on more, and asks combinations of aspects
that none of them saw, as figure 3 of InstructRec (arXiv 2305.07001) does. Adapters are kept
under `data/tuning`, so that a run that was stopped goes on.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from benchmarks.labelled import interval, write_record
from prompts.templates import Templates
from recommender.adapter_card import CARD
from recommender.language_model import SMALL_MODEL, HuggingFaceModel, load_language_model
from recommender.tuning.behaviour import Behaviour
from recommender.tuning.encoding import asked
from recommender.tuning.examples import Example, read_examples
from recommender.tuning.instructions import make
from recommender.tuning.mixing import Mix, mix_file
from recommender.tuning.options import SCORINGS, TuningOptions
from recommender.tuning.sources import read_sources
from recommender.tuning.trainer import tune

FOLDER = Path("data/tuning")
SOURCE = "video_games"
NEXT_ITEM = "rerank-history-open"
HELD_OUT = ("rerank-history-specific", "rerank-both-specific")
RERANKING = ("rerank-new-vague", "rerank-new-specific")
TASTES = ("rerank-taste-open", "rerank-both-open")
# What each step adds to the next items; kinds other than reranking come with the last.
STEPS: Mapping[str, tuple[str, ...]] = {
    "next items": (NEXT_ITEM,),
    "and searches": (NEXT_ITEM, *RERANKING),
    "and tastes": (NEXT_ITEM, *RERANKING, *TASTES),
    "and all other kinds": (NEXT_ITEM, *RERANKING, *TASTES),
}
OTHER_KINDS = ("pointwise", "pairwise", "turn_around", "tie", "reason_first", "matching")


@dataclass(frozen=True)
class Ranked:
    """Held-out cases ranked by one adapter; one value a case."""

    hits: list[float]
    gains: list[float]  # NDCG over all candidates
    moved: list[float]  # share of the candidates whose rank a shuffle changes
    ms: float  # median of a case

    def figures(self) -> dict[str, object]:
        return {
            "n": len(self.hits), "hr@1": float(np.mean(self.hits)), "hr@1 95 %": interval(self.hits),
            "ndcg": float(np.mean(self.gains)), "ndcg 95 %": interval(self.gains),
            **({"ranks moved by shuffling": float(np.mean(self.moved))} if self.moved else {}),
            "ms": self.ms,
        }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("what", choices=("scorings", "kinds"))
    parser.add_argument("--data", type=Path, required=True, help="folder with video_games/")
    parser.add_argument("--examples", type=int, help="to tune on (400, of kinds 600)")
    parser.add_argument("--batch", type=int, default=4, help="examples a step (4)")
    parser.add_argument("--cases", type=int, default=200, help="held out, to rank (200)")
    options = parser.parse_args()
    if not (options.data / SOURCE).is_dir():
        parser.exit(0, f"skipped: {options.data / SOURCE} is not there\n")
    [source] = [s for s in read_sources(options.data) if s.name == SOURCE]
    if options.what == "scorings":
        record = compare_scorings(source, options.examples or 400, options.cases, options.batch)
    else:
        record = compare_kinds(source, options.examples or 600, options.cases, options.batch)
    for name, figures in record.items():
        print(f"{name}: {figures}")
    print("written to", write_record(f"tuning-{options.what}", record))


def compare_scorings(source: Behaviour, examples: int, cases: int, batch: int) -> dict[str, object]:
    learned = _instructions(source, "next items", (NEXT_ITEM,), examples)
    held = _held_out(source, NEXT_ITEM, cases)
    record: dict[str, object] = {}
    for scoring in SCORINGS:
        adapter = _tuned(learned, f"{scoring}-{examples}", scoring, examples, batch)
        record[f"{scoring}, untuned"] = _rank(held, "none", scoring).figures()
        record[f"{scoring}, {examples} examples"] = _rank(held, str(adapter), scoring).figures()
    return record


def compare_kinds(source: Behaviour, examples: int, cases: int, batch: int) -> dict[str, object]:
    record: dict[str, object] = {}
    for step, (name, templates) in enumerate(STEPS.items()):
        others = OTHER_KINDS if step == len(STEPS) - 1 else ()
        learned = _instructions(source, name, templates, examples, others)
        adapter = _tuned(learned, f"kinds-{step + 1}-{examples}", "block", examples, batch)
        for template in (*HELD_OUT, NEXT_ITEM):
            held = _held_out(source, template, cases)
            figures = _rank(held, str(adapter), "block", shuffled=False).figures()
            record[f"{name}: {template}"] = figures
    return record


def _instructions(
    source: Behaviour, name: str, templates: Sequence[str], count: int, others: Sequence[str] = ()
) -> Path:
    """Examples of some reranking templates, and of other kinds, to learn from."""
    path = FOLDER / f"{name.replace(' ', '-').replace(',', '')}-{count}.jsonl.gz"
    if not path.exists():
        kinds = {"reranking": 60.0, **{kind: 40 / len(others) for kind in others}}
        make([source], path, count=count, mix=_mix(templates, kinds, validation=0.0))
    return path


def _held_out(source: Behaviour, template: str, count: int) -> list[Example]:
    """Cases of one template, of users' validation items, with random negatives alone."""
    path = FOLDER / f"held-out-{template}-{count}.jsonl.gz"
    if not path.exists():
        mix = _mix((template,), {"reranking": 1.0}, validation=1.0)
        make([source], path, count=count, seed=1, mix=mix, negatives=9)
    return list(read_examples(path))


def _mix(templates: Sequence[str], kinds: Mapping[str, float], validation: float) -> Mix:
    """Random negatives, the templates alike, and no other of their kind."""
    reranking = [t for t in Templates.load().by_id if t.startswith("rerank-")]
    weights = {t: float(t in templates) for t in reranking}
    own = {"share": 1, "random": 1.0, "popular": 0.0, "hard": 0.0, "templates": weights}
    return replace(
        Mix.load(mix_file("ranking")), kinds=kinds, validation=validation, sources={SOURCE: own}
    )


def _tuned(instructions: Path, name: str, scoring: str, examples: int, batch: int) -> Path:
    out = FOLDER / f"{name}-by-{batch}"
    if not (out / CARD).exists():
        options = TuningOptions(
            instructions, out, scoring=scoring, steps=examples // batch, batch=batch,
            validation=0, validate_every=10**6, save_every=100, resume=True,
        )  # fmt: skip
        tune(options)
    return out


def _rank(
    examples: Sequence[Example], adapter: str, scoring: str, *, shuffled: bool = True
) -> Ranked:
    # The precision that was tuned in, with the engine that has all three ways.
    model = load_language_model(SMALL_MODEL, quantization="none", adapter=adapter)
    assert isinstance(model, HuggingFaceModel)
    ask = model.score if scoring == "block" else model.likelihood
    ranked, times = Ranked([], [], [], 0.0), []
    rng = np.random.default_rng(0)
    for example in tqdm(examples, desc=f"{Path(adapter).name}, {scoring}", leave=False):
        started = time.perf_counter()
        scores = ask(*asked(example, scoring))
        times.append(1000 * (time.perf_counter() - started))
        place = example.labels.index(1)
        rank = int((scores >= scores[place]).sum())  # those that score the same come before it
        ranked.hits.append(float(rank == 1))
        ranked.gains.append(1 / float(np.log2(rank + 1)))
        if shuffled:
            ranked.moved.append(_moved(example, scores, ask, scoring, rng))
    return replace(ranked, ms=float(np.median(times)))


def _moved(
    example: Example, scores: NDArray[np.float64], ask: Callable[..., NDArray[np.float64]],
    scoring: str, rng: np.random.Generator,
) -> float:  # fmt: skip
    """The share of the candidates that come to another rank in another order."""
    order = rng.permutation(len(scores))
    other = replace(
        example, blocks=tuple(example.blocks[n] for n in order),
        labels=tuple(example.labels[n] for n in order),
        items=tuple(example.items[n] for n in order),
    )  # fmt: skip
    again = np.empty_like(scores)
    again[order] = ask(*asked(other, scoring))
    same = np.argsort(np.argsort(-scores)) == np.argsort(np.argsort(-again))
    return float(1 - same.mean())


if __name__ == "__main__":
    main()
