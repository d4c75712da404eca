"""The line that all who need the language model wait in.

Promises that a few are served at once and so many wait; that those who wait take turns by
address, and of one address by visitor, so that many tabs or requests gain nothing; and that
who leaves frees the place at once. It is used from the loop of the server alone; only `full`
is asked from other threads. An address is held while it waits, and nowhere else.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

Key = tuple[str, ...]  # (address,) or (address, visitor)
_WEIGHT = 0.2  # of the last turn in the mean of what a turn takes


class LineFullError(RuntimeError):
    """Nobody else may wait at the moment; the message is for the visitor."""


@dataclass(eq=False)
class Place:
    """One who waits or is served. `position` is 1 for who is next, 0 for who is served."""

    address: str
    visitor: str
    arrived: int
    position: int = -1
    left: bool = False
    since: float = 0.0  # when the turn came, by `time.monotonic`
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def keys(self) -> tuple[Key, Key]:
        return (self.address,), (self.address, self.visitor)

    async def positions(self) -> AsyncIterator[int]:
        """Each position in the line until the turn comes, or until who waits has left."""
        while self.position and not self.left:
            yield self.position
            self.changed.clear()
            if self.position and not self.left:
                await self.changed.wait()

    def leave(self) -> None:
        """Wait no longer; who holds the place then gives it back."""
        self.left = True
        self.changed.set()


class Line:
    """`at_once` are served at a time and `longest` may wait beside them."""

    def __init__(self, at_once: int, longest: int) -> None:
        self.at_once, self.longest = at_once, longest
        # Replies are made in few threads, always the same: each thread that calls the model
        # has helpers and memory of its own.
        self.threads = ThreadPoolExecutor(at_once, thread_name_prefix="reply")
        self._served: list[Place] = []
        self._waiting: list[Place] = []  # in the order in which they came
        self._last: dict[Key, int] = {}  # when an address, a visitor was served last
        self._clock = 0
        self._turn_s = 0.0  # what a turn takes, about

    @property
    def full(self) -> bool:
        return len(self._waiting) >= self.longest and len(self._served) >= self.at_once

    def refusal(self) -> LineFullError:
        about = self.about_s(self.longest + 1)
        when = f" in about {about} s" if about else ""
        return LineFullError(f"Many are asking at the moment. Please try again{when}.")

    def about_s(self, position: int) -> int:
        """For how long who stands there waits, as far as can be told; 0 where nothing can."""
        return round(self._turn_s * position / self.at_once)

    def join(self, address: str, visitor: str) -> Place:
        """Raises `LineFullError`."""
        if self.full:
            raise self.refusal()
        self._clock += 1
        place = Place(address, visitor, self._clock)
        self._waiting.append(place)
        self._move_up()
        return place

    def give_back(self, place: Place) -> None:
        """The turn is over, or is not waited for any longer."""
        self._clock += 1
        if place in self._waiting:
            self._waiting.remove(place)
        elif place in self._served:
            self._served.remove(place)
            took = time.monotonic() - place.since
            self._turn_s += (took - self._turn_s) * (_WEIGHT if self._turn_s else 1.0)
            self._last |= dict.fromkeys(place.keys, self._clock)
        self._move_up()

    def _move_up(self) -> None:
        order = self._order()
        free = max(0, self.at_once - len(self._served))
        for place in order[:free]:
            self._waiting.remove(place)
            self._served.append(place)
            place.since = time.monotonic()
        moved = [(place, 0) for place in order[:free]]
        moved += [(place, n) for n, place in enumerate(order[free:], start=1)]
        for place, position in moved:
            if place.position != position:
                place.position = position
                place.changed.set()
        # Who comes again has come after being served; the past of the others decides nothing.
        waiting = {key for place in self._waiting for key in place.keys}
        self._last = {key: when for key, when in self._last.items() if key in waiting}

    def _order(self) -> list[Place]:
        """Those who wait in the order in which they will be served.

        The turn is that of the address that waits longest since it came or was served, and
        within it of the visitor who does; so addresses alternate however much each asks for.
        """
        last, now = dict(self._last), self._clock + 1
        last |= {key: now for place in self._served for key in place.keys}
        left, order = list(self._waiting), []
        while left:
            came = _first_come(left)
            chosen = min(left, key=lambda p: [max(came[k], last.get(k, 0)) for k in p.keys])
            left.remove(chosen)
            order.append(chosen)
            now += 1
            last |= dict.fromkeys(chosen.keys, now)
        return order


def _first_come(places: Iterable[Place]) -> dict[Key, int]:
    """When the first of each address and of each visitor came."""
    found: dict[Key, int] = {}
    for place in places:
        for key in place.keys:
            found.setdefault(key, place.arrived)
    return found
