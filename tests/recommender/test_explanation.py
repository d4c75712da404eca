"""Reasons: the model's sentence where it holds, the composed one everywhere else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from scripted_models import ScriptedModel

from prompts.instruction import Aspects, Instruction, Intention, TaskForm
from recommender.dialogue import DialogueState, Evidence, Leaning, Mention, Phrase, Pick
from recommender.evidence import gather
from recommender.explanation import Explainer, frame_of
from retrieval.catalog import Catalog

STATE = DialogueState(
    wish=(Phrase("a scary film", 1),),
    leanings=(Leaning("genres", ("Horror", "Thriller"), "scary", 1),),
)
INSTRUCTION = Instruction(
    Aspects(wish="a scary film in space", intention=Intention.VAGUE), TaskForm.RERANKING, "t", "…"
)


@pytest.fixture(scope="module")
def explainer(films: Catalog) -> Explainer:
    return Explainer(films)


@pytest.fixture
def pick(explainer: Explainer, films: Catalog) -> Pick:
    return explainer.composed(Pick(films["hull"], 1, 0.5, 0.5, 0.5), STATE)


def written_by(
    explainer: Explainer, model: ScriptedModel, pick: Pick
) -> tuple[Pick, list[Pick | None]]:
    *before, last = explainer.write(model, pick, INSTRUCTION, STATE)
    assert last is not None
    return last, before


def test_a_composed_reason_says_so(pick: Pick) -> None:
    assert pick.written_by == "composed"
    assert (
        pick.reason
        == "A 1979 horror and science fiction film by Orla Finch: you asked for “scary”."
    )
    assert pick.evidence == (
        Evidence("item", "genres", "Horror"), Evidence("user", "turn 1", "scary"),
    )  # fmt: skip


def test_a_sentence_that_holds_takes_its_place(explainer: Explainer, pick: Pick) -> None:
    model = ScriptedModel(pieces=("A horror film ", "of dread", "."))
    reason, before = written_by(explainer, model, pick)
    assert reason.reason == "A horror film of dread."
    assert reason.written_by == "model"
    assert before == [None, None]
    assert reason.evidence == (
        Evidence("item", "genres", "Horror"), Evidence("item", "keywords", "dread"),
        Evidence("user", "turn 1", "scary"),
    )  # fmt: skip
    assert (reason.rank, reason.score, reason.item) == (pick.rank, pick.score, pick.item)


@pytest.mark.parametrize(
    "text",
    ["A comedy.", "A horror film", "", "Sure! A horror film.", "<b>A horror film.</b>", "\n"],
)
def test_a_sentence_that_does_not_hold_leaves_the_composed_one(
    explainer: Explainer, pick: Pick, text: str
) -> None:
    reason, _ = written_by(explainer, ScriptedModel(pieces=(text,)), pick)
    assert reason == pick


@pytest.mark.parametrize(
    "text",
    [
        "A horror film. It has zombies.", "A horror film.\nA comedy.", "\n A horror film. ",
        '"A horror film."',
    ],
)  # fmt: skip
def test_only_the_first_sentence_counts(explainer: Explainer, pick: Pick, text: str) -> None:
    reason, _ = written_by(explainer, ScriptedModel(pieces=tuple(text)), pick)
    assert reason.reason.strip('"') == "A horror film."
    assert reason.written_by == "model"


def test_the_model_is_stopped_at_the_end_of_the_sentence(explainer: Explainer, pick: Pick) -> None:
    taken: list[str] = []

    def pieces() -> Iterator[str]:
        for piece in ("A horror film", ".", " And", " more"):
            taken.append(piece)
            yield piece

    model = ScriptedModel(pieces=pieces)
    written_by(explainer, model, pick)
    assert taken == ["A horror film", "."]
    assert model.streams_ended == 1


def test_an_initial_is_no_end_of_a_sentence(films: Catalog) -> None:
    item = films["garden"]
    with_name = type(item)(
        item.id, item.title, item.facets, item.numbers,
        {"synopsis": "A judge calls on Mr. Otis B. Finch in a garden."},
    )  # fmt: skip
    catalog = Catalog("one", [with_name], films.fields.values(), nouns=("film", "films"))
    sentence = "A documentary film, in which a judge calls on Mr. Otis B. Finch."
    start = Explainer(catalog).composed(Pick(with_name, 1, 0.5, 0.5), DialogueState())
    pieces = tuple(f"{word} " for word in sentence.split())
    *_, last = Explainer(catalog).write(
        ScriptedModel(pieces=pieces), start, INSTRUCTION, DialogueState()
    )
    assert last is not None
    assert last.reason == sentence


def test_closing_the_writing_stops_the_model(explainer: Explainer, pick: Pick) -> None:
    model = ScriptedModel(pieces=("A ",) * 1000)
    writing = explainer.write(model, pick, INSTRUCTION, STATE)
    assert next(writing) is None
    assert (model.streams_begun, model.streams_ended) == (1, 0)
    writing.close()  # type: ignore[attr-defined]
    assert model.streams_ended == 1


def test_the_model_sees_the_request_and_the_facts(explainer: Explainer, pick: Pick) -> None:
    model = ScriptedModel()
    written_by(explainer, model, pick)
    [(messages, frame)] = model.heard
    assert frame is None
    assert messages[0][0] == "system"
    role, last = messages[-1]
    assert role == "user"
    assert last == (
        "Request: a scary film in space\nTitle: The Hollow Hull\n"
        "Facts: horror, science fiction; themes: deep space, isolation, dread\n"
        f"Story: {pick.item.texts['synopsis']}"
    )


def test_a_small_model_gets_a_frame(explainer: Explainer, pick: Pick, films: Catalog) -> None:
    model = ScriptedModel(writes_freely=False)
    written_by(explainer, model, pick)
    [(_, frame)] = model.heard
    assert frame == frame_of(pick.item, films, gather(pick.item, STATE, films))


def test_a_frame_holds_values_whole_and_prose_in_runs(films: Catalog) -> None:
    state = DialogueState(leanings=STATE.leanings, liked=(Mention("orbit", "it", 1),))
    frame = frame_of(films["hull"], films, gather(films["hull"], state, films))
    phrases = {slot: [text for text, _ in found] for slot, found in frame.phrases.items()}
    assert phrases["lead"] == ["You asked for “scary”:", "You liked Slow Orbit:"]
    assert phrases["category"] == ["a horror", "a science fiction"]
    assert phrases["theme"][0] == "with the theme deep space"
    assert phrases["story"] == [
        ", in which a salvage crew wakes far from home, boards a silent ship",
        ", in which a salvage crew wakes far from home, boards a silent ship and finds that its "
        "cargo does not sleep",
    ]
