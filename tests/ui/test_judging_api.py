"""What the annotation pages ask, forged and not: blind, bounded, and by token alone."""

from __future__ import annotations

import hashlib
import json
import re
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from benchmarks.simulated_annotators import campaign_in, default_questions, pick
from recommender.annotation.campaign import Campaign, Source, System
from recommender.annotation.kept import Case, UnknownError
from recommender.annotation.records import AnnotationStore
from recommender.opening import open_retriever
from recommender.settings import Settings
from recommender.store import Store
from recommender.ui.judging_api import LARGEST, judging_routes
from retrieval.catalog import load_catalog

sys.path.insert(0, str(Path(__file__).parents[1] / "recommender"))

from scripted_models import FILMS, HashingEncoder

Post = Callable[..., Any]
VOTE = {"choice": "a", "tags": [], "words": "", "grades": []}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[AnnotationStore]:
    opened = AnnotationStore(tmp_path / "store.db")
    yield opened
    opened.close()


@pytest.fixture
def client(tmp_path: Path) -> TestClient:
    settings = Settings(model="none", data=tmp_path)
    return TestClient(Starlette(routes=judging_routes(SimpleNamespace(settings=settings))))


@pytest.fixture
def post(client: TestClient) -> Post:
    return lambda action, **data: client.post(f"/annotation/{action}", json=data)


def everything(store: AnnotationStore) -> list[list[dict[str, Any]]]:
    tables = ("slots", "votes", "grades", "campaigns", "cases")
    return [store.rows(f"select * from annotation_{table}") for table in tables]


def test_a_case_from_link_to_vote(store: AnnotationStore, post: Post) -> None:
    campaign = campaign_in(store, 2, judgements=1)
    _, token = store.invite(campaign)
    entered = post("enter", token=token).json()
    assert entered["progress"] == {"judged": 0, "left": 2, "seconds": None}
    slot = entered["case"]["slot"]
    stayed = post("vote", token=token, slot=slot, judgement=VOTE, stay=True).json()
    assert stayed["case"]["slot"] == slot and stayed["case"]["judgement"]["choice"] == "a"
    after = post("vote", token=token, slot=slot, judgement=VOTE).json()
    assert after["case"]["before"] == slot and after["case"]["number"] == 2
    post("vote", token=token, slot=after["case"]["slot"], judgement=VOTE)
    assert post("enter", token=token).json()["case"] is None


def test_forged_requests_change_nothing_and_are_answered(
    store: AnnotationStore, post: Post, client: TestClient
) -> None:
    campaign = campaign_in(store, 3, picks=3, questions=default_questions())
    closed = campaign_in(store, 1)
    (_, mine), (_, other) = store.invite(campaign), store.invite(campaign)
    _, shut = store.invite(closed)
    left = post("enter", token=shut).json()["case"]["slot"]
    store.set_status(closed, "closed")
    slot = post("enter", token=mine).json()["case"]["slot"]
    before = everything(store)
    nine = [{"question": "relevance", "side": "a", "place": 1, "value": 9}]
    forged: list[tuple[str, dict[str, Any], int, str]] = [
        ("vote", {"token": other, "slot": slot, "judgement": VOTE}, 409, "not given to you"),
        ("skip", {"token": other, "slot": slot}, 409, "not given to you"),
        ("undo", {"token": other, "slot": slot}, 409, "not given to you"),
        ("names", {"token": other, "slot": slot}, 409, "not given to you"),
        ("case", {"token": other, "slot": slot}, 409, "not given to you"),
        ("vote", {"token": shut, "slot": left, "judgement": VOTE}, 409, "closed"),
        ("vote", {"token": mine, "slot": slot, "judgement": {**VOTE, "grades": nine}}, 409, "grade is 9"),
        ("vote", {"token": mine, "slot": slot, "judgement": {**VOTE, "words": "x" * 5000}}, 409, "1,000 characters"),
        ("vote", {"token": mine, "slot": slot, "judgement": None}, 409, "judgement"),
        ("vote", {"token": mine, "slot": ["x"], "judgement": VOTE}, 409, "not given to you"),
        ("names", {"token": mine, "slot": slot}, 409, "after the vote"),
        ("vote", {"token": "", "slot": slot, "judgement": VOTE}, 403, "link is not known"),
        ("enter", {"token": {"a": 1}}, 403, "link is not known"),
        ("enter", {"join": "guess"}, 403, "link is not known"),
        ("forget", {"token": "guess"}, 403, "link is not known"),
        ("owner/status", {"token": mine, "campaign": campaign, "status": "closed"}, 403, "owner"),
        ("owner/figures", {"token": "", "campaign": campaign}, 403, "owner"),
    ]  # fmt: skip
    for action, data, status, line in forged:
        answer = post(action, **data)
        assert (answer.status_code, action) == (status, action), answer.text
        assert line in answer.json()["error"], answer.text
    for body, status in (
        (b"{", 400),
        (b"[]", 400),
        (b"[" * 100_000, 400),
        (
            json.dumps(
                {"token": mine, "slot": slot, "judgement": {**VOTE, "words": "\ud800"}}
            ).encode(),
            400,
        ),
        (b"x" * (LARGEST + 1), 413),
    ):
        assert client.post("/annotation/vote", content=body).status_code == status
    assert everything(store) == before


def test_a_script_in_the_words_is_kept_as_words(store: AnnotationStore, post: Post) -> None:
    campaign = campaign_in(store, 1)
    _, token = store.invite(campaign)
    slot = post("enter", token=token).json()["case"]["slot"]
    words = "<script>window.x=1</script>"
    told = post("vote", token=token, slot=slot, judgement={**VOTE, "words": words}, stay=True)
    assert told.json()["case"]["judgement"]["words"] == words
    assert told.headers["content-type"] == "application/json"


def test_guidelines_can_do_nothing(store: AnnotationStore, post: Post) -> None:
    told = "**Look** <img src=x onerror=alert(1)> [x](javascript:alert(1)) ![y](http://a.example/y)"
    _, token = store.invite(campaign_in(store, 1, guidelines=told))
    shown = post("enter", token=token).json()["campaign"]["guidelines"]
    assert "<strong>Look</strong>" in shown and "&lt;img" in shown
    assert "<img" not in shown and 'href="javascript' not in shown


def swapped(store: AnnotationStore, names: tuple[str, str]) -> tuple[str, str]:
    """A campaign in which the first name has one list and the second the other; and a token."""
    lists = [[pick("p1"), pick("p2")], [pick("q1"), {**pick("q2"), "written_by": "model"}]]
    case = Case(
        "request",
        {"said": [], "instruction": "i", "template": "t", "candidates": []},
        dict(zip(names, lists, strict=True)),
        ((*sorted(names), ""),),
    )  # type: ignore[arg-type]
    systems = (System(names[0], "retriever"), System(names[1], "block", adapter="secret-adapter"))
    campaign = Campaign("A trial", systems, Source(told=("x",)), default_questions(), picks=2)
    identity, _ = store.create(campaign, [case])
    return identity, store.invite(identity)[1]


@pytest.mark.parametrize("p_left", [True, False])
def test_nothing_that_is_sent_hangs_on_which_system_is_which(
    store: AnnotationStore, post: Post, p_left: bool
) -> None:
    """Two campaigns in which the systems have changed lists; shown alike, they are sent alike,
    to the byte and the header, but for what is random."""
    answers = []
    for names in (("alpha-system", "omega-system"), ("omega-system", "alpha-system")):
        _, token = swapped(store, names)
        slot = post("enter", token=token).json()["case"]["slot"]
        with store.writing() as db:  # the list with p stands where it should
            turned = (names[0] > names[1]) == p_left
            db.execute("update annotation_slots set turned = ? where id = ?", [turned, slot])
        sent = [
            post("enter", token=token),
            post("case", token=token, slot=slot),
            post("vote", token=token, slot=slot, judgement=VOTE, stay=True),
            post("undo", token=token, slot=slot),
        ]
        assert (sent[1].json()["case"]["sides"]["a"][0]["title"] == "Title of p1") == p_left
        random = [token, slot, sent[0].json()["annotator"]]
        answers.append([
            (re.sub("|".join(map(re.escape, random)), "*", one.text), sorted(one.headers.items()))
            for one in sent
        ])  # fmt: skip
        for one in sent:
            assert not re.search("alpha|omega|secret|written|ranker|gold|turned|system", one.text)
    assert answers[0] == answers[1]


def test_known_answers_look_like_any_case(store: AnnotationStore, post: Post) -> None:
    campaign = campaign_in(store, 3, gold=3)
    _, token = store.invite(campaign)
    shapes = set()
    case = post("enter", token=token).json()["case"]
    while case:
        shapes.add(json.dumps(_shape(case), sort_keys=True))
        case = post("vote", token=token, slot=case["slot"], judgement=VOTE).json()["case"]
    assert len(shapes) == 1


def _shape(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _shape(one) for key, one in value.items()}
    return [_shape(one) for one in value] if isinstance(value, list) else type(value).__name__


def test_the_owner_makes_links_sees_figures_and_closes(store: AnnotationStore, post: Post) -> None:
    campaign, owner = campaign_in(store, 2), store.new_owner()
    invited = post("owner/invite", token=owner, campaign=campaign, count=2).json()["invited"]
    slot = post("enter", token=invited[0]["token"]).json()["case"]["slot"]
    post("vote", token=invited[0]["token"], slot=slot, judgement=VOTE)
    figures = post("owner/figures", token=owner, campaign=campaign).json()["figures"]
    assert figures["progress"]["judged"] == 1
    file = post("owner/file", token=owner, campaign=campaign, kind="judgements").json()["file"]
    assert json.loads(file["content"])["annotator"] == invited[0]["annotator"]
    told = post("owner/status", token=owner, campaign=campaign, status="closed").json()
    assert told["campaigns"][0]["status"] == "closed"
    for count in (0, 101, "3", True):
        answer = post("owner/invite", token=owner, campaign=campaign, count=count)
        assert answer.status_code == 400 and "expected 1 to 100" in answer.json()["error"]
    refused = post("owner/create", token=owner, toml='name = "x"\nquestions = "/etc/passwd"')
    assert refused.status_code == 400 and "reads no file" in refused.json()["error"]
    assert store.new_owner() != owner
    assert post("owner/campaigns", token=owner).status_code == 403  # the old link has ended


def test_whoever_has_the_campaigns_link_may_join_where_that_is_allowed(
    store: AnnotationStore, post: Post
) -> None:
    campaign = Campaign("Open", (System("a", "retriever"), System("b", "retriever")),
                        Source(told=("x",)), default_questions(), joinable=True)  # fmt: skip
    case = Case("r", {"said": [], "instruction": "i", "template": "t", "candidates": []},
                {"a": [pick("1")], "b": [pick("2")]}, (("a", "b", ""),))  # fmt: skip
    _, key = store.create(campaign, [case])
    one, other = (post("enter", join=key).json() for _ in range(2))
    assert one["annotator"] != other["annotator"]
    assert post("enter", token=one["token"]).json()["annotator"] == one["annotator"]
    # An account that is logged in is the same annotator each time, and its name is not kept.
    known = [store.login(key, "account-17")[0].id for _ in range(2)]
    assert len(set(known)) == 1
    assert b"account-17" not in Path(store.path).read_bytes()


def test_forgetting_oneself_says_how_many_rows_went(store: AnnotationStore, post: Post) -> None:
    campaign = campaign_in(store, 2)
    _, token = store.invite(campaign)
    slot = post("enter", token=token).json()["case"]["slot"]
    post("vote", token=token, slot=slot, judgement=VOTE)
    # One annotator, one vote, and two slots: the second case was given with the vote's answer.
    assert post("forget", token=token).json()["deleted"] == 4
    assert post("enter", token=token).status_code == 403


def test_an_account_is_one_annotator_and_not_kept(store: AnnotationStore, tmp_path: Path) -> None:
    """Where a Space offers a login its session names the account."""
    settings = Settings(model="none", data=tmp_path)
    pages = Starlette(routes=judging_routes(SimpleNamespace(settings=settings)))

    async def logged_in(scope: Any, receive: Any, send: Any) -> None:
        account = {"oauth_info": {"userinfo": {"sub": "account-17", "name": "Somebody"}}}
        await pages({**scope, "session": account}, receive, send)

    campaign = Campaign("Open", (System("a", "retriever"), System("b", "retriever")),
                        Source(told=("x",)), default_questions(), joinable=True)  # fmt: skip
    _, key = store.create(campaign, [])
    client = TestClient(logged_in)
    entered = [client.post("/annotation/enter", json={"join": key}).json() for _ in range(2)]
    assert entered[0]["annotator"] == entered[1]["annotator"]
    assert store.annotator(entered[0]["token"]).origin == "login"
    guess = hashlib.sha256(f"{key}\naccount-17".encode()).hexdigest()
    assert (
        entered[0]["token"] != guess
        and client.post("/annotation/enter", json={"token": guess}).status_code == 403
    )  # whoever knows the account and the link can't be it
    assert not any(b"account-17" in path.read_bytes() for path in tmp_path.glob("store.db*"))


def test_who_joined_before_logging_in_stays_the_same(store: AnnotationStore) -> None:
    """A login leads away from the page and back, when a first case may be judged already."""
    campaign = Campaign("Open", (System("a", "retriever"), System("b", "retriever")),
                        Source(told=("x",)), default_questions(), joinable=True)  # fmt: skip
    _, key = store.create(campaign, [])
    before, token = store.join(key)
    account, own = store.login(key, "account-17", token)
    assert account.id == before.id and account.origin == "login"
    with pytest.raises(UnknownError):
        store.annotator(token)
    # From another browser, where somebody joined as a stranger first, it is the account's.
    _, elsewhere = store.join(key)
    assert store.login(key, "account-17", elsewhere) == (account, own)
    # An invitation is somebody's own, whoever is logged in.
    _, invited = store.invite(account.campaign)
    assert store.login(key, "account-18", invited)[0].id != store.annotator(invited).id


def test_a_campaign_is_made_on_the_page_and_failures_are_told(
    store: AnnotationStore, tmp_path: Path
) -> None:
    catalog = load_catalog(str(FILMS))
    retriever = open_retriever(tmp_path / "index", catalog, HashingEncoder(), False)
    settings = Settings(model="none", data=tmp_path, catalog=str(FILMS), candidates=6)
    app = SimpleNamespace(settings=settings, catalog=catalog, retriever=retriever,
                          store=Store(":memory:"))  # fmt: skip
    client = TestClient(Starlette(routes=judging_routes(app)))
    owner = store.new_owner()

    def made(toml: str) -> dict[str, Any]:
        answer = client.post("/annotation/owner/create", json={"token": owner, "toml": toml})
        assert answer.status_code == 200, answer.text
        while True:
            job: dict[str, Any] = client.post(
                "/annotation/owner/job", json={"token": owner}
            ).json()["job"]
            if job["over"]:
                return job
            time.sleep(0.05)

    toml = """name = "Twins"
      systems = [{name = "one", ranker = "retriever"}, {name = "two", ranker = "retriever"}]
      [cases]
      requests = ["a scary film in space"]"""
    job = made(toml)
    assert (job["done"], job["of"]) == (2, 2) and "pick alike in every case" in job["error"]
    job = made(toml.replace("a scary film in space", "thank you"))
    assert "asks for nothing" in job["error"]
    assert store.campaigns() == []
