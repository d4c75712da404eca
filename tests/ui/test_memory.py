"""A server gives back what its threads have freed, and leaves alone what is loaded."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from recommender.evaluation import app_rankers
from recommender.settings import Settings
from recommender.ui import server

# Threads, as a page has them, hold many pieces at once and free all but one in twenty; a first
# round of larger ones is what teaches glibc to take pieces of this size from its arenas.
FREED = """
import gc, sys, threading
from pathlib import Path
import numpy as np
from recommender.ui.memory import give_back, settle

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6

if sys.argv[1] == "yes":
    assert give_back()
kept = []
def work():
    del [np.ones(3_000_000, np.uint8) for _ in range(4)][:]
    pieces = [np.ones(400_000, np.uint8) for _ in range(60)]
    kept.extend(pieces[::20])
before = resident()
for _ in range(3):
    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
settle()
assert gc.get_freeze_count() > 0
print(resident() - before - sum(piece.nbytes for piece in kept) / 1e6)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's options")
def test_what_threads_free_goes_back() -> None:
    left = {
        how: float(subprocess.run([sys.executable, "-c", FREED, how], check=True, text=True,
                                  stdout=subprocess.PIPE).stdout)
        for how in ("yes", "no")
    }  # fmt: skip
    assert left["yes"] < 20 < left["no"], left


def test_a_server_gives_back_from_the_start_and_settles_when_all_is_loaded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: list[str] = []

    def step(name: str, gives: Any = None) -> Callable[..., Any]:
        def tell(*_: Any, **__: Any) -> Any:
            told.append(name)
            return gives

        return tell

    recommender = SimpleNamespace(
        wait=step("loaded"), describe_model=step("told", {"language_model": None})
    )
    page = SimpleNamespace(block_thread=step("served"))
    monkeypatch.setattr(app_rankers, "open_recommender", step("opened", recommender))
    for name, gives in (("give_back", True), ("settle", None), ("require_free", None), ("serve", None),
                        ("keep_tidy", None), ("judging_routes", []), ("build_pages", page)):  # fmt: skip
        monkeypatch.setattr(server, name, step(name, gives))
    server.launch(Settings())
    assert told.index("give_back") < told.index("opened") < told.index("loaded")
    assert told.index("loaded") < told.index("settle") < told.index("served")
