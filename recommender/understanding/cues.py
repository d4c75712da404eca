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
# These introduce a wish as often as a title: "recommend Heat", "recommend something".
WEAK_CUES = word_set(
    "there's theres know give gave rate rated see watch recommend suggest try catch check rewatch finished called titled named"
)
WEAK_CUE_PAIRS = frozenset(
    {
        ("how", "about"), ("what", "about"), ("heard", "about"), ("think", "about"),
        ("heard", "of"), ("think", "of"), ("thought", "of"), ("hear", "of"), ("know", "of"),
        ("check", "out"), ("checked", "out"), ("find", "out"), ("know", "about"),
        ("compared", "to"), ("reminded", "of"), ("me", "of"), ("part", "of"), ("was", "in"),
        ("anything", "but"), ("everything", "but"), ("wrong", "with"), ("nothing", "beats"),
        ("there", "is"), ("suggestion", "of"), ("recommendation", "of"), ("about", "for"), ("is", "in"), ("him", "in"), ("her", "in"), ("them", "in"),
    }
)  # fmt: skip
# What may follow a title and is no part of it.
TITLE_CLOSERS = word_set(
    "and but or with yesterday already so please too recently is was again that in from by very "
    "because which where for more less last yet on to twice today tonight instead as though what any "
    "something anything years when than are were i it it's its you he she they we if have haven't did "
    "didn't do has had a an the this one both also just really though although my would will could "
    "then pls plz tho tbh btw may might should maybe perhaps bye ok another most oh wow lol haha thank thanks yeah yes sure all that's thats those these im i'm i've ive i'll "
    "i'd sounds looks seems comes even remake sequel can came at about of not either before after however since while who"
)
VERDICTS = word_set(
    "another must crazy good great funny amazing awesome hilarious awful terrible bad boring excellent fantastic "
    "wonderful classic brilliant scary sad cute best favorite favourite favorites favourites better "
    "incredible interesting fun ok okay decent fine cool weird nice worst hysterical entertaining "
    "lovely beautiful perfect enjoyable superb overrated confusing dull disappointing"
)
CUE_LINKS = frozenset({"to", "of", "for", "with", "about"})  # "obsessed with", "didn't care for"
# What may stand between a cue and the title it speaks of: "loved both Alien and the film Heat".
LIST_LINKS = word_set("and or the a an film movie also both all every watching that are is")
UNSEEN = word_set("haven't havent hasn't hasnt never")
BROAD = 0.4  # a category that holds so much of a catalog is not ruled out by a hint
JOINERS = frozenset({"or", "and", "nor", "any", "either"})
# A category word before one of these is the thing asked for, not a part of the story.
CLOSERS = word_set(
    "from with in about under before after of set that which where by for starring directed or and "
    "but please instead only then now tonight too not no without made please is are i we over would "
    "you've youve we've ive you'd sounds might tho lol tbh btw sth "
    "featuring like similar between since until at less more than shorter longer you to on as maybe "
    "perhaps though if possibly ideally preferably that's thats who who's whose it's it isn't isnt "
    "aren't arent cause because cos coz cuz bc pls plz thanks thx against towards when while so "
    "than also as at for to having has have"
)
