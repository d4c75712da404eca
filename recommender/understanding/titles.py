"""How the titles of a catalog are spelt: whole, shortened, in series, and misspelt.

Only spellings; whether a title is meant where its words stand is decided by the reader.
"""

from __future__ import annotations

import bisect
import itertools
import re
from collections.abc import Iterator, Sequence

from recommender.understanding.catalog_words import CatalogWords
from recommender.understanding.spelling import (
    ARTICLES,
    LONGEST,
    NearWords,
    same,
    same_words,
    subtitle,
    title_spellings,
)
from recommender.understanding.values import Values
from recommender.understanding.words import FUNCTION_WORDS, Word, singular, split_words
from retrieval.catalog import Catalog, fold

_MOST_SLIPS = 2  # words of one title that may be misspelt
_MOST_STEPS = 4_000  # of the search for misspelt titles in one utterance


class Titles:
    """The titles of a catalog by their spellings."""

    def __init__(self, catalog: Catalog, known: CatalogWords, values: Values) -> None:
        self._catalog = catalog
        self._known = known
        spelt: dict[str, list[str]] = {}
        for item in catalog.items:
            for spelling in title_spellings(item.title):
                spelt.setdefault(spelling, []).append(item.id)
        self._titles = {spelling: tuple(ids) for spelling, ids in spelt.items()}
        self._sorted = sorted(self._titles)
        self._partial: set[str] = set()
        self._add_parts()
        self._add_telling_words(values)
        self._common = self._common_phrases()
        self._beginnings: set[str] = set()  # of spellings, by whole words
        for spelling in self._titles:
            at = spelling.find(" ")
            while at > 0:
                self._beginnings.add(spelling[:at])
                at = spelling.find(" ", at + 1)
        self._near = NearWords({word for spelling in self._titles for word in spelling.split()})

    def __contains__(self, word: object) -> bool:
        return word in self._titles

    def within(self, words: Sequence[Word]) -> Iterator[tuple[int, int, tuple[str, ...]]]:
        """Exact titles at any place: first word, word after the last, item ids; longest first."""
        forms = [same(word.folded) for word in words]
        for size in range(min(LONGEST, len(words)), 0, -1):
            for first in range(len(words) - size + 1):
                ids = self._titles.get(" ".join(_numbered(forms[first : first + size])))
                if ids:
                    yield first, first + size, ids

    def misspelt(
        self, words: Sequence[Word]
    ) -> Iterator[tuple[int, int, tuple[str, ...], dict[int, str], int]]:
        """The same for titles with a slip in a word or two: also what is meant, and how far off."""
        forms = [same(word.folded) for word in words]
        near = [self._near.near(form) for form in forms]
        steps = 0
        for start in range(len(forms)):
            ways: list[tuple[int, str, tuple[int, ...], int]] = [(start, "", (), 0)]
            while ways and steps < _MOST_STEPS:
                steps += 1
                place, before, slips, off = ways.pop()
                if place == len(forms) or place - start == LONGEST:
                    continue
                choices = [(forms[place], slips, off)]
                if len(slips) < _MOST_SLIPS:
                    choices += [(n.word, (*slips, place), off + n.distance) for n in near[place]]
                for form, changed, distance in choices:
                    spelling = f"{before} {form}" if before else form
                    if changed and spelling in self._titles:
                        meant = {at: spelling.split()[at - start] for at in changed}
                        yield start, place + 1, self._titles[spelling], meant, distance
                    if spelling in self._beginnings:
                        ways.append((place + 1, spelling, changed, distance))

    def is_common(self, words: Sequence[Word]) -> bool:
        """Whether two words are a title that the catalog's prose also uses as plain words."""
        return " ".join(word.folded for word in words) in self._common

    def is_title_word(self, word: str) -> bool:
        """Whether a folded word occurs in a title."""
        return same(word) in self._near

    def exact(self, words: Sequence[Word]) -> tuple[str, ...]:
        """The items of just this title."""
        forms = [same(word.folded) for word in words]
        return self._titles.get(" ".join(_numbered(forms)), ())

    def part(self, ids: Sequence[str], number: int) -> tuple[str, ...]:
        """The items that are this part of a series whose first is one of `ids`."""
        if number == 1:
            return tuple(ids)
        starts = {min(title_spellings(self._catalog[i].title), key=len) for i in ids}
        return tuple(
            dict.fromkeys(i for start in starts for i in self._titles.get(f"{start} {number}", ()))
        )

    def series(self, ids: Sequence[str]) -> tuple[str, ...]:
        """These items and all whose titles begin with the title of one: "the Die Hard films"."""
        beginnings = {min(title_spellings(self._catalog[i].title), key=len) for i in ids}
        found = dict.fromkeys(ids)
        for start in sorted(beginnings):
            found.update(dict.fromkeys(self.beginning_with(start)))
        return tuple(found)

    def beginning_with(self, start: str) -> tuple[str, ...]:
        """The items whose titles begin with these words, given in their shared forms."""
        found: dict[str, None] = dict.fromkeys(self._titles.get(start, ()))
        at = bisect.bisect_left(self._sorted, f"{start} ")
        while at < len(self._sorted) and self._sorted[at].startswith(f"{start} "):
            found.update(dict.fromkeys(self._titles[self._sorted[at]]))
            at += 1
        return tuple(found)

    def is_part_of_title(self, words: Sequence[Word]) -> bool:
        """Whether words name an item though they are only a part of its title."""
        return " ".join(same(word.folded) for word in words) in self._partial

    def breaks_fit(self, words: Sequence[Word], ids: Sequence[str]) -> bool:
        """Whether the punctuation within words also stands in the title: "Love, Simon"."""
        breaks = {n for n, word in enumerate(words) if n and word.opens_clause}
        if not breaks:
            return True
        forms = [same(word.folded) for word in words]
        return any(breaks <= _breaks_of(self._catalog[i].title, forms) for i in ids)

    def _common_phrases(self) -> set[str]:
        found: set[str] = set()
        for item in self._catalog.items:
            for text in item.texts.values():
                words = re.findall(r"[^\W\d_]+", text)
                for one, other in itertools.pairwise(words):
                    pair = f"{one} {other}"
                    if (
                        pair.islower()
                        and one not in ARTICLES
                        and item.id not in self._titles.get(pair, (item.id,))
                    ):
                        found.add(pair)
        return found

    def _add_parts(self) -> None:
        """Subtitles, and two words written as one: "age of ultron", "starwars"."""
        whole = set(self._titles)
        found: dict[str, set[str]] = {}
        for spelling in whole:
            words = spelling.split()
            joined = "".join(words)
            if len(words) == 2 and words[0] not in ARTICLES and len(joined) > 6:
                found.setdefault(joined, set()).update(self._titles[spelling])
        for item in self._catalog.items:
            part = subtitle(item.title)
            content = [word for word in part.split() if word not in FUNCTION_WORDS]
            if len(content) > 1:
                found.setdefault(part, set()).add(item.id)
                if part.split()[0] in ARTICLES:
                    found.setdefault(part.split(" ", 1)[1], set()).add(item.id)
        for spelling, ids in found.items():
            if spelling not in whole and not self._known.is_ordinary(spelling):
                self._titles[spelling] = tuple(sorted(ids))
                self._partial.add(spelling)

    def _add_telling_words(self, values: Values) -> None:
        """Words that occur in one title and nowhere else name it: "totoro", "shawshank"."""
        found: dict[str, set[str]] = {}
        starts: dict[str, set[str]] = {}
        for item in self._catalog.items:
            folded = fold(item.title.replace("-", " ")).split()
            for word in folded:
                found.setdefault(word.removesuffix("'s"), set()).add(item.id)
            if len(folded) > 3:
                starts.setdefault(_start(item.title), set()).add(item.id)
        for word, ids in found.items():
            if len(word) < 6 or self._known.is_ordinary(word) or same(word) in self._titles:
                continue
            if (singular(word),) in values or word in self._known.names:
                continue
            if word in self._known.first_names:
                continue
            if len({_start(self._catalog[i].title) for i in ids}) == 1:
                self._titles[same(word)] = tuple(sorted(ids))
                self._partial.add(same(word))
        for start, ids in starts.items():  # "eternal sunshine", "harry potter"
            length = 4 if len(ids) == 1 else 3
            if all(len(w) > length and w not in FUNCTION_WORDS for w in start.split()) and (
                " " in start and start not in self._titles
            ):  # fmt: skip
                self._titles[start] = tuple(sorted(ids))
                self._partial.add(start)


def _numbered(forms: list[str]) -> list[str]:
    """ "Rocky V" is the fifth; "V for Vendetta" is not."""
    if "v" in forms[1:]:
        return forms[:1] + ["5" if form == "v" else form for form in forms[1:]]
    return forms


def _start(title: str) -> str:
    """The first two words of a title, by which the parts of a series are known."""
    words = same_words(title)
    words = words[1:] if len(words) > 1 and words[0] in ARTICLES else words
    return " ".join(words[:2])


def _breaks_of(title: str, forms: Sequence[str]) -> set[int]:
    """Places at which punctuation stands in a title, counted from where these forms begin."""
    words = split_words(title)
    own = [same(word.folded) for word in words]
    content = [n for n, form in enumerate(own) if form == forms[0]] or [0]
    return {
        n - at for at in content for n, word in enumerate(words) if n > at and word.opens_clause
    }
