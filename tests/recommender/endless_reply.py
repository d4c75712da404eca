"""A process that begins a reply and never ends it; the test of the store kills it."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator
from pathlib import Path

from scripted_models import FILMS, HashingEncoder, ScriptedModel

from recommender.engine import Recommender
from recommender.settings import Settings


def words() -> Iterator[str]:
    print("streaming", flush=True)
    return itertools.repeat("and ")


def main() -> None:
    settings = Settings(catalog=str(FILMS), data=Path(sys.argv[1]), explain_budget_s=600)
    model = ScriptedModel(pieces=words, pause_s=0.01)
    recommender = Recommender(settings, encoder=HashingEncoder(), language_model=model)
    session = recommender.open_session()
    print(session.id, flush=True)
    for _ in recommender.reply(session.id, "a scary film in space"):
        pass


if __name__ == "__main__":
    main()
