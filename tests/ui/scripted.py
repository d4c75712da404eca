"""A recommender that plays a script, for the page alone.

It has the interface of `recommender.engine.Recommender` and keeps its sessions in memory.
Words in the utterance choose what it plays: "slow", "degraded", "nothing", "fail",
"hostile", "refuse", "thanks"; "rank slowly" makes it wait before the picks. `closed` counts the
replies that were cut off, which is how the tests know that the model was stopped.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

from prompts.instruction import Aspects, Instruction, TaskForm
from recommender.dialogue import (
    Act,
    Degraded,
    DialogueState,
    Done,
    Event,
    Evidence,
    Mention,
    Phrase,
    Pick,
    Picked,
    Reply,
    Session,
    StatedLimit,
    TextChunk,
    Understood,
)
from recommender.settings import Settings
from recommender.understanding.edits import Edit, Line, apply_edit, lines, summary
from recommender.understanding.understander import Understander
from retrieval.catalog import Catalog, Item, load_catalog

PAYLOADS = (
    "${window.x=1}",
    "back\\slash \\u0041 `tick` {{window.x=1}}",
    "<img src=x onerror=\"window.x=1\"><form action='/x'><button>go</button></form>",
    "[x](javascript:alert(1)) ![y](http://foreign.example/y.png)",
    "W" * 10_000,
    "\u202b\u05e9\u05dc\u05d5\u05dd \u05e2\u05d5\u05dc\u05dd, \u0645\u0631\u062d\u0628\u0627\u202c",
    "Flags \U0001f1ef\U0001f1f5 and </script><script>window.x=1</script> &lt;b&gt;",
)


@dataclass
class Served:
    """A page that is being served, and the recommender behind it."""

    url: str
    recommender: ScriptedRecommender


class SessionLost(LookupError):
    pass


class Refused(ValueError):
    pass


class ScriptedRecommender:
    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or Settings(model="none")
        real = load_catalog(self.settings.catalog)
        hostile = [
            Item(f"hostile-{n}", text, {"genres": (text[:80],), "keywords": (text[:80],)},
                 {"year": 1999.0, "runtime": 90.0}, {"synopsis": text})
            for n, text in enumerate(PAYLOADS)
        ]  # fmt: skip
        self.catalog = Catalog("scripted", [*real.items, *hostile], real.fields.values(),
                               nouns=(real.noun, real.nouns))  # fmt: skip
        self.understander = Understander(self.catalog)
        self.real = real.items
        self.hostile = hostile
        self.sessions: dict[str, Session] = {}
        self.kept: dict[str, list[Reply]] = {}
        self.marks: dict[str, dict[str, dict[str, Any]]] = {}
        self.consents: list[str] = []
        self.closed = 0
        self.finished = 0
        self.degraded: str | None = None
        self._lock = threading.Lock()

    def of(self, session_id: str) -> ScriptedRecommender:
        return self

    def brought(self, session_id: str) -> bool:
        return False

    def describe_model(self) -> dict[str, Any]:
        return {"language_model": "scripted-135M", "quantization": "nf4", "adapter": "movies",
                "ranker": "block", "rank_weight": 0.15, "degraded": self.degraded}  # fmt: skip

    def open_session(self, consent: str = "kept") -> Session:
        session = Session(secrets.token_urlsafe(16))
        with self._lock:
            self.consents.append(consent)
            self.sessions[session.id] = session
            self.kept[session.id] = []
            self.marks[session.id] = {}
        return session

    def session(self, session_id: str) -> Session:
        try:
            return self.sessions[session_id]
        except KeyError:
            raise SessionLost(session_id) from None

    def replies(self, session_id: str) -> list[Reply]:
        return list(self.kept[session_id])

    def feedback_of(self, session_id: str) -> dict[str, dict[str, Any]]:
        return {item: dict(marks) for item, marks in self.marks[session_id].items()}

    def feedback(self, session_id: str, item_id: str, kind: str, value: Any = None) -> Session:
        session = self.session(session_id)
        if item_id not in self.catalog:
            raise Refused("no such item")
        if kind == "rating" and value not in (1, 2, 3, 4, 5):
            raise Refused("a rating is a whole number from 1 to 5")
        marks = self.marks[session_id].setdefault(item_id, {})
        if kind == "seen" and marks.pop(kind, None):
            known = tuple(m for m in session.state.seen if m.item_id != item_id)
        else:
            marks[kind] = value if kind == "rating" else True
            said = Mention(item_id, kind.replace("_", " "), session.turn)
            known = (*session.state.seen, said) if kind == "seen" else session.state.seen
        session = replace(session, state=replace(session.state, seen=known))
        self.sessions[session_id] = session
        return session

    def rewind(self, session_id: str, turn: int) -> Session:
        self.kept[session_id] = [r for r in self.kept[session_id] if r.turn < turn]
        last = self.kept[session_id][-1:]
        state = last[0].state if last else DialogueState()
        session = replace(self.session(session_id), turn=turn - 1, state=state)
        self.sessions[session_id] = session
        return session

    def understood(self, session_id: str) -> tuple[Line, ...]:
        return lines(self.session(session_id).state, self.catalog)

    def export(self, session_id: str) -> dict[str, Any]:
        return {
            "understood": [asdict(line) for line in self.understood(session_id)],
            "turns": [reply.as_dict() for reply in self.replies(session_id)],
            "ratings": self.feedback_of(session_id),
        }

    def forget(self, session_id: str) -> dict[str, int]:
        marks = self.marks.pop(session_id, {})
        replies = self.kept.pop(session_id, [])
        self.sessions.pop(session_id, None)
        return {
            "turns": len(replies), "picks": sum(len(r.picks) for r in replies),
            "ratings": sum(len(kinds) for kinds in marks.values()),
        }  # fmt: skip

    def preview(self, session_id: str, edit: Edit) -> str:
        return self._edited(self.session(session_id) if session_id else Session(""), edit)[1]

    def _edited(self, session: Session, edit: Edit) -> tuple[DialogueState, str]:
        state = apply_edit(session.state, edit, self.understander, session.turn + 1)
        return state, summary(edit, *(lines(s, self.catalog) for s in (session.state, state)))

    def edit(self, session_id: str, edit: Edit, picks: int | None = None) -> Iterator[Event]:
        session = self.session(session_id)
        state, told = self._edited(session, edit)
        session = replace(session, turn=session.turn + 1, state=state)
        yield from self._play(session, told, picks, (Act.EDIT,))

    def reply(self, session_id: str, utterance: str, picks: int | None = None) -> Iterator[Event]:
        session = self.session(session_id)
        if "refuse" in utterance:
            raise Refused("this is longer than can be read; say it in fewer words")
        state = self._state(session, utterance)
        session = replace(session, turn=session.turn + 1, state=state)
        yield from self._play(session, utterance, picks, (Act.ASK,))

    def _state(self, session: Session, utterance: str) -> DialogueState:
        """The whole utterance is the wish; the limits that it names add up."""
        turn = session.turn + 1
        limits = (StatedLimit(one, one.in_words(self.catalog), turn)
                  for one in self.understander.read_limits(utterance))  # fmt: skip
        return replace(
            session.state, wish=(Phrase(utterance, turn),), liked=(Mention("x", "one that is gone", 1),),
            limits=tuple({one.limit: one for one in (*session.state.limits, *limits)}.values()),
        )  # fmt: skip

    def _play(
        self, session: Session, utterance: str, picks: int | None, acts: tuple[Act, ...]
    ) -> Iterator[Event]:
        session_id = session.id
        self.sessions[session_id] = session
        instruction = Instruction(Aspects(wish=utterance), TaskForm.RERANKING, "plain", utterance)
        ranked = self._rank(session, utterance, picks or self.settings.picks)
        done = False
        message = ""
        degraded = "the language model took too long" if "degraded" in utterance else None
        try:
            yield Understood(session, instruction)
            if "rank slowly" in utterance:
                time.sleep(1.0)
            if "fail early" in utterance:
                raise RuntimeError("scripted failure")
            if "thanks" not in utterance:
                yield Picked(tuple(replace(p, reason="", evidence=()) for p in ranked))
            if degraded:
                yield Degraded(degraded)
            for word in _message(ranked, utterance).split(" "):
                if "slow" in utterance:
                    for _ in range(2):
                        time.sleep(0.04)
                        yield TextChunk("")
                yield TextChunk(word if not message else f" {word}")
                message += word if not message else f" {word}"
                if "fail late" in utterance and len(message) > 20:
                    raise RuntimeError("scripted failure")
            done = True
            self.finished += 1
        finally:
            if not done:
                self.closed += 1
            reply = Reply(
                session_id, session.turn, utterance, instruction, session.state, ranked, message,
                degraded, self.describe_model(), {"total": 1.0}, acts,
                (self.catalog.noun, self.catalog.nouns),
                ("Something older", "Nothing too sad", "Only in black and white"),
            )  # fmt: skip
            if session_id in self.kept:
                self.kept[session_id].append(reply)
        yield Done(reply)

    def _rank(self, session: Session, utterance: str, picks: int) -> tuple[Pick, ...]:
        if "nothing" in utterance or "thanks" in utterance:
            return ()
        if "hostile" in utterance:
            items = tuple(self.hostile)
        else:
            start = (session.turn * 37 + len(utterance)) % 200
            items = self.real[start : start + picks]
        return tuple(_pick(item, rank, utterance) for rank, item in enumerate(items, start=1))


def _pick(item: Item, rank: int, utterance: str) -> Pick:
    genre = item.values("genres")[0] if item.values("genres") else item.title
    return Pick(
        item, rank, 1.0 / rank, 0.5, 0.2,
        f"{item.title} is {genre.lower()} through and through, which is what you asked for.",
        (Evidence("item", "genres", genre), Evidence("user", "turn 1", utterance)), "model",
    )  # fmt: skip


def _message(picks: tuple[Pick, ...], utterance: str) -> str:
    if not picks:
        return "Nothing fits all of that. Leave one wish out and I will look again."
    names = ", ".join(p.item.name for p in picks)
    return (
        f"For “{utterance}” I would start with {picks[0].item.name}.\n\n"
        f"All that came to mind: {names}. Rate one and I will come closer."
    )
