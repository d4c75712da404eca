"""How the titles of a catalog are spelt: whole, shortened, in series, and misspelt.

Only spellings; whether a title is meant where its words stand is decided by the reader.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rapidfuzz import fuzz, process

from recommender.understanding.catalog_words import CatalogWords
from recommender.understanding.values import Values
from recommender.understanding.words import FUNCTION_WORDS, Word, singular
from retrieval.catalog import Catalog, fold

Key = tuple[str, ...]

_LONGEST_TITLE = 12  # words; the rest of a longer title adds nothing to tell it apart
_TYPO_CUTOFF = 86  # rapidfuzz ratio from which a spelling counts as a typo of a title
_NUMERALS = {
    "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7",
    "eight": "8", "nine": "9", "ten": "10", "eleven": "11", "twelve": "12", "thirteen": "13",
}  # fmt: skip


class Titles:
    """The titles of a catalog by their spellings."""

    def __init__(self, catalog: Catalog, known: CatalogWords, values: Values) -> None:
        self._catalog = catalog
        self._known = known
        self._titles: dict[Key, list[str]] = {}
        for item in catalog.items:
            for key in _title_keys(item.title):
                self._titles.setdefault(key, []).append(item.id)
        self._spellings = {" ".join(key): key for key in self._titles if len(" ".join(key)) >= 5}
        self._telling: set[Key] = set()
        self._add_telling_words(values)

    def __contains__(self, key: object) -> bool:
        return key in self._titles

    def within(self, words: Sequence[Word]) -> Iterator[tuple[int, int, tuple[str, ...]]]:
        """Exact titles at any place: first word, word after the last, item ids; longest first."""
        folded = [word.folded for word in words]
        for size in range(min(_LONGEST_TITLE, len(words)), 0, -1):
            for first in range(len(words) - size + 1):
                ids = self._titles.get(tuple(folded[first : first + size]))
                if ids:
                    yield first, first + size, tuple(ids)

    def series(self, ids: Sequence[str]) -> tuple[str, ...]:
        """These items and all whose titles begin with the title of one: "the Die Hard films"."""
        beginnings = {
            min(_title_keys(self._catalog[i].title), key=len) for i in ids
        }  # fmt: skip
        found = dict.fromkeys(ids)
        for key, others in self._titles.items():
            if any(key[: len(start)] == start for start in beginnings):
                found.update(dict.fromkeys(others))
        return tuple(found)

    def exact(self, words: Sequence[Word]) -> tuple[str, ...]:
        """The items of just this title."""
        return tuple(self._titles.get(tuple(word.folded for word in words), ()))

    def is_part_of_title(self, words: Sequence[Word]) -> bool:
        """Whether words name an item though they are only a part of its title."""
        return tuple(word.folded for word in words) in self._telling

    def with_typo(self, words: Sequence[Word]) -> tuple[int, tuple[str, ...]] | None:
        """The title that the first words are meant to spell: how many words, item ids."""
        best: tuple[float, int, tuple[str, ...]] | None = None
        for size in range(min(8, len(words)), 0, -1):
            if any(word.opens_clause for word in words[1:size]):
                continue
            spelling = " ".join(word.folded for word in words[:size])
            if len(spelling) < 5 or all(word.folded in FUNCTION_WORDS for word in words[:size]):
                continue
            if words[size - 1].folded in FUNCTION_WORDS and size > 1:
                continue
            found = process.extractOne(
                spelling, self._spellings.keys(), scorer=fuzz.ratio, score_cutoff=_TYPO_CUTOFF
            )
            if found and (best is None or found[1] > best[0]):
                best = (found[1], size, tuple(self._titles[self._spellings[found[0]]]))
        return best[1:] if best else None

    def _add_telling_words(self, values: Values) -> None:
        """Words that occur in one title and nowhere else name it: "totoro", "shawshank"."""
        found: dict[str, set[str]] = {}
        for item in self._catalog.items:
            for word in fold(item.title.replace("-", " ")).split():
                found.setdefault(word.removesuffix("'s"), set()).add(item.id)
        for word, ids in found.items():
            if len(word) < 6 or self._known.is_ordinary(word) or (word,) in self._titles:
                continue
            if (
                (singular(word),) in values
                or word in self._known.names
                or word in self._known.first_names
            ):
                continue
            if len({_title_start(self._catalog[i].title) for i in ids}) == 1:
                self._titles[(word,)] = sorted(ids)
                self._telling.add((word,))
        starts: dict[Key, set[str]] = {}
        for item in self._catalog.items:
            if len(fold(item.title).split()) > 3:
                starts.setdefault(_title_start(item.title), set()).add(item.id)
        for start, ids in starts.items():  # "eternal sunshine", "harry potter"
            length = 4 if len(ids) == 1 else 3
            if all(len(w) > length and w not in FUNCTION_WORDS for w in start) and (
                len(start) == 2 and start not in self._titles
            ):  # fmt: skip
                self._titles[start] = sorted(ids)
                self._telling.add(start)


def _title_start(title: str) -> Key:
    """The first words of a title, by which the parts of a series are known."""
    words = fold(title.replace("-", " ")).split()
    words = words[1:] if len(words) > 1 and words[0] in ("the", "a", "an") else words
    return tuple(words[:2])


def _title_keys(title: str) -> set[Key]:
    """The spellings under which a title is found: whole, without article, without subtitle."""
    whole = tuple(fold(title.replace("-", " ")).split())[:_LONGEST_TITLE]
    keys = {whole} if whole else set()
    main = tuple(fold(re.split(r"[:–—]\s", title)[0].replace("-", " ")).split())
    if len(main) > 1 or len(" ".join(main)) > 5:
        keys.add(main[:_LONGEST_TITLE])
    if "-" in title:  # "spiderman", "walle"
        keys.add(tuple(fold(title.replace("-", "")).split())[:_LONGEST_TITLE])
    for key in list(keys):
        if len(key) > 1 and key[0] in ("the", "a", "an") and len(" ".join(key[1:])) > 3:
            keys.add(key[1:])
    digits = {v: k for k, v in _NUMERALS.items()}
    for key in list(keys):
        # "oceans eleven", "twelve angry men", "fast and the furious"
        keys.add(tuple(word.replace("'", "") for word in key))
        if len(key) > 1:
            keys.add(tuple(digits.get(word, word) for word in key))
            keys.add(tuple(_NUMERALS.get(word, word) for word in key))
    return keys
