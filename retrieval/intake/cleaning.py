"""What stands in a cell, made clean: text without markup, lists apart, numbers as numbers."""

from __future__ import annotations

import ast
import html
import json
import re
import unicodedata
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import ftfy

from retrieval.fields import number_in, year_in

_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,300}>|<!--")
_BROKEN = re.compile(r"[ÃÂâÐÑ][\u0080-\u00bf\u2013-\u2122\u0152-\u0178]")
_CONTROL = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff]+"
)
_EXCEL_TEXT = re.compile(r'="(.*)"')  # how tables keep a spreadsheet from reading a number
_NOTHING = {"", "-", "--", "n/a", "na", "nan", "none", "null", "unknown", "[]", "{}", "\\n",
            "(no genres listed)"}  # fmt: skip
_TITLES = {"unknown", "none"}  # a film of 2011 is called so
_AMOUNT = re.compile(
    r"(?:us|eur|gbp|usd)?\s?[$€£¥₹]?\s?(-?\d[\d,.]*)\s?(?:[$€£¥₹]|usd|eur|gbp|dollars|euros)?",
    re.I,
)
_LONGEST = 40_000  # characters that are looked at; more is cut in any case
_FREE = {"free", "free to play", "free!", "gratis"}
_FORMULA = re.compile(r"^[=+@\t\r]|^-(?!\d)")
BLOCKS = {"p", "br", "li", "div", "ul", "ol", "h1", "h2", "h3", "tr", "td", "hr"}


def plain(value: object) -> str:
    """A text without entities, tags, broken encodings, control characters and loose blanks.

    >>> plain("<p>Caf&eacute; &amp; bar</p><script>x()</script>")
    'Café & bar'
    """
    text = str(value)[:_LONGEST]
    if excel := _EXCEL_TEXT.fullmatch(text.strip()):
        text = excel[1]
    if text.startswith("'") and is_formula(text[1:]):
        text = text[1:]  # the mark of a table that was made harmless
    if "&" in text:
        text = html.unescape(text)
    if "<" in text and _TAG.search(text):
        text = _without_tags(text)
    if _BROKEN.search(text):
        text = ftfy.fix_encoding(text)
    return " ".join(_CONTROL.sub(" ", unicodedata.normalize("NFC", text)).split())


def is_nothing(value: object) -> bool:
    """Whether a cell is empty, or holds one of the words for that."""
    if value is None or value == [] or value != value:
        return True
    return isinstance(value, str) and value.strip().lower() in _NOTHING


def is_no_title(value: object) -> bool:
    """Whether a cell can't be a title; "Unknown" is one."""
    known = isinstance(value, str) and value.strip().lower() in _TITLES
    return is_nothing(value) and not known


def is_formula(text: str) -> bool:
    """Whether a spreadsheet would run a text."""
    return bool(_FORMULA.match(text)) and len(text) > 1


def harmless(value: str) -> str:
    """The same text for a table, marked so that no spreadsheet runs it."""
    return f"'{value}" if is_formula(value) else value


def parts(value: Any, mark: str = "") -> list[str]:
    """The values of a cell: of a list, of a text that is one, or of a text parted by `mark`."""
    if isinstance(value, str):
        listed = list_in(value)
        value = listed if listed is not None else value.split(mark) if mark else [value]
    elif not isinstance(value, list):
        value = [value]
    cleaned = (plain(one) for one in value if not is_nothing(one))
    return list(dict.fromkeys(one for one in cleaned if not is_nothing(one)))


def list_in(text: str) -> list[Any] | None:
    """The list that a text spells, as JSON or Python do; of objects their names."""
    text = text.strip()
    if not text.startswith(("[", "{")) or not text.endswith(("]", "}")) or len(text) > 100_000:
        return None
    found = _literal(text)
    if isinstance(found, dict):  # as {"Action": 12, "Indie": 7}
        found = list(found)
    if isinstance(found, (set, tuple)):
        found = list(found)
    if not isinstance(found, list):
        return None
    return [name for one in found for name in _names(one)]


def _literal(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        # As PostgreSQL writes arrays: {Action,"Role Playing"}
        inner = text[1:-1]
        known = text.startswith("{") and ":" not in inner
        return [one.strip(" \"'") for one in inner.split(",")] if known else None


def _names(one: Any) -> Iterator[Any]:
    if isinstance(one, dict):
        name = next((one[k] for k in ("name", "title", "description") if k in one), None)
        if name is not None:
            yield name
    elif isinstance(one, list):
        yield from (part for part in one if isinstance(part, (str, int, float)))
    else:
        yield one


def amount_in(value: Any) -> float | None:
    """The number of a cell, also with a currency or a percent sign: "$1,299.00", "Free"."""
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return float(value) if abs(value) < 1e15 else None
    text = plain(value)
    if text.lower() in _FREE:
        return 0.0
    known = number_in(text)
    if known is None and (found := _AMOUNT.fullmatch(text.removesuffix("%").strip())):
        digits = found[1]
        if re.fullmatch(r"\d+,\d\d?", digits) or re.fullmatch(r"\d{1,3}(\.\d{3})+,\d+", digits):
            digits = digits.replace(".", "").replace(",", ".")  # as in "12,50 €"
        known = number_in(digits)
    return known if known is None or abs(known) < 1e15 else None


def year_of(value: Any) -> float | None:
    """The year of a cell: of a number, of a date in words or digits, of seconds since 1970."""
    number = amount_in(value)
    if number is None:
        return year_in(plain(value))
    if 1e8 < number < 5e9:
        return float(1970 + int(number // 31_556_952))
    return number if number.is_integer() else None


class _Text(HTMLParser):
    """Gathers what a reader sees."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.seen: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self._hidden += tag in ("script", "style")
        if tag in BLOCKS:
            self.seen.append(" ")

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in ("script", "style") and self._hidden > 0
        if tag in BLOCKS:
            self.seen.append(" ")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.seen.append(data)


def _without_tags(text: str) -> str:
    parser = _Text()
    parser.feed(text)
    parser.close()
    return "".join(parser.seen)
