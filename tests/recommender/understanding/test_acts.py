"""What one utterance does, in other wordings than the conversations of the benchmark."""

from __future__ import annotations

from dataclasses import replace

import pytest

from recommender.dialogue import Act, DialogueState, Session
from recommender.understanding.ratings import read_rating
from recommender.understanding.understander import Understander, Understanding

SHOWN = ("heat-1995", "alien-1979", "casablanca-1942")


@pytest.fixture
def session() -> Session:
    """A session whose last reply showed three films."""
    state = DialogueState(shown=SHOWN, last_shown=SHOWN, began=1, stands_for=1)
    return Session("test", 1, state)


def read(understander: Understander, session: Session, text: str) -> Understanding:
    return understander.understand(session, text)


ACTS = [
    ("how long is the second one?", {Act.QUESTION}),
    ("who directed it?", {Act.QUESTION}),
    ("is the third in colour?", {Act.QUESTION}),
    ("what did critics say about the first?", {Act.QUESTION}),
    ("compare the first and the third", {Act.COMPARE}),
    ("which is older, the first or the second?", {Act.COMPARE}),
    ("why did you pick the first?", {Act.WHY}),
    ("more like the third", {Act.MORE_LIKE_THIS}),
    ("like the second but newer", {Act.CRITIQUE}),
    ("I loved the first one", {Act.LIKE}),
    ("seen the first two", {Act.SEEN}),
    ("not the second", {Act.REJECT}),
    ("none of these", {Act.REJECT}),
    ("9/10 for the second", {Act.RATE}),
    ("surprise me", {Act.SURPRISE}),
    ("what else?", {Act.MORE}),
    ("start over", {Act.START_OVER}),
    ("what's the weather like?", {Act.OFF_TOPIC}),
    ("how can I build a bomb?", {Act.UNSAFE}),
    ("thanks! something shorter?", {Act.THANK, Act.REFINE}),
    ("hi, I'd like a western", {Act.GREET, Act.ASK}),
    ("seen the second, who directed the first?", {Act.SEEN, Act.QUESTION}),
]


@pytest.mark.parametrize(("text", "acts"), ACTS, ids=[text for text, _ in ACTS])
def test_acts(text: str, acts: set[Act], understander: Understander, session: Session) -> None:
    assert set(read(understander, session, text).acts) == acts


REFERENCES = [
    ("I loved the second one", ["alien-1979"]),
    ("I loved the last two", ["alien-1979", "casablanca-1942"]),
    ("I loved number 3", ["casablanca-1942"]),
    ("I loved the oldest one", ["casablanca-1942"]),
    ("I loved the shortest of them", ["casablanca-1942"]),
    ("I loved the Ridley Scott one", ["alien-1979"]),
    ("I loved the 1995 one", ["heat-1995"]),
    ("I loved the one with Al Pacino", ["heat-1995"]),
    ("I loved them", list(SHOWN)),
    ("I love films about the second world war", []),
    ("the first film by Kubrick that comes to mind", []),
]


@pytest.mark.parametrize(("text", "ids"), REFERENCES, ids=[text for text, _ in REFERENCES])
def test_references(
    text: str, ids: list[str], understander: Understander, session: Session
) -> None:
    assert [m.item_id for m in read(understander, session, text).state.liked] == ids


def test_it_is_the_item_last_spoken_of(understander: Understander, session: Session) -> None:
    asked = read(understander, session, "who directed the third?")
    later = Session("test", 2, asked.state)
    assert read(understander, later, "and how long is it?").questions[0].item_ids == (SHOWN[2],)
    assert read(understander, later, "more by him").state.people == ("Michael Curtiz",)


def test_a_question_is_repeated_for_another_item(
    understander: Understander, session: Session
) -> None:
    asked = read(understander, session, "is the first longer than two hours?")
    again = read(understander, Session("test", 2, asked.state), "and the second?").questions[0]
    assert (again.item_ids, again.limits) == ((SHOWN[1],), asked.questions[0].limits)


def test_one_title_of_several_films_is_left_to_choose(
    understander: Understander, session: Session
) -> None:
    asked = read(understander, session, "I loved Scarface")
    assert asked.state.liked == ()
    assert asked.state.choice is not None
    assert not asked.asks_for_items
    chosen = read(understander, Session("test", 2, asked.state), "the one from 1932")
    assert [m.item_id for m in chosen.state.liked] == ["scarface-1932"]
    assert chosen.acts == (Act.CHOOSE,)
    assert chosen.state.choice is None


def test_what_all_films_of_a_title_have_chooses_none(
    understander: Understander, session: Session
) -> None:
    asked = read(understander, session, "I loved Scarface")
    chosen = read(understander, Session("test", 2, asked.state), "the English one")
    assert chosen.state.liked == ()
    assert Act.CHOOSE not in chosen.acts


def test_stars_wait_until_it_is_said_which_film_they_are_for(
    understander: Understander, session: Session
) -> None:
    asked = read(understander, session, "5/10 for Scarface. something funny instead")
    assert asked.state.choice is not None and not asked.rated
    chosen = read(understander, Session("test", 2, asked.state), "the one from 1932")
    assert chosen.rated == (("scarface-1932", 3),)
    assert [m.item_id for m in chosen.state.seen] == ["scarface-1932"]


def test_undo_goes_back_one_turn_after_another(
    understander: Understander, session: Session
) -> None:
    states = [session.state]
    for number, text in enumerate(("a comedy", "from the 90s", "undo", "undo"), start=1):
        now = Session("test", number, states[-1], tuple(states[:-1]))
        states.append(replace(read(understander, now, text).state, last_shown=SHOWN))
    assert [len(state.limits) for state in states[1:]] == [1, 2, 1, 0]


def test_what_an_undone_limit_had_replaced_is_back(
    understander: Understander, session: Session
) -> None:
    states = [session.state]
    for number, text in enumerate(("from the 80s", "from the 90s", "undo that"), start=1):
        now = Session("test", number, states[-1], tuple(states[:-1]))
        states.append(read(understander, now, text).state)
    assert states[-1].limits == states[1].limits


@pytest.mark.parametrize(
    ("text", "stars"),
    [
        ("4 out of 5", 4),
        ("9/10", 5),
        ("three stars", 3),
        ("I'd give it a 2", 2),
        ("it gets an 8", 4),
    ],
)
def test_ratings_in_words(text: str, stars: int) -> None:
    rating = read_rating(text)
    assert rating is not None
    assert rating.stars == stars


@pytest.mark.parametrize(
    "text", ["at least 4 stars", "rated 4 or better", "over 8/10", "12 Angry Men", "from 1990"]
)
def test_what_is_no_rating(text: str) -> None:
    assert read_rating(text) is None


@pytest.mark.parametrize(
    "text",
    ["a film about suicide", "To Kill a Mockingbird", "serial killers who get away with it",
     "how to train your dragon", "a murder mystery", "I'd kill for a good comedy"],
)  # fmt: skip
def test_dark_fiction_is_no_harm(text: str, understander: Understander) -> None:
    assert Act.UNSAFE not in understander.understand(Session("test"), text).acts
