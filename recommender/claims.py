"""The claim check: which sentences of a model may be shown.

A sentence passes if every word that claims something is backed: by a field of the item,
or, in a clause that speaks of the user ("you asked for …"), by the user's own words. Words
that claim nothing ("film", "about") come from a closed list, so that an unknown word is a
claim. Beyond single words it checks what words alone can't: people in their role, names by
their capitals, story words in the order in which the item's prose has them, numbers, and
negations, which the item can never back.

What it can't see: a wrong relation between words that are all backed and in order.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import Stemmer

from recommender.dialogue import DialogueState, Evidence
from recommender.understanding.words import Word, split_words
from retrieval.catalog import Catalog, Item, Kind, fold

MAX_WORDS = 45
_NO_CLAIM = frozenset(
    "a about actually all also an and another any are as asked at be been both bring brings but by "
    "can centered centers combine combines contains does each explores fans feature features feel "
    "feels film fit fits focuses follow follows for from fulfills genre genres get gives given has "
    "have having he her here him his how i if in include includes including interest interested "
    "into is it it's its kind like liked look looking love made make makes man match matches "
    "matching meets might mix mixes mood more most movie of offers on one or our out part people "
    "person piece preference request requests see seems she so some someone something sort story "
    "style such suit suits tale tells that that's the their them theme themes there these they "
    "this those through to told tone too touch touches up user user's want wanted wants was watch "
    "way we well were what when where which while who whose will wish with within would you you're "
    "your".split()
)
_USER_CLAUSE = re.compile(r"\b(?:you|your|you're|the user|user's|the request|your request)\b", re.I)


@dataclass(frozen=True)
class Verdict:
    """Whether a sentence may be shown: the evidence that backs it, or the reason why not."""

    passed: bool
    evidence: tuple[Evidence, ...] = ()
    objection: str = ""


class ClaimCheck:
    """Checks sentences about the items of one catalog."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._stemmer = Stemmer.Stemmer("english")
        nouns = (catalog.noun, catalog.nouns, *catalog.other_nouns)
        self._free = _NO_CLAIM | {word for noun in nouns for word in fold(noun).split()}
        self._roles = [
            (fold(role), f.name) for f in catalog.of_kind(Kind.PERSON) for role in f.roles
        ]

    def check(self, sentence: str, item: Item, state: DialogueState) -> Verdict:
        """Hold a sentence against an item and what the user said."""
        words = split_words(sentence)
        objection = self._form(sentence, words)
        if objection:
            return Verdict(False, objection=objection)
        backed = self._backed_by_item(item)
        said = self._backed_by_user(state)
        user_part = _user_words(sentence, words)
        prose = self._prose_positions(item)
        evidence: list[Evidence] = []
        reached = -1  # how far the sentence has followed the item's prose
        for place, word in enumerate(words):
            if word.folded in self._free:
                continue
            stem = self._stem(word.folded)
            if word.text[:1].isupper() and place and not word.opens_clause:
                if not self._is_known_name(word, item, state):
                    return Verdict(False, objection=f"unknown name {word.text!r}")
            if stem in backed:
                evidence.append(backed[stem])
            elif place in user_part and stem in said:
                evidence.append(said[stem])
            elif stem in prose:
                following = [p for p in prose[stem][1] if p > reached]
                if not following:
                    return Verdict(False, objection=f"{word.text!r} is out of the story's order")
                reached = following[0]
                evidence.append(Evidence("item", prose[stem][0], item.texts[prose[stem][0]]))
            else:
                return Verdict(False, objection=f"nothing backs {word.text!r}")
        objection = self._roles_wrong(sentence, item)
        if objection:
            return Verdict(False, objection=objection)
        claims = [e for e in evidence if e.source == "item" and e.field != "title"]
        if not claims:
            return Verdict(False, objection="says nothing of the item")
        return Verdict(True, tuple(dict.fromkeys(e for e in evidence if e.field != "title")))

    # --- what backs a word --------------------------------------------------------------

    def _backed_by_item(self, item: Item) -> dict[str, Evidence]:
        backed: dict[str, Evidence] = {}

        def add(text: str, evidence: Evidence) -> None:
            for word in split_words(text):
                backed.setdefault(self._stem(word.folded), evidence)

        for f in self._catalog.fields.values():
            for value in item.facets.get(f.name, ()):
                evidence = Evidence("item", f.name, value)
                add(value, evidence)
                for spellings in (f.words, f.hints):
                    for phrase, values in spellings.items():
                        # One word alone: of "true story" neither word means the value.
                        if value in values and " " not in phrase:
                            add(phrase, evidence)
            if f.name in item.numbers:
                number = item.numbers[f.name]
                evidence = Evidence("item", f.name, f"{number:g}")
                add(f"{number:g}", evidence)
                if f.kind is Kind.YEAR:
                    add(f"{number // 10 * 10:g}s", evidence)
                if f.unit:
                    add(f.unit, evidence)
        add(item.title, Evidence("item", "title", item.title))
        return backed

    def _backed_by_user(self, state: DialogueState) -> dict[str, Evidence]:
        said: dict[str, Evidence] = {}
        spoken = [(p.words, p.turn) for p in (*state.wish, *state.taste, *state.context)]
        spoken += [(s.words, s.turn) for s in state.limits]
        spoken += [(self._catalog[m.item_id].title, m.turn) for m in state.liked if m.item_id in self._catalog]
        for text, turn in spoken:
            for word in split_words(text):
                said.setdefault(self._stem(word.folded), Evidence("user", f"turn {turn}", text))
        return said

    def _prose_positions(self, item: Item) -> dict[str, tuple[str, list[int]]]:
        """For each stem of the item's prose, the field and the places where it stands."""
        places: dict[str, tuple[str, list[int]]] = {}
        for name, text in item.texts.items():
            for place, word in enumerate(split_words(text)):
                places.setdefault(self._stem(word.folded), (name, []))[1].append(place)
        return places

    # --- what words alone can't show ------------------------------------------------------

    def _form(self, sentence: str, words: Sequence[Word]) -> str:
        if not words or not sentence.rstrip().endswith((".", "!", "?")):
            return "not a finished sentence"
        if len(words) > MAX_WORDS:
            return f"{len(words)} words"
        folded = [word.folded for word in words]
        runs = [tuple(folded[n : n + 3]) for n in range(len(folded) - 2)]
        if len(set(runs)) < len(runs):
            return "repeats itself"
        if re.search(r"[<>{}\[\]`|]|https?:|\n", sentence):
            return "holds markup"
        return ""

    def _is_known_name(self, word: Word, item: Item, state: DialogueState) -> bool:
        texts = [item.title, *item.texts.values(), *(v for vs in item.facets.values() for v in vs)]
        texts += [self._catalog[m.item_id].title for m in state.liked if m.item_id in self._catalog]
        texts += [p.words for p in (*state.wish, *state.taste)]
        return any(re.search(rf"\b{re.escape(word.text)}\b", text) for text in texts) or (
            word.text == "I"
        )

    def _roles_wrong(self, sentence: str, item: Item) -> str:
        """A person behind a role word must be of that role: "directed by" an actor is wrong."""
        folded = fold(sentence)
        people = {
            fold(name): {f.name for f in self._catalog.of_kind(Kind.PERSON)
                         if name in item.facets.get(f.name, ())}
            for f in self._catalog.of_kind(Kind.PERSON)
            for name in item.facets.get(f.name, ())
        }  # fmt: skip
        for role, field in self._roles:
            for match in re.finditer(rf"\b{re.escape(role)} ", folded):
                behind = folded[match.end() :]
                for name, fields in people.items():
                    surname = name.split()[-1]
                    if (behind.startswith((name, f"{surname} ")) or behind == surname) and (
                        field not in fields):  # fmt: skip
                        return f"{name} has another role than {role!r}"
        return ""

    def _stem(self, word: str) -> str:
        return str(self._stemmer.stemWord(re.sub(r"'s?$", "", word)))


def _user_words(sentence: str, words: Sequence[Word]) -> set[int]:
    """Places of the words in clauses about the user: from "you" to the clause's end."""
    places: set[int] = set()
    for match in _USER_CLAUSE.finditer(sentence):
        for place, word in enumerate(words):
            if word.start < match.start():
                continue
            if word.start > match.end() and word.opens_clause:
                break
            if word.folded in ("because", "so", "which", "this", "it"):
                break
            places.add(place)
    return places
