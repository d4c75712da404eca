"""What the columns of a file hold, known by their names and by what stands in them.

The outcome is a plan: what each column becomes, and why, to be shown, confirmed and changed
before anything is taken in. Nothing here is about one kind of item.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from retrieval.field_table import column_words, entry_of, says_nothing
from retrieval.field_words import infer_field
from retrieval.fields import CatalogError, Kind, year_in
from retrieval.intake.cleaning import amount_in, is_nothing, list_in, parts, plain
from retrieval.intake.records import Record

ID, TITLE, SKIP = "id", "title", "skip"
ROLES = (ID, TITLE, *(str(kind) for kind in Kind), SKIP)
_IDS = ("id", "item id", "itemid", "product id", "parent asin", "asin", "movieid", "movie id",
        "book id", "bookid", "game id", "appid", "app id", "steam appid", "track id", "isbn13",
        "isbn 13", "isbn", "isbn10", "isbn 10", "sku", "gtin", "ean", "upc", "imdb id", "tmdb id",
        "redial id", "key", "uuid", "url slug", "slug")  # fmt: skip
TITLES = ("title", "name", "item name", "product name", "product title", "book title",
           "movie title", "film title", "game title", "app name", "track name", "song title",
           "album title", "album name", "recipe name", "original title", "headline", "heading",
           "label")  # fmt: skip
_ENDS_IN_YEAR = re.compile(r".*\S\s*\((\d{4})\)\s*$", re.S)
_NAMELESS = re.compile(r"|index|unnamed: \d+|column \d+", re.I)
_FACETS = (Kind.CATEGORY, Kind.PERSON, Kind.KEYWORD)
_EXAMPLES = 3
_ENOUGH = 50  # rows, from which a value that never changes says nothing
_SURE = 0.9  # of the values of a column that must be of a kind


@dataclass(frozen=True)
class Column:
    """One column of the file and what becomes of it.

    `role` is one of `ROLES`, `field` the name that it has in the catalog; `mark` parts several
    values in one text; `share` is that of the sampled rows which have a value.
    """

    name: str
    role: str
    field: str = ""
    label: str = ""
    unit: str = ""
    mark: str = ""
    flag: bool = False  # true or false: becomes the label where true
    why: str = ""
    share: float = 0.0
    examples: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    """How a file becomes a catalog. Titles may end in the year; without a column of ids the
    ids are made from title, year and people."""

    columns: tuple[Column, ...]
    year_in_title: bool = False

    def of_role(self, *roles: str) -> list[Column]:
        return [column for column in self.columns if column.role in roles]

    @property
    def title(self) -> Column:
        return self.of_role(TITLE)[0]

    @property
    def id(self) -> Column | None:
        return next(iter(self.of_role(ID)), None)

    @property
    def fields(self) -> list[Column]:
        return self.of_role(*(str(kind) for kind in Kind))


def recognise(sample: Sequence[Record], name: str, given: Mapping[str, str]) -> Plan:
    """A plan from some records spread over a file.

    `given` maps columns to roles and is followed. Raises `CatalogError` where no column looks
    like a title, with what was looked for, and where `given` names what is not there.
    """
    names = list(dict.fromkeys(key for record in sample for key in record.cells))
    for column, role in given.items():
        if column not in names:
            raise CatalogError(f"{name}: has no column {column!r}; it has {', '.join(names)}")
        if role not in ROLES:
            raise CatalogError(f"{role!r} is no role of a column; expected one of {ROLES}")
    values = {
        key: [r.cells[key] for r in sample if not is_nothing(r.cells.get(key))] for key in names
    }
    title = _one(given, TITLE) or _title_of(values, given, len(sample), name)
    identity = _one(given, ID) or _id_of(values, given, title, len(sample))
    columns = []
    bare = Counter(_bare(key) for key in names)
    for key, held in values.items():
        role = TITLE if key == title else ID if key == identity else given.get(key, "")
        some = list(dict.fromkeys(map(str, held)))[:_EXAMPLES]
        columns.append(
            replace(
                _column(key, held, len(sample), role),
                field=_field_name(key, bare),
                share=len(held) / max(len(sample), 1),
                examples=tuple(plain(one)[:60] for one in some),
            )
        )
    dated = any(one.role == Kind.YEAR or one.field == "year" for one in columns)
    ending = sum(bool(_ENDS_IN_YEAR.match(str(v))) for v in values[title])
    return Plan(tuple(columns), not dated and ending > 0.6 * max(len(values[title]), 1))


def _bare(name: str) -> str:
    """What a column within a column is called by itself: "details.pages" is "pages",
    "details.publisher.name" is "publisher"."""
    *_, last = [part for part in name.split(".") if part not in ("name", "value")] or [name]
    return last or name


def _field_name(name: str, bare: Counter[str]) -> str:
    """What a column is called in the catalog, where some names have a meaning of their own."""
    field = _bare(name) if bare[_bare(name)] == 1 else name
    return f"{field} column" if field in (ID, TITLE) else field


def _one(given: Mapping[str, str], role: str) -> str:
    return next((column for column, known in given.items() if known == role), "")


def _title_of(
    values: Mapping[str, list[Any]], given: Mapping[str, str], rows: int, name: str
) -> str:
    free = {key: held for key, held in values.items() if key not in given and held}
    by_name = [key for known in TITLES for key in free if column_words(key) == known]
    for key in by_name:
        some = free[key][:50]
        if len(free[key]) > 0.3 * rows and not all(
            isinstance(v, bool) or _is_number(v) for v in some
        ):
            return key
    texts = {k: [v for v in held if isinstance(v, str)] for k, held in free.items()}
    for key, held in texts.items():  # by content: short texts that differ, in nearly every row
        if len(held) < _SURE * rows or column_words(key) in _IDS:
            continue
        length = sum(map(len, held)) / max(len(held), 1)
        lettered = sum(bool(re.search(r"[^\W\d_]{2}", v)) for v in held) > _SURE * len(held)
        if 2 < length < 90 and lettered and len(set(held)) > 0.7 * len(held) and not _is_code(held):
            return key
    raise CatalogError(
        f"{name}: no column looks like a title; looked for a name such as "
        f"{', '.join(TITLES[:6])} and for short texts that differ; the columns are "
        f"{', '.join(map(repr, list(values)[:30]))}; say which it is with --map title=COLUMN"
    )


def _id_of(values: Mapping[str, list[Any]], given: Mapping[str, str], title: str, rows: int) -> str:
    for least in (0.999, 0.5):  # rather one that tells all rows apart
        for known in _IDS:
            for key, held in values.items():
                if column_words(key) == known and key != title and key not in given:
                    distinct = len(set(map(str, held)))
                    if len(held) > _SURE * rows and distinct > least * len(held):
                        return key
    return ""


def _column(name: str, values: list[Any], rows: int, role: str) -> Column:
    label = column_words(_bare(name))
    if role in (ID, TITLE, SKIP):
        return Column(name, role, why="as you say" if role == SKIP else f"the {role}")
    if role:
        mark = _mark_of(values, role) if role in _FACETS else ""
        flag = bool(values) and _is_flag(values)
        return Column(name, role, label=label, mark=mark, flag=flag, why="as you say")
    if why := _says_nothing(name, values, rows):
        return Column(name, SKIP, why=why)
    if _is_flag(values):
        return Column(name, Kind.CATEGORY, label=label, flag=True, why="true or false")
    dated = bool(entry_of(_bare(name), (Kind.YEAR,))[1])
    seen = _as_years(_seen(values, dated), dated)
    flat = [one for v in seen for one in (v if isinstance(v, list) else [v])]
    if not flat or says_nothing(name, flat):
        return Column(name, SKIP, why="addresses" if flat else "holds nothing that can be read")
    if all(isinstance(v, str) for v in seen) and _is_code(seen):
        return Column(name, SKIP, why="codes for machines")
    found = infer_field(_bare(name), _joined_prose(seen), rows, Path(name))
    mark = found.separator or (_mark_of(values, found.kind) if found.kind in _FACETS else "")
    if mark and not found.separator:
        found = infer_field(_bare(name), [parts(v, mark) for v in seen], rows, Path(name))
    by_name = entry_of(_bare(name), (found.kind,))[1]
    why = "by its name" if by_name else "by what stands in it"
    return Column(name, found.kind, "", found.label, found.unit, mark, False, why)


def _says_nothing(name: str, values: list[Any], rows: int) -> str:
    """Why a column is left out before its values are looked at more closely; "" where not."""
    if not values:
        return "is empty in every row looked at"
    if any(says_nothing(part, values) for part in (name, *name.split("."))):
        return "an address, a picture or a number of another catalog"
    whole = (re.fullmatch(r"\d+", str(value)) for value in values)
    if _NAMELESS.fullmatch(name) and len(set(map(str, values))) == rows > 2 and all(whole):
        return "numbers the rows"
    known = entry_of(_bare(name), tuple(Kind))[1]
    if not known and len(values) == rows >= _ENOUGH and len(set(map(str, values))) == 1:
        return "is the same in every row"
    if all(str(v).strip().lower() in ("false", "no") for v in values):
        return "is true of nothing"
    return ""


def _seen(values: list[Any], dated: bool) -> list[Any]:
    """The values as what they spell: lists, numbers or clean texts; `dated` by their name."""
    texts = [v for v in values if isinstance(v, str)]
    listed = sum(list_in(v) is not None for v in texts)
    if listed > 0.5 * len(values) or any(isinstance(v, list) for v in values):
        seen: list[Any] = [parts(v) for v in values]
    elif texts:
        seen = list(_as_numbers(values, dated)) or [plain(v) for v in values]
    else:
        seen = values
    return [v for v in seen if v not in ([], "")]


def _joined_prose(values: list[Any]) -> list[Any]:
    """Paragraphs in a list are one text; names in a list stay a list."""
    lists = [v for v in values if isinstance(v, list)]
    flat = [one for v in lists for one in v]
    if flat and sum(map(len, flat)) / len(flat) > 60:
        return [" ".join(v) if isinstance(v, list) else v for v in values]
    if lists or len({isinstance(v, (int, float)) for v in values}) > 1:  # of several kinds
        return [v if isinstance(v, list) else [str(v)] for v in values]
    return values


def _as_numbers(values: list[Any], dated: bool) -> list[float]:
    """The values as numbers, or as the years of dates, where nearly all are such; where the name
    is that of dates, most ("Coming soon" stands beside them)."""
    numbers = [n for v in values if (n := amount_in(v)) is not None]
    if len(numbers) > _SURE * len(values):
        return numbers
    dates = [y for v in values if (y := year_in(str(v))) is not None]
    if dated:
        return dates if len(dates) > 0.5 * len(values) else []
    marks = sum(bool(re.search(r"\d[-/. ]|\d, \d{4}|\d{4}-", str(v))) for v in values)
    return dates if len(dates) > _SURE * len(values) and marks > 0.5 * len(values) else []


def _as_years(values: list[Any], dated: bool) -> list[Any]:
    """The values without those that can't be years, where the others are years."""
    if not all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in values):
        return values
    years = [v for v in values if 1000 <= v <= 2100 and float(v).is_integer()]
    return years if len(years) > (0.5 if dated else 0.95) * len(values) else values


def _mark_of(values: Iterable[Any], role: str) -> str:
    """What stands between several values in the texts of a column."""
    texts = [plain(v) for v in values if isinstance(v, str) and list_in(v) is None]
    for mark in ("|", ";", " / ", "/", ", "):
        parted = [v for v in texts if len(parts(v, mark)) > 1]
        if not parted:
            continue
        whole, pieces = set(texts), {p for v in texts for p in parts(v, mark)}
        length = sum(map(len, pieces)) / len(pieces)
        if mark in ("|", ";"):
            fits = length < 60
        elif role == Kind.PERSON:  # "Ann Lee, Bo Kim", but not "Lee, Ann"
            inner = [p for v in parted for p in parts(v, mark)]
            fits = length < 40 and sum(" " in p for p in inner) > 0.8 * len(inner)
        else:
            often = len(parted) > 0.2 * len(texts)
            fits = length < 25 and often and len(pieces) <= len(whole)
        if fits:
            return mark
    return ""


def _is_flag(values: Sequence[Any]) -> bool:
    found = {str(v).strip().lower() for v in values[:1_000]}
    return bool(found) and found <= {"true", "false", "yes", "no"} and bool(found & {"true", "yes"})


def _is_code(values: Sequence[str]) -> bool:
    """Whether texts are codes: no blanks, digits in most, hardly one twice."""
    codes = sum(bool(re.fullmatch(r"(?=.*\d)[\w:.#/-]{5,}", v)) for v in values)
    return codes > _SURE * len(values) and len(set(values)) > _SURE * len(values) > 4


def _is_number(value: Any) -> bool:
    return not isinstance(value, list) and amount_in(value) is not None
