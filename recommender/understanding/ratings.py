"""Ratings in words: "4 out of 5 for the second", "Heat: 9/10", "five stars"."""

from __future__ import annotations

import re
from dataclasses import dataclass

_NUMBERS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
            "nine": 9, "ten": 10, "zero": 0}  # fmt: skip
_NUMBER = r"(?:\d{1,3}(?:[.,]\d)?|" + "|".join(_NUMBERS) + r")(?: and a half)?"
_OUT_OF = re.compile(
    rf"\b(?P<n>{_NUMBER}) ?(?:/|out of|of) ?(?P<of>5|10|100|five|ten)\b(?: stars?)?"
)
_STARS = re.compile(rf"\b(?P<n>{_NUMBER})[ -]?(?:stars?\b|★|\*(?!\w))")
_POINTS = re.compile(
    rf"\b(?:give|gave|rate|rated|giving|rating|score|gets?|deserves?)\b(?:[^.;!?]*?\b(?:an?|with|at|is|of|as)\b)? (?P<n>{_NUMBER})\b(?! (?:of|out|movie|film|book|one|year|minute|hour|page)s?\b)"
)
_WISHED = re.compile(
    r"\b(?:at least|minimum|more than|over|above|under|below|rated|ratings?|less than|average)(?: of)? $"
)
_WISHED_BEHIND = re.compile(
    r"^ ?(?:or (?:more|better|higher|above|up)|\+|and (?:up|above|over)|(?:films?|movies?|books?|games?|reviews?|rated)\b)"
)


@dataclass(frozen=True)
class RatingRead:
    """A rating: `share` of the best possible, and the characters that it takes."""

    share: float
    start: int
    end: int

    @property
    def stars(self) -> int:
        """On the scale from 1 to 5."""
        return max(1, min(5, int(self.share * 5 + 0.5)))


def read_rating(text: str) -> RatingRead | None:
    """The rating that a text gives to something, or None; wished-for ratings are none."""
    spoken = text.lower()
    for pattern in (_OUT_OF, _STARS, _POINTS):
        match = pattern.search(spoken)
        if match is None or _WISHED.search(spoken[: match.start("n")]):
            continue
        if _WISHED_BEHIND.match(spoken[match.end() :]):
            continue
        number = _value(match["n"])
        best = _value(match["of"]) if "of" in match.groupdict() and match["of"] else 0
        best = best or (5 if number <= 5 else 10)
        if number <= best:
            start = match.start("n") if pattern is _POINTS else match.start()
            return RatingRead(number / best, start, match.end())
    return None


def _value(words: str) -> float:
    half = 0.5 if words.endswith("and a half") else 0.0
    bare = words.removesuffix("and a half").strip()
    return (_NUMBERS[bare] if bare in _NUMBERS else float(bare.replace(",", "."))) + half
