"""The phrases of everyday English by which the reader tells taste, leave and negation apart.

Word lists and patterns only; nothing here is about films.
"""

from __future__ import annotations

import re

from recommender.understanding.words import word_set

NEGATORS = word_set(
    "no not without nothing never none nor neither don't dont doesn't doesnt didn't didnt won't "
    "wont wouldn't wouldnt isn't isnt aren't arent wasn't wasnt can't cant cannot couldn't couldnt "
    "shouldn't shouldnt avoid avoiding except excluding exclude skip hate hates hated hating "
    "dislike dislikes disliked loathe detest despise sick tired bored fed minus ban non less fewer "
    "sans barring enough rarely seldom hardly"
)
# These negate only what stands right behind them: "less bloody".
COMPARING = frozenset({"less", "fewer"})
# These negate only with "of" or "with": "tired of horror", not "I'm tired and want a comedy".
WEARY = frozenset({"sick", "tired", "bored", "fed"})
NOT_NEGATING = frozenset(
    {
        ("don't", "mind"), ("not", "only"), ("not", "just"), ("not", "bad"), ("no", "problem"),
        ("can't", "wait"), ("not", "sure"), ("no", "matter"), ("no", "idea"), ("not", "necessarily"),
        ("don't", "care"), ("no", "preference"), ("why", "not"), ("can't", "decide"),
        ("don't", "know"), ("dont", "mind"), ("dont", "care"), ("dont", "know"), ("cant", "decide"),
        ("can't", "get"), ("can't", "stop"), ("can't", "help"), ("cannot", "wait"), ("no", "wait"),
        ("no", "thanks"), ("no", "worries"), ("no", "doubt"), ("no", "rush"), ("no", "one"),
        ("no", "please"), ("nothing", "beats"), ("nothing", "better"), ("never", "seen"),
        ("never", "watched"), ("never", "gets"), ("never", "fails"), ("less", "than"),
        ("fewer", "than"), ("not", "against"), ("not", "opposed"), ("no", "nonsense"),
        ("no", "objection"), ("won't", "bore"), ("not", "picky"),
    }
)  # fmt: skip
# So does "enough": "I've had enough of horror", "enough with the sequels".
# How much of a thing is too much; between a negator and what it negates.
DEGREES = word_set(
    "too very so as really super overly extremely particularly remotely terribly that all "
    "especially overtly excessively bit little quite pretty even more much horribly insanely "
    "slightly"
)
# Nouns that only carry the word before them: "no horror stuff", "no sex scenes".
TAILS = word_set(
    "stuff thing things element elements scene scenes content bit bits plot plots plotline story "
    "stories theme themes genre genres vibe vibes nonsense crap part parts subplot subplots tropes "
    "trope moments whatsoever either anymore thanks cheers kind type types tho though lol mind tbh btw "
    "pls plz haha thx ok okay please again"
)
# What stands behind a title that is named for its manner: "Blade Runner vibes".
MANNER = word_set("vibe vibes style styled esque type feel feels energy meets ish")
SERIES = word_set(
    "film films movie movies series trilogy franchise saga sequel sequels prequel prequels"
)

_ALWAYS = (
    r"(?:usually|always|really|generally|normally|mostly|mainly|typically|also|just|do|absolutely|"
    r"kind of|tend to|quite|often|mainly|only ever)"
)
TASTE = re.compile(
    rf"\b(?:i|we)(?:'m| am|'re| are)? (?:{_ALWAYS} )*(?:like|love|enjoy|prefer|adore|into|"
    r"a (?:big |huge |massive )?fan of|a sucker for)\b"
    rf"|\b(?:i|we) (?:{_ALWAYS} )+(?:watch|read|play|listen to|go for|pick|choose|stick (?:to|with)|gravitate|lean)\b"
    r"|\b(?:i|we) (?:watch|see) (?:a lot of|lots of|tons of|so many|loads of|nothing but)\b"
    rf"|\b{_ALWAYS},? (?:i|we) (?:like|love|enjoy|prefer|watch|read|play|go for)\b"
    r"|\b(?:i'm|im|i am|as|being) (?:an? |such an? )?[\w' -]{2,40}? "
    r"(?:fan|buff|nut|lover|junkie|person|aficionado|geek|nerd|enthusiast|addict|fanatic)\b"
    r"|\b(?:my|our) (?:all[- ]time )?(?:go[- ]to|favou?rite|favou?rites)\b(?! is to)"
    r"|\b(?:is|are) (?:usually |normally |really )?my (?:thing|favou?rites?|jam|cup of tea|go[- ]to)\b"
    r"|\b(?:he|she|they|one|other|wife|husband|girlfriend|boyfriend|partner|kids|mum|mom|dad|parents|son|"
    r"daughter|friends?) (?:really |also |usually |mostly )?(?:likes?|loves?|enjoys?|prefers?)\b"
    r"|\bgrew up (?:on|with|watching)\b|\bfan of\b"
)
NOT_TASTE = re.compile(
    r"\b(?:i'd|i would|would|we'd|something|anything|films?|movies?|one) (?:really )?"
    r"(?:like|love|enjoy|prefer)"
)
# Leave: what follows, or stands before, is allowed and neither asked for nor ruled out.
LEAVE_BEFORE = re.compile(
    r"\b(?:(?:don't|dont|do not|wouldn't|won't) (?:really )?mind|(?:happy|fine|ok|okay|cool|good) with|"
    r"no problem with|open to|not against|not opposed to|no objections? to|"
    r"(?:doesn't|does not|don't|do not|needn't|doesnt|dont) (?:have|need) to be|not necessarily|"
    r"(?:don't|dont|do not) care (?:about|if|whether)|can handle|can stand|can tolerate|can live with|whether)"
    r"(?: (?:it's|it is|they're|it|a|an|some|any|the|bit|of|being|either|at|all)){0,4} $"
)
LEAVE_BEHIND = re.compile(
    r" ?(?:films? |movies? |language |ones? |stuff )?(?:also |too )?(?:(?:is|are|would be|can be|'s) )?"
    r"(?:(?:also|totally|perfectly|absolutely|completely) )?"
    r"(?:fine|ok|okay|alright|all right|allowed|welcome|acceptable|no problem)\b"
)
# A denial behind what it denies: "war films I do not want", "horror is not for us".
DENIED_BEHIND = re.compile(
    r"(?:\w+ ){0,2}(?:(?:i|we|she|he|they) (?:really |just |simply |absolutely )?"
    r"(?:(?:do not|don't|dont|doesn't|does not|won't|will not|wouldn't) (?:really |much )?(?:want|wanna|like|need|fancy|watch|read|play|enjoy|do|care for)|"
    r"(?:can't|cannot|can not|cant) (?:really )?(?:stand|bear|abide|handle|take|stomach|do|watch)|hates?|loathes?|detests?|dislikes?|could do without)"
    r"|(?:is|are) (?:not|never|definitely not|really not) (?:for (?:me|us)|my (?:thing|cup of tea)|wanted|welcome|an option)|(?:isn't|aren't) (?:for (?:me|us)|my (?:thing|cup of tea)|an option)"
    r"|(?:is|are) (?:out|off the table|a no|a no go|banned|forbidden|right out))(?: at all| please| either| thanks| though| anymore| any more)*$"
)
