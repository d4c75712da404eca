"""Forms in which two spellings of the same words compare equal, and words a slip apart.

"Part II", "part two" and "2" are one; so are "Se7en" and "seven", "Ocean's" and "oceans".
Works on folded words; which of them name something is decided elsewhere.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from typing import NamedTuple

from rapidfuzz.distance import OSA

from retrieval.catalog import fold

LONGEST = 12  # words of a title; the rest of a longer one adds nothing to tell it apart
ARTICLES = frozenset({"the", "a", "an"})
PART_MARKS = frozenset({"part", "pt", "chapter", "volume", "vol", "episode", "no"})
_NUMERALS = {
    "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7",
    "eight": "8", "nine": "9", "ten": "10", "eleven": "11", "twelve": "12", "thirteen": "13",
    "ii": "2", "iii": "3", "iv": "4", "vi": "6", "vii": "7", "viii": "8", "ix": "9", "xi": "11",
    "xii": "12", "xiii": "13",
}  # fmt: skip
# "Alien: Covenant", "The Hobbit, Or, There and Back Again", "Birdman or (The Unexpected Virtue …)"
_PARTED = re.compile(r"[:–—]\s|[,;]\s+or,?\s|\s+or(?::\s|\s+\()", re.IGNORECASE)
_DIGIT_LETTERS = str.maketrans("013457", "oieasv")  # "se7en", "s1m0ne"
_LONGEST_WORD = 40  # letters; longer ones are no words
_SHORTEST_SLIP = 3  # letters; shorter words are all a slip apart


@functools.lru_cache(maxsize=50_000)
def same(word: str) -> str:
    """The form of a folded word that all its spellings share.

    >>> [same(w) for w in ("ocean's", "se7en", "ii", "two", "2")]
    ['oceans', '7', '2', '2', '2']
    """
    word = word.replace("'", "")
    if re.search(r"[a-z]\d[a-z]", word):
        word = word.translate(_DIGIT_LETTERS)
    return _NUMERALS.get(word, word)


def same_words(text: str) -> tuple[str, ...]:
    """The words of a text in their shared forms; hyphenated words come apart."""
    words = [same(word) for word in fold(text.replace("-", " ")).split()]
    if words[1:]:  # "Rocky V", but "V for Vendetta"
        words[1:] = ["5" if word == "v" else word for word in words[1:]]
    return tuple(words)


def title_spellings(title: str) -> set[str]:
    """The spellings under which a whole title is found: without article, subtitle, "part"."""
    forms = {same_words(title)[:LONGEST]}
    main = same_words(_PARTED.split(title)[0])
    if len(main) > 1 or len(" ".join(main)) > 5:
        forms.add(main[:LONGEST])
    if "-" in title:  # "spiderman", "walle"
        forms.add(same_words(title.replace("-", ""))[:LONGEST])
    for form in list(forms):
        if len(form) > 1 and form[0] in ARTICLES and len(" ".join(form[1:])) > 3:
            forms.add(form[1:])
    for form in list(forms):
        plain = tuple(word for word in form if word not in ARTICLES)
        if len(plain) > 2:  # "lord of rings"
            forms.add((form[0], *plain) if form[0] in ARTICLES else plain)
            forms.add(plain)
    for form in list(forms):
        forms.add(
            tuple(
                word for n, word in enumerate(form)
                if not (n and word in PART_MARKS and form[n + 1 : n + 2] and form[n + 1].isdigit())
            )
        )  # fmt: skip
    return {" ".join(form) for form in forms if form}


def subtitle(title: str) -> str:
    """What stands behind the last colon, dash or "or" of a title, as a spelling; or ""."""
    *_, last = _PARTED.split(title)
    words = same_words(last) if last != title else ()
    return " ".join(words[:LONGEST]) if len(words) > 1 else ""


class Near(NamedTuple):
    """A word and how many slips it is away."""

    word: str
    distance: int


class NearWords:
    """Finds the words of a vocabulary that are one slip from a given one.

    A slip is a letter too many, missing, replaced, or swapped with its neighbour; long words
    may have two where one of them is a letter too many or missing. Found by an index of all
    words with one letter left out, so the time does not depend on the vocabulary's size.
    """

    def __init__(self, vocabulary: Iterable[str]) -> None:
        self._words = {
            word for word in vocabulary if len(word) >= _SHORTEST_SLIP and not word.isdigit()
        }
        self._shortened: dict[str, list[str]] = {}
        for word in self._words:
            for short in _shortened(word):
                self._shortened.setdefault(short, []).append(word)

    def __contains__(self, word: object) -> bool:
        return word in self._words

    def near(self, word: str) -> list[Near]:
        """Other words of the vocabulary near to this one, in the order of the alphabet."""
        if len(word) < 2 or word.isdigit() or len(word) > _LONGEST_WORD:
            return []
        found = set(self._shortened.get(word, ()))
        for short in _shortened(word):
            found.update(self._shortened.get(short, ()))
            if short in self._words:
                found.add(short)
        found.discard(word)
        most = 1 if len(word) < 8 else 2
        apart = ((one, OSA.distance(word, one, score_cutoff=most)) for one in sorted(found))
        return [Near(one, distance) for one, distance in apart if distance <= most]


def _shortened(word: str) -> set[str]:
    return {word[:n] + word[n + 1 :] for n in range(len(word))}
