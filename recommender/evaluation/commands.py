"""The command `evaluate`: tasks asked of rankers, their records, and one report of them all.

    python -m recommender evaluate sequential --data DIR --ranker sasrec,ease --sample 2000

Promises one line on standard error for what can't be done, and figures on standard output as
they come. What was asked already is not asked again: an interrupted run goes on.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recommender.command_failure import fail
from recommender.evaluation.data_homes import homes_in_lines

if TYPE_CHECKING:
    from prompts.templates import Template
    from recommender.evaluation.bench import Bench
    from recommender.evaluation.tasks import Task
    from recommender.settings import Settings

_RANKED_TURNS = 200  # of ReDial, on which a language model is asked
_EXAMPLES = """examples:
  python -m recommender evaluate sequential --data DIR
  python -m recommender evaluate sequential --data DIR --ranker llm --adapter none --sample 500
  python -m recommender evaluate conversation --data DIR --ranker retriever,random --sample 200
  python -m recommender evaluate all --data DIR --ranker popularity,joined
  python -m recommender evaluate sequential --data DIR --ranker llm --template all --sample 100
  python -m recommender evaluate sequential-catalog --data DIR --ranker sasrec:llm --sample 100

Data: the tasks are of video games and CDs; --data-set takes another data set, and where DIR
holds one alone it need not be named. DIR holds video_games/items.jsonl.gz (item_id, title, platform, kind), sequences.jsonl.gz
(user_id, items oldest first), for hard negatives candidates_sasrec.jsonl.gz (user_id,
candidates best first), and for CDs cds/items.jsonl.gz (item_id, title, categories). The users
of a conversation are those of movies/ml-latest-small/, without which they are made up; redial
reads dialogues/redial_dev.jsonl.gz, redial_dev_turns.jsonl.gz and redial_movies.jsonl.gz. Of
the others, in DIR or up to two folders below it, each file also gzipped:

{sets}

Of Amazon and MovieLens the 5-core is kept (--core), whatever the stars; of dialogues, the films
in the order they are named. The last item of a user, or dialogue, is the test, the one before it
the validation; of a history the last 50 items are kept. No data set is downloaded or passed on.
"""


def add_evaluate_command(commands: Any) -> None:
    """Add `evaluate` to the subcommands of the command line."""
    parser = commands.add_parser(
        "evaluate", help="measure rankers on a task, against the paper's figures",
        epilog=_EXAMPLES.format(sets=homes_in_lines()), formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument(
        "task", nargs="+", metavar="TASK", help="task names, all of them, conversation, redial"
    )
    parser.add_argument("--data", dest="data_sets", default="", metavar="DIR",
                        help="folder of the data sets; conversation needs none")  # fmt: skip
    parser.add_argument("--data-set", dest="data_set", default="", metavar="NAME",
                        help="which of the data sets below (that of the task, or the only one)")  # fmt: skip
    parser.add_argument("--core", type=int, default=5, metavar="K",
                        help="of it keep users with K items and items with K users (5)")  # fmt: skip
    parser.add_argument("--ranker", dest="rankers", default="",
                        metavar="NAME,…", help="rankers; a+b joins two by weights, a:b puts the "
                        "first of a in the order of b; an unknown name lists them")  # fmt: skip
    parser.add_argument("--model", help="for llm: hub name, folder, server or auto (auto)")
    parser.add_argument("--adapter", metavar="auto|none|PATH", help="for llm (auto)")
    parser.add_argument("--quantization", help="for llm: auto, gguf, nf4 or none (auto)")
    parser.add_argument("--template", default="", metavar="ID|all",
                        help="for llm: another wording than serves; all that fit the task")  # fmt: skip
    parser.add_argument("--split", choices=("test", "validation"), default="test")
    parser.add_argument("--sample", type=int, default=0, metavar="N", help="cases (all)")
    parser.add_argument("--seed", type=int, default=0, help="of candidates and sample (0)")
    parser.add_argument("--out", type=Path, metavar="DIR",
                        help="for records and report (data/evaluation/runs)")  # fmt: skip
    parser.add_argument("--data-folder", dest="data", metavar="FOLDER",
                        help="for models and what is learned once (data)")  # fmt: skip
    parser.add_argument("--find-weights", action="store_true",
                        help="for redial: look for better weights on its validation half")  # fmt: skip
    parser.add_argument("--verbose", action="store_true", help="log what happens, with traces")
    parser.set_defaults(run=run_evaluate)


def run_evaluate(settings: Settings, options: Mapping[str, Any]) -> int:
    from recommender.evaluation.data import DataError
    from recommender.evaluation.leaks import LeakError
    from recommender.evaluation.records import RecordError
    from recommender.evaluation.report import write_report
    from recommender.evaluation.runs import RunError
    from recommender.evaluation.tasks import TASKS, NoCasesError
    from recommender.language_model import ModelError
    from retrieval.encoder import EncoderError

    names = list(TASKS) if options["task"] == ["all"] else list(options["task"])
    known = (*TASKS, *_TALKS)
    unknown = [name for name in names if name not in known]
    if options["core"] < 1:
        return fail("--core must be 1 or more", 2)
    if unknown or options["sample"] < 0:
        what = f"no task {', '.join(unknown)}; there are all, {', '.join(known)}"
        return fail(what if unknown else "--sample must be 0 or more", 2)
    if not options["data_sets"] and names != ["conversation"]:
        return fail("--data is missing; it names the folder of the data sets", 2)
    try:
        for name in (name for name in names if name in _TALKS):
            _TALKS[name](settings, options)
        if tasks := [name for name in names if name in TASKS]:
            _ask(settings, options, tasks)
        print(write_report(_out(settings, options)))
    except (DataError, NoCasesError, ValueError) as error:
        status = 1 if isinstance(error, LeakError) else 2
        return fail(str(error), status)
    except (RunError, RecordError, ModelError, EncoderError, OSError) as error:
        logging.getLogger(__name__).debug("evaluating failed", exc_info=True)
        return fail(str(error), 1)
    return 0


def _ask(settings: Settings, options: Mapping[str, Any], names: Sequence[str]) -> None:
    """Ask the rankers the tasks."""
    from recommender.evaluation.bench import Bench
    from recommender.evaluation.data_sets import chosen
    from recommender.evaluation.tasks import TASKS

    rankers = _rankers(options, "popularity,neighbours,joined")
    folder = Path(options["data_sets"])
    bench = Bench(settings, folder, _out(settings, options), core=options["core"],
                  data_set=chosen(folder, options["data_set"]), split=options["split"], sample=options["sample"], seed=options["seed"],
                  progress=sys.stderr.isatty())  # fmt: skip
    bench.check(names, rankers)
    for name in names:
        for template in _templates(TASKS[name], options["template"]):
            bench.use(template)
            _measure(bench, name, rankers)


def _templates(task: Task, wanted: str) -> list[Template | None]:
    """The wordings that are asked for. Raises `TemplateError`, a `ValueError`."""
    if not wanted:
        return [None]
    from prompts.templates import TemplateError
    from recommender.evaluation.language import all_templates, wordings

    fitting = wordings(task.aspects, all_templates())
    chosen = [t for t in fitting if wanted in ("all", t.id)]
    if not chosen:
        ids = ", ".join(t.id for t in fitting) or "none"
        raise TemplateError(f"no template {wanted!r} fits task {task.name}; there are {ids}")
    return list(chosen)


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
            if name in ("HR@1", "HR@5", "NDCG@5", "R@100", "AUC", "accuracy")
        )
        print(f"{task} {ranker}, {record['n']} cases: {told}", flush=True)


def _converse(settings: Settings, options: Mapping[str, Any]) -> None:
    """Talk about items of the app's own catalog, with the model and adapter of the settings."""
    from recommender.evaluation.conversation_runs import SYSTEMS, Plan, hold
    from recommender.evaluation.conversations import users_of
    from retrieval.catalog import load_catalog

    wanted = _rankers(options, ",".join(SYSTEMS))
    unknown = [name for name in wanted if name not in SYSTEMS]
    if unknown:
        raise ValueError(f"no system {', '.join(unknown)}; there are {', '.join(SYSTEMS)}")
    data = Path(options["data_sets"]) if options["data_sets"] else None
    users = users_of(load_catalog(settings.catalog), data, options["sample"], options["seed"])
    plan = Plan(users, options["seed"], options["sample"], _out(settings, options),
                sys.stderr.isatty())  # fmt: skip
    for system in wanted:
        if system == "popularity" and not users.counts:
            print(
                "conversation popularity: left out, it needs the users of --data", file=sys.stderr
            )
            continue
        record = hold(system, settings, plan)
        for name, figure in record["figures"].items():
            told = f"{figure['value']:.4f} ({figure['low']:.4f}–{figure['high']:.4f})"
            print(f"conversation {system}, {name}: {told}, n {figure['n']}", flush=True)


def _redial(settings: Settings, options: Mapping[str, Any]) -> None:
    """Films that people recommended next in ReDial's dialogues."""
    from recommender.evaluation.redial import measure

    wanted = _rankers(options, "retriever")
    unknown = [name for name in wanted if name not in ("retriever", "llm")]
    if unknown:
        raise ValueError(f"no ranker {', '.join(unknown)} for redial; there are retriever, llm")
    folder = _out(settings, options) / f"redial-{options['sample'] or 'all'}"
    measure(settings, Path(options["data_sets"]), folder, sample=options["sample"],
            search=options["find_weights"], ranker=_RANKED_TURNS if "llm" in wanted else 0)  # fmt: skip


def _out(settings: Settings, options: Mapping[str, Any]) -> Path:
    out: Path = options["out"] or settings.runs_path
    return out


def _rankers(options: Mapping[str, Any], default: str) -> list[str]:
    return [name for name in str(options["rankers"] or default).split(",") if name]


_TALKS = {"conversation": _converse, "redial": _redial}
