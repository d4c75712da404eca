"""The answer to which of several items of one title was meant: "the older one", "both".

Only where the turn before left a choice open; any other text is given back as it is.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from dataclasses import replace

from recommender.dialogue import Act, Choice
from recommender.understanding.lexicon import Lexicon
from recommender.understanding.reading import ItemRead
from recommender.understanding.references import read_references
from recommender.understanding.turn_read import TurnRead
from recommender.understanding.update import with_mentions
from retrieval.catalog import Kind, fold

_OWNED = re.compile(r"['’]s\b")


class ChoiceReader:
    """Reads answers to a choice about one catalog."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._catalog = lexicon.catalog
        self._lexicon = lexicon

    def read(self, turn: TurnRead, text: str) -> str:
        """Reads the answer to which of several items of one title was meant."""
        choice, turn.state = turn.state.choice, replace(turn.state, choice=None)
        if choice is None:
            return text
        among = replace(turn.state, last_shown=choice.item_ids, spoken_of=())
        ids = {i for one in read_references(text, among, self._lexicon) for i in one.item_ids}
        ids |= self._told_apart(choice, text)
        chosen = tuple(i for i in choice.item_ids if i in ids)
        if not chosen and re.fullmatch(
            r"(?:both|either|any|all(?: of them)?|i don'?t (?:know|care|mind)|whichever|doesn'?t matter)[ .!]*",
            text.lower(),
        ):
            chosen = choice.item_ids
        if not chosen or len(text.split()) > 12:
            return text
        said = choice.said_of_it
        read = ItemRead(chosen, said == "liked", said == "disliked", said == "seen", choice.words)
        turn.state = with_mentions(turn.state, chosen, read, turn.number)
        turn.state = replace(
            turn.state,
            spoken_of=chosen,
            began=turn.number if not turn.state.wish else turn.state.began,
        )
        said_people = [
            name for f in self._catalog.of_kind(Kind.PERSON) for i in chosen
            for name in self._catalog[i].values(f.name) if fold(name).split()[-1] in fold(text)
        ]  # fmt: skip
        if said_people:
            turn.state = replace(turn.state, people=tuple(dict.fromkeys(said_people)))
        if choice.stars:
            turn.rated = (*turn.rated, *((i, choice.stars) for i in chosen))
        turn.does(Act.CHOOSE)
        return ""

    def _told_apart(self, choice: Choice, text: str) -> set[str]:
        """The items of which a text names what no other one has: a year, a person, a value."""
        words = f" {fold(_OWNED.sub('', text))} "
        items = [self._catalog[item_id] for item_id in choice.item_ids]
        found = set()
        for f in self._catalog.fields.values():
            held = [
                set(item.values(f.name)) if f.kind is not Kind.TEXT else set() for item in items
            ]
            holders = Counter(itertools.chain.from_iterable(held))
            for item, values in zip(items, held, strict=True):
                for spelled in (fold(value) for value in values if holders[value] == 1):
                    ends = spelled.split()[-1:] if f.kind is Kind.PERSON else []
                    if any(f" {one} " in words for one in (spelled, *ends) if one):
                        found.add(item.id)
        return found
