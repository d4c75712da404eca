"""Templates: the bundled ones cover all aspects; a broken file names its template."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompts.instruction import Aspects, Instruction, Intention, Preference, TaskForm
from prompts.templates import TEMPLATE_FILE, TemplateError, Templates

NOUNS = {"noun": "film", "nouns": "films"}
TEMPLATES = Templates.load()
ASPECTS = {
    Preference.NONE: {},
    Preference.IMPLICIT: {"history": ("Alien (1979)", "Heat (1995)")},
    Preference.EXPLICIT: {"taste": ("I like slow dramas",)},
    Preference.BOTH: {"history": ("Alien (1979)",), "taste": ("I like slow dramas",)},
}


@pytest.mark.parametrize(("preference", "intention"), itertools.product(Preference, Intention))
def test_every_combination_says_all_that_is_known(
    preference: Preference, intention: Intention
) -> None:
    wish = "" if intention is Intention.NONE else "something brave"
    aspects = Aspects(**ASPECTS[preference], wish=wish, intention=intention)
    assert aspects.preference is preference
    instruction = TEMPLATES.choose(aspects).render(aspects, NOUNS)
    for known in (*aspects.history, *aspects.taste, wish):
        assert known in instruction.text
    assert "{" not in instruction.text
    assert instruction.text.splitlines()[-1].startswith("Question:")
    assert Instruction.from_dict(instruction.as_dict()) == instruction


def test_limits_and_context_are_said() -> None:
    aspects = Aspects(wish="a war film", limits=("not after 1990",), intention=Intention.SPECIFIC,
                      context={"company": "with my kids"})  # fmt: skip
    text = TEMPLATES.choose(aspects).render(aspects, NOUNS).text
    assert "a war film (not after 1990)" in text
    assert "with my kids" in text


def test_the_history_is_cut_to_its_last_twenty() -> None:
    aspects = Aspects(history=tuple(f"Title {n}" for n in range(30)))
    text = TEMPLATES.choose(aspects).render(aspects, NOUNS).text
    assert "Title 9;" not in text
    assert "Title 10" in text
    assert "Title 29" in text


@given(st.text(max_size=80))
def test_any_words_can_be_a_wish(words: str) -> None:
    aspects = Aspects(wish=words, intention=Intention.VAGUE)
    assert words in TEMPLATES.choose(aspects).render(aspects, NOUNS).text


def test_a_template_is_for_its_own_aspects() -> None:
    template = TEMPLATES.choose(Aspects())
    with pytest.raises(TemplateError, match=template.id):
        template.render(Aspects(wish="x", intention=Intention.VAGUE), NOUNS)


def test_a_missing_task_form_says_so() -> None:
    only_reranking = Templates([t for t in TEMPLATES.by_id.values() if t.scored])
    with pytest.raises(TemplateError, match="no matching template"):
        only_reranking.choose(Aspects(), TaskForm.MATCHING)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("{history}", "{past}", r"'rerank-history-open', input.*\['history'\].*\['past'\]"),
        ("{item}", "it", r"'rerank-new-open', block"),
        ('id = "rerank-new-vague"', 'id = "rerank-new-open"', "occur twice: rerank-new-open"),
        ('preference = "none"', 'preference = "some"', "'rerank-new-open'.*some"),
        ('intention = "vague"', 'intention = "specific"', "no reranking template for none × vague"),
        ("{noun}", "{noun", "'rerank-new-open'"),
        ("[[template]]", "[[template", "can't be read as TOML"),
        ("block =", "blocks =", "keys must be"),
    ],
)
def test_a_broken_file_names_what_is_wrong(
    tmp_path: Path, old: str, new: str, expected: str
) -> None:
    path = tmp_path / "templates.toml"
    comment, first, rest = TEMPLATE_FILE.read_text("utf-8").partition("[[template]]")
    path.write_text(comment + (first + rest).replace(old, new, 1), "utf-8")
    with pytest.raises(TemplateError, match=expected) as caught:
        Templates.load(path)
    assert "templates.toml" in str(caught.value)
