"""Conversations with a simulated user, and the reasons that were given in them.

The user alone knows the item that is meant, and answers by its attributes, one a turn, never
by its title or a telling word of it. Promises success within so many turns, the same for the
same seed, and how many of the reasons are backed, specific, different and in the user's
terms. It judges reasons by the app's own claim check, so it can't see what that can't.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from recommender.claims import ClaimCheck
from recommender.dialogue import Done, Reply
from recommender.engine import Recommender
from recommender.evaluation.leaks import names, telling, words
from recommender.evaluation.metrics import Figure, figures
from retrieval.catalog import Catalog, Item
from retrieval.fields import Field, Kind

TURNS = (3, 5, 10)
_REPEATS = "repeats itself"  # an objection of the claim check to the form alone
_AT_LAST = ("something else, please", "show me others", "no, go on")  # with nothing left to say
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")


class SimulatedUser:
    """Someone who means one item. `answers` are its attributes in words, best known first."""

    def __init__(self, catalog: Catalog, target: Item, seed: int) -> None:
        self._target = target
        rng = random.Random(f"{seed} {target.id}")
        by_field = [
            [_in_words(f, value, catalog) for value in _values(target, f)]
            for f in catalog.of_kind(Kind.CATEGORY, Kind.KEYWORD, Kind.PERSON, Kind.YEAR)
        ]
        for said in by_field:
            rng.shuffle(said)
        # What an item is comes before who made it: people begin with the general.
        told = [said[turn] for turn in range(6) for said in by_field if turn < len(said)]
        own = telling(target.title, catalog)
        self.answers, self._at_last = (
            [t for t in texts if not own & set(words(t)) and not names(t, target.title)]
            for texts in (told, _AT_LAST)
        )

    def says(self, turn: int) -> str:
        """The utterance of a turn, the first being 0."""
        return self.answers[turn] if turn < len(self.answers) else self._at_last[0]

    def is_pleased(self, reply: Reply) -> bool:
        return any(pick.item.id == self._target.id for pick in reply.picks)


@dataclass(frozen=True)
class Conversation:
    """What was said and shown; `pleased_after` turns the item was there, or None."""

    target: str
    utterances: tuple[str, ...]
    replies: tuple[Reply, ...]
    pleased_after: int | None


def converse(recommender: Recommender, user: SimulatedUser, target: Item) -> Conversation:
    """Talk until the item is shown or the turns are over, in a session that is then forgotten."""
    session = recommender.open_session()
    said, replies, pleased = [], [], None
    for turn in range(max(TURNS)):
        said.append(user.says(turn))
        reply = next(
            event.reply
            for event in recommender.reply(session.id, said[-1])
            if isinstance(event, Done)
        )
        replies.append(reply)
        if user.is_pleased(reply):
            pleased = turn + 1
            break
    recommender.forget(session.id)
    return Conversation(target.id, tuple(said), tuple(replies), pleased)


def chosen_targets(catalog: Catalog, sample: int, seed: int) -> list[Item]:
    """A random sample of the items, in a fixed order."""
    order = np.random.default_rng([seed, 11]).permutation(len(catalog))
    return [catalog.items[place] for place in order[: sample or len(catalog)]]


def success(conversations: Sequence[Conversation]) -> dict[str, Figure]:
    """The share of conversations that came to the item within so many turns."""
    return figures({
        f"success@{most}": np.array(
            [float(c.pleased_after is not None and c.pleased_after <= most) for c in conversations]
        )
        for most in TURNS
    })  # fmt: skip


def reasons(conversations: Sequence[Conversation], catalog: Catalog) -> dict[str, Figure]:
    """Shares of the picks' reasons that are backed, specific, different and in the user's terms.

    Backed is one that passes the claim check but for words that repeat, which the check refuses
    too and which are counted apart.

    Specific is a reason with a person, a theme or prose of the item, different one that no
    other pick of the reply has, in the user's terms one that leans on what the user said.
    """
    check = ClaimCheck(catalog)
    telling_fields = {f.name for f in catalog.of_kind(Kind.PERSON, Kind.KEYWORD, Kind.TEXT)}
    rows: list[tuple[bool, ...]] = []
    for reply in (reply for c in conversations for reply in c.replies):
        told = [pick.reason for pick in reply.picks]
        for pick in (pick for pick in reply.picks if pick.reason):
            sentences = [s for s in _SENTENCE_END.split(pick.reason) if s]
            verdicts = [check.check(s, pick.item, reply.state) for s in sentences]
            objections = {verdict.objection for verdict in verdicts if not verdict.passed}
            rows.append((
                not objections - {_REPEATS},
                _REPEATS not in objections,
                any(e.source == "item" and e.field in telling_fields for e in pick.evidence),
                told.count(pick.reason) == 1,
                any(e.source == "user" for e in pick.evidence),
            ))  # fmt: skip
    if not rows:
        return {}
    table = np.array(rows, dtype=np.float64)
    kinds = ("backed", "not repeating itself", "specific", "different", "in the user's terms")
    return figures({kind: table[:, n] for n, kind in enumerate(kinds)})


def _values(item: Item, field: Field) -> tuple[str, ...]:
    return item.values(field.name)[:4]


def _in_words(field: Field, value: str, catalog: Catalog) -> str:
    if field.kind is Kind.YEAR:
        return f"a {catalog.noun} from the {int(float(value)) // 10 * 10}s"
    if field.kind is Kind.PERSON:
        role: Any = field.roles[0] if field.roles else "with"
        return f"{role} {value}"
    if field.kind is Kind.KEYWORD:
        return f"something with {value}"
    return f"I would like a {catalog.noun}: {value}"
