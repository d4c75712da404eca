"""Conversations with a simulated user: no leak, the same twice, resumed, figures by hand."""

from __future__ import annotations

import dataclasses
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from recommender.__main__ import main
from recommender.dialogue import Pick
from recommender.engine import Recommender
from recommender.evaluation.conversation_runs import Plan, hold, read_conversations
from recommender.evaluation.conversations import (
    Conversation,
    Meeting,
    Users,
    converse,
    success,
    users_of,
)  # fmt: skip
from recommender.evaluation.leaks import names, telling, words
from recommender.evaluation.reasons import KINDS, Judge, reason_figures
from recommender.evaluation.runs import RunError
from recommender.evaluation.simulated_user import SimulatedUser
from recommender.settings import Settings
from retrieval.catalog import Catalog, fold

Open = Callable[..., Recommender]


def meetings(catalog: Catalog, sample: int, seed: int = 1) -> tuple[Meeting, ...]:
    return users_of(catalog, None, sample, seed).meetings


def test_a_simulated_user_never_tells_the_title(movies: Catalog, open_recommender: Open) -> None:
    recommender = open_recommender()
    session = recommender.open_session()
    reply = list(recommender.reply(session.id, "a comedy"))[-1].reply  # type: ignore[union-attr]
    rng = random.Random(0)
    for meeting in meetings(movies, 0):
        user = SimulatedUser(movies, meeting.target, meeting.history, 0)
        assert len(user.can_say) >= 3, meeting.target.title
        heard = None
        for turn in range(10):
            said = user.says(heard)
            assert said and not names(said, meeting.target.title), meeting.target.title
            assert not telling(meeting.target.title, movies) & set(words(said)), said
            shown = tuple(Pick(item, 1, 0.0, 0.0) for item in rng.sample(movies.items, 3))
            asks = "Is there a genre?" if turn % 2 else "Here."
            heard = dataclasses.replace(reply, picks=shown, message=asks)


def test_a_leak_that_is_planted_is_not_said(movies: Catalog) -> None:
    item = movies.items[0]
    planted = dataclasses.replace(
        item, title="Zyxwer", facets={**item.facets, "keywords": ("zyxwer", "madness")}
    )
    catalog = Catalog("planted", (planted, *movies.items[1:]), movies.fields.values())
    sequel = dataclasses.replace(item, title="Zyxwer Returns")
    user = SimulatedUser(catalog, planted, (sequel,), 0)
    assert not any("zyxwer" in thing.words.lower() for thing in user.can_say)
    assert any(thing.words == "madness" for thing in user.can_say)


def test_what_the_user_says_is_not_all_true_nor_all_exact(movies: Catalog) -> None:
    kinds = set()
    for meeting in meetings(movies, 40):
        user = SimulatedUser(movies, meeting.target, meeting.history, 0)
        kinds |= {thing.kind for thing in user.can_say}
        for thing in user.can_say:
            if thing.kind == "wrong":
                own = {v.lower() for v in meeting.target.facets.get("genres", ())}
                assert thing.words not in own
    assert kinds >= {"hint", "category", "liked", "year", "keyword", "person", "wrong"}


def test_a_user_answers_and_rejects(movies: Catalog, open_recommender: Open) -> None:
    recommender = open_recommender()
    session = recommender.open_session()
    reply = list(recommender.reply(session.id, "a comedy"))[-1].reply  # type: ignore[union-attr]
    target = next(i for i in movies.items if i.facets["genres"] == ("Horror",))
    wrong = [i for i in movies.items if i.facets["genres"] == ("Western",)][:3]
    shown = dataclasses.replace(reply, picks=tuple(Pick(i, 1, 0.0, 0.0) for i in wrong))
    said = [SimulatedUser(movies, target, (), seed).says(shown) for seed in range(20)]
    rejected = [text for text in said if "western" in text]
    assert 2 < len(rejected) < 18
    asking = dataclasses.replace(reply, picks=(), message="Which genre?")
    for seed in range(5):
        assert "horror" in SimulatedUser(movies, target, (), seed).says(asking)


def test_a_conversation_ends_when_the_item_is_shown_and_repeats(open_recommender: Open) -> None:
    recommender = open_recommender()
    judge = Judge.of(recommender.catalog)
    pleased = []
    for meeting in meetings(recommender.catalog, 6):
        one, two = (converse(recommender, meeting, 1, judge) for _ in range(2))
        assert one.utterances == two.utterances and one.reasons == two.reasons
        assert one.pleased_after in (None, len(one.utterances))
        pleased.append(one)
    assert any(c.pleased_after for c in pleased)  # each means one among a few dozen
    judged = reason_figures([r for c in pleased for r in c.reasons])
    assert judged["backed"].value == 1


def conversation(pleased_after: int | None) -> Conversation:
    return Conversation("u", "x", (), pleased_after)


def test_success_by_hand() -> None:
    found = success([conversation(n) for n in (1, 3, 4, 10, None)])
    assert {name: f.value for name, f in found.items()} == {
        "success@3": 2 / 5, "success@5": 3 / 5, "success@10": 4 / 5,
    }  # fmt: skip


def test_reasons_that_nothing_backs_or_that_fit_all_are_seen(open_recommender: Open) -> None:
    recommender = open_recommender()
    catalog = recommender.catalog
    session = recommender.open_session()
    reply = list(recommender.reply(session.id, "a comedy"))[-1].reply  # type: ignore[union-attr]
    assert len(reply.picks) > 1
    judge = Judge.of(catalog)

    def judged(reason: str) -> dict[str, float]:
        picks = tuple(dataclasses.replace(p, reason=reason) for p in reply.picks)
        shares = judge.judged(dataclasses.replace(reply, picks=picks), [p.item for p in picks])
        assert shares is not None
        return dict(zip(KINDS, shares, strict=True))

    made_up = judged("Its submarine wins a medal.")
    assert made_up["backed"] == 0 and made_up["specific"] == 1 and made_up["different"] == 0
    vague = judged("A comedy film.")
    assert vague["backed"] == 1 and vague["specific"] == 0 and vague["fits others"] == 1


def test_a_fact_of_another_item_is_seen_whatever_the_claim_check_says(movies: Catalog) -> None:
    judge = Judge.of(movies)
    item = next(i for i in movies.items if i.facets["genres"] == ("Horror",) and i.year)
    [other] = [i for i in movies.items if i.facets["genres"] == ("Western",)][:1]
    person = other.facets["directors"][0]
    reason = f"A horror film of {item.year}."
    assert judge.foreign(reason, item, "") == set()
    assert judge.foreign(f"Directed by {person}.", item, "") == {fold(person)}
    assert judge.foreign(f"Directed by {person}.", item, f"like those of {person}") == set()
    assert "western" in judge.foreign("A western in all but name.", item, "")
    assert judge.foreign("Made in 1812.", item, "") == {"1812"}
    assert judge.foreign(f"Of the {item.year // 10 * 10}s.", item, "") == set()


def test_reasons_in_the_same_words_are_told_from_others(open_recommender: Open) -> None:
    recommender = open_recommender()
    session = recommender.open_session()
    reply = list(recommender.reply(session.id, "a comedy"))[-1].reply  # type: ignore[union-attr]
    judge = Judge.of(recommender.catalog)

    def unlike(*reasons: str) -> float:
        picks = tuple(
            dataclasses.replace(p, reason=r) for p, r in zip(reply.picks, reasons, strict=False)
        )
        shares = judge.judged(dataclasses.replace(reply, picks=picks), [])
        assert shares is not None
        return dict(zip(KINDS, shares, strict=True))["unlike each other"]

    assert unlike("A comedy of errors.", "A comedy of errors!") == 0
    # "a", "comedy" and "of" of five words are common to both.
    assert unlike("A comedy of errors.", "A comedy of manners.") == pytest.approx(1 - 3 / 5)
    assert unlike("A comedy.") == 1


class Breaking:
    """A recommender that is broken off at the nth reply."""

    def __init__(self, breaks_at: int) -> None:
        self.left = breaks_at

    def __call__(self, whole: Callable[..., Any]) -> Callable[..., Any]:
        def reply(*arguments: Any, **options: Any) -> Any:
            self.left -= 1
            if not self.left:
                raise KeyboardInterrupt
            return whole(*arguments, **options)

        return reply


@pytest.fixture
def plan(films: Catalog, tmp_path: Path) -> Plan:
    return Plan(users_of(films, None, 6, 0), 0, 6, tmp_path / "out")


def test_conversations_that_were_broken_off_come_to_the_same(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, film_settings: Settings
) -> None:
    whole = hold("random", film_settings, plan)
    again = dataclasses.replace(plan, out=tmp_path / "again")
    with monkeypatch.context() as context:
        context.setattr(Recommender, "reply", Breaking(9)(Recommender.reply))
        with pytest.raises(KeyboardInterrupt):
            hold("random", film_settings, again)
    [path] = (tmp_path / "again").glob("*/conversations.jsonl")
    kept = len(read_conversations(path))
    assert 0 < kept < 6
    with path.open("a") as file:
        file.write('{"user": "torn')
    assert hold("random", film_settings, again)["figures"] == whole["figures"]
    assert len(read_conversations(path)) == 6
    with pytest.raises(RunError, match="seed"):
        hold("random", film_settings, dataclasses.replace(
            again, seed=3, out=_named_alike(tmp_path / "again", 3)))  # fmt: skip


def _named_alike(out: Path, seed: int) -> Path:
    """A folder of another run under the name that a run with this seed would take."""
    [folder] = out.glob("conversation-*")
    folder.rename(folder.with_name(folder.name.replace("seed0", f"seed{seed}")))
    return out


def test_a_better_system_succeeds_more_often(
    films: Catalog, tmp_path: Path, film_settings: Settings
) -> None:
    plan = Plan(Users(meetings(films, 12)), 0, 12, tmp_path / "out")
    found = {s: hold(s, film_settings, plan)["figures"] for s in ("retriever", "random")}
    at_once = {s: f["success@3"]["value"] for s, f in found.items()}
    assert at_once["retriever"] >= at_once["random"]


def test_the_command_holds_conversations_and_says_what_stands_for_users(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], film_settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("INSTRUCTREC_CATALOG", film_settings.catalog)
    arguments = ["evaluate", "conversation", "--ranker", "random,popularity", "--sample", "3",
                 "--out", str(tmp_path / "out"), "--data-folder", str(film_settings.data)]  # fmt: skip
    assert main(arguments) == 0
    told = capsys.readouterr()
    assert "conversation random, success@10: " in told.out
    assert "conversation popularity: left out" in told.err
    [path] = (tmp_path / "out").glob("conversation-random-*/record.json")
    record = json.loads(path.read_text())
    assert "stand for what a user liked" in record["stands_for"] and record["n"] == 3
    assert main([*arguments[:3], "nonsense"]) == 2
