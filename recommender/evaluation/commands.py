"""The command `evaluate`: tasks asked of rankers, their records, and one report of them all.

    python -m recommender evaluate sequential --data DIR --ranker sasrec,ease --sample 2000

Promises one line on standard error for what can't be done, and figures on standard output as
they come. What was asked already is not asked again: an interrupted run goes on.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recommender.command_failure import fail

if TYPE_CHECKING:
    from recommender.evaluation.bench import Bench
    from recommender.settings import Settings

_EXAMPLES = """examples:
  python -m recommender evaluate sequential --data DIR
  python -m recommender evaluate sequential --data DIR --ranker llm --adapter none --sample 500
  python -m recommender evaluate all --data DIR --ranker popularity,joined

Data: DIR holds video_games/items.jsonl.gz (item_id, title, platform, kind), sequences.jsonl.gz
(user_id, items oldest first), for hard negatives candidates_sasrec.jsonl.gz (user_id,
candidates best first), and for CDs cds/items.jsonl.gz (item_id, title, categories).
"""


def add_evaluate_command(commands: Any) -> None:
    """Add `evaluate` to the subcommands of the command line."""
    parser = commands.add_parser(
        "evaluate", help="measure rankers on a task, against the paper's figures",
        epilog=_EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("task", nargs="+", metavar="TASK", help="task names, all, or conversation")
    parser.add_argument("--data", dest="data_sets", default="", metavar="DIR",
                        help="folder of the data sets; conversation needs none")  # fmt: skip
    parser.add_argument("--ranker", dest="rankers", default="popularity,neighbours,joined",
                        metavar="NAME,…", help="rankers; a+b joins two by weights; an unknown name lists them")  # fmt: skip
    parser.add_argument("--model", help="for llm: hub name, folder or auto (auto)")
    parser.add_argument("--adapter", metavar="auto|none|PATH", help="for llm (auto)")
    parser.add_argument("--quantization", help="for llm: nf4 or none (nf4)")
    parser.add_argument("--split", choices=("test", "validation"), default="test")
    parser.add_argument("--sample", type=int, default=0, metavar="N", help="cases (all)")
    parser.add_argument("--seed", type=int, default=0, help="of candidates and sample (0)")
    parser.add_argument("--out", type=Path, metavar="DIR",
                        help="for records and report (data/evaluation/runs)")  # fmt: skip
    parser.add_argument("--data-folder", dest="data", metavar="FOLDER",
                        help="for models and what is learned once (data)")  # fmt: skip
    parser.add_argument("--verbose", action="store_true", help="log what happens, with traces")
    parser.set_defaults(run=run_evaluate)


def run_evaluate(settings: Settings, options: Mapping[str, Any]) -> int:
    from recommender.evaluation.bench import Bench
    from recommender.evaluation.data import DataError
    from recommender.evaluation.leaks import LeakError
    from recommender.evaluation.records import RecordError
    from recommender.evaluation.report import write_report
    from recommender.evaluation.runs import RunError
    from recommender.evaluation.tasks import TASKS, NoCasesError
    from recommender.language_model import ModelError
    from retrieval.encoder import EncoderError

    if options["task"] == ["conversation"]:
        try:
            return _converse(settings, options)
        except (RuntimeError, ValueError, OSError) as error:
            logging.getLogger(__name__).debug("talking failed", exc_info=True)
            return fail(str(error), 1)
    names = list(TASKS) if options["task"] == ["all"] else list(options["task"])
    unknown = [name for name in names if name not in TASKS]
    if unknown or options["sample"] < 0:
        what = f"no task {', '.join(unknown)}; there are all, {', '.join(TASKS)}, conversation"
        return fail(what if unknown else "--sample must be 0 or more", 2)
    if not options["data_sets"]:
        return fail("--data is missing; it names the folder of the data sets", 2)
    rankers = [name for name in str(options["rankers"]).split(",") if name]
    out = options["out"] or settings.runs_path
    try:
        bench = Bench(settings, Path(options["data_sets"]), out,
                      split=options["split"], sample=options["sample"], seed=options["seed"],
                      progress=sys.stderr.isatty())  # fmt: skip
        bench.check(names, rankers)
        for name in names:
            _measure(bench, name, rankers)
        print(write_report(out))
    except (DataError, NoCasesError, ValueError) as error:
        status = 1 if isinstance(error, LeakError) else 2
        return fail(str(error), status)
    except (RunError, RecordError, ModelError, EncoderError, OSError) as error:
        logging.getLogger(__name__).debug("evaluating failed", exc_info=True)
        return fail(str(error), 1)
    return 0


def _measure(bench: Bench, task: str, rankers: list[str]) -> None:
    for ranker in rankers:
        reason = bench.lacks(task, ranker)
        if reason:
            print(f"{task} {ranker}: left out, {reason}", file=sys.stderr)
            continue
        record = bench.measure(task, ranker)
        told = ", ".join(
            f"{name} {figure['value']:.4f} ({figure['low']:.4f}–{figure['high']:.4f})"
            for name, figure in record["figures"].items()
            if name in ("HR@1", "HR@5", "NDCG@5", "R@100")
        )
        print(f"{task} {ranker}, {record['n']} cases: {told}", flush=True)


def _converse(settings: Settings, options: Mapping[str, Any]) -> int:
    """Talk about items of the app's own catalog, with the model and adapter of the settings."""
    from tqdm import tqdm

    from recommender.engine import Recommender
    from recommender.evaluation import conversations as talk
    from recommender.evaluation.records import code_version, write_record
    from recommender.store import Store

    out = options["out"] or settings.runs_path
    folder = out / f"conversation-{options['sample'] or 'all'}-seed{options['seed']}"
    folder.mkdir(parents=True, exist_ok=True)
    recommender = Recommender(settings, store=Store(folder / "store.db"))
    try:
        targets = talk.chosen_targets(recommender.catalog, options["sample"], options["seed"])
        held = [
            talk.converse(
                recommender,
                talk.SimulatedUser(recommender.catalog, target, options["seed"]),
                target,
            )
            for target in tqdm(targets, unit="talk", disable=not sys.stderr.isatty())
        ]
        found = {**talk.success(held), **talk.reasons(held, recommender.catalog)}
        write_record(folder, {
            "task": "conversation", "n": len(held), "seed": options["seed"],
            "catalog": recommender.catalog.name, "data": {"catalog": recommender.catalog.checksum},
            "code": code_version(), "model": recommender.describe_model(),
            "figures": {name: vars(figure) for name, figure in found.items()},
        })  # fmt: skip
    finally:
        recommender.close()
    for name, figure in found.items():
        print(f"conversation, {name}: {figure}, n {figure.n}")
    return 0
