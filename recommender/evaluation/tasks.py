"""The tasks: which cases are made from a data set, and in which words they are asked.

A task is a combination of preference, intention and task form with a way to find candidates.
Promises that no instruction holds its answer (`leaks.py` looks at every one), and that every
stand-in for what the data lacks is named, in `Task.stands_for`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from prompts.instruction import Aspects, Intention, TaskForm
from recommender.evaluation.cases import Case, Question, random_among, shuffled, titles
from recommender.evaluation.data import Behaviour, Places
from recommender.evaluation.leaks import refuse_leak
from recommender.evaluation.wishes import Wishes
from recommender.tuning.behaviour import split_of_item

EVENLY, HARD, ALL = "random", "hard", "catalog"


@dataclass(frozen=True)
class Task:
    """One row of the paper's tables, or one beside them.

    `others` negatives are drawn `EVENLY`, are what SASRec thinks likely (`HARD`), or are `ALL`
    items of the catalog that the user hasn't. `paper` holds the paper's figures by method.
    """

    name: str
    title: str
    preference: str = "P1"
    intention: str = "I0"
    task_form: TaskForm = TaskForm.RERANKING
    negatives: str = EVENLY
    others: int = 9
    by_item: bool = False  # one case for each item kept for the split, not for each user
    data: str = "video games"
    stands_for: str = ""

    @property
    def form(self) -> str:
        return f"⟨{self.preference},{self.intention},T{_FORMS.index(self.task_form)}⟩"

    @property
    def aspects(self) -> Aspects:
        """Aspects as a case of the task has them, of which only the kinds count."""
        history = ("title",) if "P1" in self.preference else ()
        taste = ("taste",) if "P2" in self.preference else ()
        return Aspects(history, taste, intention=_INTENTIONS[self.intention])

    @property
    def says_something(self) -> bool:
        """Whether there are words of the user to search by."""
        return self.preference != "P1" or self.intention != "I0"


_INTENTIONS = {"I0": Intention.NONE, "I1": Intention.VAGUE, "I2": Intention.SPECIFIC}
_FORMS = (TaskForm.POINTWISE, TaskForm.PAIRWISE, TaskForm.MATCHING, TaskForm.RERANKING)
_CATEGORY = "the item's platform and kind stand for its category labels, which the data lacks"
_WISH = (
    "one or two loose hints, drawn by rules from what the target's title, system and kind suggest "
    '("a match between friends, for the television") and sharing no word with the title, stand '
    "for the wish in a review, which the data lacks"
)
_TASTE = (
    "categories and recurring words of the history, put into a sentence, stand for the "
    "description by a teacher model"
)
TASKS = {
    task.name: task
    for task in (
        Task("sequential", "Sequential recommendation, nine random negatives"),
        Task("sequential-hard", "… nine hard negatives", negatives=HARD,
             stands_for="the first nine of LLMRank's SASRec list, without the history and the "
             "target, stand for the paper's own hard negatives"),
        Task("sequential-100", "… ninety-nine random negatives", others=99),
        Task("sequential-catalog", "… the whole catalog", negatives=ALL),
        Task("sequential-pointwise", "… one item alone: is it suitable", others=1,
             task_form=TaskForm.POINTWISE),
        Task("sequential-pairwise", "… which of two", others=1, task_form=TaskForm.PAIRWISE),
        Task("sequential-matching", "… name an item", negatives=ALL,
             task_form=TaskForm.MATCHING),
        Task("product-search", "Product search", "P0", "I2", by_item=True, stands_for=_CATEGORY),
        Task("product-search-cds", "Transfer: product search among CDs", "P0", "I2",
             by_item=True, data="cds", stands_for="product search stands for the transfer of the "
             "sequential task, since the data has no users of CDs; of the rankers two-tower alone "
             "has learned from CDs"),
        Task("search-taste", "Personalized search by taste", "P1+P2", "I0", stands_for=_TASTE),
        Task("search-vague", "Personalized search by a vague wish", "P1", "I1", stands_for=_WISH),
        Task("search-specific", "Personalized search by category", "P1", "I2",
             stands_for=_CATEGORY),
        Task("search-vague-100", "… by a vague wish, ninety-nine random negatives", "P1", "I1",
             others=99, stands_for=_WISH),
        Task("product-search-catalog", "Product search, the whole catalog", "P0", "I2",
             by_item=True, negatives=ALL, stands_for=_CATEGORY),
        Task("search-taste-catalog", "Personalized search by taste, the whole catalog", "P1+P2",
             negatives=ALL, stands_for=_TASTE),
        Task("search-vague-catalog", "… by a vague wish, the whole catalog", "P1", "I1",
             negatives=ALL, stands_for=_WISH),
        Task("search-specific-catalog", "… by category, the whole catalog", "P1", "I2",
             negatives=ALL, stands_for=_CATEGORY),
    )
}  # fmt: skip


class NoCasesError(ValueError):
    """A task that the data has no cases for; says what is lacking."""


def numbers_for(task: Task, behaviour: Behaviour, split: str, sample: int, seed: int) -> list[int]:
    """The users, or items, that have a case of the task, or a random sample of them.

    Raises `NoCasesError`.
    """
    if task.by_item:
        items = behaviour.catalog.items
        found = [n for n, item in enumerate(items) if split_of_item(item.id) == split]
    else:
        users = behaviour.users
        found = [n for n, user in enumerate(users)
                 if task.negatives != HARD or user in behaviour.hard]  # fmt: skip
    if not found:
        raise NoCasesError(
            f"task {task.name}: {behaviour.name} has {len(behaviour.users)} users, "
            f"{len(behaviour.hard)} with hard negatives, and no case of it; see Data in "
            f"`python -m recommender evaluate --help`"
        )
    if not sample or sample >= len(found):
        return found
    order = np.random.default_rng([seed, 7]).permutation(len(found))[:sample]
    return [found[n] for n in np.sort(order)]


def make_cases(
    task: Task, behaviour: Behaviour, numbers: Sequence[int], split: str, seed: int,
    wishes: Wishes,
) -> Iterator[Case]:  # fmt: skip
    """The cases of some users or items, one by one. Raises `LeakError` if one tells its answer."""
    draw = _CANDIDATES[task.negatives]
    for number in numbers:
        if task.by_item:
            history, target = np.zeros(0, dtype=np.int32), number
            known, name = np.array([target], dtype=np.int32), behaviour.catalog.items[number].id
        else:
            history, target = behaviour.case(number, split)
            # What the user buys later is no negative either.
            known, name = behaviour.sequences[number], behaviour.users[number]
        candidates, right = draw(task, behaviour, number, known, target, seed)
        aspects = _aspects(task, behaviour, history, target, name, wishes)
        question = Question(name, history, candidates, aspects)
        refuse_leak(question, target, behaviour.catalog)
        yield Case(question, right)


def _aspects(
    task: Task, behaviour: Behaviour, history: Places, target: int, name: str, wishes: Wishes
) -> Aspects:
    told = titles(behaviour, history) if "P1" in task.preference else ()
    taste = (wishes.taste(history[-len(told) :]),) if "P2" in task.preference else ()
    intention = _INTENTIONS[task.intention]
    wish = ""
    if intention is Intention.VAGUE:
        wish = wishes.vague(target, name)
    elif intention is Intention.SPECIFIC:
        wish = wishes.specific(target)
    return Aspects(told, taste, wish, intention=intention)


def _evenly(
    task: Task, behaviour: Behaviour, number: int, known: Places, target: int, seed: int
) -> tuple[Places, int]:
    return random_among(target, task.others, len(behaviour.catalog), known, seed, number)


def _hard(
    task: Task, behaviour: Behaviour, number: int, known: Places, target: int, seed: int
) -> tuple[Places, int]:
    taken = {target, *known.tolist()}
    likely = behaviour.hard[behaviour.users[number]].tolist()
    others = [place for place in likely if place not in taken][: task.others]
    return shuffled(target, others, np.random.default_rng([seed, number]))


def _all(
    task: Task, behaviour: Behaviour, number: int, known: Places, target: int, seed: int
) -> tuple[Places, int]:
    order = _whole(len(behaviour.catalog), seed)
    left = np.ones(len(order), dtype=bool)
    left[known] = False
    left[target] = True
    candidates = order[left[order]]
    return candidates, int(np.flatnonzero(candidates == target)[0])


@lru_cache(maxsize=4)
def _whole(count: int, seed: int) -> Places:
    """A whole catalog in an order that says nothing, as the catalog's own may."""
    return np.random.default_rng([seed, 13]).permutation(count).astype(np.int32)


_CANDIDATES: dict[str, Callable[..., tuple[Places, int]]] = {
    EVENLY: _evenly, HARD: _hard, ALL: _all,
}  # fmt: skip
