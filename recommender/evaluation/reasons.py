"""Whether the reasons of a reply hold, fit nothing else, differ, and speak the user's language.

Promises figures over replies, the mean over a reply's reasons counting once, so that one
conversation of many picks weighs no more. "backed" is what the app's own claim check says,
which every reason has passed or is composed beside; so "of its own facts" asks apart from it
whether a name, theme or year in the reason is one of the item's or the user's. Neither sees a
wrong relation between facts that are all there.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from recommender.claims import ClaimCheck
from recommender.dialogue import DialogueState, Pick, Reply
from recommender.evaluation.leaks import words
from recommender.evaluation.metrics import Figure, figures
from recommender.understanding.words import FUNCTION_WORDS
from retrieval.catalog import Catalog, Item, fold
from retrieval.fields import Kind

KINDS = (
    "backed", "of its own facts", "not repeating itself", "specific", "fits others", "different",
    "unlike each other", "in the user's terms", "written by the model",
)  # fmt: skip
_YEAR = re.compile(r"\b(?:1[89]|20)\d\d(?=s?\b)")
_REPEATS = "repeats itself"  # an objection of the claim check to the form alone
_COMPARED = 20  # other candidates that a reason is held against
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")


@dataclass(frozen=True)
class Judge:
    """Judges reasons about the items of one catalog."""

    catalog: Catalog
    check: ClaimCheck
    facts: frozenset[str]  # that a reason may name: people, themes of two words, categories

    @classmethod
    def of(cls, catalog: Catalog) -> Judge:
        return cls(catalog, ClaimCheck(catalog), facts_of(catalog))

    def judged(
        self, reply: Reply, candidates: Sequence[Item], said: Sequence[str] = ()
    ) -> tuple[float, ...] | None:
        """Shares of a reply's reasons, in the order of `KINDS`; None where it has none. `said`
        holds what the user said before the reply's own turn.

        Backed is a reason that passes the claim check but for words that repeat, which are
        counted apart. Specific is one that would be backed for none of the first other
        `candidates` of the reply; "fits others" is the share of these that it would be backed
        for. Different is one that no other pick of the reply has; "unlike each other" is the
        share of words that two reasons of the reply don't have in common (1 less Jaccard's
        index), 1 where there is one reason. In the user's terms is one that holds a word of
        what it says the user said.
        """
        told = [pick for pick in reply.picks if pick.reason]
        if not told:
            return None
        spoken = " ; ".join([*said, reply.utterance])
        rows = [self._of_pick(pick, told, reply.state, candidates, spoken) for pick in told]
        return tuple(float(share) for share in np.mean(np.array(rows, dtype=np.float64), axis=0))

    def _of_pick(
        self, pick: Pick, told: Sequence[Pick], state: DialogueState, candidates: Sequence[Item],
        spoken: str,
    ) -> tuple[float, ...]:  # fmt: skip
        objections = self._objections(pick.reason, pick.item, state)
        others = [item for item in candidates if item.id != pick.item.id][:_COMPARED]
        fitting = [not self._objections(pick.reason, other, state) - {_REPEATS} for other in others]
        return (
            not objections - {_REPEATS},
            not self.foreign(pick.reason, pick.item, f"{spoken} ; {self._liked(state)}"),
            _REPEATS not in objections,
            not any(fitting),
            float(np.mean(fitting)) if fitting else 0.0,
            [p.reason for p in told].count(pick.reason) == 1,
            _unlike([p.reason for p in told]),
            any(
                e.source == "user" and _telling(e.value) & _telling(pick.reason)
                for e in pick.evidence
            ),
            pick.written_by == "model",
        )

    def foreign(self, reason: str, item: Item, spoken: str) -> set[str]:
        """Facts of the catalog, and years, that a reason names and neither the item nor what
        was `spoken` holds."""
        told = f" {fold(reason)} "
        own = [item.title, *(v for values in item.facets.values() for v in values)]
        own += [*item.texts.values(), *(f"{n:g}" for n in item.numbers.values()), spoken]
        held = f" {fold(' ; '.join(own))} "
        named = {n for n in _runs(told.split()) if n in self.facts and f" {n} " not in held}
        years = {int(y) for y in _YEAR.findall(told)}
        known = {int(y) for y in _YEAR.findall(held)}
        decades = {y for y in years if y % 10 == 0 and any(k // 10 * 10 == y for k in known)}
        return named | {str(y) for y in years - known - decades}

    def _liked(self, state: DialogueState) -> str:
        return " ; ".join(
            self.catalog[m.item_id].title for m in state.liked if m.item_id in self.catalog
        )

    def _objections(self, reason: str, item: Item, state: DialogueState) -> set[str]:
        sentences = [s for s in _SENTENCE_END.split(reason) if s]
        verdicts = [self.check.check(s, item, state) for s in sentences]
        return {verdict.objection for verdict in verdicts if not verdict.passed}


def facts_of(catalog: Catalog) -> frozenset[str]:
    """What tells one item from another and can't be said by chance: full names of people,
    themes of two words or more, and categories, folded."""
    found = set()
    for f in catalog.of_kind(Kind.PERSON, Kind.KEYWORD, Kind.CATEGORY):
        for item in catalog.items:
            values = {fold(value) for value in item.facets.get(f.name, ())}
            found |= {v for v in values if " " in v or f.kind is Kind.CATEGORY}
    return frozenset(found)


def _runs(told: Sequence[str], most: int = 5) -> set[str]:
    return {
        " ".join(told[start : start + size])
        for size in range(1, most + 1)
        for start in range(len(told) - size + 1)
    }


def _unlike(reasons: Sequence[str]) -> float:
    sets = [set(words(reason)) for reason in reasons]
    pairs = [1 - len(a & b) / max(len(a | b), 1) for a, b in combinations(sets, 2)]
    return float(np.mean(pairs)) if pairs else 1.0


def _telling(text: str) -> set[str]:
    return set(words(text)) - FUNCTION_WORDS


def reason_figures(judged: Sequence[Sequence[float]]) -> dict[str, Figure]:
    """The figures over the replies that had reasons."""
    if not judged:
        return {}
    table = np.array(judged, dtype=np.float64)
    return figures({kind: table[:, n] for n, kind in enumerate(KINDS)})
