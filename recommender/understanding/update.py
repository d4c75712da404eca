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

from prompts.instruction import Aspects, Intention
from recommender.dialogue import Act, DialogueState, Leaning, Mention, Phrase, Session, StatedLimit
from recommender.understanding.lexicon import Lexicon
from recommender.understanding.questions import ORDINALS, Question, read_question
from recommender.understanding.reader import (
    ComparisonRead,
    ItemRead,
    Reader,
    Reading,
    contradict,
    interval,
)
from recommender.understanding.words import FUNCTION_WORDS, clean, singular, split_words
from retrieval.catalog import Catalog, Field, Kind, fold
from retrieval.limits import Limit
from retrieval.retriever import Query


@dataclass(frozen=True)
class Understanding:
    """What an utterance comes to. `lifted` holds the limits that it took back."""

    utterance: str
    acts: tuple[Act, ...]
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
    r"(?:or |actually,? )?make that|or (?:rather|actually)|on second thoughts?|i mean)\b[ ,.:;!-]*",
    re.IGNORECASE,
)
_LATEST = re.compile(
    r"(?:(?:ok(?:ay)?|no|oh|actually|sorry|please)[,.]? )*(?:undo(?: (?:that|it|this|the last one))?|"
    r"(?:take|put) (?:that|it) back|go back|scrap (?:that|it|this)|never ?mind(?: (?:that|it|this))?|"
    r"forget (?:that|it|this|i said (?:that|it))|ignore (?:that|it))[ .!]*"
)
_SURPRISE = re.compile(
    r"\b(?:surprise me|anything(?: goes| is fine)?$|whatever|you (?:choose|pick|decide)|random)\b"
)
_FINE = r"(?:fine|ok|okay|allowed|alright|all right|good|welcome|acceptable)"
_LIFT = re.compile(
    r"(?:^|\b(?:ok|okay|please|and|but|actually),? )(?:forget|drop|remove|ignore|lift|lose|relax|"
    r"never ?mind|scrap)(?: about)? (?:the |that |my |it'?s |it must be |any )*"
    r"(?:(?:limit|restriction|condition|rule)s? (?:on|for|about) (?:the )?)?(?P<what>[^,.;!?]+)"
    rf"|^(?:(?:ok(?:ay)?|well|actually),? )?(?P<every>any) (?P<any>.+?)(?: (?:is|will be|would be|will do) ?{_FINE}?)?[.!]*$"
    r"|^(?:(?:the|its?) )?(?P<matter>.+?) (?:doesn't|does not|don't|do not|doesnt|dont) matter\b.*"
    r"|\b(?:don't|do not|dont) (?:really )?(?:care about|mind) (?:the |its? )?(?P<care>.+?)(?: (?:anymore|any more|now|at all))?[.!]*$"
    r"|^no (?P<limitless>.+?) (?:limit|restriction|preference)s?[.!]*$"
    rf"|^(?P<fine>.+?) (?:is|are|would be|'s) (?:also |totally |actually |perfectly )?{_FINE}"
    r"(?: too| as well| now| again| after all| with me| by me)*[.!]*$"
)
_REFINING = re.compile(
    r"^(?:and|but|also|only|just|make (?:it|them)|rather|preferably|ideally|less|more|not so|not as|"
    r"not|no|without|with|in(?! the mood)|from|before|after|under|over|at most|at least|even|still|except|"
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
        self._reader.read("a first reading")  # so that no visitor waits for patterns to compile
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
        if state.last_shown and _ALL_SEEN.fullmatch(spoken):
            return self._finish(text, Act.MORE, _with_seen(state, text, turn))
        question = read_question(text, state, self._lexicon)
        if question:
            asked = self._finish(text, Act.QUESTION, replace(state, focus=question.item_id))
            return replace(asked, question=question)
        act = Act.ASK
        reset = _RESET.search(spoken)
        rest = text
        if reset:
            state = replace(state, wish=(), leanings=(), limits=(), context=(), shown=(),
                            last_shown=(), began=turn)  # fmt: skip
            rest = (text[: reset.start()] + text[reset.end() :]).strip(" ,.;:!-")
            if len(rest.split()) < 2:
                return self._finish(text, Act.START_OVER, state)
        if _LATEST.fullmatch(spoken) and session.turn:
            state, lifted = _without_turn(state, session.turn)
            return self._finish(text, Act.UNDO if lifted else Act.REFINE, state, lifted)
        lifted, rest = self._lifted(rest, state)
        if lifted or not rest:
            state = replace(
                state,
                limits=tuple(s for s in state.limits if s not in lifted),
                wish=_without_words(state.wish, lifted),
            )
            act = Act.UNDO if lifted and not rest else Act.REFINE
            if not rest:
                return self._finish(text, act, state, lifted)
        *before, rest = [part for part in _CORRECTION.split(rest) if part.strip(" ,.;:!-?")] or [
            rest
        ]
        for part in before:  # read for what the correction leaves as it is: the language, the year
            state = replace(self._step(part, state, turn, act)[0], wish=())
            act = Act.REFINE
        state, act = self._step(rest, state, turn, act)
        return self._finish(text, act, state, lifted)

    def _step(
        self, text: str, state: DialogueState, turn: int, act: Act
    ) -> tuple[DialogueState, Act]:
        """The state after a text that says something new, and what the text does to it."""
        text, pointed = _pointed_at(text, state)
        spoken = text.lower().strip()
        reading = self._reader.read(text)
        reading.items += pointed
        if self._refines(spoken, reading, state):
            act = Act.REFINE
        state = self._items(state, reading, turn)
        state = self._wishes(state, reading, turn, act, bool(_SURPRISE.search(spoken)))
        return self._limits(state, reading, turn, act, spoken), act

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
                for wanted, known in (
                    (read.liked, liked),
                    (read.disliked, disliked),
                    (read.seen, seen),
                ):
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
        self, state: DialogueState, reading: Reading, turn: int, act: Act, spoken: str
    ) -> DialogueState:
        adding = bool(_ADDING.search(spoken))
        asked = [old.limit for old in state.limits if not old.limit.negated]
        new = [
            StatedLimit(read.instead, read.words, turn)
            if read.instead and any(_shares_value(read.limit, one) for one in asked)
            else StatedLimit(read.limit, read.words, turn)
            for read in reading.limits
        ]
        new += [
            s for s in (self._compared(c, state, reading, turn) for c in reading.comparisons) if s
        ]
        kept = list(state.limits)
        if act is Act.ASK and any(self._starts_afresh(one.limit) for one in new):
            kept = [old for old in kept if not self._starts_afresh(old.limit)]
        kept = self._permitted(kept, reading, adding)
        if act is Act.REFINE and (adding or _WIDENING.search(spoken)):
            kept, new = _widened(kept, new, or_else=spoken.startswith("or "))
        kept = [
            old for old in kept if not any(_supersedes(one.limit, old.limit, adding) for one in new)
        ]
        # "More violent" takes "less violent" back.
        wanted = {fold(leaning.words) for leaning in state.leanings if leaning.turn == turn}
        kept = [
            old for old in kept if not (_is_of_words(old.limit) and wanted & set(old.limit.values))
        ]
        distinct: dict[Limit, StatedLimit] = {one.limit: one for one in (*kept, *new)}
        gone = [old for old in state.limits if old not in kept and old.limit.values]
        wish = _without_words(state.wish, gone)
        if not wish and state.wish and reading.wish:
            wish = (Phrase(reading.wish, turn),)
        # A soft wish ends where what it leans towards is ruled out.
        barred = [one.limit for one in new if one.limit.negated and one.limit.values]
        leanings = tuple(
            leaning
            for leaning in state.leanings
            if leaning.turn == turn
            or not any(
                fold(leaning.words) in {fold(value) for value in limit.values}
                or (leaning.field in limit.fields and set(leaning.values[:1]) & set(limit.values))
                for limit in barred
            )
        )
        return replace(state, limits=tuple(distinct.values()), leanings=leanings, wish=wish)

    def _permitted(
        self, kept: list[StatedLimit], reading: Reading, adding: bool
    ) -> list[StatedLimit]:
        """What is left of limits where something is allowed: "Korean is fine too"."""
        result = []
        for old in kept:
            for leave in reading.permitted:
                if _shares_value(leave, old.limit) and old.limit.negated:
                    break
                exclusive = set(leave.fields) <= self._lexicon.exclusive
                if (
                    leave.fields == old.limit.fields
                    and not old.limit.negated
                    and (adding or exclusive)
                ):
                    values = tuple(dict.fromkeys((*old.limit.values, *leave.values)))
                    old = replace(old, limit=Limit(leave.fields, values))
            else:
                result.append(old)
        return result

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

    def _lifted(self, text: str, state: DialogueState) -> tuple[tuple[StatedLimit, ...], str]:
        """The limits that a text takes back, and the text that is left to read.

        "forget the year", "English is fine", "any length".
        """
        match = _LIFT.search(text.lower())
        if match is None:
            return (), text
        rest = text[match.end() :].strip(" ,.;:!?-")
        rest = re.sub(r"^(?:but|and|just|then)\b[ ,]*", "", rest, flags=re.IGNORECASE)
        target = next(
            group for name, group in match.groupdict().items() if group and name != "every"
        )
        words = {singular(word) for word in fold(target).split()} - FUNCTION_WORDS
        labels = {word for f in self.catalog.fields.values() for word in _names_of(f)}
        of_fields = bool(words) and words <= labels
        if not match["what"] and not match["fine"] and not of_fields and match["any"]:
            return (), text  # "any good comedies?"
        lifted = tuple(
            one for one in state.limits if self._is_lifted(one, words, bool(match["fine"]))
        )
        if lifted:
            return lifted, rest
        return (), rest if of_fields and not match["fine"] else text

    def _is_lifted(self, stated: StatedLimit, words: set[str], fine: bool) -> bool:
        limit = stated.limit
        if not fine or limit.negated:
            return bool(words & self._words_of(stated))
        if limit.values:
            return False
        # "longer is fine" takes back an upper bound, "older is fine" a lower one.
        f = self.catalog.fields[limit.fields[0]]
        for phrases, bound in ((f.more, limit.maximum), (f.less, limit.minimum)):
            if bound is not None and any(set(fold(phrase).split()) <= words for phrase in phrases):
                return True
        return False

    def _words_of(self, stated: StatedLimit) -> set[str]:
        said = [stated.words, *stated.limit.values, stated.limit.in_words(self.catalog)]
        said += [
            word for name in stated.limit.fields for word in _names_of(self.catalog.fields[name])
        ]
        return {singular(word) for word in fold(" ".join(said)).split()} - FUNCTION_WORDS

    # --- what follows from the state ----------------------------------------------------

    def _finish(
        self, text: str, act: Act, state: DialogueState, lifted: tuple[StatedLimit, ...] = ()
    ) -> Understanding:
        aspects = self.aspects(state)
        return Understanding(text, (act,), state, aspects, self.query(state, aspects), lifted)

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
            history=tuple(
                self.catalog[m.item_id].name for m in state.liked if m.item_id in self.catalog
            ),
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
        if not leanings and not any(
            one.limit.values and not one.limit.negated for one in state.limits
        ):
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

    # --- what an edit by hand needs -----------------------------------------------------

    def revise(self, session: Session, state: DialogueState, summary: str) -> Understanding:
        """A state that was edited by hand, as the next turn of a session."""
        return self._finish(summary, Act.EDIT, replace(state, stands_for=session.turn + 1))

    def read_limits(self, text: str) -> tuple[Limit, ...]:
        """The hard limits that a short text names by itself: "before 1990", "no horror"."""
        reading = self._reader.read(text)
        found = reading.limits or self._reader.read(f"a {text} {self.catalog.noun}").limits
        themes = [  # a theme is a leaning in a sentence; by itself it can be meant hard
            Limit((one.field,), one.values)
            for one in reading.leanings
            if self.catalog.fields[one.field].kind is Kind.KEYWORD and fold(one.words) == fold(text)
        ]
        return tuple(dict.fromkeys([one.limit for one in found] or themes))

    def read_leanings(self, text: str) -> tuple[tuple[str, tuple[str, ...], str], ...]:
        """The values that a short text leans to: field, values, words. What would be a limit
        in a sentence is taken softly: "westerns"."""
        reading = self._reader.read(text)
        soft = [(one.field, one.values, one.words) for one in reading.leanings]
        soft += [
            (one.limit.fields[0], one.limit.values, one.words)
            for one in reading.limits
            if one.limit.values and not one.limit.negated and len(one.limit.fields) == 1
        ]
        return tuple(dict.fromkeys(soft))

    def circumstance(self, text: str) -> str:
        """The kind of circumstance that a text names ("company"), or ""."""
        for said in (text, f"with {text}"):
            for kind, _ in self._reader.read(said).context:
                return kind
        return ""

    def link(self, text: str) -> tuple[str, ...]:
        """Ids of the items of which a text is the title, perhaps misspelt; with a year behind
        it ("Heat (1995)") only those of that year."""
        words = split_words(text)
        year = words[-1].folded if len(words) > 1 else ""
        dated = [f.name for f in self.catalog.of_kind(Kind.YEAR)]
        for said, number in ((words, ""), (words[:-1], year)):
            if not said or (number and not re.fullmatch(r"\d{4}", number)):
                continue
            ids = self._lexicon.exact(said)
            if not ids:
                found = self._lexicon.title_with_typo(said)
                ids = found[1] if found and found[0] == len(said) else ()
            same = tuple(
                i for i in ids
                if not number
                or any(self.catalog[i].numbers.get(name) == float(number) for name in dated)
            )  # fmt: skip
            if same:
                return same
        return ()


def _names_of(f: Field) -> set[str]:
    """The words by which a field itself is spoken of, in the singular."""
    names = f"{f.name} {f.label}"
    if f.kind is Kind.YEAR:
        names += " year date decade age period era"
    if f.unit:
        names += " length long duration time running runtime"
    return {singular(word) for word in fold(names).split()}


def _with_seen(state: DialogueState, words: str, turn: int) -> DialogueState:
    known = {mention.item_id for mention in state.seen}
    new = tuple(Mention(i, words, turn) for i in state.last_shown if i not in known)
    return replace(state, seen=(*state.seen, *new))


def _without_turn(state: DialogueState, turn: int) -> tuple[DialogueState, tuple[StatedLimit, ...]]:
    """The state without what a turn said, and the limits that go with it."""
    lifted = tuple(one for one in state.limits if one.turn == turn)
    return replace(
        state,
        limits=tuple(one for one in state.limits if one.turn != turn),
        wish=tuple(one for one in state.wish if one.turn != turn),
        leanings=tuple(one for one in state.leanings if one.turn != turn),
        taste=tuple(one for one in state.taste if one.turn != turn),
        taste_leanings=tuple(one for one in state.taste_leanings if one.turn != turn),
        context=tuple(one for one in state.context if one.turn != turn),
        liked=tuple(one for one in state.liked if one.turn != turn),
        disliked=tuple(one for one in state.disliked if one.turn != turn),
        seen=tuple(one for one in state.seen if one.turn != turn),
    ), lifted


def _pointed_at(text: str, state: DialogueState) -> tuple[str, list[ItemRead]]:
    """Picks of the turn before that a text points at: "more like the second one"."""
    match = _BOTH_WAYS.search(text.lower())
    if match is None or not state.last_shown:
        return text, []
    place = ORDINALS[match["which"] or match["which2"]]
    how = match["how"] or match["how2"]
    if not -len(state.last_shown) <= place < len(state.last_shown):
        return text, []
    item = ItemRead(
        (state.last_shown[place],),
        liked=how.startswith(("like", "similar", "love")),
        disliked=how.startswith(("not", "hate")),
        seen=how in ("seen", "watched", "know"),
        words=match[0],
    )
    start = re.sub(
        r"(?:\b(?:more|something|i|i've|i have|the)\b\s*)+$", "", text[: match.start()], flags=re.I
    )
    rest = re.sub(r"^\s*(?:already|before|too)\b", "", text[match.end() :])
    return f"{start} {rest}".strip(), [item]


def _without_words(wish: tuple[Phrase, ...], gone: Iterable[StatedLimit]) -> tuple[Phrase, ...]:
    """A wish without the words of limits that hold no more: "a French film", any language."""
    said = [re.escape(one.words) for one in gone]
    if not said:
        return wish
    result = []
    for phrase in wish:
        words = re.sub(rf"\b(?:{'|'.join(said)})\b", " ", phrase.words, flags=re.IGNORECASE)
        words = re.sub(r"\s+", " ", words).strip(" ,.;:-")
        if any(word not in FUNCTION_WORDS for word in fold(words).split()):
            result.append(replace(phrase, words=words))
    return tuple(result)


def _is_of_words(limit: Limit) -> bool:
    """Whether a limit rules out words of the items' text rather than values of one field."""
    return limit.negated and len(limit.fields) > 1


def _shares_value(one: Limit, other: Limit) -> bool:
    return bool(set(one.fields) & set(other.fields)) and bool(set(one.values) & set(other.values))


def _widened(
    kept: list[StatedLimit], new: list[StatedLimit], or_else: bool
) -> tuple[list[StatedLimit], list[StatedLimit]]:
    """Old and new limits, where a turn adds an alternative: "and the 90s too", "or a thriller"."""
    for place, one in enumerate(new):
        for old in list(kept):
            limit = _union(old.limit, one.limit, or_else)
            if limit is None:
                continue
            kept.remove(old)
            new[place] = replace(one, limit=limit, words=f"{old.words} {one.words}")
            low, high = sorted((old.limit, one.limit), key=lambda x: x.minimum or 0)
            if not limit.values and (low.maximum or 0) + 1 < (high.minimum or 0):
                gap = Limit(
                    limit.fields, minimum=(low.maximum or 0) + 1, maximum=(high.minimum or 0) - 1,
                    negated=True,
                )  # fmt: skip
                new.append(replace(one, limit=gap))
            break
    return kept, new


def _union(old: Limit, new: Limit, or_else: bool) -> Limit | None:
    if old.fields != new.fields or old.negated or new.negated:
        return None
    if old.values and new.values:
        both = tuple(dict.fromkeys((*old.values, *new.values)))
        return Limit(old.fields, both) if or_else else None
    bounds = (old.minimum, old.maximum, new.minimum, new.maximum)
    if old.values or new.values or None in bounds:
        return None
    known = [bound for bound in bounds if bound is not None]
    return Limit(old.fields, minimum=min(known), maximum=max(known))


def _supersedes(new: Limit, old: Limit, adding: bool) -> bool:
    """Whether a new limit takes the place of an old one."""
    if not set(new.fields) & set(old.fields) or bool(new.values) != bool(old.values):
        return False
    if new.values:
        if new.negated != old.negated:
            return bool(set(new.values) & set(old.values))
        return not (adding or new.negated)
    return contradict(new, old) or _bounds_supersede(new, old)


def _bounds_supersede(new: Limit, old: Limit) -> bool:
    """The same for bounds that could both hold."""
    if None not in (new.minimum, new.maximum) and new.negated:
        return False
    if None not in (old.minimum, old.maximum):
        if old.negated:
            return False
        # "from the 80s", then "after 1985", goes on within; any other span is a new one.
        bound = new.minimum if new.maximum is None else new.maximum
        one_sided = None in (new.minimum, new.maximum)
        assert old.minimum is not None
        assert old.maximum is not None
        return not (one_sided and bound is not None and old.minimum < bound < old.maximum)
    if None not in (new.minimum, new.maximum):
        low, high = interval(old)
        assert new.minimum is not None
        assert new.maximum is not None
        return not (low <= new.minimum and new.maximum <= high)
    return _opens_up(new) == _opens_up(old)


def _opens_up(limit: Limit) -> bool:
    """Whether a one-sided bound lets the greater numbers through."""
    return (limit.maximum is None) != limit.negated
