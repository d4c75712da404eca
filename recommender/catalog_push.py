"""The command `catalog push`: a catalog's items, vectors and words to a Milvus.

What is encoded already is not encoded again; readers of the Milvus see the old items until all
new ones are there.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recommender.command_failure import fail

if TYPE_CHECKING:
    from retrieval.encoder import Encoder

_EXAMPLES = """examples:
  python -m recommender catalog push movies --to movies.db
  python -m recommender catalog push books --to http://localhost:19530
  python -m recommender ask "a quiet book" --catalog books --retriever http://localhost:19530
"""


def add_push_command(commands: Any) -> None:
    """Add `push` to the commands about catalogs."""
    push = commands.add_parser(
        "push", help="copy a catalog to a Milvus", epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    push.add_argument("catalog", metavar="NAME|PATH", help="the catalog to copy")
    push.add_argument("--to", required=True, metavar="WHERE", help="FILE.db, or a server's address")
    push.add_argument("--encoder", help="hub name or folder")
    push.add_argument(
        "--data", type=Path, metavar="FOLDER", help="where catalogs and indexes lie (data)"
    )
    push.add_argument("--json", action="store_true", help="say what was done as JSON")
    push.add_argument("--verbose", action="store_true", help="log what happens, with traces")
    push.set_defaults(run=_push, own_settings=True)


def _push(options: dict[str, Any], encoder: Encoder | None = None) -> int:
    from recommender.opening import index_root, indexed_by, open_index
    from recommender.settings import Settings
    from retrieval.catalog import CatalogError
    from retrieval.encoder import EncoderError, open_encoder
    from retrieval.index_plan import no_steps, shown_steps
    from retrieval.intake.finding import find_catalog
    from retrieval.milvus import MilvusCollection, MilvusError, is_milvus

    where = options["to"]
    if not is_milvus(where):
        return fail(f"--to is {where!r}; expected a file ending in .db, or an address", 2)
    shown = sys.stderr.isatty()
    settings = Settings.read({"data": options["data"], "encoder": options["encoder"]})
    try:
        found = find_catalog(options["catalog"], settings.data)
        catalog = found.catalog
        collection = MilvusCollection(where, catalog.name)  # refused before anything is encoded
        encoder = encoder or open_encoder(settings.encoder, settings.data)
        known = indexed_by(encoder, found, settings)
        index = open_index(index_root(found, settings), catalog, known, shown)
        steps = shown_steps() if shown else no_steps
        count = collection.push(catalog, index, encoder.name, steps)
        collection.close()
    except (CatalogError, MilvusError) as error:
        return fail(str(error), 2)
    except (EncoderError, OSError) as error:
        return fail(str(error), 1)
    if options["json"]:
        print(json.dumps({"catalog": catalog.name, "to": where, "items": count}))
    else:
        print(f"{where}: {count} {catalog.nouns} of {catalog.name}, ready")
    return 0
