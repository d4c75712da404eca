"""Which system is better, and by how much: Bradley–Terry with ties, and the win matrix.

Strengths are fitted by Newman's algorithm ("Efficient Computation of Rankings from Pairwise
Comparisons", JMLR 24, 2023; the library's), in which a tie of two systems has a weight in
proportion to the geometric mean of their strengths, as Davidson has it (JASA 65, 1970). "Both
bad" prefers neither and counts as a tie. Each pair of systems gets one game more, a third of
it won by either and a third tied, without which a system that always wins would have no finite
strength and the algorithm no start where nothing is tied; it draws strengths together by little. Intervals are percentiles over resampled comparisons, each whole
with all its votes.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import combinations

import evalica
import numpy as np
from numpy.typing import NDArray

RESAMPLES = 1_000
WON, TIED, LOST = 1.0, 0.5, 0.0
_WINNERS = {WON: evalica.Winner.X, TIED: evalica.Winner.Draw, LOST: evalica.Winner.Y}


@dataclass(frozen=True)
class Game:
    """One vote between two systems. `result` is WON, TIED or LOST, as `one` sees it."""

    unit: Hashable  # the comparison; its games are resampled together
    one: str
    other: str
    result: float


@dataclass(frozen=True)
class Strength:
    """A system's strength as a natural logarithm, of which the mean over systems is 0.

    The odds of `a` being preferred to `b` where one is preferred are exp(a − b). `beats` is
    the share of resamples in which the system comes first.
    """

    system: str
    value: float
    low: float
    high: float
    games: int
    first: float


@dataclass(frozen=True)
class Strengths:
    """All systems, the strongest first, and how much ties weigh (Davidson's parameter)."""

    systems: tuple[Strength, ...]
    ties: float


def strengths(games: Sequence[Game], seed: int = 0, resamples: int = RESAMPLES) -> Strengths:
    """Strengths of the systems that were compared; nothing where no game was played."""
    names = sorted({name for game in games for name in (game.one, game.other)})
    if not names:
        return Strengths((), 0.0)
    units: dict[Hashable, list[Game]] = {}
    for game in games:
        units.setdefault(game.unit, []).append(game)
    groups = list(units.values())
    value, ties = _fit(games, np.ones(len(games)), names)
    owner = np.array([n for n, group in enumerate(groups) for _ in group])
    ordered = [game for group in groups for game in group]
    rng = np.random.default_rng(seed)
    drawn = np.empty((resamples, len(names)))
    for n in range(resamples):
        times = np.bincount(rng.integers(len(groups), size=len(groups)), minlength=len(groups))
        drawn[n], _ = _fit(ordered, times[owner].astype(float), names)
    low, high = np.percentile(drawn, [2.5, 97.5], axis=0)
    first = np.bincount(drawn.argmax(axis=1), minlength=len(names)) / resamples
    played = [sum(name in (g.one, g.other) for g in games) for name in names]
    found = [
        Strength(name, float(value[n]), float(low[n]), float(high[n]), played[n], float(first[n]))
        for n, name in enumerate(names)
    ]
    return Strengths(tuple(sorted(found, key=lambda s: -s.value)), ties)


def _fit(
    games: Sequence[Game], weights: NDArray[np.float64], names: Sequence[str]
) -> tuple[NDArray[np.float64], float]:
    """Centred logarithms of the strengths, in the order of `names`, and the weight of ties."""
    even = [
        Game(None, one, other, result)
        for one, other in combinations(names, 2)
        for result in (WON, TIED, LOST)
    ]
    all_games = [*games, *even]
    result = evalica.newman(
        [game.one for game in all_games],
        [game.other for game in all_games],
        [_WINNERS[game.result] for game in all_games],
        weights=[*weights, *[1 / 3] * len(even)],
        tolerance=1e-6,
        limit=1_000,
    )
    logs = np.log(result.scores.reindex(names).to_numpy(dtype=float))
    return logs - logs.mean(), float(result.v)


def win_matrix(games: Sequence[Game]) -> dict[str, dict[str, dict[str, int]]]:
    """For each system and each it was compared with: games won, tied and lost."""
    words = {WON: "won", TIED: "tied", LOST: "lost"}
    table: dict[str, dict[str, dict[str, int]]] = {}
    for game in games:
        for one, other, result in (
            (game.one, game.other, game.result),
            (game.other, game.one, 1 - game.result),
        ):
            cell = table.setdefault(one, {}).setdefault(other, {"won": 0, "tied": 0, "lost": 0})
            cell[words[result]] += 1
    return {one: dict(sorted(row.items())) for one, row in sorted(table.items())}
