"""A simulated user of the chat: someone who means one item and talks of it as people do.

The user alone knows the item and what was liked before it. Each turn brings one or two
things: attributes in loose words or exact ones, sometimes with too much or too little weight,
now and then a wrong one; films liked before; what is wrong with what was shown; an answer
where something was asked. Promises that no utterance holds the item's title or a telling word
of it, and the same talk for the same seed and the same replies. It knows nothing of how a
recommender reads or ranks.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from recommender.dialogue import Reply
from recommender.evaluation.leaks import names, telling, words
from retrieval.catalog import Catalog, Item
from retrieval.fields import Field, Kind

# How likely something of a kind comes up next; people begin with the general.
_COMES_UP = {
    "hint": 3.0, "category": 3.0, "liked": 2.0, "year": 1.5, "keyword": 1.0, "number": 0.5,
    "person": 0.4, "wrong": 0.4,
}  # fmt: skip
_TWO_AT_ONCE, _REJECTS, _WEIGHED = 0.4, 0.35, 0.35  # chances, at each turn or thing
_FRAMES = {
    "hint": ("something {}", "{}, that sort of thing", "I am in the mood for {}", "{}"),
    "category": ("{a} {} {noun}", "{}", "I would like {}", "how about {}"),
    "liked": ("I loved {}", "{} was great", "I really liked {}", "something like {}"),
    "keyword": ("with {} in it", "about {}", "something with {}"),
    "year": ("{}", "it should be {}"),
    "number": ("{}",),
    "person": ("{}",),
    "wrong": ("perhaps {}", "{}, I think", "maybe {}"),
}
_WEIGHTS = ("ideally {}", "{} if possible", "{}, that matters to me", "definitely {}")
_NOT_THESE = ("not {} this time", "no {}, please", "less {} than these")
_AT_LAST = ("something else, please", "show me others", "none of these, what else is there")
_NOTHING_LEFT = "what else is there"


@dataclass(frozen=True)
class Thing:
    """One thing that the user can say: of which kind, and in which words."""

    kind: str
    words: str


class SimulatedUser:
    """Someone who means `target`, and liked the items of `history` before."""

    def __init__(self, catalog: Catalog, target: Item, history: Sequence[Item], seed: int) -> None:
        self._catalog, self._target = catalog, target
        self._rng = random.Random(f"{seed} {target.id} {len(history)}")
        self._barred = telling(target.title, catalog)
        self._left = [t for t in self._things(history) if self._tells_nothing(t.words)]
        self._said: set[str] = set()

    @property
    def can_say(self) -> tuple[Thing, ...]:
        """What the user has not said yet."""
        return tuple(self._left)

    def says(self, reply: Reply | None) -> str:
        """The next utterance; `reply` is what the last one led to, None at the start."""
        parts = self._rejections(reply) if reply is not None else []
        asked = reply is not None and reply.message.rstrip().endswith("?")
        count = 1 + (self._rng.random() < _TWO_AT_ONCE) - bool(parts)
        if asked or not parts:
            count = max(count, 1)
        for _ in range(count):
            thing = self._next("category" if asked else "")
            if thing is not None:
                parts.append(self._put(thing))
        text = ", ".join(parts) or self._rng.choice(_AT_LAST)
        return text if self._tells_nothing(text) else _NOTHING_LEFT

    def is_pleased(self, reply: Reply) -> bool:
        return any(pick.item.id == self._target.id for pick in reply.picks)

    # --- what there is to say -------------------------------------------------------------

    def _things(self, history: Sequence[Item]) -> Iterator[Thing]:
        for f in self._catalog.fields.values():
            yield from self._of_field(f)
        for item in self._rng.sample(list(history), min(4, len(history))):
            yield Thing("liked", item.name)
        own = {v for f in self._catalog.of_kind(Kind.CATEGORY) for v in self._target.values(f.name)}
        elsewhere = {
            v.lower()
            for item in history
            for f in self._catalog.of_kind(Kind.CATEGORY)[:1]
            for v in item.values(f.name)
            if v not in own
        }
        for value in sorted(elsewhere)[:2]:  # what is liked otherwise, but not meant now
            yield Thing("wrong", value)

    def _of_field(self, f: Field) -> Iterator[Thing]:
        values = self._target.values(f.name)[:4]
        if f.kind is Kind.CATEGORY:
            for value in values:
                if not self._is_the_rule(f, value):
                    yield Thing("category", value.lower())
                hints = sorted(hint for hint, of in f.hints.items() if value in of)
                for hint in self._rng.sample(hints, min(2, len(hints))):
                    yield Thing("hint", hint)
        elif f.kind is Kind.KEYWORD:
            for value in values:
                yield Thing("keyword", value.lower())
        elif f.kind is Kind.PERSON:
            for value in values[:1]:
                yield Thing("person", f"{f.roles[0] if f.roles else 'with'} {value}")
        elif f.kind is Kind.YEAR and f.name in self._target.numbers:
            yield Thing("year", self._about_when(int(self._target.numbers[f.name])))
        elif f.kind is Kind.NUMBER and f.name in self._target.numbers and f.unit:
            most = (int(self._target.numbers[f.name]) // 30 + 1) * 30
            yield Thing("number", f"not longer than {most} {f.unit}")

    def _is_the_rule(self, f: Field, value: str) -> bool:
        """Whether most items are so, and nobody would say it ("in English")."""
        held = sum(value in item.values(f.name) for item in self._catalog.items)
        return held > len(self._catalog) / 2

    def _about_when(self, year: int) -> str:
        decade = year // 10 * 10
        return self._rng.choice((
            f"from the {decade}s", f"from the {decade}s or so", f"before {decade + 15}",
            f"after {decade - 5}", f"not older than {decade - 2}",
        ))  # fmt: skip

    # --- how it is said -------------------------------------------------------------------

    def _next(self, preferred: str) -> Thing | None:
        kinds = [t for t in self._left if t.kind == preferred] or self._left
        if not kinds:
            return None
        [thing] = self._rng.choices(kinds, [_COMES_UP[t.kind] for t in kinds])
        self._left.remove(thing)
        return thing

    def _put(self, thing: Thing) -> str:
        frames = _FRAMES[thing.kind]
        if thing.kind not in ("liked", "wrong") and self._rng.random() < _WEIGHED:
            frames = _WEIGHTS
        article = "an" if thing.words[:1] in "aeiou" else "a"
        return self._rng.choice(frames).format(thing.words, a=article, noun=self._catalog.noun)

    def _rejections(self, reply: Reply) -> list[str]:
        """What most of the shown items are and the item that is meant is not."""
        if not reply.picks or self._rng.random() >= _REJECTS:
            return []
        found = sorted(
            value.lower()
            for f in self._catalog.of_kind(Kind.CATEGORY)
            for value in {v for pick in reply.picks for v in pick.item.values(f.name)}
            if value not in self._target.values(f.name)
            and 2 * sum(value in p.item.values(f.name) for p in reply.picks) > len(reply.picks)
        )
        wrong = [v for v in found if v not in self._said and self._tells_nothing(v)]
        if not wrong:
            return []
        value = self._rng.choice(wrong)
        self._said.add(value)
        return [self._rng.choice(_NOT_THESE).format(value)]

    def _tells_nothing(self, text: str) -> bool:
        return not self._barred & set(words(text)) and not names(text, self._target.title)
