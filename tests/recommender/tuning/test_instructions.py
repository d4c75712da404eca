"""Instruction data: the same seed gives the same file, nothing held out is in it, no leaks."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from small_data import GAMES, USERS, write_dialogues, write_games

from prompts.instruction import Aspects
from prompts.templates import Templates
from recommender.tuning import leaks
from recommender.tuning.behaviour import Behaviour, History, is_for_testing, split_of_item
from recommender.tuning.examples import Example, read_examples
from recommender.tuning.instructions import InstructionsError, Made, make
from recommender.tuning.mixing import MIX_FILE, MIXES, Mix, MixError, mix_file
from recommender.tuning.sources import read_sources
from recommender.tuning.teacher import SalientPhrases
from retrieval.catalog import Catalog, Item

TEMPLATES = Templates.load()
COUNT = 900


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> list[Behaviour]:
    data = tmp_path_factory.mktemp("data")
    write_games(data)
    write_dialogues(data, 30)
    return read_sources(data)


@pytest.fixture(scope="module")
def made(sources: list[Behaviour], tmp_path_factory: pytest.TempPathFactory) -> Made:
    out = tmp_path_factory.mktemp("made") / "data.jsonl"
    return make(sources, out, count=COUNT, seed=1, progress=False)


@pytest.fixture(scope="module")
def examples(made: Made) -> list[Example]:
    return list(read_examples(made.path))


def test_the_same_seed_gives_the_same_bytes_and_another_others(
    sources: list[Behaviour], tmp_path: Path
) -> None:
    def file_of(name: str, seed: int) -> bytes:
        return make(
            sources, tmp_path / name, count=120, seed=seed, progress=False
        ).path.read_bytes()

    assert file_of("a.jsonl.gz", 5) == file_of("b.jsonl.gz", 5) != file_of("c.jsonl.gz", 6)


def test_no_example_twice_and_ids_of_their_own(made: Made, examples: list[Example]) -> None:
    assert made.count == COUNT == len(examples)
    assert len({e.id for e in examples}) == COUNT
    read = {(e.prefix, e.target, tuple(sorted(e.blocks))) for e in examples}
    assert len(read) == COUNT


def test_what_is_held_out_is_nowhere_a_target(
    sources: list[Behaviour], examples: list[Example]
) -> None:
    """Test items as targets, validation items in training, dialogues of the other half."""
    games = next(s for s in sources if s.name == "video_games")
    after = {h.user: h.validation for h in games.histories}
    tests = {str(GAMES + n) for n in range(USERS)}
    for example in examples:
        if example.source != "video_games":
            assert (
                example.source != "dialogues"
                or not example.user
                or not is_for_testing(example.user)
            )
            continue
        fits = [i for i, label in zip(example.items, example.labels, strict=False) if label]
        targets = fits if example.scored else list(example.items)
        if example.user is not None:
            assert not tests & set(targets)
            if example.split == "train":
                assert after[example.user] not in targets
            elif targets:
                assert targets == [after[example.user]]
        else:
            assert all(split_of_item(i) == example.split for i in targets)
        assert "LAST" not in example.prefix + example.target


def test_no_negative_was_taken_by_its_user_in_training(
    sources: list[Behaviour], examples: list[Example]
) -> None:
    taken = {h.user: set(h.items) for s in sources for h in s.histories}
    for example in examples:
        if example.scored and example.user in taken:
            wrong = {i for i, y in zip(example.items, example.labels, strict=True) if not y}
            assert not wrong & taken[example.user]


def test_blocks_are_what_the_chat_would_render(
    sources: list[Behaviour], examples: list[Example]
) -> None:
    catalogs = {s.name: s.catalog for s in sources}
    checked = 0
    for example in examples:
        template = TEMPLATES.by_id[example.template]
        if example.scored and template.task_form != "pairwise":
            catalog = catalogs[example.source]
            nouns = {"noun": catalog.noun, "nouns": catalog.nouns}
            expected = [template.render_block(nouns, item=catalog.brief(catalog[i]))
                        for i in example.items]  # fmt: skip
            assert list(example.blocks) == expected
            checked += 1
    assert checked > COUNT / 3


def test_every_place_holds_the_right_answer_about_as_often(examples: list[Example]) -> None:
    """Block order must tell nothing: of 16 places each has the answer in a sixteenth."""
    places = Counter(e.labels.index(1) for e in examples if len(e.blocks) == 16)
    total = places.total()
    assert total > 200
    assert max(places.values()) < 3 * total / 16
    one = [e.labels[0] for e in examples if len(e.blocks) == 1]
    two = [e.labels[0] for e in examples if len(e.blocks) == 2]
    assert 0.3 < sum(one) / len(one) < 0.7 and 0.3 < sum(two) / len(two) < 0.7


def test_the_card_counts_what_is_in_the_file(made: Made, examples: list[Example]) -> None:
    card = json.loads(made.card.read_text("utf-8"))
    assert card["sha256"] == hashlib.sha256(made.path.read_bytes()).hexdigest()
    assert card["templates"] == TEMPLATES.version
    for name in ("source", "split", "template"):
        assert card["counts"][name] == dict(
            sorted(Counter(getattr(e, name) for e in examples).items())
        )
    assert card["scored"] + card["written"] == card["count"] == COUNT
    assert card["leaks"]["written"] == 0 and card["leaks"]["checked"] == COUNT
    assert card["words"]["prefix"]["most"] == max(len(e.prefix.split()) for e in examples)
    assert all(0 <= asked["yes"] <= 1 for asked in card["quality"].values())
    assert "kept for testing" in card["sources"]["dialogues"]["left_out"]
    assert card["sources"]["video_games"]["files"]


def test_every_strategy_and_all_forms_come_up(examples: list[Example]) -> None:
    used = [TEMPLATES.by_id[e.template] for e in examples]
    assert "talk-wish" in {t.id for t in used}  # the one whose answer stands in what is read
    assert {t.strategy for t in used} == {t.strategy for t in TEMPLATES.by_id.values()}
    assert {t.task_form for t in used} == {t.task_form for t in TEMPLATES.by_id.values()}


def test_a_history_is_cut_by_whole_titles(sources: list[Behaviour], tmp_path: Path) -> None:
    games = [s for s in sources if s.name == "video_games"]
    short = replace(Mix.load(), characters=60)
    path = make(games, tmp_path / "x.jsonl", count=150, mix=short, progress=False).path
    names = {i.name for i in games[0].catalog.items}
    shown = [e.prefix for e in read_examples(path) if e.template == "rerank-history-open"]
    assert shown
    for prefix in shown:
        listed = prefix.split("oldest first: ")[1].split(".\nQuestion")[0]
        assert len(listed) <= 60 and set(listed.split("; ")) <= names


def test_a_template_of_weight_0_is_never_drawn(sources: list[Behaviour], tmp_path: Path) -> None:
    games = [s for s in sources if s.name == "video_games"]
    weights = {t.id: float(t.id == "rerank-history-open") for t in TEMPLATES.by_id.values()}
    own = {"share": 1, "templates": weights}
    only = replace(Mix.load(), kinds={"reranking": 1.0}, sources={"video_games": own})
    made = make(games, tmp_path / "x.jsonl", count=10**4, mix=only, progress=False)
    used = {example.template for example in read_examples(made.path)}
    assert used == {"rerank-history-open"}  # also once it has no more to give


class Gossip(SalientPhrases):
    """A teacher that tells the title of what is to be found: a planted leak."""

    name = "gossip"

    def taste(self, items: object, catalog: Catalog, rng: object) -> str:
        return "; ".join(item.title for item in catalog.items)


def test_a_planted_leak_is_caught(sources: list[Behaviour], tmp_path: Path) -> None:
    games = [s for s in sources if s.name == "video_games"]
    made = make(games, tmp_path / "x.jsonl", count=120, teacher=Gossip(), progress=False)
    card = json.loads(made.card.read_text("utf-8"))
    assert card["leaks"]["kept_out"] > 0 == card["leaks"]["written"]
    for example in read_examples(made.path):
        template = TEMPLATES.by_id[example.template]
        assert (
            not template.scored
            or "taste" not in template.preference
            or "Tale" not in example.prefix
        )
    with_taste = [
        t for t in card["counts"]["template"] if t.startswith(("rerank-taste", "rerank-both"))
    ]
    assert not with_taste


@pytest.mark.parametrize(
    ("text", "title", "leaks_out"),
    [
        ("I liked Heat (1995)", "Heat", True),
        ("the heat of the day", "Heat", False),  # a common word, without its capital
        ("liked HEAVY RAIN; Tomb", "Heavy Rain", True),
        ("Heavy Raincoats", "Heavy Rain", False),
        ("amelie; something gentle", "Amélie", True),
    ],
)
def test_a_title_in_the_prefix_is_a_leak(text: str, title: str, leaks_out: bool) -> None:
    target = Item("1", title, {}, {}, {})
    template = TEMPLATES.by_id["rerank-history-open"]
    example = Example("x", template.id, "s", None, "train", f"A user liked {text}.", (" a?",), (1,))
    found = leaks.leak_in(template, example, target, Aspects(history=(text,)), {})
    assert found == (leaks.TITLE if leaks_out else "")


def test_a_label_in_the_prefix_is_a_leak() -> None:
    template = TEMPLATES.by_id["point-new-open"]
    example = Example("x", template.id, "s", None, "train", "Ran? Answer: yes", (" Kes?",), (1,))
    target = Item("1", "Kes", {}, {}, {})
    assert leaks.leak_in(template, example, target, Aspects(), {}) == leaks.LABEL


def test_what_the_sources_cannot_give_ends_the_making(tmp_path: Path) -> None:
    catalog = Catalog("few", [Item(str(n), f"Thing {n}", {}, {}, {}) for n in range(5)], [])
    few = Behaviour("few", catalog, (History("u", ("0", "1"), "2"),))
    made = make([few], tmp_path / "x.jsonl", count=5000, progress=False)
    assert 0 < made.count < 5000
    assert json.loads(made.card.read_text("utf-8"))["asked_for"] == 5000
    with pytest.raises(InstructionsError, match="no source"):
        make([], tmp_path / "y.jsonl", progress=False)


def test_the_number_of_negatives_can_be_chosen(sources: list[Behaviour], tmp_path: Path) -> None:
    path = make(sources, tmp_path / "x.jsonl", count=60, negatives=4, progress=False).path
    sizes = {len(e.blocks) for e in read_examples(path) if e.template.startswith("rerank")}
    assert sizes == {5}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("count = 15", "count = 15\nmany = 3", "many"),
        ("reranking = 52", "ranking = 52", r"no template is of the kinds \['ranking'\]"),
        ("validation = 0.04", "", "validation"),
        ("[kinds]", "[kinds", "can't be read as TOML"),
    ],
)
def test_a_broken_mix_is_named(tmp_path: Path, old: str, new: str, expected: str) -> None:
    path = tmp_path / "mix.toml"
    path.write_text(MIX_FILE.read_text("utf-8").replace(old, new, 1), "utf-8")
    with pytest.raises(MixError, match=expected) as caught:
        Mix.load(path)
    assert "mix.toml" in str(caught.value)


@pytest.mark.parametrize("name", MIXES)
def test_a_mix_names_templates_that_exist(name: str) -> None:
    Mix.load(mix_file(name))
    table = tomllib.loads(mix_file(name).read_text("utf-8"))
    named = {t for source in table["sources"].values() for t in source.get("templates", {})}
    assert named <= set(TEMPLATES.by_id)


@pytest.mark.parametrize(
    ("text", "title", "named"),
    [
        ("like ALIEN: resurrection, but older", "Alien Resurrection", True),
        ("an alien, a resurrection", "Alien Resurrection", False),
        ("aliens everywhere", "Alien", False),
        ("have you seen amélie?", "Amelie", True),
        ("it goes up and up", "Up", False),
        ("the one called Up", "Up", True),
        ("wow!!! so good", "!!!", True),
        ("so good", "!!!", False),
    ],
)
def test_what_it_is_to_name_a_title(text: str, title: str, named: bool) -> None:
    assert leaks.names(text, title) is named
