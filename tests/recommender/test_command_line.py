"""The command line as a process: exit status, standard output, one line on standard error."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from denied import without_override
from scripted_models import FILMS

from recommender.store import Store

ROOT = Path(__file__).parents[2]
WISH = "a scary film set in deep space, nothing after 1990"


def run(*arguments: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
    env = {k: v for k, v in os.environ.items() if not k.startswith("INSTRUCTREC_")}
    return subprocess.run(
        [sys.executable, "-m", "recommender", *map(str, arguments)], capture_output=True,
        text=True, cwd=ROOT, env={**env, "HF_HUB_OFFLINE": "1"}, timeout=120, check=False,
        **options,
    )  # fmt: skip


def refused(finished: subprocess.CompletedProcess[str], status: int) -> str:
    """The one line of a process that was to fail with this status."""
    assert finished.returncode == status, finished.stderr
    assert finished.stdout == ""
    [line] = finished.stderr.splitlines()
    assert line.startswith("error: ")
    return line


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the index of the small catalog, built by the command for it."""
    folder = tmp_path_factory.mktemp("data")
    finished = run("index", "--catalog", FILMS, "--data", folder, "--model", "none")
    assert finished.returncode == 0, finished.stderr
    assert finished.stdout.endswith(": 14 films, ready\n")
    return folder


@pytest.fixture(scope="module")
def asked(data: Path) -> subprocess.CompletedProcess[str]:
    return run("ask", WISH, "--json", "--top", "2", *small(data))


def small(data: Path, model: str = "none") -> list[str | Path]:
    return ["--catalog", FILMS, "--data", data, "--model", model]


def test_json_is_all_that_is_written_and_has_the_shape_of_a_reply(
    asked: subprocess.CompletedProcess[str],
) -> None:
    assert asked.returncode == 0
    reply = json.loads(asked.stdout)
    assert {
        "session", "turn", "instruction", "state", "picks", "message", "degraded", "model",
        "timings_ms",
    } <= set(reply)  # fmt: skip
    assert set(reply["instruction"]) == {
        "preference", "intention", "task_form", "context", "template", "text",
    }  # fmt: skip
    assert {"liked", "disliked", "seen", "limits"} <= set(reply["state"])
    assert set(reply["timings_ms"]) == {"understand", "retrieve", "rank", "explain", "total"}
    assert reply["turn"] == 1
    assert [p["rank"] for p in reply["picks"]] == [1, 2]
    for pick in reply["picks"]:
        assert {"item_id", "title", "rank", "score", "reason", "evidence"} <= set(pick)
        assert {tuple(sorted(e)) for e in pick["evidence"]} == {("field", "source", "value")}
        assert pick["reason"] in reply["message"]
    assert reply["picks"][0]["item_id"] == "hull"
    assert reply["state"]["limits"][0]["words"] == "nothing after 1990"


def test_without_a_model_the_reply_says_that_it_is_degraded(
    asked: subprocess.CompletedProcess[str],
) -> None:
    assert json.loads(asked.stdout)["degraded"] == "no language model is configured"
    assert asked.stderr == "degraded: no language model is configured\n"


def test_a_session_goes_on_in_words(asked: subprocess.CompletedProcess[str], data: Path) -> None:
    first = json.loads(asked.stdout)
    finished = run("ask", "more", "--session", first["session"], *small(data))
    assert finished.returncode == 0
    assert f"--session {first['session']}" in finished.stdout
    assert finished.stdout.startswith("More of the same (not after 1990):\n1. ")
    assert not any(pick["title"] in finished.stdout for pick in first["picks"])
    store = Store(data / "store.db")
    assert [t["status"] for t in store.turns(first["session"])] == ["complete", "complete"]
    store.close()


def test_an_unknown_session_is_bad_input(data: Path) -> None:
    line = refused(run("ask", WISH, "--session", "nobody", "--json", *small(data)), 2)
    assert "unknown session 'nobody'" in line


def test_a_model_that_is_nowhere_costs_no_reply(data: Path) -> None:
    finished = run("ask", WISH, "--json", *small(data, "nowhere/to-be-found"))
    assert finished.returncode == 0
    reply = json.loads(finished.stdout)
    assert "'nowhere/to-be-found'" in reply["degraded"]
    assert len(reply["picks"]) == 3
    assert reply["model"]["language_model"] is None
    assert "Traceback" not in finished.stderr


def test_a_broken_line_of_a_catalog_is_named(tmp_path: Path) -> None:
    catalog = tmp_path / "films.jsonl"
    catalog.write_text('{"id": "a", "title": "A"}\n{"id": "b", "title": \n')
    line = refused(run("ask", WISH, "--catalog", catalog, "--data", tmp_path), 2)
    assert f"{catalog}, line 2: not JSON" in line
    line = refused(run("index", "--catalog", catalog, "--data", tmp_path), 2)
    assert f"{catalog}, line 2: not JSON" in line


def test_a_catalog_that_is_not_there_names_those_that_are(tmp_path: Path) -> None:
    line = refused(run("ask", WISH, "--catalog", "nonesuch", "--data", tmp_path), 2)
    assert "no catalog 'nonesuch'" in line
    assert "movies" in line


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["ask", ""], "the message is empty"),
        (["ask", " \n "], "the message is empty"),
        (["ask", "x" * 2001], "2,001 characters"),
        (["ask", WISH, "--top", "0"], "--top is 0; expected 1 to 16"),
        (["ask", WISH, "--top", "41"], "--top is 41"),
        (["ask", WISH, "--candidates", "many"], "candidates is 'many'"),
        (["ask", WISH, "--rank-weight", "2"], "rank_weight is 2.0"),
        (["ask", WISH, "--ranker", "oracle"], "invalid choice: 'oracle'"),
        (["ask", WISH, "--model", "none", "--adapter", "x"], "adapter is 'x'"),
        (["ask", WISH, "--model", "none", "--understanding", "model"], "understanding is 'model'"),
        (["ask"], "utterance"),
        ([], "COMMAND"),
    ],
)
def test_bad_input_is_refused_in_a_line(arguments: list[str], said: str) -> None:
    assert said in refused(run(*arguments), 2)


def test_a_store_that_can_not_be_written_is_a_failure(tmp_path: Path) -> None:
    store = tmp_path / "store.db"
    Store(store).close()
    store.chmod(0o444)
    arguments = ("ask", WISH, *small(tmp_path), "--store", store)
    line = refused(run(*arguments, preexec_fn=without_override), 1)
    assert str(store) in line
    assert "readonly" in line


def test_a_store_that_is_no_store_is_a_failure(tmp_path: Path) -> None:
    shutil.copy(FILMS, tmp_path / "store.db")
    line = refused(run("ask", WISH, *small(tmp_path)), 1)
    assert "store.db" in line


def test_help_lists_the_commands() -> None:
    finished = run("--help")
    assert finished.returncode == 0
    assert all(command in finished.stdout for command in ("ask", "index", "serve"))
