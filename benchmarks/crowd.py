"""What do visitors see when many come at once?

    python -m benchmarks.crowd [--minutes 0.5] [--visitors 1,4,16,64] [--think 4]

Starts the page in a process of its own and lets so many visitors talk to it at once, each a
tab that says a labelled request, reads, thinks and says the next; after a few it begins a new
conversation in a new tab. Prints, for each number of visitors: turns a minute, the median and
the 95th percentile from send to picks and from send to the last word, also as a multiple of
those of the first number; refusals of a full line, counted apart; errors; replies that belong
to somebody else; and the server's memory at the start, in the middle and at the end, with and
without the files that it maps, and at its highest. Every conversation is read back and held
against what its visitor said. Before that come visitors who are not counted: more tabs than the
server holds the state of, and some who ask for lists of all lengths, since what it prepares for
these it keeps.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from tqdm import tqdm

from benchmarks.labelled import load_requests, write_record
from benchmarks.served import LOADED, Server, serving
from benchmarks.visitor import Events, PageError, Seen, Visitor
from recommender.settings import Settings

TURNS = 4  # of a conversation
EARLY = 8  # visitors before anything is measured
TABS = 100  # opened before that, more than the server holds the state of
PATIENCE_S = 600.0  # for one reply


@dataclass
class Crowd:
    """What one number of visitors saw, and the server's memory meanwhile (MB): all that is
    resident, what of it is not of files, and the most there was since the server began."""

    visitors: int
    seconds: float = 0.0
    seen: list[Seen] = field(default_factory=list)
    mixed_up: list[str] = field(default_factory=list)
    rss: list[float] = field(default_factory=list)
    own: list[float] = field(default_factory=list)
    peak: float = 0.0

    def weigh(self, server: Server) -> None:
        self.rss.append(round(server.rss_mb(), 1))
        self.own.append(round(server.own_mb(), 1))
        self.peak = round(server.peak_mb(), 1)

    @property
    def answered(self) -> list[Seen]:
        return [s for s in self.seen if not s.refused and not s.fault]

    def figures(self) -> dict[str, Any]:
        faults = [s.fault for s in self.seen if s.fault and not s.fault.startswith("mixed up")]
        mixed = [*self.mixed_up, *(s.fault for s in self.seen if s.fault.startswith("mixed up"))]
        refused = [s for s in self.seen if s.refused]
        return {
            "visitors": self.visitors, "seconds": round(self.seconds, 1),
            "turns": len(self.answered),
            "turns_per_minute": round(60 * len(self.answered) / self.seconds, 1),
            "picks_s": _spread([s.picks_s for s in self.answered]),
            "last_word_s": _spread([s.last_word_s for s in self.answered]),
            "refused": len(refused), "refused_s": _spread([s.last_word_s for s in refused]),
            "degraded": sum(s.degraded for s in self.answered),
            "errors": len(faults), "first_errors": faults[:3],
            "mixed_up": len(mixed), "first_mixed_up": mixed[:3],
            "rss_mb": _course(self.rss), "own_mb": _course(self.own), "peak_mb": self.peak,
        }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--minutes", type=float, default=0.5, help="for each number (0.5)")
    parser.add_argument("--visitors", default="1,4,16,64", help="numbers (1,4,16,64)")
    parser.add_argument("--think", type=float, default=4.0, help="mean seconds between turns (4)")
    parser.add_argument("--warm-up", type=float, default=1.0, metavar="MINUTES",
                        help="of visitors who are not counted (1)")  # fmt: skip
    parser.add_argument("--server", default="", help="more options of `serve`, in one string")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    counts = [int(one) for one in options.visitors.split(",")]
    found: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        store = ["--store", str(Path(folder) / "store.db")]
        with serving(
            [*store, "--data", str(Settings.read({}).data), *options.server.split()]
        ) as server:
            server.wait_for(LOADED)
            asyncio.run(_fill_tabs(server))
            asyncio.run(_come(server, EARLY, options, options.warm_up))
            for count in counts:
                crowd = asyncio.run(_come(server, count, options, options.minutes))
                found.append(crowd.figures())
                _tell(found[-1], found[0])
            model = next(line for _, line in server.said if line.startswith(LOADED))
    record = {"minutes": options.minutes, "warm_up_minutes": options.warm_up,
              "think_s": options.think, "server": options.server, "model": model,
              "crowds": found}  # fmt: skip
    print("written to", write_record("crowd", record))


async def _fill_tabs(server: Server) -> None:
    """A greeting, which asks no model, in more tabs than the server remembers."""
    async with _client(server) as http:
        events = await Events.read(http)
        for _ in range(TABS):
            await Visitor(http, events).say("hello")


async def _come(server: Server, count: int, options: argparse.Namespace, minutes: float) -> Crowd:
    """Let `count` visitors talk for so long."""
    crowd = Crowd(count)
    crowd.weigh(server)
    begun = time.perf_counter()
    until = begun + 60 * minutes
    async with _client(server) as http:
        events = await Events.read(http)
        memory = asyncio.create_task(_remember(server, crowd, until))
        talks = [_talk(http, events, crowd, until, options, number) for number in range(count)]
        await asyncio.gather(memory, *talks)
    crowd.seconds = time.perf_counter() - begun
    crowd.weigh(server)
    return crowd


async def _talk(
    http: httpx.AsyncClient, events: Events, crowd: Crowd, until: float,
    options: argparse.Namespace, number: int,
) -> None:  # fmt: skip
    chance = random.Random(f"{options.seed}-{crowd.visitors}-{number}")
    requests = [row.request for row in load_requests()]
    # They don't all come in the same second.
    await asyncio.sleep(chance.uniform(0, min(options.think, (until - time.perf_counter()) / 2)))
    while time.perf_counter() < until:
        visitor = Visitor(http, events)
        for utterance in chance.sample(requests, TURNS):
            if time.perf_counter() >= until:
                break
            crowd.seen.append(await visitor.say(utterance))
            await asyncio.sleep(options.think * chance.uniform(0.5, 1.5))
        try:
            kept = await visitor.kept() if visitor.said else []
        except (httpx.HTTPError, PageError) as error:
            crowd.seen.append(Seen("", fault=f"export: {error}"[:200]))
            continue
        if kept != visitor.said:
            crowd.mixed_up.append(f"mixed up: said {visitor.said}, kept {kept}")


async def _remember(server: Server, crowd: Crowd, until: float) -> None:
    bar = tqdm(total=round(60 * (until - time.perf_counter()) / 60), unit="s",
               desc=f"{crowd.visitors} visitors", leave=False)  # fmt: skip
    while (left := until - time.perf_counter()) > 0:
        await asyncio.sleep(min(1.0, left))
        crowd.weigh(server)
        bar.update(1)
    bar.close()


def _client(server: Server) -> httpx.AsyncClient:
    limits = httpx.Limits(max_connections=None)
    return httpx.AsyncClient(base_url=server.url, timeout=PATIENCE_S, limits=limits)


def _course(values: list[float]) -> dict[str, float]:
    """The medians of the first, the middle and the last fifth: in five minutes a minute each, in
    which files that a server lets go of come back."""
    size = max(1, len(values) // 5)
    middle = (len(values) - size) // 2
    parts = {"start": values[:size], "middle": values[middle:][:size], "end": values[-size:]}
    return {name: round(float(np.median(part)), 1) for name, part in parts.items()}


def _spread(seconds: list[float | None]) -> dict[str, float]:
    known = [s for s in seconds if s is not None]
    if not known:
        return {}
    return {
        name: round(float(np.quantile(known, q)), 2) for name, q in (("p50", 0.5), ("p95", 0.95))
    }


def _tell(found: dict[str, Any], first: dict[str, Any]) -> None:
    def told(name: str) -> str:
        spread, least = found[name], first[name]
        if not spread or not least:
            return "none"
        ratio = spread["p50"] / max(least["p50"], 1e-9)
        return f"{spread['p50']:.2f} / {spread['p95']:.2f} s ({ratio:.1f}×)"

    rss, own = (
        " ".join(f"{mb:.0f}" for mb in found[name].values()) for name in ("rss_mb", "own_mb")
    )
    refused = f" within {found['refused_s']['p95']:.2f} s" if found["refused"] else ""
    print(
        f"{found['visitors']:3} visitors: {found['turns']} turns, {found['turns_per_minute']} a "
        f"minute; picks {told('picks_s')}, last word {told('last_word_s')}; "
        f"{found['refused']} refused{refused}, {found['degraded']} degraded, "
        f"{found['errors']} errors, {found['mixed_up']} mixed up; "
        f"memory {rss} MB, without files {own} MB, at most {found['peak_mb']:.0f} MB"
    )
    for fault in (*found["first_errors"], *found["first_mixed_up"]):
        print("   ", fault)


if __name__ == "__main__":
    main()
