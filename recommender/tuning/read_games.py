"""Video games: `video_games/items.jsonl.gz` and `sequences.jsonl.gz`, and the lists beside them.

A game's title is told with the system it runs on, as a shop shows it, since the system is
what people keep to and titles alone seldom say it.
"""

from __future__ import annotations

import html
from pathlib import Path

from recommender.tuning.behaviour import Behaviour, checksums, json_rows, leave_two_out
from retrieval.catalog import Catalog, Field, Item, Kind, fold

FOLDER = "video_games"
LONGEST_TITLE = 70  # characters; shops put whole advertisements there
_SHORT = {
    "Xbox 360": "X360", "PlayStation 3": "PS3", "PlayStation 2": "PS2", "Nintendo DS": "DS",
    "PlayStation 4": "PS4", "Xbox One": "XB1", "PlayStation": "PS1", "GameCube": "GC",
    "Game Boy Advance": "GBA", "PlayStation Vita": "Vita", "Nintendo 3DS": "3DS",
    "Nintendo 64": "N64", "Sega Dreamcast": "Dreamcast", "Nintendo Switch": "Switch",
}  # fmt: skip
_SAYS_LITTLE = (None, "unknown", "other")


def read(data: Path) -> Behaviour | None:
    """The games under a data folder, or None where there are none."""
    folder = data / FOLDER
    items, sequences = folder / "items.jsonl.gz", folder / "sequences.jsonl.gz"
    if not items.is_file() or not sequences.is_file():
        return None
    lists = folder / "candidates_sasrec.jsonl.gz"
    catalog = read_catalog(items)
    histories = (
        leave_two_out(str(row["user_id"]), map(str, row["items"]))
        for row in json_rows(sequences, "user_id", "items")
    )
    return Behaviour(
        FOLDER,
        catalog,
        tuple(h for h in histories if h is not None),
        lists=tuple(
            tuple(str(i) for i in row["candidates"])
            for row in (json_rows(lists, "candidates") if lists.is_file() else ())
        ),
        files=checksums(data, items, sequences, lists),
        left_out="the last item of each sequence, which is the test",
    )


def read_catalog(path: Path) -> Catalog:
    """The items as a catalog, with what a ranker reads of each: title, system, kind."""
    fields = (
        Field("platform", Kind.CATEGORY, "system"),
        Field("kind", Kind.CATEGORY, "kind"),
    )
    rows = json_rows(path, "item_id", "title")
    items = [
        _item(str(row["item_id"]), row["title"], row.get("platform"), row.get("kind"))
        for row in rows
    ]
    return Catalog(FOLDER, items, fields, nouns=("video game", "video games"), verb="play")


def _item(item_id: str, title: str, platform: str | None, kind: str | None) -> Item:
    title = short_title(title)
    facets: dict[str, tuple[str, ...]] = {}
    if platform:
        facets["platform"] = (platform,)
        if fold(platform) not in fold(title):
            title = f"{title} ({_SHORT.get(platform, platform)})"
    if kind not in _SAYS_LITTLE:
        facets["kind"] = (str(kind),)
    return Item(item_id, title or item_id, facets, {}, {})


def short_title(title: str) -> str:
    """A shop's title without markup, cut at a word."""
    title = " ".join(html.unescape(title).split())
    if len(title) > LONGEST_TITLE:
        title = title[:LONGEST_TITLE].rsplit(" ", 1)[0].rstrip(" ,;:-–(")
    return title
