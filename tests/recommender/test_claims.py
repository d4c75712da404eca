"""The claim check: sentences that may be shown, and all the ways in which one may not."""

from __future__ import annotations

import pytest

from recommender.claims import MAX_WORDS, ClaimCheck
from recommender.dialogue import DialogueState, Evidence, Mention, Phrase, StatedLimit
from retrieval.catalog import Catalog
from retrieval.limits import Limit

STATE = DialogueState(
    wish=(Phrase("something eerie with a lighthouse", 2),),
    limits=(
        StatedLimit(Limit(("genres",), ("Comedy",), negated=True), "no comedy", 1),
        StatedLimit(Limit(("runtime",), maximum=119), "under two hours", 1),
    ),
    liked=(Mention("picnic", "I loved Picnic at Pluto", 1),),
)

BACKED = [
    "A horror and science fiction film.",
    "A science-fiction film of isolation and dread.",
    "A 1979 horror film.",
    "A horror film of the 1970s.",
    "A film directed by Orla Finch.",
    "A horror film by Finch.",
    "A horror film starring Mara Quill and Tobias Wren.",
    "A horror film by Orla Finch, starring Mara Quill.",
    "A horror film with Tobias Wren, directed by Orla Finch.",
    "The Hollow Hull is a horror film in deep space.",
    "A horror film of 101 minutes.",
    "It is in English, and a horror film.",
    "A horror film in which a crew wakes far from home.",
    "A film of dread, in which a crew boards a silent ship.",
    "A horror film, in which the cargo does not sleep.",
    "A horror film, and you asked for something eerie.",
    "You asked for “something eerie with a lighthouse”: a horror film.",
    "A film in deep space, as you liked Picnic at Pluto.",
    "You wanted no comedy: a horror film.",
    "A horror film, and you have under two hours.",
    "Orla Finch's horror film.",
]

OBJECTED = {
    "another title": [
        ("A horror film like Nine Lamps.", "Nine"),
        ("A horror film, Her.", "Her"),
        ("A horror film like Up.", "Up"),
        ("Nine Lamps is a horror film.", "Nine"),
    ],
    "a wrong year": [
        ("A 1980 horror film.", "1980"),
        ("A 1970 horror film.", "1970"),
        ("A horror film of the 1980s.", "1980s"),
        ("A horror film of 90 minutes.", "90"),
    ],
    "a wrong person": [
        ("A horror film by Bea Lund.", "Bea"),
        ("A horror film starring Sunil Rao.", "starring"),
        ("A horror film with bea lund.", "bea"),
        ("A horror film by Paul Finch.", "Paul"),
    ],
    "a wrong role": [
        ("A horror film directed by Mara Quill.", "another role"),
        ("A horror film by Tobias Wren.", "another role"),
        ("A horror film by Orla Finch and Tobias Wren.", "another role"),
        ("A horror film starring Orla Finch.", "another role"),
        ("A horror film with Mara Quill and Finch.", "another role"),
        ("A horror film about a director.", "director"),
    ],
    "a wrong genre": [
        ("A comedy film.", "comedy"),
        ("A romantic horror film.", "romantic"),
        ("A horror western.", "western"),
    ],
    "an invented plot": [
        ("A horror film about zombies.", "zombies"),
        ("A horror film in which the captain dies.", "captain"),
        ("A horror film about revenge.", "revenge"),
        ("A horror film in which a silent crew boards a ship.", "order"),
        ("A horror film in which a crew sleeps far from home.", "order"),
        ("A horror film about love.", "love"),
    ],
    "a negation": [
        ("A horror film with no dread.", "no"),
        ("A film without horror.", "without"),
        ("This is not a horror film.", "not"),
        ("A horror film that isn't in English.", "isn't"),
        ("A horror film in which the crew does not board.", "not"),
        ("A horror film, and you wanted no dread.", "no"),
    ],
    "words of the user as a fact": [
        ("An eerie horror film.", "eerie"),
        ("A horror film with a lighthouse.", "lighthouse"),
        ("A horror film, as you asked, it has a lighthouse.", "lighthouse"),
        ("A horror film as you asked, which is eerie.", "eerie"),
    ],
    "words that the user never said": [
        ("A horror film, as you asked for a tiger.", "tiger"),
        ("A horror film, as you asked for comedy.", "comedy"),
        ("You asked for “something funny”: a horror film.", "funny"),
    ],
    "markup": [
        ("A <b>horror</b> film.", "markup"),
        ("A horror film, see https://example.org.", "markup"),
        ("A [horror](film).", "markup"),
        ("A `horror` film.", "markup"),
        ("A horror film.\nA film of dread.", "markup"),
    ],
    "repetition": [
        ("A horror film of dread and a horror film of dread.", "repeats"),
        ("A film of dread, a film of dread, a film of dread.", "repeats"),
    ],
    "no finished sentence": [
        ("A horror film", "finished"),
        ("", "finished"),
        ("...", "finished"),
        ("A horror film of dread and", "finished"),
        (f"A horror film{' and a horror mood of it' * MAX_WORDS}.", "words"),
    ],
    "nothing of the item": [
        ("A film.", "nothing of the item"),
        ("The Hollow Hull.", "nothing of the item"),
        ("It is what you asked for.", "nothing of the item"),
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def check(films: Catalog) -> ClaimCheck:
    return ClaimCheck(films)


@pytest.mark.parametrize("sentence", BACKED)
def test_a_backed_sentence_passes_with_its_evidence(
    check: ClaimCheck, films: Catalog, sentence: str
) -> None:
    verdict = check.check(sentence, films["hull"], STATE)
    assert verdict.passed, verdict.objection
    item = films["hull"]
    for evidence in verdict.evidence:
        if evidence.source == "item":
            assert evidence.value in item.values(evidence.field)
        else:
            assert evidence.field in ("turn 1", "turn 2")


@pytest.mark.parametrize(
    ("sentence", "objection"),
    [pytest.param(s, o, id=f"{why}-{n}") for why, cases in OBJECTED.items()
     for n, (s, o) in enumerate(cases)],
)  # fmt: skip
def test_a_sentence_that_is_not_backed_is_turned_down(
    check: ClaimCheck, films: Catalog, sentence: str, objection: str
) -> None:
    verdict = check.check(sentence, films["hull"], STATE)
    assert not verdict.passed
    assert objection in verdict.objection


def test_evidence_names_field_and_value(check: ClaimCheck, films: Catalog) -> None:
    sentence = "You asked for “something eerie with a lighthouse”: a 1979 horror film by Finch."
    assert set(check.check(sentence, films["hull"], STATE).evidence) == {
        Evidence("user", "turn 2", "something eerie with a lighthouse"),
        Evidence("item", "year", "1979"),
        Evidence("item", "genres", "Horror"),
        Evidence("item", "directors", "Orla Finch"),
    }


def test_a_title_that_holds_a_negation_backs_no_other(check: ClaimCheck, films: Catalog) -> None:
    item = films["quay"]  # No Quay for Strangers
    assert check.check("No Quay for Strangers is a drama film.", item, STATE).passed
    assert not check.check("A drama film with no crime.", item, STATE).passed


def test_a_sentence_is_judged_by_its_own_item(check: ClaimCheck, films: Catalog) -> None:
    sentence = "A comedy film about friendship."
    passed = {i.id for i in films.items if check.check(sentence, i, STATE).passed}
    assert passed == {"picnic", "marmalade"}


def test_a_film_of_both_roles_can_be_named_in_both(check: ClaimCheck, movies: Catalog) -> None:
    golem = movies["the-golem-how-he-came-into-the-world-1920"]
    sentences = ("A horror film by Paul Wegener, with Paul Wegener.", "A horror film by Wegener.")
    for sentence in sentences:
        assert ClaimCheck(movies).check(sentence, golem, DialogueState()).passed


def test_accents_may_be_left_out(check: ClaimCheck, films: Catalog) -> None:
    assert check.check("A crime film by émile sorgue.", films["ladder"], STATE).passed
    assert check.check("A crime film by emile sorgue.", films["ladder"], STATE).passed
