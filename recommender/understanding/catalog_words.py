"""Which words are everyday words, as far as one catalog's own text tells.

What reads as ordinary English in the catalog's prose, themes and categories names no item
and no person by itself. Also here: the words that occur in titles and in names.
"""

from __future__ import annotations

import re

from recommender.understanding.words import FUNCTION_WORDS, singular, singular_key, word_set
from retrieval.catalog import Catalog, Kind, fold

PARTICLES = word_set("al da de del den der di du el la le ten van von")


class CatalogWords:
    """The single words of a catalog, by what they are good for."""

    def __init__(self, catalog: Catalog) -> None:
        self.nouns = {
            word
            for noun in (*catalog.all_nouns, "one", "something")
            for word in (fold(noun), *singular_key(noun))
        }
        self.nouns |= {slip for noun in self.nouns for slip in _swapped(noun)}
        self.labels = {fold(name) for f in catalog.fields.values() for name in (f.name, f.label)}
        self.person_labels = {fold(f.label) for f in catalog.of_kind(Kind.PERSON)}
        self.title_words = {
            word for item in catalog.items for word in fold(item.title.replace("-", " ")).split()
        }
        self.names: set[str] = set()  # words that name a person by themselves: surnames
        self.first_names: dict[str, set[str]] = {}  # with the people who bear them
        for f in catalog.of_kind(Kind.PERSON):
            for folded, values in catalog.vocabulary.get(f.name, {}).items():
                self._add_name(folded.split(), values)
        self._ordinary = _ordinary_words(catalog)

    def is_ordinary(self, word: str) -> bool:
        """Whether a word is one of the language, as far as the catalog's own text tells."""
        return word in self._ordinary or word in FUNCTION_WORDS or word in self.nouns

    def _add_name(self, parts: list[str], values: tuple[str, ...]) -> None:
        if len(parts) == 1 or (parts and len(parts[-1]) > 3):
            self.names.add(parts[-1])
        if len(parts) > 1 and parts[0] not in PARTICLES:
            self.first_names.setdefault(parts[0], set()).update(values)


def _ordinary_words(catalog: Catalog) -> set[str]:
    """Words that the catalog's own prose, themes and categories use in lower case."""
    texts = [text for item in catalog.items for text in item.texts.values()]
    texts += [
        value.lower()
        for f in catalog.of_kind(Kind.CATEGORY, Kind.KEYWORD)
        for values in catalog.vocabulary.get(f.name, {}).values()
        for value in values
    ]
    found = {word for text in texts for word in re.findall(r"[^\W\d_]+(?:['’][^\W\d_]+)*", text)}
    folded = {fold(word) for word in found if word.islower()}
    return folded | {singular(word) for word in folded}


def _swapped(noun: str) -> set[str]:
    """A noun with two letters in the wrong order: "moive"."""
    if len(noun) < 4:
        return set()
    return {noun[:n] + noun[n + 1] + noun[n] + noun[n + 2 :] for n in range(1, len(noun) - 1)}
