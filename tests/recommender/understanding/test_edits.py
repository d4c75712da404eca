"""Lines of what was understood, and every edit of every kind of line."""

from __future__ import annotations

from dataclasses import replace

import pytest

from recommender.dialogue import DialogueState, Session
from recommender.understanding.aspects import aspects_of, query_of
from recommender.understanding.edits import (
    KINDS,
    MAX_LINES,
    Edit,
    EditError,
    Line,
    apply_edit,
    lines,
    parse_edit,
    summary,
)
from recommender.understanding.understander import Understander
from retrieval.catalog import Catalog

SAID = (
    "I usually love gentle films, I loved Slow Orbit, I hated Bellows. I've seen Tin Parade",
    "a scary film about revenge with my kids, nothing after 1990, no zombies",
)
TURN = 3


@pytest.fixture(scope="module")
def understander(films: Catalog) -> Understander:
    return Understander(films)


@pytest.fixture(scope="module")
def state(understander: Understander) -> DialogueState:
    session = Session("a")
    for text in SAID:
        read = understander.understand(session, text)
        session = Session("a", session.turn + 1, read.state)
    return session.state


def line_of(state: DialogueState, catalog: Catalog, kind: str, part: str = "") -> Line:
    return next(one for one in lines(state, catalog) if one.kind == kind and part in one.value)


def values(state: DialogueState, catalog: Catalog, kind: str) -> list[str]:
    return [one.value for one in lines(state, catalog) if one.kind == kind]


def add(understander: Understander, state: DialogueState, kind: str, text: str) -> DialogueState:
    edit = parse_edit({"action": "add", "kind": kind, "text": text})
    return apply_edit(state, edit, understander, TURN)


def test_each_thing_has_a_line_with_its_words_and_its_turn(
    state: DialogueState, films: Catalog
) -> None:
    found = {(one.kind, one.value): (one.words, one.turn) for one in lines(state, films)}
    assert found["limit", "not after 1990"] == ("nothing after 1990", 2)
    assert found["limit", "no zombies"] == ("no zombies", 2)
    assert found["liked", "Slow Orbit (2014)"] == ("Slow Orbit", 1)
    assert found["disliked", "Bellows (1948)"][1] == 1
    assert found["seen", "Tin Parade (1972)"][1] == 1
    assert found["leaning", "Horror"] == ("scary", 2)
    assert found["context", "with my kids"] == ("with my kids", 2)
    assert {kind for kind, _ in found} == set(KINDS)


def test_keys_are_made_of_what_a_line_holds(state: DialogueState, films: Catalog) -> None:
    keys = [one.key for one in lines(state, films)]
    assert len(keys) == len(set(keys))
    again = DialogueState.from_dict(state.as_dict())
    assert [one.key for one in lines(again, films)] == keys
    fewer = replace(state, limits=state.limits[1:])
    assert {one.key for one in lines(fewer, films)} < set(keys)


@pytest.mark.parametrize("kind", KINDS)
def test_a_line_of_each_kind_can_be_removed(
    state: DialogueState, films: Catalog, understander: Understander, kind: str
) -> None:
    line = line_of(state, films, kind)
    edit = Edit("remove", key=line.key)
    after = apply_edit(state, edit, understander, TURN)
    assert line.key not in {one.key for one in lines(after, films)}
    assert line.value not in values(after, films, kind)
    assert summary(edit, lines(state, films), lines(after, films)) == f"Removed “{line.value}”"
    others = {"wish", "leaning", kind}  # a wish carries its leanings, and loses words
    for other in set(KINDS) - others:
        assert values(after, films, other) == values(state, films, other)


@pytest.mark.parametrize(
    ("kind", "text", "value", "place"),
    [
        ("liked", "Her (2001)", "Her (2001)", "liked"),
        ("disliked", "nine lamps", "Nine Lamps (1986)", "disliked"),
        ("seen", "Marmelade Season", "Marmalade Season (2017)", "seen"),
        ("limit", "French", "French", "limits"),
        ("must", "before 1970", "not after 1969", "limits"),
        ("must_not", "Horror", "not Horror", "limits"),
        ("must_not", "no western", "not Western", "limits"),
        ("limit", "Tobias Wren", "Tobias Wren", "limits"),
        ("must", "deep space", "deep space", "limits"),
        ("wish", "a storm at sea", "a storm at sea", "wish"),
        ("leaning", "funny", "Comedy", "leanings"),
        ("taste", "slow films", "slow films", "taste"),
        ("context", "on a train", "on a train", "context"),
    ],
)
def test_a_line_of_each_kind_can_be_added(
    films: Catalog, understander: Understander, kind: str, text: str, value: str, place: str
) -> None:
    edit = parse_edit({"action": "add", "kind": kind, "text": text})
    after = apply_edit(DialogueState(), edit, understander, TURN)
    assert value in values(after, films, edit.kind)
    assert {entry.turn for entry in getattr(after, place)} == {TURN}
    told = summary(edit, (), lines(after, films))
    assert told.startswith(f"Added “{value}”")
    with pytest.raises(EditError, match="stands there already"):
        apply_edit(after, edit, understander, TURN + 1)


@pytest.mark.parametrize(
    ("kind", "part", "text", "value"),
    [
        ("liked", "", "Nine Lamps", "Nine Lamps (1986)"),
        ("disliked", "", "Nine Lamps", "Nine Lamps (1986)"),
        ("seen", "", "Nine Lamps", "Nine Lamps (1986)"),
        ("limit", "1990", "nothing after 1980", "not after 1980"),
        ("wish", "", "a gentle story", "a gentle story"),
        ("leaning", "Horror", "funny", "Comedy"),
        ("taste", "", "long films", "long films"),
        ("context", "", "with my parents", "with my parents"),
    ],
)
def test_a_line_of_each_kind_can_be_changed(
    state: DialogueState, films: Catalog, understander: Understander,
    kind: str, part: str, text: str, value: str,
) -> None:  # fmt: skip
    line = line_of(state, films, kind, part)
    edit = parse_edit({"action": "change", "key": line.key, "text": text})
    after = apply_edit(state, edit, understander, TURN)
    assert value in values(after, films, kind)
    assert line.value not in values(after, films, kind)
    before, now = lines(state, films), lines(after, films)
    assert summary(edit, before, now) == f"Changed “{line.value}” to “{value}”"
    stood = [one.key for one in before if one.kind == kind].index(line.key)
    assert values(after, films, kind)[stood] == value  # in the place of the old one


def test_words_of_a_removed_line_leave_the_wish(films: Catalog, understander: Understander) -> None:
    read = understander.understand(Session("a"), "a scary French film about revenge with my kids")
    assert read.state.wish[0].words == "a scary French film about revenge with my kids"
    state = read.state
    for kind, part, left in (
        ("limit", "French", "a scary film about revenge with my kids"),
        ("leaning", "Horror", "a film about revenge with my kids"),
        ("context", "", "a film about revenge"),
    ):
        edit = Edit("remove", key=line_of(state, films, kind, part).key)
        state = apply_edit(state, edit, understander, TURN)
        assert [phrase.words for phrase in state.wish] == [left]
    assert state.limits == ()


def test_a_changed_leaning_changes_the_wish_in_its_place(
    state: DialogueState, films: Catalog, understander: Understander
) -> None:
    edit = Edit("change", key=line_of(state, films, "leaning", "Horror").key, text="funny")
    after = apply_edit(state, edit, understander, TURN)
    assert after.wish[0].words == state.wish[0].words.replace("scary", "funny")


def test_a_removed_wish_takes_its_leanings_along_and_leaves_the_limits(
    state: DialogueState, films: Catalog, understander: Understander
) -> None:
    edit = Edit("remove", key=line_of(state, films, "wish").key)
    after = apply_edit(state, edit, understander, TURN)
    assert (after.wish, after.leanings) == ((), ())
    assert after.limits == state.limits


def test_an_item_is_liked_or_disliked_and_never_both(
    films: Catalog, understander: Understander
) -> None:
    liked = add(understander, DialogueState(), "liked", "Her")
    assert query_of(liked, aspects_of(liked, films), films).liked == ("her",)
    disliked = add(understander, liked, "disliked", "Her")
    assert (disliked.liked, [m.item_id for m in disliked.disliked]) == ((), ["her"])


def test_the_latest_liked_items_are_told_with_their_facts(
    films: Catalog, understander: Understander
) -> None:
    state = DialogueState()
    titles = [item.title for item in films.items[:4]]
    for title in titles:
        state = add(understander, state, "liked", title)
    aspects = aspects_of(state, films)
    assert list(aspects.history) == [item.name for item in films.items[:4]]
    assert dict(aspects.known) == {i.name: films.brief(i) for i in films.items[1:4]}


def test_one_kind_of_company_stands_and_any_number_of_other_circumstances(
    films: Catalog, understander: Understander
) -> None:
    state = DialogueState()
    for text in ("with my kids", "on a train", "before an exam", "with my parents"):
        state = add(understander, state, "context", text)
    assert values(state, films, "context") == ["on a train", "before an exam", "with my parents"]
    told = aspects_of(state, films).context.values()
    assert list(told) == ["on a train", "before an exam", "with my parents"]


def test_a_title_of_several_items_is_asked_about() -> None:
    from retrieval.catalog import Field, Item, Kind

    items = [Item(f"thing-{y}", "The Thing", {}, {"year": float(y)}, {}) for y in (1951, 1982)]
    understander = Understander(Catalog("two", items, [Field("year", Kind.YEAR, "year")]))
    with pytest.raises(EditError, match=r"may be The Thing \(1951\), The Thing \(1982\); say"):
        add(understander, DialogueState(), "liked", "the thing")
    state = add(understander, DialogueState(), "liked", "the thing 1982")
    assert [m.item_id for m in state.liked] == ["thing-1982"]


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("limit", "asdf", r"“asdf” is no limit of this catalog; say for example “before \d+0” or"),
        ("liked", "asdf", "“asdf” is no film of this catalog; give the title of one"),
        ("leaning", "asdf", "leans to nothing in this catalog; add it as a wish"),
    ],
)
def test_a_text_that_says_nothing_is_answered_with_what_was_expected(
    understander: Understander, kind: str, text: str, expected: str
) -> None:
    with pytest.raises(EditError, match=expected):
        add(understander, DialogueState(), kind, text)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (None, "expected an edit"),
        ("remove", "expected an edit"),
        ({}, "action is missing; expected remove, change or add"),
        ({"action": ["add"]}, "expected remove, change or add"),
        ({"action": "add", "kind": "foo", "text": "x"}, "kind is “foo”; expected wish, limit"),
        ({"action": "add", "kind": ["wish"], "text": "x"}, "are texts"),
        ({"action": "add", "kind": "wish", "text": 7}, "are texts"),
        ({"action": "remove", "key": {"a": 1}}, "are texts"),
        ({"action": "add", "kind": "wish", "text": " \n\u202e"}, "the text is empty"),
        ({"action": "add", "kind": "wish"}, "the text is empty"),
        ({"action": "change", "key": "x", "text": "?!"}, "the text is empty"),
        ({"action": "add", "kind": "wish", "text": "w" * 10_000}, "10,000 characters; at most 200"),
    ],
)
def test_forged_edits_are_refused_before_anything_is_read(data: object, expected: str) -> None:
    with pytest.raises(EditError, match=expected):
        parse_edit(data)


@pytest.mark.parametrize("action", ["remove", "change"])
def test_a_key_that_fits_nothing_is_refused(
    state: DialogueState, understander: Understander, action: str
) -> None:
    for key in ("0123456789abcdef", "", "${window.x=1}", "x" * 10_000):
        with pytest.raises(EditError, match="no longer there"):
            apply_edit(state, Edit(action, key=key, text="French"), understander, TURN)


def test_a_change_to_the_same_is_refused(
    state: DialogueState, films: Catalog, understander: Understander
) -> None:
    line = line_of(state, films, "limit", "1990")
    for text in (line.value, line.words.upper()):
        with pytest.raises(EditError, match="says already"):
            apply_edit(state, Edit("change", key=line.key, text=text), understander, TURN)


def test_a_failed_change_leaves_the_line(
    state: DialogueState, films: Catalog, understander: Understander
) -> None:
    line = line_of(state, films, "limit", "1990")
    before = state.as_dict()
    with pytest.raises(EditError, match="no limit"):
        apply_edit(state, Edit("change", key=line.key, text="asdf"), understander, TURN)
    assert state.as_dict() == before


def test_there_is_an_end_to_the_lines(understander: Understander) -> None:
    state = DialogueState()
    for n in range(MAX_LINES):
        state = add(understander, state, "wish", f"wish number {n}")
    with pytest.raises(EditError, match="remove one before"):
        add(understander, state, "wish", "one more")


def test_what_is_ruled_out_as_a_mood_stands_there_for_a_thing_too(films: Catalog) -> None:
    understander = Understander(films)
    state = understander.understand(Session("a"), "something not too grim").state
    with pytest.raises(EditError, match="stands there already"):
        add(understander, state, "limit", "no grim")
