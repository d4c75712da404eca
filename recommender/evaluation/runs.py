"""One run: a task's cases asked of one scorer, kept case by case, and summed up.

Promises that a run which was broken off goes on where it stopped and comes to the same
figures: cases are asked in parts that are always the same, and a part is written whole or
cut away. A run whose settings or data files changed is refused, and which versions of the
code asked is kept. It knows nothing of how scorers are made.
"""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import re
import resource
import tempfile
import time
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from recommender.evaluation.cases import Case, CaseScorer, Question
from recommender.evaluation.data import refuse_changed
from recommender.evaluation.metrics import Standing, standing

_SCORES_KEPT = 100  # candidates; of longer lists only the first picks are kept
_PICKS_KEPT = 10
_CLEAR, _STATUS = Path("/proc/self/clear_refs"), Path("/proc/self/status")


class RunError(RuntimeError):
    """A run that can't go on; the message says why and what to do."""


@dataclass(frozen=True)
class RunSettings:
    """What a run is of; two runs with the same settings come to the same figures."""

    task: str
    ranker: str
    split: str
    sample: int  # cases; 0 is all
    seed: int
    scorer: Mapping[str, Any]  # what the scorer says of itself

    @property
    def name(self) -> str:
        size = f"-{self.sample}" if self.sample else ""
        ranker = re.sub(r"[^\w+.-]+", "-", self.ranker).strip("-")
        task = self.task.replace(" ", "-")
        return f"{task}-{ranker}-{self.split}{size}-seed{self.seed}"


@dataclass(frozen=True)
class Row:
    """What came of one case. `picks` are places, best first; `scores` in candidates' order.

    `mb` is what the process took beyond what it held before, while the case's part was asked,
    `peak_mb` the most that it then held.
    """

    id: str
    right: int  # place in the catalog
    standing: Standing
    picks: tuple[int, ...]
    ms: float
    scores: tuple[float, ...] = ()
    number: int = 0  # of the right one among the candidates
    mb: float = 0.0
    peak_mb: float = 0.0

    def as_json(self) -> str:
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def from_json(cls, line: str) -> Row:
        data = json.loads(line)
        data["standing"] = Standing(**data["standing"])
        return cls(**{**data, "picks": tuple(data["picks"]), "scores": tuple(data["scores"])})


def run_cases(
    folder: Path, settings: RunSettings, checksums: Mapping[str, str], numbers: Sequence[int],
    make: Callable[[Sequence[int]], Iterable[Case]], scorer: CaseScorer,
    *, part: int = 256, progress: bool = False, code: str = "",
) -> list[Row]:  # fmt: skip
    """Ask the cases of `numbers` that were not asked yet; gives all rows. `code` is the version
    that asks now.

    Raises `DataError` or `RunError` where the folder holds a run of something else.
    """
    folder.mkdir(parents=True, exist_ok=True)
    plan = {**asdict(settings), "cases": len(numbers), "part": part}
    agree(folder / "settings.json", plan, checksums)
    path = folder / "cases.jsonl.gz"
    rows = read_rows(path, cut=True)
    if len(rows) % part and len(rows) != len(numbers):
        raise RunError(f"{path}: holds {len(rows)} cases, not whole parts of {part}; remove it")
    if len(rows) < len(numbers):
        note_code(folder / "settings.json", code)
    with tqdm(total=len(numbers), initial=len(rows), unit="case", disable=not progress,
              desc=settings.name) as bar:  # fmt: skip
        for start in range(len(rows), len(numbers), part):
            cases = list(make(numbers[start : start + part]))
            found = ask(scorer, cases)
            _append(path, found)
            rows += found
            bar.update(len(found))
    return rows


def ask(scorer: CaseScorer, cases: Sequence[Case]) -> list[Row]:
    """Ask some cases at once, and hold what comes out against the answers."""
    questions = [case.question for case in cases]
    forget_peak_memory()
    held = peak_memory_mb()
    started = time.perf_counter()
    answers = scorer.score(questions)
    ms = (time.perf_counter() - started) * 1000 / max(len(cases), 1)
    peak = peak_memory_mb()
    cost = round(ms, 4), round(peak - held, 1), round(peak, 1)
    if len(answers) != len(cases):
        raise RunError(f"scorer {scorer.name} gave {len(answers)} answers to {len(cases)} cases")
    return [_row(case, answer, *cost) for case, answer in zip(cases, answers, strict=True)]


def _row(
    case: Case, answer: NDArray[np.floating[Any]], ms: float, mb: float, peak_mb: float
) -> Row:
    candidates = case.question.candidates
    scores = np.asarray(answer, dtype=np.float64)
    if scores.shape != candidates.shape:  # other items came out than went in
        scores = np.full(len(candidates), np.nan)
    stands = standing(scores, case.right)
    order = first_picks(candidates, scores, _PICKS_KEPT)
    kept = scores.tolist() if len(scores) <= _SCORES_KEPT and not stands.wrong else []
    return Row(
        id=case.question.id, right=int(candidates[case.right]), standing=stands,
        picks=tuple(int(p) for p in candidates[order]), ms=ms,
        scores=tuple(float(f"{s:.6g}") for s in kept), number=case.right, mb=mb, peak_mb=peak_mb,
    )  # fmt: skip


def first_picks(
    candidates: NDArray[np.integer[Any]], scores: NDArray[np.floating[Any]], many: int
) -> NDArray[np.int64]:
    """The numbers of the best candidates, best first.

    Ties go by a random key of the place, as neither place nor position may decide them.
    """
    losses = -np.nan_to_num(scores, nan=-np.inf)
    reaching = np.arange(len(losses))
    if len(losses) > 4 * many:  # sorting a whole catalog takes longer than scoring it
        reaching = np.flatnonzero(losses <= np.partition(losses, many - 1)[many - 1])
    keys = (candidates[reaching].astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(20)
    best: NDArray[np.int64] = reaching[np.lexsort((keys, losses[reaching]))[:many]]
    return best


def stability(scorer: CaseScorer, cases: Sequence[Case], seed: int) -> dict[str, float]:
    """What shuffling the candidates changes: the greatest change of a score, and first picks."""
    rng = np.random.default_rng(seed)
    orders = [rng.permutation(len(case.question.candidates)) for case in cases]
    moved = [
        Question(c.question.id, c.question.history, c.question.candidates[o], c.question.aspects)
        for c, o in zip(cases, orders, strict=True)
    ]
    before, after = scorer.score([c.question for c in cases]), scorer.score(moved)
    changes, same = [], []
    for one, other, order in zip(before, after, orders, strict=True):
        straight = np.asarray(one, dtype=np.float64)[order]
        changes.append(float(np.abs(straight - other).max(initial=0.0)))
        same.append(bool(straight[int(np.argmax(other))] == straight.max()))
    return {"greatest_change": max(changes, default=0.0), "first_pick_kept": float(np.mean(same))}


def read_rows(path: Path, cut: bool = False) -> list[Row]:
    """The rows of a file of cases; with `cut`, a last part that was torn is cut away."""
    if not path.exists():
        return []
    data = path.read_bytes()
    rows: list[Row] = []
    place = 0
    while place < len(data):
        member = zlib.decompressobj(wbits=31)
        try:
            text = member.decompress(data[place:])
        except zlib.error as error:
            raise RunError(f"{path}: damaged at byte {place} ({error}); remove it") from error
        if not member.eof:  # the process ended while it wrote
            if not cut:
                raise RunError(f"{path}: its end is torn; run the same command again to go on")
            with path.open("r+b") as file:
                file.truncate(place)
            break
        rows += [Row.from_json(line) for line in text.decode().splitlines()]
        place = len(data) - len(member.unused_data)
    return rows


def write_whole(path: Path, text: str) -> None:
    """Write a file that is replaced as a whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(draft, 0o644)  # drafts are for their owner alone
    os.replace(draft, path)


def forget_peak_memory() -> None:
    """Count the peak anew from what is held now, where the system can do so (Linux)."""
    with contextlib.suppress(OSError):
        _CLEAR.write_text("5")


def peak_memory_mb() -> float:
    """The most memory that this process held since `forget_peak_memory`, or ever."""
    try:
        [peak] = re.findall(r"VmHWM:\s+(\d+) kB", _STATUS.read_text())
    except (OSError, ValueError):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return int(peak) / 1024


def _append(path: Path, rows: Sequence[Row]) -> None:
    # Each part is a gzip member of its own, so that a torn one can be told and cut away.
    text = "".join(row.as_json() + "\n" for row in rows)
    with path.open("ab") as file:
        file.write(gzip.compress(text.encode(), mtime=0))
        file.flush()
        os.fsync(file.fileno())


def agree(path: Path, plan: Mapping[str, Any], checksums: Mapping[str, str]) -> None:
    """Write what a run is of, or hold it against what was written when the run began.

    Raises `DataError` or `RunError` where they differ.
    """
    plan = _plain(plan)
    if not path.exists():
        begun = {"plan": plan, "data": dict(checksums), "code": []}
        write_whole(path, json.dumps(begun, indent=1))
        return
    kept = json.loads(path.read_text(encoding="utf-8"))
    refuse_changed(kept["data"], checksums, str(path.parent))
    other = sorted(
        k for k in plan.keys() | kept["plan"].keys() if plan.get(k) != kept["plan"].get(k)
    )
    if other:
        raise RunError(
            f"{path.parent}: begun with other settings ({', '.join(other)}); bring them back, or "
            f"start anew with another --out"
        )


def note_code(path: Path, code: str) -> None:
    """Keep, beside what a run is of, that this version of the code asks cases of it."""
    kept = json.loads(path.read_text(encoding="utf-8"))
    if code and code not in kept.setdefault("code", []):
        kept["code"].append(code)
        write_whole(path, json.dumps(kept, indent=1))


def codes_of(path: Path) -> str:
    """The versions of the code that asked the cases of a run, in their order."""
    return ", ".join(json.loads(path.read_text(encoding="utf-8")).get("code", ()))


def _plain(data: Mapping[str, Any]) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(json.dumps(data))
    return plain
