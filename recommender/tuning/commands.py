"""The commands of tuning: what they take, and a line for each way they can fail.

Heavy libraries are imported by the commands that need them, not for `--help`.
"""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from pathlib import Path
from typing import Any

from recommender.adapter_card import CARD, CHECKPOINTS, CardError
from recommender.command_failure import fail
from recommender.tuning.options import OBJECTIVES, PARTS, PRESETS, SCORINGS, TuningError, options_of

_TUNE_EXAMPLES = """examples:
  python -m recommender tune --instructions films.jsonl.gz --out checkpoints/films --minutes 20
  python -m recommender tune --instructions films.jsonl.gz --out checkpoints/films --resume
  python -m recommender tune --preset qlora --model Qwen/Qwen3-4B-Instruct-2507 …
  python -m recommender tune --objective dpo --begin checkpoints/films --instructions pairs.jsonl --out checkpoints/judged
  accelerate launch -m recommender tune --preset gpu …      (several GPUs)
"""


_MAKE_EXAMPLES = """examples:
  python -m recommender instructions make --data DIR --out all.jsonl.gz
  python -m recommender instructions make --data DIR --out short.jsonl.gz --mix ranking --count 12000
  python -m recommender instructions make --data DIR --out a.jsonl.gz --teacher http://127.0.0.1:8000/v1

DIR may hold any of video_games/, movies/ml-latest-small/, dialogues/, reviews/, cds/, or your own
interactions.csv or .jsonl (user, item, rating, time) beside items.jsonl. The bundled films serve
where it holds none. See README, "Instruction data".
"""


def add_tuning_commands(commands: Any) -> None:
    """Add `instructions`, `tune` and `checkpoints` to the command line's subcommands."""
    _add_instruction_commands(commands)
    tune = commands.add_parser(
        "tune", help="tune an adapter on examples", epilog=_TUNE_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    tune.add_argument("--instructions", type=Path, required=True, metavar="FILE",
                      help="examples, made by `instructions make`")  # fmt: skip
    tune.add_argument("--out", type=Path, required=True, metavar="checkpoints/NAME")
    tune.add_argument(
        "--preset", choices=sorted(PRESETS), default="cpu", help="for a machine (cpu)"
    )
    tune.add_argument("--part", choices=PARTS, help="what is tuned (ranker)")
    tune.add_argument("--model", help="hub name, folder or auto (auto)")
    tune.add_argument("--encoder", help="for --part retriever: the encoder to begin with")
    tune.add_argument("--catalog", help="for --part retriever: whose item texts are embedded")
    tune.add_argument("--scoring", choices=SCORINGS, help="how candidates are asked about (block)")
    tune.add_argument("--objective", choices=OBJECTIVES,
                      help="softmax over candidates, or dpo on preference pairs (softmax)")  # fmt: skip
    tune.add_argument("--beta", type=float, help="of dpo: how close to its beginning (0.5)")
    tune.add_argument("--begin", type=Path, metavar="checkpoints/NAME", help="go on from it")
    tune.add_argument("--resume", action="store_true", help="go on where a run was killed")
    for flag, kind, text in (
        ("--minutes", float, "end after so long"),
        ("--steps", int, "end after so many; without both, one epoch"),
        ("--learning-rate", float, "at its highest (5e-4)"),
        ("--rank", int, "of the LoRA adapter (16)"),
        ("--layers", int, "of the model's end that learn, at less cost (all)"),
        ("--batch", int, "examples read at once (4)"),
        ("--accumulate", int, "batches to a step (1)"),
        ("--length", int, "tokens of an example at most (1024)"),
        ("--validation", int, "validation examples at most (100)"),
        ("--validate-every", int, "steps (50)"),
        ("--save-every", int, "steps after which a killed run can go on (50)"),
        ("--seed", int, "decides order and first numbers (0)"),
    ):
        tune.add_argument(flag, type=kind, help=text)
    tune.add_argument("--compile", action="store_true", default=None,
                      help="compile the layers first; pays in a long run on a GPU")  # fmt: skip
    tune.add_argument("--data", type=Path, help="folder for unpacked models (data)")
    _add_checkpoint_commands(commands)
    tune.set_defaults(run=_tune, own_settings=True, verbose=False)
    tune.add_argument("--verbose", action="store_true", help="log what happens, with traces")


def _add_checkpoint_commands(commands: Any) -> None:
    parser = commands.add_parser("checkpoints", help="list, show or verify tuned adapters")
    kinds = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for word, command, text in (
        ("list", _list, "a line for each"),
        ("show", _show, "the card of one"),
        ("verify", _verify, "hold one against its card, its base and the templates"),
    ):
        one = kinds.add_parser(word, help=text)
        if word != "list":
            one.add_argument("name", metavar="NAME", help="of its folder")
        one.add_argument("--root", type=Path, default=CHECKPOINTS, help="folder (checkpoints)")
        one.add_argument("--data", type=Path, default=Path("data"), help="unpacked models (data)")
        one.add_argument("--verbose", action="store_true", help="log what happens, with traces")
        one.set_defaults(run=_with_card_errors(command), own_settings=True)


def _add_instruction_commands(commands: Any) -> None:
    parser = commands.add_parser("instructions", help="make examples to tune on")
    kinds = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    make = kinds.add_parser(
        "make", help="from behaviour, items and texts to a file of examples and its card",
        epilog=_MAKE_EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    make.add_argument("--data", dest="source", type=Path, required=True, metavar="DIR")
    make.add_argument("--out", type=Path, required=True, metavar="FILE.jsonl[.gz]")
    make.add_argument("--count", type=int, default=250_000, help="of examples (250000)")
    make.add_argument("--seed", type=int, default=0, help="the same seed, the same file (0)")
    make.add_argument("--mix", default="all", metavar="all|ranking|scored|games|FILE.toml",
                      help="shares of sources and templates (all)")  # fmt: skip
    make.add_argument("--negatives", type=int, metavar="N", help="of a reranking example (15)")
    make.add_argument("--teacher", default="phrases", metavar="phrases|NAME|URL",
                      help="who words tastes and wishes: salient phrases, a model by hub name or "
                      "folder, or an OpenAI-compatible server (phrases)")  # fmt: skip
    make.add_argument("--teacher-model", default="auto", help="that the server shall use")
    make.add_argument("--models", type=Path, default=Path("data"), metavar="FOLDER",
                      help="for unpacked models (data)")  # fmt: skip
    make.add_argument("--verbose", action="store_true", help="log what happens, with traces")
    make.set_defaults(run=_make, own_settings=True)
    requests = kinds.add_parser(
        "requests", help="everyday requests as the chat reads them, over what it retrieves for them"
    )
    requests.add_argument("--out", type=Path, required=True, metavar="FILE.jsonl[.gz]")
    requests.add_argument(
        "--catalog", default="movies", help="bundled, imported or a file (movies)"
    )
    requests.add_argument("--count", type=int, default=2000, help="of requests (2000)")
    requests.add_argument("--blocks", type=int, default=12, help="candidates of each (12)")
    requests.add_argument("--seed", type=int, default=0, help="the same seed, the same file (0)")
    requests.add_argument("--beside", type=Path, metavar="FILE",
                          help="examples to write behind them, as from `instructions make`")  # fmt: skip
    requests.add_argument("--data", metavar="FOLDER", help="for index and catalogs (data)")
    requests.add_argument("--verbose", action="store_true", help="log what happens, with traces")
    requests.set_defaults(run=_requests, own_settings=True)


def _make(given: dict[str, Any]) -> int:
    from prompts.templates import TemplateError
    from recommender.language_model import ModelError
    from recommender.tuning.behaviour import BehaviourError
    from recommender.tuning.examples import ExampleError
    from recommender.tuning.instructions import InstructionsError, make
    from recommender.tuning.mixing import Mix, MixError, mix_file
    from recommender.tuning.sources import read_sources
    from recommender.tuning.taught_by_model import TeacherError
    from retrieval.catalog import CatalogError

    try:
        made = make(
            read_sources(given["source"]), given["out"], count=given["count"], seed=given["seed"],
            teacher=_teacher(given), mix=Mix.load(mix_file(given["mix"])),
            negatives=given["negatives"], progress=sys.stderr.isatty(),
        )  # fmt: skip
    except (BehaviourError, InstructionsError, MixError, ExampleError, TemplateError, CatalogError) as error:  # fmt: skip
        return fail(str(error), 2)
    except (TeacherError, ModelError) as error:
        return fail(str(error), 1)
    except OSError as error:
        return fail(f"{error.filename or given['out']}: {error.strerror}", 1)
    print(f"{made.path}: {made.count:,} examples in {made.seconds:.0f} s; card: {made.card}")
    return 0


def _requests(given: dict[str, Any]) -> int:
    from recommender.opening import open_found
    from recommender.settings import Settings
    from recommender.tuning.chat_examples import RequestsError, make_requests
    from recommender.tuning.examples import ExampleError, ExampleWriter, read_examples
    from retrieval.catalog import CatalogError
    from retrieval.encoder import EncoderError, open_encoder
    from retrieval.intake.finding import find_catalog

    settings = Settings.read({n: v for n, v in given.items() if n in ("catalog", "data")})
    try:
        found = find_catalog(settings.catalog, settings.data)
        encoder = open_encoder(settings.encoder, settings.data)
        retriever = open_found(found, settings, encoder)
        with ExampleWriter(given["out"]) as writer:
            made = make_requests(
                found.catalog, encoder, retriever, given["count"], seed=given["seed"],
                blocks=given["blocks"], progress=sys.stderr.isatty(),
            )  # fmt: skip
            writer.write_all(made)
            if given["beside"] is not None:
                writer.write_all(read_examples(given["beside"]))
    except (CatalogError, EncoderError, ExampleError, RequestsError) as error:
        return fail(str(error), 2)
    except OSError as error:
        return fail(f"{error.filename or given['out']}: {error.strerror}", 1)
    print(f"{given['out']}: {writer.count:,} examples")
    return 0


def _teacher(given: dict[str, Any]) -> Any:
    """The teacher of the flag, or None for the default."""
    name = given["teacher"]
    if name == "phrases":
        return None
    from recommender.tuning.taught_by_model import local_teacher, server_teacher

    if name.startswith(("http://", "https://")):
        key = os.environ.get("OPENAI_API_KEY", "")
        return server_teacher(name, given["teacher_model"], key=key, seed=given["seed"])
    from recommender.language_model import load_language_model

    return local_teacher(load_language_model(name, cache=given["models"]))


def _tune(given: dict[str, Any]) -> int:
    try:
        options = options_of(given["preset"], given)
        from recommender.language_model import ModelError
        from retrieval.catalog import CatalogError
        from retrieval.encoder import EncoderError

        try:
            if options.part == "retriever":
                from recommender.tuning.encoder_tuning import tune_encoder as tune
            else:
                from recommender.tuning.trainer import tune
            print(f"{tune(options, _command())}: tuned")
        except (CatalogError, EncoderError, ModelError) as error:
            return fail(str(error), 1)
    except TuningError as error:
        return fail(str(error), 2)
    except OSError as error:
        return fail(f"{error.filename or options.out}: {error.strerror}", 1)
    return 0


def _command() -> str:
    """The command under way, for the card; files by their names, not their folders."""
    words = [word if word.startswith("checkpoints/") else Path(word).name for word in sys.argv[1:]]
    return shlex.join(["python", "-m", "recommender", *words])


def _list(given: dict[str, Any]) -> int:
    from recommender.tuning.checkpoints import listing

    print("\n".join(listing(given["root"])) or f"{given['root']}: no checkpoints")
    return 0


def _show(given: dict[str, Any]) -> int:
    from recommender.tuning.checkpoints import card_of

    folder = given["root"] / given["name"]
    card_of(folder)  # refused where it can't be read
    print((folder / CARD).read_text(encoding="utf-8"), end="")
    return 0


def _verify(given: dict[str, Any]) -> int:
    from recommender.tuning.checkpoints import card_of, faults

    folder = given["root"] / given["name"]
    found = list(faults(folder, card_of(folder), given["data"]))
    for fault in found:
        fail(fault, 1)
    if not found:
        print(f"{folder}: holds")
    return 1 if found else 0


def _with_card_errors(command: Any) -> Any:
    def run(given: dict[str, Any]) -> int:
        try:
            return int(command(given))
        except CardError as error:
            return fail(str(error), 2)

    return run
