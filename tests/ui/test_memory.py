"""A server gives back what its threads have freed, leaves alone what is loaded, and lets go of the
files that it was loaded from."""

from __future__ import annotations

import mmap
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

sys.path.append(str(Path(__file__).parents[1] / "recommender"))

from scripted_models import FILMS, HashingEncoder, ScriptedModel

from recommender.engine import Recommender, UnknownSessionError
from recommender.evaluation import app_rankers
from recommender.settings import Settings
from recommender.ui import server
from recommender.ui.memory import let_go, mapped

_WRITING = mmap.PROT_READ | mmap.PROT_WRITE
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
held = sum(piece.nbytes for piece in kept) / 1e6
print(resident() - before - held)
settle()
assert gc.get_freeze_count() > 0
print(resident() - before - held)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's options")
def test_what_threads_free_goes_back() -> None:
    left, settled = {}, {}
    for how in ("yes", "no"):
        said = subprocess.run([sys.executable, "-c", FREED, how], check=True, text=True,
                              stdout=subprocess.PIPE).stdout  # fmt: skip
        left[how], settled[how] = map(float, said.split())
    assert left["yes"] < 20 < left["no"], left
    assert settled["yes"] < 20 and settled["no"] < left["no"] / 2, (left, settled)


@pytest.mark.skipif(sys.platform != "linux", reason="madvise and /proc")
def test_files_that_were_read_are_let_go_and_can_be_read_again(tmp_path: Path) -> None:
    below, beside = tmp_path / "models" / "model.bin", tmp_path / "models.bin"
    below.parent.mkdir()
    maps = []
    for path, access in ((below, mmap.PROT_READ), (beside, mmap.PROT_READ), (below, _WRITING)):
        path.write_bytes(b"weights " * 100_000)
        with path.open("rb") as file:
            maps.append(mmap.mmap(file.fileno(), 0, prot=access, flags=mmap.MAP_PRIVATE))
    *maps, written = maps
    written[:7] = b"changed"
    read = [bytes(one) for one in maps]
    assert resident(below) > 700
    assert let_go(mapped(below.parent)) >= len(read[0])
    assert resident(below) < 10  # the page that was written
    assert resident(beside) > 700
    assert [bytes(one) for one in maps] == read
    assert written[:8] == b"changed "


def test_a_server_lets_go_again_for_as_long_as_it_serves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the models that are there from the start; a campaign's come and go."""
    let: list[set[tuple[int, int]]] = []
    found = iter([{(1, 2), (3, 4)}, {(1, 2), (3, 4), (5, 6)}, {(1, 2), (5, 6)}])
    monkeypatch.setattr(server, "let_go", let.append)
    monkeypatch.setattr(server, "mapped", lambda folder: next(found))
    waits = iter([False, False, True])
    server.keep_small(tmp_path, SimpleNamespace(wait=lambda seconds: next(waits)))
    assert let == [{(1, 2), (3, 4)}, {(1, 2)}]


def resident(path: Path) -> int:
    """KB of a file in this process, by all of its mappings."""
    total, ours = 0, False
    for line in Path("/proc/self/smaps").read_text(encoding="utf-8").splitlines():
        name, *rest = line.split()
        if not name.endswith(":"):
            ours = bool(rest) and rest[-1] == str(path)
        elif name == "Rss:" and ours:
            total += int(rest[0])
    return total


@pytest.mark.parametrize("forks", [False, True])  # for every reply, as with ZeroGPU
def test_a_server_gives_back_from_the_start_and_settles_when_all_is_loaded(
    monkeypatch: pytest.MonkeyPatch, forks: bool
) -> None:
    told: list[str] = []
    monkeypatch.setenv("SPACES_ZERO_GPU", "1" if forks else "")

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
    for name, gives in (("give_back", True), ("settle", None), ("let_go", 0), ("mapped", set()), ("rehearse", None),
                        ("require_free", None), ("serve", None), ("keep_tidy", None), ("keep_small", None),
                        ("judging_routes", []), ("build_pages", page)):  # fmt: skip
        monkeypatch.setattr(server, name, step(name, gives))
    server.launch(Settings())
    assert told.index("give_back") < told.index("opened") < told.index("loaded")
    assert told.index("loaded") < told.index("settle") < told.index("served")
    for _ in range(500):  # threads of their own
        if {"keep_tidy", "keep_small"} <= set(told):
            break
        time.sleep(0.01)
    assert told.index("loaded") < told.index("keep_small") and "keep_tidy" in told
    assert told.index("told") < told.index("let_go") < told.index("served")
    assert ("rehearse" in told) is not forks
    assert forks or told.index("told") < told.index("rehearse") < told.index("settle")


class Warming(ScriptedModel):
    """Knows what it had been asked when it was to warm up."""

    asked_before: int | None = None

    def warm_up(self) -> None:
        self.asked_before = self.asked


def test_a_rehearsal_asks_the_model_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, opened, let = Warming(pieces=("A film of dread.",)), [], []
    settings = Settings(catalog=str(FILMS), data=tmp_path)
    recommender = Recommender(settings, encoder=HashingEncoder(), language_model=model)
    open_session = recommender.open_session

    def opening(consent: str) -> Any:
        opened.append((consent, open_session(consent)))
        return opened[-1][1]

    monkeypatch.setattr(recommender, "open_session", opening)
    monkeypatch.setattr(
        server, "let_go", lambda places: let.append((model.asked, model.asked_before))
    )
    server.rehearse(recommender, tmp_path)
    # What loading read, and, before the warming up takes room, what answering read.
    assert let == [(0, None), (1, None)]
    assert model.asked == model.asked_before == 1
    assert model.streams_ended == model.streams_begun >= 1
    [(consent, session)] = opened
    assert consent == ""  # which nothing is kept of on disk
    with pytest.raises(UnknownSessionError):
        recommender.session(session.id)
    recommender.close()


def test_a_rehearsal_that_fails_keeps_nobody_from_the_page(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(consent: str) -> None:
        raise OSError("the disk is full")

    def break_off(session: str, said: str) -> Iterator[str]:
        yield "half a reply"
        raise RuntimeError("the model is gone")

    forgotten: list[str] = []
    server.rehearse(SimpleNamespace(open_session=fail), tmp_path)
    assert "the disk is full" in caplog.text
    session = SimpleNamespace(id="nobody")
    server.rehearse(
        SimpleNamespace(open_session=lambda _: session, reply=break_off, forget=forgotten.append),
        tmp_path,
    )
    assert "the model is gone" in caplog.text
    assert forgotten == ["nobody"]
