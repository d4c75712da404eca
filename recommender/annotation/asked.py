"""Where a campaign's cases come from: requests, kept conversations, an evaluation task.

Promises that every system is asked the same: one instruction, one state, one set of
candidates for each case. Conversations are taken only from those who let theirs be judged.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prompts.instruction import Aspects, Instruction
from prompts.templates import Templates
from recommender.annotation.campaign import CampaignError, Source
from recommender.dialogue import DialogueState, Mention, Session
from recommender.ranking import nouns_of
from recommender.store import Store
from recommender.understanding.aspects import aspects_of, query_of
from recommender.understanding.understander import Understander
from recommender.understanding.words import UtteranceError
from retrieval.catalog import Catalog
from retrieval.retriever import Candidate, Query, Retriever

if TYPE_CHECKING:
    from recommender.evaluation.bench import Bench

_NAMED = 5  # requests at most that a message names
_REQUEST_KEYS = ("request", "utterance", "text")


@dataclass(frozen=True)
class Asked:
    """One case before it is answered.

    `said` is what the user said before, oldest first; `session` the conversation it is from.
    """

    request: str
    instruction: Instruction
    state: DialogueState
    candidates: tuple[Candidate, ...]
    said: tuple[str, ...] = ()
    session: str = ""


class Asking:
    """Makes cases over one catalog; `most` candidates each."""

    def __init__(
        self, catalog: Catalog, templates: Templates, retriever: Retriever, most: int
    ) -> None:
        self._catalog, self._templates, self._retriever = catalog, templates, retriever
        self._most = most
        self._understander = Understander(catalog)

    def requests(self, texts: Sequence[str]) -> list[Asked]:
        """Each as the first turn of a conversation. Raises `CampaignError`, which names all
        that can't be asked."""
        asked, wrong = [], []
        for text in texts:
            try:
                asked.append(self._request(text))
            except CampaignError as error:
                wrong.append(str(error))
        if wrong:
            more = f" ({len(wrong) - _NAMED:,} more)" if len(wrong) > _NAMED else ""
            raise CampaignError(f"take out {'; '.join(wrong[:_NAMED])}{more}")
        return asked

    def _request(self, text: str) -> Asked:
        try:
            read = self._understander.understand(Session(""), text)
        except UtteranceError as error:
            raise CampaignError(f"request {text[:60]!r}: {error}") from error
        if not read.asks_for_items:
            raise CampaignError(f"request {text[:60]!r} asks for nothing")
        asked = self._asked(text, read.state, read.aspects, read.query)
        if len(asked.candidates) < 2:
            raise CampaignError(f"request {text[:60]!r}: nothing in the catalog fits")
        return asked

    def conversation(self, store: Store, session: str) -> Asked | None:
        """The last turn with picks of a kept conversation.

        None where there is none, where it was about another catalog, or where what it asked
        for leaves nothing to choose among.
        """
        turns = store.turns(session)
        answered = [turn for turn in turns if turn["picks"]]
        if not answered:
            return None
        turn = answered[-1]
        state = DialogueState.from_dict(turn["state"])
        picked = {pick["item"] for pick in turn["picks"]}
        if any(item not in self._catalog for item in picked):
            return None
        # As it was when the turn was asked: its own picks had not been shown yet.
        state = replace(state, shown=tuple(i for i in state.shown if i not in picked))
        aspects = aspects_of(state, self._catalog)
        asked = self._asked(
            turn["utterance"], state, aspects, query_of(state, aspects, self._catalog)
        )
        if len(asked.candidates) < 2:
            return None
        said = tuple(t["utterance"] for t in turns if t["number"] < turn["number"])
        return replace(asked, said=said, session=session)

    def _asked(self, text: str, state: DialogueState, aspects: Aspects, query: Query) -> Asked:
        instruction = self._templates.choose(aspects).render(aspects, nouns_of(self._catalog))
        candidates = tuple(self._retriever.retrieve(query, self._most))
        return Asked(text, instruction, state, candidates)


def requests_of(source: Source) -> list[str]:
    """The requests of a source: its own, or those of its file. Raises `CampaignError`."""
    texts = (
        list(source.told) or list(_read(source.requests)) if source.requests or source.told else []
    )
    return texts[: source.limit or None]


def _read(path: Path | None) -> Iterator[str]:
    """A file of JSON lines with `request`, or of plain lines."""
    if path is None:
        return
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise CampaignError(f"cases.requests: {path} can't be read as text ({why})") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        if not line.lstrip().startswith("{"):
            yield line.strip()
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise CampaignError(f"{path}, line {number}: no JSON: {error}") from error
        text = next((row[key] for key in _REQUEST_KEYS if isinstance(row.get(key), str)), "")
        if not text:
            raise CampaignError(f"{path}, line {number}: expected one of {_REQUEST_KEYS}")
        yield text


def asked_by_task(bench: Bench, source: Source, templates: Templates) -> list[Asked]:
    """Cases of an evaluation task, in its own catalog; the source names one that there is."""
    from recommender.evaluation.tasks import TASKS, numbers_for

    task = TASKS[source.task]
    behaviour = bench.behaviour(task.data)
    numbers = numbers_for(task, behaviour, "test", source.limit, source.seed)
    catalog = behaviour.catalog
    made = []
    for case in bench.cases(task, numbers, "test"):
        question = case.question
        history = [catalog.items[place] for place in question.history]
        aspects = question.aspects
        template = templates.choose(aspects)
        state = DialogueState(liked=tuple(Mention(item.id, item.name, 1) for item in history[-20:]))
        candidates = tuple(Candidate(catalog.items[place], 0.0) for place in question.candidates)
        instruction = template.render(aspects, nouns_of(catalog))
        made.append(Asked(_told(aspects, catalog), instruction, state, candidates))
    return made


def _told(aspects: Aspects, catalog: Catalog) -> str:
    """What an annotator reads of a user who said nothing: history, taste and wish."""
    parts: Sequence[tuple[str, Any]] = (
        (f"{catalog.nouns.capitalize()} taken before, newest last",
         "; ".join(aspects.history[-10:])),
        ("Taste", "; ".join(aspects.taste)),
        ("Wish", aspects.wish),
    )  # fmt: skip
    return "\n".join(f"{label}: {text}" for label, text in parts if text)
