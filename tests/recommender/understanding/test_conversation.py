"""Several turns: what stays, what gives way, and what is taken back."""

from __future__ import annotations

import pytest
from conversing import Talk
from notation import of_limits

from recommender.dialogue import Act
from retrieval.catalog import Catalog

# Turns, and the limits after the last of them. Heat (1995, 170 min) and Alien (1979, 117
# min) are shown in every turn: their middle is the year 1987 and 143.5 minutes.
TALKS = [
    (["a horror film", "from the 80s"], "genres=Horror;year 1980-1989"),
    (["a drama", "not in English"], "genres=Drama;language!=English"),
    (["a drama", "not in English", "English is fine"], "genres=Drama"),
    (["no horror", "something funny"], "genres!=Horror"),
    (["no horror", "ok, horror is fine"], ""),
    (["no horror", "a horror film"], "genres=Horror"),
    (["no musicals", "musicals are ok now"], ""),
    (["no musicals", "what about musicals?"], "genres=Musical"),
    (["a horror film", "less scary"], "genres=Horror;without scary"),
    (["something scary", "less scary"], "genres!=Horror"),
    (["an action film", "less violent", "more violent"], "genres=Action"),
    (["a western", "actually a comedy"], "genres=Comedy"),
    (["horror", "no, comedy"], "genres=Comedy"),
    (["horror", "also comedy"], "genres=Comedy;genres=Horror"),
    (["horror", "or thriller"], "genres=Horror|Thriller"),
    (["a comedy", "make it romantic"], "genres=Comedy;genres=Romance"),
    (["a comedy", "make it a western"], "genres=Western"),
    (["a thriller from the 70s", "from the 80s instead"], "genres=Thriller;year 1980-1989"),
    (["from the 80s", "and the 90s too"], "year 1980-1999"),
    (["from the 60s", "and the 80s too"], "not year 1970-1979;year 1960-1989"),
    (["from the 80s", "after 1985"], "year 1980-1989;year 1986-"),
    (["from the 80s", "after 1999"], "year 2000-"),
    (["nothing after 1990", "from the 2000s"], "year 2000-2009"),
    (["nothing after 1990", "from the 80s"], "year -1990;year 1980-1989"),
    (["from the 90s", "not the 90s"], "not year 1990-1999"),
    (["japanese horror", "korean also ok"], "genres=Horror;language=Japanese|Korean"),
    (["a french thriller", "in italian instead"], "genres=Thriller;language=Italian"),
    (["with tom hanks", "no tom hanks"], "people!=Tom Hanks"),
    (["something funny", "newer"], "year 1988-"),
    (["something funny", "shorter"], "runtime -143"),
    (["nothing after 1990", "something newer"], "year -1990;year 1988-"),
    (["short comedies", "not so short"], "genres=Comedy;runtime 96-"),
    (["short comedies", "longer than two hours"], "genres=Comedy;runtime 121-"),
    (["under two hours", "longer is fine"], ""),
    (["a comedy", "under two hours", "over two hours"], "genres=Comedy;runtime 121-"),
    (["a french film under two hours", "forget the runtime"], "language=French"),
    (["a french film under two hours", "any language"], "runtime -119"),
    (["from the 80s", "any year is fine"], ""),
    (["from the 80s", "year doesn't matter"], ""),
    (["from the 80s, in french", "forget the year, but no horror"],
     "genres!=Horror;language=French"),
    (["a 90s comedy", "drop the 90s thing"], "genres=Comedy"),
    (["a comedy", "any length"], "genres=Comedy"),
    (["a comedy", "any good westerns?"], "genres=Western"),
    (["a 90s action movie", "start over"], ""),
    (["a 90s action movie", "Let's start over. a quiet drama"], "genres=Drama"),
    (["a comedy", "from the 80s", "undo"], "genres=Comedy"),
    (["a comedy", "no horror", "scrap that"], "genres=Comedy"),
    (["a comedy", "more"], "genres=Comedy"),
    (["a comedy", "thanks!"], "genres=Comedy"),
    (["I want a french comedy. No wait, a drama."], "genres=Drama;language=French"),
    (["comedy, no, make that a thriller"], "genres=Thriller"),
]  # fmt: skip


@pytest.mark.parametrize(("turns", "limits"), TALKS, ids=[" / ".join(t) for t, _ in TALKS])
def test_limits_over_several_turns(
    turns: list[str], limits: str, talk: Talk, movies: Catalog
) -> None:
    assert of_limits(talk.say(*turns).state.limits, movies) == limits.split(";" if limits else None)


ACTS = [
    (["hello"], Act.GREET),
    (["thank you so much"], Act.THANK),
    (["that's perfect, thank you"], Act.THANK),
    (["a comedy"], Act.ASK),
    (["in the mood for a comedy"], Act.ASK),
    (["a comedy", "in the mood for a drama"], Act.ASK),
    (["a comedy", "not too long"], Act.REFINE),
    (["a comedy", "newer"], Act.REFINE),
    (["a comedy", "something else"], Act.MORE),
    (["a comedy", "more films"], Act.MORE),
    (["a comedy", "i have seen those"], Act.SEEN),
    (["a comedy", "forget the genre"], Act.UNDO),
    (["a comedy", "reset"], Act.START_OVER),
    (["a comedy", "who directed the second one?"], Act.QUESTION),
    (["a comedy", "what is a good western that is short?"], Act.ASK),
]


@pytest.mark.parametrize(("turns", "act"), ACTS, ids=[" / ".join(t) for t, _ in ACTS])
def test_what_a_turn_does(turns: list[str], act: Act, talk: Talk) -> None:
    assert talk.say(*turns).acts == (act,)


def test_a_limit_keeps_the_words_and_the_turn_it_came_from(talk: Talk) -> None:
    state = talk.say("a comedy", "nothing after 1990").state
    assert [(s.words, s.turn) for s in state.limits] == [("comedy", 1), ("nothing after 1990", 2)]


def test_lifted_limits_are_named(talk: Talk) -> None:
    read = talk.say("no horror", "ok, horror is fine")
    assert [one.words for one in read.lifted] == ["no horror"]


def test_a_wish_loses_the_words_of_limits_that_are_gone(talk: Talk) -> None:
    assert [p.words for p in talk.say("a slow french film", "any language").state.wish] == [
        "a slow film"
    ]


def test_a_new_wish_replaces_the_old_one_and_a_refinement_joins_it(talk: Talk) -> None:
    assert len(talk.say("something gentle", "with a dog in it").state.wish) == 2
    assert [p.words for p in talk.say("a noisy heist").state.wish] == ["a noisy heist"]


def test_taste_outlasts_requests(talk: Talk) -> None:
    state = talk.say("I usually love westerns", "a comedy", "a drama").state
    assert [phrase.words for phrase in state.taste] == ["I usually love westerns"]


def test_liked_films_become_history_for_the_next_wish(talk: Talk) -> None:
    first = talk.say("I loved Jaws")
    later = talk.say("something gentle about gardens")
    assert (first.query.liked, first.query.history) == (("jaws-1975",), ())
    assert (later.query.liked, later.query.history) == ((), ("jaws-1975",))
    assert "jaws-1975" in later.query.without


def test_a_change_of_mind_about_a_film(talk: Talk) -> None:
    state = talk.say("I loved Jaws", "I hated Jaws").state
    assert (state.liked, [m.item_id for m in state.disliked]) == ((), ["jaws-1975"])


def test_picks_can_be_pointed_at(talk: Talk) -> None:
    assert [m.item_id for m in talk.say("a comedy", "more like the second one").state.liked] == [
        "alien-1979"
    ]
    assert [m.item_id for m in talk.say("I've seen the first one").state.seen] == ["heat-1995"]
    assert [m.item_id for m in talk.say("hated the last one").state.disliked] == ["alien-1979"]


def test_picks_that_are_known_come_back_no_more(talk: Talk) -> None:
    read = talk.say("a comedy", "seen all of them already")
    assert {"heat-1995", "alien-1979"} <= read.query.without


def test_going_back_to_an_earlier_state_forgets_what_followed(talk: Talk) -> None:
    talk.say("a comedy")
    before = talk.session
    after = talk.say("no horror, in French")
    talk.session = before
    again = talk.say("no horror, in French")
    assert (again.state, again.query) == (after.state, after.query)
    talk.session = before
    assert len(talk.say("more").state.limits) == 1


def test_a_fresh_start_keeps_nothing(talk: Talk) -> None:
    state = talk.say("I usually love westerns. I've seen Jaws", "a comedy", "start over").state
    assert (state.limits, state.wish, state.leanings, state.shown) == ((), (), (), ())
    assert (state.seen, state.liked, state.taste) == ((), (), ())


def test_intention_follows_from_what_was_said(talk: Talk) -> None:
    for utterance, intention in [
        ("surprise me", "none"),
        ("for a date night", "vague"),
        ("a western", "specific"),
    ]:
        assert str(talk.say("start over", utterance).aspects.intention) == intention
