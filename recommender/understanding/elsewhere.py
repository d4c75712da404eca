"""What a recommender can't do or won't: poems, the weather, its own rules, harm.

A request that leads elsewhere is one by how it begins ("translate this", "what's the
weather"), since the same words inside a wish are what an item is about ("a heist where they
translate a code"). What stands beside it in the same utterance is kept to be read.
"""

from __future__ import annotations

import re

from recommender.dialogue import DialogueState
from recommender.understanding.lexicon import Lexicon
from recommender.understanding.reader import Reader
from recommender.understanding.references import read_references
from retrieval.catalog import Kind, fold

_ADDRESSED = (
    r"(?:(?:hey|hi|hello|ok(?:ay)?|so|and|but|well|please|pls|also|now|btw|by the way|first|just|actually|oh|lol)\b[ ,.!]*)*"
    r"(?:(?:can|could|would|will) (?:you|u) (?:please |just |also |maybe )?|(?:i (?:want|need)|i'd like) (?:you )?to (?:know )?|"
    r"do you know (?=what|who|how|when|where)|(?:please )?tell (?:me|us) (?:about )?(?=what|who|how|when|where|the (?:weather|news)))?"
)
# Said to the recommender as a person or a program; these may follow a comma too.
_TO_YOU = (
    r"(?:write|code|draft|compose|generate|make|create|sing|tell|read)(?: (?:me|us))(?: up)? (?:an? |some |my |the |another )?(?:\w+ ){0,2}?"
    r"(?:poem|code|essay|e-?mail|letter|script|program|song|haiku|homework|limerick|tweet|joke|speech|resume|cv|sandwich|coffee|horoscope)s?\b",
    r"(?:write|code|draft|compose|generate) (?:an? |some |my |the )?(?:\w+ ){0,2}?"
    r"(?:poem|code|essay|e-?mail|letter|program|function|haiku|cover letter|homework|limerick|tweet|sql|python|html|javascript|speech|resume|cv)s?\b",
    r"(?:what(?:'?s| is| will| was)?|how(?:'?s| is| will| was)?|is|will|does) (?:be )?the (?:weather|temperature|forecast)\b",
    r"what(?:'?s| is) (?:the )?(?:time|date)(?: (?:is it|now|today))?(?=\W*$)|what (?:time|day) is it\b",
    r"how(?: are|'re| r) (?:you|u|ya)\b(?: (?:doing|today|feeling))*(?=\W*$)|how(?:'?s| is) it going\b|how do you do\b|what'?s up(?=\W*$)",
    r"who (?:are|made|built|created|trained|programmed|owns) you\b|what are you(?=\W*$)|what(?:'?s| is) your (?:name|system prompt|prompt|favou?rite colou?r)\b|how old are you\b|where (?:are|do) you (?:from|live|come from)\b",
    r"are you (?:an? )?(?:human|robot|bot|ai|a\.i\.|person|machine|chatgpt|gpt|sentient|conscious|alive|married|single|real|there|ok(?:ay)?)(?=\W*$)|are you (?:an? )?(?:real )?(?:human|robot|bot|ai|person|machine|chatgpt|gpt)\b",
    r"do you (?:love me|have feelings|dream|sleep|eat)\b|(?:will you )?marry me\b|i love you(?=\W*$)",
    r"(?:what can you do|how do(?:es)? (?:you|this|it) work)(?=\W*$)",
    r"(?:ignore|disregard|override|forget) (?:all |any |your |the |my |these )*(?:previous |prior |above |earlier |system |other )+(?:instructions?|prompts?|rules|guidelines|programming)\b",
    r"(?:ignore|disregard|override) (?:all |any |your |the |these )*(?:instructions?|prompts?|rules|guidelines|programming)\b",
    r"(?:show|print|reveal|repeat|output|give|leak)(?: (?:me|us))? (?:your|the) (?:system )?(?:prompt|instructions)\b|(?:enable |enter |you are (?:now )?in )?(?:developer|dan|jailbreak) mode\b",
    r"(?:book|order|call|get|buy) (?:me|us) (?:an? |some )?(?:flight|hotel|table|taxi|cab|uber|pizza|food|ticket)s?\b|(?:order|book) (?:a )?(?:flight|hotel|table|taxi|cab|uber|pizza)s?\b",
    r"(?:set (?:an? )?(?:alarm|timer|reminder)|remind me|play (?:me )?(?:some )?music|turn (?:on|off) the)\b",
    r"who won the (?!.*\b(?:oscar|palme|golden|award|prize|hugo|booker|pulitzer)\b)",
)  # fmt: skip
# Also the plot of an item, so only at the beginning of a sentence.
_COMMANDS = (
    r"translate\b|(?:solve|calculate|compute|simplify|integrate|differentiate) (?:this|that|the|for|x|\d|my|an? (?:equation|integral|problem))",
    r"pretend (?:to be|(?:that )?you)|act as (?:an?|my|if)|role ?play|you are (?:now )?(?:an? )?(?!right|the best|great|good|so|very|wrong|amazing|awesome|star|kidding|welcome)",
    r"\d+ ?[*x+] ?\d+(?= ?=?\W*$)|(?:what(?:'?s| is) (?:the )?|calculate )(?:(?:square )?root of|\d+(?:\.\d+)? ?(?:[*x/+^-]|plus|minus|times|divided by) ?\d+)",
    r"(?:what(?:'s| is) )?(?:the )?(?:capital|population|currency|president|prime minister|king|queen) of\b",
    r"who(?:'s| is) (?:the )?(?:current )?(?:president|prime minister|king|queen|pope|chancellor|richest|tallest)\b",
    r"(?:what(?:'s| is) the )?(?:meaning of life|exchange rate|news today|latest news|stock price)\b|how much is (?:a |one |the )?(?:bitcoin|dollar|euro|gold|share)",
    r"how (?:do|can|should) (?:i|we|you) (?:fix|install|cook|bake|boil|repair|lose|invest|delete|uninstall|get rid|make (?:an? )?(?:cake|pasta|pizza|bread|coffee|money))\b",
    r"how (?:far|tall|high|deep|big) (?:is|are) (?!it\b|this\b|that\b|he\b|she\b|they\b)|directions to|(?:give me )?(?:an? )?recipes? for (?!disaster|love|murder|revenge|romance)|what(?:'s| is) (?:an? |the )?(?:good )?recipe",
    r"my (?:homework|taxes|tax return|back hurts|head hurts|computer|laptop|phone|printer|wi-?fi)\b(?! (?:is listening|game))",
    r"what (?:does|do) .+ mean(?=\W*$)",
)  # fmt: skip
_TOPICS = (
    r"(?:the |today'?s |tomorrow'?s |latest |current )*(?:weather|forecast|news|bitcoin|crypto|football scores?|stock (?:market|prices?)|exchange rates?|lottery numbers?)"
    r"(?: (?:forecast|today|tomorrow|tonight|now|price|prices|report|please|for (?:today|tomorrow|me)|in \w+))*\W*"
)
_REQUEST = re.compile(rf"{_ADDRESSED}(?:{'|'.join(_TO_YOU)})", re.IGNORECASE)
_COMMAND = re.compile(rf"{_ADDRESSED}(?:{'|'.join(_COMMANDS)})|{_TOPICS}$", re.IGNORECASE)
_SENTENCE = re.compile(r"(?<=[.!?;])\s+")
_PIECE = re.compile(r",\s+(?:and |but |also )?|\s+(?:and|but|also)\s+(?=(?:what|how|who|can|could|tell|write|are|do|find|show|give|recommend|suggest|i want|i'd)\b)|\s[-–—]\s")  # fmt: skip
_MISHAP = re.compile(
    r"(?:(?:oops|whoops|woops|oh|no|ah|sorry|apologies|pardon|ha|haha|lol|my bad|excuse me|ignore (?:that|me|him|her))\b[ ,.!]*)+"
    r"(?:about that|(?:that|it|this|he|she)(?:['’]s| was| wasn['’]t| is)\b|wrong|typo|i (?:sat|hit|pressed|dropped|sent|leaned|fell)|my (?:cat|dog|kid|son|daughter|baby|toddler|hand|phone|finger)|autocorrect|pocket|the (?:cat|dog|kid|baby)|fat fingers?|misclick|accident)"
)
# A question of the world: it asks for no item, and nothing in it is of the catalog.
_ASKS = re.compile(r"(?:who|what|when|where|why|how|is|are|does|do|did|can|will)\b")
_ASKS_PLAINLY = re.compile(r"(?:who|when|where|why|how)\b")
_ASKS_FOR_ITEMS = re.compile(
    r"\b(?:should|could|recommend|suggest|watch|see|read|play|something|anything|about|have|got|any|like|good|best|else|know|more|less|find|show|give|with)\b"
)

# First person and second person harm; a wish for dark fiction has neither.
_HARM = (
    r"(?:i|i'm|im|i'll) (?:really |just |am |'m )?(?:want(?:ing)? to|wanna|going to|gonna|will|should|could|might|plan(?:ning)? to|thinking (?:of|about)|feel like) "
    r"(?:kill(?:ing)?|hurt(?:ing)?|harm(?:ing)?|cut(?:ting)?|end(?:ing)?|shoot(?:ing)?|stab(?:bing)?|murder(?:ing)?|poison(?:ing)?|strangl(?:e|ing)|attack(?:ing)?|beat(?:ing)? up|rap(?:e|ing)) "
    r"(?:myself|my life|it all|him|her|them|someone|somebody|people|everyone|my (?:\w+))",
    r"(?:kill|hurt|harm)(?:ing)? myself|(?:i'?m|i am|feeling) suicidal|(?:want|wish|ready) to die\b(?! hard| another)|end my life|(?:don'?t|do not) want to (?:live|be alive)(?: any ?more| anymore)?\b",
    r"(?:child|kiddie|underage|minor) (?:porn\w*|sex\w*|nud\w+|erotic\w*)|(?:porn\w*|sex\w*|nude\w*|erotic\w*) (?:\w+ )?(?:with|of|involving|about|featuring) (?:an? )?(?:child\w*|kids?|minors?|underage\w*|teens?|little (?:girl|boy)s?)",
    r"cp\b (?:videos?|links?)|sexuali[sz]ed? (?:children|kids|minors)|(?:gas|kill|exterminate|lynch) (?:all )?(?:the )?(?:jews|muslims|blacks|gays|immigrants|women|christians)",
)  # fmt: skip
# Instructions for harm. "About how to …" and titles are of items, so only what opens a part.
_HARM_TAUGHT = (
    r"(?:(?P<title>how to )|how (?:do|can|could|would) (?:i |you |we |one |someone )?|(?:show|teach|tell) (?:me|us) how to |help (?:me|us) (?:to )?|(?:give (?:me|us) )?(?:instructions|steps|a recipe|recipe|a tutorial) (?:for|on|to) |where (?:can|do) i )"
    r"(?:(?:make|making|build|building|cook|cooking|synthesi[sz]e|buy|get|get hold of|create|construct) (?:an? |some |the |my own )?(?:\w+ ){0,2}?(?:bombs?|explosives?|meth\w*|cocaine|heroin|poison|nerve agent|ricin|napalm|ghost gun|illegal (?:gun|weapon|drug)s?|weapons?|guns?|malware|ransomware|molotov\w*(?: cocktail)?)|"
    r"(?:kill|murder|poison|hurt|stab|shoot|kidnap|rape|stalk|blackmail|drug) (?:an? |my |some |the |him|her|them|someone|somebody|people)\w*|"
    r"(?:hack|break) into|(?:get rid|dispose) of (?:a|the|this) (?:dead )?body|hide (?:a|the) body|steal (?:a|my|some|from)|get away with (?:a )?murder|launder)"
)
_UNSAFE = re.compile(rf"\b(?:{'|'.join(_HARM)})\b", re.IGNORECASE)
_UNSAFE_TAUGHT = re.compile(
    rf"(?:^|(?<=[.!?;,]) *|(?:^|\W){_ADDRESSED})\W*{_HARM_TAUGHT}\b", re.IGNORECASE
)
_ABOUT = re.compile(r"\b(?:about|on|where|called|titled|named|like)\W*$", re.IGNORECASE)
_CRISIS = re.compile(r"\bmyself\b|\bmy life\b|suicid|\bto die\b|end it all", re.IGNORECASE)


def is_crisis(text: str) -> bool:
    """Whether an unsafe text speaks of the user's own life."""
    return bool(_CRISIS.search(text))


class ElsewhereReader:
    """Tells what leads elsewhere from wishes, in the words of one catalog."""

    def __init__(self, lexicon: Lexicon, reader: Reader) -> None:
        self._lexicon = lexicon
        self._reader = reader

    def is_unsafe(self, text: str) -> bool:
        """Whether a text wants harm in the world, rather than fiction about it."""
        plain = text.replace("’", "'")
        if _UNSAFE.search(plain):
            return True
        taught = _UNSAFE_TAUGHT.search(plain)
        if taught is None or _ABOUT.search(plain[: taught.start()]):
            return False
        # "A how to get away with murder thriller" speaks of an item, "how do I" of a deed.
        return not (taught["title"] and self._names_kind(plain))

    def take_out(self, text: str, state: DialogueState) -> tuple[bool, str]:
        """Whether a text asks for what no recommender can do, and the rest of it."""
        kept: list[str] = []
        found = False
        for sentence in _SENTENCE.split(text):
            pieces = _PIECE.split(sentence)
            if self._leads_away(_COMMAND, sentence, state):
                found = True
                kept += [p for p in pieces[1:] if self._is_of_catalog(p)]
            elif any(self._leads_away(_REQUEST, piece, state) for piece in pieces):
                found = True
                rest = [p for p in pieces if not self._leads_away(_REQUEST, p, state)]
                kept += [p for p in rest if self._says_something(p)]
            else:
                kept.append(sentence)
        return (True, " ".join(kept).strip()) if found else (False, text)

    def is_mishap(self, text: str) -> bool:
        """Whether a text only excuses what was not meant to be said: "oops, that was the cat"."""
        if not _MISHAP.match(text.lower()):
            return False
        reading = self._reader.read(text)
        return not (reading.items or reading.limits or reading.comparisons)

    def is_question_of_world(self, text: str) -> bool:
        """Whether a text is a question, and nothing in it is of the catalog."""
        body = text.lower().strip()
        asks = _ASKS if body.endswith("?") else _ASKS_PLAINLY
        if not asks.match(body) or _ASKS_FOR_ITEMS.search(body):
            return False
        return not self._is_of_catalog(text)

    def _leads_away(self, pattern: re.Pattern[str], text: str, state: DialogueState) -> bool:
        plain = text.strip().replace("’", "'")
        return bool(pattern.match(plain)) and not read_references(plain, state, self._lexicon)

    def _says_something(self, text: str) -> bool:
        """Whether a part is more than the courtesy around a request."""
        return self._is_of_catalog(text) or len(fold(text).split()) > 2

    def _names_kind(self, text: str) -> bool:
        """Whether a text names a kind of item: a noun of the catalog, a category."""
        categories = {f.name for f in self._lexicon.catalog.of_kind(Kind.CATEGORY)}
        named = {name for one in self._reader.read(text).limits for name in one.limit.fields}
        return bool(named & categories or set(fold(text).split()) & self._lexicon.nouns)

    def _is_of_catalog(self, text: str) -> bool:
        reading = self._reader.read(text)
        return bool(
            reading.items or reading.limits or reading.leanings or reading.comparisons
            or set(fold(text).split()) & self._lexicon.nouns
        )  # fmt: skip
