"""Reasons: sentences about an item that say only what its facts say.

An explanation is a path through the frame that binds the chat's explainer, drawn by chance
and held against the same claim check, so that what is learned is what may be shown.
"""

from __future__ import annotations

import random
import re

from prompts.instruction import Aspects, Instruction, TaskForm
from recommender.claims import ClaimCheck
from recommender.dialogue import DialogueState, Leaning, Phrase, StatedLimit
from recommender.evidence import gather
from recommender.explanation import facts_of, frame_of
from recommender.language_model import Frame
from recommender.tuning.wishes import Wish
from retrieval.catalog import Catalog, Item, Kind
from retrieval.limits import Limit

_DRAWS = 6  # paths tried until one holds
_SEVERAL = re.compile(r"[.!?]\s")


class Reasons:
    """Writes reasons for the items of one catalog."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._check = ClaimCheck(catalog)

    def facts(self, item: Item, aspects: Aspects) -> str:
        """The facts of an item beside the request, as the explainer is given them."""
        return facts_of(item, Instruction(aspects, TaskForm.RERANKING, "", ""), self._catalog)

    def kind(self, item: Item) -> str:
        """ "a horror and mystery film with the theme madness"; "" where little is known."""
        kinds = [v.lower() for f in self._catalog.of_kind(Kind.CATEGORY)
                 for v in item.facets.get(f.name, ()) if f.name != "language"][:2]  # fmt: skip
        themes = [
            v for f in self._catalog.of_kind(Kind.KEYWORD) for v in item.facets.get(f.name, ())
        ]
        if not kinds:
            return ""
        said = " and ".join(kinds)
        article = "an" if said[0] in "aeiou" else "a"
        about = f" about {themes[0]}" if themes else ""
        return f"{article} {said} {self._catalog.noun}{about}"

    def sentence(
        self, item: Item, aspects: Aspects, wish: Wish | None, rng: random.Random
    ) -> str:  # fmt: skip
        """A sentence of the explainer's frame that passes the claim check; "" if none does."""
        if wish is None or not item.texts:
            return ""
        state = DialogueState(
            wish=(Phrase(wish.words, 1),),
            leanings=tuple(
                Leaning(t.field, tuple(sorted(t.values)), t.words, 1) for t in wish.traits
            ),
            limits=tuple(
                StatedLimit(limit, _said(limit), 1) for limit in wish.limits if limit.values
            ),
        )
        frame = frame_of(item, self._catalog, gather(item, state, self._catalog))
        for _ in range(_DRAWS):
            sentence = _path(frame, rng)
            if _SEVERAL.search(sentence):
                continue  # the chat shows one sentence
            if self._check.check(sentence, item, state).passed:
                return sentence
        return ""


def _said(limit: Limit) -> str:
    return " or ".join(value.lower() for value in limit.values)


def _path(frame: Frame, rng: random.Random) -> str:
    """One of the texts of a frame; nothing is said twice."""
    slot, text = frame.first, ""
    said: set[str] = set()
    while True:
        options = [p for p in frame.phrases[slot] if p[1] not in said]
        if not options:
            return ""
        words, meaning = rng.choice(options)
        said.add(meaning)
        text += words if not text or words[0] in ".,:" else f" {words}"
        if slot in frame.last:
            return text
        following = [s for s in frame.following[slot]
                     if any(p[1] not in said for p in frame.phrases[s])]  # fmt: skip
        if not following:
            return ""
        slot = rng.choice(following)
