"""The claim check: which sentences of a model may be shown.

A sentence passes if every word that claims something is backed: by a field of the item,
or, in a clause that speaks of the user ("you asked for …"), by the user's own words. Words
that claim nothing ("film", "about") come from a closed list, so that an unknown word is a
claim. Beyond single words it checks what words alone can't: people in their role, names by
their capitals, story words in the order in which the item's prose has them, numbers, and
negations, which must be quoted with what they deny.

What it can't see: a wrong relation between words that are all backed and in order.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import Stemmer

from recommender.dialogue import DialogueState, Evidence
from recommender.understanding.words import Word, split_words, word_set
from retrieval.catalog import Catalog, Item, Kind, fold

MAX_WORDS = 55
_NO_CLAIM = word_set(
    "a about actually all also an and another any are as asked at be been both bring brings but "
    "by can centered centers combine combines contains does each explores fans feature features "
    "feel feels film fit fits focuses follow follows for from fulfills genre genres get gives "
    "given has have having he her here him his how i if in include includes including interest "
    "interested into is it it's its kind like liked look looking made make makes man match "
    "matches matching meets might mix mixes mood more most movie of offers on one or our out part "
    "people person piece preference request requests see seems she so some someone something sort "
    "story style such suit suits tale tells that that's the their them theme themes there these "
    "they this those through to told tone too touch touches up user user's want wanted wants was "
    "watch way we well were what when where which while who whose will wish with within would you "
    "you're your"
)
_NEGATIONS = frozenset(
    ("no", "not", "never", "none", "nor", "neither", "nothing", "nobody", "nowhere", "without",
     "cannot", "hardly")
)  # fmt: skip
_CLAUSE_END = re.compile(r"(?:“[^”]*”|[^.,;:!?()–—])*")
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
        self._free = _NO_CLAIM | {word for noun in catalog.all_nouns for word in fold(noun).split()}
        self._roles = [
            (tuple(fold(role).split()), f.name)
            for f in catalog.of_kind(Kind.PERSON)
            for role in f.roles
        ]

    def check(self, sentence: str, item: Item, state: DialogueState) -> Verdict:
        """Hold a sentence against an item and what the user said."""
        words = split_words(sentence)
        objection = self._form(sentence, words)
        if objection:
            return Verdict(False, objection=objection)
        backed = self._backed_by_item(item)
        said = self._backed_by_user(state, sentence)
        user_part = _user_words(sentence, words)
        prose = self._prose_positions(item)
        credits, objection = self._credits(words, item)
        if objection:
            return Verdict(False, objection=objection)
        evidence: list[Evidence] = []
        reached = -1  # how far the sentence has followed the item's prose
        for place, word in enumerate(words):
            # A title can be made of words that claim nothing ("Her", "Up"), so names come first.
            named = word.text[:1].isupper() and not _opens_sentence(sentence, word)
            if named and not self._is_known_name(word, item, state):
                return Verdict(False, objection=f"unknown name {word.text!r}")
            if word.folded in self._free:
                continue
            stem = self._stem(word.folded)
            if word.folded in _NEGATIONS or word.folded.endswith("n't"):
                spoken = said.values() if place in user_part else ()
                if not _is_quoted(words[place : place + 2], item, spoken):
                    return Verdict(False, objection=f"nothing backs {word.text!r} here")
            if place in credits:
                evidence.append(credits[place])
            elif stem in backed:
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
                # Hints are left out: horror is a hint of zombies, but does not mean them.
                for phrase, values in f.words.items():
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

    def _backed_by_user(self, state: DialogueState, sentence: str) -> dict[str, Evidence]:
        said: dict[str, Evidence] = {}
        spoken = [(p.words, p.turn) for p in (*state.wish, *state.taste, *state.context)]
        spoken += [(p.words, p.turn) for p in (*state.leanings, *state.taste_leanings)]
        # What was ruled out counts as a whole only: "no comedy" is no word for comedy.
        spoken += [
            (s.words, s.turn)
            for s in state.limits
            if not s.limit.negated or fold(s.words) in fold(sentence)
        ]
        spoken += [
            (self._catalog[m.item_id].title, m.turn)
            for m in state.liked
            if m.item_id in self._catalog
        ]
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
        name = re.sub(r"['’]s?$", "", word.text)
        return name == "I" or any(re.search(rf"\b{re.escape(name)}\b", text) for text in texts)

    def _credits(self, words: Sequence[Word], item: Item) -> tuple[dict[int, Evidence], str]:
        """Places of role words that people of that role follow, and an objection otherwise.

        "Directed by" in front of an actor is wrong, alone or in a list of names.
        """
        folded = [re.sub(r"'s?$", "", word.folded) for word in words]
        people: dict[tuple[str, ...], dict[str, str]] = {}  # name or surname -> field -> name
        for f in self._catalog.of_kind(Kind.PERSON):
            for name in item.facets.get(f.name, ()):
                parts = tuple(re.sub(r"'s?$", "", part) for part in fold(name).split())
                for key in (parts, parts[-1:]):
                    people.setdefault(key, {})[f.name] = name
        found: dict[int, Evidence] = {}
        for role, field in self._roles:
            for first in range(len(folded) - len(role) + 1):
                place = first + len(role)
                if tuple(folded[first:place]) != role:
                    continue
                while key := max(
                    (k for k in people if _is_at(k, folded, place)), key=len, default=()
                ):
                    if field not in people[key]:
                        name = next(iter(people[key].values()))
                        return {}, f"{name} has another role than {' '.join(role)!r}"
                    evidence = Evidence("item", field, people[key][field])
                    found.update(dict.fromkeys(range(first, first + len(role)), evidence))
                    place += len(key)
                    place += folded[place : place + 1] == ["and"]
        return found, ""

    def _stem(self, word: str) -> str:
        return str(self._stemmer.stemWord(re.sub(r"'s?$", "", word)))


def _is_at(key: tuple[str, ...], folded: Sequence[str], place: int) -> bool:
    return tuple(folded[place : place + len(key)]) == key


def _opens_sentence(sentence: str, word: Word) -> bool:
    before = sentence[: word.start].rstrip(" \"“‘'(")
    return not before or before[-1] in ".!?"


def _is_quoted(run: Sequence[Word], item: Item, spoken: Iterable[Evidence]) -> bool:
    """Whether a negation and the word behind it stand together in the item or in what was said."""
    if len(run) < 2 or run[1].opens_clause:
        return False
    texts = [item.title, *item.texts.values(), *(v for vs in item.facets.values() for v in vs)]
    texts += [evidence.value for evidence in spoken]
    pair = f" {run[0].folded} {run[1].folded} "
    return any(pair in f" {fold(text)} " for text in texts)


def _user_words(sentence: str, words: Sequence[Word]) -> set[int]:
    """Places of the words in clauses about the user: from "you" to the clause's end.

    What stands in quotation marks behind "you" belongs to the clause as a whole.
    """
    places: set[int] = set()
    for match in _USER_CLAUSE.finditer(sentence):
        end = _CLAUSE_END.match(sentence, match.start()).end()  # type: ignore[union-attr]
        for place, word in enumerate(words):
            if not match.start() <= word.start < end:
                continue
            quoted = sentence.count("“", 0, word.start) > sentence.count("”", 0, word.start)
            if word.folded in ("because", "so", "which", "this", "it") and not quoted:
                break
            places.add(place)
    return places
