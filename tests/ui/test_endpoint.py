"""The one public endpoint, and what happens to calls that the page never makes."""

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
from scripted import Served

ROOT = Path(__file__).parents[2]


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


def test_nothing_else_is_public(served: Served) -> None:
    info = httpx.get(f"{served.url}gradio_api/info").json()
    assert list(info["named_endpoints"]) == ["/recommend"]
    assert info["unnamed_endpoints"] == {}


def test_the_tool_is_offered_over_mcp(served: Served) -> None:
    if not version("mcp").startswith("1."):
        pytest.skip("Gradio offers MCP with mcp 1.x only")
    schema = httpx.get(f"{served.url}gradio_api/mcp/schema").json()
    tools = {tool["name"]: tool for tool in schema}
    assert len(tools) == 1
    (tool,) = tools.values()
    assert "recommend" in tool["name"] and "utterance" in json.dumps(tool["inputSchema"])


def _forge(served: Served, index: int, count: int, junk: Any) -> httpx.Response:
    body = {"data": [junk] * count, "fn_index": index, "session_hash": "forged",
            "event_data": {"item": junk, "kind": junk, "text": junk, "index": junk,
                           "value": junk}}  # fmt: skip
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
