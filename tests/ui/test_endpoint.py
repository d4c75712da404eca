"""The public endpoints, and what happens to calls that the page never makes."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import httpx
import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError
from scripted import PAYLOADS, Served

ROOT = Path(__file__).parents[2]
ENDPOINTS = ("recommend", "edit", "understood", "export", "forget")


@pytest.fixture(scope="module")
def client(served: Served) -> Client:
    return Client(served.url, verbose=False)


def test_recommend_returns_the_whole_reply(client: Client) -> None:
    reply = client.predict("a calm one", "", 4, api_name="/recommend")
    assert reply["turn"] == 1 and len(reply["picks"]) == 4
    assert reply["picks"][0]["evidence"]
    again = client.predict("another", reply["session"], 2, api_name="/recommend")
    assert again["session"] == reply["session"] and again["turn"] == 2


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (("", "", 3), "utterance is empty"),
        (("x", "", 0), "from 1 to"),
        (("x", "", 10_000), "from 1 to"),
        (("x", "", "many"), "expected a whole number"),
        (("x", "forged", 3), "no such session"),
        (("refuse", "", 3), "fewer words"),
        (("fail early", "", 3), "failed on this side"),
    ],
)
def test_bad_input_is_answered_with_a_clear_line(
    client: Client, arguments: tuple[Any, ...], part: str
) -> None:
    with pytest.raises(AppError, match=part):
        client.predict(*arguments, api_name="/recommend")


def test_what_was_understood_can_be_edited_by_its_keys(client: Client) -> None:
    session = client.predict("a calm one, not after 1990", "", 3, api_name="/recommend")["session"]
    held = client.predict(session, api_name="/understood")
    limit = next(one for one in held if one["kind"] == "limit")
    assert limit["value"] == "not after 1990" and limit["turn"] == 1
    reply = client.predict(session, "remove", "", limit["key"], "", api_name="/edit")
    assert (reply["turn"], reply["acts"]) == (2, ["edit"])
    assert reply["utterance"] == "Removed “not after 1990”" and len(reply["picks"]) == 3
    client.predict(session, "add", "seen", "", "Heat (1995)", api_name="/edit")
    held = client.predict(session, api_name="/understood")
    assert ("seen", "Heat (1995)") in [(one["kind"], one["value"]) for one in held]
    assert limit["key"] not in [one["key"] for one in held]


def test_what_is_kept_can_be_taken_along_and_forgotten(client: Client) -> None:
    session = client.predict("a calm one", "", 3, api_name="/recommend")["session"]
    kept = client.predict(session, api_name="/export")
    assert [turn["utterance"] for turn in kept["turns"]] == ["a calm one"]
    went = client.predict(session, api_name="/forget")
    assert went["message"] == "1 turn, 3 picks, 0 ratings deleted"
    for name in ("understood", "export", "forget"):
        with pytest.raises(AppError, match="no such session"):
            client.predict(session, api_name=f"/{name}")


@pytest.mark.parametrize(
    ("name", "arguments", "part"),
    [
        ("understood", ("",), "session is empty"),
        ("understood", (7,), "session is not text"),
        ("export", ("forged",), "no such session"),
        ("forget", ("x" * 10_000,), "no such session"),
        ("edit", ("forged", "remove", "", "k", ""), "no such session"),
        ("edit", ("", "add", "wish", "", "x"), "session is empty"),
        ("edit", ("OWN", "erase", "", "k", ""), "expected remove, change or add"),
        ("edit", ("OWN", "add", "colour", "", "red"), "expected wish, limit"),
        ("edit", ("OWN", "add", "wish", "", ""), "the text is empty"),
        ("edit", ("OWN", "add", "wish", "", "w" * 10_000), "at most 200"),
        ("edit", ("OWN", "add", "limit", "", "asdf"), "is no limit of this catalog"),
        ("edit", ("OWN", "remove", "", "0123456789abcdef", ""), "no longer there"),
        ("edit", ("OWN", "remove", "", PAYLOADS[2], ""), "no longer there"),
        ("edit", ("OWN", "remove", "", "OTHER", ""), "no longer there"),
        ("edit", ("OWN", "change", "", ["k"], "x"), "are texts"),
    ],
)
def test_a_forged_request_changes_nothing(
    client: Client, served: Served, name: str, arguments: tuple[Any, ...], part: str
) -> None:
    own = client.predict("a calm one", "", 1, api_name="/recommend")["session"]
    other = client.predict("not after 1990", "", 1, api_name="/recommend")["session"]
    key = client.predict(other, api_name="/understood")[0]["key"]
    before = [client.predict(one, api_name="/export") for one in (own, other)]
    sessions = len(served.recommender.sessions)
    stand_ins = {"OWN": own, "OTHER": key}
    given = [stand_ins.get(a, a) if isinstance(a, str) else a for a in arguments]
    with pytest.raises(AppError, match=part):
        client.predict(*given, api_name=f"/{name}")
    assert [client.predict(one, api_name="/export") for one in (own, other)] == before
    assert len(served.recommender.sessions) == sessions


def test_nothing_else_is_public(served: Served) -> None:
    info = httpx.get(f"{served.url}gradio_api/info").json()
    assert list(info["named_endpoints"]) == [f"/{name}" for name in ENDPOINTS]
    assert info["unnamed_endpoints"] == {}


def test_the_tools_are_offered_over_mcp(served: Served) -> None:
    if not version("mcp").startswith("1."):
        pytest.skip("Gradio offers MCP with mcp 1.x only")
    schema = httpx.get(f"{served.url}gradio_api/mcp/schema").json()
    tools = {tool["name"]: tool for tool in schema}
    assert len(tools) == len(ENDPOINTS)
    for name, argument in zip(ENDPOINTS, ("utterance", *["session"] * 4), strict=True):
        (tool,) = (tools[one] for one in tools if name in one)
        assert argument in json.dumps(tool["inputSchema"])


def _forge(served: Served, index: int, count: int, junk: Any) -> httpx.Response:
    body = {"data": [junk] * count, "fn_index": index, "session_hash": "forged",
            "event_data": {"item": junk, "kind": junk, "text": junk, "index": junk,
                           "value": junk, "action": "remove", "key": junk}}  # fmt: skip
    return httpx.post(f"{served.url}gradio_api/run/predict", json=body)


@pytest.mark.parametrize("junk", [None, "x", 7, {"session": "forged"}, [["x"]], {"session": []}])
def test_forged_events_change_nothing(served: Served, junk: Any) -> None:
    config = httpx.get(f"{served.url}config").json()
    marks = json.dumps(list(served.recommender.marks.values()))
    for dependency in config["dependencies"]:
        if dependency["queue"] is False:
            response = _forge(served, dependency["id"], len(dependency["inputs"]), junk)
            assert "Traceback" not in response.text
    assert json.dumps([m for m in served.recommender.marks.values() if m]) == json.dumps(
        [m for m in json.loads(marks) if m]
    )
    assert Client(served.url, verbose=False).predict("still there", "", 1, api_name="/recommend")


def test_a_taken_port_is_one_clear_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ended = subprocess.run(
            [sys.executable, "app.py"], cwd=ROOT, capture_output=True, text=True, timeout=120,
            env={**os.environ, "INSTRUCTREC_PORT": port, "INSTRUCTREC_MODEL": "none"},
        )  # fmt: skip
    assert ended.returncode == 1
    assert ended.stderr.strip().count("\n") == 0
    assert f"127.0.0.1:{port}" in ended.stderr and "Traceback" not in ended.stderr
