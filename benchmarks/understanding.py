"""How long understanding a turn takes, on the bundled catalog and on one of 100,000 items.

    python -m benchmarks.understanding

Utterances are the requests of `requests.jsonl` and turns that follow them, with titles,
people, negations and misspellings; each is understood once as the first turn of a session
and once as the second. The large catalog is made with a seed: its items recombine the words
of the bundled titles, of first and last names, of themes and of synopses; categories,
numbers and the card stay. Times are of the processor, since
other work on the machine is no part of it; the first utterance is not counted.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import time
from collections.abc import Iterable
from pathlib import Path

from benchmarks.linking import typo
from recommender.dialogue import Session
from recommender.understanding.understander import Understander
from retrieval.catalog import Catalog, Item, Kind, fold, load_catalog

SEED = 20
LARGE = 100_000
REQUESTS = Path(__file__).with_name("requests.jsonl")
TURNS = (
    "something newer", "not in English", "no horror, gore or zombies", "like the second but shorter",
    "I've seen the first two", "with Tom Hanks or Meg Ryan", "I loved {0} and {1}. Something gentle?",
    "hated {0}", "have you got anything like {0}, but funnier?", "directed by {2}, nothing after 1990",
    "what about {0} or {1} or maybe {0} 2?", "by {3}", "I'd give {0} 4 out of 5, and {1} was ok",
    "forget the year", "under two hours, from the 80s or 90s", "who directed {0}?",
    "I usually love westerns, but tonight something silly for the kids, in French with subtitles",
    "more like the first one", "somthing with robbots and a hapy ending plese", "thanks!",
)  # fmt: skip


def enlarged(catalog: Catalog, size: int) -> Catalog:
    """A catalog of `size` items whose texts recombine those of another one."""
    rng = random.Random(SEED)
    titles = [word for item in catalog.items for word in item.title.split()]
    lengths = [len(item.title.split()) for item in catalog.items]
    texts = [t.split() for item in catalog.items for t in item.texts.values()]
    pools = {
        f.name: [v for item in catalog.items for v in item.facets.get(f.name, ())]
        for f in catalog.of_kind(Kind.PERSON, Kind.KEYWORD)
    }
    people = {f.name for f in catalog.of_kind(Kind.PERSON)}
    items = []
    for n in range(size):
        like = rng.choice(catalog.items)
        facets = dict(like.facets)
        for name, pool in pools.items():
            values = [rng.choice(pool) for _ in facets.get(name, ())]
            if name in people or rng.random() < 0.3:
                values = [f"{v.split()[0]} {rng.choice(pool).split()[-1]}" for v in values]
            facets[name] = tuple(dict.fromkeys(values))
        title = " ".join(rng.choice(titles) for _ in range(rng.choice(lengths)))
        one, other = rng.choice(texts), rng.choice(texts)
        prose = " ".join([*one[: len(one) // 2], *other[len(other) // 2 :]])
        items.append(Item(f"i{n}", title, facets, like.numbers, dict.fromkeys(like.texts, prose)))
    return Catalog(
        f"{catalog.name}, {size:,}", items, catalog.fields.values(),
        nouns=(catalog.noun, catalog.nouns), other_nouns=catalog.other_nouns,
    )  # fmt: skip


def utterances(catalog: Catalog) -> list[str]:
    rng = random.Random(SEED)
    lines = REQUESTS.read_text(encoding="utf-8").splitlines()
    said = [json.loads(line)["request"] for line in lines]
    people = [v for f in catalog.of_kind(Kind.PERSON) for i in catalog.items
              for v in i.facets.get(f.name, ())]  # fmt: skip
    for n in range(12):
        for turn in TURNS:
            one, other = (rng.choice(catalog.items).title for _ in range(2))
            person = rng.choice(people)
            if n % 3 == 1:
                one, other, person = typo(one, rng), typo(other, rng), typo(person, rng)
            text = turn.format(one, other, person, person.split()[-1])
            said.append(fold(text) if n % 3 == 2 else text)
    return said


def measure(catalog: Catalog, said: Iterable[str]) -> tuple[float, list[tuple[float, str]]]:
    """Seconds to build an understander, and milliseconds of each turn with its words."""
    begun = time.process_time()
    understander = Understander(catalog)
    built = time.process_time() - begun
    shown = tuple(item.id for item in catalog.items[:5])
    turns = []
    session = Session("bench")
    for text in said:
        for place in (Session("bench"), session):
            begun = time.process_time()
            read = understander.understand(place, text)
            turns.append(((time.process_time() - begun) * 1000, text))
        state = read.state.__class__(**{**read.state.__dict__, "last_shown": shown})
        session = Session("bench", 1, state)
    return built, turns[2:]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--items", type=int, default=LARGE, help="size of the large catalog")
    parser.add_argument("--slowest", type=int, default=0, metavar="N", help="print the N slowest")
    args = parser.parse_args()
    movies = load_catalog("movies")
    print("| catalog | items | turns | build s | median ms | p95 ms | max ms |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for catalog in (movies, enlarged(movies, args.items)):
        built, turns = measure(catalog, utterances(catalog))
        times = sorted(t for t, _ in turns)
        print(
            f"| {catalog.name} | {len(catalog):,} | {len(times):,} | {built:.1f} | "
            f"{statistics.median(times):.1f} | {times[int(len(times) * 0.95)]:.1f} | "
            f"{times[-1]:.1f} |", flush=True,
        )  # fmt: skip
        for took, text in sorted(turns, reverse=True)[: args.slowest]:
            print(f"    {took:7.1f} ms  {text}")


if __name__ == "__main__":
    main()
