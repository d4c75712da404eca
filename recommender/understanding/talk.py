"""What people say around their wishes: greetings, thanks, small talk, harm, a fresh start.

Patterns of everyday English only; what a wish is about is not read here.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable

from recommender.dialogue import Act
from retrieval.catalog import Catalog

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
SURPRISE = re.compile(
    r"\b(?:surprise (?:me|us)|dealer'?s choice|(?:you|u) (?:choose|pick|decide)|(?:just )?pick (?:something|one|anything|whatever)(?: for (?:me|us))?(?: at random)?|"
    r"something (?:at )?random|random (?:pick|one|choice|film|movie|book|item)?|roll the dice|up to you|(?:i'?m|im) feeling lucky|your (?:choice|call|pick)|"
    r"whatever you (?:like|want|think|fancy)|anything (?:goes|at all|really|is fine|will do|works)|i don'?t (?:care|mind) what|wow me)\b"
    r"|^(?:anything|whatever)[.! ]*$",
    re.IGNORECASE,
)
# First person and second person harm; a wish for dark fiction has neither.
_UNSAFE = re.compile(
    r"\b(?:(?:i|i'm|im|i'll) (?:really |just |am |'m )?(?:want(?:ing)? to|wanna|going to|gonna|will|should|could|might|plan(?:ning)? to|thinking (?:of|about)|feel like) "
    r"(?:kill(?:ing)?|hurt(?:ing)?|harm(?:ing)?|cut(?:ting)?|end(?:ing)?|shoot(?:ing)?|stab(?:bing)?|murder(?:ing)?|poison(?:ing)?|strangl(?:e|ing)|attack(?:ing)?|beat(?:ing)? up|rap(?:e|ing)) (?:myself|my life|it all|him|her|them|someone|somebody|people|everyone|my (?:\w+))"
    r"|(?:kill|hurt|harm)(?:ing)? myself|(?:i'?m|i am|feeling) suicidal|(?:want|wish|ready) to die\b(?! hard| another)|end my life|(?:don'?t|do not) want to (?:live|be alive)(?: any ?more| anymore)?\b|"
    r"(?:how (?:do|can|could|would|to) (?:i |you |we |one |someone )?|(?:show|teach|tell) me how to |help me (?:to )?|instructions (?:for|on|to) |steps to |recipe for )"
    r"(?:(?:make|making|build|building|cook|cooking|synthesi[sz]e|buy|get|get hold of|create|construct) (?:an? |some |the |my own )?(?:\w+ ){0,2}?(?:bombs?|explosives?|meth\w*|cocaine|heroin|poison|nerve agent|ricin|napalm|ghost gun|illegal (?:gun|weapon|drug)s?|weapons?|guns?|malware|ransomware|molotov\w*(?: cocktail)?)|"
    r"(?:kill|murder|poison|hurt|stab|shoot|kidnap|rape|stalk|blackmail|drug) (?:an? |my |some |the |him|her|them|someone|somebody|people)\w*|"
    r"(?:hack|break) into|(?:get rid|dispose) of (?:a|the|this) (?:dead )?body|hide (?:a|the) body|steal (?:a|my|some|from)|get away with (?:a )?murder|launder)"
    r"|(?:child|kiddie|underage|minor) (?:porn\w*|sex\w*|nud\w+|erotic\w*)|(?:porn\w*|sex\w*|nude\w*|erotic\w*) (?:\w+ )?(?:with|of|involving|about|featuring) (?:an? )?(?:child\w*|kids?|minors?|underage\w*|teens?|little (?:girl|boy)s?)"
    r"|\bcp\b (?:videos?|links?)|sexuali[sz]ed? (?:children|kids|minors)|(?:gas|kill|exterminate|lynch) (?:all )?(?:the )?(?:jews|muslims|blacks|gays|immigrants|women|christians))\b",
    re.IGNORECASE,
)  # fmt: skip
_CRISIS = re.compile(r"\bmyself\b|\bmy life\b|suicid|\bto die\b|end it all", re.IGNORECASE)
_ELSEWHERE = re.compile(
    r"\b(?:weather|forecast|temperature (?:outside|today|in)|what time is it|what(?:'s| is) the (?:time|date)|what day is|capital of|president|prime minister|stock (?:price|market)s?|bitcoin|crypto|"
    r"exchange rate|translate|(?:write|code|draft|compose|generate) (?:me |us )?(?:an? |some |my |the )?(?:\w+ ){0,2}?(?:poem|code|essay|email|e-mail|letter|script|program|function|song|haiku|cover letter|homework|limerick|tweet|sql|python|html|javascript|story|joke|speech|resume|cv)|"
    r"solve|calculate|(?:square )?root of|integral|\d+ ?[*x/+] ?\d+ ?[=?]|what(?:'s| is) \d+ ?(?:[*x/+-]|plus|minus|times|divided by) ?\d+|news today|latest news|recipe|cook(?: me| for)? (?:dinner|lunch|pasta)|order (?:me )?(?:a )?(?:pizza|food|taxi|uber)|"
    r"book (?:me )?(?:a )?(?:flight|hotel|table|taxi)|set (?:an? )?(?:alarm|timer|reminder)|remind me|play (?:some )?music|tell (?:me|us) a joke|sing (?:me )?a song|"
    r"(?:ignore|disregard|forget|override) (?:all |any |your |the |my )*(?:previous |prior |above |earlier |system |other )*(?:instructions?|prompts?|rules|guidelines|programming)|system prompt|your (?:instructions|prompt)|jailbreak|pretend (?:to be|you)|act as (?:an?|my)|developer mode|"
    r"who (?:are|made|built|created|trained) you|what are you\b(?! (?:thinking|suggest|recommend|getting))|what(?:'s| is) your name|how old are you|are you (?:an? )?(?:human|robot|bot|ai|real|person|chatgpt|gpt|sentient|alive|married|single|there|ok|okay)|how are you|how(?:'s| is) it going|how do you do|what'?s up\b(?!,? doc)|"
    r"do you (?:love|like|have feelings|dream|sleep|eat)(?: me)?\b(?= *\?|$)|(?:will you )?marry me|meaning of life|who won (?:the )?(?:\w+ ){0,4}(?:game|match|world cup|election|super bowl|match|league|cup)|football scores?|election|"
    r"my (?:homework|taxes|tax return|back hurts|head hurts|computer|laptop|phone|printer|wifi)|how (?:do|can|to) (?:i |you )?(?:fix|install|cook|bake|boil|repair|lose weight|invest|delete|uninstall)|directions to|how far is|how tall is|distance (?:to|between|from)|what does .+ mean\b|"
    r"what can you do|how do(?:es)? (?:you|this|it) work)\b",
    re.IGNORECASE,
)  # fmt: skip
_GIBBERISH = re.compile(
    r"[^\w]*|(?:asdf|qwer|lorem ipsum|blah|test(?:ing)?|foo|bar|lol|haha)[\w ]*", re.IGNORECASE
)


def is_unsafe(text: str) -> bool:
    """Whether a text wants harm in the world, rather than fiction about it."""
    return bool(_UNSAFE.search(text.replace("’", "'")))


def is_crisis(text: str) -> bool:
    """Whether an unsafe text speaks of the user's own life."""
    return bool(_CRISIS.search(text))


def is_elsewhere(text: str, catalog: Catalog) -> bool:
    """Whether a text asks for what no recommender of this catalog can do."""
    match = _ELSEWHERE.search(text)
    if match is None:
        return False
    if re.match(
        r"(?:ignore|disregard|forget|override|system|your|jail|pretend|act|developer)",
        match[0].lower(),
    ):
        return True
    # "a film about the president", "something with a recipe" are wishes.
    return not _wishes(catalog).search(text)


@functools.lru_cache(maxsize=8)
def _wish_pattern(nouns: tuple[str, ...]) -> re.Pattern[str]:
    joined = "|".join(map(re.escape, nouns))
    return re.compile(
        rf"\b(?:{joined}|watch|read|recommend|suggest|something|anything|about an?|set in|like that|similar|newer|older)\b",
        re.IGNORECASE,
    )


def _wishes(catalog: Catalog) -> re.Pattern[str]:
    return _wish_pattern((catalog.noun, catalog.nouns, *catalog.other_nouns))


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
