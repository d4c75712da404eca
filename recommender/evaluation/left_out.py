"""Which rankers a task can't be asked of, and why: what they need and the data has not.

Promises a reason in words, so that a table never lacks a row without its cause. It reads the
names alone and learns nothing.
"""

from __future__ import annotations

import re

from prompts.instruction import TaskForm
from recommender.evaluation.controls import CONTROLS
from recommender.evaluation.data import Behaviour
from recommender.evaluation.tasks import ALL, EVENLY, HARD, Task

LANGUAGE = {"llm", "llm-bound"}
SLOW = LANGUAGE | {"retriever"}  # fewer cases are asked between two writes
SEARCHERS = ("two-tower", "tem")
UNLEARNED = ("bm25", "minilm", "minilm-nearest", "retriever", *LANGUAGE, *CONTROLS)  # need no users


def parts_of(ranker: str) -> list[str]:
    """The rankers that a joined or reordered one is made of."""
    return re.split(r"[+:]", ranker)


def lacks(task: Task, ranker: str, behaviour: Behaviour, *, reorders: bool, wishes: bool) -> str:
    """Why one ranker can't be asked a task, or nothing; `reorders` where it is part of one that
    puts the first of another in order, `wishes` where there are stand-ins for vague ones."""
    return _data_lacks(task, behaviour, wishes) or _ranker_lacks(task, ranker, behaviour, reorders)


def _data_lacks(task: Task, behaviour: Behaviour, wishes: bool) -> str:
    if task.negatives == HARD and not behaviour.hard:
        return f"{behaviour.name} has no lists of hard negatives"
    if task.intention == "I1" and not wishes:
        return f"{behaviour.name} has no stand-in for a vague wish"
    longest = max((len(sequence) for sequence in behaviour.sequences), default=1)
    if task.negatives == EVENLY and len(behaviour.catalog) - longest < task.others:
        return f"{len(behaviour.catalog)} items are too few for {task.others} negatives"
    return ""


def _ranker_lacks(task: Task, ranker: str, behaviour: Behaviour, reorders: bool) -> str:
    names_items = task.task_form is TaskForm.MATCHING
    if task.negatives == ALL and ranker in SLOW and not (reorders or names_items):
        return f"it is too slow for a whole catalog; sasrec:{ranker} reorders the first"
    if ranker == "llm-bound" and not names_items:
        return "it only names items"
    if ranker in LANGUAGE and names_items and reorders:
        return "it names an item, and puts none in order"
    if ranker in SEARCHERS and not task.says_something:
        return "nobody says anything there that it could search by"
    if ranker == "tem" and task.by_item:
        return "there is no history to look at"
    from_items = task.by_item and ranker in SEARCHERS
    if not behaviour.users and ranker not in UNLEARNED and not from_items:
        return f"{behaviour.name} has no users to learn from"
    return ""
