"""Templates: the bundled ones cover all aspects; a broken file names its template."""

from __future__ import annotations

import hashlib
import itertools
import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompts.instruction import Aspects, Instruction, Intention, Preference, TaskForm
from prompts.templates import TEMPLATE_FILE, Strategy, Template, TemplateError, Templates

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


def test_what_is_known_of_a_title_is_told_with_it() -> None:
    aspects = Aspects(
        history=("Up (2009)", "Her (2013)"), known={"Her (2013)": "Her (2013), drama"}
    )
    text = Templates.load().choose(aspects).render(aspects, NOUNS).text
    assert "Up (2009); Her (2013), drama" in text


def test_the_history_is_cut_to_its_last_twenty() -> None:
    aspects = Aspects(history=tuple(f"Title {n}" for n in range(30)))
    text = TEMPLATES.choose(aspects).render(aspects, NOUNS).text
    assert "Title 9;" not in text
    assert "Title 10" in text
    assert "Title 29" in text


FIRST_TWELVE = "d09579c5"  # of ids and wording, which saved sessions and measurements rest on
FACTORS = 0
ON_TOP = (Strategy.DIALOGUE, Strategy.EXPLAIN)


def the_39() -> list[Template]:
    return [
        t
        for t in TEMPLATES.by_id.values()
        if t.strategy not in ON_TOP and t.task_form is not TaskForm.PAIRWISE
    ]


def test_the_39_are_17_on_preferences_9_on_intentions_and_13_on_both() -> None:
    counted = Counter(
        "preferences" if t.intention is Intention.NONE
        else "intentions" if t.preference is Preference.NONE
        else "both"
        for t in the_39()
    )  # fmt: skip
    assert counted == {"preferences": 17, "intentions": 9, "both": 13}
    assert list(TEMPLATES.by_id)[:39] == [t.id for t in the_39()]


def test_the_first_twelve_are_the_reranking_ones_word_for_word() -> None:
    first = list(TEMPLATES.by_id.values())[:12]
    assert {t.task_form for t in first} == {TaskForm.RERANKING}
    words = repr([(t.id, t.input, t.block) for t in first])
    assert hashlib.sha256(words.encode()).hexdigest()[:8] == FIRST_TWELVE


def test_task_forms_and_ways_to_variety_are_covered() -> None:
    plain = {(t.preference, t.intention, t.task_form) for t in the_39() if t.strategy == "plain"}
    forms = (TaskForm.POINTWISE, TaskForm.MATCHING, TaskForm.RERANKING)
    for form in forms:
        assert {(p, Intention.NONE, form) for p in Preference} <= plain
        assert {(Preference.NONE, i, form) for i in Intention} <= plain
        assert any(p is not Preference.NONE and i is not Intention.NONE
                   for p, i, f in plain if f is form)  # fmt: skip
    assert {t.strategy for t in the_39()} == set(Strategy) - set(ON_TOP)
    pairs = {(t.preference, t.intention) for t in TEMPLATES.by_id.values()
             if t.task_form is TaskForm.PAIRWISE and t.strategy == "plain"}  # fmt: skip
    assert pairs == set(itertools.product(Preference, Intention))
    spoken = {t.task_form for t in TEMPLATES.by_id.values() if t.strategy == "dialogue"}
    assert spoken == set(TaskForm)


@pytest.mark.parametrize("template", TEMPLATES.by_id.values(), ids=lambda t: t.id)
def test_each_template_says_once_all_that_it_is_for(template: Template) -> None:
    """In the input or in the target, never in both, and nothing of another aspect."""
    wish = "" if template.intention is Intention.NONE else "something brave"
    aspects = Aspects(**ASPECTS[template.preference], wish=wish, intention=template.intention)
    given = {"item": "Ran (1985)", "other": "Kes", "dialogue": "User: hi", "facts": "Title: Ran",
             "reason": "a war film"}  # fmt: skip
    text = template.render(aspects, NOUNS, **given).text
    if template.scored:
        answer = template.render_block(NOUNS, item="Ran (1985)", other="Kes")
        assert answer.startswith(" ") and answer.endswith("? Answer:")
        assert text.splitlines()[-1].startswith("Question:")
    else:
        answer = template.render_target(aspects, NOUNS, **given)
    assert not set("{}") & set(text + answer)
    known = {*aspects.history[:1], *aspects.taste, *([wish] if wish else [])}
    for words in known if template.strategy not in ON_TOP else ():
        assert (words in text) + (words in answer) == 1
    if template.scored or "item" in template.asks_for:
        assert "Ran (1985)" in answer and "Ran" not in text


def test_the_version_is_of_the_words_alone(tmp_path: Path) -> None:
    words, path = TEMPLATE_FILE.read_text("utf-8"), tmp_path / "templates.toml"
    path.write_text("# a remark\n" + words, "utf-8")
    assert Templates.load(path).version == TEMPLATES.version
    path.write_text(words.replace("Wanted: {wish}.", "Sought: {wish}."), "utf-8")
    assert Templates.load(path).version != TEMPLATES.version


@pytest.mark.parametrize(
    ("template", "part", "words", "expected"),
    [
        ("match-new-vague", "target", " {wish}", r"target: needs .*\['item'\]"),
        ("turn-item-vague", "input", "Write a wish:", r"input: needs .*\['item'\]"),
        ("turn-item-vague", "target", " {item}", r"'turn-item-vague', (?:input|target)"),
        ("turn-history-taste", "input", "{history} {taste}", "'turn-history-taste', input"),
        ("tie-history-wish", "target", " {item}", "'tie-history-wish', input"),
        ("reason-history-open", "target", " {item}", "'reason-history-open', (?:input|target)"),
        ("reason-new-vague", "target", " {item}", r"target: needs .*\['item', 'reason'\]"),
        ("talk-match", "input", "{history}", r"input: needs .*\['dialogue'\]"),
        ("explain-item", "input", "{item}", r"input: needs .*\['facts'\]"),
        ("talk-pair", "block", " {item}?", r"block: needs .*\['item', 'other'\]"),
        ("match-new-vague", "task_form", "pointwise", "matching needs a 'target'"),
        ("talk-rerank", "strategy", "tie", "tie is written"),
        ("talk-rerank", "strategy", "guess", "'talk-rerank'.*guess"),
    ],
)
def test_each_strategy_needs_its_placeholders(
    tmp_path: Path, template: str, part: str, words: str, expected: str
) -> None:
    path = tmp_path / "templates.toml"
    before, name, after = TEMPLATE_FILE.read_text("utf-8").partition(f'id = "{template}"')
    changed = re.sub(rf'(?m)^{part} = ".*"$', f'{part} = "{words}"', after, count=1)
    path.write_text(before + name + changed, "utf-8")
    with pytest.raises(TemplateError, match=expected):
        Templates.load(path)


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
