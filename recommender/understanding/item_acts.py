"""What is done by naming items: liked, turned down, seen, asked for more of, measured by.

Works on a reading whose items are linked; which words they are is decided before.
"""

from __future__ import annotations

import re
from dataclasses import replace

from recommender.dialogue import Act
from recommender.understanding.nouns import pattern_of
from recommender.understanding.reading import ItemRead, Reading
from recommender.understanding.verdicts import judged_behind
from retrieval.catalog import Catalog

# Likeness as a request: "more like Heat", not "I like Heat".
_LIKENESS = re.compile(
    r"(?:(?<!\bi )(?<!\bwe )(?<!\bi really )(?<!\bi do )(?<!\bi also )(?<!\bdid )(?<!\balso )(?<!\bdon't )(?<!\bdidn't )(?<!\bdo )(?<!\byou )(?<!\bquite )(?<!\breally )(?<!\bdidnt )(?<!\bdont )\blike\b|\bsimilar to\b|\bsimilar as\b|\bin the (?:same )?(?:vein|style|spirit|mood|manner) (?:of|as)\b|\balong the lines of\b|"
    r"\breminiscent of\b|\bresembl\w+\b|\bsuch as\b|\bclose to\b|\b(?:vibe|feel|mood|tone|energy|atmosphere)s? (?:of|as|like)\b|\bmore (?:of|from)\b|\bcomparable (?:to|with)\b|\bbased on\b|\bremind\w* me of\b|\bsame as\b|\bmore$|\bas good as\b)[^.;!?]*$"
)
_MANNER_BEHIND = re.compile(r"^[\"”’']?[- ]?(?:vibes?|style|esque|type|kind|ish|like\b|feel)")
_SIMILAR = (
    r"\b(?:(?:something|anything|some|more|others?|any|one|{nouns}|stuff|things?|what else is|what's|got|find me|give me|show me|recommend)(?: \w+)? (?:similar|alike|comparable|like (?:that|it|this|those|them|these)(?: one| ones)?|along (?:those|these|the same) lines|in (?:that|the same|a similar|this) (?:vein|style|spirit|mood))|"
    r"(?:sth|smth) (?:similar|like (?:that|it|this))|similar (?:ones?|{nouns}|stuff|things?|to (?:that|it|this|those|them))|more (?:of|like) (?:that|the same|those|these|it|this|them)|(?:^|[,.!?] )similar\b)"
)
_BY_COMPARISON = re.compile(r"\b(?:but|only|except|just|with|without|and)\b")
_MEASURED = re.compile(r"\bthan(?: (?:the|that|this))?\W*$")
# "I've read the first one, it was excellent"
_VERDICT = re.compile(
    r"\W*(?:and |but )?(?:it|that|they|which)(?:['’]s| is| was| were| are) (?:so |really |very |absolutely |just |quite |pretty )*"
    r"(?:(?P<good>brilliant|great|amazing|excellent|fantastic|wonderful|superb|lovely|awesome|good|fun|perfect|beautiful|hilarious)"
    r"|(?:terrible|awful|boring|bad|dull|rubbish|disappointing|dreadful))\b"
)
_UNAPPEALING = re.compile(
    r"\W*(?:both |all |really |just )*(?:don['’]?t|doesn['’]?t|didn['’]?t|do not|does not|isn['’]?t|aren['’]?t|is not|are not)\b"
    r"[^.;!?]*\b(?:appeal|work|interest|for me|my (?:thing|taste|cup of tea)|do it|good|great|grab|speak)"
)


def acts_of_items(text: str, reading: Reading, catalog: Catalog) -> list[Act]:
    """What a text does by the items it names: likes, turns down, has seen, asks for more."""
    acts: list[Act] = []
    spoken = text.lower()
    for item in reading.items:
        before, behind = _around(item, spoken)
        if _MEASURED.search(before):
            acts.append(Act.CRITIQUE)
        elif item.liked and (_LIKENESS.search(before) or _MANNER_BEHIND.match(behind)):
            goes_on = bool(
                reading.comparisons or reading.limits or reading.leanings or reading.wish
            )
            differs = goes_on and _BY_COMPARISON.match(behind.strip(" ,"))
            acts.append(Act.CRITIQUE if differs else Act.MORE_LIKE_THIS)
        elif item.liked:
            acts.append(Act.LIKE)
        if item.disliked:
            acts.append(Act.REJECT)
        if item.seen:
            acts.append(Act.SEEN)
    similar = pattern_of(_SIMILAR, catalog).search(spoken) if Act.LIKE in acts else None
    if similar:
        compared = re.match(r"\W*(?:but|only|just)\b", spoken[similar.end() :])
        acts.append(Act.CRITIQUE if compared else Act.MORE_LIKE_THIS)
    if Act.CRITIQUE in acts:
        acts = [act for act in acts if act is not Act.MORE_LIKE_THIS]
    return list(dict.fromkeys(acts))


def with_verdicts(items: list[ItemRead], spoken: str) -> list[ItemRead]:
    """Items liked or not by what follows them: "the first one, it was excellent"; not liked
    where they are only what is measured by: "scarier than that"."""
    result = []
    for item in items:
        before, behind = _around(item, spoken)
        if _UNAPPEALING.match(behind):
            item = replace(item, liked=False, disliked=True)
        verdict = _VERDICT.match(behind)
        sign = judged_behind(behind)
        if sign < 0 and item.liked:
            item = replace(item, liked=False, disliked=True)
        if verdict and item.seen:
            item = replace(item, liked=bool(verdict["good"]), disliked=not verdict["good"])
        result.append(replace(item, liked=False) if _MEASURED.search(before) else item)
    return result


def _around(item: ItemRead, spoken: str) -> tuple[str, str]:
    """What stands before an item's words in its sentence, and all behind them."""
    start = max(0, spoken.find(item.words.lower()))
    return re.split(r"[.;!?]", spoken[:start])[-1], spoken[start + len(item.words) :]
