"""Reviews and plain items: Steam games, musical instruments, and records.

Reviews of musical instruments come without titles; an instrument is called by the phrases
that most of its reviewers use for it. Reviews that a user wrote of the last two items are
not taken, since these are held out.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from recommender.tuning.behaviour import (
    Behaviour,
    History,
    Review,
    checksums,
    json_rows,
    leave_two_out,
)
from recommender.tuning.phrases import PhraseFinder
from retrieval.catalog import Catalog, Field, Item, Kind

_SHORTEST = 60  # characters of a review that says something
_LONGEST = 1500
_LIKED_FROM = 4.0
_FEWEST_REVIEWERS = 3  # who use a phrase, for it to name an item
_OF_ANY_PURCHASE = (
    "price cost money amazon product review reviews quality stars purchase value sound sounds deal "
    "item seller shipping reviewers job use feature features unit others bucks brand store problem"
)
_NAMED_BY = 3  # phrases that name an item


def read_steam(data: Path) -> Behaviour | None:
    """Steam's games and what players who recommend them wrote."""
    folder = data / "reviews"
    games, reviews = folder / "steam_games.jsonl.gz", folder / "steam.jsonl.gz"
    if not games.is_file() or not reviews.is_file():
        return None
    items = [_game(row) for row in json_rows(games, "item_id", "title")]
    fields = (
        Field("genres", Kind.CATEGORY, "genre"),
        Field("developers", Kind.PERSON, "developer", roles=("by", "made by")),
        Field("year", Kind.YEAR, "year"),
        Field("description", Kind.TEXT, "description"),
    )
    written = tuple(
        Review(str(row["user_id"]), str(row["item_id"]), row["text"][:_LONGEST])
        for row in json_rows(reviews, "user_id", "item_id", "text")
        if row.get("recommended") and len(row["text"]) >= _SHORTEST
    )
    return Behaviour(
        "steam",
        Catalog("steam", items, fields, nouns=("video game", "video games"), verb="play"),
        reviews=written,
        files=checksums(data, games, reviews),
        left_out=f"reviews shorter than {_SHORTEST} characters or against the game",
    )


def _game(row: Mapping[str, Any]) -> Item:
    facets = {name: tuple(row.get(name) or ()) for name in ("genres", "developers")}
    year = re.search(r"\b(?:19|20)\d\d\b", row.get("release_date") or "")
    text = " ".join((row.get("description") or "").split())
    return Item(
        str(row["item_id"]),
        row["title"],
        {name: values for name, values in facets.items() if values},
        {"year": float(year[0])} if year else {},
        {"description": text} if text else {},
    )


def read_instruments(data: Path) -> Behaviour | None:
    """Musical instruments, known by their reviews alone."""
    path = data / "reviews" / "musical_instruments.jsonl.gz"
    if not path.is_file():
        return None
    rows = sorted(
        json_rows(path, "user_id", "item_id", "text", "time"),
        key=lambda row: (row["time"], row["user_id"], row["item_id"]),
    )
    liked: dict[str, list[str]] = {}
    for row in rows:
        if row.get("rating", 5.0) >= _LIKED_FROM:
            liked.setdefault(row["user_id"], []).append(row["item_id"])
    histories = [h for h in (leave_two_out(u, items) for u, items in liked.items()) if h]
    taken = {(h.user, item) for h in histories for item in h.items}
    reviews = [
        Review(row["user_id"], row["item_id"], row["text"][:_LONGEST])
        for row in rows
        if (row["user_id"], row["item_id"]) in taken and len(row["text"]) >= _SHORTEST
    ]
    return Behaviour(
        "musical_instruments",
        _named_by_reviews(reviews),
        _within(histories, {review.item for review in reviews}),
        tuple(reviews),
        files=checksums(data, path),
        left_out="reviews of the last two items of each user, and of users with fewer than four "
        "items rated 4 or more; items that no phrase of several reviewers names",
    )


def _named_by_reviews(reviews: Sequence[Review]) -> Catalog:
    texts: dict[str, list[str]] = {}
    for review in reviews:
        texts.setdefault(review.item, []).append(review.text)
    # Rare among items, not among reviews: a strap's reviewers all say "strap".
    finder = PhraseFinder((" ".join(of_item) for of_item in texts.values()), fewest=1)
    items = []
    for item_id, of_item in sorted(texts.items()):
        used: Counter[str] = Counter()
        for text in of_item:
            used.update(set(finder.find(text, 12, without=_OF_ANY_PURCHASE)))
        said = [p for p in used if used[p] >= _FEWEST_REVIEWERS]
        said.sort(key=lambda p: (-used[p] * finder.worth(p.split()), p))
        if said:
            items.append(Item(item_id, said[0], {"uses": tuple(said[1:_NAMED_BY])}, {}, {}))
    fields = (Field("uses", Kind.KEYWORD, "use"),)
    nouns = ("piece of music gear", "pieces of music gear")
    return Catalog("musical_instruments", items, fields, nouns=nouns, verb="play")


def _within(histories: Sequence[History], known: set[str]) -> tuple[History, ...]:
    return tuple(h for h in histories if sum(item in known for item in h.items) > 1)


def read_records(data: Path) -> Behaviour | None:
    """Records: titles and categories, nothing of people."""
    path = data / "cds" / "items.jsonl.gz"
    if not path.is_file():
        return None
    items = [
        Item(str(row["item_id"]), " ".join(row["title"].split())[:70],
             {"categories": tuple(row["categories"])} if row.get("categories") else {}, {}, {})
        for row in json_rows(path, "item_id", "title")
        if row["title"].strip()
    ]  # fmt: skip
    catalog = Catalog(
        "cds", items, (Field("categories", Kind.CATEGORY, "category"),),
        nouns=("record", "records"), verb="listen to",
    )  # fmt: skip
    return Behaviour("cds", catalog, files=checksums(data, path))
