"""The words before a title that introduce it: "I loved", "how about", "a film called".

Each function looks back from the first word of a possible title and says whether such a
word stands there; none looks at the title itself.
"""

from __future__ import annotations

from recommender.understanding.cues import (
    CUE_LINKS,
    LIST_LINKS,
    SEEN,
    TITLE_CUES,
    WEAK_CUE_PAIRS,
    WEAK_CUES,
)
from recommender.understanding.lexicon import Lexicon
from recommender.understanding.people_of_items import is_label, people_before
from recommender.understanding.spelling import ARTICLES
from recommender.understanding.utterance import Utterance
from recommender.understanding.words import word_set

# Words beside which a title may stand alone in its clause: "ok, or maybe Heat".
FILLING = word_set(
    "ok okay oh ohh and or also maybe yes yeah yep no then so well hmm um plus sure even"
)
LEADS = word_set("i think hear heard that thought believe guess know say said")
_COMPARANDS = word_set("something anything more similar just movies films ones stuff")
_PAST = word_set("loved liked enjoyed hated adored disliked")
_FAVOURITES = word_set("favourite favorite favourites favorites another mine one called")
_LEAVE_NO_NOUN = word_set("but either both movie movies film films original new latest if than")
_NAMERS = word_set("called titled named entitled")
_BETWEEN = word_set("the film movie and or also always even one")  # a weak cue and its title


def cued(said: Utterance, lexicon: Lexicon, first: int) -> bool:
    """Whether a word that speaks of items stands before, across "and" and an article."""
    words, taken = said.words, said.taken
    place = first - 1
    if place > 0 and words[place].folded in ("and", "or") and words[place].opens_clause:
        return taken[place - 1] and said.is_item(place - 1)  # "Jaws, Alien, and Heat"
    while place >= 0 and not words[place + 1].opens_clause:
        word = words[place]
        if word.folded in TITLE_CUES | _NAMERS:
            return not (word.folded == "like" and _is_wish(said, place))
        if word.folded in CUE_LINKS and place and (
            words[place - 1].folded in TITLE_CUES | lexicon.person_labels
        ):  # fmt: skip
            return True
        if taken[place] and place < first - 1 and said.is_item(place):
            return True  # "how about Alien or Heat"
        ends_item = place == first - 1 and taken[place] and said.is_item(place)
        if word.folded not in LIST_LINKS and (not taken[place] or ends_item):
            return False
        place -= 1
    # A list after a cue: "I loved Alien, Heat and Her".
    apart = first - 1 > place or words[first].opens_clause
    if place < 0 or not apart or not taken[place] or not said.is_item(place):
        return False
    mark = said.text[words[place].end : words[place + 1].start]
    return not set(mark) & set(".!?")


def suggested(said: Utterance, first: int) -> bool:
    """Whether a weaker cue stands right before: "how about", "watch", "recommend"."""
    words = said.words
    place = first - 1
    while place > 0 and words[place].folded in _BETWEEN:
        if words[place + 1].opens_clause:
            return False
        place -= 1
    if place < 0 or words[place + 1].opens_clause:
        return False
    pair = (words[place - 1].folded if place else "", words[place].folded)
    return pair[1] in WEAK_CUES or pair in WEAK_CUE_PAIRS


def compared(said: Utterance, lexicon: Lexicon, first: int) -> bool:
    """Whether a cue stands before that speaks of items only: "something like", "seen"."""
    before = [word.folded for word in said.words[max(0, first - 2) : first]]
    while before and before[-1] in ARTICLES:
        before.pop()
    if not before or said.words[first].opens_clause:
        return False
    if before[-1] == "like":
        return before[0] in lexicon.nouns | _COMPARANDS
    return before[-1] in SEEN | _PAST or before == ["you", "see"]


def stands_for_people(said: Utterance, lexicon: Lexicon, first: int, last: int) -> bool:
    """Whether its people are meant: "by the guy who made inception", "the parasite director"."""
    catalog = lexicon.catalog
    before = people_before(said, first, catalog)
    if before is not None:
        return True
    behind = said.words[last].folded if last < len(said.words) else ""
    led = said.words[first - 1].folded if first else ""
    return (
        led == "the" and is_label(behind, catalog) and bool(lexicon.exact(said.words[first:last]))
    )


def is_liking(said: Utterance, first: int) -> bool:
    """Whether a word of lasting taste stands right before, which takes plain plurals."""
    before = said.words[first - 1].folded if first else ""
    return before in ("like", "likes", "love", "loves", "enjoy", "prefer", "about", "of")


def called(said: Utterance, first: int) -> bool:
    """Whether the word right before says that a name follows: "a film called"."""
    return bool(first) and said.words[first - 1].folded in _NAMERS


def leaves_no_noun(said: Utterance, first: int) -> bool:
    """Whether no plain noun would stand behind the word before: "maybe Psycho"."""
    if first == 0 or said.words[first].opens_clause:
        return True
    before = said.words[first - 1].folded
    if before in ("is", "was", "are", "be"):  # "another is psycho", not "which is tense"
        start, _ = said.clause(first)
        return any(word.folded in _FAVOURITES for word in said.words[start : first - 1])
    return before in FILLING | LEADS | _LEAVE_NO_NOUN


def _is_wish(said: Utterance, place: int) -> bool:
    """ "Would you like a comedy" wishes, "if you like Heat" speaks of an item."""
    before = [word.folded for word in said.words[max(0, place - 2) : place]]
    if before[-1:] == ["you"]:
        return before[0] in ("would", "do")
    return said.is_wishing(place)
