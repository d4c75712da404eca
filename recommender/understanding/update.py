"""What one reading changes in the state: items, wishes, leanings, tastes, circumstances.

The wish of the moment gives way to a new one unless the utterance only refines it; tastes
and judgements of items last. Limits are kept in `limits_kept.py`.
"""

from __future__ import annotations

import re
from dataclasses import replace

from recommender.dialogue import Act, Choice, DialogueState, Leaning, Mention, Phrase
from recommender.understanding.reading import ItemRead, Reading
from recommender.understanding.words import FUNCTION_WORDS, word_set
from retrieval.catalog import Catalog, fold

_REFINING = re.compile(
    r"^(?:(?:ok(?:ay)?|h+m+|well|yes|yeah|no|nah|nice|cool|great|perfect|sure|alright|right|oh|so|mm+|meh|eh|good|tbh|actually|sorry|kidding|er+|um+|then|go on|(?:could|can|would) you)[ ,.!]+)*"
    r"(?:and (?!what about (?:something|a|an)\b)|but|also|only|just|make (?:it|them)|rather|preferably|ideally|less|more|fewer|not so|not as|"
    r"not|no|without|with|in(?! the mood)|from|before|after|under|over|at most|at least|even|still|except|stick to|keep to|limit (?:it|them)|"
    r"shorter|longer|newer|older|same|nothing|(?:something|sth|smth|anything) (?:\w+er\b|more|less|(?:a (?:bit|little|lot|tad)|slightly|much|even|way) )|a bit|a little|slightly|"
    r"this time|set in|or|happier|lighter|darker|then|instead|i'd rather|could (?:it|they)|can (?:it|they|we (?:make|keep|limit|stick)|you (?:make|keep|limit))|"
    r"maybe|perhaps|the same but|same but|similar but|don't|dont|please no|please not|i don't want|i want (?:it|them) |"
    r"(?:how|what) about (?:one|something)?\s*(?:with|from|in|by|that)|i'd prefer|it should|they should|it (?:must|has to|can'?t|shouldn'?t)|anything (?:with|by|from|in)|(?:got|have you got|do you have) (?:anything|something) \w+er\b|"
    r"any (?:with|by|from|in)|do you have (?:any|one|some(?:thing)?)?\s*(?:with|by|from|in|that)|keep (?:it|them)|(?:too|bit|so) \w+|that'?s too|they'?re too|these are too|those are too)\b"
)
_COMPARATIVE = re.compile(
    r"^(?:a bit |much |slightly |even |something )?(?P<word>\w{2,}er)(?: and (?:more )?\w+|,.*| please| than .*)?[.!]*$"
)
_WHEN = re.compile(r"(?:in|at|on|when|with|during|as|back|last|years|ages)\b", re.IGNORECASE)
_INSTEAD = re.compile(r"\binstead[.!]*$")
# Words that tell of an item what was said of it already, and wish for nothing.
_OPINION = FUNCTION_WORDS | word_set(
    "already twice thrice times hundred once tbh btw afraid brilliant amazing awesome ever best one of favourites "
    "favorites favourite favorite keen either lol yesterday recently ages ago before again masterpiece terrible "
    "boring awful nah nope no yes yeah she's he's they've we've she he they ive never did didn't not enjoy "
    "enjoyed year last week night month lately too long time thousand million really just many all "
    "both seen saw watched read film films movie movies my all-time that's it's was is the "
    "fan big huge fave faves fav favs ugh "
    "sounds sound looks look nice good fun interesting promising cool fine tempting kinda "
    "time too loved it i liked three two "
    "appeal me at don't doesn't any one's "
    "couldn't could can't cannot stand what a an the i we it so very was "
    "superb excellent fantastic wonderful great one's sorry hmm well though tho haha"
)


# A noun phrase of its own, or words that leave the wish of before.
_OPENING = re.compile(
    r"\b(?:in the mood for|looking for|another time|different|change of (?:plan|mind|heart)|changed my mind|now|instead|next|tomorrow|rather than|feel like|want to|(?:i|we|he|she|they)(?:'d like| want| wants| need| fancy))\b"
    r"|\b(?:an?|some|any) (?:good|great|nice|decent|proper|really)\b|^(?:(?:what|how) about |(?:give|find|show|recommend|suggest)(?: me| us)? |any chance of |got |have you got |do you have |ok(?:ay)?,? |so,? |and |hi,? |hmm+,? |then )*(?:an?|some|any)\b(?! (?:bit|little|lot|tad)\b)"
)
# "A short one please" goes on with the kind that stands.
_ONE = re.compile(
    r"^(?:\W*(?:just|maybe|give me|show me|find me|i want|i'd like) )?(?:an?|some) (?:\w+ )?(?:\w+ )?ones?\b"
)
_HEDGED = re.compile(
    r"\b(?:maybe|perhaps|if (?:at all )?possible|if you can|if you have (?:it|any|one)|ideally|preferably)\W*$|^(?:how|what) about (?!an?\b|some\b|something\b|the\b)"
)
_SOMETHING = re.compile(r"^(?:\w+ ){0,3}(?:something|anything)\b")


def is_refinement(spoken: str, reading: Reading, state: DialogueState, nouns: set[str]) -> bool:
    """Whether a reading goes on with the wish that stands, rather than begins another."""
    if not (state.wish or state.leanings or state.limits or state.last_shown or state.context):
        return False
    if any(item.liked for item in reading.items):
        return False
    comparative = _COMPARATIVE.match(spoken)
    if comparative and not any(comparative["word"] in fold(one.words) for one in reading.limits):
        return True
    if _INSTEAD.search(spoken) and reading.fragment and not any(
        one.limit.values and not one.limit.negated for one in reading.limits
    ):  # fmt: skip
        return True
    nothing_new = not reading.wish and not reading.tastes
    afresh = re.match(
        r"(?:(?:i want|i'd like|give me|find me|show me) )?an?\b(?! (?:bit|little|lot|tad)\b)",
        spoken,
    )
    only_negative = (
        nothing_new
        and not afresh
        and not any(not one.limit.negated and one.limit.values for one in reading.limits)
    )
    return (
        bool(_REFINING.search(spoken))
        or bool(reading.comparisons)
        or only_negative
        or (reading.fragment and bool(reading.limits))
        or _adds(spoken, reading, nouns)
    )


def _adds(spoken: str, reading: Reading, nouns: set[str]) -> bool:
    """Whether an utterance opens no wish of its own: no other kind of item, no wishing verb.

    What it limits then limits the wish that stands; words that limit nothing begin a new one
    unless they are put as a mere addition ("something British maybe").
    """
    if _OPENING.search(spoken) or set(re.findall(r"[\w'-]+", spoken)) & nouns:
        return bool(_ONE.search(spoken))
    hedged = bool(_HEDGED.search(spoken))
    return (
        hedged
        or (bool(reading.limits) and not _SOMETHING.match(spoken))
        or (bool(reading.limits) and not reading.wish)
    )


def without_opinions(reading: Reading) -> Reading:
    """A reading whose wish is no wish, but what was said of the items in it."""
    if not reading.items:
        return reading
    titles = {word for item in reading.items for word in fold(item.words).split()}
    tastes = [
        t
        for t in reading.tastes
        if set(fold(t).split()) - titles - _OPINION - {"fan", "love", "like"}
    ]
    wish = "" if set(fold(reading.wish).split()) <= _OPINION | titles else reading.wish
    if all(item.seen and not item.liked for item in reading.items) and _WHEN.match(wish):
        return replace(reading, wish="", tastes=tastes, leanings=[])  # "… in college"
    leanings = [r for r in reading.leanings if wish or set(fold(r.words).split()) - _OPINION]
    return replace(reading, wish=wish, tastes=tastes, leanings=leanings)


def with_items(
    state: DialogueState, reading: Reading, turn: int, catalog: Catalog
) -> DialogueState:
    """The state with what was said of items. One title of several items is left to choose."""
    for read in reading.items:
        ids, choice = which_items(read, state, turn, catalog)
        state = with_mentions(state, ids, read, turn)
        if choice is not None:
            state = replace(state, choice=choice)
    spoken_of = tuple(dict.fromkeys(i for read in reading.items for i in read.ids))
    return replace(state, spoken_of=spoken_of[:8]) if spoken_of else state


def with_mentions(
    state: DialogueState, ids: tuple[str, ...], read: ItemRead, turn: int
) -> DialogueState:
    """The state with items liked, disliked or seen; a new judgement replaces an older one."""
    named = {item_id: Mention(item_id, read.words, turn) for item_id in ids}

    def judged(
        known: tuple[Mention, ...], so: bool, otherwise: bool = False
    ) -> tuple[Mention, ...]:
        if not (so or otherwise):
            return known
        rest = tuple(mention for mention in known if mention.item_id not in named)
        return (*rest, *named.values()) if so else rest

    return replace(
        state,
        liked=judged(state.liked, read.liked, read.disliked),
        disliked=judged(state.disliked, read.disliked, read.liked),
        seen=judged(state.seen, read.seen),
    )


def which_items(
    read: ItemRead, state: DialogueState, turn: int, catalog: Catalog
) -> tuple[tuple[str, ...], Choice | None]:
    """The items that a title means, or the choice that is the user's to make."""
    words = fold(read.words)
    # Of a large catalog hundreds of items may have one title.
    spelt = {title: fold(title) for title in {catalog[i].title for i in read.ids}}
    exact = {i for i in read.ids if spelt[catalog[i].title] == words}
    several = read.disliked and len(read.ids) > 2  # "not batman" is said of a series
    if exact and not several:  # "Taxi Driver" is not "A Taxi Driver"
        same = tuple(
            i for i in read.ids
            if i in exact or _without_article(spelt[catalog[i].title]) != _without_article(words)
        )  # fmt: skip
        read = replace(read, ids=same)
    titles = {spelt[catalog[i].title] for i in read.ids}
    judged = read.liked or read.seen or read.disliked
    if len(read.ids) < 2 or len(titles) > 1 or not judged:
        return read.ids, None
    recent = tuple(i for i in read.ids if i in (*state.last_shown, *state.spoken_of))
    if recent and len(recent) < len(read.ids):
        return recent, None
    said = "disliked" if read.disliked else "liked" if read.liked else "seen"
    return (), Choice(read.ids, said, read.words, turn)


def with_wishes(state: DialogueState, reading: Reading, turn: int, act: Act) -> DialogueState:
    """The state with the wish, leanings, tastes and circumstances of a reading.

    `act` is ASK where a new wish begins, SURPRISE where none is wanted, else REFINE.
    """
    wish = (Phrase(reading.wish, turn),) if reading.wish and act is not Act.SURPRISE else ()
    if act is Act.REFINE and reading.fragment:
        wish = ()  # all that it says has become a limit or a leaning
    leanings = tuple(Leaning(r.field, r.values, r.words, turn) for r in reading.leanings)
    context = tuple(Phrase(words, turn, kind) for kind, words in reading.context)
    kept = tuple(p for p in state.context if p.kind not in {c.kind for c in context})
    began = turn
    if act is Act.REFINE:
        wish, leanings = (*state.wish, *wish), (*state.leanings, *leanings)
        began = state.began
    taste_leanings = tuple(
        Leaning(r.field, r.values, r.words, turn) for r in reading.taste_leanings
    )
    known = {p.words for p in state.taste}
    return replace(
        state,
        wish=wish,
        leanings=leanings,
        context=(*kept, *context),
        taste=(*state.taste, *(Phrase(t, turn) for t in reading.tastes if t not in known)),
        taste_leanings=(*state.taste_leanings, *taste_leanings),
        began=began,
    )


def _without_article(title: str) -> str:
    return re.sub(r"^(?:the|a|an) ", "", title)
