"""A small data folder in the layouts that the readers know, written for the tests.

Items "g0" to "g39" are games on two systems; user n plays games of one system, in order. The
last game of everybody is "LAST…", a title of which nothing may ever be seen in training.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

GAMES = 40
USERS = 30
SYSTEMS = ("PlayStation 2", "Wii")


def write_lines(path: Path, rows: Iterable[dict[str, Any]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
    return path


def write_games(data: Path) -> None:
    """Games and sequences. The test item of user n is item GAMES + n."""
    items = [
        {"item_id": n, "title": f"Tale {_word(n)}", "platform": SYSTEMS[n % 2], "kind": "game"}
        for n in range(GAMES)
    ]
    items += [
        {"item_id": GAMES + n, "title": f"LAST {_word(n)}", "platform": None, "kind": None}
        for n in range(USERS)
    ]
    write_lines(data / "video_games" / "items.jsonl.gz", items)
    sequences = [
        {"user_id": n, "items": [*((n + 2 * step) % GAMES for step in range(8)), GAMES + n]}
        for n in range(USERS)
    ]
    write_lines(data / "video_games" / "sequences.jsonl.gz", sequences)


def write_dialogues(data: Path, count: int = 12) -> None:
    """Dialogues 0 to count - 1, each with one film that the seeker welcomes."""
    films = [
        {"redial_id": str(100 + n), "name": f"Film {_word(n)} (2001)", "genre": ["drama"],
         "plot": "A baker finds a map.", "director": ["Ida Rees"], "star": []}
        for n in range(2 * count)
    ]  # fmt: skip
    write_lines(data / "dialogues" / "redial_movies.jsonl.gz", films)
    talks = []
    for n in range(count):
        one, two = str(100 + n), str(100 + count + n)
        talks.append({
            "conversationId": str(n), "initiatorWorkerId": 1, "respondentWorkerId": 2,
            "movieMentions": {one: films[n]["name"], two: films[count + n]["name"]},
            "initiatorQuestions": {one: {"suggested": 0, "seen": 1, "liked": 1},
                                   two: {"suggested": 1, "seen": 0, "liked": 1}},
            "messages": [
                {"senderWorkerId": 1, "text": f"Something like @{one} for me, talk {n}"},
                {"senderWorkerId": 1, "text": "with maps please"},
                {"senderWorkerId": 2, "text": f"Try @{two} then"},
                {"senderWorkerId": 1, "text": "Thanks"},
            ],
        })  # fmt: skip
    write_lines(data / "dialogues" / "redial_dev.jsonl.gz", talks)


def _word(n: int) -> str:
    """A word of its own for each number: Bab, Bac, …"""
    letters = "bcdfghklmnprstvz"
    return f"{letters[n // 16]}a{letters[n % 16]}u".capitalize()
