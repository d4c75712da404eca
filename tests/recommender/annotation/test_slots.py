"""Slots and votes: how many, whose, and what changes nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from simulated import Clock, Simulated, campaign_in, default_questions, judge_all

from recommender.annotation.judgement import Grade, Judgement, JudgingError, parse_judgement
from recommender.annotation.kept import Annotator
from recommender.annotation.records import AnnotationStore
from recommender.annotation.slots import Judging
from recommender.annotation.view import case_view, progress_view

LEFT = Judgement("a", (), "", ())
RIGHT = Judgement("b", (), "", ())
FAIR = Simulated({"first": 0.0, "second": 0.0})


@pytest.fixture
def store(tmp_path: Path) -> Iterator[AnnotationStore]:
    opened = AnnotationStore(tmp_path / "store.db")
    yield opened
    opened.close()


def invited(store: AnnotationStore, campaign: str, count: int = 1) -> list[Annotator]:
    return [store.invite(campaign)[0] for _ in range(count)]


def judged(store: AnnotationStore) -> dict[int, int]:
    rows = store.rows(
        "select comparison, count(*) as n from annotation_slots where status = 'judged' "
        "group by comparison"
    )
    return {row["comparison"]: row["n"] for row in rows}


def test_many_at_once_give_each_comparison_its_judgements(store: AnnotationStore) -> None:
    """Six threads over two connections to one file, as two servers would have them."""
    campaign = campaign_in(store, 40, judgements=2)
    second = AnnotationStore(store.path)
    errors: list[BaseException] = []

    def work(annotator: Annotator, judging: Judging, seed: int) -> None:
        try:
            judge_all(judging, annotator, Simulated({"first": 0.0, "second": 0.0}, seed=seed))
        except BaseException as error:
            errors.append(error)

    threads = [
        threading.Thread(target=work, args=(annotator, Judging((store, second)[n % 2]), n))
        for n, annotator in enumerate(invited(store, campaign, 6))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    second.close()
    assert errors == []
    assert set(judged(store).values()) == {2} and len(judged(store)) == 40
    doubled = store.rows(
        "select 1 from annotation_slots group by comparison, annotator having count(*) > 1"
    )
    assert doubled == []


def test_a_slot_that_was_left_is_given_again_after_a_while(store: AnnotationStore) -> None:
    clock = Clock()
    judging = Judging(store, clock)
    campaign = campaign_in(store, 1, judgements=1, lease_s=60.0)
    left, other = invited(store, campaign, 2)
    slot = judging.next_slot(left)
    assert judging.next_slot(left) == slot  # the same as long as it waits
    assert judging.next_slot(other) == ""
    clock.now += 61
    judging.vote(other, judging.next_slot(other), LEFT)
    with pytest.raises(JudgingError, match="went to somebody else"):
        judging.vote(left, slot, LEFT)
    assert list(judged(store).values()) == [1]


def test_whoever_comes_back_late_may_still_judge_where_nobody_took_the_place(
    store: AnnotationStore,
) -> None:
    clock = Clock()
    judging = Judging(store, clock)
    campaign = campaign_in(store, 1, judgements=1, lease_s=60.0)
    [annotator] = invited(store, campaign)
    slot = judging.next_slot(annotator)
    before = case_view(store, annotator, slot)["sides"]
    clock.now += 10_000
    judging.vote(annotator, slot, LEFT)
    assert list(judged(store).values()) == [1]
    assert case_view(store, annotator, slot)["sides"] == before


def test_a_judgement_sent_twice_is_one_and_a_changed_one_takes_its_place(
    store: AnnotationStore,
) -> None:
    judging = Judging(store)
    campaign = campaign_in(store, 1)
    [annotator] = invited(store, campaign)
    slot = judging.next_slot(annotator)
    for judgement in (LEFT, LEFT, RIGHT):
        judging.vote(annotator, slot, judgement)
    [vote] = store.rows("select * from annotation_votes")
    assert (vote["choice"], vote["changed"]) == ("b", 1)
    assert list(judged(store).values()) == [1]


def test_undo_asks_the_case_anew_and_skip_leaves_it_to_others(store: AnnotationStore) -> None:
    judging = Judging(store)
    campaign = campaign_in(store, 1, judgements=1)
    one, other = invited(store, campaign, 2)
    slot = judging.next_slot(one)
    judging.vote(one, slot, LEFT)
    judging.undo(one, slot)
    assert judged(store) == {} and judging.next_slot(one) == slot
    assert judging.next_slot(other) == ""  # it is still the first one's
    judging.skip(one, slot)
    assert judging.next_slot(one) == ""
    judging.vote(other, judging.next_slot(other), RIGHT)
    with pytest.raises(JudgingError, match="went to somebody else"):
        judging.undo(one, slot)


def test_names_come_after_the_vote_and_settle_it(store: AnnotationStore) -> None:
    judging = Judging(store)
    campaign = campaign_in(store, 1)
    [annotator] = invited(store, campaign)
    slot = judging.next_slot(annotator)
    with pytest.raises(JudgingError, match="after the vote"):
        judging.names(annotator, slot)
    judging.vote(annotator, slot, LEFT)
    assert sorted(judging.names(annotator, slot)) == ["first", "second"]
    for change in (
        lambda: judging.vote(annotator, slot, RIGHT),
        lambda: judging.undo(annotator, slot),
        lambda: judging.skip(annotator, slot),
    ):
        with pytest.raises(JudgingError, match="stays as it is"):
            change()
    judging.vote(annotator, slot, LEFT)  # the same again is no change
    assert store.rows("select choice from annotation_votes") == [{"choice": "a"}]


def test_a_stranger_and_a_closed_campaign_change_nothing(store: AnnotationStore) -> None:
    judging = Judging(store)
    campaign = campaign_in(store, 2)
    mine, stranger = invited(store, campaign, 2)
    slot = judging.next_slot(mine)
    for act in (judging.skip, judging.undo, judging.names, lambda a, s: judging.vote(a, s, LEFT)):
        with pytest.raises(JudgingError, match="not given to you"):
            act(stranger, slot)
    with pytest.raises(JudgingError, match="not given to you"):
        case_view(store, stranger, slot)
    store.set_status(campaign, "closed")
    for act in (judging.skip, judging.undo, lambda a, s: judging.vote(a, s, LEFT)):
        with pytest.raises(JudgingError, match="closed"):
            act(mine, slot)
    with pytest.raises(JudgingError, match="closed"):
        judging.next_slot(mine)
    assert judged(store) == {}


@pytest.mark.parametrize(
    ("data", "line"),
    [
        ({"choice": "c"}, "choice is 'c'"),
        ({"choice": "first"}, "choice is 'first'"),
        ("a", "a judgement is an object"),
        ({"choice": "a", "words": "x" * 1001}, "at most 1,000 characters"),
        ({"choice": "a", "words": 3}, "words"),
        ({"choice": "a", "tags": ["<script>"]}, "tags"),
        ({"choice": "a", "tags": "fit"}, "tags"),
        ({"choice": "a", "grades": [{"question": "relevance", "side": "a", "place": 1, "value": 9}]},
         "a grade is 9"),
        ({"choice": "a", "grades": [{"question": "relevance", "side": "a", "place": 1, "value": True}]},
         "a grade is True"),
        ({"choice": "a", "grades": [{"question": "relevance", "side": "a", "place": 4, "value": 3}]},
         "no such pick"),
        ({"choice": "a", "grades": [{"question": "trust", "side": "a", "place": 1, "value": 3}]},
         "no such pick"),
        ({"choice": "a", "grades": [{"question": "taste", "side": "a", "place": 1, "value": 3}]},
         "nothing asks"),
        ({"choice": "a", "grades": 2 * [{"question": "trust", "side": "a", "place": 0, "value": 3}]},
         "graded twice"),
    ],
)  # fmt: skip
def test_what_is_not_asked_for_is_refused(store: AnnotationStore, data: object, line: str) -> None:
    kept = store.campaign(campaign_in(store, 1, picks=3, questions=default_questions()))
    with pytest.raises(JudgingError, match=line):
        parse_judgement(data, kept)


def test_words_stay_words(store: AnnotationStore) -> None:
    kept = store.campaign(campaign_in(store, 1))
    words = "<script>window.x=1</script> ${window.x=1}"
    assert parse_judgement({"choice": "tie", "words": words}, kept).words == words


def test_required_grades_must_be_there(store: AnnotationStore) -> None:
    judging = Judging(store)
    campaign = campaign_in(store, 1, picks=1, questions=default_questions(), grades="required")
    [annotator] = invited(store, campaign)
    slot = judging.next_slot(annotator)
    with pytest.raises(JudgingError, match="12 grades are missing"):
        judging.vote(annotator, slot, LEFT)  # four of each pick, two of each list, two sides
    questions = default_questions().questions
    whole = tuple(
        Grade(q.id, side, int(q.of == "pick"), 4) for q in questions for side in ("a", "b")
    )
    judging.vote(annotator, slot, Judgement("a", (), "", whole))
    assert len(store.rows("select * from annotation_grades")) == 12


def test_progress_counts_and_estimates_from_ones_own_pace(store: AnnotationStore) -> None:
    clock = Clock()
    judging = Judging(store, clock)
    campaign = campaign_in(store, 10, judgements=1)
    [annotator] = invited(store, campaign)
    assert progress_view(store, annotator) == {"judged": 0, "left": 10, "seconds": None}
    for seconds in (4.0, 10.0, 6.0):
        slot = judging.next_slot(annotator)
        clock.now += seconds
        judging.vote(annotator, slot, LEFT)
    assert progress_view(store, annotator) == {"judged": 3, "left": 7, "seconds": 6.0 * 7}


def test_everybody_gets_the_gold_cases(store: AnnotationStore) -> None:
    judging = Judging(store)
    campaign = campaign_in(store, 4, judgements=1, gold=2)
    counts = [judge_all(judging, annotator, FAIR) for annotator in invited(store, campaign, 2)]
    assert counts == [6, 2]


def test_the_sides_are_drawn_for_each_annotator_and_case(store: AnnotationStore) -> None:
    judging = Judging(store)
    campaign = campaign_in(store, 60, judgements=2)
    for annotator in invited(store, campaign, 2):
        judge_all(judging, annotator, FAIR)
    turned = [row["turned"] for row in store.rows("select turned from annotation_slots")]
    assert 35 < sum(turned) < 85  # of 120; four standard deviations are 22
    same = store.rows(
        "select count(distinct turned) as n from annotation_slots group by comparison"
    )
    assert {row["n"] for row in same} == {1, 2}
