"""What people say around their wishes: a fresh start, a surprise, noise.

Patterns of everyday English only; what a wish is about is not read here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

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
