"""A server gives back what its threads have freed, and leaves alone what is loaded."""

from __future__ import annotations

import subprocess
import sys

import pytest

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
