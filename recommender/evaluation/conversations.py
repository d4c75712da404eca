"""Conversations of a recommender with simulated users: who they are, and what came of it.

Promises the same conversations for the same seed and data. Users are people who rated films,
where MovieLens is at hand: what they liked, up to an item that is kept apart and is what
they look for. Without it a history is put together from items that resemble the target,
and `Users.stands_for` says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from recommender.dialogue import Done, Reply
from recommender.engine import Recommender
from recommender.evaluation.metrics import Figure, figures
from recommender.evaluation.reasons import Judge
from recommender.evaluation.simulated_user import SimulatedUser
from recommender.tuning.read_films import read_movielens
from retrieval.catalog import Catalog, Item, fold
from retrieval.fields import Kind

TURNS = (3, 5, 10)
_FEWEST = 3  # items liked before the target
_LOOKED_AT = 200  # random items, the nearest of which make up a history
_MADE_UP = 5  # items of a history that was put together


@dataclass(frozen=True)
class Meeting:
    """A user with a history, oldest first, and the item that is looked for."""

    user: str
    target: Item
    history: tuple[Item, ...]


@dataclass(frozen=True)
class Users:
    """Who talks; `counts` says how many people liked an item before, where that is known."""

    meetings: tuple[Meeting, ...]
    counts: Mapping[str, int] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    stands_for: str = ""


@dataclass(frozen=True)
class Conversation:
    """What was said; `pleased_after` turns the item was there, or None. `reasons` holds, for
    each reply that had some, how they were judged."""

    user: str
    target: str
    utterances: tuple[str, ...]
    pleased_after: int | None
    reasons: tuple[tuple[float, ...], ...] = ()
    ms_per_turn: float = 0.0


def users_of(catalog: Catalog, data: Path | None, sample: int, seed: int) -> Users:
    """The users of a data folder who liked items of the catalog, or made-up ones; a random
    sample of them, 0 for all."""
    found = _raters(catalog, data) if data else None
    users = found or _made_up(catalog, seed)
    order = np.random.default_rng([seed, 11]).permutation(len(users.meetings))
    chosen = tuple(users.meetings[n] for n in order[: sample or len(order)])
    return Users(chosen, users.counts, users.files, users.stands_for)


def _raters(catalog: Catalog, data: Path) -> Users | None:
    behaviour = read_movielens(data)
    if behaviour is None:
        return None
    known = {(fold(i.title), i.year): i for i in catalog.items}
    twins = {i.id: known.get((fold(i.title), i.year)) for i in behaviour.catalog.items}
    meetings, counts = [], Counter[str]()
    for history in behaviour.histories:
        liked = tuple(t for t in map(twins.get, history.items) if t is not None)
        counts.update(item.id for item in liked)
        target = twins.get(history.validation)
        if target is not None and target not in liked and len(liked) >= _FEWEST:
            meetings.append(Meeting(history.user, target, liked))
    if not meetings:
        return None
    return Users(tuple(meetings), counts, behaviour.files)


def _made_up(catalog: Catalog, seed: int) -> Users:
    facets = catalog.of_kind(Kind.CATEGORY, Kind.KEYWORD, Kind.PERSON)
    held = [{(f.name, v) for f in facets for v in item.values(f.name)} for item in catalog.items]
    meetings = []
    for place, target in enumerate(catalog.items):
        rng = np.random.default_rng([seed, 12, place])
        some = rng.permutation(len(catalog))[:_LOOKED_AT].tolist()
        near = sorted((n for n in some if n != place), key=lambda n: -len(held[n] & held[place]))
        history = tuple(catalog.items[n] for n in near[:_MADE_UP])
        meetings.append(Meeting(f"someone who means {target.id}", target, history))
    return Users(
        tuple(meetings), stands_for="items that resemble the target stand for what a user "
        "liked before; with --data, MovieLens' users are taken",
    )  # fmt: skip


def converse(
    recommender: Recommender, meeting: Meeting, seed: int, judge: Judge | None = None
) -> Conversation:
    """Talk until the item is shown or the turns are over, in a session that is then forgotten.

    The recommender hears what the user says and nothing else. With a `judge` reasons are
    judged as well.
    """
    user = SimulatedUser(recommender.catalog, meeting.target, meeting.history, seed)
    session = recommender.open_session()
    said: list[str] = []
    replies: list[Reply] = []
    pleased = None
    for turn in range(max(TURNS)):
        said.append(user.says(replies[-1] if replies else None))
        replies.append(_answered(recommender, session.id, said[-1]))
        if user.is_pleased(replies[-1]):
            pleased = turn + 1
            break
    reasons = _judged(recommender, session.id, replies, judge) if judge else ()
    recommender.forget(session.id)
    spent = float(np.mean([reply.timings_ms["total"] for reply in replies]))
    return Conversation(
        meeting.user, meeting.target.id, tuple(said), pleased, reasons, round(spent, 1)
    )


def _answered(recommender: Recommender, session: str, utterance: str) -> Reply:
    events = recommender.reply(session, utterance)
    return next(event.reply for event in events if isinstance(event, Done))


def _judged(
    recommender: Recommender, session: str, replies: Sequence[Reply], judge: Judge
) -> tuple[tuple[float, ...], ...]:
    turns = recommender.export(session)["turns"]
    found = []
    for number, (reply, turn) in enumerate(zip(replies, turns, strict=True)):
        candidates = [recommender.catalog[row["item"]] for row in turn["candidates"]]
        said = [earlier.utterance for earlier in replies[:number]]
        judged = judge.judged(reply, candidates, said)
        if judged is not None:
            found.append(judged)
    return tuple(found)


def success(conversations: Sequence[Conversation]) -> dict[str, Figure]:
    """The share of conversations that came to the item within so many turns."""
    return figures({
        f"success@{most}": np.array(
            [float(c.pleased_after is not None and c.pleased_after <= most) for c in conversations]
        )
        for most in TURNS
    })  # fmt: skip
