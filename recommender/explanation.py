"""Reasons: one sentence for a pick, by the language model where its claims hold.

The model sees the request and the item's facts, and writes; the claim check decides. What
it turns down is replaced by a sentence composed from the evidence, so every reason shown
is backed, and each says who wrote it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from prompts.instruction import Instruction
from recommender.claims import ClaimCheck
from recommender.dialogue import DialogueState, Pick
from recommender.evidence import Backing, compose, evidence_of, gather
from recommender.language_model import Frame, LanguageModel
from recommender.understanding.words import word_set
from retrieval.catalog import Catalog, Item, Kind

_MAX_TOKENS = 112  # what the frame forces is read many tokens at once, so length is cheap
_SENTENCE_END = re.compile(r"(?<!\b[A-Z])(?<!\bMr)(?<!\bDr)(?<!\bMrs)[.!?](?=\s|$)")
# Two worked examples show a small model the form; their facts are invented on purpose.
_EXAMPLES = (
    (
        "Request: a funny western\nTitle: Dust and Daisies\nFacts: western, comedy; themes: "
        "friendship, road trip\nStory: Two rival florists cross the desert to deliver one "
        "wedding bouquet.",
        "You asked for “funny”: a western and comedy film with the themes friendship and road "
        "trip, in which two rival florists cross the desert.",
    ),
    (
        "Request: something sad about music\nTitle: The Last Cello\nFacts: drama, music; themes: "
        "grief, family\nStory: A retired cellist gives lessons to the daughter of the man who "
        "broke her hands.",
        "You asked for “sad”: a drama film with the theme grief, in which a retired cellist gives lessons to the daughter of "
        "the man who broke her hands.",
    ),
)


# Prose can be cut before these and still be read.
_JOINTS = word_set("after and as before but only so though until when where while")
_DETERMINERS = frozenset(
    ["a", "an", "the", "his", "her", "their", "its", "two", "three", "four", "five", "six", "seven"]
)
_SHORTEST_RUN = 7  # words; a shorter run of prose seldom holds a verb


def frame_of(item: Item, catalog: Catalog, backing: Backing) -> Frame:
    """The frame of a sentence about an item, for a model that can't be left to write freely.

    "You asked for “…”: a … and … film with the themes … and …, in which …": values come
    whole and prose in runs of its own words, so that the model chooses what to say and
    never what is so.
    """
    categories, themes, stories = [], [], []
    for f in catalog.fields.values():
        if f.kind is Kind.CATEGORY:
            values = item.facets.get(f.name, ())
            categories += [v.lower() for v in values] if f.name != "language" else []
        elif f.kind is Kind.KEYWORD:
            themes += list(item.facets.get(f.name, ()))
        elif f.name in item.texts:
            stories += _runs(item.texts[f.name])
    categories = list(dict.fromkeys(categories))
    themes = [theme for theme in dict.fromkeys(themes) if theme not in categories]
    leads = _leads(backing, catalog)
    phrases = {
        "lead": tuple((lead, lead) for lead in leads),
        "category": tuple(
            (f"{_article(c, capital=not leads)} {c}", c) for c in categories or [catalog.noun]
        ),
        "and category": tuple((f"and {c}", c) for c in categories),
        "noun": ((catalog.noun, "the noun"),),
        "theme": tuple((f"with the theme {t}", t) for t in themes),
        "themes": tuple((f"with the themes {t}", t) for t in themes),
        "and theme": tuple((f"and {t}", t) for t in themes),
        "story": tuple((f", in which {story}", "the story") for story in stories),
        "stop": ((".", "the end"),),
    }
    end = ("story",) if stories else ("stop",)
    following = {
        "lead": ("category",),
        "category": ("and category", "noun"),
        "and category": ("noun",),
        "noun": (*(("theme",) if themes else ()), *(("themes",) if len(themes) > 1 else ()), *end),
        "theme": end,
        "themes": ("and theme",),
        "and theme": end,
        "story": ("stop",),
        "stop": (),
    }
    if not categories:  # "A film with the theme …"
        following["category"] = following["noun"]
    return Frame("lead" if leads else "category", phrases, following, ("stop",))


def _leads(backing: Backing, catalog: Catalog) -> list[str]:
    """Beginnings that tie a pick to the user's words; none where nothing was answered."""
    words = [
        answer.words
        for answer in backing.answers
        if catalog.fields[answer.field].kind in (Kind.CATEGORY, Kind.KEYWORD)
    ]
    leads = [f"You asked for “{said}”:" for said in dict.fromkeys(words) if len(said) <= 40]
    return leads + [f"You liked {title}:" for title in {s.title: None for s in backing.shared}]


def _article(word: str, *, capital: bool) -> str:
    article = "an" if word[:1].lower() in "aeiou" else "a"
    return article.capitalize() if capital else article


def _runs(prose: str) -> list[str]:
    """Runs of prose that can stand behind "in which": a subject and what it does.

    They begin at the determiner that opens the main clause, at the start or behind the
    first comma, and end with the sentence or before a joint.
    """
    words = prose.rstrip(".!?").split()
    first = 0
    if words and words[0].lower() not in _DETERMINERS:
        commas = (n for n, word in enumerate(words, start=1) if word.endswith(","))
        first = next(commas, len(words))
    if first >= len(words) or words[first].lower() not in _DETERMINERS:
        return []
    runs: list[str] = []
    for last in range(first + _SHORTEST_RUN, len(words) + 1):
        if last == len(words) or words[last].lower() in _JOINTS:
            run = " ".join(words[first:last]).rstrip(",;:—")
            runs.append(run[:1].lower() + run[1:])
    return runs


class Explainer:
    """Writes and checks reasons for the items of one catalog."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._check = ClaimCheck(catalog)

    def composed(self, pick: Pick, state: DialogueState) -> Pick:
        """The pick with a reason composed from its evidence."""
        backing = gather(pick.item, state, self._catalog)
        return replace(
            pick,
            reason=compose(pick.item, backing, state, self._catalog),
            evidence=evidence_of(backing, pick.item, self._catalog),
            written_by="composed",
        )

    def write(
        self, model: LanguageModel, pick: Pick, instruction: Instruction, state: DialogueState
    ) -> Iterator[Pick | None]:
        """Let the model write the reason of a composed pick; None while it writes.

        The last value is the pick, with the model's sentence if its claims hold, and as it
        came otherwise.
        """
        text = ""
        frame = None
        if not model.writes_freely:
            frame = frame_of(pick.item, self._catalog, gather(pick.item, state, self._catalog))
        pieces = model.stream(
            self._messages(pick.item, instruction),
            _MAX_TOKENS,
            frame=frame,
        )
        try:
            for piece in pieces:
                text += piece
                end = _SENTENCE_END.search(text.strip())
                if end or "\n" in text.strip():
                    break
                yield None
        finally:
            close = getattr(pieces, "close", None)
            if close:
                close()
        text = text.strip().split("\n")[0].strip().strip('"')
        end = _SENTENCE_END.search(text)
        sentence = text[: end.end()] if end else text
        verdict = self._check.check(sentence, pick.item, state)
        if not verdict.passed:
            yield pick
            return
        user_side = tuple(e for e in pick.evidence if e.source == "user")
        yield replace(
            pick,
            reason=sentence,
            evidence=tuple(dict.fromkeys((*verdict.evidence, *user_side))),
            written_by="model",
        )

    def _messages(self, item: Item, instruction: Instruction) -> list[tuple[str, str]]:
        system = (
            f"You say in one short sentence what a {self._catalog.noun} is, for somebody who "
            f"asked for it. Use only words of the facts and the story."
        )
        messages = [("system", system)]
        for request, answer in _EXAMPLES:
            messages += [("user", request), ("assistant", answer)]
        return [*messages, ("user", facts_of(item, instruction, self._catalog))]


def facts_of(item: Item, instruction: Instruction, catalog: Catalog) -> str:
    """The request beside the facts and the story of an item, as a model is given them."""
    aspects = instruction.aspects
    request = aspects.wish or "; ".join((*aspects.taste, *aspects.limits)) or (
        f"something like {', '.join(aspects.history[-3:])}" if aspects.history else "anything"
    )  # fmt: skip
    kinds = [v.lower() for f in catalog.of_kind(Kind.CATEGORY)[:1]
             for v in item.facets.get(f.name, ())[:3]]  # fmt: skip
    themes = [v for f in catalog.of_kind(Kind.KEYWORD) for v in item.facets.get(f.name, ())[:4]]
    story = " ".join(item.texts.values())[:400]
    return (
        f"Request: {request}\nTitle: {item.title}\nFacts: {', '.join(kinds)}; themes: "
        f"{', '.join(themes)}\nStory: {story}"
    )
