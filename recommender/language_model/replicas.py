"""HTTP to the replicas of one model server: who is asked, how often, and for how long.

Promises that a question goes to the least busy replica that is not known to be down, that
another one is asked where that fails before it has answered, and that giving up, on either
side, ends the request on the server. Knows nothing of what is asked. Addresses are told
without credentials, and the key is in no message.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import json
import queue
import random
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import unquote

import httpx

from recommender.language_model.addresses import split_address, told_address
from recommender.language_model.protocol import ModelError

AT_ONCE = 32  # requests to one replica; what is beyond them waits here
_ROUNDS = 3  # every replica that is up is asked once in each
_PAUSE_S = 0.2  # behind the first round, doubled behind each further one
_REST_S, _LONGEST_REST_S = 1.0, 30.0  # that a replica is passed over, doubled with each failure
_CONNECT_S = 3.0
_HEARTBEAT_S = 0.1
_BUSY = (429, 503)
_CLOSED = "the connections to the model's servers are closed"
_Answer = TypeVar("_Answer")


@dataclass
class _Replica:
    """`address` has neither credentials nor /v1; both times are of the event loop's clock."""

    address: str
    auth: httpx.Auth | None
    asked: int = 0  # requests under way
    failures: int = 0  # in a row
    rests_until: float = 0.0
    places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))


class _PassOnError(Exception):
    """A replica that can't answer now; another one may."""


class Replicas:
    """Questions to servers that answer alike. Safe to share between threads.

    All requests run in one event loop of their own, where giving up is a cancelled task and
    so a closed connection, which is what stops these servers.
    """

    def __init__(self, addresses: Sequence[str], key: str = "", answer_s: float = 30.0) -> None:
        """`answer_s` is for a whole answer, and for the pause between two pieces of a stream.

        Raises `ModelError` for what is no address.
        """
        self._key = key
        self._answer_s = answer_s
        self._replicas = [_replica(address, key) for address in addresses]
        self._turn = 0
        self._closed = False
        self._loop = asyncio.new_event_loop()
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._client = httpx.AsyncClient(
            headers=headers, timeout=httpx.Timeout(answer_s, connect=_CONNECT_S, pool=None),
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=AT_ONCE),
        )  # fmt: skip
        threading.Thread(target=self._loop.run_forever, name="replicas", daemon=True).start()

    @property
    def addresses(self) -> tuple[str, ...]:
        return tuple(replica.address for replica in self._replicas)

    def close(self) -> None:
        """End what is asked right now, which raises `ModelError` there, and take no more."""

        async def end() -> None:
            asked = asyncio.all_tasks() - {asyncio.current_task()}
            for task in asked:
                task.cancel()
            await asyncio.gather(*asked, return_exceptions=True)
            await self._client.aclose()

        if not self._closed:
            self._closed = True
            asyncio.run_coroutine_threadsafe(end(), self._loop).result()
            self._loop.call_soon_threadsafe(self._loop.stop)

    # --- questions ------------------------------------------------------------------------

    def get_each(self, path: str) -> list[tuple[str, Any | ModelError]]:
        """What each replica answers, with its address; the error in place of no answer."""

        async def ask(replica: _Replica) -> Any | ModelError:
            try:
                return await self._json("GET", replica, path, None)
            except (ModelError, _PassOnError) as error:
                return ModelError(str(error))

        async def ask_all() -> list[Any | ModelError]:
            return await asyncio.gather(*(ask(replica) for replica in self._replicas))

        return list(zip(self.addresses, self._wait(ask_all()), strict=True))

    def post(self, path: str, *bodies: dict[str, Any]) -> list[Any]:
        """The answers to some bodies, asked at once. Raises `ModelError`."""

        async def ask(body: dict[str, Any]) -> Any:
            return await self._anywhere(lambda replica: self._json("POST", replica, path, body))

        async def ask_all() -> list[Any]:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(ask(body)) for body in bodies]
            return [task.result() for task in tasks]

        try:
            return self._wait(ask_all())
        except ExceptionGroup as group:
            raise group.exceptions[0] from None

    def stream(self, path: str, body: dict[str, Any]) -> Iterator[dict[str, Any] | None]:
        """Server-sent events as they come; None while there is none, so that the caller can
        look at its clock. Closing the iterator ends the request. Raises `ModelError`.
        """
        events: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()

        async def ask(replica: _Replica) -> None:
            await self._events(replica, path, body, events.put)

        task = self._begun(self._anywhere(ask))
        task.add_done_callback(lambda _: events.put(None))
        try:
            while True:
                try:
                    event = events.get(timeout=_HEARTBEAT_S)
                except queue.Empty:
                    yield None
                    continue
                if event is None:
                    break
                yield event
            self._result(task)
        finally:
            task.cancel()

    def _wait(self, question: Any) -> Any:
        task = self._begun(question)
        try:
            return self._result(task)
        finally:
            task.cancel()

    def _begun(self, question: Coroutine[Any, Any, Any]) -> concurrent.futures.Future[Any]:
        if self._closed:  # a loop that stands still would never answer
            question.close()
            raise ModelError(_CLOSED)
        return asyncio.run_coroutine_threadsafe(question, self._loop)

    def _result(self, task: concurrent.futures.Future[Any]) -> Any:
        try:
            return task.result()
        except concurrent.futures.CancelledError:
            raise ModelError(_CLOSED) from None

    # --- in the event loop ----------------------------------------------------------------

    async def _anywhere(self, ask: Callable[[_Replica], Awaitable[_Answer]]) -> _Answer:
        """Ask one replica after the other, round by round, until one answers."""
        failure: Exception = ModelError("no server was asked")
        for number in range(_ROUNDS):
            if number:
                # Jitter, so that visitors who failed together don't come back together.
                await asyncio.sleep(_PAUSE_S * 2 ** (number - 1) * random.uniform(0.5, 1.5))
            for replica in self._in_order():
                try:
                    answer = await ask(replica)
                except _PassOnError as error:
                    self._rest(replica)
                    failure = error
                else:
                    replica.failures, replica.rests_until = 0, 0.0
                    return answer
        raise ModelError(f"{failure}; asked {_ROUNDS} times") from failure

    def _in_order(self) -> list[_Replica]:
        """Who is up, the least busy first and in turns among equals; all where nobody is."""
        self._turn += 1
        start = self._turn % len(self._replicas)
        turned = [*self._replicas[start:], *self._replicas[:start]]
        up = [r for r in turned if r.rests_until <= self._loop.time()]
        return sorted(up or turned, key=lambda r: r.asked)

    def _rest(self, replica: _Replica) -> None:
        rest = min(_LONGEST_REST_S, _REST_S * 2**replica.failures)
        replica.failures += 1
        replica.rests_until = self._loop.time() + rest

    async def _json(self, method: str, replica: _Replica, path: str, body: Any) -> Any:
        async with self._asking(replica), asyncio.timeout(self._answer_s):
            response = await self._client.request(
                method, replica.address + path, json=body, auth=replica.auth
            )
            self._check(replica, response)
            try:
                return response.json()
            except ValueError as error:
                raise ModelError(
                    f"{replica.address}{path} answers no JSON ({response.text[:60]!r}); expected "
                    f"an OpenAI-compatible server"
                ) from error

    async def _events(
        self, replica: _Replica, path: str, body: Any, emit: Callable[[dict[str, Any]], None]
    ) -> None:
        begun = False
        try:
            async with (
                self._asking(replica),
                self._client.stream(
                    "POST", replica.address + path, json=body, auth=replica.auth
                ) as response,
            ):
                if response.status_code != httpx.codes.OK:
                    await response.aread()
                self._check(replica, response)
                async for line in response.aiter_lines():
                    field_name, _, data = line.partition(":")
                    if field_name != "data":
                        continue
                    if data.strip() == "[DONE]":
                        return
                    event = json.loads(data)
                    begun = True
                    emit(event)
        except _PassOnError as error:
            if begun:  # what was written is with the visitor, and can't be written anew
                self._rest(replica)
                raise ModelError(str(error)) from error
            raise
        except ValueError as error:
            raise ModelError(f"{replica.address}{path}: an event is no JSON") from error
        raise ModelError(f"{replica.address}{path}: the text broke off")

    @contextlib.asynccontextmanager
    async def _asking(self, replica: _Replica) -> AsyncIterator[None]:
        """A place at a replica; the library's errors, and the end of patience, as ours."""
        replica.asked += 1
        try:
            async with asyncio.timeout(self._answer_s):
                await replica.places.acquire()
            try:
                yield
            finally:
                replica.places.release()
        except (httpx.ReadTimeout, TimeoutError) as error:
            self._rest(replica)  # not asked again: it may be at work on what was asked
            raise ModelError(f"{replica.address}: no answer within {self._answer_s:g} s") from error
        except httpx.TransportError as error:
            why = str(error) or type(error).__name__
            raise _PassOnError(f"{replica.address} can't be reached ({why})") from error
        except httpx.HTTPError as error:
            raise ModelError(f"{replica.address}: {type(error).__name__}") from error
        finally:
            replica.asked -= 1

    def _check(self, replica: _Replica, response: httpx.Response) -> None:
        code = response.status_code
        if code == httpx.codes.OK:
            return
        told = _message(response)
        if self._key:
            told = told.replace(self._key, "…")
        line = f"{replica.address}{response.url.path} answers {code}{told and f' ({told})'}"
        if code in _BUSY:
            raise _PassOnError(line)
        if code in (401, 403):
            line += "; set INSTRUCTREC_API_KEY to its key"
        raise ModelError(line)


def _replica(address: str, key: str) -> _Replica:
    parts = split_address(address)
    auth = None
    if parts.username is not None and not key:
        auth = httpx.BasicAuth(unquote(parts.username), unquote(parts.password or ""))
    return _Replica(told_address(parts), auth)


def _message(response: httpx.Response) -> str:
    """What a server says of its error, in the forms that these servers have."""
    try:
        body = response.json()
        found = body.get("error", body)
        found = found.get("message", "") if isinstance(found, dict) else found
    except (ValueError, AttributeError):
        found = response.text
    return " ".join(str(found).split())[:160]
