"""The four questions by which the paper's authors judged their data, asked by rules.

A person judged theirs; these rules see words and fields, not sense, so they can find a
taste that nothing backs but not one that is put oddly. Each answers yes or no for one
example, or None where it does not apply.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from recommender.tuning.filling import Filled
from recommender.understanding.everyday import EVERYDAY
from recommender.understanding.words import singular, split_words
from retrieval.catalog import Catalog, Item

_FITS = 0.2  # of the history: as many items as this have to answer the taste
# Words of the default teacher's and the wishes' own phrasing, which claim nothing.
_PHRASING = frozenset(
    [
        "anything",
        "weakness",
        "thing",
        "keep",
        "coming",
        "mood",
        "mostly",
        "possible",
        "heavy",
        "nothing",
        "today",
        "before",
        "after",
        "least",
        "most",
        "runtime",
        "minutes",
        "not",
        "no",
        "or",
    ]
)
Question = Callable[[Filled, Catalog], bool | None]


def taste_from_own_items(filled: Filled, catalog: Catalog) -> bool | None:
    """Whether every telling word of the taste stands in the items that it was told from."""
    if not filled.aspects.taste or not filled.case.history:
        return None
    held = set().union(*(_words_of(item, catalog) for item in filled.case.history))
    return _telling("; ".join(filled.aspects.taste), catalog) <= held


def taste_fits_user(filled: Filled, catalog: Catalog) -> bool | None:
    """Whether a fifth of the items have a telling word of the taste, and at least two."""
    if not filled.aspects.taste or not filled.case.history:
        return None
    words = _telling("; ".join(filled.aspects.taste), catalog)
    answering = sum(bool(words & _words_of(item, catalog)) for item in filled.case.history)
    return answering >= max(2, _FITS * len(filled.case.history))


def wish_from_own_target(filled: Filled, catalog: Catalog) -> bool | None:
    """Whether every telling word of the wish stands in the target, or hints at a value of it."""
    if filled.wish is None or not filled.aspects.wish:
        return None
    target = filled.case.target
    held = _words_of(target, catalog) | _words(filled.case.text) | _hints_of(target, catalog)
    return _telling(filled.aspects.wish, catalog) <= held


def wish_fits_target_alone(filled: Filled, catalog: Catalog) -> bool | None:
    """Whether the target answers the wish and none of its negatives does."""
    if filled.wish is None:
        return None
    # A wish in a reviewer's words can't be held against fields.
    meets = bool(filled.case.text and filled.wish.stems) or filled.wish.fits(filled.case.target)
    return meets and not any(filled.wish.fits(item) for item in filled.negatives)


QUESTIONS: Mapping[str, tuple[str, Question]] = {
    "preference from the user's own data": (
        "every telling word of the taste is a word of the items of the history alone",
        taste_from_own_items,
    ),
    "preference fits the user": (
        "a fifth of the history, and at least two items, have a telling word of the taste",
        taste_fits_user,
    ),
    "intention from the target's own data": (
        "every telling word of the wish is in the target's fields, their hints, or its review",
        wish_from_own_target,
    ),
    "intention fits the target": (
        "the target answers the wish by its fields, and no negative does; negatives were drawn "
        "by the same rule, so a no would be a fault of the program",
        wish_fits_target_alone,
    ),
}


def _telling(text: str, catalog: Catalog) -> set[str]:
    own = _words(" ".join((catalog.noun, catalog.nouns, *catalog.other_nouns)))
    return _words(text) - {singular(w) for w in EVERYDAY | _PHRASING} - own


def _words_of(item: Item, catalog: Catalog) -> set[str]:
    """The words of all that an item holds; `brief` included, so that none is missed."""
    values = [value for held in item.facets.values() for value in held]
    return _words(" ".join((catalog.brief(item), item.title, *values, *item.texts.values())))


def _hints_of(item: Item, catalog: Catalog) -> set[str]:
    found = [
        word
        for f in catalog.fields.values()
        for value in item.facets.get(f.name, ())
        for word in (*f.hints.get(value, ()), *f.words.get(value, ()))
    ]
    return _words(" ".join(found))


def _words(text: str) -> set[str]:
    return {word.singular for word in split_words(text)}
