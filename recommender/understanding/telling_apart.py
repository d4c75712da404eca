"""What tells one item from others: "the French one", "the one with Tom Hanks", "the older".

Which words compare and which name a value comes from the catalog. References by place and by
pronoun are in `references.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from recommender.dialogue import DialogueState
from recommender.understanding.lexicon import Lexicon
from recommender.understanding.nouns import pattern_of
from recommender.understanding.shown_items import speaking_of
from recommender.understanding.words import split_words, word_set
from retrieval.catalog import Catalog, Field, Kind, fold

# Words of place and of the talk itself, which titles hold too: "The Last of the Mohicans".
_TELLING_NOTHING = word_set(
    "first second third fourth fifth 1st 2nd 3rd 4th last next other others same only top final "
    "middle new old good best better right wrong previous latest whole very one two three next-to-last"
)
_WITH_VALUE = (
    r"\bthe (?:one|pick|{nouns}) (?P<what>(?:with|by|from|starring|featuring|in|directed by|written by)"
    r" [\w' .-]{2,40}?)(?=$|[,;!?.]|\b(?:and|but|is|was|looks|sounds|please|again)\b)"
)


def by_value(
    text: str, state: DialogueState, lexicon: Lexicon
) -> Iterator[tuple[int, int, tuple[str, ...]]]:
    """ "The French one", "the one with Tom Hanks", "the older of the two", "the 1979 one"."""
    spoken = text.lower()
    catalog = lexicon.catalog
    among = at_hand(state)
    for match in re.finditer(
        r"\bthe (?P<what>[\w' -]{2,40}?) (?:ones?\b(?! (?:with|by|from|starring|that|where)\b)|of (?:the two|them|these|those|the three|the lot)\b)",
        spoken,
    ):
        pair = "of the two" in match[0]
        held = state.spoken_of if pair and len(state.spoken_of) == 2 else among
        held = held[:2] if pair and len(held) > 2 else held
        what = text[match.start("what") : match.end("what")]
        found = _extreme(match["what"], held, catalog) or _holding(what, among, lexicon)
        if not found and not set(fold(what).split()) & _TELLING_NOTHING:
            found = speaking_of(what, state.last_shown, catalog)
        yield match.start(), match.end(), found
    for match in pattern_of(_WITH_VALUE, catalog).finditer(spoken):
        found = _holding(text[match.start("what") : match.end("what")], among, lexicon)
        yield match.start(), match.end(), found


def at_hand(state: DialogueState) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*state.last_shown, *state.spoken_of)))


def _extreme(words: str, ids: Sequence[str], catalog: Catalog) -> tuple[str, ...]:
    """The item at the end of a scale that a comparative or superlative names."""
    direction = direction_of(words, catalog)
    if direction is None:
        return ()
    f, sign = direction
    known = [i for i in ids if i in catalog and f.name in catalog[i].numbers]
    if not known:
        return ()
    return (max(known, key=lambda i: sign * catalog[i].numbers[f.name]),)


def direction_of(words: str, catalog: Catalog) -> tuple[Field, int] | None:
    """The number field, and +1 or -1, of "older", "the oldest", "most recent"."""
    plain = words.strip()
    spellings = {plain, re.sub(r"^most ", "more ", plain), re.sub(r"^least ", "less ", plain)}
    if plain.endswith("est"):
        stem = plain.removesuffix("est")
        spellings |= {f"{stem}er", f"{stem[:-1]}er" if stem[-1:] == stem[-2:-1] else f"{stem}er"}
    for f in catalog.fields.values():
        for sign, phrases in ((1, f.more), (-1, f.less)):
            if spellings & set(phrases):
                return f, sign
    return None


def _holding(words: str, ids: Sequence[str], lexicon: Lexicon) -> tuple[str, ...]:
    """The items that hold what words name: a value, a person, a year."""
    catalog = lexicon.catalog
    spoken = split_words(words)
    years = catalog.of_kind(Kind.YEAR)
    bare = fold(words).removeprefix("from ").removeprefix("in ")
    if years and re.fullmatch(r"(1[0-9]|20)\d\d", bare):
        return tuple(i for i in ids if catalog[i].numbers.get(years[0].name) == float(bare))
    people = {
        name for _, _, found in lexicon.people(spoken) for names in found.values() for name in names
    }
    surname = fold(words).removesuffix("'s").split()[-1:]
    for f in catalog.of_kind(Kind.PERSON):
        for i in ids:
            people |= {
                v
                for v in catalog[i].facets.get(f.name, ())
                if surname and fold(v).split()[-1:] == surname
            }
    if people:
        return tuple(
            i for i in ids if any(people & set(values) for values in catalog[i].facets.values())
        )
    matches = list(lexicon.values(spoken))
    values = {
        (v.field, one)
        for m in matches[:1]
        for v in m.meanings
        if not v.opposite
        for one in v.values
    }
    opposites = {
        (v.field, one) for m in matches[:1] for v in m.meanings if v.opposite for one in v.values
    }
    found = tuple(
        i for i in ids if any(one in catalog[i].facets.get(name, ()) for name, one in values)
    )
    if opposites and not found:
        found = tuple(
            i
            for i in ids
            if not any(one in catalog[i].facets.get(name, ()) for name, one in opposites)
        )
    return found if len(found) < len(ids) or len(ids) == 1 else ()
