"""A server of the page in a process of its own, started and ended by whoever measures it."""

from __future__ import annotations

import contextlib
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[1]
LISTENS, LOADED = "InstructRec Chat listens on", "Answers by"
PATIENCE_S = 600.0


class ServerError(RuntimeError):
    """The server ended, or did not say in time what it was waited for."""


@dataclass
class Server:
    """A running server; `said` has each line of its output and when it came."""

    process: subprocess.Popen[str]
    url: str
    begun: float
    said: list[tuple[float, str]] = field(default_factory=list)

    def wait_for(self, words: str, timeout_s: float = PATIENCE_S) -> float:
        """Seconds from its start to a line that begins so. Raises `ServerError`."""
        deadline = time.perf_counter() + timeout_s
        while time.perf_counter() < deadline:
            for when, line in list(self.said):
                if line.startswith(words):
                    return when
            if self.process.poll() is not None:
                break
            time.sleep(0.02)
        lines = "; ".join(line for _, line in self.said[-3:])
        raise ServerError(f"the server never said {words!r}; it said: {lines}")

    def rss_mb(self) -> float:
        """Resident memory now, in MB."""
        return self._memory("VmRSS")

    def own_mb(self) -> float:
        """What of it is not of files, which the system takes back where it needs room; in MB."""
        return self._memory("RssAnon")

    def peak_mb(self) -> float:
        """The most resident memory that there was, in MB."""
        return self._memory("VmHWM")

    def _memory(self, name: str) -> float:
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="utf-8")
        return int(status.split(f"{name}:")[1].split()[0]) / 1024

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said.append((time.perf_counter() - self.begun, line.rstrip()))


@contextlib.contextmanager
def serving(options: Sequence[str]) -> Iterator[Server]:
    """`python -m recommender serve` with these options on a free port; ended at the end."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    begun = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "recommender", "serve", "--host", "127.0.0.1", "--port", str(port),
         *options],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    server = Server(process, f"http://127.0.0.1:{port}/", begun)
    reader = threading.Thread(target=server._read, daemon=True)
    reader.start()
    try:
        yield server
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        reader.join(5)
