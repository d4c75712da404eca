"""What a language model makes of a turn: JSON, bound to the user's own words.

The model fills a frame: acts from a fixed list, and lists of spans of the utterance, so its
answer parses and says nothing that the user did not. A model that can't be bound may answer
anything; what is no span is dropped here. Nothing is decided here: what an entry means, and
whether it counts, `merging` finds out by the same rules that read every turn.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from prompts.reading import ACTS, SPANS, ReadingPrompt
from recommender.dialogue import Act, DialogueState
from recommender.language_model import Frame, LanguageModel
from recommender.understanding.words import split_words
from retrieval.catalog import Catalog, fold

# Acts that take back what stands, or only make sense beside it, are left to the rules.
_NOT_OFFERED = {Act.EDIT, Act.UNDO, Act.START_OVER, Act.CHOOSE}
OFFERED = tuple(act for act in Act if act not in _NOT_OFFERED)
MOST = 4  # entries of a list
_LONGEST_SPAN = 8  # words
_MOST_WORDS = 120  # of an utterance; spans behind them can't be named
_MOST_TOKENS = 4000  # never reached within the frame, where nothing comes twice
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ModelReading:
    """What a model heard, in spans of the utterance; where it heard nothing, the problem."""

    acts: tuple[Act, ...] = ()
    liked: tuple[str, ...] = ()
    disliked: tuple[str, ...] = ()
    seen: tuple[str, ...] = ()
    must: tuple[str, ...] = ()
    must_not: tuple[str, ...] = ()
    wish: tuple[str, ...] = ()
    taste: tuple[str, ...] = ()
    context: tuple[str, ...] = ()
    problem: str = ""

    @property
    def read_by(self) -> str:
        """Who reads a turn of which a model heard this: "rules", or "rules and model"."""
        return "rules" if self == ModelReading(problem=self.problem) else "rules and model"


class AnswerError(ValueError):
    """An answer that is no JSON of the right shape."""


def is_wanted(understanding: str, model: LanguageModel | None) -> bool:
    """Whether a model is to read the turns, by the setting `understanding`.

    "auto" asks for a model that is able, and for CUDA, without which a visitor would wait.
    """
    if model is None or understanding == "rules":
        return False
    able = model.writes_freely and str(model.describe().get("device", "")).startswith("cuda")
    return understanding == "model" or able


class ModelReader:
    """Asks a language model what turns about one catalog say. Keeps nothing of a visitor."""

    def __init__(self, model: LanguageModel, catalog: Catalog, budget_s: float) -> None:
        """Raises `TemplateError` where the prompt can't be used."""
        self._model = model
        self._catalog = catalog
        self._budget_s = budget_s
        self._prompt = ReadingPrompt.load(acts=OFFERED)

    def read(self, text: str, state: DialogueState) -> ModelReading:
        """What the model hears in a cleaned utterance. Never raises.

        The budget is looked at between tokens; who can't wait for the first of them calls
        this in a thread.
        """
        begun = time.monotonic()
        answer = ""
        try:
            pieces = self._model.stream(self._messages(text, state), _MOST_TOKENS, frame_of(text))
            try:
                for piece in pieces:
                    answer += piece
                    if time.monotonic() - begun > self._budget_s:
                        raise TimeoutError
            finally:
                close = getattr(pieces, "close", None)
                if close:
                    close()
            return heard(answer, text)
        except TimeoutError:
            problem = f"took longer than {self._budget_s:g} s for understanding"
        except Exception as error:
            log.warning("the language model failed at understanding: %s", error)
            log.debug("the trace", exc_info=error)
            problem = f"failed at understanding ({type(error).__name__})"
        return ModelReading(problem=f"the language model {problem}")

    def _messages(self, text: str, state: DialogueState) -> list[tuple[str, str]]:
        standing = [phrase.words for phrase in (*state.wish, *state.context)]
        standing += [one.limit.in_words(self._catalog) for one in state.limits]
        titles = [self._catalog[i].title for i in state.last_shown if i in self._catalog]
        return self._prompt.messages(
            "; ".join(standing) or "nothing",
            "; ".join(f"{n}. {title}" for n, title in enumerate(titles, start=1)) or "nothing",
            text,
            {"noun": self._catalog.noun, "nouns": self._catalog.nouns},
        )


def spans_of(text: str) -> tuple[str, ...]:
    """Runs of words of a text, as they stand in it."""
    words = split_words(text)[:_MOST_WORDS]
    return tuple(
        dict.fromkeys(
            text[words[first].start : words[last].end]
            for first in range(len(words))
            for last in range(first, min(first + _LONGEST_SPAN, len(words)))
        )
    )


def frame_of(text: str) -> Frame:
    """The frame of an answer about a text: `prompts.reading.as_json`, slot by slot."""
    acts = [json.dumps(str(act)) for act in OFFERED]
    spans = [json.dumps(span, ensure_ascii=False) for span in spans_of(text)]
    lists = {ACTS: acts, **(dict.fromkeys(SPANS, spans) if spans else {})}
    phrases: dict[str, tuple[tuple[str, str], ...]] = {"end": (("] }", "end"),)}
    following: dict[str, tuple[str, ...]] = {"end": ()}
    for place, (name, entries) in enumerate(lists.items()):
        opening = f'{{"{name}": [' if name == ACTS else f'], "{name}": ['
        behind = (*list(lists)[place + 1 :], "end")
        # An entry that others follow is a slot of its own, with its comma: tokens hold both,
        # and the model has to meet the tokens that it would write itself.
        last = tuple((entry, f"{name} {entry}") for entry in entries)
        more = tuple((f"{entry},", says) for entry, says in last)
        most = min(MOST, len(entries))
        begin: dict[int, tuple[str, ...]] = {most: (f"{name} {most}",)}
        begin |= {n: (f"{name} {n}", f"{name} {n},") for n in range(1, most)}
        phrases[name], following[name] = ((opening, opening),), begin[1]
        for n in range(1, most + 1):
            phrases[f"{name} {n}"], following[f"{name} {n}"] = last, behind
            if n < most:
                phrases[f"{name} {n},"], following[f"{name} {n},"] = more, begin[n + 1]
    return Frame(ACTS, phrases, following, ("end",))


def heard(answer: str, text: str) -> ModelReading:
    """The entries of an answer that are spans of a text. Raises `AnswerError`."""
    try:
        # A model that is not bound may write around the object.
        found = json.loads(answer[answer.find("{") : answer.rfind("}") + 1])
    except (ValueError, RecursionError) as error:
        raise AnswerError(f"the answer is no JSON: {answer[:80]!r}") from error
    if not isinstance(found, dict):
        raise AnswerError(f"the answer is no object: {answer[:80]!r}")
    lists = {
        name: [one for one in entries if isinstance(one, str)][:MOST]
        for name in (ACTS, *SPANS)
        if isinstance(entries := found.get(name), list)
    }
    offered = {str(act): act for act in OFFERED}
    acts = [offered[name] for name in lists.pop(ACTS, ()) if name in offered]
    spans: dict[str, Any] = {n: _spoken(n, entries, text) for n, entries in lists.items()}
    return ModelReading(acts=tuple(dict.fromkeys(acts)), **spans)


def _spoken(name: str, entries: Sequence[str], text: str) -> tuple[str, ...]:
    spoken = [one for one in dict.fromkeys(entries) if one.strip() and is_within(one, text)]
    for one in entries:
        if one not in spoken:
            log.info("%s: %.80r dropped: no words of the utterance", name, one)
    return tuple(spoken)


def is_within(part: str, whole: str) -> bool:
    """Whether the words of a part stand together in a whole, in its order."""
    words = _folded_words(part)
    return bool(words.strip()) and words in _folded_words(whole)


def _folded_words(text: str) -> str:
    return f" {' '.join(fold(word.text) for word in split_words(text))} "
