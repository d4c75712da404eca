"""The words of a catalog: which phrases name its items, people, values and leanings.

Built once for a catalog, from the catalog alone; nothing here is about films. Each kind of
word has its own index; this is the one door to them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from recommender.understanding.catalog_words import CatalogWords
from recommender.understanding.people import People
from recommender.understanding.titles import Titles
from recommender.understanding.values import Match, Values
from recommender.understanding.words import Word
from retrieval.catalog import Catalog, Kind


class Lexicon:
    """Finds the catalog's words in an utterance."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        known = CatalogWords(catalog)
        self.nouns, self.labels, self.person_labels = known.nouns, known.labels, known.person_labels
        self.is_ordinary = known.is_ordinary
        self._values = Values(catalog, known)
        self.bounds = {  # least and greatest of each number
            f.name: catalog.range_of(f.name) for f in catalog.of_kind(Kind.NUMBER)
        }
        self.exclusive = self._values.exclusive
        self.share = self._values.share
        self.themes_of = self._values.themes_of
        self.theme_within = self._values.theme_within
        self._titles = Titles(catalog, known, self._values)
        self.series = self._titles.series
        self.exact = self._titles.exact
        self.is_part_of_title = self._titles.is_part_of_title
        self.misspelt_titles = self._titles.misspelt
        self.part = self._titles.part
        self.beginning_with = self._titles.beginning_with
        self.breaks_fit = self._titles.breaks_fit
        self.is_common = self._titles.is_common
        self.is_title_word = self._titles.is_title_word
        self.names, self.first_names = known.names, known.first_names
        self._people = People(catalog, known, self._values, self._titles)
        self.in_full_name = self._people.in_full_name
        self.role_before = self._people.role_before

    def titles(self, words: Sequence[Word]) -> Iterator[tuple[int, int, tuple[str, ...]]]:
        """Exact titles at any place: first word, word after the last, item ids; longest first."""
        return self._titles.within(words)

    def values(self, words: Sequence[Word]) -> Iterator[Match]:
        """Phrases of categories, keywords, hints and named ranges; longest first."""
        return self._values.within(words)

    def people(self, words: Sequence[Word]) -> Iterator[tuple[int, int, dict[str, set[str]]]]:
        """Names of people, longest first: first word, word after the last, values by field."""
        return self._people.within(words)
