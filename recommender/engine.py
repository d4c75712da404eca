"""The reply to one utterance, from understanding to the last word.

`Recommender.reply` is the whole flow: understand, retrieve, rank, explain, record. It
yields events that a page or a command line only has to draw. One recommender serves all
visitors; what belongs to a visitor lies in the store under the session's id.
"""

from __future__ import annotations

import concurrent.futures
import copy
import datetime
import logging
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from prompts.instruction import Instruction
from prompts.templates import Templates
from recommender import wording
from recommender.answers import answer
from recommender.dialogue import (
    Act,
    Degraded,
    DialogueState,
    Done,
    Event,
    Evidence,
    Mention,
    Pick,
    Picked,
    Reply,
    Session,
    TextChunk,
    Understood,
)  # fmt: skip
from recommender.erasure import erase_backups
from recommender.explanation import Explainer
from recommender.language_model import LanguageModel
from recommender.live import Live, fitted, removed
from recommender.opening import CatalogRetriever, open_found, open_in_memory, open_model
from recommender.own_files import OwnFiles, open_file
from recommender.ranking import (
    JoinedRanker,
    Ranker,
    RetrieverRanker,
    make_scorer,
    nouns_of,
    spread_picks,
    weight_of,
)
from recommender.settings import Settings
from recommender.store import KEPT, Store
from recommender.understanding.by_model import ModelReader, ModelReading, is_wanted
from recommender.understanding.edits import Edit, EditError, Line, apply_edit, lines, summary
from recommender.understanding.understander import Understander, Understanding
from recommender.understanding.words import UtteranceError, clean
from retrieval.catalog import Catalog
from retrieval.encoder import Encoder, SentenceTransformerEncoder
from retrieval.intake.embeddings import Encoded
from retrieval.intake.finding import find_catalog
from retrieval.intake.importing import Look
from retrieval.retriever import Candidate, RetrieverWeights

__all__ = ["EditError", "FeedbackError", "Recommender", "UnknownSessionError", "UtteranceError"]
log = logging.getLogger(__name__)
_HEARTBEAT_S = 0.1
_MODEL = "the language model"
_TIDY_EVERY_S = 3600.0
_UNDOABLE = 20  # turns that an undo can go back to
_STAGES = ("understand", "retrieve", "rank", "explain", "total")
_OF_A_CATALOG = (
    "catalog", "retriever", "_understander", "_explainer", "_model_reader", "_ranker",
)  # fmt: skip
_LINE_OF_MARK = {"seen": "seen", "not_for_me": "disliked", "more_like_this": "liked"}


class UnknownSessionError(LookupError):
    """No session of this id is in the store."""


class FeedbackError(ValueError):
    """A judgement that can't be kept; the message says why."""


@dataclass
class _Turn:
    """What a reply gathers while it is made."""

    store: Store  # that keeps the session
    row: int  # in it
    read_by: str
    picks: tuple[Pick, ...] = ()
    message: str = ""
    degraded: str | None = None
    suggestions: tuple[str, ...] = ()
    timings_ms: dict[str, float] = field(default_factory=lambda: dict.fromkeys(_STAGES, 0.0))

    def timed(self, stage: str, since: float) -> None:
        self.timings_ms[stage] = round((time.perf_counter() - since) * 1000, 1)


class Recommender:
    """Replies to utterances about one catalog. Safe to share between threads.

    A recommender is opened over the catalog of its settings. `of` gives the one that serves a
    session: over the newest version of that catalog, or over the file that the session brought.
    """

    catalog: Catalog
    retriever: CatalogRetriever
    _understander: Understander
    _explainer: Explainer
    _model_reader: ModelReader | None
    _ranker: Ranker

    def __init__(
        self,
        settings: Settings,
        *,
        store: Store | None = None,
        encoder: Encoder | None = None,
        language_model: LanguageModel | None = None,
        ranker: Callable[[Catalog, Encoder], Ranker] | None = None,
        retriever: Callable[[CatalogRetriever], CatalogRetriever] | None = None,
        progress: bool = False,
    ) -> None:
        """Load all that a reply needs; the keyword arguments stand in for what settings name.

        `ranker` makes one that this floor knows nothing of, over the catalog and the encoder,
        `retriever` one out of that of the settings.

        Raises `CatalogError`, `EncoderError`, `InteractionsError`, `MilvusError`, `StoreError` or
        `TemplateError`; a language model that can't be had leaves the recommender degraded,
        which `describe_model` says.
        """
        self.settings = settings
        found = find_catalog(settings.catalog, settings.data)
        self.templates = Templates.load()
        self.store = store or Store(settings.store_path)
        self._passing = Store(":memory:")  # of visitors who let nothing be kept
        self._tidied = 0.0
        self.keep_within_retention()
        self._encoder = encoder or SentenceTransformerEncoder(settings.encoder)
        self._own_ranker, self._own_retriever = ranker, retriever
        self._model, self._no_model = language_model, ""
        if language_model is None:
            self._model, self._no_model = open_model(settings)
        # Threads only so that a call to the model can be given up when its time is over.
        self._calls = concurrent.futures.ThreadPoolExecutor(4, thread_name_prefix="model")
        self._own: OwnFiles[Recommender] = OwnFiles()
        self._live: Live[Recommender] | None = None
        self._live = Live(
            found, lambda newer: self._over(
                newer.catalog, open_found(newer, settings, self._encoder, progress)
            ),
        )  # fmt: skip

    def _over(
        self, catalog: Catalog, retriever: CatalogRetriever, *, own: bool = False
    ) -> Recommender:
        """The same recommender over another catalog; store, encoder and model are shared."""
        other = copy.copy(self)
        other._live = None
        other.catalog = catalog
        other.retriever = self._own_retriever(retriever) if self._own_retriever else retriever
        other._understander = Understander(catalog)
        other._explainer = Explainer(catalog)
        other._model_reader = None
        if self._model is not None and is_wanted(self.settings.understanding, self._model):
            budget = self.settings.understand_budget_s
            other._model_reader = ModelReader(self._model, catalog, budget)
        other._ranker = RetrieverRanker()
        if self._own_ranker is not None:
            other._ranker = self._own_ranker(catalog, self._encoder)
        elif self._model is not None and self.settings.ranker != "retriever":
            scorer = make_scorer(self.settings.ranker, self._model, catalog, self.templates)
            other._ranker = JoinedRanker(scorer, weight_of(self.settings.rank_weight, self._model))
        if not own:  # what is served to all is also what this one shows of itself
            vars(self).update({name: vars(other)[name] for name in _OF_A_CATALOG})
        return other

    def of(self, session_id: str) -> Recommender:
        """The recommender that serves a session; it stays as it is for the length of a turn."""
        if self._live is None:
            return self
        return self._own.of(session_id) or self._live.newest()

    def settle(self, timeout_s: float = 60.0) -> None:
        """Wait until the newest version of the catalog is served, at most so long."""
        if self._live is not None:
            self._live.settle(timeout_s)

    def close(self) -> None:
        self._calls.shutdown(wait=False, cancel_futures=True)
        self.store.close()
        self._passing.close()

    # --- a reply ----------------------------------------------------------------------

    def reply(self, session_id: str, utterance: str, picks: int | None = None) -> Iterator[Event]:
        """Answer an utterance as the next turn of a session.

        Closing the iterator stops the model and records the turn as stopped. Raises
        `UnknownSessionError`, and `UtteranceError` with a line for the user.
        """
        begun, here = time.perf_counter(), self.of(session_id)
        session = here.session(session_id)
        heard = yield from here._hear(session, utterance)
        read = here._understander.understand(session, utterance, heard)
        yield from here._answer(session, read, begun, picks)

    def _hear(self, session: Session, utterance: str) -> Generator[Event, None, ModelReading]:
        """What the language model reads in an utterance, where it is to; else nothing."""
        if self._model_reader is None:
            return ModelReading()
        budget = self.settings.understand_budget_s
        call = self._calls.submit(self._model_reader.read, clean(utterance), session.state)
        try:
            yield from _heartbeats(call, budget)
            return call.result(timeout=0)
        except TimeoutError as error:
            call.cancel()
            return ModelReading(problem=_why(error, "understanding", budget))

    def edit(self, session_id: str, edit: Edit, picks: int | None = None) -> Iterator[Event]:
        """Answer an edit of what was understood, as the next turn of a session.

        As `reply`, with what the edit did for an utterance. Raises `UnknownSessionError`, and
        `EditError` before anything is written.
        """
        begun, here = time.perf_counter(), self.of(session_id)
        session = here.session(session_id)
        state, summary = here._edited(session, edit)
        here._take_back_marks(session, state)
        read = here._understander.revise(session, state, summary)
        yield from here._answer(session, read, begun, picks)

    def preview(self, session_id: str, edit: Edit) -> str:
        """What an edit would do, in the words of its turn; with "" to a new conversation.

        Raises as `edit` does, and writes nothing.
        """
        here = self.of(session_id)
        session = here.session(session_id) if session_id else Session("")
        return here._edited(session, edit)[1]

    def _edited(self, session: Session, edit: Edit) -> tuple[DialogueState, str]:
        state = apply_edit(session.state, edit, self._understander, session.turn + 1)
        return state, summary(edit, *(lines(s, self.catalog) for s in (session.state, state)))

    def _take_back_marks(self, session: Session, state: DialogueState) -> None:
        """A mark on a card goes with the line that it made; stars stay, whatever the line."""
        for kind, name in _LINE_OF_MARK.items():
            kept = {m.item_id for m in getattr(state, name)}
            for mention in getattr(session.state, name):
                if mention.item_id not in kept:
                    self._store_of(session.id).take_back(session.id, mention.item_id, kind)

    def _answer(
        self, session: Session, read: Understanding, begun: float, picks: int | None
    ) -> Iterator[Event]:
        """The reply to what was understood, recorded as the next turn."""
        instruction = self._instruct(read)
        store = self._store_of(session.id)
        row = store.begin_turn(
            session.id, session.turn + 1, read.utterance, " ".join(read.acts),
            instruction.as_dict(), read.state.as_dict(),
        )  # fmt: skip
        turn = _Turn(store, row, read.read_by)
        turn.timed("understand", begun)
        status = "failed"
        try:
            yield Understood(replace(session, turn=session.turn + 1, state=read.state), instruction)
            yield from self._respond(turn, session, read)
            if read.asks_for_items:
                candidates, repeated = self._retrieve(turn, read, picks)
                yield from self._rank(turn, read, instruction, candidates, picks)
                read = replace(read, state=_with_shown(read.state, turn.picks))
                yield Picked(turn.picks)
                yield from self._explain(turn, read, instruction, repeated)
            status = "complete"
        except GeneratorExit:
            status = "stopped"
            raise
        finally:
            turn.timed("total", begun)
            self._finish(turn, status)
        yield Done(self._reply_of(session, read, instruction, turn))

    def _respond(self, turn: _Turn, session: Session, read: Understanding) -> Iterator[Event]:
        """What is said apart from picks: what left the catalog, answers, a question back, small
        talk."""
        spoken_of = [i for one in read.questions for i in one.item_ids]
        spoken_of += [m.item_id for m in read.state.liked if m.turn > session.turn]
        lost = removed((*spoken_of, *(i for i, _ in read.rated)), self.catalog)
        if lost:
            yield from self._say(turn, wording.left_the_catalog(lost) + "\n")
        for item_id, stars in read.rated:
            turn.store.rate(session.id, session.turn + 1, item_id, "rating", stars)
        if read.questions:
            turn.suggestions = wording.chips(read.state, (), self.catalog)
            asks_why = any(one.act is Act.WHY for one in read.questions)
            picked = self._picked_before(session.id) if asks_why else {}
            answers = [answer(one, self.catalog, picked, read.state) for one in read.questions]
            yield from self._say(turn, "\n".join(answers))
        if read.state.choice is not None:
            turn.suggestions = wording.choice_chips(read.state.choice, self.catalog)
            yield from self._say(turn, wording.which_one(read.state.choice, self.catalog))
        elif not read.asks_for_items and not read.questions:
            yield from self._say(turn, wording.small_talk(read, self.catalog))
        elif Act.OFF_TOPIC in read.acts:
            yield from self._say(turn, wording.aside(self.catalog))
        if turn.message and read.asks_for_items:
            yield from self._say(turn, "\n\n")

    def _picked_before(self, session_id: str) -> dict[str, Pick]:
        """The last pick of each item in a session."""
        return {pick.item.id: pick for reply in self.replies(session_id) for pick in reply.picks}

    def _instruct(self, read: Understanding) -> Instruction:
        template = self.templates.choose(read.aspects)
        return template.render(read.aspects, nouns_of(self.catalog))

    def _retrieve(
        self, turn: _Turn, read: Understanding, picks: int | None
    ) -> tuple[list[Candidate], bool]:
        """Candidates, and whether they had to be taken from what was shown before."""
        since = time.perf_counter()
        wanted = max(self.settings.candidates, picks or 0)
        candidates = self.retriever.retrieve(read.query, wanted)
        repeated = not candidates and bool(read.state.shown)
        if repeated:
            again = replace(read.query, without=read.state.excluded)
            candidates = self.retriever.retrieve(again, wanted)
        turn.timed("retrieve", since)
        return candidates, repeated and bool(candidates)

    def _rank(
        self, turn: _Turn, read: Understanding, instruction: Instruction,
        candidates: list[Candidate], picks: int | None,
    ) -> Iterator[Event]:  # fmt: skip
        since = time.perf_counter()
        turn.degraded = self._no_model or None
        ranking = self._calls.submit(self._ranker.rank, instruction, candidates)
        try:
            yield from _heartbeats(ranking, self.settings.rank_budget_s)
            ranked = ranking.result(timeout=0)
        except Exception as error:
            ranking.cancel()
            who = f"ranker {self.settings.ranker}" if self._own_ranker is not None else _MODEL
            turn.degraded = _why(error, "ranking", self.settings.rank_budget_s, who)
            ranked = RetrieverRanker().rank(instruction, candidates)
        if turn.degraded:
            yield Degraded(turn.degraded)
        shown = picks or self.settings.picks
        if read.query.varied:  # the candidates were spread; the ranker's order is not
            vectors = self.retriever.vectors_of([pick.item.id for pick in ranked])
            ranked = spread_picks(ranked, vectors, shown, RetrieverWeights.variety)
        turn.picks = tuple(self._explainer.composed(pick, read.state) for pick in ranked[:shown])
        turn.timed("rank", since)
        turn.store.record_ranking(
            turn.row, ranked, turn.picks, _with_shown(self._kept_state(turn), turn.picks).as_dict()
        )

    def _explain(
        self, turn: _Turn, read: Understanding, instruction: Instruction, repeated: bool
    ) -> Iterator[Event]:
        """The message: opening, one line for each pick, a question where the wish is vague."""
        since = time.perf_counter()
        if not turn.picks:
            turn.suggestions = wording.conflict_chips(read, self.retriever.filter)
            yield from self._say(
                turn, wording.nothing_fits(read, self.catalog, self.retriever.filter)
            )
            turn.timed("explain", since)
            return
        turn.suggestions = wording.chips(read.state, turn.picks, self.catalog)
        yield from self._say(turn, wording.opening(read, self.catalog, repeated))
        for place, pick in enumerate(turn.picks):
            if place < self.settings.explained and not turn.degraded and self._model is not None:
                for written in self._write(turn, self._model, pick, instruction, read, since):
                    if written is None:
                        yield TextChunk("")
                    else:
                        pick = written
                if turn.degraded:
                    yield Degraded(turn.degraded)
            turn.picks = (*turn.picks[:place], pick, *turn.picks[place + 1 :])
            yield from self._say(turn, f"\n{pick.rank}. {pick.item.name}: {pick.reason}")
        question = wording.closing_question(read.state, self.catalog, self._asked_before(turn))
        if question:
            yield from self._say(turn, f"\n\n{question}")
        turn.timed("explain", since)

    def _write(
        self, turn: _Turn, model: LanguageModel, pick: Pick, instruction: Instruction,
        read: Understanding, since: float,
    ) -> Iterator[Pick | None]:  # fmt: skip
        """The model's reason for a pick; whatever goes wrong, the composed one stands."""
        written = self._explainer.write(model, pick, instruction, read.state)
        try:
            for step in written:
                if time.perf_counter() - since > self.settings.explain_budget_s:
                    raise TimeoutError
                yield step
        except Exception as error:
            turn.degraded = _why(error, "writing reasons", self.settings.explain_budget_s)
        finally:
            written.close()  # type: ignore[attr-defined]

    def _say(self, turn: _Turn, text: str) -> Iterator[Event]:
        turn.message += text
        yield TextChunk(text)

    def _kept_state(self, turn: _Turn) -> DialogueState:
        """The turn's state as it is stored: a rating given meanwhile must not be lost."""
        return DialogueState.from_dict(turn.store.state_of_turn(turn.row))

    def _asked_before(self, turn: _Turn) -> bool:
        """Whether the message before this one ended in a question."""
        return turn.store.message_before(turn.row).rstrip().endswith("?")

    def _finish(self, turn: _Turn, status: str) -> None:
        turn.store.finish_turn(
            turn.row, status=status, message=turn.message, picks=turn.picks,
            degraded=turn.degraded, model=self._model_of(turn), timings_ms=turn.timings_ms,
            suggestions=turn.suggestions,
        )  # fmt: skip

    def _model_of(self, turn: _Turn) -> dict[str, Any]:
        return self.describe_model() | {"understanding": turn.read_by}

    def _reply_of(
        self, session: Session, read: Understanding, instruction: Instruction, turn: _Turn
    ) -> Reply:
        return Reply(
            session=session.id,
            turn=session.turn + 1,
            utterance=read.utterance,
            acts=read.acts,
            instruction=instruction,
            state=read.state,
            picks=turn.picks,
            message=turn.message,
            degraded=turn.degraded,
            model=self._model_of(turn),
            timings_ms=turn.timings_ms,
            suggestions=turn.suggestions,
        )

    def describe_model(self) -> dict[str, Any]:
        """What understands, ranks and explains, and by which weight; "degraded" says why nothing does."""
        described: dict[str, Any] = {"language_model": None, "quantization": None, "adapter": None}
        if self._model is not None:
            described.update(self._model.describe())
        weight = 0.0
        if self._model is not None and self._own_ranker is None:
            weight = weight_of(self.settings.rank_weight, self._model)
        ranks = self._own_ranker is not None or self._model is not None
        return described | {
            "ranker": self.settings.ranker if ranks else "retriever",
            "rank_weight": weight,
            "encoder": self.settings.encoder,
            "understanding": "rules and model" if self._model_reader else "rules",
            "degraded": self._no_model or None,
        }

    # --- sessions -----------------------------------------------------------------------

    def open_session(self, consent: str = KEPT) -> Session:
        """A new session with an id that can't be guessed.

        `consent` is what the visitor agreed to: "kept", "judged" (kept, and shown to
        annotators and learned from), or "" for a session that is held in memory alone, and
        for a day at most.
        """
        self.keep_within_retention()
        store = self.store if consent else self._passing
        return Session(store.open_session(consent))

    def consent(self, session_id: str) -> str:
        """What the visitor of a session agreed to; see `open_session`."""
        return self._store_of(session_id).consent(session_id)

    def _store_of(self, session_id: str) -> Store:
        passing = isinstance(session_id, str) and self._passing.has_session(session_id)
        return self._passing if passing else self.store

    def keep_within_retention(self) -> None:
        """Forget the conversations that are older than the settings let them be; looks once
        an hour at most."""
        now = time.monotonic()
        if self._tidied and now - self._tidied < _TIDY_EVERY_S:
            return
        self._tidied = now
        moment = datetime.datetime.now(datetime.UTC)
        self._passing.forget(*self._passing.idle_since(moment - datetime.timedelta(days=1)))
        if self.settings.retention_days:
            before = moment - datetime.timedelta(days=self.settings.retention_days)
            old = self.store.idle_since(before)
            if old:
                self._erase(*old)

    def _erase(self, *session_ids: str) -> dict[str, int]:
        """Forget kept sessions, in the store and in other databases of the data folder."""
        counts = self.store.forget(*session_ids)
        if self.store.path != ":memory:":
            erase_backups(Path(self.store.path), self.settings.data, session_ids)
        return counts

    def bring(
        self, seen: Look, name: str, told: Encoded | None = None
    ) -> tuple[Session, dict[str, Any]]:
        """A new session over a visitor's own file, and the card of that file.

        Nobody else reaches it; it ends with the session or with this process. `told` hears how
        many items are encoded. Raises `CatalogError`.
        """
        found, card = open_file(seen, name)
        retriever = open_in_memory(found.catalog, self.settings, self._encoder, told)
        own = self._over(found.catalog, retriever, own=True)
        session = Session(self._passing.open_session(""))  # nothing of it is to be kept
        ended = self._own.put(session.id, own)
        if ended:
            self._passing.forget(*ended)
        return session, card

    def brought(self, session_id: str) -> bool:
        """Whether a session is over a file of its visitor's own."""
        return self._own.of(session_id) is not None

    def session(self, session_id: str) -> Session:
        """The session as it stands after its last turn. Raises `UnknownSessionError`."""
        if not isinstance(session_id, str) or not self._store_of(session_id).has_session(
            session_id
        ):
            raise UnknownSessionError(
                f"unknown session {str(session_id)[:40]!r}; leave it out to begin a new one"
            )
        kept = self._store_of(session_id).states(session_id, _UNDOABLE)
        if not kept:
            return Session(session_id)
        catalog = self.of(session_id).catalog
        *earlier, state = (fitted(DialogueState.from_dict(data), catalog) for _, data in kept)
        return Session(session_id, kept[-1][0], state, tuple(earlier))

    def replies(self, session_id: str) -> list[Reply]:
        """All turns of a session as replies, oldest first; picks that left the catalog are gone."""
        here = self.of(session_id)
        rows = self._store_of(session_id).turns(here.session(session_id).id)
        return [here._recorded(row) for row in rows]

    def _recorded(self, row: dict[str, Any]) -> Reply:
        return Reply(
            session=row["session"],
            turn=row["number"],
            utterance=row["utterance"],
            acts=tuple(Act(name) for name in row["act"].split() if name in set(Act)),
            instruction=Instruction.from_dict(row["instruction"]),
            state=DialogueState.from_dict(row["state"]),
            picks=tuple(
                Pick(
                    item=self.catalog[p["item"]], rank=p["rank"], score=p["score"],
                    retrieval_score=p["retrieval_score"], language_score=p["language_score"],
                    reason=p["reason"], evidence=tuple(Evidence(**e) for e in p["evidence"]),
                    written_by=p["written_by"],
                )
                for p in row["picks"]
                if p["item"] in self.catalog
            ),
            message=row["message"],
            degraded=row["degraded"],
            model=row["model"],
            timings_ms=row["timings_ms"],
            suggestions=tuple(row["suggestions"]),
        )  # fmt: skip

    def rewind(self, session_id: str, turn: int) -> Session:
        """Forget a turn and all after it, as undo, retry and edit do."""
        self._store_of(session_id).rewind(self.session(session_id).id, turn)
        return self.session(session_id)

    def understood(self, session_id: str) -> tuple[Line, ...]:
        """What is held of a session, one line per thing."""
        here = self.of(session_id)
        return lines(here.session(session_id).state, here.catalog)

    def export(self, session_id: str) -> dict[str, Any]:
        """All that is kept of a session, ready for JSON."""
        here = self.of(session_id)
        session = here.session(session_id)
        return {
            "catalog": here.catalog.name,
            "understood": [asdict(line) for line in lines(session.state, here.catalog)],
            "state": session.state.as_dict(),
            **self._store_of(session.id).everything(session.id),
        }

    def forget(self, session_id: str) -> dict[str, int]:
        """Delete all that is kept of a session; gives how many went, by kind: "turns",
        "picks", "ratings", "candidates" and "sessions". A file that it brought goes too."""
        self._own.drop(session_id)
        session = self.session(session_id)
        if self._store_of(session.id) is self._passing:
            return self._passing.forget(session.id)
        return self._erase(session.id)

    # --- feedback -----------------------------------------------------------------------

    def feedback(
        self, session_id: str, item_id: str, kind: str, value: int | None = None
    ) -> Session:
        """Keep a judgement of a shown item and let the next turn know of it.

        `kind` is "rating" (with a value from 1 to 5), "not_for_me", "seen" or
        "more_like_this"; "seen" again takes it back. Raises `FeedbackError`.
        """
        here, store = self.of(session_id), self._store_of(session_id)
        session = here.session(session_id)
        if item_id not in here.catalog and item_id in here.catalog.gone:
            raise FeedbackError("that item is no longer in the catalog")
        if item_id not in here.catalog or item_id not in session.state.shown:
            raise FeedbackError("that item was not shown in this conversation")
        if kind not in ("rating", "not_for_me", "seen", "more_like_this"):
            raise FeedbackError(f"unknown feedback {str(kind)[:30]!r}")
        if kind == "rating" and (isinstance(value, bool) or value not in (1, 2, 3, 4, 5)):
            raise FeedbackError("a rating is a whole number from 1 to 5")
        if kind == "seen" and store.take_back(session.id, item_id, kind):
            seen = tuple(m for m in session.state.seen if m.item_id != item_id)
            state = replace(session.state, seen=seen)
        else:
            state = _judged(session.state, item_id, kind, value, session.turn)
            store.rate(session.id, session.turn, item_id, kind, value if kind == "rating" else None)
        store.update_state(session.id, session.turn, state.as_dict())
        return replace(session, state=state)

    def feedback_of(self, session_id: str) -> dict[str, dict[str, Any]]:
        """The judgements of a session by item: {"rating": 4, "seen": True}."""
        found: dict[str, dict[str, Any]] = {}
        for row in self._store_of(session_id).ratings(session_id):
            found.setdefault(row["item"], {})[row["kind"]] = (
                row["value"] if row["kind"] == "rating" else True
            )
        return found


def _heartbeats(call: concurrent.futures.Future[Any], budget_s: float) -> Iterator[Event]:
    """Empty chunks while a call runs, so that a visitor who stops need not wait for it.

    Raises `TimeoutError` once the budget is spent.
    """
    deadline = time.perf_counter() + budget_s
    while not concurrent.futures.wait([call], timeout=_HEARTBEAT_S).done:
        if time.perf_counter() > deadline:
            raise TimeoutError
        yield TextChunk("")


def _with_shown(state: DialogueState, picks: tuple[Pick, ...]) -> DialogueState:
    shown = tuple(pick.item.id for pick in picks)
    known = tuple(dict.fromkeys((*state.shown, *shown)))
    return replace(state, shown=known, last_shown=shown or state.last_shown)


def _judged(
    state: DialogueState, item_id: str, kind: str, value: int | None, turn: int
) -> DialogueState:
    """The state after a judgement; a new one of an item takes the place of the old."""
    words = f"rated {value} of 5" if kind == "rating" else kind.replace("_", " ")
    mention = Mention(item_id, words, turn)
    if kind == "seen":
        kept = tuple(m for m in state.seen if m.item_id != item_id)
        return replace(state, seen=(*kept, mention))
    liked = tuple(m for m in state.liked if m.item_id != item_id)
    disliked = tuple(m for m in state.disliked if m.item_id != item_id)
    if kind == "more_like_this" or (kind == "rating" and value is not None and value >= 4):
        liked = (*liked, mention)
    elif kind == "not_for_me" or (value is not None and value <= 2):
        disliked = (*disliked, mention)
    return replace(state, liked=liked, disliked=disliked)


def _why(error: Exception, doing: str, budget_s: float, who: str = _MODEL) -> str:
    """A line for the user; the trace goes to the log."""
    if isinstance(error, TimeoutError):
        return f"{who} took longer than {budget_s:g} s for {doing}"
    log.warning("%s failed at %s: %s", who, doing, error)
    log.debug("the trace", exc_info=error)
    return f"{who} failed at {doing} ({type(error).__name__})"
