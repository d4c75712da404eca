"""Annotators whose answers look like chance, pointed out with the test that says so.

Nobody is left out of any figure for it: an owner decides, and can see why. Four tests, each
with its probability where the annotator were like the others:

- agreement: against chance, by permuting the annotator's own choices of side among the cases
  that others judged too (sides are drawn, so under chance each order is as likely); and
  against the others' agreement among themselves, by Fisher's exact test. Only who is not told
  from chance and agrees less than the others do is pointed out.
- gold: fewer right than is likely of somebody who gets three in four right (binomial test).
- time: faster than the others (Mann–Whitney) with less than half of their median.
- side: one side chosen more often than a coin allows (binomial test).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
from scipy import stats

from recommender.annotation.votes import Vote, as_result

LEVEL = 0.05  # shared among the annotators of a campaign (Bonferroni)
SURE = 0.01  # for what is only a hint: time and side
PERMUTATIONS = 2_000
GOLD_EXPECTED = 0.75


@dataclass(frozen=True)
class Doubt:
    """Why an annotator is pointed out. `test` is "agreement", "gold", "time" or "side"."""

    annotator: str
    test: str
    p: float
    line: str

    @property
    def at_random(self) -> bool:
        """Whether it says that the answers may be chance, and not only that they are odd."""
        return self.test in ("agreement", "gold")


@dataclass(frozen=True)
class Shared:
    """How often an annotator votes as others do, where both voted."""

    agreeing: float
    comparisons: int
    by_chance: float  # probability of as much agreement if the votes were shuffled


def doubts(votes: Sequence[Vote], seed: int = 0) -> list[Doubt]:
    """All that is pointed out, by annotator."""
    names = sorted({vote.annotator for vote in votes})
    found: list[Doubt] = []
    for name in names:
        for one in (_agreement(name, votes, len(names), seed), _gold(name, votes),
                    _time(name, votes), _side(name, votes)):  # fmt: skip
            found += [one] if one else []
    return found


def shared(name: str, votes: Sequence[Vote], seed: int = 0) -> Shared:
    """The agreement of one annotator with the others, and what chance would make of it."""
    others: dict[int, list[str]] = {}
    for vote in votes:
        if vote.annotator != name:
            others.setdefault(vote.comparison, []).append(vote.result)
    mine = [vote for vote in votes if vote.annotator == name and vote.comparison in others]
    if not mine:
        return Shared(0.0, 0, 1.0)
    sides = np.array([vote.side for vote in mine])

    def agreeing(chosen: Sequence[str]) -> float:
        results = [as_result(side, v.turned) for side, v in zip(chosen, mine, strict=True)]
        return sum(
            others[v.comparison].count(result) / len(others[v.comparison])
            for result, v in zip(results, mine, strict=True)
        )

    observed = agreeing(sides.tolist())
    rng = np.random.default_rng(seed)
    shuffled = [agreeing(rng.permutation(sides).tolist()) for _ in range(PERMUTATIONS)]
    reached = sum(value >= observed - 1e-9 for value in shuffled)
    return Shared(observed, len(mine), (1 + reached) / (1 + PERMUTATIONS))


def _agreement(name: str, votes: Sequence[Vote], annotators: int, seed: int) -> Doubt | None:
    mine = shared(name, votes, seed)
    pairs = list(_pairs([vote for vote in votes if vote.annotator != name]))
    if not mine.comparisons or not pairs:
        return None
    table = [
        [round(mine.agreeing), mine.comparisons - round(mine.agreeing)],
        [sum(pairs), len(pairs) - sum(pairs)],
    ]
    p = float(stats.fisher_exact(table, alternative="less").pvalue)
    if mine.by_chance <= LEVEL or p >= LEVEL / annotators:
        return None
    return Doubt(
        name, "agreement", p,
        f"agrees with others on {mine.agreeing:.0f} of {mine.comparisons} comparisons, which "
        f"shuffled answers reach with probability {mine.by_chance:.2f}; the others agree on "
        f"{sum(pairs)} of {len(pairs)}",
    )  # fmt: skip


def _pairs(votes: Sequence[Vote]) -> Iterator[bool]:
    """Whether two annotators agree, once for each comparison that two of them judged."""
    by_comparison: dict[int, list[str]] = {}
    for vote in votes:
        by_comparison.setdefault(vote.comparison, []).append(vote.result)
    yield from (given[0] == given[1] for given in by_comparison.values() if len(given) > 1)


def _gold(name: str, votes: Sequence[Vote]) -> Doubt | None:
    asked = [vote for vote in votes if vote.annotator == name and vote.gold]
    right = sum(vote.preferred == vote.gold for vote in asked)
    if not asked:
        return None
    p = float(stats.binomtest(right, len(asked), GOLD_EXPECTED, alternative="less").pvalue)
    line = f"{right} of {len(asked)} cases with a known answer are right"
    return Doubt(name, "gold", p, line) if p < LEVEL else None


def _time(name: str, votes: Sequence[Vote]) -> Doubt | None:
    mine = [vote.seconds for vote in votes if vote.annotator == name]
    others = [vote.seconds for vote in votes if vote.annotator != name]
    if len(mine) < 5 or len(others) < 5 or median(mine) >= median(others) / 2:
        return None
    p = float(stats.mannwhitneyu(mine, others, alternative="less").pvalue)
    line = f"takes {median(mine):.1f} s a case, the others {median(others):.1f} s"
    return Doubt(name, "time", p, line) if p < SURE else None


def _side(name: str, votes: Sequence[Vote]) -> Doubt | None:
    sides = [vote.side for vote in votes if vote.annotator == name and vote.side in ("a", "b")]
    left = sides.count("a")
    if not sides:
        return None
    p = float(stats.binomtest(left, len(sides), 0.5).pvalue)
    line = f"chose the left side {left} times of {len(sides)}"
    return Doubt(name, "side", p, line) if p < SURE else None
