"""Greetings and thanks, in front of a wish, behind it, or in any dress of their own.

A part of a sentence with a word of greeting or of thanks is a courtesy if the rest of it says
nothing of the catalog and wishes for nothing: "Muchas gracias!", "Thank you my dear", "you
alright mate?". The commonest phrases are also taken off what goes on without a stop: "hi
can you find ...", "a comedy thanks".
"""

from __future__ import annotations

import re

from recommender.dialogue import Act
from recommender.understanding.everyday import EVERYDAY
from recommender.understanding.lexicon import Lexicon
from recommender.understanding.reader import Reader
from recommender.understanding.verdicts import GOOD
from recommender.understanding.words import split_words, word_set
from retrieval.catalog import fold

THANKS = word_set(
    "thanks thank thankyou thanku thx thnx tnx thanx ty cheers ta gracias merci danke dankeschon "
    "grazie arigato obrigado obrigada spasibo tack takk kiitos tak bedankt appreciate appreciated "
    "grateful obliged gratitude diolch"
)
FAREWELL = word_set("bye goodbye cheerio ciao adios farewell cya ttyl toodles")
GREETINGS = word_set(
    "hi hello hey hiya howdy greetings morning evening afternoon hallo hola bonjour alright allo "
    "salut yo sup wotcha oi heya g'day ciao evenin mornin"
)
# What people call one another, or say beside a greeting, without meaning anything by it.
ADDRESS = word_set(
    "all there you everyone everybody folks mate mates pal pals friend friends dear love my the guys "
    "gang team bot robot computer machine sir madam ma'am again to good lovely very a and "
    "buddy bro dude man chap old ya y'all today ok okay"
)
# Words by which anything in a part may be a wish or a question after all.
WISHING = word_set(
    "want wants need needs something anything nothing more any some another else other recommend "
    "suggest find show give get got with without about like no not less please instead only find "
    "looking fancy what who when which where how why seen watched read but can could would should"
)
_GREETING = re.compile(
    r"(?:hi+|hello+|hey+a?|heya|hiya|howdy|greetings|(?:good )?(?:morning|evening|afternoon)(?=[ ,.!]*$|[,.!])|good day|yo|hallo|sup)"
    r"(?: (?:there|you|everyone|again|bot|friend|all))?\b[ !.,:;-]*",
    re.IGNORECASE,
)
_PRAISE = (
    r"(?:(?:ok(?:ay)?|great|perfect|cool|nice|awesome|excellent|lovely|brilliant|good|wonderful|amazing|super|ah|oh|wow|yes|"
    r"marvell?ous|splendid|fantastic|fab|super|ace|fair enough|alright|right|that'?s (?:great|perfect|good|all|it|lovely|helpful|awesome|everything)|sounds (?:good|great)|very helpful|"
    r"(?:great|good|nice) (?:picks?|choices?|suggestions?|list))[ ,.!-]*)*"
)
_THANKS = re.compile(
    rf"{_PRAISE}(?:many thanks|thanks|thank you|thankyou|arigato|merci|gracias|danke|grazie|thx|thnx|thanx|tnx|ty|cheers|ta\b|much appreciated|appreciate it|much obliged)"
    r"(?: (?:so much|a lot|very much|again|you|a million|a bunch|mate|man|everyone|for (?:that|this|these|those|the (?:help|tips?|"
    r"suggestions?|recommendations?|picks?|list|info)|your help|everything|all (?:that|of that|your help)|helping)))*\b[ !.,:;-]*"
    r"(?:(?:you'?re|you are|u r) (?:great|the best|awesome|a star|very helpful)[ !.]*)?"
    r"(?:(?:that'?s|that is|that will be|that'll be) (?:all|great|perfect|everything|it)(?: for (?:now|today))?[ !.]*)?"
    r"(?:(?:good)?bye|see you|good night|have a (?:nice|good|great) (?:day|one|evening|night))?[ !.]*",
    re.IGNORECASE,
)
_FAREWELL = re.compile(
    rf"{_PRAISE}(?:(?:good)?bye(?: bye)?|bye|see (?:you|ya)(?: later)?|good ?night|have a (?:nice|good|great) (?:day|one|evening|night)|"
    r"that'?s (?:all|it|everything)(?: for (?:now|today))?|i'm (?:all )?(?:good|done|set)(?: now)?)[ !.,]*",
    re.IGNORECASE,
)
_TO_YOU = re.compile(r"^\W*(?:you(?:['’]ve| have|['’]re| are|['’]r| were| did|r)|u r|(?:that|it|this)(?:['’]s| is| was)|(?:that|it|this|they|those|these|all) (?:all )?(?:looks?|sounds?|seems?|works?|helps?|helped)|bless you|xx+|right you are)\b", re.IGNORECASE)  # fmt: skip
_PART = re.compile(r"\S.*?(?:[.!?;,]+(?=\s|$)|$)")


class CourtesyReader:
    """Reads courtesies off an utterance about one catalog."""

    def __init__(self, lexicon: Lexicon, reader: Reader) -> None:
        self._lexicon = lexicon
        self._reader = reader

    def take_out(self, text: str) -> tuple[list[Act], str]:
        """What a text greets or thanks for, and what is left of it."""
        acts, rest = self._without_parts(text)
        if not rest or self._opens_with_title(rest):
            return acts, rest
        more, rest = _without_phrases(rest)
        if more and rest:
            rest = self._without_parts(rest, courteous=True)[1]
        return acts + more, rest

    def _without_parts(self, text: str, courteous: bool = False) -> tuple[list[Act], str]:
        """The same for parts that are courtesies as a whole.

        A text that goes on behind a courtesy is `courteous` from the beginning.
        """
        parts = [(m.start(), m.end()) for m in _PART.finditer(text)]
        said = [self._courtesy(text[a:b], first=not n) for n, (a, b) in enumerate(parts)]
        acts = list(dict.fromkeys(act for act in said if act is not None))
        if not acts and not courteous:
            return [], text
        left = [
            text[a:b] for (a, b), act in zip(parts, said, strict=True)
            if act is None and not self._only_kind(text[a:b])
        ]  # fmt: skip
        if not left:
            return acts, ""
        start = next(a for a, b in parts if text[a:b] == left[0])
        if len(left) == sum(a >= start for a, _ in parts):
            return acts, text[start:].strip(" ,.;:!-")  # nothing between was taken out
        return acts, " ".join(left).strip(" ,.;:!-")

    def _opens_with_title(self, text: str) -> bool:
        """Whether what looks like a courtesy is a title: "Thank You for Smoking"."""
        words = split_words(text)[:6]
        return any(
            first == 0 and last > 1 and all(w.capitalised for w in (words[0], words[last - 1]))
            for first, last, _ in self._lexicon.titles(words)
        )  # fmt: skip

    def _courtesy(self, part: str, first: bool) -> Act | None:
        words = fold(part).split()
        said = set(words)
        greets = first and bool(words) and len(words) < 6 and (
            bool(set(words[:2]) & GREETINGS) and said <= GREETINGS | ADDRESS | {"are"}
        )  # fmt: skip
        if greets and not (said <= {"alright", "ok"} and not part.rstrip().endswith("?")):
            return Act.GREET
        if not said & (THANKS | FAREWELL) or said & WISHING - {"no", "so", "very", "like"}:
            return None
        if words[0] == "no":
            return None  # "no thanks" turns something down
        at = min(words.index(word) for word in said & (THANKS | FAREWELL))
        addressed = at < 3 or len(words) < 8  # "a film in which somebody says thanks to ..."
        return Act.THANK if addressed and not self._is_of_catalog(part) else None

    def _only_kind(self, part: str) -> bool:
        """Whether a part beside a courtesy only goes on with it."""
        words = set(fold(part).split())
        if _TO_YOU.match(part) and not words & (WISHING - {"with", "so", "without", "read", "no"}):
            return not self._is_of_catalog(part)
        if words & WISHING or self._is_of_catalog(part):
            return False
        return words <= EVERYDAY | GOOD | ADDRESS | {"xx", "xxx", "x"}

    def _is_of_catalog(self, text: str) -> bool:
        """Whether the reader finds anything in a text, or a noun of the catalog."""
        reading = self._reader.read(text)
        nouns = {w.folded for w in split_words(text)} & self._lexicon.nouns
        return bool(
            reading.items or reading.limits or reading.comparisons or nouns
            or any(set(fold(one.words).split()) - ADDRESS for one in reading.leanings)
        )  # fmt: skip


def _without_phrases(text: str) -> tuple[list[Act], str]:
    """What a text greets or thanks for at its beginning and end, and the rest of it."""
    acts: list[Act] = []
    rest = text.strip()
    for pattern, act in ((_GREETING, Act.GREET), (_THANKS, Act.THANK), (_FAREWELL, Act.THANK)):
        match = pattern.match(rest)
        if match and (match.end() == len(rest) or _ends_phrase(match[0], rest[match.end() :])):
            if act is Act.THANK and re.match(r"(?:no|for)\b", rest[match.end() :]):
                continue
            if act not in acts:
                acts.append(act)
            rest = rest[match.end() :].strip(" ,.!;:-")
    tail = re.search(
        r"[ ,.!]+(?:many thanks|thanks|thank you|thx|cheers)(?: (?:so much|a lot|in advance|again))?[ !.]*$",
        rest,
        re.IGNORECASE,
    )
    if tail and tail.start() > 0:
        rest = rest[: tail.start()].strip()
        acts += [Act.THANK] if Act.THANK not in acts else []
    return acts, rest


def _ends_phrase(said: str, behind: str) -> bool:
    """Whether a greeting is one: "Hey Jude" and "yo-yo" are not."""
    return said[-1:] in " !.,:;-" and not (
        said.strip() == said.strip().rstrip("!.,:;-")
        and behind[:1].isupper()
        and behind[:2] != "I "
        and behind[:2] != "I'"
    )
