"""Numbers in words to bounds: years, decades, durations, and any other unit.

Works on the lower-cased utterance by patterns, since a range is a matter of word order.
Negation ("nothing after 1990") is left to the reader, which knows the clause; only where
the negation belongs to the comparison ("no later than") it is read here.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from dataclasses import dataclass

from retrieval.catalog import Catalog, Kind
from retrieval.limits import Limit

_NUMBER_WORDS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9, "ten": 10, "fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50,
    "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90, "hundred": 100, "a hundred": 100,
    "a": 1, "an": 1, "a couple of": 2, "couple of": 2, "a few": 3, "half an": 0.5, "half a": 0.5,
}  # fmt: skip
_DECADE_WORDS = {
    "twenties": 1920, "thirties": 1930, "forties": 1940, "fifties": 1950, "sixties": 1960,
    "seventies": 1970, "eighties": 1980, "nineties": 1990, "noughties": 2000,
    "two thousands": 2000, "twenty tens": 2010,
}  # fmt: skip
_NUMBER = r"(?:\d+(?:[.,]\d+)?|" + "|".join(sorted(_NUMBER_WORDS, key=len, reverse=True)) + ")"
_YEAR = r"(?:1[89]|20)\d\d"
_DECADE = (
    r"(?:(?:early|mid|late)[ -](?:to[ -](?:mid|late)[ -])?)?(?:the[ -])?(?:(?:early|mid|late)[ -])?"
    r"(?:(?:1[89]|20)\d0 ?['’]?s|['’]?\d0 ?['’]?s|(?:nineteen[ -])?(?:"
    + "|".join(sorted(_DECADE_WORDS, key=len, reverse=True))
    + r"))\b"
)
_SPAN = rf"(?:the years? )?(?P<{{}}>{_DECADE}|{_YEAR}\b)"
_FIRST, _SECOND = _SPAN.format("first"), _SPAN.format("second")

# Each pattern with what it does to the span [low, high] that it names.
_YEAR_PATTERNS = [
    (rf"\bbetween {_FIRST} (?:and|to|-) {_SECOND}", "between"),
    (rf"\b(?:from |in )?{_FIRST} ?(?:to|until|till|through|-|–|—) ?{_SECOND}", "between"),
    (rf"\b(?:no|not) (?:later|newer|more recent) than {_FIRST}", "until"),
    (rf"\b(?:no|not) (?:earlier|older) than {_FIRST}", "since"),
    (rf"\b(?:until|till|up to|up until|through|no later than|by) {_FIRST}", "until"),
    (rf"\b(?:from )?{_FIRST} (?:or|and) (?:earlier|older|before)\b", "until"),
    (rf"\b(?:from )?{_FIRST} (?:or|and) (?:later|newer|after|younger|onwards?|up)\b", "since"),
    (rf"\b(?:from |starting (?:in |from |with )){_FIRST} (?:on|onwards?|forwards?|up)\b", "since"),
    (rf"\b{_FIRST} onwards?\b", "since"),
    (rf"\b(?:ever )?since {_FIRST}", "since"),
    (rf"\b(?:before|prior to|older than|earlier than|pre)[ -]?{_FIRST}", "before"),
    (rf"\b(?:after|newer than|later than|more recent than|post)[ -]?{_FIRST}", "after"),
    (rf"(?:\b(?:around|about|circa|roughly|approximately) |~ ?){_FIRST}", "around"),
    (rf"\b(?:from|in|of|made in|released in|out of) {_FIRST}", "in"),
    (rf"(?<![\w'’]){_FIRST}", "in"),
]
_RECENT_YEARS = rf"\b(?:(?:from|in|within|over|of|made in) )?(?:the )?(?:last|past) (?P<count>{_NUMBER}) (?P<unit>years?|decades?)\b"
_LAST_ONE = r"\b(?:(?:from|in|within|of|made in) )?(?:the )?(?:last|past) (?P<unit>year|decade)\b"
_CENTURY = r"\b(?:(?:from|in|of) )?(?:the )?(?:(?P<this>this|21st|twenty[ -]first)|(?:last|20th|twentieth)) century\b"
# A decade or year behind these is where the story is set, not when the item was made.
_SETTING = re.compile(
    r"\b(?:set|sets|takes? place|taking place|happens|happening|playing|during|about|story|life|"
    r"living|lived) (?:back |mostly |somewhere )?(?:in |of |during |around )?$"
)

_MOST = (
    r"under|less than|shorter than|fewer than|below|at most|max(?:imum)?(?: of)?|up to|within|"
    r"(?:no|not|nothing|isn't|not any) (?:longer|more|over|above|bigger)(?: than)?|"
    r"(?:only |just )?(?:have|got|have got|'ve got)(?: only| just| about| at most)?|in"
)
_LEAST = (
    r"over|more than|longer than|at least|min(?:imum)?(?: of)?|above|"
    r"(?:no|not) (?:shorter|less|under|fewer)(?: than)?"
)
_STRICT = {"under", "less than", "shorter than", "fewer than", "below"}
_STRICT_LEAST = {"over", "more than", "longer than", "above"}


@dataclass(frozen=True)
class Range:
    """A limit of bounds and the part of the text it was read from."""

    limit: Limit
    start: int
    end: int


def read_ranges(text: str, catalog: Catalog, today: datetime.date | None = None) -> list[Range]:
    """All ranges in a text, in order, none overlapping. Ranges of a setting are left out."""
    lowered = text.lower()
    if len(lowered) != len(text):  # rare scripts change length in lower case
        lowered = text
    found: list[Range] = []
    for f in catalog.of_kind(Kind.NUMBER):
        found += _quantities(lowered, f.name, (f.unit or f.label).lower())
    for f in catalog.of_kind(Kind.YEAR):
        found += _years(lowered, f.name, today or datetime.date.today())
    return _without_overlap(found)


def _without_overlap(found: list[Range]) -> list[Range]:
    kept: list[Range] = []
    for one in sorted(found, key=lambda r: (r.start - r.end, r.start)):
        if all(one.end <= other.start or other.end <= one.start for other in kept):
            kept.append(one)
    return sorted(kept, key=lambda r: r.start)


# --- years -------------------------------------------------------------------------


def _years(text: str, name: str, today: datetime.date) -> Iterator[Range]:
    taken: list[tuple[int, int]] = []

    def free(match: re.Match[str]) -> bool:
        return all(match.end() <= a or b <= match.start() for a, b in taken)

    for pattern in (_RECENT_YEARS, _LAST_ONE):
        for match in re.finditer(pattern, text):
            if not free(match):
                continue
            count = _number(match.groupdict().get("count") or "1")
            years = int(count * (10 if match["unit"].startswith("decade") else 1))
            taken.append(match.span())
            yield Range(Limit((name,), minimum=today.year - years), *match.span())
    for match in re.finditer(_CENTURY, text):
        taken.append(match.span())
        limit = Limit((name,), minimum=2000) if match["this"] else Limit((name,), 
                      minimum=1900, maximum=1999)  # fmt: skip
        yield Range(limit, *match.span())
    for pattern, relation in _YEAR_PATTERNS:
        for match in re.finditer(pattern, text):
            if not free(match):
                continue
            taken.append(match.span())
            if relation == "in" and _SETTING.search(text[: match.start()] + " "):
                continue
            if relation == "in" and re.match(r"(?:in|of) ", match[0]) and _SETTING.search(
                text[: match.start()] + match[0].split(" ")[0] + " "
            ):  # fmt: skip
                continue
            low, high = _span(match["first"])
            if relation == "between":
                second_low, second_high = _span(match["second"])
                low, high = min(low, second_low), max(high, second_high)
            yield Range(_year_limit(name, relation, low, high), *match.span())


def _year_limit(name: str, relation: str, low: int, high: int) -> Limit:
    if relation == "before":
        return Limit((name,), maximum=low - 1)
    if relation == "until":
        return Limit((name,), maximum=high)
    if relation == "after":
        return Limit((name,), minimum=high + 1)
    if relation == "since":
        return Limit((name,), minimum=low)
    slack = 2 if relation == "around" else 0
    return Limit((name,), minimum=low - slack, maximum=high + slack)


def _span(words: str) -> tuple[int, int]:
    """First and last year that a year or decade names."""
    year = re.fullmatch(_YEAR, words.strip())
    if year:
        return int(words), int(words)
    start = next((start for word, start in _DECADE_WORDS.items() if word in words), None)
    if start is None:
        digits = re.search(r"\d+", words)
        assert digits is not None  # the pattern has digits where it has no decade word
        start = int(digits[0])
        if start < 100:  # "the 20s" of talk about art are the 1920s
            start += 1900 if start >= 20 else 2000
    if "early" in words and "to" not in words.split():
        return start, start + 3
    if "mid" in words and "to" not in words.split():
        return start + 3, start + 6
    if "late" in words and "to" not in words.split():
        return start + 6, start + 9
    return start, start + 9


# --- durations and other quantities --------------------------------------------------


def _quantities(text: str, name: str, unit: str) -> Iterator[Range]:
    amount = _duration_pattern() if unit == "minutes" else _unit_pattern(unit)
    patterns = [
        (rf"\bbetween (?P<first>{amount}) and (?P<second>{amount})", "between"),
        (rf"\b(?P<how>{_MOST}) (?:about |around )?(?P<first>{amount})", "most"),
        (rf"\b(?P<how>{_LEAST}) (?P<first>{amount})", "least"),
        (rf"(?P<first>{amount}) (?:or less|or under|or shorter|max(?:imum)?|at most|tops|at the most)\b", "most"),
        (rf"(?P<first>{amount}) (?:or more|or longer|plus|min(?:imum)?|at least)\b", "least"),
        (rf"(?:\b(?:about|around|roughly|approximately) |~ ?)?\b(?P<first>{amount})", "around"),
    ]
    for pattern, relation in patterns:
        for match in re.finditer(pattern, text):
            value = _amount(match["first"], unit)
            if relation == "between":
                limit = Limit((name,), minimum=value, maximum=_amount(match["second"], unit))
            elif relation == "most":
                strict = match.groupdict().get("how") in _STRICT
                limit = Limit((name,), maximum=value - 1 if strict else value)
            elif relation == "least":
                strict = match.groupdict().get("how") in _STRICT_LEAST
                limit = Limit((name,), minimum=value + 1 if strict else value)
            else:
                slack = max(1.0, round(value * 0.1))
                limit = Limit((name,), minimum=value - slack, maximum=value + slack)
            yield Range(limit, *match.span())


def _duration_pattern() -> str:
    hours = r"(?:hours?|hrs?|h)\b"
    minutes = r"(?:minutes?|mins?|min)\b"
    return (
        rf"(?:\d+ ?h ?\d+ ?(?:m(?:in)?)?\b|(?:an?|one|{_NUMBER})[ -]{hours} and (?:a half|{_NUMBER} {minutes})|"
        rf"{_NUMBER} and a half {hours}|an hour and a half|{_NUMBER}[ -]?{hours}|{_NUMBER}[ -]?{minutes})"
    )


def _unit_pattern(unit: str) -> str:
    stem = re.escape(unit.removesuffix("s"))
    return rf"(?:{_NUMBER}[ -]?{stem}s?\b|{stem}s? (?:of )?{_NUMBER}\b)"


def _amount(words: str, unit: str) -> float:
    if unit != "minutes":
        number = re.search(_NUMBER, words)
        return _number(number[0]) if number else 0.0
    compact = re.fullmatch(r"(\d+) ?h ?(\d+) ?(?:m(?:in)?)?", words)
    if compact:
        return int(compact[1]) * 60 + int(compact[2])
    half = 30.0 if "and a half" in words else 0.0
    numbers = [_number(n) for n in re.findall(rf"\b{_NUMBER}\b", words.replace("and a half", ""))]
    if re.search(r"\bh(?:ours?|rs?)?\b|\dh\b", words):
        return numbers[0] * 60 + half + (numbers[1] if len(numbers) > 1 else 0)
    return numbers[0]


def _number(words: str) -> float:
    known = _NUMBER_WORDS.get(words)
    return float(words.replace(",", ".")) if known is None else float(known)
