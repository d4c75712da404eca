"""How people talk who do not know the system: in passing, in shorthand, about each other.

Every answer before shows Heat (1995, 170 min), Alien (1979, 117 min) and Paddington (2014,
95 min), in this order.
"""

from __future__ import annotations

import pytest
from conversing import Talk
from notation import of_limits

from recommender.dialogue import Act
from recommender.understanding.shorthand import written_out
from recommender.understanding.understander import Understander
from retrieval.catalog import Catalog

SHOWN = ("heat-1995", "alien-1979", "paddington-2014")


@pytest.fixture
def talk(understander: Understander) -> Talk:
    return Talk(understander, SHOWN)


REFINING = [
    "in black and white if you can",
    "my nan says nothing after 1970",
    "after 1985 tho",
    "how about the seventies",
    "got any from the eighties",
    "way too slow, 100 minutes tops",
    "subtitled ideally",
    "something welsh perhaps",
    "with meryl streep in if poss",
    "the missus reckons it has to be under two hours",
    "must be released after 2010",
    "an older one",
    "how about penguins",
    "b4 1980 pls",
]


@pytest.mark.parametrize("said", REFINING)
def test_an_addition_goes_on_with_the_wish(said: str, talk: Talk, movies: Catalog) -> None:
    read = talk.say("a comedy", said)
    assert read.acts == (Act.REFINE,)
    assert "genres=Comedy" in of_limits(read.state.limits, movies)


NEW = [
    "I fancy a western now",
    "we want a thriller tonight",
    "any good horror films?",
    "show me a musical",
    "different idea: a war film",
    "in the mood for a documentary",
]


@pytest.mark.parametrize("said", NEW)
def test_another_kind_of_item_is_a_new_wish(said: str, talk: Talk, movies: Catalog) -> None:
    read = talk.say("a comedy", said)
    assert read.acts == (Act.ASK,)
    assert "genres=Comedy" not in of_limits(read.state.limits, movies)


# What is said, and which of the shown are then liked, disliked, seen.
REMARKS = [
    ("saw the second in the cinema with my brother, terrific", "", "alien-1979", "", "alien-1979"),
    ("watched the first one about a hundred times lol", "", "", "", "heat-1995"),
    ("We've finished the first one last Sunday", "", "", "", "heat-1995"),
    ("I caught Alien on telly ages ago", "", "", "", "alien-1979"),
    ("seen 1 and 2 already", "", "", "", "heat-1995 alien-1979"),
    ("watched 1, 2 and 3 lol", "", "", "", "heat-1995 alien-1979 paddington-2014"),
    ("heat was pants", "", "", "heat-1995", ""),
    ("saw heat. Rubbish.", "", "", "heat-1995", "heat-1995"),
    ("paddington is lush tbh", "", "paddington-2014", "", ""),
    ("that last one I have seen already", "", "", "", "paddington-2014"),
    ("oh the bear one, love it", "", "paddington-2014", "", ""),
    ("my sister adores the third, I can't stand the first", "", "paddington-2014", "heat-1995", ""),
    ("we have done Jaws to death", "", "", "", "jaws-1975"),
    ("I saw it at the Roxy in 1982", "the second one", "", "", "alien-1979"),
    ("seen psycho, vertigo and the birds", "", "", "",
     "psycho-1960 vertigo-1958 the-birds-1963"),
    ("everyone has seen Jaws", "", "", "", ""),
]  # fmt: skip


@pytest.mark.parametrize(
    ("said", "before", "liked", "disliked", "seen"), REMARKS, ids=[r[0] for r in REMARKS]
)
def test_a_remark_on_an_item_wishes_for_nothing(
    said: str, before: str, liked: str, disliked: str, seen: str, talk: Talk
) -> None:
    old = talk.say("a comedy", *([f"how long is {before}?"] if before else []))
    read = talk.say(said)
    state = read.state
    assert {m.item_id for m in state.liked} == set(liked.split())
    assert {m.item_id for m in state.disliked} == set(disliked.split())
    assert {m.item_id for m in state.seen} == set(seen.split())
    assert not {Act.ASK, Act.REFINE} & set(read.acts) or not (liked or disliked or seen)
    assert state.limits == old.state.limits


def test_a_wish_beside_a_remark_is_one(talk: Talk, movies: Catalog) -> None:
    read = talk.say("a comedy", "seen the first one in Rome, something from the 60s instead")
    assert {m.item_id for m in read.state.seen} == {"heat-1995"}
    assert "year 1960-1969" in of_limits(read.state.limits, movies)


COURTESIES = [
    ("nice one, cheers bud", Act.THANK),
    ("Thank you kindly, young man", Act.THANK),
    ("merci beaucoup!", Act.THANK),
    ("thanks ever so much, that was really kind of you", Act.THANK),
    ("ok ta, bye for now", Act.THANK),
    ("ace, ty", Act.THANK),
    ("that looks great, many thanks x", Act.THANK),
    ("tysm!!", Act.THANK),
    ("danke schön", Act.THANK),
    ("morning all!", Act.GREET),
    ("you alright mate?", Act.GREET),
    ("bonjour", Act.GREET),
]


@pytest.mark.parametrize(("said", "act"), COURTESIES)
def test_a_courtesy_in_any_dress_is_only_that(said: str, act: Act, talk: Talk) -> None:
    assert talk.say("a comedy", said).acts == (act,)


@pytest.mark.parametrize("said", ["cheers, now a western", "hi, westerns"])
def test_a_wish_behind_a_courtesy_is_kept(said: str, talk: Talk) -> None:
    assert {Act.ASK, Act.LIKE, Act.REFINE, Act.MORE_LIKE_THIS} & set(talk.say(said).acts)


QUESTIONS = [
    ("Would you mind telling me how long the second is?", "runtime", "alien-1979"),
    ("I'd love to know who directed the first one", "directors", "heat-1995"),
    ("can you tell me what the third is about", "synopsis", "paddington-2014"),
    ("How many minutes does Heat have?", "runtime", "heat-1995"),
    ("2nd one - year?", "year", "alien-1979"),
    ("director of the first?", "directors", "heat-1995"),
    ("In which year was the third made?", "year", "paddington-2014"),
    ("who plays the lead in alien", "cast", "alien-1979"),
    ("when did heat come out", "year", "heat-1995"),
    ("what happens in the last one", "synopsis", "paddington-2014"),
    ("what about alien, who made it?", "directors", "alien-1979"),
    ("and the woman in the second, who is she?", "cast", "alien-1979"),
    ("who has directed the second?", "directors", "alien-1979"),
    ("whats the plot of paddington", "synopsis", "paddington-2014"),
    ("genre of the 3rd?", "genres", "paddington-2014"),
    ("how old is the 1st", "year", "heat-1995"),
]


@pytest.mark.parametrize(("said", "field", "item"), QUESTIONS, ids=[q[0] for q in QUESTIONS])
def test_a_question_in_other_words(said: str, field: str, item: str, talk: Talk) -> None:
    read = talk.say("a comedy", said)
    assert read.acts == (Act.QUESTION,)
    assert [(q.field, q.item_ids) for q in read.questions] == [(field, (item,))]


def test_a_bare_reference_asks_the_last_question_again(talk: Talk) -> None:
    read = talk.say("a comedy", "who directed the first?", "3rd?")
    assert [(q.field, q.item_ids) for q in read.questions] == [("directors", ("paddington-2014",))]


@pytest.mark.parametrize(
    ("said", "field", "direction", "items"),
    [
        ("is Vertigo older than Psycho?", "year", -1, {"vertigo-1958", "psycho-1960"}),
        ("is alien shorter than heat?", "runtime", -1, {"alien-1979", "heat-1995"}),
        ("which 1 is the newest", "year", 1, set(SHOWN)),
        ("which has the fewest minutes?", "runtime", -1, set(SHOWN)),
    ],
)
def test_items_compared(said: str, field: str, direction: int, items: set[str], talk: Talk) -> None:
    (question,) = talk.say("a comedy", said).questions
    assert question.act is Act.COMPARE
    assert (question.field, question.direction, set(question.item_ids)) == (field, direction, items)


def test_what_comes_out_of_a_comparison_is_spoken_of(talk: Talk) -> None:
    read = talk.say("a comedy", "which of them is the oldest?", "seen it three times")
    assert {m.item_id for m in read.state.seen} == {"alien-1979"}


# Turns, and the limits after them.
LIMITS = [
    (["by whoever made Psycho"], "people=Alfred Hitchcock"),
    (["something by the woman who directed Lost in Translation"], "people=Sofia Coppola"),
    (["anything from the alien director?"], "people=Ridley Scott"),
    (["a comedy", "musicals we can't stand"], "genres!=Musical;genres=Comedy"),
    (["a comedy", "horror is off the table"], "genres!=Horror;genres=Comedy"),
    (["a comedy", "she hates westerns so none of them"], "genres!=Western;genres=Comedy"),
    (["a comedy", "two and a half hours is too long"], "genres=Comedy;runtime -149"),
    (["a comedy", "90 minutes is way too short for us"], "genres=Comedy;runtime 91-"),
    (["a comedy", "newer films are so loud, only up to 1970"], "genres=Comedy;year -1970"),
    (["a comedy", "from the 80s", "sorry, I meant the 70s"], "genres=Comedy;year 1970-1979"),
    (["a comedy", "from the 80s", "can we scrap that last bit"], "genres=Comedy"),
    (["a comedy", "from the 80s", "cancel my last change"], "genres=Comedy"),
    (["a comedy", "at least 90 minutes", "at most 2 hours", "forget the upper limit"],
     "genres=Comedy;runtime 90-"),
    (["a comedy", "under two hours", "we can drop the time limit, the kids are at camp"],
     "genres=Comedy"),
    (["a comedy", "who directed the second one?", "love him. any of his other films?"],
     "genres=Comedy;people=Ridley Scott"),
    (["a comedy", "with Mr Hanks"], "genres=Comedy;people=Tom Hanks"),
]  # fmt: skip


@pytest.mark.parametrize(("turns", "limits"), LIMITS, ids=[" / ".join(t) for t, _ in LIMITS])
def test_limits_in_passing(turns: list[str], limits: str, talk: Talk, movies: Catalog) -> None:
    assert of_limits(talk.say(*turns).state.limits, movies) == limits.split(";")


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("our daughter wants a comedy", "company"),
        ("the boys are staying over. my brother's coming too. a comedy", "company"),
        ("a comedy w my mates", "company"),
        ("my grandma is visiting, a comedy", "company"),
    ],
)
def test_company_that_is_only_told_of(said: str, kind: str, talk: Talk) -> None:
    assert kind in {p.kind for p in talk.say(said).state.context}


def test_a_theme_is_no_occasion(talk: Talk) -> None:
    assert not talk.say("a film about Halloween").state.context


@pytest.mark.parametrize(
    "said", ["whoops, that was the dog on the keyboard", "sorry, wrong chat", "oops, autocorrect"]
)
def test_an_excuse_is_no_wish(said: str, talk: Talk) -> None:
    read = talk.say("a comedy", said)
    assert read.acts == (Act.OFF_TOPIC,)


def test_what_a_rating_was_changed_to(talk: Talk) -> None:
    read = talk.say("a comedy", "9/10 for the first", "no hang on, make that 3/10")
    assert [m.item_id for m in read.state.disliked] == ["heat-1995"]
    assert not read.state.liked


@pytest.mark.parametrize(
    "said",
    ["actually the decade isn't important", "on second thoughts any decade will do",
     "can we go back to how it was before"],
)  # fmt: skip
def test_what_is_taken_back_in_other_words(said: str, talk: Talk, movies: Catalog) -> None:
    read = talk.say("a comedy", "from the 80s", said)
    assert Act.UNDO in read.acts
    assert of_limits(read.state.limits, movies) == ["genres=Comedy"]


def test_chat_spellings_leave_titles_alone() -> None:
    assert written_out("W. and U Turn, n'importe quoi") == "W. and U Turn, n'importe quoi"
    assert (
        written_out("smth w my m8s b4 work, u know")
        == "something with my m8s before work, you know"
    )
