"""The reply to one utterance, from understanding to the last word.

`Recommender.reply` is the whole flow: understand, retrieve, rank, explain, record; the stages
are those of `Turn`. It yields events that a page or a command line only has to draw. One
recommender serves all visitors; what belongs to a visitor lies in the store under the
session's id.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import replace
from typing import Any

from prompts.templates import Templates
from recommender import feedback
from recommender.calls import Calls, ModelBusyError
from recommender.dialogue import DialogueState, Done, Event, Picked, Reply, Session, Understood
from recommender.feedback import FeedbackError
from recommender.language_model import LanguageModel
from recommender.live import Live
from recommender.model_loading import ModelLoading
from recommender.opening import CatalogRetriever, open_found, open_in_memory
from recommender.own_files import OwnFiles, open_file
from recommender.ranking import Ranker
from recommender.serving import Roles, Serving
from recommender.sessions import Sessions, UnknownSessionError
from recommender.settings import Settings
from recommender.store import KEPT, Store
from recommender.turn import Turn, alive, why
from recommender.understanding.by_model import ModelReading
from recommender.understanding.edits import Edit, EditError, Line, apply_edit, lines, summary
from recommender.understanding.understander import Understanding
from recommender.understanding.words import UtteranceError, clean
from retrieval.catalog import Catalog
from retrieval.encoder import Encoder
from retrieval.intake.embeddings import Encoded
from retrieval.intake.finding import find_catalog
from retrieval.intake.importing import Look

__all__ = ["EditError", "FeedbackError", "Recommender", "UnknownSessionError", "UtteranceError"]


class Recommender:
    """Replies to utterances about one catalog. Safe to share between threads.

    A recommender is opened over the catalog of its settings. `of` gives what serves a session:
    the newest version of that catalog, or the file that the session brought.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        store: Store | None = None,
        encoder: Encoder | None = None,
        language_model: LanguageModel | None = None,
        ranker: Callable[[Catalog, Encoder], Ranker] | None = None,
        retriever: Callable[[CatalogRetriever], CatalogRetriever] | None = None,
        in_background: bool = False,
        progress: bool = False,
    ) -> None:
        """Load all that a reply needs; the keyword arguments stand in for what settings name.

        `ranker` makes one that this floor knows nothing of, over the catalog and the encoder,
        `retriever` one out of that of the settings. With `in_background` encoder and language
        model are loaded beside the first turns; see `wait`.

        Raises `CatalogError`, `EncoderError`, `InteractionsError`, `MilvusError`, `StoreError` or
        `TemplateError`; a language model that can't be had leaves the recommender degraded,
        which `describe_model` says.
        """
        self.settings = settings
        found = find_catalog(settings.catalog, settings.data)
        self.templates = Templates.load()
        self._sessions = Sessions(settings, store)
        self._loading = ModelLoading(settings, encoder, language_model, in_background=in_background)
        self._calls = Calls(settings.at_once)
        self._own_ranker, self._own_retriever = ranker, retriever
        self._own: OwnFiles[Serving] = OwnFiles()
        self._live = Live(
            found, lambda newer: self._over(
                newer.catalog, open_found(newer, settings, self._loading.encoder, progress)
            ),
        )  # fmt: skip

    def _over(self, catalog: Catalog, retriever: CatalogRetriever) -> Serving:
        """All that answers about a catalog; store, encoder and model are shared."""
        if self._own_retriever is not None:
            retriever = self._own_retriever(retriever)
        ranker = self._own_ranker and self._own_ranker(catalog, self._loading.encoder)
        return Serving(
            catalog, retriever, self.settings, self.templates,
            lambda: self._loading.at_hand, ranker,
        )  # fmt: skip

    @property
    def store(self) -> Store:
        """Of the sessions that are kept."""
        return self._sessions.store

    @property
    def catalog(self) -> Catalog:
        """The newest version of the catalog that is served to all."""
        return self._live.served.catalog

    @property
    def retriever(self) -> CatalogRetriever:
        return self._live.served.retriever

    def of(self, session_id: str) -> Serving:
        """What serves a session; it stays as it is for the length of a turn."""
        return self._own.of(session_id) or self._live.newest()

    def settle(self, timeout_s: float = 60.0) -> None:
        """Wait until the newest version of the catalog is served, at most so long."""
        self._live.settle(timeout_s)

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait until encoder and language model are loaded; gives whether they are.

        Raises `EncoderError`, without which nothing can be found.
        """
        return self._loading.wait(timeout_s)

    def warm_up(self) -> None:
        """Have the language model prepare now what it would at later turns; some seconds."""
        self._loading.warm_up()

    def describe_model(self) -> dict[str, Any]:
        """What understands, ranks and explains, and by which weight; "degraded" says why nothing
        does, and "loading" is there where that will pass."""
        return self._live.served.describe_model()

    def close(self) -> None:
        self._calls.close()
        self._sessions.close()

    # --- a reply ----------------------------------------------------------------------

    def reply(self, session_id: str, utterance: str, picks: int | None = None) -> Iterator[Event]:
        """Answer an utterance as the next turn of a session.

        Closing the iterator stops the model and records the turn as stopped. Raises
        `UnknownSessionError`, and `UtteranceError` with a line for the user.
        """
        begun, here = time.perf_counter(), self.of(session_id)
        session, roles = self._sessions.session(session_id, here.catalog), here.roles
        heard = yield from self._hear(roles, session, utterance)
        read = here.understander.understand(session, utterance, heard)
        yield from self._answer(here, roles, session, read, begun, picks)

    def edit(self, session_id: str, edit: Edit, picks: int | None = None) -> Iterator[Event]:
        """Answer an edit of what was understood, as the next turn of a session.

        As `reply`, with what the edit did for an utterance. Raises `UnknownSessionError`, and
        `EditError` before anything is written.
        """
        begun, here = time.perf_counter(), self.of(session_id)
        session = self._sessions.session(session_id, here.catalog)
        state, told = _edited(here, session, edit)
        feedback.take_back_marks(self._sessions.store_of(session.id), session, state)
        read = here.understander.revise(session, state, told)
        yield from self._answer(here, here.roles, session, read, begun, picks)

    def _hear(
        self, roles: Roles, session: Session, utterance: str
    ) -> Generator[Event, None, ModelReading]:
        """What the language model reads in an utterance, where it is to; else nothing."""
        if roles.reader is None:
            return ModelReading()
        budget = self.settings.understand_budget_s
        try:
            read = roles.reader.read
            return (
                yield from alive(self._calls.run(budget, read, clean(utterance), session.state))
            )
        except (TimeoutError, ModelBusyError) as error:
            return ModelReading(problem=why(error, "understanding", budget))

    def _answer(
        self, here: Serving, roles: Roles, session: Session, read: Understanding, begun: float,
        picks: int | None,
    ) -> Iterator[Event]:  # fmt: skip
        """The reply to what was understood, recorded as the next turn."""
        turn = Turn(here, roles, self._calls, self._sessions, session, read, begun, picks)
        status = "failed"
        try:
            begun_with = replace(session, turn=session.turn + 1, state=read.state)
            yield Understood(begun_with, turn.instruction)
            yield from turn.respond()
            if read.asks_for_items:
                candidates, repeated = turn.retrieve()
                yield from turn.rank(candidates)
                yield Picked(turn.picks)
                yield from turn.explain(repeated)
            status = "complete"
        except GeneratorExit:
            status = "stopped"
            raise
        finally:
            turn.finish(status)
        yield Done(turn.reply())

    # --- sessions ---------------------------------------------------------------------

    def open_session(self, consent: str = KEPT) -> Session:
        """A new session with an id that can't be guessed.

        `consent` is what the visitor agreed to: "kept", "judged" (kept, and shown to
        annotators and learned from), or "" for a session that is held in memory alone, and
        for a day at most.
        """
        return self._sessions.open(consent)

    def consent(self, session_id: str) -> str:
        """What the visitor of a session agreed to; see `open_session`."""
        return self._sessions.store_of(session_id).consent(session_id)

    def keep_within_retention(self) -> None:
        """Forget conversations older than the settings let them be; looks once an hour at most."""
        self._sessions.keep_within_retention()

    def bring(
        self, seen: Look, name: str, told: Encoded | None = None
    ) -> tuple[Session, dict[str, Any]]:
        """A new session over a visitor's own file, and the card of that file.

        Nobody else reaches it; it ends with the session or with this process. `told` hears how
        many items are encoded. Raises `CatalogError`.
        """
        found, card = open_file(seen, name)
        retriever = open_in_memory(found.catalog, self.settings, self._loading.encoder, told)
        session = self._sessions.open("")  # nothing of it is to be kept
        ended = self._own.put(session.id, self._over(found.catalog, retriever))
        self._sessions.forget_passing(*ended)
        return session, card

    def brought(self, session_id: str) -> bool:
        """Whether a session is over a file of its visitor's own."""
        return self._own.of(session_id) is not None

    def session(self, session_id: str) -> Session:
        """The session as it stands after its last turn. Raises `UnknownSessionError`."""
        return self._sessions.session(session_id, self.of(session_id).catalog)

    def replies(self, session_id: str) -> list[Reply]:
        """All turns of a session as replies, oldest first; picks that left the catalog are gone."""
        return self._sessions.replies(session_id, self.of(session_id).catalog)

    def rewind(self, session_id: str, turn: int) -> Session:
        """Forget a turn and all after it, as undo, retry and edit do."""
        self._sessions.store_of(session_id).rewind(self.session(session_id).id, turn)
        return self.session(session_id)

    def preview(self, session_id: str, edit: Edit) -> str:
        """What an edit would do, in the words of its turn; with "" to a new conversation.

        Raises as `edit` does, and writes nothing.
        """
        here = self.of(session_id)
        session = self._sessions.session(session_id, here.catalog) if session_id else Session("")
        return _edited(here, session, edit)[1]

    def understood(self, session_id: str) -> tuple[Line, ...]:
        """What is held of a session, one line per thing."""
        catalog = self.of(session_id).catalog
        return lines(self._sessions.session(session_id, catalog).state, catalog)

    def export(self, session_id: str) -> dict[str, Any]:
        """All that is kept of a session, ready for JSON."""
        return self._sessions.export(session_id, self.of(session_id).catalog)

    def forget(self, session_id: str) -> dict[str, int]:
        """Delete all that is kept of a session; gives how many went, by kind: "turns",
        "picks", "ratings", "candidates" and "sessions". A file that it brought goes too."""
        self._own.drop(session_id)
        return self._sessions.forget(self.session(session_id))

    def feedback(
        self, session_id: str, item_id: str, kind: str, value: int | None = None
    ) -> Session:
        """Keep a judgement of a shown item and let the next turn know of it.

        `kind` is "rating" (with a value from 1 to 5), "not_for_me", "seen" or
        "more_like_this"; "seen" again takes it back. Raises `FeedbackError`.
        """
        catalog, store = self.of(session_id).catalog, self._sessions.store_of(session_id)
        session = self._sessions.session(session_id, catalog)
        return feedback.give(store, session, catalog, item_id, kind, value)

    def feedback_of(self, session_id: str) -> dict[str, dict[str, Any]]:
        """The judgements of a session by item: {"rating": 4, "seen": True}."""
        return feedback.given(self._sessions.store_of(session_id), session_id)


def _edited(here: Serving, session: Session, edit: Edit) -> tuple[DialogueState, str]:
    state = apply_edit(session.state, edit, here.understander, session.turn + 1)
    return state, summary(edit, *(lines(s, here.catalog) for s in (session.state, state)))
