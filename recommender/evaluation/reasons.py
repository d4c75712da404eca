"""Whether the reasons of a reply hold, fit nothing else, differ, and speak the user's language.

Promises figures over replies, the mean over a reply's reasons counting once, so that one
conversation of many picks weighs no more. It judges by the app's own claim check, so it
can't see what that can't: a wrong relation between words that are all backed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recommender.claims import ClaimCheck
from recommender.dialogue import DialogueState, Pick, Reply
from recommender.evaluation.metrics import Figure, figures
from retrieval.catalog import Catalog, Item

KINDS = (
    "backed", "not repeating itself", "specific", "fits others", "different",
    "in the user's terms", "written by the model",
)  # fmt: skip
_REPEATS = "repeats itself"  # an objection of the claim check to the form alone
_COMPARED = 20  # other candidates that a reason is held against
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")


@dataclass(frozen=True)
class Judge:
    """Judges reasons about the items of one catalog."""

    catalog: Catalog
    check: ClaimCheck

    @classmethod
    def of(cls, catalog: Catalog) -> Judge:
        return cls(catalog, ClaimCheck(catalog))

    def judged(self, reply: Reply, candidates: Sequence[Item]) -> tuple[float, ...] | None:
        """Shares of a reply's reasons, in the order of `KINDS`; None where it has none.

        Backed is a reason that passes the claim check but for words that repeat, which are
        counted apart. Specific is one that would be backed for none of the first other
        `candidates` of the reply; "fits others" is the share of these that it would be backed
        for. Different is one that no other pick of the reply has, in the user's terms one
        that leans on what the user said.
        """
        told = [pick for pick in reply.picks if pick.reason]
        if not told:
            return None
        rows = [self._of_pick(pick, told, reply.state, candidates) for pick in told]
        return tuple(float(share) for share in np.mean(np.array(rows, dtype=np.float64), axis=0))

    def _of_pick(
        self, pick: Pick, told: Sequence[Pick], state: DialogueState, candidates: Sequence[Item]
    ) -> tuple[float, ...]:
        objections = self._objections(pick.reason, pick.item, state)
        others = [item for item in candidates if item.id != pick.item.id][:_COMPARED]
        fitting = [not self._objections(pick.reason, other, state) - {_REPEATS} for other in others]
        return (
            not objections - {_REPEATS},
            _REPEATS not in objections,
            not any(fitting),
            float(np.mean(fitting)) if fitting else 0.0,
            [p.reason for p in told].count(pick.reason) == 1,
            any(e.source == "user" for e in pick.evidence),
            pick.written_by == "model",
        )

    def _objections(self, reason: str, item: Item, state: DialogueState) -> set[str]:
        sentences = [s for s in _SENTENCE_END.split(reason) if s]
        verdicts = [self.check.check(s, item, state) for s in sentences]
        return {verdict.objection for verdict in verdicts if not verdict.passed}


def reason_figures(judged: Sequence[Sequence[float]]) -> dict[str, Figure]:
    """The figures over the replies that had reasons."""
    if not judged:
        return {}
    table = np.array(judged, dtype=np.float64)
    return figures({kind: table[:, n] for n, kind in enumerate(KINDS)})
