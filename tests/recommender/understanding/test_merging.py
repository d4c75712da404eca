"""What holds of a model's reading, and that none of it costs what the rules read."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prompts.reading import SPANS
from recommender.dialogue import Act, DialogueState, Phrase
from recommender.understanding.acts_heard import merged_acts
from recommender.understanding.by_model import ModelReading, spans_of
from recommender.understanding.lexicon import Lexicon
from recommender.understanding.merging import validated
from recommender.understanding.reader import Reader
from recommender.understanding.reading import LimitRead, Reading
from retrieval.catalog import Catalog, load_catalog
from retrieval.limits import Limit

ASK = (Act.ASK,)


class Both:
    """The rules over the bundled films, and what becomes of their reading with a model's."""

    def __init__(self, catalog: Catalog) -> None:
        self.lexicon = Lexicon(catalog)
        self.reader = Reader(self.lexicon)

    def read(self, text: str, **heard: tuple[str, ...]) -> tuple[Reading, Reading]:
        rules = self.reader.read(text)
        return rules, validated(rules, ModelReading(**heard), self.reader, self.lexicon)


@pytest.fixture(scope="module")
def both() -> Both:
    return Both(load_catalog("movies"))


def said_of(reading: Reading) -> dict[str, str]:
    return {
        i: "".join(mark for mark, on in
                   (("+", item.liked), ("-", item.disliked), ("s", item.seen)) if on)
        for item in reading.items for i in item.ids
    }  # fmt: skip


# --- nothing that is not the user's ---------------------------------------------------------


def test_a_model_that_heard_nothing_changes_nothing(both: Both) -> None:
    rules = both.reader.read("a French comedy, nothing after 1990")
    failed = ModelReading(problem="the language model failed")
    assert validated(rules, failed, both.reader, both.lexicon) is rules
    assert merged_acts(ASK, failed, rules, DialogueState()) == ASK


def test_words_of_another_utterance_are_dropped_everywhere(both: Both) -> None:
    """Also those of a part of the utterance that is not the one at hand."""
    invented = dict.fromkeys(SPANS, ("Alien", "horror", "before 1990"))
    rules, merged = both.read("something quiet about the sea", **invented)
    assert merged == rules


def test_what_is_dropped_is_logged(both: Both, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"):
        both.read("something quiet about the sea", liked=("Alien",), seen=("the sea",))
    assert "'Alien' dropped: no words of the utterance" in caplog.text
    assert "'the sea' dropped: no title of the catalog" in caplog.text


# --- titles ---------------------------------------------------------------------------------


def test_a_title_that_the_rules_missed_is_linked(both: Both) -> None:
    rules, merged = both.read("alien blew me away back then", liked=("alien",))
    assert said_of(rules) == {}
    assert said_of(merged) == {"alien-1979": "+"}
    assert "alien" not in merged.wish


def test_what_was_said_of_a_title_may_change(both: Both) -> None:
    text = "I saw Alien and it left me cold"
    rules, merged = both.read(text, disliked=("Alien",))
    assert said_of(rules) == {"alien-1979": "s"}
    assert said_of(merged) == {"alien-1979": "-s"}  # what is seen stays seen
    _, merged = both.read("I hated Alien, seriously", liked=("Alien",))
    assert said_of(merged) == {"alien-1979": "+"}


def test_a_title_both_liked_and_disliked_stays_as_it_was(both: Both) -> None:
    rules, merged = both.read("I hated Alien", liked=("Alien",), disliked=("Alien",))
    assert merged == rules
    assert said_of(merged) == {"alien-1979": "-"}


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("I loved the horror of it", "horror"),  # there is a film of this name, or may be
        ("take me to the sea", "the sea"),
        ("a film with her in it", "her"),
        ("I loved Alien and Heat", "Alien and Heat"),
        ("I loved Alien and its look", "Alien and its look"),
    ],
)
def test_what_is_no_title_by_itself_links_to_nothing(both: Both, text: str, span: str) -> None:
    rules, merged = both.read(text, seen=(span,))
    assert merged.items == rules.items


# --- limits ---------------------------------------------------------------------------------


def test_a_limit_that_the_rules_missed_is_the_readers_own(both: Both) -> None:
    rules, merged = both.read("black and white era stuff, let us say pre war, 1930 to 1939",
                              must=("1930 to 1939",))  # fmt: skip
    assert [one.limit for one in merged.limits] == [one.limit for one in rules.limits]
    rules, merged = both.read("spare me the clowns", must_not=("clowns",))
    assert rules.limits == []
    (limit,) = [one.limit for one in merged.limits]
    assert limit.negated
    assert "clown" in limit.values
    assert "clowns" not in merged.wish


def test_what_the_rules_ruled_out_as_a_mood_is_not_ruled_out_again_as_a_thing(both: Both) -> None:
    rules, merged = both.read("a thriller, nothing dark", must_not=("dark",))
    assert merged.limits == rules.limits


def test_a_denial_that_the_rules_missed_ends_a_leaning(both: Both) -> None:
    rules, merged = both.read("a quiet one, zombies I can live without", must_not=("zombies",))
    assert any("zombies" in one.words for one in rules.leanings)
    assert not any("zombies" in one.words for one in merged.leanings)
    assert [one.limit.negated for one in merged.limits] == [True]
    assert "zombies" not in merged.wish


def test_a_demand_that_is_no_limit_is_a_wish(both: Both) -> None:
    rules, merged = both.read("Paris. Goosebumps are a must.", must=("Goosebumps",))
    assert merged.limits == rules.limits
    assert "Goosebumps" in merged.wish


@pytest.mark.parametrize(
    ("text", "heard"),
    [
        ("a French film", {"must_not": ("French",)}),
        ("no horror please", {"must": ("horror",)}),
        ("nothing after 1990", {"must": ("1990",)}),
        ("nothing after 1990", {"must": ("after 1990",)}),
        ("from the 80s, not the 90s", {"must": ("the 90s",)}),
        ("nothing scary", {"wish": ("scary",)}),
        ("subtitles are fine, French is fine too", {"must": ("French",)}),
        ("I loved American Beauty", {"must": ("American",)}),
        ("I usually watch thrillers", {"must": ("thrillers",)}),
        ("a French comedy", {"taste": ("French comedy",)}),
        ("what's the weather like?", {"must": ("the weather",), "must_not": ("weather",)}),
        ("make me laugh", {"must_not": ("laugh",), "wish": ("make me laugh",)}),
        ("seen Heat already, what else", {"must": ("seen Heat",)}),
        ("thanks, something shorter?", {"must": ("something shorter",)}),
        ("a quiet film", {"must": ("a",), "wish": ("a film",), "context": ("a",)}),
        ("who directed it?", {"taste": ("it",), "wish": ("it",)}),
        ("a quiet film", {"must_not": ("film",)}),
        ("a quiet film", {"must_not": ("a",)}),
    ],
)
def test_nothing_is_added_against_the_rules(
    both: Both, text: str, heard: dict[str, tuple[str, ...]]
) -> None:
    rules, merged = both.read(text, **heard)
    assert merged == rules


def test_a_second_value_of_a_field_with_one_is_dropped(both: Both) -> None:
    rules = both.reader.read("a German film about the French Revolution")
    assert [one.limit for one in rules.limits] == [Limit(("language",), ("German",))]
    heard = ModelReading(must=("French",))
    assert validated(rules, heard, both.reader, both.lexicon).limits == rules.limits


PARTS = ["a French comedy", "I loved Alien", "no horror", "before 1990", "under two hours", "her",
         "something scary", "with Tom Hanks", "not Heat", "for my kids tonight", "clowns", "newer",
         "I usually love thrillers", "the second"]  # fmt: skip


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_no_model_removes_a_limit_or_shows_an_excluded_item(
    both: Both, data: st.DataObject
) -> None:
    text = ", ".join(data.draw(st.lists(st.sampled_from(PARTS), min_size=1, max_size=4)))
    spans = st.lists(st.sampled_from(spans_of(text)), max_size=4).map(tuple)
    heard = {name: data.draw(spans) for name in SPANS}
    rules, merged = both.read(text, **heard)
    assert merged.limits[: len(rules.limits)] == rules.limits
    assert merged.permitted == rules.permitted
    assert merged.comparisons[: len(rules.comparisons)] == rules.comparisons
    known = {i for i, said in said_of(rules).items() if said}
    assert known <= {i for i, said in said_of(merged).items() if said}
    limits = [one.limit for one in merged.limits]
    for limit in limits:  # and nothing is both asked for and ruled out
        opposite = replace(limit, negated=not limit.negated)
        assert opposite not in limits or opposite in [one.limit for one in rules.limits]


def test_the_rules_reading_is_left_as_it_was(both: Both) -> None:
    rules = both.reader.read("spare me the clowns, Alien did nothing for me")
    before = replace(rules, items=list(rules.items), limits=list(rules.limits))
    heard = ModelReading(disliked=("Alien",), must_not=("clowns",), context=("for me",))
    validated(rules, heard, both.reader, both.lexicon)
    assert rules == before


# --- soft words -----------------------------------------------------------------------------


def test_a_taste_leaves_the_wish(both: Both) -> None:
    text = "As a rule scary stories win me over. Tonight something silly"
    rules, merged = both.read(text, taste=("scary stories",), context=("Tonight",))
    assert "scary" in rules.wish
    assert "scary" not in merged.wish
    assert "silly" in merged.wish
    assert merged.tastes == ["scary stories"]
    assert not any("scary" in one.words for one in merged.leanings)
    assert any(one.field == "genres" for one in merged.taste_leanings)
    assert merged.context == rules.context


def test_circumstances_get_the_kind_that_the_reader_gives_them(both: Both) -> None:
    text = "something for people who can't sleep"
    rules, merged = both.read(text, context=("people who can't sleep",))
    assert rules.context == []
    assert merged.context == [("setting", "people who can't sleep")]


# --- acts -----------------------------------------------------------------------------------


def acts(both: Both, text: str, heard: ModelReading, state: DialogueState) -> tuple[Act, ...]:
    rules = both.reader.read(text)
    return merged_acts(
        ASK, heard, validated(rules, heard, both.reader, both.lexicon), state
    )  # fmt: skip


STANDING = DialogueState(wish=(Phrase("a comedy", 1),), last_shown=("heat-1995",))


@pytest.mark.parametrize(
    ("text", "heard", "state", "expected"),
    [
        ("make us laugh harder", ModelReading((Act.REFINE,)), STANDING, (Act.REFINE,)),
        ("make us laugh harder", ModelReading((Act.REFINE,)), DialogueState(), ASK),
        ("a French comedy", ModelReading((Act.OFF_TOPIC,)), STANDING, ASK),
        ("a French comedy", ModelReading((Act.UNSAFE,)), STANDING, ASK),
        ("tell us the exchange rate", ModelReading((Act.OFF_TOPIC,)), STANDING, (Act.OFF_TOPIC,)),
        ("off with the lot", ModelReading((Act.START_OVER, Act.UNDO)), STANDING, ASK),
        ("who made it", ModelReading((Act.QUESTION,)), STANDING, ASK),
        ("ahoy, a French comedy", ModelReading((Act.GREET, Act.ASK)), STANDING,
         (Act.ASK, Act.GREET)),
        ("alien blew me away", ModelReading((Act.LIKE,), liked=("alien",)), STANDING,
         (Act.ASK, Act.LIKE)),
        ("a quiet film", ModelReading((Act.LIKE, Act.SEEN, Act.REJECT)), STANDING, ASK),
    ],
)  # fmt: skip
def test_acts_are_added_where_they_cost_nothing(
    both: Both, text: str, heard: ModelReading, state: DialogueState, expected: tuple[Act, ...]
) -> None:
    assert acts(both, text, heard, state) == expected


def test_definite_acts_of_the_rules_stand(both: Both) -> None:
    reading = both.reader.read("who directed it?")
    heard = ModelReading((Act.OFF_TOPIC, Act.MORE, Act.REFINE))
    for act in (Act.QUESTION, Act.REFINE, Act.UNDO, Act.START_OVER, Act.MORE):
        assert merged_acts((act,), heard, reading, STANDING) == (act,)


def test_a_limit_of_the_rules_is_kept_as_an_object(both: Both) -> None:
    """Words, alternatives and all, so that what is shown of it does not change either."""
    rules, merged = both.read("nothing scary, a classic", must=("classic",), wish=("scary",))
    assert merged.limits == rules.limits
    assert all(isinstance(one, LimitRead) for one in merged.limits)
