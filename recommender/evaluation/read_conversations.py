"""ReDial and INSPIRED as they are published, as sequences: the films of a dialogue, in the
order in which they are first named.

ReDial: `train_data.jsonl` and `test_data.jsonl`, with or without `movies_with_mentions.csv`;
INSPIRED: `train.tsv`, `dev.tsv` and `test.tsv`. Any of the parts will do. A dialogue stands
for a user, and the last film that it names for the next one taken up; the words of the
dialogues are not read here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from recommender.evaluation.splitting import Source
from recommender.tuning.behaviour import csv_rows, json_rows
from recommender.tuning.read_dialogues import catalog_of, talk_of
from recommender.tuning.read_films import title_and_year
from retrieval.catalog import Catalog, Item, load_catalog

_REDIAL = ("train_data.jsonl", "valid_data.jsonl", "test_data.jsonl", "redial_dev.jsonl")
_INSPIRED = ("train.tsv", "dev.tsv", "test.tsv", "inspired_dev.tsv")
_COLUMNS = ("dialog_id", "movies")


def find_redial(folder: Path) -> list[Source]:
    """ReDial's dialogues in a folder."""
    files = _parts(folder, _REDIAL)
    if not files:
        return []
    films = folder / "redial_movies.jsonl.gz"  # their facts, where somebody has put them beside

    def whole() -> Catalog:
        facts = json_rows(films, "redial_id", "name") if films.is_file() else ()
        rows = (row for file in files for row in json_rows(file, "messages", "movieMentions"))
        return catalog_of(facts, rows)

    def taken() -> Iterator[tuple[str, str, float]]:
        catalog = whole()
        for file in files:
            for row in json_rows(file, "conversationId", "messages", "movieMentions"):
                talk = talk_of(row, catalog)
                named = [item for said in talk.said for item in said.items]
                yield from ((talk.id, item, float(n)) for n, item in enumerate(named))

    def catalog(kept: Collection[str]) -> Catalog:
        every = whole()
        return _of([item for item in every.items if item.id in kept])

    used = (*files, films) if films.is_file() else files
    return [Source("redial", used, taken(), catalog, dense=False)]


def find_inspired(folder: Path) -> list[Source]:
    """INSPIRED's dialogues in a folder."""
    files = _parts(folder, _INSPIRED)

    def taken() -> Iterator[tuple[str, str, float]]:
        number = 0
        for file in files:
            for row in csv_rows(file, *_COLUMNS, delimiter="\t"):
                for name in filter(None, (" ".join(m.split()) for m in row["movies"].split(";"))):
                    number += 1
                    yield row["dialog_id"], name, float(number)

    def catalog(kept: Collection[str]) -> Catalog:
        # A film's name with its year is its id, since there is no other.
        return _of([_film(name) for name in sorted(kept)])

    return [Source("inspired", files, taken(), catalog, dense=False)] if files else []


def _film(name: str) -> Item:
    title, year = title_and_year(name)
    return Item(name, title, {}, {} if year is None else {"year": float(year)}, {})


def _of(items: list[Item]) -> Catalog:
    films = load_catalog("movies")  # for its fields and nouns
    return Catalog(
        "dialogues", items, films.fields.values(), nouns=(films.noun, films.nouns),
        other_nouns=films.other_nouns, verb=films.verb, done=films.done,
    )  # fmt: skip


def _parts(folder: Path, names: tuple[str, ...]) -> tuple[Path, ...]:
    both = (folder / f"{name}{end}" for name in names for end in ("", ".gz"))
    return tuple(path for path in both if path.is_file())
