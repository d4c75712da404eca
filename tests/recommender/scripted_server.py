"""A model server that plays a script over real HTTP: wrong, slow and unusual answers."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOKENS = {" yes": 11, " no": 22}
Answer = tuple[int, Any]  # status, and a body: JSON as it is, text as bytes, events as an iterator


def events(*pieces: str, done: bool = True) -> Iterator[bytes]:
    """A text as the events of a chat completion."""
    for piece in pieces:
        event = {"choices": [{"index": 0, "delta": {"content": piece}}]}
        yield f"data: {json.dumps(event)}\n\n".encode()
    if done:
        yield b"data: [DONE]\n\n"


def vllm_choice(number: int, told: dict[str, float], chosen: str) -> dict[str, Any]:
    """A choice as vLLM gives it, where tokens are asked for as their numbers."""
    logprobs = {"tokens": [chosen], "token_logprobs": [told[chosen]], "top_logprobs": [told]}
    return {"index": number, "text": "", "logprobs": logprobs}


def opinion_of(prompt: str) -> float:
    """Log-odds that only the prompt decides."""
    return sum(map(ord, prompt)) % 100 / 10 - 5


class ScriptedServer:
    """Serves on a port of its own. `completions` and `chat` answer a body; the paths that were
    asked stand in `asked`, with body and Authorization header."""

    def __init__(
        self,
        completions: Callable[[dict[str, Any]], Answer] | None = None,
        chat: Callable[[dict[str, Any]], Answer] | None = None,
        *,
        models: Answer = (200, {"data": [{"id": "stand-in"}]}),
        tokenizes: bool = True,
    ) -> None:
        self.asked: list[tuple[str, dict[str, Any], str]] = []
        self.broken_off = threading.Event()  # the client left before a body was at its end
        self._completions = completions or self.as_vllm
        self._chat = chat or (lambda _: (200, events("A film.")))
        self._models, self._tokenizes = models, tokenizes
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.0"  # a body ends with its connection

            def do_GET(self) -> None:
                server._tell(self, self.path, {})

            def do_POST(self) -> None:
                content = self.rfile.read(int(self.headers["Content-Length"]))
                server._tell(self, self.path, json.loads(content))

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self._server.server_port}"

    @property
    def url(self) -> str:
        return f"http://{self.host}"

    def count(self, path: str) -> int:
        return sum(asked == path for asked, _, _ in self.asked)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def as_vllm(self, body: dict[str, Any]) -> Answer:
        """Log-probabilities of the tokens that are named."""
        yes, no = (f"token_id:{token}" for token in body["logprob_token_ids"])
        return 200, {
            "choices": [
                vllm_choice(n, {yes: opinion_of(prompt) - 9, no: -9.0}, no)
                for n, prompt in enumerate(body["prompt"])
            ]
        }

    def _tell(self, handler: BaseHTTPRequestHandler, path: str, body: dict[str, Any]) -> None:
        self.asked.append((path, body, handler.headers.get("Authorization", "")))
        status, answer = self._answer(path, body)
        handler.send_response(status)
        handler.end_headers()
        pieces: Iterable[bytes] = (
            [answer] if isinstance(answer, bytes)
            else answer if isinstance(answer, Iterator)
            else [json.dumps(answer).encode()]
        )  # fmt: skip
        try:
            for piece in pieces:
                handler.wfile.write(piece)
                handler.wfile.flush()
        except ConnectionError:
            self.broken_off.set()

    def _answer(self, path: str, body: dict[str, Any]) -> Answer:
        if path == "/v1/models":
            return self._models
        if path == "/tokenize" and self._tokenizes:
            return 200, {"tokens": [TOKENS[body["prompt"]]]}
        if path == "/v1/completions":
            return self._completions(body)
        if path == "/v1/chat/completions":
            return self._chat(body)
        return 404, {"error": {"message": "no such path"}}
