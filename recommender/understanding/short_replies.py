"""Utterances of a few words that stand for much: "more", "seen them", "none of these", "ok".

They are read as a whole, or beside other things that are said.
"""

from __future__ import annotations

import re
from dataclasses import replace

from recommender.dialogue import Act
from recommender.understanding import talk
from recommender.understanding.nouns import pattern_of
from recommender.understanding.reading import ItemRead
from recommender.understanding.turn_read import TurnRead, parts_of
from recommender.understanding.update import with_mentions
from retrieval.catalog import Catalog

_MORE = (
    r"(?:(?:and|so|anyway|anyhow|anyways|right then|ok(?:ay)?|h+m+|well|but|no|nah|nope|yeah|yes|great|cool|meh|sure|alright|thanks)[, .!]+)*(?:(?:can|could|may) (?:you|i|we) )?(?:please )?(?:(?:i'd like|i want|give|got|let's|lets|show|get|see|have|try|find|keep)(?: me| us)?(?: to see)? )?(?:some |a few |a couple |any |the )?"
    r"(?:more|others?|another(?: one)?|others like (?:that|these)|something (?:else|different|new)|next(?: (?:one|ones|page|three|lot|batch))?|going|"
    r"what else(?: is there| have you got)?|what other (?:ones?|{nouns})|anything (?:else|more|different)|different ones|more (?:of (?:these|those|the same)|ideas|options|choices|picks|recs|recommendations|"
    r"suggestions|please|{nouns}|ones)|other (?:ideas|options|suggestions|recommendations|picks|choices|ones|{nouns})|another {nouns}|(?:three|two|five|3|2|5) more|others)"
    r"(?: (?:do you (?:have|suggest|recommend|know|got)|have you got|you got|is there|are there|please|pls|options|can you (?:suggest|recommend)|i could (?:watch|read)|though|instead|then|for me|to (?:watch|read)))*[ ?.!]*"
)
# "I've seen those", "already seen all of them": so were the picks of the turn before.
_ALL_SEEN = (
    r"(?:(?:sorry|ok(?:ay)?|hmm+|no|nope|ah|well|damn|lol|yeah|yep|oh)[,. ]+)*(?:but )?(?:(?:i|we)(?:'ve| have|ve|'d)? )?(?:already |actually )?"
    r"(?:seen|saw|watched|read|know|played) (?:(?:them|these|those) all|all (?:of )?(?:them|those|these|three)|them|those|these|all|both|every(?:thing| one)(?: (?:of (?:them|these|those)|here))?)"
    r"(?: all| ones?| {nouns})*(?: already| before| too| actually| many times)*[ .!,]*"
)
_NONE = re.compile(
    r"(?:(?:no|nah|nope|meh|hmm+|sorry|ugh|eh|not really|thanks but|ok but)[,. ]+)*(?:no thanks|no thank you|nah|nope|none|neither|no|meh|not (?:really|for me|my (?:thing|taste|style|cup of tea)|quite|interested|feeling (?:it|them|these))|"
    r"nothing (?:here|there|of (?:that|these|those))(?: (?:appeals|for me|works|i like))*|(?:these|those|they) (?:all )?(?:don'?t|do not|aren'?t|are not)(?: really| quite)? (?:appeal|work|for me|my (?:thing|taste)|it|what i .*|right|good|interesting|do it for me|speak to me).*|"
    r"(?:i )?(?:don'?t|do not|didn'?t) (?:really )?(?:like|want|fancy|love|care for|feel) (?:any|these|those|them|either)(?: of (?:these|those|them|it))?|not (?:these|those|them|any of (?:them|these|those)))"
    r"(?: of (?:these|those|them))?(?: (?:really|appeals?|works?|for me|please|tbh|thanks|i'm afraid|interests? me|look good|sound good|speak to me|is right|are right))*[ .!]*"
)
_AGREED = re.compile(
    r"(?:(?:yes|yeah|yep|yup|ok(?:ay)?|k|sure|cool|great|nice|good|perfect|awesome|fine|alright|lovely|hmm+|mm+|right|i see|got it|interesting|sounds (?:good|great|fun|nice|interesting)|wow|oh|ah|haha|lol|no worries|fair enough|makes sense|good to know|thats? (?:good|great|nice|cool|interesting)|that'?s (?:good|great|nice|cool|interesting))[ ,.!]*)+"
)
_CONTENT_FREE = re.compile(r"[\W_]*")


class ShortReplies:
    """Reads short replies in the nouns of one catalog."""

    def __init__(self, catalog: Catalog) -> None:
        self._more = pattern_of(_MORE, catalog)
        self._surprise = pattern_of(talk.SURPRISE, catalog, re.IGNORECASE)
        self._all_seen = pattern_of(_ALL_SEEN, catalog)

    def read_whole(self, turn: TurnRead, spoken: str) -> bool:
        """Reads an utterance that is nothing but "more", "seen them", "no" or "great"."""
        shown = turn.state.last_shown
        if self._more.fullmatch(spoken):
            turn.does(Act.MORE)
        elif shown and self._all_seen.fullmatch(spoken):
            turn.state = with_mentions(
                turn.state, shown, ItemRead(shown, False, False, True, spoken), turn.number
            )
            turn.does(Act.SEEN)
        elif shown and _NONE.fullmatch(spoken):
            turn.state = with_mentions(
                turn.state, shown, ItemRead(shown, False, True, False, spoken), turn.number
            )
            turn.does(Act.REJECT)
        elif _AGREED.fullmatch(spoken):
            turn.does(*([] if turn.acts else [Act.THANK]))
        elif _CONTENT_FREE.fullmatch(spoken) or talk.is_noise([spoken]):
            turn.does(Act.OFF_TOPIC)
        else:
            return False
        return True

    def read_beside(self, turn: TurnRead, text: str) -> str:
        """Reads "what else?" and "surprise me" beside other things; gives the rest."""
        pieces = parts_of(text)
        rest = []
        for piece in pieces:
            spoken = piece.lower().strip(" ,.!")
            alike = re.search(r"\blike (?:that|it|this|those|these)\b", spoken)
            if len(pieces) > 1 and not alike and self._more.fullmatch(spoken):
                turn.does(Act.MORE)
            elif (
                len(pieces) > 1 and turn.state.last_shown and self._all_seen.fullmatch(spoken)
            ) or (len(pieces) > 1 and turn.state.last_shown and _NONE.fullmatch(spoken)):
                self.read_whole(turn, spoken)
            elif len(pieces) > 1 and _AGREED.fullmatch(spoken):
                continue
            else:
                rest.append(piece)
        text = " ".join(rest) if len(rest) < len(pieces) else text
        if self._surprise.search(text):
            turn.does(Act.SURPRISE)
            text = re.sub(r"\b(?:with|by)\s*$", "", self._surprise.sub(" ", text)).strip(" ,.!?-")
            turn.state = replace(turn.state, wish=(), leanings=(), began=turn.number)
        return text
