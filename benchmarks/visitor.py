"""A visitor's tab without a browser: it says something on the Chat page and watches the reply.

Speaks to the page as Gradio's own client does: the event that takes the words in, the stream
that follows it, and the API's `export` for what the server keeps of the conversation.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
from gradio_client.utils import apply_diff

from recommender.ui.conversation import FAILED, text_of, unshield

WORDS, LINE, CARDS, CHATBOT = "words", "line", "cards", "conversation"
BUSY = ("Busy.", "Many are asking")


class PageError(RuntimeError):
    """The server answered with something that the page would not know what to do with."""


@dataclass(frozen=True)
class Events:
    """The events of the Chat page that a visitor sets off, by their numbers."""

    begin: int
    stream: int
    outputs: Mapping[int, tuple[str, ...]]  # names of the components, by event

    @classmethod
    async def read(cls, http: httpx.AsyncClient) -> Events:
        """Raises `PageError` where the page is another one."""
        config = (await http.get("config")).raise_for_status().json()
        names = {c["id"]: str(c["props"].get("elem_id") or c["id"]) for c in config["components"]}
        by_trigger = {
            (names.get(target), event): d
            for d in config["dependencies"]
            for target, event in d["targets"]
        }
        begin = by_trigger.get((WORDS, "submit"))
        if begin is None:
            raise PageError("the page has no field of words that can be sent")
        stream = next(d for d in config["dependencies"] if d["trigger_after"] == begin["id"])
        outputs = {d["id"]: tuple(names[o] for o in d["outputs"]) for d in (begin, stream)}
        return cls(begin["id"], stream["id"], outputs)


@dataclass
class Seen:
    """What came of one message; times in seconds since it was sent, None for what never came."""

    utterance: str
    session: str = ""
    refused: bool = False
    degraded: bool = False
    wait_s: float | None = None  # until the turn came, where there was a line
    picks_s: float | None = None
    last_word_s: float | None = None
    fault: str = ""  # what went wrong, or belongs to somebody else
    places: list[str] = field(default_factory=list)


class Visitor:
    """One tab: its own hash, what its browser keeps, and the conversation as it shows it."""

    def __init__(self, http: httpx.AsyncClient, events: Events) -> None:
        self._http, self._events = http, events
        self._hash = secrets.token_hex(6)
        self._browser: dict[str, Any] = {}
        self._history: list[dict[str, Any]] = []
        self.said: list[str] = []  # what was answered

    @property
    def session(self) -> str:
        return str(self._browser.get("session", ""))

    async def say(self, utterance: str) -> Seen:
        """Send a message and watch the reply to its end. Faults are told, not raised."""
        seen, sent = Seen(utterance), time.perf_counter()
        try:
            begun = await self._call("run/predict", self._events.begin,
                                     [utterance, self._browser, self._history, None, "kept"])  # fmt: skip
            values = dict(zip(self._events.outputs[self._events.begin], begun["data"], strict=True))
            if any(word in str(values[LINE]) for word in BUSY):
                seen.refused, seen.last_word_s = True, time.perf_counter() - sent
                return seen
            self._browser = next(v for v in begun["data"] if isinstance(v, dict) and "session" in v)
            seen.session = self.session
            await self._call("queue/join", self._events.stream, [None])
            shown = [None] * len(self._events.outputs[self._events.stream])
            async for shown in self._updates():
                self._look(seen, shown, time.perf_counter() - sent)
            seen.last_word_s = time.perf_counter() - sent
            self._check(seen, shown)
        except (httpx.HTTPError, PageError, KeyError, ValueError, StopIteration) as error:
            seen.fault = f"{type(error).__name__}: {error}"[:200]
        return seen

    async def kept(self) -> list[str]:
        """What the server keeps of this conversation: its utterances, in their order."""
        call = await self._http.post("gradio_api/call/export", json={"data": [self.session]})
        event = call.raise_for_status().json()["event_id"]
        answer = (await self._http.get(f"gradio_api/call/export/{event}")).raise_for_status().text
        if "event: complete" not in answer:
            raise PageError(f"export answered {answer[:100]!r}")
        data = json.loads(answer.split("event: complete\ndata: ", 1)[1].split("\n", 1)[0])
        return [turn["utterance"] for turn in data[0]["turns"]]

    async def _call(self, path: str, event: int, data: list[Any]) -> Any:
        body = {"data": data, "fn_index": event, "session_hash": self._hash, "trigger_id": None}
        answer = await self._http.post(f"gradio_api/{path}", json=body)
        return answer.raise_for_status().json()

    async def _updates(self) -> AsyncIterator[list[Any]]:
        """The values of the stream's outputs, each time that one of them changes."""
        sent: list[Any] | None = None
        shown: list[Any] = [None] * len(self._events.outputs[self._events.stream])
        listen = {"session_hash": self._hash}
        async with self._http.stream("GET", "gradio_api/queue/data", params=listen) as answer:
            async for line in answer.aiter_lines():
                if not line.startswith("data:"):
                    continue
                message = json.loads(line[5:])
                match message["msg"]:
                    case "process_generating":
                        given = message["output"]["data"]
                        if sent is None:
                            sent = list(given)
                        else:
                            sent = [apply_diff(a, b) for a, b in zip(sent, given, strict=True)]
                        shown = [old if _is_skipped(new) else new
                                 for old, new in zip(shown, sent, strict=True)]  # fmt: skip
                        yield shown
                    case "process_completed":
                        if not message["success"]:
                            raise PageError(f"the stream ended with {message['output']}")
                        return
                    case "unexpected_error" | "server_stopped":
                        raise PageError(str(message.get("message")))

    def _look(self, seen: Seen, shown: list[Any], now: float) -> None:
        """What a visitor sees of an update for the first time."""
        values = dict(zip(self._events.outputs[self._events.stream], shown, strict=True))
        if "line" in str(values[LINE]) and "You are n" in str(values[LINE]):
            seen.places.append(str(values[LINE]))
        elif seen.places and seen.wait_s is None:
            seen.wait_s = now
        if seen.picks_s is None and self._cards(values):
            seen.picks_s = now

    def _cards(self, values: Mapping[str, Any]) -> list[dict[str, Any]]:
        value = values[CARDS]
        found: list[dict[str, Any]] = json.loads(value)["cards"] if isinstance(value, str) else []
        return found

    def _check(self, seen: Seen, shown: list[Any]) -> None:
        """Whether the reply is one, and belongs to this conversation and these words."""
        values = dict(zip(self._events.outputs[self._events.stream], shown, strict=True))
        if not isinstance(values[CHATBOT], list) or len(values[CHATBOT]) < 2:
            raise PageError("no reply was shown")
        asked, told = (unshield(text_of(m)) for m in values[CHATBOT][-2:])
        if any(word in told for word in BUSY):
            seen.refused = True
            return
        seen.degraded = "degraded" in str(values[LINE])
        turn = len(self.said) + 1
        mine = f"{hashlib.sha256(self.session.encode()).hexdigest()[:8]}.{turn}"
        others = {c["key"].split(":")[0] for c in self._cards(values)} - {mine}
        if asked != seen.utterance or others:
            seen.fault = f"mixed up: {asked!r} was answered with the cards of {others}"
        elif FAILED in told:
            seen.fault = "the reply failed"
        self._history = values[CHATBOT]
        self.said.append(seen.utterance)


def _is_skipped(value: Any) -> bool:
    """Whether an update leaves a component's value as it is."""
    return isinstance(value, dict) and "__type__" in value and "value" not in value
