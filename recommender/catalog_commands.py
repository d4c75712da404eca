"""The commands on catalogs: import, list, show, update, remove, export.

What they print is for people, or with --json one JSON document and nothing else.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recommender.command_failure import fail
from recommender.settings import Settings

if TYPE_CHECKING:
    from retrieval.intake.importing import Look, Progress

_EXAMPLES = """examples:
  python -m recommender catalog import books.csv --name books
  python -m recommender catalog import ml-latest-small --name movielens
  python -m recommender catalog import shop.jsonl.gz --name shop --map title=product,skip=margin
  python -m recommender catalog update books new-books.csv
  python -m recommender catalog remove books 9780002005883
  python -m recommender catalog export books books.parquet
  python -m recommender ask "a quiet book about the sea" --catalog books
"""
_IMPORT_EXAMPLES = """A file may be CSV, TSV, JSON, JSON lines or Parquet, packed by gzip or zip or not, or a MovieLens
folder. Roles of columns are id, title, category, person, keyword, year, number, text and skip:
  --map title=name,person=maker,skip="internal note"
Rows that can't be taken stand, with number and cause, in refused.jsonl beside the catalog.
"""
Command = Callable[[dict[str, Any], Path], Any]


def add_catalog_commands(commands: Any) -> Any:
    """Add `catalog` to the command line's subcommands; gives its own, for others to join."""
    parser = commands.add_parser(
        "catalog", help="import, list, show, update, remove or export catalogs",
        epilog=_EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    kinds = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    take = _command(kinds, "import", _import, "take in a file or folder", _IMPORT_EXAMPLES)
    take.add_argument("file", type=Path, metavar="FILE", help="or a folder of files")
    take.add_argument("--name", required=True, help="to use it by; one of that name is replaced")
    take.add_argument("--map", action="append", default=[], metavar="ROLE=COLUMN,…",
                      help="what columns are, where that is not seen")  # fmt: skip
    take.add_argument("--card", type=Path, metavar="FILE.toml", help="words for fields and values")
    take.add_argument("--keep-duplicates", action="store_true",
                      help="also take items of the same title, year and people")  # fmt: skip
    take.add_argument("--yes", action="store_true", help="take the columns as they are recognised")
    _command(kinds, "list", _list, "a line for each catalog")
    show = _command(kinds, "show", _show, "the card of a catalog: counts, fields, warnings")
    show.add_argument("name", metavar="NAME")
    update = _command(kinds, "update", _update, "add the items of a file, or put them in the place "
                      "of those of their ids")  # fmt: skip
    update.add_argument("name", metavar="NAME")
    update.add_argument("file", type=Path, metavar="FILE", help="with columns as at the import")
    remove = _command(kinds, "remove", _remove, "remove items, or without ids the whole catalog")
    remove.add_argument("name", metavar="NAME")
    remove.add_argument("ids", nargs="*", metavar="ID")
    remove.add_argument("--yes", action="store_true", help="do not ask")
    out = _command(kinds, "export", _export, "write a catalog to .jsonl, .csv, .tsv or .parquet")
    out.add_argument("name", metavar="NAME")
    out.add_argument("file", type=Path, metavar="FILE")
    out.add_argument("--force", action="store_true", help="also over a file that is there")
    return kinds


def _command(kinds: Any, word: str, run: Command, text: str, epilog: str = "") -> Any:
    one = kinds.add_parser(
        word, help=text, description=f"{text[:1].upper()}{text[1:]}.", epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    one.add_argument("--json", action="store_true", help="write JSON, nothing else")
    one.add_argument("--data", type=Path, metavar="FOLDER", help="where catalogs lie (data)")
    one.add_argument("--verbose", action="store_true", help="log what happens, with traces")
    one.set_defaults(run=_with_errors(run), own_settings=True)
    return one


def _with_errors(run: Command) -> Callable[[dict[str, Any]], int]:
    """The command with its failures as one line, and its outcome printed."""

    def command(options: dict[str, Any]) -> int:
        from retrieval.fields import CatalogError

        data = Settings.read({"data": options["data"]}).data
        try:
            outcome = run(options, data)
        except CatalogError as error:
            return fail(str(error), 2)
        except OSError as error:
            return fail(f"{error.filename or data}: {error.strerror}", 1)
        words, told = outcome
        print(json.dumps(told, ensure_ascii=False, indent=1) if options["json"] else words)
        return 0

    return command


# --- import --------------------------------------------------------------------------------


def _import(options: dict[str, Any], data: Path) -> tuple[str, Any]:
    from retrieval.fields import CatalogError, fields_of_card, read_card
    from retrieval.intake.bounds import OWN
    from retrieval.intake.card import in_words
    from retrieval.intake.finding import storage_of
    from retrieval.intake.importing import look, take_in

    storage = storage_of(options["name"], data)
    given = given_roles(options["map"])
    card: dict[str, Any] = {}
    if options["card"] is not None:
        if not options["card"].is_file():
            raise CatalogError(f"{options['card']}: there is no such card; expected a TOML file")
        card = read_card(options["card"], options["card"].read_bytes())
        fields_of_card({"fields": {}, **card}, options["card"])  # what is wrong in it is said now
    with _progress("looking", options) as told:
        seen = look(options["file"], OWN, given, told)
    if sys.stdin.isatty() and sys.stderr.isatty() and not (options["yes"] or options["json"]):
        seen = _confirmed(seen, given)
    with _progress("taking in", options, seen.rows) as told:
        card_told = take_in(seen, storage, options["name"], OWN, card=card,
                            keep_duplicates=options["keep_duplicates"], progress=told)  # fmt: skip
    use = f'use it: python -m recommender ask "…" --catalog {options["name"]}'
    return f"{in_words(card_told)}\n{use}", card_told


def given_roles(maps: list[str]) -> dict[str, str]:
    """Column to role, from "role=column" parted by commas. Raises `CatalogError`."""
    from retrieval.fields import CatalogError
    from retrieval.intake.columns import ROLES

    given: dict[str, str] = {}
    for one in (part for text in maps for part in text.split(",") if part.strip()):
        role, mark, column = one.partition("=")
        if not mark or role.strip() not in ROLES:
            raise CatalogError(
                f"--map {one!r}: expected ROLE=COLUMN, with one of the roles {', '.join(ROLES)}"
            )
        given[column.strip()] = role.strip()
    return given


def _confirmed(seen: Look, given: Mapping[str, str]) -> Look:
    """Show what the columns were taken for, until the user agrees or leaves."""
    from retrieval.fields import CatalogError
    from retrieval.intake.bounds import OWN
    from retrieval.intake.importing import look

    known = dict(given)
    while True:
        print(columns_in_words(seen), file=sys.stderr)
        said = input("Enter to take it in, ROLE=COLUMN to change a column, q to leave: ").strip()
        if not said:
            return seen
        if said.lower() in ("q", "quit", "n", "no"):
            raise CatalogError("nothing was taken in, as you said")
        try:
            known |= given_roles([said])
            seen = look(seen.path, OWN, known)
        except CatalogError as error:
            print(f"  {error}", file=sys.stderr)


def columns_in_words(seen: Look) -> str:
    """What becomes of each column, as a table."""
    lines = [f"{seen.path.name}: {seen.rows:,} rows"]
    for column in seen.plan.columns:
        example = f"“{column.examples[0][:30]}”" if column.examples else ""
        lines.append(f"  {column.name[:24]:24} {column.role:9} {column.share:4.0%} full  "
                     f"{column.why[:44]:44} {example}")  # fmt: skip
    if seen.plan.year_in_title:
        lines.append("  the year is taken from the end of the title")
    if seen.left_out:
        lines.append(f"  {seen.left_out:,} columns that few rows fill are left out")
    if seen.plan.id is None:
        lines.append("  no column of ids: they are made from title, year and people")
    return "\n".join(lines)


@contextmanager
def _progress(
    doing: str, options: Mapping[str, Any], rows: int | None = None
) -> Iterator[Progress]:
    from tqdm import tqdm

    hidden = options["json"] or not sys.stderr.isatty()
    with tqdm(total=rows, desc=doing, unit="row", disable=hidden, leave=False) as bar:
        yield lambda count: bar.update(count - bar.n) and None


# --- what is there ---------------------------------------------------------------------------


def _list(options: dict[str, Any], data: Path) -> tuple[str, Any]:
    from retrieval.catalog import bundled_names
    from retrieval.intake.finding import imported_names, storage_of

    told: list[dict[str, Any]] = [{"name": name, "bundled": True} for name in bundled_names()]
    for name in imported_names(data):
        with storage_of(name, data).reading() as stored:
            told.append({"name": name, "bundled": False, "items": stored.count,
                         "version": stored.version, "source": stored.about["source"]})  # fmt: skip
    lines = [
        f"{one['name']}: bundled" if one["bundled"]
        else f"{one['name']}: {one['items']:,} items from {one['source']}, version {one['version']}"
        for one in told
    ]  # fmt: skip
    return "\n".join(lines), told


def _show(options: dict[str, Any], data: Path) -> tuple[str, Any]:
    from retrieval.intake.card import in_words
    from retrieval.intake.finding import card_of, find_catalog

    found = find_catalog(options["name"], data)
    card = card_of(found)
    return in_words(card), card


# --- changes ---------------------------------------------------------------------------------


def _update(options: dict[str, Any], data: Path) -> tuple[str, Any]:
    from retrieval.intake.bounds import OWN
    from retrieval.intake.importing import take_up

    storage = _known(options["name"], data)
    with _progress("taking up", options) as told:
        card = take_up(options["file"], storage, OWN, told)
    change = card["change"]
    words = (
        f"{options['name']}: {change['added']:,} added, {change['updated']:,} updated, "
        f"{change['unchanged']:,} unchanged, {card['refused']:,} refused"
    )
    return words, card


def _remove(options: dict[str, Any], data: Path) -> tuple[str, Any]:
    from retrieval.fields import CatalogError
    from retrieval.intake.finding import storage_of

    name, ids = options["name"], options["ids"]
    if ids:
        change = _known(name, data).remove(ids)
        told = {"name": name, "removed": change.removed, "unknown": len(set(ids)) - change.removed}
        return f"{name}: {change.removed:,} removed, {told['unknown']:,} not there before", told
    storage = storage_of(name, data)
    if not storage.file.is_file():  # one that is damaged can be removed
        storage = _known(name, data)
    asks = sys.stdin.isatty() and not options["yes"]
    question = f"Remove the catalog {name!r} with all its items? [y/N] "
    if asks and input(question).strip().lower() not in ("y", "yes"):
        raise CatalogError("nothing was removed, as you said")
    storage.drop()
    return f"{name}: removed", {"name": name, "removed": "all"}


def _export(options: dict[str, Any], data: Path) -> tuple[str, Any]:
    from retrieval.fields import CatalogError
    from retrieval.intake.export import export
    from retrieval.intake.finding import find_catalog

    if options["file"].exists() and not options["force"]:
        raise CatalogError(f"{options['file']}: is there already; name another file, or --force")
    catalog = find_catalog(options["name"], data).catalog
    written = [str(path) for path in export(catalog, options["file"])]
    told = {"name": catalog.name, "items": len(catalog), "files": written}
    return f"{catalog.name}: {len(catalog):,} items to {' and '.join(written)}", told


def _known(name: str, data: Path) -> Any:
    from retrieval.fields import CatalogError
    from retrieval.intake.finding import imported_names, storage_of

    storage = storage_of(name, data)
    if not storage.version:
        known = ", ".join(imported_names(data)) or "none so far"
        raise CatalogError(f"no imported catalog {name!r}; there are: {known}")
    return storage
