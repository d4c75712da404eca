"""Teachers: the default says only what is there; models are asked and not trusted blindly."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from scripted_models import ScriptedModel

from recommender.tuning.phrases import PhraseFinder
from recommender.tuning.taught_by_model import TeacherError, local_teacher, server_teacher
from recommender.tuning.teacher import SalientPhrases, Teacher
from retrieval.catalog import Catalog

TEXTS = [
    "A shy baker finds a treasure map under the floor.",
    "A retired baker sells the shop.",
    "The shy sailor hides a treasure.",
    "Two brothers fight in the shop.",
]


def test_phrases_are_nouns_by_what_stands_around_them() -> None:
    finder = PhraseFinder([*TEXTS, "A map of the sea floor", "floor"])
    found = finder.find(TEXTS[0], 5)
    assert "treasure map" in found  # between an article and a preposition
    assert not any("finds" in phrase for phrase in found)  # a verb closes no noun phrase
    assert finder.find("The Paris of Godard", 5) == []  # names are no traits


def test_rare_words_count_more_and_what_is_barred_never() -> None:
    finder = PhraseFinder(TEXTS)
    assert finder.rarity("treasure") > finder.rarity("the")
    assert finder.find("the treasure of the baker", 2, without="Treasure") == ["baker"]


def test_a_taste_is_what_a_history_shares_beyond_chance(movies: Catalog) -> None:
    teacher = SalientPhrases()
    westerns = [i for i in movies.items if "Western" in i.facets["genres"]][:4]
    assert "western" in teacher.shared(westerns, movies)
    assert "english" not in teacher.shared(westerns, movies)  # most films are
    alone = [next(i for i in movies.items if i.id == "alien-1979")]
    assert teacher.taste(alone, movies, random.Random(1)) == ""
    # Two of twelve are chance.
    others = [i for i in movies.items if "Western" not in i.facets["genres"]][:300:30]
    assert "western" not in teacher.shared([*westerns[:2], *others], movies)


@dataclass
class Server:
    """A real server on this machine; `answers` is what it says, `heard` what it was asked."""

    url: str = ""
    status: int = 200
    answer: Any = "I like slow stories."
    heard: list[tuple[dict[str, Any], str | None]] = field(default_factory=list)


@pytest.fixture
def server() -> Iterator[Server]:
    state = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            state.heard.append((body, self.headers["Authorization"]))
            found = self.path == "/v1/chat/completions"
            reply = {"choices": [{"message": {"role": "assistant", "content": state.answer}}]}
            content = json.dumps(reply if state.answer is not None else {}).encode()
            self.send_response(state.status if found else 404)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args: Any) -> None:
            pass

    http = HTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{http.server_port}/v1"
    thread = threading.Thread(target=http.serve_forever, daemon=True)
    thread.start()
    yield state
    http.shutdown()
    http.server_close()
    thread.join()


def test_a_server_is_asked_once_for_the_same(server: Server, films: Catalog) -> None:
    teacher: Teacher = server_teacher(server.url, "tiny", key="secret", seed=3)
    items = films.items[:3]
    for _ in range(2):
        assert teacher.taste(items, films, random.Random(0)) == "I like slow stories"
    ((body, key),) = server.heard
    assert (body["model"], body["temperature"], body["seed"], key) == (
        "tiny",
        0,
        3,
        "Bearer secret",
    )
    assert films.brief(items[0]) in body["messages"][1]["content"]


def test_a_model_that_names_the_item_or_says_too_much_is_not_taken(
    server: Server, films: Catalog
) -> None:
    item = films.items[0]
    text = "A shy baker finds a treasure map under the floor."
    for answer in (f"A film like {item.title}", "x" * 500, ""):
        server.answer = answer
        teacher = server_teacher(server.url, "tiny")
        assert item.title not in teacher.wish(item, text, films, random.Random(0))
        assert teacher.fallbacks == 1


def test_a_server_that_fails_says_where_and_why(server: Server, films: Catalog) -> None:
    ask = server_teacher(server.url, "tiny")
    server.status = 401
    with pytest.raises(TeacherError, match=r"127\.0\.0\.1.*401"):
        ask.taste(films.items[:2], films, random.Random(0))
    server.status, server.answer = 200, None
    with pytest.raises(TeacherError, match="no answer of OpenAI's form"):
        ask.taste(films.items[:2], films, random.Random(0))
    with pytest.raises(TeacherError, match="can't be reached"):
        server_teacher("http://127.0.0.1:1/v1", "x").taste(films.items[:2], films, random.Random(0))
    with pytest.raises(TeacherError, match="expected the address"):
        server_teacher("localhost", "x")


def test_a_local_model_teaches_behind_the_same_protocol(films: Catalog) -> None:
    model = ScriptedModel(pieces=("“Something ", "loud”\n", "and more"))
    teacher: Teacher = local_teacher(model)
    assert teacher.name == "scripted"
    assert teacher.taste(films.items[:2], films, random.Random(0)) == "Something loud"
