"""Where users get the data sets, and what a folder of each holds: words alone, so that `--help`
loads nothing for them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Home:
    holds: str
    place: str


HOMES = {
    "amazon-2018": Home(
        "NAME_5.json.gz or NAME.json.gz, and meta_NAME.json.gz",
        "nijianmo.github.io/amazon, per-category data",
    ),
    "amazon-2023": Home(
        "NAME.jsonl.gz and meta_NAME.jsonl.gz",
        "amazon-reviews-2023.github.io, reviews and items by category",
    ),
    "movielens": Home(
        "ratings.csv and movies.csv, ratings.dat and movies.dat, or u.data and u.item",
        "grouplens.org/datasets/movielens",
    ),
    "redial": Home(
        "train_data.jsonl, test_data.jsonl, or one of them", "redialdata.github.io/website"
    ),
    "inspired": Home(
        "train.tsv, dev.tsv, test.tsv, or some of them",
        "github.com/sweetpeach/Inspired, data/dialog_data",
    ),
    "own": Home(
        "interactions.csv or .jsonl (user, item, also rating, time) and items.jsonl",
        "your own histories and catalog",
    ),
}


def homes_in_lines() -> str:
    return "\n".join(f"  {name}: {h.holds}\n    from {h.place}" for name, h in HOMES.items())
