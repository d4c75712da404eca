"""Words by which an item is judged in a word or two: "cracking", "was rubbish", "class".

Tables only. Words that are as often wished for ("funny", "scary", "dark") are in neither: they
judge an item only behind a verb, which is read elsewhere.
"""

from __future__ import annotations

import re

from recommender.understanding.words import word_set

GOOD = word_set(
    "ace amazing awesome banger banging beautiful belter best boss brill brilliant class cracking "
    "crackin cracker enjoyable epic excellent exquisite fab fabulous fantastic favourite favorite "
    "fine first-rate flawless gem glorious good gorgeous grand great incredible legendary lovely "
    "lush magic magnificent marvellous marvelous masterful masterpiece mint outstanding perfect "
    "perfection phenomenal proper quality sick smashing solid splendid stellar stunning sublime "
    "superb sweet terrific top treat tremendous unforgettable winner wicked wonderful loved adored"
)
BAD = word_set(
    "abysmal appalling atrocious awful bad bland bobbins boring bored crap cringe cringeworthy "
    "dire disappointing disappointment dismal dreadful dreary drivel dross dull dud flop garbage "
    "ghastly hated horrendous horrible horrid lame lousy mediocre meh naff nonsense overrated painful "
    "pants pathetic pointless poor rubbish shite snoozefest stinker stupid tedious terrible tosh "
    "trash tripe unbearable unreadable unwatchable vile waste weak worst yawn disliked"
)
# What may stand beside a verdict and changes nothing of it.
BESIDE = word_set(
    "it that this they was were is are it's that's its thats really so very absolutely quite pretty "
    "just totally utterly a an the my all bit of one such proper well too though tho tbh honestly i "
    "in every way me for to ever what haha lol me and oh wow still actually at school back then "
    "time times both them these those"
)

_VERDICT_VERB = re.compile(
    r"^\W*(?:(?:and|but|which|it|that|they) )?(?:is|was|are|were|['’]s|['’]re|isn['’]?t|wasn['’]?t|looks?|sounds?)\b(?P<rest>[^.;!?,]*)"
)


def judged_behind(behind: str) -> int:
    """+1 or -1 where the words behind an item judge it: "was pants", "is lush tbh"; else 0."""
    verb = _VERDICT_VERB.match(behind)
    words = re.findall(r"[\w'-]+", verb["rest"]) if verb else []
    sign = any(w in GOOD for w in words) - any(w in BAD for w in words)
    denied = verb is not None and (
        "n't" in verb[0] or "n’t" in verb[0] or "not" in words or "too" in words
    )
    return -sign if denied and sign > 0 else 0 if denied else sign


def verdict_of(words: list[str], nouns: set[str]) -> int:
    """+1 or -1 where folded words are a verdict and nothing else, else 0."""
    if not words or not set(words) <= GOOD | BAD | BESIDE | nouns | {"not", "wasn't", "isn't"}:
        return 0
    sign = any(w in GOOD for w in words) - any(w in BAD for w in words)
    return -sign if set(words) & {"not", "wasn't", "isn't"} else sign
