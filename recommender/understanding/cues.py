"""The words by which an utterance speaks of items, and those at which its phrases end.

Word lists of everyday English only; nothing here is about films.
"""

from __future__ import annotations

from recommender.understanding.words import word_set

LIKED = word_set(
    "love loved loves adore adored like liked likes enjoy enjoyed favourite favorite favourites "
    "favorites fan similar reminiscent resembling resembles vein style spirit alike recall obsessed "
    "crazy care cared rewatch rewatching"
)
SEEN = word_set("seen saw watched watching rewatched already")
DISLIKED = word_set(
    "hate hated disliked loathe loathed boring awful bored terrible confusing overrated worst "
    "disappointing disappointed dull"
)
CUES = LIKED | SEEN | DISLIKED | frozenset({"than", "as", "to", "of", "not", "except", "about"})
TITLE_CUES = LIKED | SEEN | DISLIKED | frozenset({"than", "except", "reminds"})
CUE_LINKS = frozenset({"to", "of", "for", "with", "about"})  # "obsessed with", "didn't care for"
# What may stand between a cue and the title it speaks of: "loved both Alien and the film Heat".
LIST_LINKS = word_set("and or the a an film movie also both all every watching that are is")
UNSEEN = word_set("haven't havent hasn't hasnt never")
BROAD = 0.4  # a category that holds so much of a catalog is not ruled out by a hint
JOINERS = frozenset({"or", "and", "nor", "any", "either"})
# A category word before one of these is the thing asked for, not a part of the story.
CLOSERS = word_set(
    "from with in about under before after of set that which where by for starring directed or and "
    "but please instead only then now tonight too not no without made please is are i we over "
    "featuring like similar between since until at less more than shorter longer you to on as maybe "
    "perhaps though if possibly ideally preferably that's thats who who's whose it's it isn't isnt "
    "aren't arent cause because cos coz cuz bc pls plz thanks thx against towards when while so "
    "than also as at for to having has have"
)
