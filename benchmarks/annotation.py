"""Whether a campaign's figures hold the truth, over many campaigns with known annotators.

    python -m benchmarks.annotation --campaigns 100

Four annotators judge 60 comparisons of three systems with overlap 2, and six known answers;
one of them answers at random, two slip now and then. Prints how often a 95 % interval holds
the true strength (where no answer is random), how often an annotator's share of known answers
is within its interval, and how often who is pointed out is the random one.
"""

from __future__ import annotations

import argparse
import random
from collections import Counter

import numpy as np
from tqdm import tqdm

from benchmarks.simulated_annotators import Clock, Simulated, campaign_in, judge_all
from recommender.annotation.agreement import NOMINAL, Rating, alpha
from recommender.annotation.doubts import doubts
from recommender.annotation.figures import accuracy
from recommender.annotation.records import AnnotationStore
from recommender.annotation.slots import Judging
from recommender.annotation.strength import strengths
from recommender.annotation.votes import Vote, votes_of

TRUTH = {"first": 0.7, "second": 0.0, "third": -0.7}
SLIPS = (0.0, 0.1, 0.2, 1.0)
RESAMPLES = 200


def campaign(seed: int, slips: tuple[float, ...], cases: int) -> tuple[list[str], list[Vote]]:
    """Judge one campaign; gives the annotators in the order of `slips`, and their votes."""
    store, clock = AnnotationStore(":memory:"), Clock()
    judging = Judging(store, clock, random.Random(seed))
    identity = campaign_in(store, cases, systems=tuple(TRUTH), gold=6)
    people = [store.invite(identity)[0] for _ in slips]
    # Answers of cases differ from campaign to campaign by their `world`.
    simulated = [
        Simulated(TRUTH, slips=slip, seed=seed * 100 + n, world=seed)
        for n, slip in enumerate(slips)
    ]
    turn = list(zip(people, simulated, strict=True))
    while sum(judge_all(judging, person, who, clock=clock, most=1) for person, who in turn):
        pass  # one case each at a time, until nobody has any left
    votes = votes_of(store, identity)
    store.close()
    return [person.id for person in people], votes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--campaigns", type=int, default=100)
    count = parser.parse_args().campaigns
    held: Counter[str] = Counter()
    for seed in tqdm(range(count), unit="campaign"):
        people, votes = campaign(seed, SLIPS, 20)
        pointed_out = {doubt.annotator for doubt in doubts(votes, seed) if doubt.at_random}
        held["random one pointed out"] += people[-1] in pointed_out
        held["others pointed out"] += len(pointed_out - {people[-1]})
        for person, slip in zip(people, SLIPS, strict=True):
            known = [vote for vote in votes if vote.annotator == person and vote.gold]
            share = accuracy(sum(v.preferred == v.gold for v in known), len(known))
            held["known answers"] += bool(share["low"] <= 1 - 0.75 * slip <= share["high"])  # type: ignore[operator]
        _, votes = campaign(seed + 10_000, (0.0, 0.0, 0.0), 20)
        games = [vote.game() for vote in votes if not vote.gold]
        for one in strengths(games, seed, RESAMPLES).systems:
            held["strength"] += one.low is not None and one.low <= TRUTH[one.system] <= one.high  # type: ignore[operator]
        held["alpha"] += _alpha_held(seed)
    for what, of in (("strength", 3 * count), ("alpha", count), ("known answers", 4 * count)):
        print(f"{what} within its 95 % interval: {held[what]} of {of}")
    print(f"the random annotator pointed out: {held['random one pointed out']} of {count}")
    print(f"another one pointed out: {held['others pointed out']} of {3 * count}")


def _alpha_held(seed: int, slips: float = 0.3, units: int = 60) -> bool:
    """Two annotators of an answer among four at random: alpha is (1 − slips)²."""
    rng = np.random.default_rng(seed)
    ratings = [
        Rating(unit, who, float(answer if rng.random() > slips else rng.integers(4)))
        for unit, answer in enumerate(rng.integers(4, size=units))
        for who in "ab"
    ]
    found = alpha(ratings, NOMINAL, seed, RESAMPLES)
    return found.low is not None and found.low <= (1 - slips) ** 2 <= found.high  # type: ignore[operator]


if __name__ == "__main__":
    main()
