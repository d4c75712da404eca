"""The command line: ask, index, serve. `python -m recommender --help`.

Exit status 0 with a reply, 2 for bad input, 1 for a failure, each of the last two with one
line on standard error. Heavy libraries are imported by the commands that need them.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from recommender.annotation.commands import add_annotation_commands
from recommender.catalog_commands import add_catalog_commands
from recommender.catalog_push import add_push_command
from recommender.command_failure import fail
from recommender.evaluation.commands import add_evaluate_command
from recommender.settings import QUANTIZATIONS, RANKERS, UNDERSTANDINGS, Settings, SettingsError
from recommender.tuning.commands import add_tuning_commands

_ASK_EXAMPLES = """examples:
  python -m recommender ask "a scary film set in space, nothing after 1990"
  python -m recommender ask "something newer" --session ID
  python -m recommender ask "a quiet book about the sea" --catalog books.csv --json
"""


def main(arguments: Sequence[str] | None = None) -> int:
    options = vars(_parser().parse_args(arguments))
    command = options.pop("run")
    logging.basicConfig(
        level=logging.DEBUG if options.pop("verbose") else logging.WARNING,
        format="%(message)s",
        stream=sys.stderr,
    )
    for noisy in ("httpx", "sentence_transformers", "transformers", "filelock", "urllib3"):
        logging.getLogger(noisy).setLevel(logging.ERROR)
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    try:
        if options.pop("own_settings", False):
            return int(command(options))
        settings = Settings.read(options)
        status: int = command(settings, options)
    except SettingsError as error:
        return fail(str(error), 2)
    except KeyboardInterrupt:
        return fail("interrupted", 130)
    return status


class _OneLineParser(argparse.ArgumentParser):
    """Says what is wrong in one line, as everything else here does, without the usage."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"error: {message}; {self.prog} --help says what there is\n")


def _parser() -> argparse.ArgumentParser:
    parser = _OneLineParser(
        prog="python -m recommender", description="Recommendations for wishes in plain words."
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    ask = commands.add_parser(
        "ask", help="answer one utterance", epilog=_ASK_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    ask.add_argument("utterance", help="what you are looking for, in your own words")
    ask.add_argument("--session", default="", help="go on with a session of an earlier reply")
    ask.add_argument("--top", type=int, metavar="K", help="number of picks (3)")
    ask.add_argument("--json", action="store_true", help="write the reply as JSON, nothing else")
    ask.set_defaults(run=_ask)
    index = commands.add_parser("index", help="build a catalog's index if missing or stale")
    index.add_argument("--force", action="store_true", help="build it in any case")
    index.set_defaults(run=_index)
    serve = commands.add_parser("serve", help="serve the page")
    serve.add_argument("--host", help="address to listen on (127.0.0.1)")
    serve.add_argument("--port", help="port to listen on (7860)")
    serve.add_argument("--at-once", metavar="N", help="visitors answered at a time (1)")
    serve.add_argument("--queue", metavar="N", help="visitors who may wait beside them (32)")
    serve.set_defaults(run=_serve)
    add_evaluate_command(commands)
    add_push_command(add_catalog_commands(commands))
    for command in (ask, index, serve):
        _add_settings(command)
    add_tuning_commands(commands)
    add_annotation_commands(commands, _add_settings)
    return parser


def _add_settings(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("settings, also as environment variables INSTRUCTREC_…")
    group.add_argument(
        "--catalog", metavar="PATH|NAME", help="bundled, imported or any file (movies)"
    )
    group.add_argument(
        "--retriever", metavar="WHERE", help="faiss, or a Milvus: FILE.db or address (faiss)"
    )
    group.add_argument(
        "--search",
        metavar="PARTS",
        help="by what: dense,bm25,collaborative, or fewer of them (all)",
    )
    group.add_argument("--interactions", metavar="FILE", help="who took which item: .csv or .jsonl")
    group.add_argument(
        "--model", help="hub name, folder, http://host:port of a server, auto or none (auto)"
    )
    group.add_argument("--quantization", choices=QUANTIZATIONS, help="of the model (auto)")
    group.add_argument("--adapter", metavar="PATH", help="of the model: a checkpoint, auto or none")
    group.add_argument("--encoder", help="sentence-transformers model, hub name or folder")
    group.add_argument(
        "--ranker",
        choices=RANKERS,
        help="how the model is asked, or who ranks in its place (block)",
    )
    group.add_argument("--rank-weight", metavar="SHARE", help="the model's share of the score")
    group.add_argument("--understanding", choices=UNDERSTANDINGS, help="who reads turns (auto)")
    group.add_argument("--candidates", metavar="N", help="candidates to rank, at most 100")
    group.add_argument("--store", metavar="FILE", help="SQLite file (data/store.db)")
    group.add_argument("--data", metavar="FOLDER", help="for index, store and models (data)")
    group.add_argument("--retention-days", metavar="DAYS", help="forget older talk (0: never)")
    group.add_argument("--verbose", action="store_true", help="log what happens, with traces")


def _ask(settings: Settings, options: dict[str, Any]) -> int:
    from recommender.understanding.words import UtteranceError, clean

    top = options["top"]
    if top is not None and not 1 <= top <= settings.candidates:
        return fail(f"--top is {top}; expected 1 to {settings.candidates}", 2)
    try:
        clean(options["utterance"])  # refused before anything heavy is loaded
    except UtteranceError as error:
        return fail(str(error), 2)
    recommender, status = _open(settings)
    if recommender is None:
        return status
    from recommender.dialogue import Degraded, Done, TextChunk
    from recommender.engine import UnknownSessionError

    try:
        try:
            session = recommender.session(options["session"]) if options["session"] else (
                recommender.open_session())  # fmt: skip
        except UnknownSessionError as error:
            return fail(str(error), 2)
        for event in recommender.reply(session.id, options["utterance"], top):
            if isinstance(event, Done):
                if options["json"]:
                    print(json.dumps(event.reply.as_dict(), ensure_ascii=False, indent=1))
                else:
                    print(f"\n\n(go on with --session {event.reply.session})")
            elif not options["json"] and isinstance(event, TextChunk):
                print(event.text, end="", flush=True)
            elif isinstance(event, Degraded):
                print(f"degraded: {event.reason}", file=sys.stderr)
    except Exception as error:
        logging.getLogger(__name__).debug("asking failed", exc_info=True)
        return fail(_line(error), 1)
    finally:
        recommender.close()
    return 0


def _index(settings: Settings, options: dict[str, Any]) -> int:
    from recommender.opening import index_root, indexed_by
    from retrieval.catalog import CatalogError
    from retrieval.encoder import EncoderError, encoder_identity, open_encoder, prepare_encoder
    from retrieval.index import IndexMismatchError, build_index, index_folder, load_index
    from retrieval.intake.finding import find_catalog

    try:
        found = find_catalog(settings.catalog, settings.data)
        catalog = found.catalog
        space = encoder_identity(settings.encoder)
        folder = index_folder(index_root(found, settings), catalog, space)
        try:
            if options["force"]:
                raise IndexMismatchError("asked for")
            load_index(folder, catalog, space)
            prepare_encoder(settings.encoder, settings.data)
        except IndexMismatchError:
            encoder = open_encoder(settings.encoder, settings.data)
            build_index(folder, catalog, indexed_by(encoder, found, settings), progress=True)
        print(f"{folder}: {len(catalog)} {catalog.nouns}, ready")
        if settings.model != "none":
            from recommender.language_model import prepare_model

            print(prepare_model(settings.model, settings.data))
    except (CatalogError, EncoderError) as error:
        return fail(str(error), 2)
    except OSError as error:
        return fail(_line(error), 1)
    return 0


def _serve(settings: Settings, options: dict[str, Any]) -> int:
    from recommender.ui.server import launch

    launch(settings)
    return 0


def _open(settings: Settings) -> tuple[Any, int]:
    """The recommender, or None and the exit status."""
    from prompts.templates import TemplateError
    from recommender.evaluation.app_rankers import open_recommender
    from recommender.store import StoreError
    from retrieval.catalog import CatalogError
    from retrieval.encoder import EncoderError
    from retrieval.interactions import InteractionsError
    from retrieval.milvus import MilvusError

    try:
        return open_recommender(settings, progress=sys.stderr.isatty()), 0
    except (CatalogError, InteractionsError, MilvusError) as error:
        return None, fail(str(error), 2)
    except (EncoderError, StoreError, TemplateError) as error:
        return None, fail(str(error), 1)
    except OSError as error:
        return None, fail(_line(error), 1)


def _line(error: Exception) -> str:
    if isinstance(error, OSError) and error.filename:
        return f"{Path(str(error.filename))}: {error.strerror}"
    return str(error).split("\n")[0] or type(error).__name__


if __name__ == "__main__":
    sys.exit(main())
