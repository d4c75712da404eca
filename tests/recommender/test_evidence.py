"""Composed reasons: whatever they name is in the item, or was said by the user."""

from __future__ import annotations

import re
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.claims import ClaimCheck
from recommender.dialogue import DialogueState, Evidence, Leaning, Mention, Phrase, Session
from recommender.dialogue import StatedLimit as Stated
from recommender.evidence import Answer, Shared, compose, evidence_of, gather
from recommender.understanding.understander import Understander
from retrieval.catalog import Catalog, Field, Item, Kind, fold, load_catalog
from retrieval.limits import Limit

# All that a composed sentence may say by itself.
OWN_WORDS = (
    "a an film by for of and you asked your in part like liked another also with as well at minutes"
)
SENTENCE_WORDS = set(OWN_WORDS.split())
REQUESTS = (
    "a scary film set in space, nothing after 1990",
    "I loved Alien and Amélie. Something gentle and funny, under two hours",
    "a French crime film by Jean-Pierre Melville, not a comedy",
    "something with Tom Hanks from the 90s about friendship",
    "a Japanese animated film with magic, I love stories about childhood",
    "a black and white heist, at least 100 minutes",
    "surprise me",
)


CHECK = ClaimCheck(load_catalog("movies"))


@cache
def bundled() -> Catalog:
    return load_catalog("movies")


@cache
def state_of(request: str) -> DialogueState:
    return Understander(bundled()).understand(Session("s"), request).state


def said_in(state: DialogueState, catalog: Catalog) -> set[str]:
    phrases = {p.words for p in (*state.wish, *state.taste)}
    phrases |= {one.words for one in (*state.limits, *state.leanings, *state.taste_leanings)}
    return phrases | {catalog[m.item_id].title for m in state.liked}


@given(st.data())
@settings(max_examples=120, deadline=None)
def test_every_named_thing_is_backed(data: st.DataObject) -> None:
    movies = bundled()
    item = data.draw(st.sampled_from(movies.items))
    state = state_of(data.draw(st.sampled_from(REQUESTS)))
    backing = gather(item, state, movies)
    sentence = compose(item, backing, state, movies)
    said = said_in(state, movies)
    assert set(re.findall("“([^”]*)”", sentence)) <= said
    rest = re.sub("“[^”]*”", " ", sentence)
    held = {word for f in movies.fields for v in item.values(f) for word in fold(v).split()
            if movies.fields[f].kind is not Kind.TEXT}  # fmt: skip
    assert set(fold(rest).split()) <= held | SENTENCE_WORDS
    assert sentence.endswith(".")
    verdict = CHECK.check(sentence, item, state)
    assert verdict.passed or verdict.objection == "repeats itself", (sentence, verdict.objection)
    assert "  " not in sentence
    evidence = evidence_of(backing, item, movies)
    assert any(e.source == "item" for e in evidence)
    assert len(set(evidence)) == len(evidence)
    for e in evidence:
        assert e.value in (item.values(e.field) if e.source == "item" else said)


LEANING = Leaning("genres", ("Horror", "Thriller"), "scary", 1)
UNTIL_1990 = Stated(Limit(("year",), maximum=1990), "nothing after 1990", 2)
UNDER_2_HOURS = Stated(Limit(("runtime",), maximum=119), "under two hours", 3)


def test_a_leaning_is_answered_by_the_values_that_the_item_has(films: Catalog) -> None:
    backing = gather(films["hull"], DialogueState(leanings=(LEANING,)), films)
    assert backing.answers == (Answer("scary", 1, "genres", ("Horror",)),)
    assert gather(films["tin"], DialogueState(leanings=(LEANING,)), films).answers == ()


def test_a_lasting_taste_stands_in_where_no_leaning_is_of_the_moment(films: Catalog) -> None:
    state = DialogueState(taste_leanings=(LEANING,))
    assert gather(films["hull"], state, films).answers[0].words == "scary"


def test_limits_are_answered_by_value_or_number(films: Catalog) -> None:
    polish = Stated(Limit(("language",), ("Polish",)), "Polish", 1)
    state = DialogueState(limits=(polish, UNTIL_1990, UNDER_2_HOURS))
    assert gather(films["hull"], state, films).answers == (
        Answer("nothing after 1990", 2, "year", ("1979",)),
        Answer("under two hours", 3, "runtime", ("101",)),
    )


def test_what_an_item_is_not_is_no_answer(films: Catalog) -> None:
    no_comedy = Stated(Limit(("genres",), ("Comedy",), negated=True), "no comedy", 1)
    assert gather(films["hull"], DialogueState(limits=(no_comedy,)), films).answers == ()


def test_a_theme_is_found_in_the_wish(films: Catalog) -> None:
    state = DialogueState(wish=(Phrase("about lamps and haunted houses", 4),))
    assert gather(films["lamps"], state, films).answers == (
        Answer("about lamps and haunted houses", 4, "keywords", ("haunted house",)),
    )


def test_what_is_shared_with_a_liked_item_names_it(films: Catalog) -> None:
    state = DialogueState(liked=(Mention("hull", "I loved The Hollow Hull", 1),))
    assert gather(films["orbit"], state, films).shared == (
        Shared("The Hollow Hull", 1, "genres", ("Science Fiction",)),
        Shared("The Hollow Hull", 1, "keywords", ("deep space",)),
        Shared("The Hollow Hull", 1, "cast", ("Mara Quill",)),
    )
    assert gather(films["hull"], state, films).shared == ()


def test_what_most_items_have_is_not_worth_saying(films: Catalog) -> None:
    """Eight of the fourteen films are in English, and so these two."""
    state = DialogueState(liked=(Mention("saddle", "Dust on the Saddle", 1),))
    english = [s for s in gather(films["tin"], state, films).shared if s.field == "language"]
    assert english == []


def test_a_liked_item_that_left_the_catalog_is_passed_over(films: Catalog) -> None:
    state = DialogueState(liked=(Mention("gone", "Gone", 1),))
    assert gather(films["hull"], state, films).shared == ()


@pytest.mark.parametrize(
    ("item_id", "state", "sentence"),
    [
        ("hull", DialogueState(leanings=(LEANING,)),
         "A 1979 horror and science fiction film by Orla Finch: you asked for “scary”."),
        ("tin", DialogueState(limits=(UNDER_2_HOURS,)),
         "A 1972 animation and family film by Bea Lund of toys and friendship, at 71 minutes."),
        ("orbit", DialogueState(liked=(Mention("hull", "it", 1),)),
         "A 2014 science fiction and drama film by Pavel Zdunek; you liked “The Hollow Hull”, "
         "also with Mara Quill."),
        ("saddle", DialogueState(wish=(Phrase("a western about lamps", 1),)),
         "A 1956 western film by Hank Ollery of revenge and desert, in part like your "
         "“a western about lamps”."),
    ],
)  # fmt: skip
def test_sentences_read_as_worked_by_hand(
    films: Catalog, item_id: str, state: DialogueState, sentence: str
) -> None:
    item = films[item_id]
    assert compose(item, gather(item, state, films), state, films) == sentence


def test_without_an_answer_the_evidence_is_what_the_item_is(films: Catalog) -> None:
    backing = gather(films["saddle"], DialogueState(), films)
    assert evidence_of(backing, films["saddle"], films) == (
        Evidence("item", "genres", "Western"),
        Evidence("item", "keywords", "revenge"),
        Evidence("item", "keywords", "desert"),
        Evidence("item", "language", "English"),
    )


def test_an_item_with_nothing_but_a_title_gets_a_sentence(films: Catalog) -> None:
    bare = Item("bare", "Bare", {}, {}, {})
    assert compose(bare, gather(bare, DialogueState(), films), DialogueState(), films) == "A film."


def test_an_actor_is_not_called_the_maker() -> None:
    """A catalog without a card has no roles; its first people may be the cast."""
    fields = [Field("cast", Kind.PERSON, "cast"), Field("authors", Kind.PERSON, "authors")]
    acted = Item("a", "A", {"cast": ("Mara Quill",)}, {}, {})
    written = Item("b", "B", {"cast": ("Mara Quill",), "authors": ("Orla Finch",)}, {}, {})
    catalog = Catalog("plays", [acted, written], fields, nouns=("play", "plays"))
    state = DialogueState()
    assert compose(acted, gather(acted, state, catalog), state, catalog) == "A play."
    assert compose(written, gather(written, state, catalog), state, catalog) == (
        "A play by Orla Finch."
    )


def test_a_rare_kind_is_no_adjective_and_capitals_stay_where_they_belong() -> None:
    fields = [Field("platform", Kind.CATEGORY, "platform")]
    kinds = ["PC", "PlayStation 3", "Sci-Fi", "Board games"]
    items = [
        Item(f"g{n}", f"Game {n}", {"platform": (kinds[n % 4],)}, {}, {}) for n in range(1_400)
    ]
    items[8] = Item("g8", "Game 8", {"platform": ("Abandoned mines",)}, {}, {})
    shop = Catalog("shop", items, fields, nouns=("game", "games"))
    told = [compose(i, gather(i, DialogueState(), shop), DialogueState(), shop) for i in items[4:9]]
    assert told == ["A PC game.", "A PlayStation 3 game.", "A sci-fi game.", "A board games game.",
                    "A game."]  # fmt: skip
