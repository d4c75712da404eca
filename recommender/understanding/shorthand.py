"""Chat spellings written out, before anything is read: "b4 1950", "smth w my mates", "1 n 3".

Only spellings that stand for just one thing where they stand, in lower case, since titles
may be spelt in the same letters ("W.", "U Turn"). The reading quotes the words written out.
"""

from __future__ import annotations

import functools
import re

_ANYWHERE = {
    "b4": "before", "smth": "something", "smthn": "something", "smthng": "something",
    "sumthing": "something", "sumthin": "something", "somethin": "something", "anythin": "anything",
    "nvm": "never mind", "abt": "about", "ppl": "people", "poss": "possible", "2nite": "tonight",
    "2night": "tonight", "2day": "today", "tonite": "tonight", "gr8": "great", "l8r": "later",
    "sthg": "something", "nuthin": "nothing", "nothin": "nothing", "prolly": "probably",
    "dunno": "don't know", "lemme": "let me", "gimme": "give me", "cus": "because",
    "bf": "boyfriend", "gf": "girlfriend", "recs": "recommendations", "rec": "recommendation",
    "vids": "videos", "yrs": "years", "def": "definitely", "ya": "you", "luv": "love",
    "plis": "please", "tysm": "thank you so much", "wut": "what", "wot": "what", "dat": "that",
}  # fmt: skip
_BESIDE = (
    (r"\bw (?=(?:my|our|the|a|an|some|his|her|lots|me|no)\b)", "with "),
    (r"\bw/ ?(?=\w)", "with "),
    (r"\bw/?o (?=\w)", "without "),
    (r"(?<=\w )['’]?n['’]? (?=\w)", "and "),
    (r"\b(how|what) ['’]?bout\b", r"\1 about"),
    (r"\bu\b(?=$|[ ,.?!])", "you"),
    (r"\br (?=(?:you|u|there|they|these|those)\b)", "are "),
    (r"^(?:k|kk)(?=[ ,.])", "ok"),
    (r"\b(which|that|this|1st|2nd|3rd|first|second|third|last|next|other) 1\b(?! ?[/\d])", r"\1 one"),
    (r"(?<=[a-z]) 2 (?=(?:watch|see|read|play|do)\b)", " to "),
    (r"(?<=[a-z]) 4 (?=(?:me|us|my|tonight|the|kids)\b)", " for "),
)  # fmt: skip


@functools.cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    beside = tuple((re.compile(pattern), meant) for pattern, meant in _BESIDE)
    return (*beside, (re.compile(rf"(?<![\w'’-])(?:{'|'.join(_ANYWHERE)})(?![\w'’-])"), ""))


def written_out(text: str) -> str:
    """A cleaned utterance with its chat spellings written out.

    >>> written_out("smth b4 1950 w my mates, seen 1 n 3")
    'something before 1950 with my mates, seen 1 and 3'
    """
    for pattern, meant in _patterns():
        text = pattern.sub(meant or _known, text)
    return text


def _known(match: re.Match[str]) -> str:
    return _ANYWHERE[match[0]]
