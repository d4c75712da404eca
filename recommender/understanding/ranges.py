"""Numbers in words to bounds: years, decades, durations, and any other unit.

Works on the lower-cased utterance by patterns, since a range is a matter of word order.
Negation ("nothing after 1990") is left to the reader, which knows the clause; only where
the negation belongs to the comparison ("no later than") it is read here. Years in which a
story is set, or somebody is born, are no limit.
"""

from __future__ import annotations

import datetime
import functools
import re
from collections.abc import Iterator, Mapping
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
    r"(?:(?:early|mid|late)[ -](?:to[ -](?:the[ -])?(?:mid|late)[ -])?)?(?:the[ -])?"
    r"(?:(?:very|swinging|roaring|early|mid|late)[ -])*"
    r"(?:(?:1[89]|20)\d0 ?['’]?s|['’]?\d0 ?['’]?s|(?:nineteen[ -])?(?:"
    + "|".join(sorted(_DECADE_WORDS, key=len, reverse=True))
    + r"))\b"
)
_SPAN = rf"(?:the years? |year )?(?P<{{}}>{_DECADE}|{_YEAR}\b|['’]\d\d\b)"
_FIRST, _SECOND = _SPAN.format("first"), _SPAN.format("second")

# Each pattern with what it does to the span [low, high] that it names.
_YEAR_PATTERNS = [
    (rf"\bbetween {_FIRST} (?:and|to|-) {_SECOND}", "between"),
    (rf"\b(?:from |in )?{_FIRST} ?(?:to|until|till|through|-|–|—) ?{_SECOND}", "between"),
    (rf"\b(?:from )?(?P<first>{_YEAR}) ?[-–—/] ?(?P<second>\d\d)\b", "between"),
    (rf"\b(?:no|not) (?:later|newer|more recent) than {_FIRST}", "until"),
    (rf"\b(?:no|not) (?:earlier|older) than {_FIRST}", "since"),
    (rf"\b(?:until|till|up to|up until|through|no later than|by) {_FIRST}", "until"),
    (rf"\b(?:from )?{_FIRST} (?:or|and) (?:earlier|older|before)\b(?! (?:the )?['’\d])", "until"),
    (
        rf"\b(?:from )?{_FIRST} (?:or|and) (?:later|newer|after|younger|onwards?|up|beyond)\b(?! (?:the )?['’\d])",
        "since",
    ),
    (rf"\b(?:from |starting (?:in |from |with )){_FIRST} (?:on|onwards?|forwards?|up)\b", "since"),
    (rf"\b{_FIRST} (?:onwards?|forwards?)\b", "since"),
    (rf"\b{_FIRST} ?\+(?!\w)", "since"),
    (rf"\b(?:ever )?since {_FIRST}", "since"),
    (rf"\b(?:from )?(?:before|prior to|older than|earlier than|pre)[ -]?{_FIRST}", "before"),
    (
        rf"\b(?:from )?(?:after|newer than|later than|more recent than|past|beyond|post)[ -]?{_FIRST}",
        "after",
    ),
    (
        rf"(?:\b(?:from )?(?:around|(?<!how )(?<!what )about|circa|roughly|approximately) |~ ?){_FIRST}",
        "around",
    ),
    (rf"\b(?:from|in|of|made in|released in|out of|during) {_FIRST}", "in"),
    (rf"(?<![\w'’]){_FIRST}", "in"),
]
_YEARS = [(re.compile(pattern), relation) for pattern, relation in _YEAR_PATTERNS]
# How old an item is: "nothing older than ten years".
_AGE = rf"\b(?P<how>older|newer|younger|more recent) than (?:about )?(?P<count>{_NUMBER}) (?P<unit>years?|decades?)\b(?! old)"
_RECENT_YEARS = rf"\b(?:(?:from|in|within|over|of|made in) )?(?:the )?(?:last|past) (?P<count>{_NUMBER}) (?P<unit>years?|decades?)\b"
_LAST_ONE = r"\b(?:(?:from|in|within|of|made in) )?(?:the )?(?:last|past) (?P<unit>year|decade)\b"
_THIS_ONE = r"\b(?:(?:from|in|within|of|made in) )?this (?P<unit>year|decade)\b"
_CENTURY = r"\b(?:(?:from|in|of) )?(?:the )?(?:(?P<this>this|21st|twenty[ -]first)|(?:last|20th|twentieth)) century\b"
# A decade or year behind these is where the story is set, or when somebody was born, not
# when the item was made: "set in Paris in the 1920s", "a woman in her 30s".
_SETTING = re.compile(
    r"\b(?:(?:set|sets|setting|takes? place|taking place|happens?|happening|unfolds?|plays out|"
    r"born|raised|living|lived|lives|life|growing up|grew up|coming of age|trapped|stuck)"
    r"(?:(?: (?!made|released|from|film|films|movie|movies|but|and|or|nothing|not|no)[\w'’]+){0,4}?"
    r" (?:in|during|around|at|through|throughout|over|of|circa)| (?:before|after|between|from))"
    r"|(?:story|stories|tales?|memories|history|events) (?:in|of|during)"
    r"|(?<!how )(?<!what )about(?: life in)?|his|her|their|my|your|our|someone's)(?: the)?(?: years?)? $"
)
_RELEASE = re.compile(
    r"\b(?:made|released|produced|shot|filmed) (?:in|during|around|about)(?: the)? $"
)
# "in 1940s Los Angeles": a decade that describes a place.
_PLACE_BEHIND = re.compile(r" (?!style\b|or\b|and\b|please\b|but\b|with\b)[a-z]")
_UNION = re.compile(
    r"\s*(?:,|/|&)?\s*(?P<word>or|and|or maybe|or even|as well as|/|&)?(?: (?:from|in|of|the))*\s*"
)

_MOST = (
    r"under|less than|shorter than|fewer than|below|at (?:the )?(?:very )?most|max(?:imum)?(?: of)?|"
    r"up to|within|sub|not exceeding|"
    r"(?:no|not|nothing|isn't|not any) (?:longer|more|over|above|bigger)(?: than)?|"
    r"(?:does|should|must|can|do|to)(?:n't| not)?(?: not)? (?:exceed|go over|run over|last (?:longer|more) than)|"
    r"(?:only |just )?(?:have|got|have got|'ve got)(?: only| just| about| at most)?|in"
)
_LEAST = (
    r"over|more than|longer than|at (?:the )?(?:very )?least|min(?:imum)?(?: of)?|above|upwards of|"
    r"(?:no|not) (?:shorter|less|under|fewer)(?: than)?"
)
# "Three hours is too long for us"
_TOO = r"(?:is|are|would be|feels?|sounds?|['’]s|seems?)(?: just| a bit| a little| way| far| much| really| a tad)* too"
# What takes a time that the item has to fit into: "a 3 hour flight".
_OCCASIONS = (
    "flight|drive|train ride|train|bus ride|ride|trip|journey|layover|commute|break|window|slot"
)
# Amounts that are seldom whole: "above 4 stars" is not 5.
_IN_PARTS = frozenset(("stars", "rating", "score", "price"))
_FINE = 0.01
# "A rating" and "a rating of 4" say how good an item is, not how many have rated it.
_HOW_GOOD = re.compile(r"an? rating\b|rating (?:of )?\d")
_STRICT = {"under", "less than", "shorter than", "fewer than", "below", "sub"}
_STRICT_LEAST = {"over", "more than", "longer than", "above"}


@dataclass(frozen=True)
class Range:
    """A limit of bounds and the part of the text it was read from.

    `gaps` are what lies between alternatives: "70s or 90s" is 1970 to 1999 with the
    eighties as a gap. They hold beside the limit, as negated limits.
    """

    limit: Limit
    start: int
    end: int
    gaps: tuple[Limit, ...] = ()

    @property
    def parts(self) -> tuple[Limit, ...]:
        """The alternatives one by one, for where each of them is ruled out."""
        parts, low = [], self.limit.minimum
        for gap in sorted(self.gaps, key=lambda one: one.minimum or 0):
            parts.append(Limit(self.limit.fields, minimum=low, maximum=(gap.minimum or 0) - 1))
            low = (gap.maximum or 0) + 1
        return (*parts, Limit(self.limit.fields, minimum=low, maximum=self.limit.maximum))


def read_ranges(
    text: str,
    catalog: Catalog,
    today: datetime.date | None = None,
    known: Mapping[str, tuple[float, float] | None] | None = None,
) -> list[Range]:
    """All ranges in a text, in order, none overlapping. Ranges of a setting are left out.

    `known` are the least and greatest number of each field; without it they are looked up.
    """
    lowered = text.lower()
    if len(lowered) != len(text):  # rare scripts change length in lower case
        lowered = text
    found: list[Range] = []
    for f in catalog.of_kind(Kind.NUMBER):
        amounts = _quantities(lowered, f.name, (f.unit or f.label).lower(), f.label.lower())
        span = known[f.name] if known is not None else catalog.range_of(f.name)
        found += [one for one in amounts if _is_within(one.limit, span)]
    for f in catalog.of_kind(Kind.YEAR):
        years = _without_overlap(list(_years(lowered, f.name, today or datetime.date.today())))
        found += _joined(years, lowered)
    return _without_overlap(found)


def _is_within(limit: Limit, known: tuple[float, float] | None) -> bool:
    """Whether an amount can be meant: "the first five minutes" of a film are no runtime."""
    if known is None or None in (limit.minimum, limit.maximum):
        return True
    assert limit.minimum is not None
    assert limit.maximum is not None
    return limit.maximum >= known[0] and limit.minimum <= known[1]


def _joined(found: list[Range], text: str) -> list[Range]:
    """Years that stand side by side as alternatives, made one: "80s or 90s", "60s and 70s"."""
    result: list[Range] = []
    for one in found:
        last = result[-1] if result else None
        between = _UNION.fullmatch(text[last.end : one.start]) if last else None
        if last and between and (between["word"] or text[last.end : one.start].strip()):
            low, high = sorted((last.limit, one.limit), key=_low)
            apart = _high(low) < _low(high)
            if between["word"] == "or" or apart:
                gaps = (*last.gaps, *one.gaps)
                if _high(low) + 1 < _low(high):
                    gap = Limit(
                        low.fields, minimum=_high(low) + 1, maximum=_low(high) - 1, negated=True
                    )
                    gaps = (*gaps, gap)
                top = max(_high(low), _high(high))
                bounds = [None if abs(x) == float("inf") else x for x in (_low(low), top)]
                if bounds != [None, None]:
                    whole = Limit(low.fields, minimum=bounds[0], maximum=bounds[1])
                    result[-1] = Range(whole, last.start, one.end, gaps)
                elif gaps:  # "before 1950 or after 2000"
                    result[-1] = Range(gaps[-1], last.start, one.end)
                continue
        result.append(one)
    return result


def _low(limit: Limit) -> float:
    return float("-inf") if limit.minimum is None else limit.minimum


def _high(limit: Limit) -> float:
    return float("inf") if limit.maximum is None else limit.maximum


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

    for match in re.finditer(_AGE, text):
        taken.append(match.span())
        ago = today.year - _years_of(match)
        older = match["how"] == "older"
        limit = Limit((name,), maximum=ago - 1) if older else Limit((name,), minimum=ago)
        yield Range(limit, *match.span())
    for recent in (_RECENT_YEARS, _LAST_ONE):
        for match in re.finditer(recent, text):
            if free(match):
                taken.append(match.span())
                yield Range(Limit((name,), minimum=today.year - _years_of(match)), *match.span())
    for match in re.finditer(_THIS_ONE, text):
        taken.append(match.span())
        since = today.year - (today.year % 10 if match["unit"] == "decade" else 0)
        yield Range(Limit((name,), minimum=since), *match.span())
    for match in re.finditer(_CENTURY, text):
        taken.append(match.span())
        if _is_setting(text, match.start(), match.end(), match[0]):
            continue
        limit = Limit((name,), minimum=2000) if match["this"] else Limit((name,),
                      minimum=1900, maximum=1999)  # fmt: skip
        yield Range(limit, *match.span())
    settings: list[int] = []  # where years of a setting end
    for pattern, relation in _YEARS:
        for match in pattern.finditer(text):
            if not free(match):
                continue
            taken.append(match.span())
            goes_on = any(
                0 <= match.start() - end <= 12 and _UNION.fullmatch(text[end : match.start()])
                and text[end : match.start()].strip() not in ("", ",")
                for end in settings
            )  # fmt: skip
            if goes_on or _is_setting(
                text, match.start(), match.end(), match[0], match.start("first")
            ):
                settings.append(match.end())
                continue
            low, high = _span(match["first"])
            if relation == "between":
                second = match["second"]
                if re.fullmatch(r"\d\d", second):  # "1960-69"
                    second = match["first"][:2] + second
                second_low, second_high = _span(second)
                low, high = min(low, second_low), max(high, second_high)
            yield Range(_year_limit(name, relation, low, high), *match.span())


def _years_of(match: re.Match[str]) -> int:
    count = _number(match.groupdict().get("count") or "1")
    return int(count * (10 if match["unit"].startswith("decade") else 1))


def _is_setting(text: str, start: int, end: int, words: str, first: int | None = None) -> bool:
    """Whether a time is the story's and not the item's."""
    before = text[: start if first is None else first]
    if _RELEASE.search(before) or re.search(r"\bfrom (?:about |around )?(?:the )?$", before):
        return False
    if _SETTING.search(before if before.endswith(" ") else before + " "):
        return True
    in_place = re.match(r"(?:in|of) (?!the )", words) and words.endswith("s")
    return bool(in_place and _PLACE_BEHIND.match(text[end:]))


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
    if re.fullmatch(r"['’]\d\d", words):  # "from '99"
        short = int(words[1:])
        return (short + (1900 if short >= 30 else 2000),) * 2
    start = next((start for word, start in _DECADE_WORDS.items() if word in words), None)
    if start is None:
        digits = re.search(r"\d+", words)
        assert digits is not None  # the pattern has digits where it has no decade word
        start = int(digits[0])
        if start < 100:  # "the 20s" of talk about art are the 1920s
            start += 1900 if start >= 20 else 2000
    parts = {"early": (0, 3), "mid": (3, 6), "late": (6, 9)}
    named = [parts[word] for word in re.findall(r"early|mid|late", words)] or [(0, 9)]
    return start + named[0][0], start + named[-1][1]


# --- durations and other quantities --------------------------------------------------


@functools.cache
def _quantity_patterns(unit: str, label: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    """Each pattern with what it does to the amount that it names."""
    amount = _duration_pattern() if unit == "minutes" else _unit_pattern(unit)
    bare = rf"(?P<first>{_NUMBER}|{amount})"
    called = re.escape(label)
    if unit == "minutes":
        called = "runtime|running time|length|duration|long"
    elif label == "rating":
        called = "ratings?|rated|scores?|scored|scoring"
    called = rf"(?:{called})(?: (?:of|is|at|has to be|should be))?"
    # "A rating above 4" has no unit, and need not have one.
    plain = r"\d+(?:[.,]\d+)?(?![.,]?\d|[\w%])"
    unit_too = rf"(?: (?:{_stem_of(unit)})s?\b)?"
    patterns = [
        (rf"\bbetween {bare} (?:and|to|-) (?P<second>{amount})", "between"),
        (rf"\b(?:from )?{bare} ?(?:to|-|–) ?(?P<second>{amount})", "between"),
        (rf"\b(?P<how>{_MOST})[ -](?:about |around )?(?P<first>{amount})", "most"),
        (rf"\b(?P<how>{_LEAST})[ -](?P<first>{amount})", "least"),
        (
            rf"\b(?P<first>{amount}),? (?:or (?:less|under|shorter)|max(?:imum)?|at (?:the )?(?:very )?most|tops)\b",
            "most",
        ),
        (
            rf"\b(?P<first>{amount}),? (?:or (?:more|longer|over)|plus|min(?:imum)?|at (?:the )?(?:very )?least)\b",
            "least",
        ),
        (rf"\b(?P<first>{amount})(?: {_TOO}) (?:long|many|much|big|thick)\b", "below"),
        (rf"\b(?P<first>{amount})(?: {_TOO}) (?:short|few|little|thin)\b", "above"),
        (rf"\b(?P<first>{amount}) (?:{_OCCASIONS})\b", "most"),
        (rf"\b(?P<first>\d+(?:[.,]\d+)?) ?\+ ?-?(?:{_stem_of(unit)})s?\b", "least"),
        (rf"\b{called} (?P<how>{_MOST}) (?P<first>{plain}){unit_too}", "most"),
        (rf"\b{called} (?P<how>{_LEAST}) (?P<first>{plain}){unit_too}", "least"),
        (
            rf"\b{called} (?P<first>{plain}){unit_too} ?(?:\+|(?:and|or) (?:more|above|over|up|higher|better))",
            "least",
        ),
        (
            rf"\b{called} (?P<first>{plain}){unit_too} (?:and|or) (?:less|below|under|lower|worse)\b",
            "most",
        ),
        (rf"(?:\b(?:about|around|roughly|approximately) |~ ?)?\b(?P<first>{amount})", "around"),
    ]
    return tuple((re.compile(pattern), relation) for pattern, relation in patterns)


def _quantities(text: str, name: str, unit: str, label: str) -> Iterator[Range]:
    step = _FINE if unit in _IN_PARTS else 1.0
    for pattern, relation in _quantity_patterns(unit, label):
        for match in pattern.finditer(text):
            if relation != "between" and re.match(r"(?:an? )?(?:second|minute)\b", match["first"]):
                continue  # "wait a minute"
            if unit == "ratings" and _HOW_GOOD.match(match["first"]):
                continue
            value = _amount(match["first"], unit)
            if relation == "between":
                if re.fullmatch(_NUMBER, match["first"]):  # "between one and two hours"
                    shared = re.sub(rf"^{_NUMBER}", "", match["second"])
                    value = _amount(match["first"] + shared, unit)
                top = _amount(match["second"], unit)
                if top < value:
                    continue
                limit = Limit((name,), minimum=value, maximum=top)
            elif relation == "most":
                strict = match.groupdict().get("how") in _STRICT
                limit = Limit((name,), maximum=value - step if strict else value)
            elif relation in ("below", "above"):
                low, high = (None, value - step) if relation == "below" else (value + step, None)
                limit = Limit((name,), minimum=low, maximum=high)
            elif relation == "least":
                strict = match.groupdict().get("how") in _STRICT_LEAST
                limit = Limit((name,), minimum=value + step if strict else value)
            else:
                slack = 0.5 if unit in _IN_PARTS else max(1.0, round(value * 0.1))
                limit = Limit((name,), minimum=value - slack, maximum=value + slack)
            yield Range(limit, *match.span())


def _duration_pattern() -> str:
    hours = r"(?:hours?|hrs?|h)\b"
    minutes = r"(?:minutes?|mins?|min|m)\b"
    words = "|".join(sorted(_NUMBER_WORDS, key=len, reverse=True))
    count = rf"(?:\d+(?:[.,]\d+)?[ -]?|(?:{words})[ -])"  # "2h", but no "ah"
    return (
        rf"(?:\d+ ?h(?:rs?)? ?\d+ ?(?:m(?:ins?)?)?\b|{count}{hours}(?:,? and|,)? {count}{minutes}|"
        rf"{count}{hours} \d\d\b(?![ -]?(?:%|years?|{minutes}))|{count}{hours} and a half|{_NUMBER} and a half {hours}|"
        rf"{count}{hours}|{count}{minutes})(?: long\b| in length\b)?"
    )


def _stem_of(unit: str) -> str:
    return "minute|min" if unit == "minutes" else re.escape(unit.removesuffix("s"))


def _unit_pattern(unit: str) -> str:
    stem = _stem_of(unit)
    return rf"(?:{_NUMBER}[ -]?{stem}s?\b|{stem}s? (?:of )?{_NUMBER}\b)"


def _amount(words: str, unit: str) -> float:
    if unit != "minutes":
        number = re.search(_NUMBER, words)
        return _number(number[0]) if number else 0.0
    half = 30.0 if "and a half" in words else 0.0
    words = words.replace("and a half", "")
    digits_or_words = (
        r"\d+(?:[.,]\d+)?|\b(?:" + "|".join(sorted(_NUMBER_WORDS, key=len, reverse=True)) + r")\b"
    )
    numbers = [_number(n) for n in re.findall(digits_or_words, words)]
    if re.search(r"\bh(?:ours?|rs?)?\b|\d ?h", words):
        return numbers[0] * 60 + half + (numbers[1] if len(numbers) > 1 else 0)
    return numbers[0]


def _number(words: str) -> float:
    known = _NUMBER_WORDS.get(words)
    return float(words.replace(",", ".")) if known is None else float(known)
