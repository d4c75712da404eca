"""Requests: what people ask for, in everyday words, with what it means.

A request is made of one to three needs (`needs.py`): a mood or an occasion, themes, something
like named items, a piece of a story, with limits or without. Nothing is understood or
retrieved here.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from recommender.tuning.needs import Named, Need, Needs, Values
from retrieval.catalog import Catalog, Item

_OPENINGS = (
    "", "", "", "", "I want ", "looking for ", "show me ", "can you recommend ", "tonight I'd like ",
    "we feel like ", "I'm in the mood for ", "how about ", "any ", "give me ", "is there ",
)  # fmt: skip
_CLOSINGS = ("", "", "", "", " please", " for tonight", "?", ". any ideas", ", thanks")
_LIKED = (
    "something like {}", "{noun}s like {}", "I loved {}", "more like {}", "anything similar to {}",
    "I really liked {}, what else is there", "in the style of {}", "we enjoyed {}, what next",
    "{} is one of my favourites, something similar", "can you find me something close to {}",
)  # fmt: skip


@dataclass(frozen=True)
class Request:
    """What somebody says, what it asks for, and the items that it says are liked."""

    words: str
    needs: tuple[Need, ...]
    liked: tuple[str, ...] = ()


class RequestMaker:
    """Makes requests for the items of one catalog."""

    def __init__(self, catalog: Catalog, needs: Needs, liked_by_all: Sequence[str] = ()) -> None:
        """`liked_by_all` are ids of items that people speak of, the same one as often as they
        do; any item where nothing is known."""
        self._catalog = catalog
        self._needs = needs
        self._known = [i for i in liked_by_all if i in catalog] or [i.id for i in catalog.items]
        self._kinds: list[tuple[float, Callable[[random.Random], Request | None]]] = [
            (0.24, self._worded),
            (0.14, self._worded_within),
            (0.08, self._worded_twice),
            (0.22, self._themed),
            (0.18, self._liked),
            (0.08, self._liked_within),
            (0.06, self._told),
        ]

    def draw(self, rng: random.Random) -> Request | None:
        """A request; None where this draw came to nothing."""
        weights, makers = zip(*self._kinds, strict=True)
        return rng.choices(makers, weights)[0](rng)

    def _said(self, rng: random.Random, words: str) -> str:
        said = rng.choice(_OPENINGS) + words + rng.choice(_CLOSINGS)
        return said.lower() if rng.random() < 0.3 else said

    def _thing(self, rng: random.Random) -> str:
        nouns = (self._catalog.noun, *self._catalog.other_nouns[:1])
        return rng.choice(("something", f"a {rng.choice(nouns)}", f"a good {rng.choice(nouns)}"))

    def _worded(self, rng: random.Random) -> Request | None:
        need = self._needs.wording(rng)
        if need is None:
            return None
        if need.whole:
            return Request(need.words, (need,))
        form = rng.choice(("{} {}", "{} {}", "{1}"))
        return Request(self._said(rng, form.format(self._thing(rng), need.words)), (need,))

    def _worded_twice(self, rng: random.Random) -> Request | None:
        first, second = self._needs.wording(rng), self._needs.wording(rng)
        if first is None or second is None or second.whole:
            return None
        if first.whole:
            return Request(f"{first.words}. {self._thing(rng)} {second.words}", (first, second))
        link = rng.choice((", ", " and ", ", but also ", ". "))
        words = f"{self._thing(rng)} {first.words}{link}{second.words}"
        return Request(self._said(rng, words), (first, second))

    def _worded_within(self, rng: random.Random) -> Request | None:
        need = self._needs.wording(rng)
        if need is None:
            return None
        fitting = [i for i in rng.sample(self._catalog.items, 200 if len(self._catalog) > 200
                   else len(self._catalog)) if need.grade(i) > 1]  # fmt: skip
        if not fitting:
            return None
        words, needs = self._with_limits(rng, need, rng.choice(fitting))
        return Request(words, needs)

    def _themed(self, rng: random.Random) -> Request | None:
        target = self._catalog[rng.choice(self._known)]
        first = self._needs.theme(rng, target)
        if first is None:
            return None
        second = self._needs.theme(rng, target) if rng.random() < 0.35 else None
        needs: tuple[Values, ...] = (first,)
        words = f"{rng.choice(('about', 'with', 'about', 'that has'))} {first.words}"
        if second is not None and second.words != first.words:
            needs, words = (first, second), f"{words} and {second.words}"
        if rng.random() < 0.45:
            thing = f"{words}" if rng.random() < 0.3 else f"{self._thing(rng)} {words}"
            return Request(self._said(rng, thing), needs)
        joined = Values(words, needs[0].means, needs[0].near)
        said, bounds = self._with_limits(rng, joined, target)
        return Request(said, (*needs, *bounds[1:]))

    def _with_limits(
        self, rng: random.Random, need: Values, target: Item
    ) -> tuple[str, tuple[Need, ...]]:
        """A need and one or two limits that the target keeps, in one request."""
        kind = self._needs.kind(rng, target) if rng.random() < 0.55 else None
        years = self._needs.years(rng, target) if kind is None or rng.random() < 0.4 else None
        other = self._needs.no_kind(rng, target) if rng.random() < 0.2 else None
        limits = [bound for bound in (kind, years, other) if bound is not None]
        article = "" if rng.random() < 0.4 else "a "
        noun = self._catalog.noun if kind is None or rng.random() < 0.5 else ""
        thing = f"{article}{kind.words} {noun}".strip() if kind else f"{article}{noun}"
        thing = " ".join(thing.split())
        words = f"{need.words}. {thing}" if need.whole else f"{thing} {need.words}"
        if years is not None:
            words += f"{rng.choice((', ', ' '))}{years.words}"
        if other is not None:
            words += f", {rng.choice(('no', 'not a', 'nothing with'))} {other.words}"
        return self._said(rng, words), (need, *limits)

    def _likes(self, rng: random.Random) -> tuple[str, list[Item]]:
        chosen = dict.fromkeys(
            rng.choice(self._known) for _ in range(rng.choice((1, 1, 1, 2, 2, 3)))
        )
        items = [self._catalog[i] for i in chosen]
        names = [item.name if rng.random() < 0.15 else item.title for item in items]
        joined = " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
        return rng.choice(_LIKED).format(joined, noun=self._catalog.noun), items

    def _liked(self, rng: random.Random) -> Request | None:
        words, items = self._likes(rng)
        need = Named(words, self._needs.like(items, self._catalog.items))
        return Request(words, (need,), tuple(item.id for item in items))

    def _liked_within(self, rng: random.Random) -> Request | None:
        words, items = self._likes(rng)
        target = rng.choice(self._catalog.items)
        if rng.random() < 0.35:
            need = self._needs.wording(rng)
            if need is None or need.whole:
                return None
            said = f"{words}, {rng.choice(('but', 'and now'))} {self._thing(rng)} {need.words}"
            among = [i for i in self._catalog.items if need.grade(i) > 0]
            like = Named(words, self._needs.like(items, among))
            return Request(said, (need, like), tuple(item.id for item in items))
        draws = (self._needs.years, self._needs.kind, self._needs.no_kind)
        bound = rng.choice(draws)(rng, rng.choice(items) if rng.random() < 0.5 else target)
        if bound is None:
            return None
        limit = bound.limit
        said = f"not {bound.words}" if limit.negated else bound.words
        if limit.values and not limit.negated:
            said = f"a {said} {self._catalog.noun}"
        among = [i for i in self._catalog.items if limit.allows(i)]
        like = Named(words, self._needs.like(items, among))
        joined = f"{words}{rng.choice((', but ', ', ', '. '))}{said}"
        return Request(joined, (bound, like), tuple(item.id for item in items))

    def _told(self, rng: random.Random) -> Request | None:
        need = self._needs.story(rng, rng.choice(self._catalog.items))
        if need is None:
            return None
        form = rng.choice(
            ("that one where {}", "the {noun} in which {}", "{}", "{}, what's it called")
        )
        return Request(form.format(need.words, noun=self._catalog.noun), (need,))
