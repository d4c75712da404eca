"""The commands `annotate` and `forget`: campaigns made, shown, exported; people forgotten.

Heavy libraries are imported by the commands that need them, not for `--help`.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recommender.command_failure import fail

if TYPE_CHECKING:
    from recommender.annotation.records import AnnotationStore
    from recommender.settings import Settings

Options = Mapping[str, Any]
CHATS = "chats"

_EXAMPLES = """examples:
  python -m recommender annotate create campaign.toml         what it holds: create --help
  python -m recommender annotate invite CAMPAIGN --count 3    a link for each annotator
  python -m recommender annotate show CAMPAIGN                figures; --csv for a table
  python -m recommender annotate export CAMPAIGN --out judgements.jsonl
  python -m recommender annotate export CAMPAIGN --pairs --out pairs.jsonl
  python -m recommender tune --objective dpo --instructions pairs.jsonl --out checkpoints/judged
  python -m recommender annotate export chats --pairs --out ratings.jsonl
  python -m recommender forget a-0123456789                   an annotator, or a conversation
"""

_CREATE = """a campaign's file, in TOML:
  name = "Tuned against untuned"
  judgements = 2                 # that a case needs, of different annotators
  picks = 3                      # of each system
  grades = "optional"            # none, optional or required
  reasons = "composed"           # own: as each system words them; none
  questions = "questions.toml"   # instead of the default ones; annotation/questions.toml is one
  guidelines = "Vote for the list that you would rather be given."   # or guidelines_file
  names = true                   # whether they may be seen after a vote
  joinable = false               # whether one link lets anybody take part
  lease_minutes = 30             # for how long a case that was left waits
  [[systems]]
  name = "retriever"             # that annotators don't see
  ranker = "retriever"           # or another --ranker, such as "bm25"
  [[systems]]
  name = "tuned"
  ranker = "block"
  adapter = "checkpoints/smollm2-ranking"
  rank_weight = 0.4
  [cases]
  requests = "requests.jsonl"    # or a list of texts; or chats = true; or task = "sequential"
  limit = 100                    # with data = "DIR" and rankers of `evaluate`
  [gold]
  random = 5                     # picks against items at random; [[gold.case]] has its own lists
"""


def add_annotation_commands(commands: Any, add_settings: Callable[[Any], None]) -> None:
    """Add `annotate` and `forget` to the command line's subcommands."""
    parser = commands.add_parser(
        "annotate", help="blind campaigns for people who judge", epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    kinds = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for word, run, text in (
        ("create", _create, "make a campaign and its replies from a file"),
        ("list", _list, "a line for each campaign"),
        ("show", _show, "the figures of a campaign"),
        ("invite", _invite, "links for new annotators"),
        ("export", _export, "judgements, or pairs to tune on, as a file"),
        ("close", _status("closed"), "take no more judgements"),
        ("open", _status("open"), "take judgements again"),
        ("owner", _owner, "a new link to the owner's page; the old one ends"),
    ):
        one = kinds.add_parser(
            word, help=text, epilog=_CREATE if word == "create" else None,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )  # fmt: skip
        one.set_defaults(run=_guarded(run))
        if word == "create":
            one.add_argument("file", type=Path, metavar="FILE.toml")
        elif word == "export":
            one.add_argument("campaign", metavar="CAMPAIGN|chats", help="chats: ratings there")
            one.add_argument("--out", type=Path, required=True, metavar="FILE.jsonl")
            one.add_argument("--pairs", action="store_true", help="for tune --objective dpo")
        elif word not in ("list", "owner"):
            one.add_argument("campaign", metavar="CAMPAIGN", help="id, as list tells it")
        if word == "show":
            one.add_argument("--csv", action="store_true", help="every figure on a line")
        if word == "invite":
            one.add_argument("--count", type=int, default=1, help="of links (1)")
        if word in ("invite", "create", "owner"):
            one.add_argument("--url", default="http://127.0.0.1:7860", help="of the app")
        add_settings(one)
    forget = commands.add_parser("forget", help="delete all that is kept of a person")
    forget.add_argument("id", nargs="*", help="of a conversation or an annotator")
    forget.add_argument("--older-than", type=int, metavar="DAYS",
                        help="conversations in which nothing was said since")  # fmt: skip
    forget.set_defaults(run=_guarded(_forget))
    add_settings(forget)


def _guarded(command: Callable[[Settings, Options], int]) -> Callable[[Settings, Options], int]:
    def run(settings: Settings, options: Options) -> int:
        from prompts.templates import TemplateError
        from recommender.annotation.campaign import CampaignError
        from recommender.annotation.kept import UnknownError
        from recommender.language_model import ModelError
        from recommender.store import StoreError
        from retrieval.catalog import CatalogError
        from retrieval.encoder import EncoderError
        from retrieval.milvus import MilvusError

        try:
            return command(settings, options)
        except (CampaignError, UnknownError, CatalogError) as error:
            return fail(str(error), 2)
        except ValueError as error:
            return fail(str(error), 2)
        except (StoreError, EncoderError, MilvusError, ModelError, TemplateError) as error:
            return fail(str(error), 1)
        except OSError as error:
            logging.getLogger(__name__).debug("the command failed", exc_info=True)
            return fail(f"{error.filename or options.get('out')}: {error.strerror}", 1)

    return run


def _opened(settings: Settings) -> AnnotationStore:
    from recommender.annotation.records import AnnotationStore

    return AnnotationStore(settings.store_path)


def _create(settings: Settings, options: Options) -> int:
    from tqdm import tqdm

    from recommender.annotation.campaign_file import read_campaign
    from recommender.annotation.replies import open_for
    from recommender.annotation.service import ANNOTATE, OWNER, link, make_campaign
    from recommender.store import Store

    campaign = read_campaign(options["file"])
    store = _opened(settings)
    chats = Store(settings.store_path)
    with tqdm(desc="replies", unit="", disable=not sys.stderr.isatty()) as bar:

        def report(done: int, of: int) -> None:
            bar.total = of
            bar.update(done - bar.n)

        made, key, alike = make_campaign(
            store, campaign, open_for(campaign, settings, chats), report
        )
    count = store.rows(
        "select count(*) as n from annotation_comparisons where campaign = ?", [made]
    )[0]["n"]
    print(f"{made}: {count} comparisons; {alike} more fell away, where both systems pick alike")
    if key:
        print(f"anybody may take part by {link(options['url'], ANNOTATE, join=key)}")
    if not store.has_owner():
        print(f"owner's page: {link(options['url'], OWNER, owner=store.new_owner())}")
    print(f"invite annotators with: python -m recommender annotate invite {made} --count 3")
    return 0


def _list(settings: Settings, options: Options) -> int:
    from recommender.annotation.figures import progress

    store = _opened(settings)
    for kept in store.campaigns():
        now = progress(store, kept.id)
        print(
            f"{kept.id}  {kept.status}  {now['judged']} of {now['needed']} judgements  {kept.name}"
        )
    return 0


def _show(settings: Settings, options: Options) -> int:
    from recommender.annotation.figures import as_csv, figures_of
    from recommender.annotation.report import as_text

    figures = figures_of(_opened(settings), options["campaign"])
    print(as_csv(figures) if options["csv"] else as_text(figures), end="")
    return 0


def _invite(settings: Settings, options: Options) -> int:
    from recommender.annotation.service import ANNOTATE, link

    store = _opened(settings)
    if not 1 <= options["count"] <= 1000:
        return fail(f"--count is {options['count']}; expected 1 to 1000", 2)
    for _ in range(options["count"]):
        annotator, token = store.invite(options["campaign"])
        print(f"{annotator.id}  {link(options['url'], ANNOTATE, token=token)}")
    return 0


def _owner(settings: Settings, options: Options) -> int:
    from recommender.annotation.service import OWNER, link

    print(link(options["url"], OWNER, owner=_opened(settings).new_owner()))
    return 0


def _status(status: str) -> Callable[[Settings, Options], int]:
    def run(settings: Settings, options: Options) -> int:
        _opened(settings).set_status(options["campaign"], status)
        print(f"{options['campaign']}: {status}")
        return 0

    return run


def _export(settings: Settings, options: Options) -> int:
    from recommender.annotation import export
    from recommender.store import Store
    from retrieval.intake.finding import find_catalog

    out, campaign = options["out"], options["campaign"]
    if campaign == CHATS:
        chats = Store(settings.store_path)
        if options["pairs"]:
            catalog = find_catalog(settings.catalog, settings.data).catalog
            count = export.write_pairs(out, export.chat_pairs(chats, catalog))
        else:
            count = export.write_rows(out, export.chat_ratings(chats))
    elif options["pairs"]:
        count = export.write_pairs(out, export.pairs(_opened(settings), campaign))
    else:
        count = export.write_rows(out, export.judgements(_opened(settings), campaign))
    print(f"{out}: {count:,} {'pairs' if options['pairs'] else 'lines'}")
    return 0


def _forget(settings: Settings, options: Options) -> int:
    import datetime

    from recommender.annotation.service import forget
    from recommender.store import Store

    ids, days = list(options["id"]), options["older_than"]
    if bool(ids) == (days is not None):
        return fail("expected ids of conversations or annotators, or --older-than DAYS", 2)
    if days is not None:
        if days < 1:
            return fail(f"--older-than is {days}; expected 1 or more", 2)
        store = Store(settings.store_path)
        before = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=days)
        ids = store.idle_since(before)
        store.close()
    erased = forget(settings.store_path, settings.data, *ids)
    went = {table: count for table, count in erased.rows.items() if count}
    if not went and not erased.failed and days is None:
        return fail(f"nothing is kept under {', '.join(ids)}; ids are told by export and invite", 2)
    for table, count in went.items():
        print(f"{table}: {count} rows deleted")
    print(f"{sum(went.values())} rows deleted, {len(erased.backups)} of the databases were backups")
    for path in erased.named_in:
        print(f"{path}: still names it; make this file anew or delete it", file=sys.stderr)
    for path, why in erased.failed.items():
        print(f"{path}: could not be rewritten ({why}); mend or delete it", file=sys.stderr)
    return 1 if erased.failed else 0
