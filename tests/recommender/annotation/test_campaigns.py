"""Campaigns: their files, the replies made ahead, and what is exported of them."""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from scripted_models import FILMS, HashingEncoder, ScriptedModel

from benchmarks.simulated_annotators import default_questions, sides
from recommender.__main__ import main
from recommender.annotation.campaign import BAD, GOOD, Campaign, CampaignError
from recommender.annotation.campaign_file import parse_campaign, read_campaign
from recommender.annotation.export import chat_pairs, pairs
from recommender.annotation.judgement import Grade, Judgement
from recommender.annotation.records import AnnotationStore
from recommender.annotation.replies import make, open_for
from recommender.annotation.slots import Judging
from recommender.engine import Recommender
from recommender.opening import open_retriever
from recommender.settings import Settings
from recommender.store import JUDGED, Store
from recommender.tuning.examples import read_examples
from retrieval.catalog import load_catalog

sys.path.insert(0, str(Path(__file__).parents[1] / "evaluation"))

from tiny_shop import write_shop

Open = Callable[..., Recommender]
FILE = """
name = "A trial"
picks = 2
[[systems]]
name = "retriever"
ranker = "retriever"
[[systems]]
name = "model"
ranker = "block"
rank_weight = 1.0
[cases]
requests = ["a scary film in space", "a quiet comedy", "a film about a heist"]
[gold]
random = 1
"""


def opened(campaign: Campaign, tmp_path: Path, store: Store | None = None) -> Any:
    settings = Settings(catalog=str(FILMS), data=tmp_path, candidates=6)
    catalog = load_catalog(settings.catalog)
    retriever = open_retriever(tmp_path / "index", catalog, HashingEncoder(), False)
    return open_for(
        campaign, settings, store or Store(":memory:"), catalog=catalog, retriever=retriever,
        load=lambda *_, **__: ScriptedModel(),
    )  # fmt: skip


def test_a_file_is_read_whole() -> None:
    campaign = parse_campaign(FILE, None)
    assert [system.name for system in campaign.systems] == ["retriever", "model"]
    assert campaign.source.told[1] == "a quiet comedy" and campaign.gold_random == 1
    assert {q.id for q in campaign.questions.questions} == {
        "relevance", "explanation_true", "explanation_helpful", "novelty", "diversity", "trust",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (("picks = 2", "picks = 0"), "picks is 0; expected 1 to 10"),
        (("picks = 2", 'picks = "two"'), "picks is 'two'; expected a whole number"),
        (("picks = 2", "pics = 2"), "pics: unknown; there are name"),
        (('name = "model"', 'name = "retriever"'), "two or more, each with a name"),
        (('ranker = "block"', 'ranker = "best"'), "ranker is .best.; expected one of block"),
        (("rank_weight = 1.0", "rank_weight = 3.0"), "rank_weight is 3.0; expected a share"),
        (("[cases]", "[cases]\nchats = true"), "just one of requests, chats = true, task"),
        (("[gold]", '[gold]\ncase = [{request = "x"}]'), "good and bad as lists"),
        (
            ("[gold]", '[gold]\ncase = [{request = "x", good = ["1"], bad = ["1"]}]'),
            "both good and bad",
        ),
        (
            ("[gold]", '[gold]\ncase = [{request = "x", good = ["1"], bad = ["2"], of = 1}]'),
            "request, and good",
        ),
        (('name = "A trial"', "name = "), "no TOML"),
        (('name = "A trial"', f'name = "{"x" * 201}"'), "at most 200 characters"),
        (
            ('name = "A trial"', 'name = "A"\nlease_minutes = nan'),
            "lease_minutes is nan; expected a minute",
        ),
        (
            ('name = "A trial"', 'name = "A"\ngrades = "all"'),
            "grades is 'all'; expected one of none",
        ),
        (('name = "model"', 'name = "gold: good"'), "none of them 'gold: good'"),
        (('requests = ["a scary', 'requests = [3, "a scary'), "a file, or a list of texts"),
    ],
)
def test_what_is_wrong_in_a_file_is_named(change: tuple[str, str], line: str) -> None:
    with pytest.raises(CampaignError, match=line):
        parse_campaign(FILE.replace(*change), None)


@pytest.mark.parametrize(
    ("question", "line"),
    [
        ('id = "a b"', "an id of letters"),
        ("id = 3", "expected texts"),
        ('id = "a"\npoints = "much"', "points is 'much' in a; expected preference"),
        ('id = "a"\nscale = "7"', "expected vote, "),
        ('id = "a"\n[[tag]]\nid = 3\ntext = "t"', "parts of a tag: expected texts"),
    ],
)
def test_what_is_wrong_in_questions_is_named(tmp_path: Path, question: str, line: str) -> None:
    told = f'vote = "v"\n[[question]]\nof = "pick"\ntext = "t"\nlow = "l"\nhigh = "h"\n{question}\n'
    (tmp_path / "own.toml").write_text(told)
    path = tmp_path / "campaign.toml"
    path.write_text('questions = "own.toml"\n' + FILE)
    with pytest.raises(CampaignError, match=line):
        read_campaign(path)
    (tmp_path / "own.toml").write_bytes(b"\xff")
    with pytest.raises(CampaignError, match=r"questions: .*own\.toml can't be read as text"):
        read_campaign(path)


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (('ranker = "block"', 'ranker = "ease"'), "system 'model': ranker is 'ease'; expected inter"),
        (('ranker = "block"', 'ranker = "block"\nmodel = "none"'), "'model': ranker block asks a lang"),
        (('ranker = "block"', 'ranker = "block"\nadapter = "nowhere"'), "no checkpoint 'nowhere'"),
        (('ranker = "block"', 'ranker = "block"\nquantization = "int3"'), "quantization is 'int3'"),
        (("random = 1", '[[gold.case]]\nrequest = "x"\ngood = ["no-such"]\nbad = ["b"]'), "has no items no-such, b"),
    ],
)  # fmt: skip
def test_what_can_be_found_wrong_is_found_before_anything_is_opened(
    tmp_path: Path, change: tuple[str, str], line: str
) -> None:
    """An index takes minutes to build, and a system's replies as well."""
    settings = Settings(catalog=str(FILMS), data=tmp_path)
    campaign = parse_campaign(FILE.replace(*change), None)
    with pytest.raises(CampaignError, match=line):
        open_for(campaign, settings, Store(":memory:"), encoder=HashingEncoder())
    assert not (tmp_path / "index").exists()


def test_a_baseline_is_a_system_as_any(tmp_path: Path) -> None:
    """What `--ranker` takes a campaign takes, from a catalog as settings name it."""
    settings = Settings(catalog=str(FILMS), data=tmp_path, candidates=6)
    campaign = parse_campaign(FILE.replace('ranker = "block"', 'ranker = "bm25"'), None)
    ready = open_for(campaign, settings, Store(":memory:"), encoder=HashingEncoder())
    made = make(campaign, ready)
    assert {name for case in made.cases[:3] for name in case.replies} == {"retriever", "model"}
    assert made.alike < 3


def test_cases_of_an_evaluation_task(tmp_path: Path) -> None:
    shop = write_shop(tmp_path / "shop")
    told = FILE.replace(
        'name = "retriever"\nranker = "retriever"', 'name = "p"\nranker = "popularity"'
    )
    told = told.replace('ranker = "block"\nrank_weight = 1.0', 'ranker = "bm25"')
    requests = 'requests = ["a scary film in space", "a quiet comedy", "a film about a heist"]'
    told = told.replace(requests, 'task = "sequential"\ndata = "shop"\nlimit = 4')
    settings = Settings(data=tmp_path / "data", model="none")
    campaign = parse_campaign(told, shop.parent)
    made = make(campaign, open_for(campaign, settings, Store(":memory:")))
    assert len(made.cases) == 5 and set(made.cases[0].replies) == {"p", "model"}
    assert made.cases[0].request.startswith("Video games taken before, newest last: ")
    for change, line in (
        (('"sequential"', '"guessing"'), "cases.task is 'guessing'; there are sequential"),
        (('"popularity"', '"best"'), "no ranker best; there are popularity"),
        (("picks = 2", 'picks = 2\nreasons = "own"'), "no reasons of its own"),
    ):
        wrong = parse_campaign(told.replace(*change), shop.parent)
        with pytest.raises(ValueError, match=line):
            open_for(wrong, settings, Store(":memory:"))


def test_known_answers_are_as_long_on_both_sides(tmp_path: Path) -> None:
    catalog = load_catalog(str(FILMS))
    good, bad, other = (item.id for item in catalog.items[:3])
    gold = f'[[gold.case]]\nrequest = "a comedy"\ngood = ["{good}", "{other}"]\nbad = ["{bad}"]'
    campaign = parse_campaign(FILE.replace("[gold]\nrandom = 1", gold), None)
    case = make(campaign, opened(campaign, tmp_path)).cases[-1]
    assert [[p["item"] for p in case.replies[side]] for side in (GOOD, BAD)] == [[good], [bad]]


def test_a_page_reads_no_file_of_the_server(tmp_path: Path) -> None:
    told = FILE.replace('requests = ["a scary film in space", "a quiet comedy", "a film about a heist"]',
                        'requests = "secret.txt"')  # fmt: skip
    (tmp_path / "secret.txt").write_text("a scary film\n")
    with pytest.raises(CampaignError, match="reads no file"):
        parse_campaign(told, None)
    path = tmp_path / "campaign.toml"
    path.write_text(told)
    assert read_campaign(path).source.requests == tmp_path / "secret.txt"


def test_systems_are_asked_about_the_same_candidates_and_shown_alike(tmp_path: Path) -> None:
    campaign = parse_campaign(FILE, None)
    told: list[tuple[int, int]] = []
    made = make(campaign, opened(campaign, tmp_path), lambda done, of: told.append((done, of)))
    assert told == [(n, 6) for n in range(1, 7)]
    asked = [case for case in made.cases if not any(gold for *_, gold in case.comparisons)]
    assert len(asked) == 3 and len(made.cases) == 4
    compared = 0
    for case in asked:
        assert set(case.replies) == {"retriever", "model"}
        for picks in case.replies.values():
            assert len(picks) == 2 and all(p["item"] in case.detail["candidates"] for p in picks)
            assert all(p["reason"] and p["block"].endswith("? Answer:") for p in picks)
        assert {tuple(p) for picks in case.replies.values() for p in picks} == {
            tuple(case.replies["model"][0])
        }  # the same keys in the same order, whoever recommends
        compared += len(case.comparisons)
    assert compared + made.alike == 3
    gold = made.cases[-1]
    assert gold.comparisons == ((BAD, GOOD, GOOD),)
    assert not {p["item"] for p in gold.replies[BAD]} & set(gold.detail["candidates"])


def test_what_can_not_be_asked_is_named(tmp_path: Path) -> None:
    told = FILE.replace("a quiet comedy", "thank you").replace("a film about a heist", "hello")
    campaign = parse_campaign(told, None)
    line = "take out request 'thank you' asks for nothing; request 'hello' asks for nothing"
    with pytest.raises(CampaignError, match=line):
        opened(campaign, tmp_path)


def test_conversations_are_taken_with_leave_alone(open_recommender: Open, tmp_path: Path) -> None:
    recommender = open_recommender()
    elsewhere = recommender.open_session(JUDGED).id  # a conversation about another catalog
    for _ in recommender.reply(elsewhere, "a scary film"):
        pass
    with sqlite3.connect(tmp_path / "store.db") as db:
        db.execute("update picks set item = 'a-book'")
    db.close()
    for consent in ("kept", JUDGED):
        session = recommender.open_session(consent).id
        for words in ("a scary film", "something in space"):
            for _ in recommender.reply(session, words):
                pass
    told = FILE.replace('requests = ["a scary film in space", "a quiet comedy", "a film about a heist"]',
                        "chats = true").replace("random = 1", "random = 0")  # fmt: skip
    campaign = parse_campaign(told, None)
    [asked] = opened(campaign, tmp_path, recommender.store).asked
    assert (asked.request, asked.said) == ("something in space", ("a scary film",))
    assert asked.session == session
    # The picks that the turn led to may be picked again; those shown before may not.
    first, second = (reply.picks for reply in recommender.replies(session))
    ids = {candidate.item.id for candidate in asked.candidates}
    assert not ids & {p.item.id for p in first} and {p.item.id for p in second} <= ids


def judged(store: AnnotationStore, tmp_path: Path) -> str:
    campaign = parse_campaign(FILE.replace("random = 1", "random = 0"), None)
    identity, _ = store.create(campaign, make(campaign, opened(campaign, tmp_path)).cases)
    return identity


def test_pairs_come_from_grades_and_else_from_votes(store: AnnotationStore, tmp_path: Path) -> None:
    campaign = judged(store, tmp_path)
    judging, (annotator, _) = Judging(store), store.invite(campaign)
    slots = []
    while slot := judging.next_slot(annotator):
        grades: tuple[Grade, ...] = ()
        if not slots:  # the first is graded: 5 to the first pick left, 2 and 4 to others
            grades = (Grade("relevance", "a", 1, 5), Grade("relevance", "a", 2, 4),
                      Grade("trust", "b", 0, 1))  # fmt: skip
            if _item(store, slot, "b", 1) != _item(store, slot, "a", 1):
                grades += (Grade("relevance", "b", 1, 2),)
        judging.vote(annotator, slot, Judgement("b", ("fit",), "", grades))
        slots.append(slot)
    found = list(pairs(store, campaign))
    for example in found:
        assert example.labels == (1, 0) and example.source == "judgements"
        assert example.template and example.prefix and example.items[0] != example.items[1]
    for slot in slots[1:]:
        good, bad = ({_item(store, slot, side, n) for n in (1, 2)} for side in "ba")
        mine = {e.items for e in found if e.id.startswith(f"{slot}/")}
        assert len(mine) == len(good - bad)
        assert all(one in good - bad and other in bad - good for one, other in mine)
    graded = [e for e in found if e.id.startswith(f"{slots[0]}/")]
    if _item(store, slots[0], "b", 1) not in (
        _item(store, slots[0], "a", 1), _item(store, slots[0], "a", 2)
    ):  # fmt: skip
        assert {e.items for e in graded} == {
            (_item(store, slots[0], "a", n), _item(store, slots[0], "b", 1)) for n in (1, 2)
        }


def _item(store: AnnotationStore, slot: str, side: str, place: int) -> str:
    left, right, comparison = sides(store, slot)
    row = store.rows(
        'select r.picks from annotation_replies r join annotation_comparisons c on c."case" = '
        'r."case" where c.id = ? and r.system = ?', [comparison, left if side == "a" else right],
    )[0]  # fmt: skip
    return str(json.loads(row["picks"])[place - 1]["item"])


def test_ratings_in_a_chat_make_pairs(open_recommender: Open) -> None:
    recommender = open_recommender()
    session = recommender.open_session(JUDGED).id
    for _ in recommender.reply(session, "a scary film in space"):
        pass
    one, two, three = (pick.item.id for pick in recommender.replies(session)[0].picks)
    recommender.feedback(session, one, "rating", 4)
    recommender.feedback(session, two, "not_for_me")
    recommender.feedback(session, three, "rating", 3)
    found = list(chat_pairs(recommender.store, recommender.catalog))
    assert {example.items for example in found} == {(one, two), (three, two)}
    assert all(example.source == "chat ratings" for example in found)
    text = recommender.replies(session)[0].instruction.text
    assert {example.prefix for example in found} == {text}


def test_the_commands_from_a_file_to_pairs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = AnnotationStore(tmp_path / "store.db")
    campaign = judged(store, tmp_path)
    given = ["--data", str(tmp_path)]
    assert (
        main(["annotate", "invite", campaign, "--count", "2", "--url", "http://a.b/", *given]) == 0
    )
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2 and "http://a.b/annotate#token=" in lines[0]
    annotator = store.annotator(lines[0].partition("#token=")[2])
    judging = Judging(store)
    while slot := judging.next_slot(annotator):
        judging.vote(annotator, slot, Judgement("a", (), "", ()))
    assert main(["annotate", "list", *given]) == 0
    assert campaign in capsys.readouterr().out
    assert main(["annotate", "show", campaign, *given]) == 0
    assert "Krippendorff" in capsys.readouterr().out
    out = tmp_path / "out" / "pairs.jsonl"
    assert main(["annotate", "export", campaign, "--pairs", "--out", str(out), *given]) == 0
    assert len(list(read_examples(out))) == len(list(pairs(store, campaign))) > 0
    assert main(["annotate", "export", campaign, "--out", str(out), *given]) == 0
    assert json.loads(out.read_text().splitlines()[0])["choice"] == "a"
    assert main(["annotate", "close", campaign, *given]) == 0
    assert store.campaign(campaign).status == "closed"
    assert main(["annotate", "owner", *given]) == 0
    assert store.is_owner(capsys.readouterr().out.strip().partition("#owner=")[2])
    assert main(["annotate", "show", "c-none", *given]) == 2
    assert campaign in capsys.readouterr().err  # what there is
    assert main(["annotate", "create", str(tmp_path / "none.toml"), *given]) == 2
    store.close()


def test_default_questions_are_whole() -> None:
    questions = default_questions()
    assert all(q.text and q.low and q.high for q in questions.questions)
    assert [q.id for q in questions.questions if q.points] == ["relevance"]
