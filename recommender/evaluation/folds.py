"""What the dialogues of the other folds teach: the films that are spoken of together.

A deployed system learns from its own conversations. To measure that without looking at the
answer, dialogues are dealt into folds by their id, and a turn is ranked by what the dialogues
of the other folds (and other interactions) taught. Promises that no dialogue counts in the
evidence that ranks its own turns. The same person may have spoken in another fold.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tqdm import tqdm

from retrieval.catalog import Catalog
from retrieval.collaborative import CollaborativeIndex, Learning, learn

FOLDS = 10


def fold_of(dialogue: str, folds: int = FOLDS) -> int:
    """The fold of a dialogue; of its own hash, apart from that which makes the halves."""
    return hashlib.sha256(f"fold {dialogue}".encode()).digest()[0] % folds


def of_other_folds(
    catalog: Catalog,
    dialogues: Mapping[str, Sequence[str]],
    others: Iterable[Mapping[str, Any]],
    learning: Learning,
    folds: int = FOLDS,
) -> list[CollaborativeIndex]:
    """For each fold what is learned from the others' dialogues and from other interactions.

    `dialogues` are the items named in each; a dialogue counts as a person who likes them.
    """
    rows = list(others)
    found = []
    for fold in tqdm(range(folds), unit="fold"):
        spoken = [
            {"user": f"dialogue {name}", "item": item}
            for name, items in dialogues.items()
            if fold_of(name, folds) != fold
            for item in items
        ]
        found.append(learn(catalog, [*rows, *spoken], learning))
    return found
