"""Conversations as text: recorded ones up to a turn, and ones put together from a case.

In a recorded conversation the target is an item that the recommender named next and the
user welcomed. One that is put together tells a history and a wish over two or three turns.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from prompts.instruction import Aspects, Intention
from recommender.tuning.behaviour import Behaviour, Talk, is_for_testing, split_of_item
from recommender.tuning.cases import Case, Cases
from recommender.tuning.examples import TRAIN
from recommender.tuning.wishes import Wish, WishMaker

_LONGEST = 900  # characters of a conversation; its end counts most
_TRIES = 10
_LIKED = ("I liked {}.", "{} was great.", "I really enjoyed {}.", "Loved {}!",
          "My favourite of late: {}.", "I know {} and want more of that.")  # fmt: skip
_ANSWERS = ("Noted. What are you after now?", "Good choice. Anything special in mind?",
            "I see. And today?", "Thanks, that helps. What should it be?")  # fmt: skip
_MORE = ("And {} too.", "Also {}.", "{} as well.", "Oh, and {}.")
_WISH = ("{}.", "This time {}.", "Today I want this: {}.", "Now: {}.", "{}, please.")
_OPEN = ("Surprise me.", "Just something I would like.", "What would you offer me?")


@dataclass(frozen=True)
class SpokenCase:
    """A conversation up to the turn at which an item is named."""

    text: str
    case: Case
    aspects: Aspects
    wish: Wish | None


class Spoken:
    """Draws conversations from one source."""

    def __init__(self, behaviour: Behaviour, cases: Cases, wishes: WishMaker) -> None:
        self._catalog = behaviour.catalog
        self._cases = cases
        self._wishes = wishes
        self._turns: dict[str, list[tuple[Talk, int, str]]] = {}
        for talk in behaviour.talks:
            split = "validation" if split_of_item(talk.id) != TRAIN else TRAIN
            if is_for_testing(talk.id):
                continue
            for place, said in enumerate(talk.said):
                before = {i for s in talk.said[:place] for i in s.items}
                for item_id in dict.fromkeys(said.items):
                    if not said.by_user and item_id in talk.welcome and item_id not in before:
                        self._turns.setdefault(split, []).append((talk, place, item_id))

    def draw(self, split: str, rng: random.Random) -> SpokenCase | None:
        """A conversation of a split; None where none can be had."""
        if self._turns.get(split):
            return self._recorded(*rng.choice(self._turns[split]), split)
        for _ in range(_TRIES):
            case = self._cases.with_history(split, rng)
            if case is None:
                return None
            told = self._put_together(case, rng)
            if told is not None:
                return told
        return None

    def _recorded(self, talk: Talk, place: int, item_id: str, split: str) -> SpokenCase | None:
        said = talk.said[:place]
        lines = [f"{'User' if s.by_user else 'Recommender'}: {s.text}" for s in said if s.text]
        if not any(s.by_user and s.text for s in said):
            return None
        known = frozenset(i for s in talk.said for i in s.items)
        case = Case(split, self._catalog[item_id], talk.id, known=known)
        return SpokenCase(_end_of(lines), case, Aspects(), None)

    def _put_together(self, case: Case, rng: random.Random) -> SpokenCase | None:
        draw = rng.random()
        wish = None
        if draw < 0.75:
            make = self._wishes.vague if draw < 0.35 else self._wishes.specific
            wish = make(case.target, rng) or self._wishes.specific(case.target, rng)
        titles = [item.name for item in case.history[-rng.randint(1, 5) :]]
        lines = [f"User: {rng.choice(_LIKED).format(titles[0])}"]
        lines += [f"User: {rng.choice(_MORE).format(title)}" for title in titles[1:]]
        lines.append(f"Recommender: {rng.choice(_ANSWERS)}")
        limits = self._wishes.aspects_limits(wish) if wish else ()
        words = ", ".join((*((wish.words,) if wish and wish.words else ()), *limits))
        line = rng.choice(_WISH).format(words) if words else rng.choice(_OPEN)
        lines.append(f"User: {line[:1].upper()}{line[1:]}")
        aspects = Aspects(
            history=tuple(titles),
            wish=wish.words if wish else "",
            limits=limits,
            intention=wish.intention if wish else Intention.NONE,
        )
        return SpokenCase("\n".join(lines), case, aspects, wish)


def _end_of(lines: list[str]) -> str:
    """The last lines that fit, whole ones."""
    kept: list[str] = []
    for line in reversed(lines):
        if kept and sum(map(len, kept)) + len(line) > _LONGEST:
            break
        kept.insert(0, line[:_LONGEST])
    return "\n".join(kept)
