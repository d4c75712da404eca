"""An utterance as words, with the places where clauses end."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from retrieval.catalog import fold

MAX_UTTERANCE = 2000  # characters
_WORD = re.compile(r"&|[^\W_]+(?:['’-][^\W_]+)*'?")
_BREAK = re.compile(r"[.,;:!?()\n–—]|\s-\s")  # quotation marks go around words, not between clauses


def word_set(words: str) -> frozenset[str]:
    """Words apart by blanks, as a set; a list of them reads best as running text."""
    return frozenset(words.split())


# Words that carry no wish of their own; a phrase of these alone is no wish.
FUNCTION_WORDS = word_set(
    "a about actually again all also am an and another any anything are as at be been but by can "
    "could do does don't else ever few film films find fine for from get give go good got great had "
    "has have hello help hey hi how i i'd i'll i'm i've if in into is it it's its just kind know "
    "let let's like liked little look looking love lot make maybe me more most movie movies much my "
    "need new nice of ok okay on one ones or other our out please really recommend recommendation "
    "recommendations see seen show so some something sort stuff such suggest suggestion suggestions "
    "tell than thank thanks that that's the them then there these they thing this those to too up "
    "us very want wants was watch we we'd well were what what's which who will with would yes you "
    "you've your mood feel feeling fancy prefer preferably should watch similar today tonight "
    "thinking after before made released"
)


class UtteranceError(ValueError):
    """An utterance that can't be answered; the message is meant for the user."""


@dataclass(frozen=True)
class Word:
    """A word of the utterance: as written, folded, in the singular, and where it stands."""

    text: str
    folded: str
    singular: str
    start: int
    end: int
    opens_clause: bool  # punctuation stands between this word and the one before

    @property
    def capitalised(self) -> bool:
        return self.text[:1].isupper() or self.text[:1].isdigit()


def clean(utterance: str) -> str:
    """The utterance in composed Unicode, without control or direction characters.

    Raises `UtteranceError` where nothing is left or too much is.
    """
    if not isinstance(utterance, str):
        raise UtteranceError("expected a text message")
    text = unicodedata.normalize("NFC", utterance)
    text = "".join(
        " " if c in "\r\n\t" else c
        for c in text
        if c in "\r\n\t" or unicodedata.category(c)[0] != "C"
    )
    text = re.sub(r"\s+", " ", text).strip()
    if not text:
        raise UtteranceError("the message is empty; say what you are looking for")
    if len(text) > MAX_UTTERANCE:
        raise UtteranceError(
            f"the message has {len(text):,} characters, at most {MAX_UTTERANCE:,} can be read; "
            f"shorten it"
        )
    return text


def split_words(text: str) -> list[Word]:
    """The words of a cleaned utterance. Hyphenated words come apart, as in the catalog."""
    words: list[Word] = []
    last_end = 0
    for match in _WORD.finditer(text):
        opens = bool(_BREAK.search(text[last_end : match.start()])) or not words
        for part in re.finditer(r"[^-]+", match[0]):
            folded = fold(part[0])
            if not folded:
                continue
            start = match.start() + part.start()
            end = match.start() + part.end()
            words.append(Word(part[0], folded, singular(folded), start, end, opens))
            opens = False
        last_end = match.end()
    return words


def singular(word: str) -> str:
    """A folded English word without its plural ending, so that both forms compare.

    >>> [singular(w) for w in ("comedies", "witches", "westerns", "glass", "romances")]
    ['comedy', 'witch', 'western', 'glass', 'romance']
    """
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("sses", "xes", "zes", "ches", "shes")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is", "'s")):
        return word[:-1]
    return word


def singular_key(phrase: str) -> tuple[str, ...]:
    return tuple(singular(word) for word in fold(phrase).split())
