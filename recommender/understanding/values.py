"""The phrases of a catalog's categories, themes and named ranges, and what they say.

From the catalog's own values and its card; a phrase may mean several values at once.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from recommender.understanding.catalog_words import CatalogWords
from recommender.understanding.words import FUNCTION_WORDS, Word, singular_key
from retrieval.catalog import Catalog, Field, Item, Kind, fold
from retrieval.limits import Limit

Key = tuple[str, ...]

_VALUE_TYPO_CUTOFF = 83  # of a category


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


class Values:
    """The phrases of a catalog's values."""

    def __init__(self, catalog: Catalog, known: CatalogWords) -> None:
        self._catalog = catalog
        self._known = known
        self._values: dict[Key, list[Value]] = {}
        self._held: dict[tuple[str, str], int] = {}  # items by field and value
        self._items_of: dict[tuple[str, str], list[Item]] = {}  # by theme
        for item in catalog.items:
            for f in catalog.of_kind(Kind.CATEGORY):
                for value in set(item.facets.get(f.name, ())):
                    self._held[f.name, value] = self._held.get((f.name, value), 0) + 1
            for f in catalog.of_kind(Kind.KEYWORD):
                for value in item.facets.get(f.name, ()):
                    self._items_of.setdefault((f.name, value), []).append(item)
        self._index_themes()
        for f in catalog.fields.values():
            self._add_field(f)
        # Fields of which an item holds one value only: to ask for two is to ask for either.
        self.exclusive = {
            f.name
            for f in catalog.of_kind(Kind.CATEGORY)
            if all(len(item.facets.get(f.name, ())) < 2 for item in catalog.items)
        }
        # Single words that mean a category exactly, to find typos of them.
        self._category_words = {
            key[0]: key
            for key, meanings in self._values.items()
            if len(key) == 1 and len(key[0]) > 4
            and any(v.kind is Kind.CATEGORY and not v.hint for v in meanings)
        }  # fmt: skip
        self._category_phrases = {
            " ".join(key): key
            for key, meanings in self._values.items()
            if len(key) == 2 and any(v.kind is Kind.CATEGORY and not v.hint for v in meanings)
        }
        self._typos: dict[str, Key | None] = {}
        self._items_of.clear()  # needed to build only

    def __contains__(self, key: object) -> bool:
        return key in self._values

    def within(self, words: Sequence[Word]) -> Iterator[Match]:
        """Phrases of categories, keywords, hints and named ranges; longest first."""
        for first in range(len(words) - 1):
            misspelt = self._phrase_meant(words[first], words[first + 1])
            if misspelt:
                yield Match(first, first + 2, tuple(self._values[misspelt]))
        for size in range(min(6, len(words)), 0, -1):
            for first in range(len(words) - size + 1):
                key = tuple(word.singular for word in words[first : first + size])
                if key in self._values:
                    yield Match(first, first + size, tuple(self._values[key]))
        for first, word in enumerate(words):
            meant = self._category_meant(word)
            if meant:
                yield Match(first, first + 1, tuple(self._values[meant]))

    def is_thing_asked_for(self, word: Word) -> bool:
        meanings = self._values.get((word.singular,), ())
        return word.folded in self._known.nouns or any(
            value.kind is Kind.CATEGORY and not value.hint for value in meanings
        )

    def theme_within(self, word: str) -> str:
        """The one-word theme that a word is made from: "christmas" of "christmassy", or ""."""
        for length in range(len(word) - 1, max(4, len(word) - 5), -1):
            if word[:length] in self._themes:
                return word[:length]
        return ""

    def themes_of(self, name: str, stems: Sequence[str]) -> list[str]:
        """The values of a theme field in which some word begins with one of the stems."""
        ends = self._theme_ends.get(name, [])
        found: set[int] = set()
        for stem in stems:
            at = bisect.bisect_left(ends, (stem, -1))
            while at < len(ends) and ends[at][0].startswith(stem):
                found.add(ends[at][1])
                at += 1
        spelled = self._theme_values.get(name, [])
        return [value for place in sorted(found) for value in spelled[place]]

    def share(self, name: str, value: str) -> float:
        """The part of the catalog that holds a value of a category."""
        return self._held.get((name, value), 0) / len(self._catalog)

    def _index_themes(self) -> None:
        self._themes: set[str] = set()
        # For each field, the ends of themes from any word on, with the place of the theme.
        self._theme_ends: dict[str, list[tuple[str, int]]] = {}
        self._theme_values: dict[str, list[tuple[str, ...]]] = {}
        for f in self._catalog.of_kind(Kind.KEYWORD):
            known = self._catalog.vocabulary.get(f.name, {})
            self._themes.update(known)
            self._theme_values[f.name] = list(known.values())
            self._theme_ends[f.name] = sorted(
                (" ".join(words[n:]), place)
                for place, words in enumerate(theme.split() for theme in known)
                for n in range(len(words))
            )

    def _category_meant(self, word: Word) -> Key | None:
        """The category that an unknown word misspells: "documentry"."""
        spelling = word.singular
        if (
            len(spelling) < 5
            or self._known.is_ordinary(word.folded)
            or self._known.is_ordinary(spelling)
        ):
            return None
        if word.folded in self._known.names or word.folded in self._known.title_words:
            return None
        if spelling not in self._typos:
            found = process.extractOne(
                spelling, self._category_words.keys(), scorer=fuzz.ratio,
                score_cutoff=_VALUE_TYPO_CUTOFF,
            )  # fmt: skip
            if len(self._typos) > 10_000:  # words of visitors, not to be kept for ever
                self._typos.clear()
            self._typos[spelling] = self._category_words[found[0]] if found else None
        return self._typos[spelling]

    def _phrase_meant(self, first: Word, second: Word) -> Key | None:
        """The category of two words of which one is misspelt: "sience fiction"."""
        unknown = [w for w in (first, second) if len(w.folded) > 4 and not (
            self._known.is_ordinary(w.folded) or self._known.is_ordinary(w.singular)
        )]  # fmt: skip
        if not unknown or second.opens_clause:
            return None
        spelling = f"{first.singular} {second.singular}"
        if spelling not in self._typos:
            found = process.extractOne(
                spelling, self._category_phrases.keys(), scorer=fuzz.ratio, score_cutoff=90
            )
            self._typos[spelling] = self._category_phrases[found[0]] if found else None
        return self._typos[spelling]

    def _add_field(self, f: Field) -> None:
        known = self._catalog.vocabulary.get(f.name, {})
        if f.kind in (Kind.CATEGORY, Kind.KEYWORD):
            only_named = {fold(value) for value in f.only_named}
            for folded, values in known.items():
                if folded not in only_named and not (
                    f.kind is Kind.KEYWORD and folded in FUNCTION_WORDS
                ):
                    hint = f.kind is Kind.KEYWORD
                    self._add(folded, Value(f.name, f.kind, values, hint=hint))
                    if hint:
                        self._add_head(f, folded, values)
            for value in f.only_named:  # an everyday word, plain beside a noun: "a family one"
                if fold(value) in known:
                    for noun in sorted(self._known.nouns):
                        named = Value(f.name, f.kind, (value,), bare_adjective=False)
                        self._add(f"{value} {noun}", named)
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

    def _add_head(self, f: Field, phrase: str, values: tuple[str, ...]) -> None:
        """A theme that ends in a category asks for it where its items bear that out.

        "teen comedy" is a comedy; "cold war" is no war film.
        """
        words = phrase.split()
        for other in self._catalog.of_kind(Kind.CATEGORY) if len(words) > 1 else ():
            head = self._catalog.vocabulary.get(other.name, {}).get(words[-1])
            if head and all(
                set(head) & set(item.facets.get(other.name, ()))
                for value in values
                for item in self._items_of.get((f.name, value), ())
            ):
                self._add(phrase, Value(other.name, other.kind, head))

    def _add(self, phrase: str, value: Value) -> None:
        key = singular_key(phrase)
        if not key:
            return
        known = self._values.setdefault(key, [])
        if value not in known:
            known.append(value)
