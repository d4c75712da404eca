"""Items of the last reply by their titles, digits and what they speak of: "1 and 3", "thinner",
"the bear one".

A title that was just shown is meant by its words in lower case too, where any other title would
need more to be told from plain words. References by place and by pronoun are in `references.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from recommender.understanding.everyday import EVERYDAY
from recommender.understanding.lexicon import Lexicon
from recommender.understanding.words import FUNCTION_WORDS, singular, split_words, word_set
from retrieval.catalog import Catalog, Kind, fold

_DIGITS = re.compile(
    r"\b(?:seen|saw|watched|read|know|known|played|heard|liked?|loved?|hated?|not|skip|about|than|numbers?|finished|did|done|both) "
    r"(?P<list>\d(?: ?(?:,|&|and|or) ?\d)*)"
    r"(?=\s*(?:$|[.!?;)]|,(?! ?\d)|\b(?:already|too|before|but|so|lol|haha|please|though|tho|both|is|are|was|were|look|looks|sound|sounds|i|as well)\b))"
)
# A lone everyday-looking word is a title only behind or before such words.
_BEFORE = word_set(
    "seen saw watched read reading played finished heard loved liked love like hated hate adored "
    "enjoyed is was did does rate rated give gave for than why not skip did's when"
)
_BEHIND = word_set("is was isn't wasn't sounds looks sound look has does did")
_POSSESSIVE = re.compile(r"'s$")
_INDEFINITE = word_set("a an some any more no without")


def by_title(
    text: str, among: Sequence[str], lexicon: Lexicon
) -> Iterator[tuple[int, int, tuple[str, ...]]]:
    """Titles of the items in a text, by its characters."""
    words = [replace(w, folded=_POSSESSIVE.sub("", w.folded)) for w in split_words(text)]
    known = set(among)
    for first, last, ids in lexicon.titles(words):
        span = words[first:last]
        if any(w.opens_clause for w in span[1:]):
            continue
        before = words[first - 1].folded if first and not span[0].opens_clause else ""
        behind = words[last] if last < len(words) and not words[last].opens_clause else None
        content = [w for w in span if w.folded not in FUNCTION_WORDS]
        owned = span[-1].folded != fold(span[-1].text)  # "heat's class"
        if before in _INDEFINITE or not content:
            continue
        if before == "about" and words[first - 2].folded not in ("what", "how"):
            continue  # "a story about the chamber"
        if len(span) == 1 and not (
            before in _BEFORE or before == "about" or (before and span[0].capitalised) or (behind is not None and behind.folded in _BEHIND)
            or len(words) == 1 or owned
        ):  # fmt: skip
            continue
        if all(w.folded in EVERYDAY for w in span) and not span[-1].capitalised and (
            len(content) < 2 or before not in _BEFORE
        ):  # fmt: skip
            continue
        meant = tuple(i for i in ids if i in known)
        if meant:
            yield span[0].start, span[-1].end - 2 * owned, meant


def by_digits(spoken: str, shown: Sequence[str]) -> Iterator[tuple[int, int, tuple[str, ...]]]:
    """ "Seen 1 and 3", where so many were shown."""
    for match in _DIGITS.finditer(spoken):
        places = [int(digit) for digit in re.findall(r"\d", match["list"])]
        if all(1 <= place <= len(shown) for place in places):
            ids = tuple(dict.fromkeys(shown[place - 1] for place in places))
            yield match.start("list"), match.end("list"), ids


def speaking_of(words: str, ids: Sequence[str], catalog: Catalog) -> tuple[str, ...]:
    """The items that alone speak of all the words: in title, keywords or, last, in prose."""
    wanted = {singular(w) for w in fold(words).split()} - FUNCTION_WORDS
    if not wanted or len(wanted) > 4:
        return ()
    known = [i for i in dict.fromkeys(ids) if i in catalog]
    for kinds in ((), (Kind.KEYWORD,), (Kind.TEXT,)):
        found = []
        for item_id in known:
            item = catalog[item_id]
            texts = (
                [v for f in catalog.of_kind(*kinds) for v in item.values(f.name)] if kinds else []
            )
            said = {
                singular(w) for w in fold(" ".join([*texts, "" if kinds else item.title])).split()
            }
            found += [item_id] if wanted <= said else []
        if found:
            return tuple(found) if len(found) < max(2, len(known)) else ()
    return ()
