"""Filling in: one template and one case to one example, or to nothing.

The words are rendered as the chat renders them: the same template, the catalog's nouns,
`Catalog.brief` for a candidate and the item's name in a history. Where a case lacks what a
template needs, or the answer stands in the question, there is no example.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from prompts.instruction import Aspects, Intention, Preference, TaskForm
from prompts.templates import Strategy, Template
from recommender.tuning.behaviour import Behaviour
from recommender.tuning.cases import Case, Cases
from recommender.tuning.examples import Example
from recommender.tuning.leaks import leak_in
from recommender.tuning.negatives import NegativeMix, Negatives
from recommender.tuning.spoken import Spoken
from recommender.tuning.teacher import Teacher
from recommender.tuning.wishes import Wish, WishMaker
from recommender.tuning.written import Reasons
from retrieval.catalog import Item

_FEWEST_FOR_TASTE = 3  # items from which a taste is told


@dataclass(frozen=True)
class Filled:
    """An example with what it was made from, so that it can be audited."""

    example: Example
    case: Case
    aspects: Aspects
    wish: Wish | None
    negatives: tuple[Item, ...]
    given: Mapping[str, str]


@dataclass(frozen=True)
class _Told:
    """A case in the terms of an instruction, and what the input needs besides."""

    case: Case
    aspects: Aspects
    wish: Wish | None
    given: dict[str, str]


class Filler:
    """Fills templates in from one source. `lost` counts what came to nothing, by reason."""

    def __init__(
        self, behaviour: Behaviour, teacher: Teacher, mix: NegativeMix, characters: int
    ) -> None:
        self.behaviour = behaviour
        self.lost: Counter[str] = Counter()
        self._catalog = behaviour.catalog
        self._teacher = teacher
        self._mix = mix
        self._negatives = Negatives(behaviour)
        self._cases = Cases(behaviour, self._negatives, characters)
        self._wishes = WishMaker(behaviour.catalog, teacher)
        self._spoken = Spoken(behaviour, self._cases, self._wishes)
        self._reasons = Reasons(behaviour.catalog)
        self._nouns = {"noun": behaviour.catalog.noun, "nouns": behaviour.catalog.nouns}
        self._briefs: dict[str, str] = {}

    def fill(
        self, template: Template, split: str, number: int, rng: random.Random
    ) -> Filled | None:
        """An example of a template for a split; None, and a count in `lost`, where none came."""
        told = self._told(template, split, rng)
        if told is None:
            self.lost["nothing to fill in with"] += 1
            return None
        filled = (self._scored if template.scored else self._written)(template, told, number, rng)
        if filled is None:
            self.lost["too few candidates or words"] += 1
            return None
        leak = leak_in(template, filled.example, told.case.target, told.aspects, told.given)
        if leak:
            self.lost[leak] += 1
            return None
        return filled

    # --- what is known ---------------------------------------------------------------------

    def _told(self, template: Template, split: str, rng: random.Random) -> _Told | None:
        if template.strategy is Strategy.DIALOGUE:
            talk = self._spoken.draw(split, rng)
            if talk is None:
                return None
            return _Told(talk.case, talk.aspects, talk.wish, {"dialogue": talk.text})
        case = self._case(template, split, rng)
        if case is None:
            return None
        wish = self._wish(template, case, rng)
        if wish is None and template.intention is not Intention.NONE:
            return None
        aspects = self._aspects(template, case, wish, rng)
        free = template.strategy is Strategy.EXPLAIN  # its words are not the aspects'
        served = (template.preference, template.intention)
        if not free and (aspects.preference, aspects.intention) != served:
            return None
        given: dict[str, str] = {}
        if template.strategy is Strategy.EXPLAIN:
            given["facts"] = self._reasons.facts(case.target, aspects)
        elif "{item}" in template.input:
            given["item"] = case.target.name
        return _Told(case, aspects, wish, given)

    def _case(self, template: Template, split: str, rng: random.Random) -> Case | None:
        needs_taste = template.preference in (Preference.EXPLICIT, Preference.BOTH)
        if template.preference is Preference.NONE:
            if template.intention is Intention.NONE:
                return self._cases.popular(split, rng)
            return self._cases.without_history(split, rng)
        fewest = _FEWEST_FOR_TASTE if needs_taste else 1
        case = self._cases.with_history(split, rng, fewest)
        asks_history = "history" in template.asks_for
        if case is not None or template.preference is not Preference.EXPLICIT or asks_history:
            return case
        case = self._cases.without_history(split, rng)
        if case is None:
            return None
        return replace(case, history=self._cases.alike(case.target, rng))

    def _wish(self, template: Template, case: Case, rng: random.Random) -> Wish | None:
        if template.strategy is Strategy.EXPLAIN and rng.random() < 0.5:
            return self._wishes.specific(case.target, rng)
        if template.intention is Intention.VAGUE:
            return self._wishes.vague(case.target, rng, case.text)
        if template.intention is Intention.SPECIFIC:
            return self._wishes.specific(case.target, rng)
        return None

    def _aspects(
        self, template: Template, case: Case, wish: Wish | None, rng: random.Random
    ) -> Aspects:
        taste = ""
        if template.preference in (Preference.EXPLICIT, Preference.BOTH):
            taste = self._teacher.taste(case.history, self._catalog, rng)
        shows_history = template.preference in (Preference.IMPLICIT, Preference.BOTH)
        return Aspects(
            history=tuple(item.name for item in case.history) if shows_history else (),
            taste=(taste,) if taste else (),
            wish=wish.words if wish else "",
            limits=self._wishes.aspects_limits(wish) if wish else (),
            intention=wish.intention if wish else Intention.NONE,
        )

    # --- what is answered ------------------------------------------------------------------

    def _scored(
        self, template: Template, told: _Told, number: int, rng: random.Random
    ) -> Filled | None:
        count = self._mix.count if template.task_form is TaskForm.RERANKING else 1
        mix = replace(self._mix, count=count)
        if not told.case.history and told.wish is None and not told.given:
            mix = replace(mix, random=1.0, popular=0.0, hard=0.0)  # liked by most, against any
        known = told.case.known | {item.id for item in told.case.history}
        others = self._negatives.draw(told.case.target, mix, rng, known, told.wish)
        if len(others) < max(1, count // 3):
            return None
        items, labels = self._candidates(template, told.case.target, others, rng)
        briefs = [self._brief(item) for item in items]
        if template.task_form is TaskForm.PAIRWISE:
            pairs = [(briefs[0], briefs[1]), (briefs[1], briefs[0])]
            blocks = [template.render_block(self._nouns, item=a, other=b) for a, b in pairs]
        else:
            blocks = [template.render_block(self._nouns, item=brief) for brief in briefs]
        instruction = template.render(told.aspects, self._nouns, **told.given)
        example = Example(
            id=f"{self.behaviour.name}-{number:06d}", template=template.id,
            source=self.behaviour.name, user=told.case.user, split=told.case.split,
            prefix=instruction.text, blocks=tuple(blocks), labels=tuple(labels),
            items=tuple(item.id for item in items),
        )  # fmt: skip
        return Filled(example, told.case, told.aspects, told.wish, tuple(others), told.given)

    def _candidates(
        self, template: Template, target: Item, others: Sequence[Item], rng: random.Random
    ) -> tuple[list[Item], list[int]]:
        """The items of the blocks, in a drawn order, and which of them fits."""
        if template.task_form is TaskForm.POINTWISE:
            fits = rng.random() < 0.5
            return [target if fits else others[0]], [int(fits)]
        items = [target, *others]
        rng.shuffle(items)
        return items, [int(item.id == target.id) for item in items]

    def _written(
        self, template: Template, told: _Told, number: int, rng: random.Random
    ) -> Filled | None:
        given = {"item": told.case.target.name}
        if "{reason}" in template.target:
            explain = template.strategy is Strategy.EXPLAIN
            reason = (
                self._reasons.sentence(told.case.target, told.aspects, told.wish, rng)
                if explain
                else self._reasons.kind(told.case.target)
            )
            if not reason:
                return None
            given["reason"] = reason
        instruction = template.render(told.aspects, self._nouns, **told.given)
        target = template.render_target(told.aspects, self._nouns, **given)
        if not target.strip(" ."):
            return None
        example = Example(
            id=f"{self.behaviour.name}-{number:06d}", template=template.id,
            source=self.behaviour.name, user=told.case.user, split=told.case.split,
            prefix=instruction.text, items=(told.case.target.id,), target=target,
        )  # fmt: skip
        return Filled(example, told.case, told.aspects, told.wish, (), told.given)

    def _brief(self, item: Item) -> str:
        if item.id not in self._briefs:
            self._briefs[item.id] = self._catalog.brief(item)
        return self._briefs[item.id]
