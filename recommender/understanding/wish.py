"""What is left of an utterance when its spans are read: circumstances, tastes, the wish.

The wish keeps the user's own words, without filler and without what has become a limit.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from recommender.understanding.cues import CLOSERS, JOINERS, UNSEEN
from recommender.understanding.lexicon import Lexicon
from recommender.understanding.phrases import DEGREES, NEGATORS
from recommender.understanding.reading import Reading
from recommender.understanding.utterance import Utterance
from recommender.understanding.words import FUNCTION_WORDS, Word, split_words, word_set

_DANGLING = word_set(
    "a an the with without of from in by or and but for to than that is no set made during"
)
_RELATED = r"(?:kids?|boys|girls|lads|children|family|parents?|mum|mom|mother|dad|father|girlfriend|boyfriend|wife|husband|partner|fianc[eé]e?|friends?|grandma|grandpa|granny|grandad|nan|nana|grandparents?|son|daughter|brother|sister|nephew|niece|cousins?|roommates?|flatmates?|housemates?|mates?|colleagues?|guests|date|in-laws)"
_CONTEXT = {
    "company": (
        r"\b(?:with|for) (?:my |our |the |some |a |an )?(?:whole |little |young |old |two |three |four |\d+[- ]year[- ]old )*(?:kids?|boys|girls|lads|children|family|parents?|mum|mom|mother|dad|father|girlfriend|boyfriend|wife|husband|partner|friends?|grandma|grandpa|grandparents?|grandmother|grandfather|son|daughter|brother|sister|nephew|niece|toddlers?|teenagers?|teens|roommates?|flatmates?|housemates?|mates|colleagues?|guests|class|students|(?:me|us) and (?:my|our) \w+)\b|\bmy (?:roommate|flatmate|housemate|friends?|wife|husband|girlfriend|boyfriend|partner|kids?|mum|mom|dad|family|sister|brother|son|daughter|boys|girls|mates?)s? and (?:i|me)\b(?:,? (?:who|aged?) [^,.;]{1,20})?"
    r"|\b(?:my|our) (?:(?:whole|little|young|old|two|three|elder|older|younger|best) )?" + _RELATED + r"(?:['’]s| is| are| was)? (?:also |really |now )?(?:(?:coming|staying|visiting|watching|joining|sitting|here|over|round)\b|(?:wants?|would like|fancies|fancy|insists?|asks?|says?|thinks?|hopes?)\b)"
    ),
    "occasion": r"\b(?:date night|family night|movie night|film night|girls'? night|christmas(?: eve| day)?|halloween|thanksgiving|new year'?s(?: eve)?|birthday|sleepover|rainy (?:day|sunday|afternoon|evening)|sick day|long flight|holidays?|vacation|valentine'?s(?: day)?)\b",
    "time": r"\b(?:tonight|this (?:evening|weekend|afternoon)|after work|before bed|bedtime|late at night|(?:on )?(?:a )?(?:lazy |quiet )?(?:sunday|saturday|friday)(?: night| afternoon| evening| morning)?)\b",
    "mood": r"\b(?:i'm|i am|i feel|i'm feeling|feeling|we're|we are|kinda|kind of|bit|pretty|super|so) (?:a bit |so |very |really |pretty |kind of )?(?:tired|sad|stressed|bored|lonely|heartbroken|happy|down|depressed|anxious|exhausted|melancholic|homesick|ill|sick|blue|nostalgic)\b(?! of\b| with\b)",
}  # fmt: skip
_THEME = re.compile(
    r"\b(?:about|set (?:at|on|around|during|in)|featuring|celebrat\w+|than|of) (?:the |a )?$"
)
_FILLER = re.compile(
    r"^(?:(?:hi|hello|hey|ok|okay|well|so|um|please|now|actually|and|but|also|then|instead|maybe|yes|no)\b[ ,!]*)+|"
    r"\b(?:(?:i'm |i am |we're )?not (?:really |quite )?sure|no idea|(?:i |we )?(?:don'?t|do not) (?:really )?know|dunno|idk|can'?t decide) (?:yet )?"
    r"what (?:to (?:watch|see|read|play|pick|choose|get)|(?:i|we)(?:'m| am|'re| are)? (?:want|feel like|fancy|looking for|in the mood for))\b|"
    r"\bwhat(?:['’]?s| is| do you (?:suggest|recommend)| to (?:watch|see|read|play|try)| (?:should|could|can|do|would) (?:i|we) (?:watch|see|read|play|try|get|pick)(?: up)?)?(?: next| now)\b|"
    r"\b(?:can|could|would|will) you (?:please )?(?:recommend|suggest|find|show|give|tell)(?: me| us)?\b|"
    r"\b(?:please )?(?:recommend|suggest|find|show|give|tell) (?:me|us)\b|"
    r"\b(?:i'm|i am|we're|we are) (?:looking|searching|hoping) for\b|\blooking for\b|"
    r"\b(?:i|we) (?:really |just |only )?(?:want|need|fancy|wanna)(?: to (?:watch|see))?\b|"
    r"\b(?:i'd|i would|we'd|we would) (?:really )?(?:like|love|prefer)(?: to (?:watch|see))?\b|"
    r"\b(?:i'm|i am|we're) in the mood for\b|\bin the mood for\b|\bi feel like(?: watching)?\b|"
    r"\bhow about\b|\bwhat about\b|\bdo you (?:have|know)\b|\bis there\b|\bare there\b|\bplease\b|\b(?:tho|tbh|btw|lol|haha|pls|plz|sth|smth)\b",
    re.IGNORECASE,
)


def read_rest(said: Utterance, lexicon: Lexicon, reading: Reading) -> None:
    """Reads circumstances, tastes and wish into a reading whose spans are interpreted."""
    _read_context(said, reading)
    reading.wish = _read_wish(said, lexicon, reading)
    reading.fragment = _is_fragment(said, lexicon)


def _read_context(said: Utterance, reading: Reading) -> None:
    for kind, pattern in _CONTEXT.items():
        for match in re.finditer(pattern, said.text.lower()):
            if kind == "occasion" and _THEME.search(said.text.lower()[: match.start()]):
                continue  # "about Christmas" is what it tells of
            reading.context.append((kind, said.text[match.start() : match.end()]))


def _read_wish(said: Utterance, lexicon: Lexicon, reading: Reading) -> str:
    """The words that remain as the wish, and the tastes, which are set aside."""
    kept: list[Word] = []
    tastes: dict[tuple[int, int], None] = {}
    for place, word in enumerate(said.words):
        if place in said.drop:
            continue
        if said.is_taste(place):
            tastes[said.clause(place)] = None
        else:
            kept.append(word)
    for first, last in tastes:
        if any(place not in said.drop and said.words[place].folded not in FUNCTION_WORDS
               for place in range(first, last)):  # fmt: skip
            phrase = said.text[said.words[first].start : said.words[last - 1].end]
            reading.tastes.append(phrase)
    wish = _FILLER.sub(" ", _joined_text(said, kept))
    # What was no filler at the start may be now, behind what was taken away.
    wish = re.sub(r"\s+([,.;])", r"\1", wish)
    wish = re.sub(r"\s+", " ", _FILLER.sub(" ", wish.strip())).strip(" ,.;:-")
    return wish if _has_content(wish.split(), lexicon.nouns) else ""


def _joined_text(said: Utterance, kept: list[Word]) -> str:
    parts: list[str] = []
    while kept and kept[-1].folded in _DANGLING:
        kept = kept[:-1]
    for n, word in enumerate(kept):
        near = n and said.text[kept[n - 1].end : word.start] in (" ", "-")
        if n and not near:
            parts.append(", " if word.opens_clause else " ")
        elif n:
            parts.append(said.text[kept[n - 1].end : word.start])
        parts.append(word.text)
    return "".join(parts)


def _is_fragment(said: Utterance, lexicon: Lexicon) -> bool:
    """Whether there are values and no sentence around them: "french maybe"."""
    free = [word.folded for word, taken in zip(said.words, said.taken, strict=True) if not taken]
    return (
        bool(said.spans)
        and not any(word in ("a", "an", "some", "any") or word in lexicon.nouns for word in free)
        and all(word in FUNCTION_WORDS | CLOSERS for word in free)
    )


def _has_content(words: Iterable[str], nouns: set[str]) -> bool:
    return any(
        word.folded not in FUNCTION_WORDS
        and word.folded not in nouns | NEGATORS | JOINERS | DEGREES | UNSEEN
        for word in split_words(" ".join(words))
    )
