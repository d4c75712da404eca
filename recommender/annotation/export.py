"""Judgements and chat ratings as files: all of it as JSON lines, or as pairs to tune on.

Promises that a file appears whole or not at all, that it holds what is kept at that moment
and nothing that was forgotten, and that no id of a conversation leaves the store: it would
be the key to it, so another name stands for it.

A pair is an example of two blocks of which one fits, for `tune --objective dpo`. Grades say
most: of two picks of one case, as one annotator grades them, the better by two points or more
is preferred. Where nothing was graded the vote speaks for the list: what only the preferred
list has, against what only the other has, place by place. That is indirect, since a list may
be preferred for one of its picks. Pairs of one case are never split between training and
validation.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

from prompts.templates import Templates
from recommender.annotation.campaign import PREFERENCE
from recommender.annotation.records import AnnotationStore
from recommender.annotation.votes import Graded, Vote, grades_of, votes_of
from recommender.erasure import pseudonym
from recommender.ranking import nouns_of
from recommender.store import Store
from recommender.tuning.examples import TRAIN, VALIDATION, Example, ExampleWriter
from retrieval.catalog import Catalog

MARGIN = 2  # points by which one pick must be better than another
_WORTH = {"more_like_this": 5, "not_for_me": 1}  # of five, beside ratings
Row = dict[str, Any]


def judgements(store: AnnotationStore, campaign: str) -> Iterator[Row]:
    """A line for each judgement. Raises `UnknownError`."""
    store.campaign(campaign)
    cases, grades = _cases(store, campaign), grades_of(store, campaign)
    for vote in votes_of(store, campaign):
        case = cases[vote.case]
        yield {
            "campaign": campaign, "annotator": vote.annotator, "case": case["number"],
            "said": case["detail"]["said"], "request": case["request"],
            "instruction": case["detail"]["instruction"], "systems": [vote.one, vote.other],
            "left": vote.other if vote.turned else vote.one, "choice": vote.side,
            "preferred": vote.preferred or None, "gold": vote.gold or None,
            "tags": list(vote.tags), "words": vote.words, "seconds": vote.seconds,
            "changed": vote.changed, "created": vote.created,
            "picks": {name: [p["item"] for p in case["picks"][name]] for name in (vote.one, vote.other)},
            "grades": [
                {"question": g.question, "system": g.system, "place": g.place, "value": g.value}
                for g in grades if g.slot == vote.slot
            ],
        }  # fmt: skip


def pairs(store: AnnotationStore, campaign: str) -> Iterator[Example]:
    """Preference pairs of a campaign; gold cases, made to be easy, give none.

    Raises `UnknownError`.
    """
    kept = store.campaign(campaign)
    telling = {q.id for q in kept.questions.questions if q.points == PREFERENCE}
    cases = _cases(store, campaign)
    graded: dict[str, list[Graded]] = {}
    for grade in grades_of(store, campaign):
        if grade.question in telling:
            graded.setdefault(grade.slot, []).append(grade)
    for vote in votes_of(store, campaign):
        if vote.gold:
            continue
        case = cases[vote.case]
        found = list(_by_grades(graded.get(vote.slot, []), case)) or list(_by_vote(vote, case))
        for number, (good, bad) in enumerate(found):
            yield _example(f"{vote.slot}/{number}", "judgements", case, good, bad)


def chat_ratings(store: Store) -> Iterator[Row]:
    """A line for each rating of a conversation that its visitor lets be learned from."""
    for session in store.to_be_judged():
        turns = {turn["number"]: turn for turn in store.turns(session)}
        for rating in store.ratings(session):
            turn = turns.get(rating["turn"])
            if turn is not None:
                yield {
                    "session": pseudonym(session), "turn": rating["turn"],
                    "request": turn["utterance"], "instruction": turn["instruction"].get("text", ""),
                    "template": turn["instruction"].get("template", ""), "item": rating["item"],
                    "kind": rating["kind"], "value": rating["value"], "created": rating["created"],
                }  # fmt: skip


def chat_pairs(store: Store, catalog: Catalog) -> Iterator[Example]:
    """Preference pairs of ratings: items rated in one turn of one conversation.

    "More like this" counts as 5 of 5, "not for me" as 1. Items that left the catalog, and turns
    worded by templates that are gone, give none.
    """
    templates, nouns = Templates.load(), nouns_of(catalog)
    by_turn: dict[tuple[str, int], list[Row]] = {}
    for row in chat_ratings(store):
        worth = row["value"] if row["kind"] == "rating" else _WORTH.get(row["kind"])
        if worth is not None and row["item"] in catalog and row["template"] in templates.by_id:
            by_turn.setdefault((row["session"], row["turn"]), []).append(row | {"worth": worth})
    for (session, turn), rows in by_turn.items():
        template = templates.by_id[rows[0]["template"]]
        latest = {row["item"]: row for row in rows}.values()  # of several marks the last one
        case = {
            "request": rows[0]["request"],
            "detail": {"instruction": rows[0]["instruction"], "template": template.id},
        }
        picks = [
            (
                row["worth"],
                {
                    "item": row["item"],
                    "block": template.render_block(nouns, item=catalog.brief(catalog[row["item"]])),
                },
            )
            for row in latest
        ]
        for number, (good, bad) in enumerate(_apart(picks)):
            yield _example(f"{session}.{turn}/{number}", "chat ratings", case, good, bad)


def as_lines(rows: Iterable[Row]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def write_rows(path: Path, rows: Iterable[Row]) -> int:
    """Write JSON lines, whole or not at all; gives how many."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines, part = as_lines(rows), path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_text(lines, encoding="utf-8")
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
    return lines.count("\n")


def write_pairs(path: Path, examples: Iterable[Example]) -> int:
    """Write examples, whole or not at all; gives how many."""
    with ExampleWriter(path) as writer:
        writer.write_all(examples)
    return writer.count


def _cases(store: AnnotationStore, campaign: str) -> dict[int, Row]:
    found: dict[int, Row] = {}
    for row in store.rows("select * from annotation_cases where campaign = ?", [campaign]):
        found[row["id"]] = row | {"detail": json.loads(row["detail"]), "picks": {}}
    replies = store.rows(
        'select r.* from annotation_replies r join annotation_cases c on c.id = r."case" '
        "where c.campaign = ?", [campaign],
    )  # fmt: skip
    for row in replies:
        found[row["case"]]["picks"][row["system"]] = json.loads(row["picks"])
    return found


def _by_grades(grades: Sequence[Graded], case: Row) -> Iterator[tuple[Row, Row]]:
    by_item: dict[str, list[int]] = {}
    picks: dict[str, Row] = {}
    for grade in grades:
        if grade.place:
            pick = case["picks"][grade.system][grade.place - 1]
            picks[pick["item"]] = pick
            by_item.setdefault(pick["item"], []).append(grade.value)
    # An item that stands in both lists is graded twice, and counts by the mean.
    yield from _apart([(sum(v) / len(v), picks[item]) for item, v in by_item.items()])


def _apart(picks: Sequence[tuple[float, Row]]) -> Iterator[tuple[Row, Row]]:
    """The better and the worse of all that are far enough apart."""
    for (one, first), (other, second) in combinations(picks, 2):
        if abs(one - other) >= MARGIN:
            yield (first, second) if one > other else (second, first)


def _by_vote(vote: Vote, case: Row) -> Iterator[tuple[Row, Row]]:
    if not vote.preferred:
        return
    rejected = vote.other if vote.preferred == vote.one else vote.one
    lists = [case["picks"][vote.preferred], case["picks"][rejected]]
    ids = [{pick["item"] for pick in picks} for picks in lists]
    good = [pick for pick in lists[0] if pick["item"] not in ids[1]]
    bad = [pick for pick in lists[1] if pick["item"] not in ids[0]]
    yield from zip(good, bad, strict=False)  # lists of one length that share as many


def _example(name: str, source: str, case: Mapping[str, Any], good: Row, bad: Row) -> Example:
    # The case decides, so that no request is both learned and asked.
    digest = hashlib.sha256(case["request"].encode()).digest()
    return Example(
        id=name, template=case["detail"]["template"], source=source, user=None,
        split=VALIDATION if digest[0] % 5 == 0 else TRAIN, prefix=case["detail"]["instruction"],
        blocks=(good["block"], bad["block"]), labels=(1, 0), items=(good["item"], bad["item"]),
    )  # fmt: skip
