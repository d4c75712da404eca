"""Teaching by a language model: a local one, or any server that speaks OpenAI's protocol.

The model is asked in our own words for one line, in the user's voice. What it writes is
taken as it is but for its length and quotation marks; where it names the item, speaks to
somebody, or has no word in common with the text that a wish is drawn from, the default teacher
steps in, and `fallbacks` counts how often. Answers are kept for the run, so that the same question is asked once. Nothing is sent anywhere but to the server
that the caller names.
"""

from __future__ import annotations

import json
import random
import re
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from typing import Any

from recommender.language_model import LanguageModel
from recommender.tuning.leaks import names
from recommender.tuning.teacher import SalientPhrases
from recommender.understanding.everyday import EVERYDAY
from recommender.understanding.words import split_words
from retrieval.catalog import Catalog, Item

_LONGEST = 160  # characters of a line
_TO_SOMEBODY = re.compile(r"\?|\byou(?:'re| are|r)\b", re.IGNORECASE)
_KEPT = 50_000  # answers
_MAX_TOKENS = 60
_SYSTEM = "You speak as the user of a recommender and answer with one short line, no more."
_TASTE = (
    "These {nouns} are what I liked:\n{items}\nSay in one line, as I would, what I like about "
    "{nouns} in general. Name none of them."
)
_WISH = (
    "Of a {noun} it is said:\n{text}\nSay in one line, as somebody would who has not heard of it, "
    "what kind of {noun} that person is looking for. Don't name it."
)


class TeacherError(RuntimeError):
    """A teacher that can't be reached; the message says where and what to do."""


Ask = Callable[[str, str], str]  # (system, question) -> answer


class TaughtByModel:
    """A teacher that puts a question to a model, whatever stands behind `ask`."""

    def __init__(self, name: str, ask: Ask) -> None:
        self.name = name
        self.fallbacks = 0
        self._ask = ask
        self._otherwise = SalientPhrases()
        self._answers: dict[str, str] = {}

    def taste(self, items: Sequence[Item], catalog: Catalog, rng: random.Random) -> str:
        if not items:
            return ""
        listed = "\n".join(f"- {catalog.brief(item)}" for item in items)
        line = self._line(_TASTE.format(nouns=catalog.nouns, items=listed))
        if not line or any(names(line, item.title) for item in items):
            self.fallbacks += 1
            return self._otherwise.taste(items, catalog, rng)
        return line

    def wish(self, item: Item, text: str, catalog: Catalog, rng: random.Random) -> str:
        line = self._line(_WISH.format(noun=catalog.noun, text=text[:800]))
        if not line or names(line, item.title) or not _shares_a_word(line, text):
            self.fallbacks += 1
            return self._otherwise.wish(item, text, catalog, rng)
        return line

    def _line(self, question: str) -> str:
        if question not in self._answers:
            if len(self._answers) >= _KEPT:
                self._answers.clear()
            self._answers[question] = _tidy(self._ask(_SYSTEM, question))
        return self._answers[question]


def _tidy(answer: str) -> str:
    """The first line of an answer, without quotation marks; "" where it is far too long."""
    first = next((line.strip() for line in answer.splitlines() if line.strip()), "")
    first = re.sub(r"\s+", " ", first).strip("\"'“” ").rstrip(".")
    return first if len(first) <= _LONGEST and not _TO_SOMEBODY.search(first) else ""


def _shares_a_word(line: str, text: str) -> bool:
    said, known = ({word.singular for word in split_words(t)} for t in (line, text))
    return bool((said & known) - EVERYDAY)


def local_teacher(model: LanguageModel) -> TaughtByModel:
    """A teacher by a loaded language model, which writes greedily: the same for the same."""

    def ask(system: str, question: str) -> str:
        return "".join(model.stream([("system", system), ("user", question)], _MAX_TOKENS))

    return TaughtByModel(model.name, ask)


def server_teacher(
    url: str, model: str, *, key: str = "", seed: int = 0, timeout_s: float = 60.0
) -> TaughtByModel:
    """A teacher by an OpenAI-compatible server, whose address ends before /chat/completions.

    Temperature 0 and the seed make answers the same as far as the server keeps to them.
    """
    if not url.startswith(("http://", "https://")):
        raise TeacherError(f"{url!r}: expected the address of a server, as http://host:port/v1")
    address = f"{url.rstrip('/')}/chat/completions"

    def ask(system: str, question: str) -> str:
        body = {
            "model": model,
            "temperature": 0,
            "seed": seed,
            "max_tokens": _MAX_TOKENS,
            "messages": [
                {"role": "system", "content": system},
                {"role": "user", "content": question},
            ],
        }
        return _answer_of(_posted(address, body, key, timeout_s), address)

    return TaughtByModel(f"{model} at {url}", ask)


def _posted(address: str, body: dict[str, Any], key: str, timeout_s: float) -> bytes:
    headers = {"Content-Type": "application/json"}
    if key:
        headers["Authorization"] = f"Bearer {key}"
    request = urllib.request.Request(address, json.dumps(body).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=timeout_s) as response:
            content: bytes = response.read()
            return content
    except urllib.error.HTTPError as error:
        raise TeacherError(
            f"{address}: the server answers {error.code} {error.reason}; check model name and key"
        ) from error
    except (OSError, ValueError) as error:
        raise TeacherError(
            f"{address}: can't be reached ({error}); start the server or leave the teacher out"
        ) from error


def _answer_of(content: bytes, address: str) -> str:
    try:
        answer = json.loads(content)["choices"][0]["message"]["content"]
    except (ValueError, LookupError, TypeError) as error:
        raise TeacherError(f"{address}: no answer of OpenAI's form ({content[:80]!r})") from error
    return answer if isinstance(answer, str) else ""
