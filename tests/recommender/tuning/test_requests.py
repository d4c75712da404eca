"""Requests to tune on: what they ask for, who answers, and that the chat's own path makes them."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from scripted_models import FILMS, HashingEncoder

from prompts.templates import Templates
from recommender.__main__ import main
from recommender.dialogue import Session
from recommender.ranking import nouns_of
from recommender.tuning.chat_examples import RequestsError, make_requests
from recommender.tuning.examples import Example, read_examples
from recommender.tuning.needs import Bound, Named, Needs, Values, grade_of
from recommender.understanding.understander import Understander
from retrieval.catalog import Catalog, Item, load_catalog
from retrieval.index import DenseIndex
from retrieval.limits import Limit
from retrieval.retriever import DenseRetriever

SPACE, FUNNY = frozenset({"space"}), frozenset({"funny"})


def film(item_id: str, *themes: str, year: float = 2000) -> Item:
    return Item(item_id, item_id.title(), {"keywords": themes}, {"year": year}, {})


@pytest.fixture(scope="module")
def movies() -> Catalog:
    return load_catalog("movies")


@pytest.fixture(scope="module")
def examples(movies: Catalog) -> list[Example]:
    return made(movies, seed=0)


def made(catalog: Catalog, seed: int, count: int = 40) -> list[Example]:
    encoder = HashingEncoder()
    vectors = encoder.encode([catalog.describe(item) for item in catalog.items])
    retriever = DenseRetriever(catalog, encoder, DenseIndex(vectors))
    return list(
        make_requests(catalog, encoder, retriever, count, seed=seed, blocks=8, progress=False)
    )


def test_a_full_answer_is_better_than_a_fair_one_and_what_rules_out_settles_it() -> None:
    need = Values("far out", (SPACE, frozenset({"aliens"})), (frozenset({"robots"}),), (FUNNY,))
    assert need.grade(film("a", "space", "aliens")) == 3
    assert need.grade(film("b", "space", "robots")) == 3
    assert need.grade(film("c", "space")) == 2
    assert need.grade(film("d", "robots")) == 1
    assert need.grade(film("e", "space", "aliens", "funny")) == 0


def test_values_that_belong_together_count_together_only() -> None:
    need = Values("war of the worlds", (SPACE | FUNNY,))
    assert need.grade(film("a", "space")) == 0
    assert need.grade(film("b", "space", "funny")) == 3


def test_an_item_is_as_good_as_what_it_answers_worst_and_better_than_nothing_by_half() -> None:
    space, funny = Values("in space", (SPACE,)), Values("funny", (FUNNY,))
    late = Bound("after 1999", Limit(("year",), minimum=2000))
    assert grade_of((space, funny, late), film("a", "space", "funny")) == 3
    assert grade_of((space, funny, late), film("b", "space")) == 1
    assert grade_of((space, funny, late), film("c", "space", "funny", year=1990)) == 0
    assert grade_of((space, late), film("d", "funny")) == 0


def test_what_shares_rare_themes_is_most_alike(movies: Catalog) -> None:
    needs = Needs(movies, HashingEncoder())
    alien = movies["alien-1979"]
    grades = needs.like([alien], movies.items)
    assert grades["aliens-1986"] == 3
    assert alien.id not in grades
    assert "amelie-2001" not in grades
    assert set(grades.values()) == {1, 2, 3}


def test_likeness_is_reckoned_among_what_is_allowed(movies: Catalog) -> None:
    needs = Needs(movies, HashingEncoder())
    allowed = [item for item in movies.items if item.year is not None and item.year < 1975]
    grades = needs.like([movies["alien-1979"]], allowed)
    assert grades and all(movies[i].year < 1975 for i in grades)  # type: ignore[operator]


def test_every_wording_says_something_of_the_bundled_films(movies: Catalog) -> None:
    needs = Needs(movies, HashingEncoder())
    for need in needs._wordings:
        assert any(need.grade(item) > 1 for item in movies.items), need.words


def test_a_story_names_nobody(movies: Catalog) -> None:
    needs, rng = Needs(movies, HashingEncoder()), random.Random(0)
    told = [needs.story(rng, item) for item in movies.items[:200]]
    stories = [need for need in told if isinstance(need, Named)]
    assert len(stories) > 50
    assert all(need.words == need.words.lower() or " I" in need.words for need in stories)


def test_examples_are_worded_and_listed_as_in_the_chat(
    movies: Catalog, examples: list[Example]
) -> None:
    templates, nouns = Templates.load(), nouns_of(movies)
    assert len(examples) == 40
    for example in examples:
        block = templates.by_id[example.template].render_block
        wanted = [block(nouns, item=movies.brief(movies[i])) for i in example.items]
        assert list(example.blocks) == wanted
        assert 5 <= len(example.blocks) <= 8
        assert any(example.labels) and not all(example.labels)
    liked = [e for e in examples if "liked these films" in e.prefix]
    assert liked
    # What is liked is told with its facts, and is no candidate.
    for example in liked:
        known = [i for i in movies.items if movies.brief(i) in example.prefix]
        assert known and not {item.id for item in known} & set(example.items)


def test_no_candidate_breaks_a_limit_that_was_heard(movies: Catalog) -> None:
    words = "a western about revenge from the 1960s"
    read = Understander(movies).understand(Session("s"), words)
    limits = read.query.limits
    found = [
        e
        for e in made(movies, seed=3, count=60)
        if "1960 to 1969" in e.prefix and "or" not in e.prefix
    ]
    assert limits
    for example in found:
        years = [movies[i].year for i in example.items]
        assert all(year is not None and 1960 <= year <= 1969 for year in years)


def test_the_same_seed_gives_the_same_examples(movies: Catalog, examples: list[Example]) -> None:
    assert made(movies, seed=0) == examples
    assert made(movies, seed=1) != examples


@pytest.mark.parametrize(("count", "blocks"), [(0, 8), (5, 3), (5, 99)])
def test_what_can_not_be_made_is_refused(movies: Catalog, count: int, blocks: int) -> None:
    retriever = DenseRetriever(movies, HashingEncoder(), DenseIndex(HashingEncoder().encode(["a"])))
    with pytest.raises(RequestsError, match="must be"):
        list(make_requests(movies, HashingEncoder(), retriever, count, blocks=blocks))


def test_the_command_names_a_catalog_that_is_not_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["--out", str(tmp_path / "x.jsonl"), "--catalog", "nowhere", "--data", str(tmp_path)]
    assert main(["instructions", "requests", *given]) == 2
    assert "nowhere" in capsys.readouterr().err
    assert not (tmp_path / "x.jsonl").exists()


def test_the_command_writes_requests_and_what_lies_beside(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], examples: list[Example],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    from recommender.tuning.examples import ExampleWriter

    beside, out = tmp_path / "beside.jsonl", tmp_path / "all.jsonl.gz"
    with ExampleWriter(beside) as writer:
        writer.write_all(examples[:3])
    monkeypatch.setattr("retrieval.encoder.open_encoder", lambda name, cache: HashingEncoder())
    given = ["--catalog", str(FILMS), "--data", str(tmp_path), "--count", "4", "--blocks", "5"]
    assert (
        main(["instructions", "requests", "--out", str(out), "--beside", str(beside), *given]) == 0
    )
    written = list(read_examples(out))
    assert written[-3:] == examples[:3]
    assert f"{len(written)} examples" in capsys.readouterr().out
