"""Whether an instruction tells its own answer.

Promises to refuse a case whose history holds the right item, or whose words (the wish, the
taste) hold its title or a telling word of it: one that few items of the catalog share. What
the history's own titles say is no leak: a user may well buy the next part of a series.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import lru_cache

from recommender.evaluation.cases import Question
from recommender.tuning.leaks import names as names
from recommender.tuning.leaks import words as words
from recommender.understanding.words import FUNCTION_WORDS
from retrieval.catalog import Catalog

FEW = 20  # items; a word that no more of them share tells an item
# Words of the grammar, and of the sentences that stand-ins are put into ("Beat That").
_TELL_NOTHING = FUNCTION_WORDS | {"something", "goes", "mostly", "often", "new", "bit"}


class LeakError(ValueError):
    """A case that holds its own answer; the message names the case and the words."""


def refuse_leak(question: Question, target: int, catalog: Catalog) -> None:
    """Raise `LeakError` where the question tells that item `target` is right."""
    title = catalog.items[target].title
    if target in question.history:
        raise LeakError(f"case {question.id}: {title!r} is right and in the history")
    told = " ; ".join((question.aspects.wish, *question.aspects.taste, *question.aspects.limits))
    # What the user's own history says anyway may be said of the taste.
    allowed = {w for name in question.aspects.history for w in words(name)}
    found = (telling(title, catalog) & set(words(told))) - allowed
    if found:
        raise LeakError(
            f"case {question.id}: {title!r} is right, and the instruction says {sorted(found)}"
        )
    alone = words(title)
    if names(told, title) and not (len(alone) == 1 and alone[0] in allowed):
        raise LeakError(f"case {question.id}: the instruction holds the right title {title!r}")


def telling(title: str, catalog: Catalog) -> set[str]:
    """The words of a title that few other items share, in their titles or categories."""
    often = _frequencies(catalog)
    return {w for w in words(title) if often[w] <= FEW and w not in _TELL_NOTHING}


@lru_cache(maxsize=4)
def _frequencies(catalog: Catalog) -> Mapping[str, int]:
    return Counter(word for item in catalog.items for word in set(words(catalog.brief(item))))
