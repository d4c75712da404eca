"""One turn while it is made: each stage of a reply, what it says and what it records.

The stages are called in their order by `Recommender`; each yields events as it goes.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Generator, Iterator
from dataclasses import replace
from typing import Any

from prompts.instruction import Instruction
from recommender import wording
from recommender.answers import answer
from recommender.calls import Answer, Calls, ModelBusyError
from recommender.dialogue import (
    Act,
    Degraded,
    DialogueState,
    Event,
    Pick,
    Reply,
    Session,
    TextChunk,
)
from recommender.language_model import LanguageModel
from recommender.live import removed
from recommender.ranking import RetrieverRanker, nouns_of, spread_picks
from recommender.serving import THE_MODEL, Roles, Serving
from recommender.sessions import Sessions
from recommender.understanding.understander import Understanding
from retrieval.retriever import Candidate, RetrieverWeights

log = logging.getLogger(__name__)
_STAGES = ("understand", "retrieve", "rank", "explain", "total")


class Turn:
    """What a reply gathers from what was understood to its last word."""

    def __init__(
        self, here: Serving, roles: Roles, calls: Calls, sessions: Sessions, session: Session,
        read: Understanding, begun: float, picks: int | None,
    ) -> None:  # fmt: skip
        """Write the turn down as begun, at `begun` of `time.perf_counter`; `picks` is how many
        are asked for, None leaves it to the settings."""
        self.here, self.roles, self.calls, self.sessions = here, roles, calls, sessions
        self.session, self.read, self.begun = session, read, begun
        self.settings = here.settings
        self.wanted = picks or self.settings.picks
        self.instruction: Instruction = here.templates.choose(read.aspects).render(
            read.aspects, nouns_of(here.catalog)
        )
        self.picks: tuple[Pick, ...] = ()
        self.message = ""
        self.degraded: str | None = None
        self.suggestions: tuple[str, ...] = ()
        self.timings_ms = dict.fromkeys(_STAGES, 0.0)
        self.store = sessions.store_of(session.id)
        self.row = self.store.begin_turn(
            session.id, session.turn + 1, read.utterance, " ".join(read.acts),
            self.instruction.as_dict(), read.state.as_dict(),
        )  # fmt: skip
        self._timed("understand", begun)

    # --- the stages, in their order ---------------------------------------------------

    def respond(self) -> Iterator[Event]:
        """What is said apart from picks: what left the catalog, answers, a question back, small
        talk."""
        read, catalog = self.read, self.here.catalog
        spoken_of = [i for one in read.questions for i in one.item_ids]
        spoken_of += [m.item_id for m in read.state.liked if m.turn > self.session.turn]
        lost = removed((*spoken_of, *(i for i, _ in read.rated)), catalog)
        if lost:
            yield from self._say(wording.left_the_catalog(lost) + "\n")
        for item_id, stars in read.rated:
            self.store.rate(self.session.id, self.session.turn + 1, item_id, "rating", stars)
        if read.questions:
            self.suggestions = wording.chips(read.state, (), catalog)
            asks_why = any(one.act is Act.WHY for one in read.questions)
            picked = self._picked_before() if asks_why else {}
            answers = [answer(one, catalog, picked, read.state) for one in read.questions]
            yield from self._say("\n".join(answers))
        if read.state.choice is not None:
            self.suggestions = wording.choice_chips(read.state.choice, catalog)
            yield from self._say(wording.which_one(read.state.choice, catalog))
        elif not read.asks_for_items and not read.questions:
            yield from self._say(wording.small_talk(read, catalog))
        elif Act.OFF_TOPIC in read.acts:
            yield from self._say(wording.aside(catalog))
        if self.message and read.asks_for_items:
            yield from self._say("\n\n")

    def retrieve(self) -> tuple[list[Candidate], bool]:
        """Candidates, and whether they had to be taken from what was shown before."""
        since, query = time.perf_counter(), self.read.query
        count = max(self.settings.candidates, self.wanted)
        candidates = self.here.retriever.retrieve(query, count)
        repeated = not candidates and bool(self.read.state.shown)
        if repeated:
            again = replace(query, without=self.read.state.excluded)
            candidates = self.here.retriever.retrieve(again, count)
        self._timed("retrieve", since)
        return candidates, repeated and bool(candidates)

    def rank(self, candidates: list[Candidate]) -> Iterator[Event]:
        """The picks, with composed reasons, recorded beside all candidates; where the model
        fails or takes too long, in the retriever's order."""
        since, budget = time.perf_counter(), self.settings.rank_budget_s
        self.degraded = self.roles.at_hand.problem or None
        rank = self.roles.ranker.rank
        try:
            call = self.calls.run(budget, rank, self.instruction, candidates)
            ranked = yield from alive(call)
        except Exception as error:
            self.degraded = why(error, "ranking", budget, self.here.who_ranks)
            ranked = RetrieverRanker().rank(self.instruction, candidates)
        if self.degraded:
            yield Degraded(self.degraded)
        if self.read.query.varied:  # the candidates were spread; the ranker's order is not
            vectors = self.here.retriever.vectors_of([pick.item.id for pick in ranked])
            ranked = spread_picks(ranked, vectors, self.wanted, RetrieverWeights.variety)
        composed = self.here.explainer.composed
        self.picks = tuple(composed(pick, self.read.state) for pick in ranked[: self.wanted])
        self._timed("rank", since)
        # A rating given since the turn was written down must not be lost.
        kept = DialogueState.from_dict(self.store.state_of_turn(self.row))
        state = _with_shown(kept, self.picks)
        self.store.record_ranking(self.row, ranked, self.picks, state.as_dict())
        self.read = replace(self.read, state=_with_shown(self.read.state, self.picks))

    def explain(self, repeated: bool) -> Iterator[Event]:
        """The message: opening, one line for each pick, a question where the wish is vague."""
        since, read, catalog = time.perf_counter(), self.read, self.here.catalog
        if not self.picks:
            limits = self.here.retriever.filter
            self.suggestions = wording.conflict_chips(read, limits)
            yield from self._say(wording.nothing_fits(read, catalog, limits))
            self._timed("explain", since)
            return
        self.suggestions = wording.chips(read.state, self.picks, catalog)
        yield from self._say(wording.opening(read, catalog, repeated))
        for place, pick in enumerate(self.picks):
            model = self.roles.model
            if place < self.settings.explained and not self.degraded and model is not None:
                for written in self._write(model, pick, since):
                    if written is None:
                        yield TextChunk("")
                    else:
                        pick = written
                if self.degraded:
                    yield Degraded(self.degraded)
            self.picks = (*self.picks[:place], pick, *self.picks[place + 1 :])
            yield from self._say(f"\n{pick.rank}. {pick.item.name}: {pick.reason}")
        asked_before = self.store.message_before(self.row).rstrip().endswith("?")
        question = wording.closing_question(read.state, catalog, asked_before)
        if question:
            yield from self._say(f"\n\n{question}")
        self._timed("explain", since)

    def finish(self, status: str) -> None:
        """Complete the record. `status` is "complete", "stopped" or "failed"."""
        self._timed("total", self.begun)
        self.store.finish_turn(
            self.row, status=status, message=self.message, picks=self.picks,
            degraded=self.degraded, model=self._who_answered(), timings_ms=self.timings_ms,
            suggestions=self.suggestions,
        )  # fmt: skip

    def reply(self) -> Reply:
        """The whole of it, once it is finished."""
        return Reply(
            session=self.session.id,
            turn=self.session.turn + 1,
            utterance=self.read.utterance,
            acts=self.read.acts,
            instruction=self.instruction,
            state=self.read.state,
            picks=self.picks,
            message=self.message,
            degraded=self.degraded,
            model=self._who_answered(),
            timings_ms=self.timings_ms,
            suggestions=self.suggestions,
        )

    # --- inside -----------------------------------------------------------------------

    def _write(self, model: LanguageModel, pick: Pick, since: float) -> Iterator[Pick | None]:
        """The model's reason for a pick; whatever goes wrong, the composed one stands."""
        budget = self.settings.explain_budget_s
        written = self.here.explainer.write(model, pick, self.instruction, self.read.state)
        try:
            for step in written:
                if time.perf_counter() - since > budget:
                    raise TimeoutError
                yield step
        except Exception as error:
            self.degraded = why(error, "writing reasons", budget)
        finally:
            written.close()  # type: ignore[attr-defined]

    def _say(self, text: str) -> Iterator[Event]:
        self.message += text
        yield TextChunk(text)

    def _picked_before(self) -> dict[str, Pick]:
        """The last pick of each item in the session."""
        replies = self.sessions.replies(self.session.id, self.here.catalog)
        return {pick.item.id: pick for reply in replies for pick in reply.picks}

    def _who_answered(self) -> dict[str, Any]:
        return self.here.describe_model(self.roles) | {"understanding": self.read.read_by}

    def _timed(self, stage: str, since: float) -> None:
        self.timings_ms[stage] = round((time.perf_counter() - since) * 1000, 1)


def alive(call: Generator[None, None, Answer]) -> Generator[Event, None, Answer]:
    """A call's signs of life as events that say nothing, so that a visitor who stops need not
    wait for it; then its answer."""
    try:
        while True:
            next(call)
            yield TextChunk("")
    except StopIteration as over:
        answer: Answer = over.value
        return answer
    finally:
        call.close()


def _with_shown(state: DialogueState, picks: tuple[Pick, ...]) -> DialogueState:
    shown = tuple(pick.item.id for pick in picks)
    known = tuple(dict.fromkeys((*state.shown, *shown)))
    return replace(state, shown=known, last_shown=shown or state.last_shown)


def why(error: Exception, doing: str, budget_s: float, who: str = THE_MODEL) -> str:
    """A line for the user; the trace goes to the log."""
    if isinstance(error, TimeoutError):
        return f"{who} took longer than {budget_s:g} s for {doing}"
    if isinstance(error, ModelBusyError):
        return f"{who} is busy: {error}"
    log.warning("%s failed at %s: %s", who, doing, error)
    log.debug("the trace", exc_info=error)
    return f"{who} failed at {doing} ({type(error).__name__})"
