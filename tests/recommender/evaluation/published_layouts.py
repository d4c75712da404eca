"""Tiny data sets in the layouts in which the real ones are published.

Six people take six items each, of eight, in a circle; "n" is the item's number. Everybody's
first item comes again at the end, which must not count.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

USERS, ITEMS, TAKEN = 6, 8, 6


def taken() -> Iterator[tuple[int, int, int]]:
    """User, item and time, the latest first, so that the file's order is no help."""
    for user in range(USERS):
        times = [*range(TAKEN), TAKEN]
        for time in reversed(times):
            yield user, (user + time % TAKEN) % ITEMS, 1_000_000 + time


def expected(user: int) -> list[int]:
    return [(user + step) % ITEMS for step in range(TAKEN)]


def write_amazon_2018(folder: Path) -> Path:
    reviews = [
        {"overall": 5.0, "verified": True, "reviewTime": "01 1, 2018", "reviewerID": f"A{user}",
         "asin": f"B{item}", "reviewText": "good", "unixReviewTime": time}
        for user, item, time in taken()
    ]  # fmt: skip
    meta = [
        {"category": ["Video Games", "PlayStation 4", "Games"], "title": f"Game &amp; Tale {n}",
         "brand": "Acme", "asin": f"B{n}", "price": "$9.99"}
        for n in range(ITEMS)
    ]  # fmt: skip
    _json_lines(folder / "Video_Games_5.json.gz", reviews)
    return _json_lines(folder / "meta_Video_Games.json.gz", meta)


def write_amazon_2023(folder: Path) -> Path:
    reviews = [
        {"rating": 5.0, "title": "fine", "text": "good", "images": [], "asin": f"C{item}",
         "parent_asin": f"B{item}", "user_id": f"A{user}", "timestamp": time * 1000,
         "helpful_vote": 0, "verified_purchase": True}
        for user, item, time in taken()
    ]  # fmt: skip
    meta = [
        {"main_category": "Video Games", "title": f"Tale {n}", "average_rating": 4.0,
         "categories": ["Video Games", "PC"], "parent_asin": f"B{n}", "store": "Acme"}
        for n in range(ITEMS - 1)
    ]  # fmt: skip
    _json_lines(folder / "Video_Games.jsonl.gz", reviews)
    return _json_lines(folder / "meta_Video_Games.jsonl.gz", meta)


def write_ml_latest(folder: Path) -> Path:
    films = [f'{n},"Tale {n}, The (19{90 + n})",Comedy|Sci-Fi' for n in range(ITEMS)]
    ratings = [f"{user},{item},0.5,{time}" for user, item, time in taken()]
    _lines(folder / "movies.csv", ["movieId,title,genres", *films])
    return _lines(folder / "ratings.csv", ["userId,movieId,rating,timestamp", *ratings])


def write_ml_1m(folder: Path) -> Path:
    films = [f"{n}::Tale {n}, The (19{90 + n})::Comedy|Sci-Fi" for n in range(ITEMS)]
    _lines(folder / "movies.dat", [*films, "99::Les Misérables (1995)::Drama"])
    return _lines(folder / "ratings.dat", [f"{u}::{i}::3::{t}" for u, i, t in taken()])


def write_ml_100k(folder: Path) -> Path:
    flags = "|".join("1" if n in (5, 15) else "0" for n in range(19))  # Comedy and Sci-Fi
    films = [f"{n}|Tale {n}, The (19{90 + n})|01-Jan-1995||http://x|{flags}" for n in range(ITEMS)]
    _lines(folder / "u.item", films)
    return _lines(folder / "u.data", [f"{u}\t{i}\t3\t{t}" for u, i, t in taken()])


def write_redial(folder: Path) -> Path:
    rows = []
    for user in range(USERS):
        names = {str(n): f"Tale {n} (19{90 + n})" for n in expected(user)}
        messages = [
            {"timeOffset": n, "text": f"Have you seen @{film} ?", "senderWorkerId": n % 2,
             "messageId": n}
            for n, film in enumerate([*expected(user), expected(user)[0]])
        ]  # fmt: skip
        rows.append({"conversationId": str(user), "movieMentions": names, "messages": messages,
                     "initiatorWorkerId": 0, "respondentWorkerId": 1,
                     "initiatorQuestions": {}, "respondentQuestions": {}})  # fmt: skip
    _json_lines(folder / "test_data.jsonl", rows[:2])
    return _json_lines(folder / "train_data.jsonl", rows[2:])


def write_inspired(folder: Path) -> Path:
    head = "dialog_id\tutt_id\tspeaker\ttext\tmovies\tgenres"
    rows = [head]
    for user in range(USERS):
        rows.append(f"{user}\t0\tSEEKER\thello\t\t")
        films = [f"Tale {n} (19{90 + n})" for n in expected(user)]
        rows.append(f"{user}\t1\tSEEKER\tI saw\t{films[0]};  {films[1]}\tcomedy")
        rows += [f"{user}\t{n}\tRECOMMENDER\tsee\t{film}\t" for n, film in enumerate(films[2:], 2)]
    return _lines(folder / "dev.tsv", rows)


def write_own(folder: Path) -> Path:
    rows = [f"{u},i{i},5,{t}" for u, i, t in taken()]
    items = [{"id": f"i{n}", "title": f"Tale {n}", "genres": ["Comedy"]} for n in range(ITEMS)]
    _json_lines(folder / "items.jsonl", items)
    return _lines(folder / "interactions.csv", ["user,item,rating,time", *rows])


def _json_lines(path: Path, rows: list[dict[str, object]]) -> Path:
    return _lines(path, [json.dumps(row) for row in rows])


def _lines(path: Path, lines: list[str]) -> Path:
    """Write a file in the encoding of its set; gives its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    encoding = "latin-1" if path.suffix == ".dat" or path.name.startswith("u.") else "utf-8"
    text = ("\n".join(lines) + "\n").encode(encoding)
    path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)
    return path
