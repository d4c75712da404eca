"""Wishes: intentions that an item answers, in words, with a test of who else answers them.

A specific wish (I2) is made of the item's own categories, themes, people and numbers, a
vague one (I1) of the everyday words that hint at them, or of what a teacher draws from a
text. `fits` says whether another item would answer the wish as well, so that no such item
is shown to a model as wrong.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from prompts.instruction import Intention
from recommender.tuning.teacher import Teacher
from recommender.understanding.words import FUNCTION_WORDS, split_words
from retrieval.catalog import Catalog, Field, Item, Kind, fold
from retrieval.limits import Limit

_COMMONEST = 0.5  # of the items with a field: a value held by more says nothing as a wish
_VAGUE = ("{}", "something {}", "{} please", "anything {}", "a bit {}", "{}, if possible",
          "{} for tonight", "I feel like {}", "nothing heavy, just {}")  # fmt: skip
_THEMES = ("a {noun} about {}", "{}", "something with {}", "{} {noun}", "a story of {}",
           "I want {}", "about {}")  # fmt: skip


@dataclass(frozen=True)
class Trait:
    """What some of the words mean: one of these values of a field."""

    words: str
    field: str
    values: frozenset[str]

    def held_by(self, item: Item) -> bool:
        return bool(self.values.intersection(item.facets.get(self.field, ())))


@dataclass(frozen=True)
class Wish:
    """An intention: the user's words, hard limits, and what the words mean.

    `stems` are words that a text about an item has to have.
    """

    intention: Intention
    words: str
    limits: tuple[Limit, ...] = ()
    traits: tuple[Trait, ...] = ()
    stems: frozenset[str] = frozenset()

    def fits(self, item: Item) -> bool:
        """Whether an item answers all of the wish, as far as its fields say."""
        if not all(limit.allows(item) for limit in self.limits):
            return False
        if not all(trait.held_by(item) for trait in self.traits):
            return False
        if self.stems:
            held = set(fold(" ".join((item.title, *item.texts.values()))).split())
            return self.stems <= held
        return True


class WishMaker:
    """Makes wishes for the items of one catalog."""

    def __init__(self, catalog: Catalog, teacher: Teacher) -> None:
        self._catalog = catalog
        self._teacher = teacher
        count: dict[tuple[str, str], int] = {}
        for item in catalog.items:
            for name, values in item.facets.items():
                for value in values:
                    count[name, value] = count.get((name, value), 0) + 1
        holders = {f: sum(bool(i.facets.get(f)) for i in catalog.items) for f in catalog.fields}
        self._telling = {k for k, n in count.items() if n <= _COMMONEST * holders.get(k[0], 0)}
        categories = {f.name for f in catalog.of_kind(Kind.CATEGORY)}
        self._values = sorted(key for key in self._telling if key[0] in categories)
        # For each value, the loose words for it, and for each of these all that it hints at.
        self._hints: dict[tuple[str, str], list[str]] = {}
        self._meant: dict[tuple[str, str], set[str]] = {}
        for f in catalog.of_kind(Kind.CATEGORY):
            for value, words in f.hints.items():
                for word in words:
                    self._hints.setdefault((f.name, value), []).append(word)
                    self._meant.setdefault((f.name, word), set()).add(value)

    def vague(self, item: Item, rng: random.Random, text: str = "") -> Wish | None:
        """A wish by hints, or by what a teacher reads in a text about the item."""
        text = text or " ".join(item.texts.values())
        if text and (rng.random() < 0.4 or not self._hinted(item)):
            words = self._teacher.wish(item, text, self._catalog, rng)
            stems = frozenset(w.folded for w in split_words(words)) - FUNCTION_WORDS
            stems &= frozenset(fold(text).split())
            if words and stems:
                return Wish(Intention.VAGUE, words, stems=stems)
        hinted = self._hinted(item)
        if not hinted:
            return None
        chosen = rng.sample(hinted, min(len(hinted), rng.randint(1, 2)))
        traits = tuple(
            Trait(word, name, frozenset(self._meant[name, word])) for name, word in chosen
        )
        words = rng.choice(_VAGUE).format(" and ".join(dict.fromkeys(w for _, w in chosen)))
        return Wish(Intention.VAGUE, words, traits=traits)

    def specific(self, item: Item, rng: random.Random) -> Wish | None:
        """A wish by the item's own values; None where it has none that tell it apart."""
        limits = self._value_limits(item, rng)
        themes = [
            (f.name, v)
            for f in self._catalog.of_kind(Kind.KEYWORD)
            for v in item.facets.get(f.name, ())
            if (f.name, v) in self._telling
        ]
        chosen = []
        if themes and (not limits or rng.random() < 0.6):
            chosen = rng.sample(themes, min(len(themes), rng.choice((1, 1, 2))))
        if not chosen and not limits:
            return None
        # What the limits demand is in the words as well, as it is in a user's.
        words = self._spoken(limits, [v for _, v in chosen], rng)
        traits = tuple(Trait(v, name, frozenset((v,))) for name, v in chosen)
        if rng.random() < 0.3:
            limits += self._bounds(item, rng)
        elif rng.random() < 0.15:
            limits += self._ruled_out(item, rng)
        return Wish(Intention.SPECIFIC, words, tuple(limits), traits)

    def aspects_limits(self, wish: Wish) -> tuple[str, ...]:
        """The limits as phrases, as the chat puts them."""
        return tuple(limit.in_words(self._catalog) for limit in wish.limits)

    def _hinted(self, item: Item) -> list[tuple[str, str]]:
        return [
            (f.name, word)
            for f in self._catalog.of_kind(Kind.CATEGORY)
            for value in item.facets.get(f.name, ())
            for word in self._hints.get((f.name, value), ())
        ]

    def _value_limits(self, item: Item, rng: random.Random) -> list[Limit]:
        """One or two values of categories, now and then a person."""
        kinds = (Kind.CATEGORY, Kind.PERSON) if rng.random() < 0.15 else (Kind.CATEGORY,)
        values = [
            (f.name, v)
            for f in self._catalog.of_kind(*kinds)
            for v in item.facets.get(f.name, ())
            if (f.name, v) in self._telling
        ]
        if not values:
            return []
        chosen = rng.sample(values, min(len(values), rng.choice((1, 1, 2))))
        return [Limit((name,), (value,)) for name, value in chosen]

    def _spoken(self, limits: Sequence[Limit], themes: Sequence[str], rng: random.Random) -> str:
        """ "a horror film about madness": values and themes as one would say them."""
        fields, noun = self._catalog.fields, self._catalog.noun
        kinds: list[str] = []
        people: list[str] = []
        for limit in limits:
            person = fields[limit.fields[0]].kind is Kind.PERSON
            (people if person else kinds).append(limit.values[0])
        joined = " and ".join(themes)
        if not kinds and not people:
            return rng.choice(_THEMES).format(joined, noun=noun)
        said = " ".join((*(kind.lower() for kind in kinds), noun))
        if rng.random() < 0.5:
            said = f"{'an' if said[0] in 'aeiou' else 'a'} {said}"
        if joined:
            said += f" {rng.choice(('about', 'with'))} {joined}"
        return said + (f", {people[0]}" if people else "")

    def _bounds(self, item: Item, rng: random.Random) -> list[Limit]:
        """A bound on a number that the item meets by some room."""
        numbered = [f for f in self._catalog.of_kind(Kind.YEAR, Kind.NUMBER)
                    if f.name in item.numbers]  # fmt: skip
        if not numbered:
            return []
        f = rng.choice(numbered)
        number = item.numbers[f.name]
        return [_bound(f, number, rng.random() < 0.5)]

    def _ruled_out(self, item: Item, rng: random.Random) -> list[Limit]:
        """A value that the item lacks."""
        others = [(n, v) for n, v in self._values if v not in item.facets.get(n, ())]
        return [Limit((n,), (v,), negated=True) for n, v in rng.sample(others, min(1, len(others)))]


def _bound(f: Field, number: float, below: bool) -> Limit:
    if f.kind is Kind.YEAR:
        decade = number // 10 * 10
        return Limit((f.name,), maximum=decade + 9) if below else Limit((f.name,), minimum=decade)
    step = 10.0 if number < 200 else 50.0
    least = number // step * step
    return Limit((f.name,), maximum=least + step) if below else Limit((f.name,), minimum=least)
