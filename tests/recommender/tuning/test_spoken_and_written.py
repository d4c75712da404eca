"""Conversations end before the answer; reasons hold against the claim check; quality sees faults."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest
from small_data import write_dialogues, write_games

from prompts.instruction import Aspects, Intention
from prompts.templates import Templates
from recommender.claims import ClaimCheck
from recommender.dialogue import DialogueState, Leaning, Phrase
from recommender.tuning import quality, read_dialogues, read_games
from recommender.tuning.behaviour import Behaviour, is_for_testing, split_of_item
from recommender.tuning.cases import Cases
from recommender.tuning.filling import Filled, Filler
from recommender.tuning.negatives import NegativeMix, Negatives
from recommender.tuning.spoken import Spoken
from recommender.tuning.teacher import SalientPhrases
from recommender.tuning.wishes import Trait, Wish, WishMaker
from recommender.tuning.written import Reasons
from retrieval.catalog import Catalog, load_catalog

TEMPLATES = Templates.load()


def spoken_of(behaviour: Behaviour) -> Spoken:
    cases = Cases(behaviour, Negatives(behaviour), 700)
    return Spoken(behaviour, cases, WishMaker(behaviour.catalog, SalientPhrases()))


def test_a_recorded_conversation_ends_before_the_film_is_named(tmp_path: Path) -> None:
    write_dialogues(tmp_path, 30)
    source = read_dialogues.read(tmp_path)
    assert source is not None
    welcome = {talk.id: talk.welcome for talk in source.talks}
    spoken = spoken_of(source)
    for seed in range(60):
        for split in ("train", "validation"):
            drawn = spoken.draw(split, random.Random(seed))
            assert drawn is not None and drawn.case.user is not None
            assert {drawn.case.target.id} == welcome[drawn.case.user]
            assert not is_for_testing(drawn.case.user)
            assert (split == "train") == (split_of_item(drawn.case.user) == "train")
            assert drawn.text.startswith("User: Something like Film")
            assert drawn.case.target.title not in drawn.text and "Try" not in drawn.text


def test_a_conversation_put_together_tells_history_and_wish(tmp_path: Path) -> None:
    write_games(tmp_path)
    source = read_games.read(tmp_path)
    assert source is not None
    spoken, wished = spoken_of(source), 0
    for seed in range(40):
        drawn = spoken.draw("train", random.Random(seed))
        assert drawn is not None
        lines = drawn.text.splitlines()
        assert [line.split(":")[0] for line in lines[-2:]] == ["Recommender", "User"]
        assert all(title in drawn.text for title in drawn.aspects.history)
        if drawn.wish is not None:
            wished += 1
            assert drawn.wish.words.lower() in lines[-1].lower()
    assert wished > 10


def test_every_explanation_passes_the_check_of_the_chat(movies: Catalog) -> None:
    reasons, check = Reasons(movies), ClaimCheck(movies)
    wish = Wish(Intention.VAGUE, "something scary", traits=(
        Trait("scary", "genres", frozenset({"Horror", "Thriller"})),))  # fmt: skip
    aspects = Aspects(wish=wish.words, intention=Intention.VAGUE)
    state = DialogueState(
        wish=(Phrase("something scary", 1),),
        leanings=(Leaning("genres", ("Horror", "Thriller"), "scary", 1),),
    )
    alien = movies["alien-1979"]
    written = {reasons.sentence(alien, aspects, wish, random.Random(n)) for n in range(30)} - {""}
    assert len(written) > 5
    for sentence in written:
        assert check.check(sentence, alien, state).passed
        assert sentence.startswith("You asked for “scary”:") and sentence.count(".") == 1
    facts = reasons.facts(alien, aspects)
    assert facts.startswith("Request: something scary\nTitle: Alien\nFacts: horror")


def test_a_kind_is_told_by_categories_and_theme(movies: Catalog) -> None:
    assert Reasons(movies).kind(movies["alien-1979"]) == (
        "a horror and science fiction film about deep space"
    )


@pytest.fixture(scope="module")
def filled() -> Filled:
    """A wish of the bundled films, filled in for reranking."""
    catalog = load_catalog("movies")
    filler = Filler(Behaviour("films", catalog), SalientPhrases(), NegativeMix(), 700)
    template = TEMPLATES.by_id["rerank-taste-specific"]
    draws = (filler.fill(template, "train", 0, random.Random(n)) for n in range(50))
    return next(f for f in draws if f is not None)


def test_the_questions_of_quality_say_yes_and_no(filled: Filled) -> None:
    catalog = load_catalog("movies")
    asked = (quality.taste_from_own_items, quality.taste_fits_user,
             quality.wish_from_own_target, quality.wish_fits_target_alone)  # fmt: skip
    assert [question(filled, catalog) for question in asked] == [True] * 4
    foreign = replace(filled.aspects, taste=("I like submarines",), wish="a film about submarines")
    worse = replace(filled, aspects=foreign, negatives=(filled.case.target,))
    assert [question(worse, catalog) for question in asked] == [False] * 4
    war = replace(filled.aspects, taste=("I have a weakness for war",))  # an everyday word
    films = tuple(i for i in catalog.items if "War" in i.facets["genres"])[:4]
    warlike = replace(filled, aspects=war, case=replace(filled.case, history=films))
    assert quality.taste_fits_user(warlike, catalog)
    nothing = replace(filled, aspects=Aspects(), wish=None)
    assert [question(nothing, catalog) for question in asked] == [None] * 4
