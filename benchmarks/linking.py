"""Whether titles in real conversations are linked to the right items: precision and recall.

    python -m benchmarks.linking --data DIR

DIR holds `dialogues/redial_movies.jsonl.gz` (films) and `dialogues/redial_dev.jsonl.gz`
(conversations in which "@id" stands for a film). Every "@id" is written out as the film's
title, with its year or without, as it is, in lower case, or with one seeded typo; then
every message is read as an utterance of its own. Found is every film that `Reader.read`
links, whatever is said of it. A link counts as right if the film meant is among its
candidates; how many have several is said. A wrong link to a film that the same conversation
mentions by "@id" elsewhere is a film named in plain words; these are counted apart.

Without DIR or its files it says so and measures nothing.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import re
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from recommender.understanding.lexicon import Lexicon
from recommender.understanding.reader import Reader
from recommender.understanding.words import UtteranceError, clean
from retrieval.catalog import Catalog, Item, load_catalog

CARD = 'noun = "film"\nnouns = "films"\nother_nouns = ["movie", "movies", "flick", "flicks"]\n'
SEED = 20
Rows = list[dict[str, object]]
Style = Callable[[Item, random.Random], str]


@dataclass(frozen=True)
class Message:
    """Text with "@id" for films, the ids, and all ids of its conversation."""

    text: str
    ids: tuple[str, ...]
    around: frozenset[str]


@dataclass
class Tally:
    """Counts of one way of writing the titles."""

    mentions: int = 0
    found: int = 0
    links: int = 0
    right: int = 0
    plain: int = 0  # wrong by the marks, but named in plain words
    several: int = 0  # right, among several candidates

    @property
    def precision(self) -> float:
        return self.right / max(1, self.links - self.plain)

    @property
    def recall(self) -> float:
        return self.found / max(1, self.mentions)


def typo(title: str, rng: random.Random) -> str:
    """The title with one letter of one word swapped, dropped, doubled or replaced."""
    places = [m.span() for m in re.finditer(r"[^\W\d_]{3,}", title)]
    if not places:
        return title
    first, last = rng.choice(places)
    at = rng.randrange(first, last - 1)
    how = rng.randrange(4)
    if how == 0:
        middle = title[at + 1] + title[at]
        return title[:at] + middle + title[at + 2 :]
    middle = ("", title[at] * 2, rng.choice("abcdefghijklmnopqrstuvwxyz"))[how - 1]
    return title[:at] + middle + title[at + 1 :]


WAYS: dict[str, tuple[Style, bool]] = {
    "with year": (lambda item, rng: item.name, False),
    "without year": (lambda item, rng: item.title, False),
    "with year, lower case": (lambda item, rng: item.name, True),
    "without year, lower case": (lambda item, rng: item.title, True),
    "with year, one typo": (lambda item, rng: _named(typo(item.title, rng), item), False),
    "without year, one typo": (lambda item, rng: typo(item.title, rng), False),
}


def _named(title: str, item: Item) -> str:
    return title + item.name[len(item.title) :]


def read_catalog(path: Path) -> Catalog:
    """The films as a catalog: "Name (Year)" becomes a title and a year."""
    rows = []
    for film in _lines(path):
        name = str(film["name"]).strip()
        dated = re.fullmatch(r"(.+?)\s*\((\d{4})\)", name)
        row = {"id": str(film["redial_id"]), "title": dated[1] if dated else name}
        if dated:
            row["year"] = int(dated[2])  # type: ignore[assignment]
        kept = ("genre", "plot", "director", "star")
        rows.append(row | {key: film[key] for key in kept if film.get(key)})  # type: ignore[arg-type]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "films.jsonl"
        file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        file.with_suffix(".toml").write_text(CARD, encoding="utf-8")
        return load_catalog(str(file))


def read_messages(path: Path, catalog: Catalog) -> list[Message]:
    """Messages that mention films, all of which the catalog holds."""
    result = []
    for dialogue in _lines(path):
        messages = dialogue["messages"]
        assert isinstance(messages, list)
        texts = [str(message["text"]) for message in messages]
        mentioned = [tuple(re.findall(r"@(\d+)", text)) for text in texts]
        around = frozenset(one for ids in mentioned for one in ids)
        for text, ids in zip(texts, mentioned, strict=True):
            if ids and all(one in catalog for one in ids):
                result.append(Message(text, ids, around))
    return result


def _lines(path: Path) -> Iterator[dict[str, object]]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def measure(
    reader: Reader,
    catalog: Catalog,
    messages: list[Message],
    way: str,
    show: int = 0,
) -> Tally:
    """Reads every message with its titles written in one way; prints up to `show` errors."""
    style, lower = WAYS[way]
    rng = random.Random(SEED)
    tally = Tally()
    for message in messages:
        text = re.sub(r"@(\d+)", lambda m: style(catalog[m[1]], rng), message.text)
        try:
            read = reader.read(clean(text.lower() if lower else text))
        except UtteranceError:
            continue  # too long for an utterance
        gold = set(message.ids)
        found = {one for item in read.items for one in item.ids}
        tally.mentions += len(message.ids)
        tally.found += sum(one in found for one in message.ids)
        missed = [catalog[one].name for one in message.ids if one not in found]
        wrong = []
        for item in read.items:
            tally.links += 1
            if gold & set(item.ids):
                tally.right += 1
                tally.several += len(item.ids) > 1
            elif message.around & set(item.ids):
                tally.plain += 1
            else:
                wrong.append(f"{item.words!r} → {catalog[item.ids[0]].name}")
        if (missed or wrong) and show > 0:
            show -= 1
            print(f"{text.lower() if lower else text}\n    missed {missed}\n    wrong {wrong}")
    return tally


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--data", type=Path, default=None, help="folder that holds dialogues/")
    parser.add_argument("--way", choices=WAYS, help="one way of writing the titles only")
    parser.add_argument("--show", type=int, default=0, metavar="N", help="print N errors a way")
    args = parser.parse_args()
    folder = args.data / "dialogues" if args.data else None
    if folder is None or not (folder / "redial_movies.jsonl.gz").is_file():
        print("skipped: --data DIR must hold dialogues/redial_movies.jsonl.gz")
        return
    catalog = read_catalog(folder / "redial_movies.jsonl.gz")
    messages = read_messages(folder / "redial_dev.jsonl.gz", catalog)
    reader = Reader(Lexicon(catalog))
    print(f"{len(catalog):,} films, {len(messages):,} messages")
    print("| titles | mentions | precision | recall | several candidates | named in plain words |")
    print("| --- | --- | --- | --- | --- | --- |")
    for way in [args.way] if args.way else WAYS:
        t = measure(reader, catalog, messages, way, args.show)
        print(
            f"| {way} | {t.mentions:,} | {t.precision:.3f} | {t.recall:.3f} | {t.several:,} | "
            f"{t.plain:,} |", flush=True,
        )  # fmt: skip


if __name__ == "__main__":
    main()
