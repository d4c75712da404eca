"""What people say around their wishes: greetings, thanks, a fresh start, noise.

Patterns of everyday English only; what a wish is about is not read here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from recommender.dialogue import Act

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
_FRESH = re.compile(
    r"(?:\b(?:ok(?:ay)?|actually|please|let's|lets|can we|could we|i want to|i'd like to|no|hmm|right|so)\b[ ,.]*)*"
    r"(?:\b(?:scrap|forget|never ?mind) (?:that|it|this|all that)\b[ ,.]*(?:and |let's )?)?"
    r"\b(?:start(?:ing)? (?:all )?(?:over|again|afresh|anew|fresh|from (?:scratch|zero|the (?:beginning|start)))|new search|begin again|reset"
    r"(?: (?:everything|it all|all))?|(?:forget|scrap|delete|ignore|drop|wipe) (?:everything|it all|all (?:of )?(?:that|this|it))"
    r"(?: (?:i|we)(?:'ve| have)? (?:said|told you|asked)(?: so far| before| until now)?)?|clear (?:everything|all|it all)|from scratch|clean slate|new conversation|"
    r"(?:a )?fresh start)\b(?: please)?[ .,:;!-]*",
    re.IGNORECASE,
)
SURPRISE = (
    r"\b(?:surprise (?:me|us)|dealer'?s choice|(?:you|u) (?:choose|pick|decide)|(?:just )?pick (?:something|one|anything|whatever)(?: for (?:me|us))?(?: at random)?|"
    r"something (?:at )?random|random (?:pick|one|choice|{nouns})?|roll the dice|up to you|(?:i'?m|im) feeling lucky|your (?:choice|call|pick)|"
    r"whatever you (?:like|want|think|fancy)|anything (?:goes|at all|really|is fine|will do|works)|i don'?t (?:care|mind) what|wow me)\b"
    r"|^(?:anything|whatever)[.! ]*$"
)
_GIBBERISH = re.compile(
    r"[^\w]*|(?:asdf|qwer|lorem ipsum|blah|test(?:ing)?|foo|bar|lol|haha)[\w ]*", re.IGNORECASE
)


def without_courtesy(text: str) -> tuple[list[Act], str]:
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


def without_fresh_start(text: str) -> tuple[bool, str]:
    """Whether a text starts over, and the rest of it."""
    match = _FRESH.search(text)
    if match is None:
        return False, text
    rest = (text[: match.start()] + text[match.end() :]).strip(" ,.;:!-")
    rest = re.sub(r"^and\b\W*", "", rest, flags=re.IGNORECASE)
    return True, without_fresh_start(rest)[1]  # "scrap everything and begin again"


def is_noise(words: Iterable[str]) -> bool:
    """Whether nothing was said: punctuation, a key held down."""
    joined = " ".join(words)
    return bool(_GIBBERISH.fullmatch(joined)) or bool(re.fullmatch(r"(.)\1{3,}", joined))
