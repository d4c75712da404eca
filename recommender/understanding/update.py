"""From one reading to the next state of the conversation, and on to instruction and query.

What a turn adds, what it supersedes and what stays is decided here. Hard limits stay until
a later turn replaces, lifts or contradicts them; the wish of the moment gives way to a new
one unless the utterance only refines it.
"""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from prompts.instruction import Aspects, Intention
from recommender.dialogue import DialogueState, Leaning, Mention, Phrase, Session, StatedLimit
from recommender.understanding.lexicon import Lexicon
from recommender.understanding.questions import Question, read_question
from recommender.understanding.reader import ComparisonRead, Reader, Reading
from recommender.understanding.words import FUNCTION_WORDS, clean
from retrieval.catalog import Catalog, Kind, fold
from retrieval.limits import Limit
from retrieval.retriever import Query


class Act(StrEnum):
    """What an utterance does."""

    REQUEST = "request"
    REFINE = "refine"
    MORE = "more"  # the same wish, other items
    LIFT = "lift"  # takes limits back
    RESET = "reset"
    ASK = "ask"  # about an item that was shown
    GREET = "greet"
    THANK = "thank"


@dataclass(frozen=True)
class Understanding:
    """What an utterance comes to. `lifted` holds the limits that it took back."""

    utterance: str
    act: Act
    state: DialogueState
    aspects: Aspects
    query: Query
    lifted: tuple[StatedLimit, ...] = ()
    question: Question | None = None


_GREETING = re.compile(
    r"(?:hi|hello|hey|hiya|howdy|greetings|good (?:morning|evening|afternoon|day)|yo)"
    r"(?: (?:there|you|everyone|again))?[ !.,]*"
)
_THANKS = re.compile(
    r"(?:ok(?:ay)?,? |great,? |perfect,? |cool,? |nice,? |that'?s (?:great|perfect|good|all|it|lovely)[,.!]? )?"
    r"(?:thanks|thank you|thx|cheers|ta)"
    r"(?: (?:so much|a lot|very much|again|you))?[ !.,]*(?:that'?s (?:all|great|perfect)[ !.]*)?"
)
_RESET = re.compile(
    r"(?:\b(?:ok(?:ay)?|actually|please|let's|lets|can we|could we|i want to|i'd like to|no)\b[ ,.]*)*"
    r"(?:\b(?:scrap|forget|never ?mind) (?:that|it|this)\b[ ,.]*(?:and |let's )?)?"
    r"\b(?:start (?:over|again|afresh|anew|fresh)|new search|begin again|reset|forget (?:everything|it all|"
    r"all (?:of )?(?:that|this|it))|clear (?:everything|all)|from scratch)\b[ .,:;!-]*"
)
_MORE = re.compile(
    r"(?:(?:can|could) (?:you|i|we) )?(?:(?:show|give|get|see|have)(?: me| us)? )?(?:some |a few |any )?"
    r"(?:more|others?|another(?: one)?|others like (?:that|these)|something (?:else|different)|next|"
    r"what else|anything else|different ones|more (?:of (?:these|those|the same)|ideas|options|"
    r"suggestions|please|{nouns})|other (?:ideas|options|suggestions|{nouns})|"
    r"(?:none|not) (?:of these|of those|these|those))"
    r"(?: (?:do you have|have you got|is there|are there|like (?:that|this|these|those)|please|options))*[ ?.!]*"
)
# "I've seen those", "already seen all of them": so were the picks of the turn before.
_ALL_SEEN = re.compile(
    r"(?:(?:sorry|ok(?:ay)?|hmm|no|nope|ah)[,.]? )?(?:but )?(?:(?:i|we)(?:'ve| have|ve)? )?(?:already )?"
    r"(?:seen|watched|know) (?:all (?:of )?)?(?:them|those|these|that|it|both)(?: all| ones?| films?| movies?)*"
    r"(?: already| before)?[ .!]*(?:(?:what|anything|something) else\b.*|more\b.*|others?\b.*)?"
)
_BOTH_WAYS = re.compile(  # the item of the picks that is pointed at, and what is said of it
    r"\b(?P<how>like|similar to|loved|liked|love|not|hated|hate|seen|watched|know) "
    r"(?:the )?(?P<which>first|second|third|fourth|fifth|last|1st|2nd|3rd|4th|5th)(?: one| film| movie| pick)?\b"
    r"|\b(?P<which2>first|second|third|fourth|fifth|last)(?: one| film| movie| pick)?,? "
    r"(?:i've|i have|we've)(?: already)? (?P<how2>seen|watched)"
)
# What stands before is taken back: "a comedy. No wait, a drama".
_CORRECTION = re.compile(
    r"[,.;]? ?\b(?:(?:no|oh|um|hmm)[, ]+wait|wait,? (?:no|actually)|scratch that|no,? (?:make (?:that|it)|rather|actually)|"
    r"(?:or |actually,? )?make that|or (?:rather|actually)|on second thoughts?|i mean)\b[ ,.:;!-]*"
)
_LATEST = re.compile(
    r"(?:(?:ok(?:ay)?|no|oh|actually|sorry|please)[,.]? )*(?:undo(?: (?:that|it|this|the last one))?|"
    r"(?:take|put) (?:that|it) back|go back|scrap (?:that|it|this)|never ?mind(?: (?:that|it|this))?|"
    r"forget (?:that|it|this|i said (?:that|it))|ignore (?:that|it))[ .!]*"
)
_SURPRISE = re.compile(r"\b(?:surprise me|anything(?: goes| is fine)?$|whatever|you (?:choose|pick|decide)|random)\b")
_FINE = r"(?:fine|ok|okay|allowed|alright|all right|good|welcome|acceptable)"
_LIFT = re.compile(
    r"(?:^|\b(?:ok|okay|please|and|but|actually),? )(?:forget|drop|remove|ignore|lift|lose|relax|"
    r"never ?mind|scrap)(?: about)? (?:the |that |my |it'?s |it must be |any )*"
    r"(?:(?:limit|restriction|condition|rule)s? (?:on|for|about) (?:the )?)?(?P<what>.+)"
    rf"|^(?:(?:ok(?:ay)?|well|actually),? )?(?P<every>any) (?P<any>.+?)(?: (?:is|will be|would be|will do) ?{_FINE}?)?[.!]*$"
    r"|^(?:(?:the|its?) )?(?P<matter>.+?) (?:doesn't|does not|don't|do not|doesnt|dont) matter\b.*"
    r"|\b(?:don't|do not|dont) (?:really )?(?:care about|mind) (?:the |its? )?(?P<care>.+?)(?: (?:anymore|any more|now|at all))?[.!]*$"
    r"|^no (?P<limitless>.+?) (?:limit|restriction|preference)s?[.!]*$"
    rf"|^(?P<fine>.+?) (?:is|are|would be|'s) (?:also |totally |actually |perfectly )?{_FINE}"
    r"(?: too| as well| now| again| after all| with me| by me)*[.!]*$"
)
_REFINING = re.compile(
    r"^(?:and|but|also|only|just|make (?:it|them)|rather|preferably|ideally|less|more|not so|not as|"
    r"not|no|without|with|in|from|before|after|under|over|at most|at least|even|still|except|"
    r"shorter|longer|newer|older|same|nothing|something (?:\w+er\b|more|less)|a bit|slightly|"
    r"this time|or|even|happier|lighter|darker|and|then|instead|i'd rather|rather|could it|can it|with more|"
    r"maybe|perhaps|the same but|same but|similar but|don't|dont|please no|please not|i don't want|"
    r"this time|(?:how|what) about (?:one|something)?\s*(?:with|from|in|by|that)|i'd prefer|it should|they should)\b"
)
_ADDING = re.compile(
    r"\b(?:also|as well|in addition)\b|^and\b|(?<!too )\btoo[.!]*$|"
    r"^make (?:it|them) (?!an? |the )(?:more )?\w+|^(?:with )?(?:more|some|a bit of) \w+"
)
_WIDENING = re.compile(r"^(?:or|and)\b")


class Understander:
    """Understands utterances about one catalog. Holds no state of any visitor."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self._lexicon = Lexicon(catalog)
        self._reader = Reader(self._lexicon)
        self._people = {f.name for f in catalog.of_kind(Kind.PERSON)}
        nouns = "|".join(re.escape(n) for n in (catalog.noun, catalog.nouns, *catalog.other_nouns))
        self._more = re.compile(_MORE.pattern.replace("{nouns}", f"(?:{nouns})"))

    def understand(self, session: Session, utterance: str) -> Understanding:
        """Read an utterance as the next turn of a session. Raises `UtteranceError`."""
        text = clean(utterance)
        turn = session.turn + 1
        state = session.state
        spoken = text.lower().strip()
        if _GREETING.fullmatch(spoken):
            return self._finish(text, Act.GREET, state)
        if _THANKS.fullmatch(spoken):
            return self._finish(text, Act.THANK, state)
        if self._more.fullmatch(spoken):
            return self._finish(text, Act.MORE, state)
        question = read_question(text, state, self._lexicon)
        if question:
            asked = self._finish(text, Act.ASK, replace(state, focus=question.item_id))
            return replace(asked, question=question)
        act = Act.REQUEST
        reset = _RESET.search(spoken)
        if reset:
            state = replace(state, wish=(), leanings=(), limits=(), context=(), shown=(),
                            last_shown=(), began=turn)  # fmt: skip
            text_left = (text[: reset.start()] + text[reset.end() :]).strip(" ,.;:!-")
            if len(text_left.split()) < 2:
                return self._finish(text, Act.RESET, state)
            text = text_left
        lifted = self._lifted(spoken, state)
        if lifted:
            state = replace(state, limits=tuple(s for s in state.limits if s not in lifted))
            return self._finish(text, Act.LIFT, state, lifted)
        reading = self._reader.read(text)
        if self._refines(spoken, reading, state):
            act = Act.REFINE
        state = self._items(state, reading, turn)
        state = self._wishes(state, reading, turn, act, bool(_SURPRISE.search(spoken)))
        state = self._limits(state, reading, turn, act, bool(_ADDING.search(spoken)))
        return self._finish(text, act, state)

    # --- what the turn changes --------------------------------------------------------

    def _refines(self, spoken: str, reading: Reading, state: DialogueState) -> bool:
        if not (state.wish or state.leanings or state.limits or state.last_shown):
            return False
        if any(item.liked for item in reading.items):
            return False
        nothing_new = not reading.wish and not reading.tastes
        only_negative = nothing_new and not any(
            not one.limit.negated and one.limit.values for one in reading.limits
        )
        return (
            bool(_REFINING.search(spoken))
            or bool(reading.comparisons)
            or only_negative
            or (reading.fragment and bool(reading.limits))
        )

    def _items(self, state: DialogueState, reading: Reading, turn: int) -> DialogueState:
        liked, disliked, seen = list(state.liked), list(state.disliked), list(state.seen)
        for read in reading.items:
            for item_id in read.ids:
                mention = Mention(item_id, read.words, turn)
                for wanted, known in ((read.liked, liked), (read.disliked, disliked), (read.seen, seen)):
                    if wanted:
                        known[:] = [m for m in known if m.item_id != item_id] + [mention]
                if read.liked:
                    disliked[:] = [m for m in disliked if m.item_id != item_id]
                if read.disliked:
                    liked[:] = [m for m in liked if m.item_id != item_id]
        return replace(state, liked=tuple(liked), disliked=tuple(disliked), seen=tuple(seen))

    def _wishes(
        self, state: DialogueState, reading: Reading, turn: int, act: Act, surprise: bool
    ) -> DialogueState:
        wish = (Phrase(reading.wish, turn),) if reading.wish and not surprise else ()
        if act is Act.REFINE and reading.fragment:
            wish = ()  # all that it says has become a limit or a leaning
        leanings = tuple(Leaning(r.field, r.values, r.words, turn) for r in reading.leanings)
        context = tuple(Phrase(words, turn, kind) for kind, words in reading.context)
        kept = tuple(p for p in state.context if p.kind not in {c.kind for c in context})
        if act is Act.REFINE:
            wish, leanings = (*state.wish, *wish), (*state.leanings, *leanings)
            began = state.began
        else:
            began = turn
        taste_leanings = tuple(
            Leaning(r.field, r.values, r.words, turn) for r in reading.taste_leanings
        )
        known = {p.words for p in state.taste}
        return replace(
            state,
            wish=wish,
            leanings=leanings,
            context=(*kept, *context),
            taste=(*state.taste, *(Phrase(t, turn) for t in reading.tastes if t not in known)),
            taste_leanings=(*state.taste_leanings, *taste_leanings),
            began=began,
        )

    def _limits(
        self, state: DialogueState, reading: Reading, turn: int, act: Act, adding: bool
    ) -> DialogueState:
        new = [StatedLimit(read.limit, read.words, turn) for read in reading.limits]
        new += [s for s in (self._compared(c, state, reading, turn) for c in reading.comparisons) if s]
        kept = list(state.limits)
        if act is Act.REQUEST and any(self._starts_afresh(one.limit) for one in new):
            kept = [old for old in kept if not self._starts_afresh(old.limit)]
        kept = [
            old
            for old in kept
            if not any(_supersedes(one.limit, old.limit, adding) for one in new)
        ]
        distinct: dict[Limit, StatedLimit] = {one.limit: one for one in (*kept, *new)}
        return replace(state, limits=tuple(distinct.values()))

    def _starts_afresh(self, limit: Limit) -> bool:
        """Whether a limit says what kind of thing is wanted, which a new request says anew."""
        return bool(limit.values) and not limit.negated

    def _compared(
        self, read: ComparisonRead, state: DialogueState, reading: Reading, turn: int
    ) -> StatedLimit | None:
        """A bound from "newer" or "shorter", against the items spoken of or shown last."""
        ids: Iterable[str] = [i for item in reading.items for i in item.ids] or state.last_shown
        numbers = [
            self.catalog[i].numbers[read.field]
            for i in ids
            if i in self.catalog and read.field in self.catalog[i].numbers
        ]
        if not numbers:
            return None
        middle = round(statistics.median(numbers))
        limit = (
            Limit((read.field,), minimum=middle + 1)
            if read.direction > 0
            else Limit((read.field,), maximum=middle - 1)
        )
        return StatedLimit(limit, read.words, turn)

    def _lifted(self, spoken: str, state: DialogueState) -> tuple[StatedLimit, ...]:
        """The limits that an utterance takes back: "forget the year", "English is fine"."""
        match = _LIFT.search(spoken)
        if match is None or not state.limits:
            return ()
        target = next(group for group in match.groups() if group)
        if match["fine"] and not any(one.limit.negated for one in state.limits):
            return ()
        words = set(fold(target).split()) - FUNCTION_WORDS
        return tuple(
            one
            for one in state.limits
            if words & self._words_of(one) and not (match["fine"] and not one.limit.negated)
        )

    def _words_of(self, stated: StatedLimit) -> set[str]:
        said = [stated.words, *stated.limit.values, stated.limit.in_words(self.catalog)]
        for name in stated.limit.fields:
            f = self.catalog.fields[name]
            said += [name, f.label, f"{f.label}s"]
            if f.kind is Kind.YEAR:
                said += ["years date decade age period"]
            if f.unit:
                said += ["length long duration time"]
        return set(fold(" ".join(said)).split()) - FUNCTION_WORDS

    # --- what follows from the state ----------------------------------------------------

    def _finish(
        self, text: str, act: Act, state: DialogueState, lifted: tuple[StatedLimit, ...] = ()
    ) -> Understanding:
        aspects = self.aspects(state)
        return Understanding(text, act, state, aspects, self.query(state, aspects), lifted)

    def aspects(self, state: DialogueState) -> Aspects:
        """The three aspects and the context of an instruction, from a state."""
        positive = any(not one.limit.negated for one in state.limits)
        keyword = any(self.catalog.fields[one.field].kind is Kind.KEYWORD for one in state.leanings)
        wish = "; ".join(phrase.words for phrase in state.wish)
        if positive or keyword:
            intention = Intention.SPECIFIC
        elif wish or state.leanings or state.limits or state.context:
            intention = Intention.VAGUE
        else:
            intention = Intention.NONE
        limits = tuple(one.limit.in_words(self.catalog) for one in state.limits)
        if intention is Intention.VAGUE and not wish and not limits:
            wish = ", ".join(phrase.words for phrase in state.context)
        return Aspects(
            history=tuple(self.catalog[m.item_id].name for m in state.liked if m.item_id in self.catalog),
            taste=tuple(phrase.words for phrase in state.taste),
            wish=wish,
            limits=limits,
            intention=intention,
            context={phrase.kind: phrase.words for phrase in state.context},
        )

    def query(self, state: DialogueState, aspects: Aspects) -> Query:
        """What to retrieve for a state. Shown items stay away as long as others pass."""
        now = tuple(m.item_id for m in state.liked if m.turn >= state.began)
        before = tuple(m.item_id for m in state.liked if m.turn < state.began)
        groups: dict[str, list[tuple[str, str]]] = {}
        leanings = state.leanings
        if not leanings and not any(one.limit.values and not one.limit.negated for one in state.limits):
            leanings = state.taste_leanings
        for one in leanings:
            groups.setdefault(one.words.lower(), []).extend((one.field, v) for v in one.values)
        text = "; ".join(phrase.words for phrase in state.wish)
        if not text and not now:
            text = "; ".join(phrase.words for phrase in (*state.taste, *state.context))
        return Query(
            text=text,
            liked=now or (() if text else before),
            history=before if text or now else (),
            disliked=tuple(m.item_id for m in state.disliked),
            leanings=tuple(tuple(dict.fromkeys(group)) for group in groups.values()),
            limits=tuple(one.limit for one in state.limits),
            without=state.excluded | frozenset(state.shown),
            varied=aspects.intention is not Intention.SPECIFIC and not now,
        )


def _supersedes(new: Limit, old: Limit, adding: bool) -> bool:
    """Whether a new limit takes the place of an old one."""
    if set(new.fields) & set(old.fields):
        if new.values and old.values and new.negated != old.negated:
            return bool(set(new.values) & set(old.values))
        if adding or new.negated or old.negated:
            return False
        if new.values and old.values:
            return True
        if not new.values and not old.values:
            low = max(x for x in (new.minimum, old.minimum, float("-inf")) if x is not None)
            high = min(x for x in (new.maximum, old.maximum, float("inf")) if x is not None)
            one_sided = None in (new.minimum, new.maximum) and None in (old.minimum, old.maximum)
            opposite = one_sided and (new.minimum is None) != (old.minimum is None)
            return not (opposite and low <= high)
    return False
