"""The words of a catalog: which phrases name its items, people, values and leanings.

Built once for a catalog, from the catalog alone; nothing here is about films.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from recommender.understanding.words import FUNCTION_WORDS, Word, singular_key
from retrieval.catalog import Catalog, Field, Kind, fold
from retrieval.limits import Limit

Key = tuple[str, ...]
_LONGEST_TITLE = 12  # words; the rest of a longer title adds nothing to tell it apart
_TYPO_CUTOFF = 86  # rapidfuzz ratio from which a spelling counts as a typo of a title
# Surnames that are everyday words need a first name or a word such as "starring".
_EVERYDAY_SURNAMES = frozenset(
    "abbott adams baker bale bell berry best black blue blunt bond bridges brook brooks brown burns "
    "carpenter chance chase church close cook cool cross crowe cruise cruz day dean dee diamond "
    "director driver ford fox french grace grant gray green hall hand hardy hart hill holiday hope "
    "hunt hunter hurt irons jackman jordan king knight lake lane law leigh long love lynch mason "
    "may mills moon moore noble park parker pitt pope power price prince quiet reed rich rivers "
    "rock rose rush russell savage short silver smith snow stone storm summer swift temple turner "
    "twist walker washington waters weaver west white wilder wild winter wise wolf wood woods young "
    "london paris french german english irish roman christian romero".split()
)
_PARTICLES = frozenset("al da de del den der di du el la le ten van von".split())


@dataclass(frozen=True)
class Value:
    """What a phrase says of a field: a value, hard or as a leaning, or a range."""

    field: str
    kind: Kind
    values: tuple[str, ...] = ()
    limit: Limit | None = None
    hint: bool = False
    opposite: bool = False  # the phrase means that the value is not wanted
    bare_adjective: bool = True  # needs a noun of the request beside it to be a limit
    direction: int = 0  # +1 or -1 for a comparison: "newer", "shorter"


@dataclass(frozen=True)
class Match:
    """A phrase of the lexicon in an utterance, over words first … last - 1."""

    first: int
    last: int
    meanings: tuple[Value, ...]


class Lexicon:
    """Finds the catalog's words in an utterance."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self.nouns = {
            word
            for noun in (catalog.noun, catalog.nouns, *catalog.other_nouns, "one", "something")
            for word in (fold(noun), *singular_key(noun))
        }
        self._titles: dict[Key, list[str]] = {}
        for item in catalog.items:
            for key in _title_keys(item.title):
                self._titles.setdefault(key, []).append(item.id)
        self._spellings = {" ".join(key): key for key in self._titles if len(" ".join(key)) >= 5}
        self._values: dict[Key, list[Value]] = {}
        for f in catalog.fields.values():
            self._add_field(f)
        self._people: dict[Key, dict[str, set[str]]] = {}  # name -> field -> values
        for f in catalog.of_kind(Kind.PERSON):
            for values in catalog.vocabulary.get(f.name, {}).values():
                for value in values:
                    self._add_person(f.name, value)
        self.roles = {
            tuple(fold(role).split()): f.name
            for f in catalog.of_kind(Kind.PERSON)
            for role in f.roles
        }

    # --- titles ---------------------------------------------------------------------

    def titles(self, words: Sequence[Word]) -> Iterator[tuple[int, int, tuple[str, ...]]]:
        """Exact titles at any place: first word, word after the last, item ids; longest first."""
        folded = [word.folded for word in words]
        for size in range(min(_LONGEST_TITLE, len(words)), 0, -1):
            for first in range(len(words) - size + 1):
                ids = self._titles.get(tuple(folded[first : first + size]))
                if ids:
                    yield first, first + size, tuple(ids)

    def title_with_typo(self, words: Sequence[Word]) -> tuple[int, tuple[str, ...]] | None:
        """The title that the first words are meant to spell: how many words, item ids."""
        best: tuple[float, int, tuple[str, ...]] | None = None
        for size in range(min(8, len(words)), 0, -1):
            if any(word.opens_clause for word in words[1:size]):
                continue
            spelling = " ".join(word.folded for word in words[:size])
            if len(spelling) < 5 or all(word.folded in FUNCTION_WORDS for word in words[:size]):
                continue
            found = process.extractOne(
                spelling, self._spellings.keys(), scorer=fuzz.ratio, score_cutoff=_TYPO_CUTOFF
            )
            if found and (best is None or found[1] > best[0]):
                best = (found[1], size, tuple(self._titles[self._spellings[found[0]]]))
        return best[1:] if best else None

    # --- values ---------------------------------------------------------------------

    def values(self, words: Sequence[Word]) -> Iterator[Match]:
        """Phrases of categories, keywords, hints and named ranges; longest first."""
        for size in range(min(6, len(words)), 0, -1):
            for first in range(len(words) - size + 1):
                key = tuple(word.singular for word in words[first : first + size])
                if key in self._values:
                    yield Match(first, first + size, tuple(self._values[key]))

    def _add_field(self, f: Field) -> None:
        known = self.catalog.vocabulary.get(f.name, {})
        if f.kind in (Kind.CATEGORY, Kind.KEYWORD):
            only_named = {fold(value) for value in f.only_named}
            for folded, values in known.items():
                if folded not in only_named and not (
                    f.kind is Kind.KEYWORD and folded in FUNCTION_WORDS
                ):
                    hint = f.kind is Kind.KEYWORD
                    self._add(folded, Value(f.name, f.kind, values, hint=hint))
            for phrase, values in f.words.items():
                bare = len(phrase.split()) == 1
                present = tuple(v for v in values if fold(v) in known)
                if present:
                    self._add(phrase, Value(f.name, f.kind, present, bare_adjective=bare))
                for value in values:  # "Romance + Comedy" asks for both
                    parts = value.split(" + ")
                    if len(parts) > 1 and all(fold(part) in known for part in parts):
                        for part in parts:
                            self._add(phrase, Value(f.name, f.kind, (part,), bare_adjective=bare))
            for phrase, values in f.opposites.items():
                self._add(
                    phrase, Value(f.name, f.kind, values, opposite=True, bare_adjective=False)
                )
            for phrase, values in f.hints.items():
                present = tuple(v for v in values if fold(v) in known)
                if present:
                    self._add(phrase, Value(f.name, f.kind, present, hint=True))
        for direction, phrases in ((1, f.more), (-1, f.less)):
            for phrase in phrases:
                self._add(phrase, Value(f.name, f.kind, direction=direction))
        for phrase, bounds in f.ranges.items():
            limit = Limit((f.name,), minimum=bounds.get("min"), maximum=bounds.get("max"))
            self._add(phrase, Value(f.name, f.kind, limit=limit))

    def _add(self, phrase: str, value: Value) -> None:
        key = singular_key(phrase)
        if not key:
            return
        known = self._values.setdefault(key, [])
        if value not in known:
            known.append(value)

    # --- people ---------------------------------------------------------------------

    def people(self, words: Sequence[Word]) -> Iterator[tuple[int, int, dict[str, set[str]]]]:
        """Names of people, longest first: first word, word after the last, values by field.

        A surname alone counts where it is capitalised or follows a role ("by hitchcock").
        """
        for size in range(min(5, len(words)), 0, -1):
            for first in range(len(words) - size + 1):
                span = words[first : first + size]
                key = tuple(_without_possessive(word.folded) for word in span)
                found = self._people.get(key)
                if not found:
                    continue
                if size == 1 and not self._surname_is_meant(words, first):
                    continue
                yield first, first + size, found

    def role_before(self, words: Sequence[Word], first: int) -> tuple[str, int] | None:
        """The person field whose role stands right before a word, and where the role begins."""
        for size in (3, 2, 1):
            if first - size >= 0:
                key = tuple(word.folded for word in words[first - size : first])
                if key in self.roles:
                    return self.roles[key], first - size
        return None

    def _add_person(self, field: str, name: str) -> None:
        parts = fold(name).split()
        keys = {tuple(parts)}
        if len(parts) > 1 and len(parts[-1]) > 3:
            keys.add((parts[-1],))
        if len(parts) > 2 and parts[-2] in _PARTICLES:
            keys.add(tuple(parts[-2:]))
        for key in keys:
            self._people.setdefault(key, {}).setdefault(field, set()).add(name)

    def _surname_is_meant(self, words: Sequence[Word], place: int) -> bool:
        word = words[place]
        if self.role_before(words, place):
            return not (word.folded in self.nouns or word.folded in FUNCTION_WORDS)
        if _without_possessive(word.folded) in _EVERYDAY_SURNAMES | FUNCTION_WORDS:
            return False
        # "Hitchcock thrillers" begins an utterance, "Young people" does too.
        return word.text[:1].isupper() and not (place == 0 and len(word.folded) < 6)


def _without_possessive(word: str) -> str:
    return re.sub(r"'s?$", "", word)


def _title_keys(title: str) -> set[Key]:
    """The spellings under which a title is found: whole, without article, without subtitle."""
    whole = tuple(fold(title.replace("-", " ")).split())[:_LONGEST_TITLE]
    keys = {whole} if whole else set()
    main = tuple(fold(re.split(r"[:–—]\s", title)[0].replace("-", " ")).split())
    if len(main) > 1 or len(" ".join(main)) > 5:
        keys.add(main[:_LONGEST_TITLE])
    for key in list(keys):
        if len(key) > 1 and key[0] in ("the", "a", "an") and len(" ".join(key[1:])) > 3:
            keys.add(key[1:])
    return keys
