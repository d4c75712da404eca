"""From an utterance and the session to what was understood: acts, state, instruction, query.

One utterance may do several things: courtesies, a fresh start, questions and what is taken
back are read off first, each where it stands; what is left is read as a statement about
items and wishes. Deterministic and without a model.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from prompts.instruction import Aspects
from recommender.dialogue import Act, Choice, DialogueState, Session, StatedLimit
from recommender.understanding import talk
from recommender.understanding.acts_heard import merged_acts
from recommender.understanding.aspects import aspects_of, query_of
from recommender.understanding.by_model import ModelReading
from recommender.understanding.lexicon import Lexicon
from recommender.understanding.limits_kept import with_limits
from recommender.understanding.merging import validated
from recommender.understanding.questions import Question, QuestionReader
from recommender.understanding.ratings import read_rating
from recommender.understanding.reader import Reader
from recommender.understanding.reading import ItemRead, Reading
from recommender.understanding.references import Reference, name_people, read_references
from recommender.understanding.taking_back import take_back, unseen
from recommender.understanding.update import (
    is_refinement,
    which_items,
    with_items,
    with_mentions,
    with_wishes,
    without_opinions,
)  # fmt: skip
from recommender.understanding.words import clean, split_words
from retrieval.catalog import Catalog, Kind, fold
from retrieval.limits import Limit
from retrieval.retriever import Query

# Where an utterance may go on with another act: sentences, and questions behind a comma.
_PARTS = re.compile(
    r"(?<=[.!?;])\s+|,?\s+(?:and|but|also|plus|then)\s+(?=(?:who|what|when|why|how (?:long|old|many|come|does|do)|is (?:it|that|the)|was (?:it|that|the)|does (?:it|that|the)|did (?:it|that|the)|tell me|compare|which)\b)|"
    r",\s*(?=(?:who|what(?:'s| is| was| year| language| genre| else)|when|why|how (?:long|old|many|come)|which|is (?:it|that)|was it|does it|tell me|anything else|something else|any others?|show me|next|surprise me|more)\b)|"
    r"\s[-–—]\s",
    re.IGNORECASE,
)
_MORE = re.compile(
    r"(?:(?:and|so|ok(?:ay)?|h+m+|well|but|no|nah|nope|yeah|yes|great|cool|meh|sure|alright|thanks)[, .!]+)*(?:(?:can|could|may) (?:you|i|we) )?(?:please )?(?:(?:i'd like|i want|give|got|let's|lets|show|get|see|have|try|find|keep)(?: me| us)?(?: to see)? )?(?:some |a few |a couple |any |the )?"
    r"(?:more|others?|another(?: one)?|others like (?:that|these)|something (?:else|different|new)|next(?: (?:one|ones|page|three|lot|batch))?|going|"
    r"what else(?: is there| have you got)?|what other (?:ones?|{nouns})|anything (?:else|more|different)|different ones|more (?:of (?:these|those|the same)|ideas|options|choices|picks|recs|recommendations|"
    r"suggestions|please|{nouns}|ones)|other (?:ideas|options|suggestions|recommendations|picks|choices|ones|{nouns})|another {nouns}|(?:three|two|five|3|2|5) more|others)"
    r"(?: (?:do you (?:have|suggest|recommend|know|got)|have you got|you got|is there|are there|please|pls|options|can you (?:suggest|recommend)|i could (?:watch|read)|though|instead|then|for me|to (?:watch|read)))*[ ?.!]*"
)
# "I've seen those", "already seen all of them": so were the picks of the turn before.
_ALL_SEEN = re.compile(
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
# Likeness as a request: "more like Heat", not "I like Heat".
_LIKENESS = re.compile(
    r"(?:(?<!\bi )(?<!\bwe )(?<!\bi really )(?<!\bi do )(?<!\bi also )(?<!\bdid )(?<!\balso )(?<!\bdon't )(?<!\bdidn't )(?<!\bdo )(?<!\byou )(?<!\bquite )(?<!\breally )(?<!\bdidnt )(?<!\bdont )\blike\b|\bsimilar to\b|\bsimilar as\b|\bin the (?:same )?(?:vein|style|spirit|mood|manner) (?:of|as)\b|\balong the lines of\b|"
    r"\breminiscent of\b|\bresembl\w+\b|\bsuch as\b|\bclose to\b|\b(?:vibe|feel|mood|tone|energy|atmosphere)s? (?:of|as|like)\b|\bmore (?:of|from)\b|\bcomparable (?:to|with)\b|\bbased on\b|\bremind\w* me of\b|\bsame as\b|\bmore$|\bas good as\b)[^.;!?]*$"
)
_MANNER_BEHIND = re.compile(r"^[\"”’']?[- ]?(?:vibes?|style|esque|type|kind|ish|like\b|feel)")
_SIMILAR = re.compile(
    r"\b(?:(?:something|anything|some|more|others?|any|one|{nouns}|stuff|things?|what else is|what's|got|find me|give me|show me|recommend)(?: \w+)? (?:similar|alike|comparable|like (?:that|it|this|those|them|these)(?: one| ones)?|along (?:those|these|the same) lines|in (?:that|the same|a similar|this) (?:vein|style|spirit|mood))|"
    r"(?:sth|smth) (?:similar|like (?:that|it|this))|similar (?:ones?|{nouns}|stuff|things?|to (?:that|it|this|those|them))|more (?:of|like) (?:that|the same|those|these|it|this|them)|(?:^|[,.!?] )similar\b)"
)
_BY_COMPARISON = re.compile(r"\b(?:but|only|except|just|with|without|and)\b")
_CONTENT_FREE = re.compile(r"[\W_]*")


@dataclass(frozen=True)
class Understanding:
    """What an utterance comes to.

    `lifted` holds the limits that it took back, `taken_back` all the words it did; `rated`
    the items it gave stars (1 to 5); `questions` what it asks about items.
    """

    utterance: str
    acts: tuple[Act, ...]
    state: DialogueState
    aspects: Aspects
    query: Query
    lifted: tuple[StatedLimit, ...] = ()
    taken_back: tuple[str, ...] = ()
    questions: tuple[Question, ...] = ()
    rated: tuple[tuple[str, int], ...] = ()

    @property
    def asks_for_items(self) -> bool:
        """Whether the reply should hold picks."""
        talk_only = {
            Act.GREET, Act.THANK, Act.START_OVER, Act.OFF_TOPIC, Act.UNSAFE, Act.QUESTION,
            Act.COMPARE, Act.WHY,
        }  # fmt: skip
        return self.state.choice is None and not set(self.acts) <= talk_only


@dataclass
class _Turn:
    """What the reading of one utterance gathers."""

    session: Session
    number: int
    state: DialogueState
    acts: list[Act]
    questions: list[Question]
    heard: ModelReading = field(default_factory=ModelReading)
    lifted: tuple[StatedLimit, ...] = ()
    taken_back: tuple[str, ...] = ()
    rated: tuple[tuple[str, int], ...] = ()
    went_back: bool = False

    def does(self, *acts: Act) -> None:
        self.acts += [act for act in acts if act not in self.acts]


class Understander:
    """Understands utterances about one catalog. Holds no state of any visitor."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self._lexicon = Lexicon(catalog)
        self._reader = Reader(self._lexicon)
        self._questions = QuestionReader(self._lexicon, self._reader)
        nouns = "|".join(re.escape(n) for n in (catalog.noun, catalog.nouns, *catalog.other_nouns))
        self._more, self._all_seen, self._similar = (
            re.compile(pattern.pattern.replace("{nouns}", f"(?:{nouns})"))
            for pattern in (_MORE, _ALL_SEEN, _SIMILAR)
        )
        self.understand(Session(""), "a first reading")  # no visitor waits for patterns to compile

    def understand(
        self, session: Session, utterance: str, heard: ModelReading | None = None
    ) -> Understanding:
        """Read an utterance as the next turn of a session. Raises `UtteranceError`.

        `heard` is what a language model reads in it; what of that holds is added.
        """
        text = clean(utterance)
        turn = _Turn(session, session.turn + 1, session.state, [], [], heard or ModelReading())
        rest = self._read_around(turn, text)
        if rest and talk.is_elsewhere(rest, self.catalog) and not read_references(
            rest, turn.state, self._lexicon
        ):  # fmt: skip
            turn.does(Act.OFF_TOPIC)
            rest = ""
        if rest:
            rest = self._read_questions(turn, rest)
        if rest:
            self._read_statement(turn, rest)
        return self._finish(text, turn)

    def _finish(self, text: str, turn: _Turn) -> Understanding:
        state = turn.state
        if not turn.went_back:
            state = replace(state, stands_for=turn.number)
        asked = turn.questions[-1].words if turn.questions else ""
        state = replace(state, asked=asked)
        if not turn.acts:
            turn.does(Act.OFF_TOPIC)
        aspects = aspects_of(state, self.catalog)
        return Understanding(
            text, tuple(turn.acts), state, aspects, query_of(state, aspects), turn.lifted,
            turn.taken_back, tuple(turn.questions), turn.rated,
        )  # fmt: skip

    # --- around the wish ----------------------------------------------------------------

    def _read_around(self, turn: _Turn, text: str) -> str:
        """Reads harm, courtesies and a fresh start; gives the text that is left."""
        if talk.is_unsafe(text):
            turn.does(Act.UNSAFE)
            return ""
        acts, rest = talk.without_courtesy(text)
        turn.does(*acts)
        if not rest:
            return ""
        fresh, rest = talk.without_fresh_start(rest)
        if fresh:
            turn.does(Act.START_OVER)
            turn.state = DialogueState(began=turn.number)
            if len(rest.split()) < 2:
                return ""
        return self._read_choice(turn, rest)

    def _read_choice(self, turn: _Turn, text: str) -> str:
        """Reads the answer to which of several items of one title was meant."""
        choice, turn.state = turn.state.choice, replace(turn.state, choice=None)
        if choice is None:
            return text
        among = replace(turn.state, last_shown=choice.item_ids, spoken_of=())
        ids = {i for one in read_references(text, among, self._lexicon) for i in one.item_ids}
        ids |= {i for i in choice.item_ids if self._tells_apart(i, choice, text)}
        chosen = tuple(i for i in choice.item_ids if i in ids)
        if not chosen and re.fullmatch(
            r"(?:both|either|any|all(?: of them)?|i don'?t (?:know|care|mind)|whichever|doesn'?t matter)[ .!]*",
            text.lower(),
        ):
            chosen = choice.item_ids
        if not chosen or len(text.split()) > 12:
            return text
        said = choice.said_of_it
        read = ItemRead(chosen, said == "liked", said == "disliked", said == "seen", choice.words)
        turn.state = with_mentions(turn.state, chosen, read, turn.number)
        turn.state = replace(
            turn.state,
            spoken_of=chosen,
            began=turn.number if not turn.state.wish else turn.state.began,
        )
        said_people = [
            name for f in self.catalog.of_kind(Kind.PERSON) for i in chosen
            for name in self.catalog[i].values(f.name) if fold(name).split()[-1] in fold(text)
        ]  # fmt: skip
        if said_people:
            turn.state = replace(turn.state, people=tuple(dict.fromkeys(said_people)))
        turn.does(Act.CHOOSE)
        return ""

    def _tells_apart(self, item_id: str, choice: Choice, text: str) -> bool:
        """Whether a text names what only one of the items has: a year, a person, a value."""
        item = self.catalog[item_id]
        words = f" {fold(text.replace(chr(8217), chr(39)).replace(chr(39) + 's', ''))} "
        for f in self.catalog.fields.values():
            for value in item.values(f.name) if f.kind is not Kind.TEXT else ():
                spelled = [fold(value)] + (
                    [fold(value).split()[-1]] if f.kind is Kind.PERSON else []
                )
                others = (self.catalog[i].values(f.name) for i in choice.item_ids if i != item_id)
                if any(f" {s} " in words for s in spelled if s) and not any(
                    value in o for o in others
                ):
                    return True
        return False

    # --- questions ----------------------------------------------------------------------

    def _read_questions(self, turn: _Turn, text: str) -> str:
        """Reads questions about items, wherever they stand; gives the text without them."""
        pieces = [p for p in _PARTS.split(text) if p and p.strip()]
        whole = self._questions.read(text, turn.state) if len(pieces) < 2 or "," in text else None
        if whole is not None and (len(pieces) < 2 or whole.act is not Act.QUESTION):
            self._ask(turn, whole)
            return ""
        rest = []
        for piece in pieces if len(pieces) > 1 else ():
            question = self._questions.read(piece, turn.state)
            if question is not None:
                self._ask(turn, question)
            else:
                pointed = read_references(piece, turn.state, self._lexicon)
                items = self._reader.read(piece, pointed).items
                ids = tuple(i for item in items for i in item.ids)
                if ids:  # "I loved Heat. Who directed it?"
                    turn.state = replace(turn.state, spoken_of=ids)
                if not _only_points(piece, pointed):  # "the first one, is it long?"
                    rest.append(piece)
        if not turn.questions:
            return text
        return " ".join(rest)

    def _ask(self, turn: _Turn, question: Question) -> None:
        turn.does(question.act)
        turn.questions.append(question)
        people: list[str] = []
        for item_id in question.item_ids[:1]:
            f = self.catalog.fields.get(question.field)
            if f is not None and f.kind is Kind.PERSON:
                people += self.catalog[item_id].facets.get(f.name, ())
        people += [
            v for one in question.limits for v in one.values
            if {self.catalog.fields[name].kind for name in one.fields} == {Kind.PERSON}
        ]  # fmt: skip
        turn.state = replace(
            turn.state,
            spoken_of=question.item_ids,
            people=tuple(people) or turn.state.people,
        )

    # --- statements ---------------------------------------------------------------------

    def _read_statement(self, turn: _Turn, text: str) -> None:
        spoken = text.lower().strip()
        if self._read_bare(turn, spoken):
            return
        if not turn.questions and self._is_elsewhere(text):
            turn.does(Act.OFF_TOPIC)
            return
        text = self._read_taking_back(turn, _LEADING.sub("", text) or text)
        if not text:
            return
        named = name_people(text, turn.state, self.catalog)
        spoken_of_people = named != text
        text = named
        text = self._read_rating(turn, text)
        text = self._read_more(turn, text)
        if not text.strip(" ,.;:!?-"):
            return
        *before, text = _parts_of_correction(text)
        first: Act | None = None
        for part in before:  # read for what the correction leaves as it is: language, year
            first = first or self._step(turn, part, corrected=True)
            turn.state = replace(turn.state, wish=())
        anew = re.match(r"(?:what|how) about\b", text.lower())
        refining = bool(before) or spoken_of_people or (bool(turn.lifted) and not anew)
        self._step(turn, text, refining=refining, said_as=first)

    def _read_taking_back(self, turn: _Turn, text: str) -> str:
        """Reads what is taken back, in a sentence of its own or as a whole; gives the rest."""
        pieces = [p for p in re.split(r"(?<=[.!?;])\s+", text) if p.strip()]
        rest = []
        for piece in pieces:
            taken = take_back(
                name_people(piece, turn.state, self.catalog), turn.session, turn.state, self.catalog
            )
            if taken is None:
                rest.append(piece)
                continue
            turn.state, turn.went_back = taken.state, taken.turn
            turn.lifted, turn.taken_back = (
                (*turn.lifted, *taken.limits),
                (*turn.taken_back, *taken.words),
            )
            if taken.words or not taken.rest:
                turn.does(Act.UNDO)
            rest += [taken.rest] if taken.rest else []
        return " ".join(rest)

    def _read_bare(self, turn: _Turn, spoken: str) -> bool:
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

    def _is_elsewhere(self, text: str) -> bool:
        if talk.is_elsewhere(text, self.catalog):
            return True
        body = text.lower().strip()
        if not re.match(r"(?:who|what|when|where|why|how|is|are|does|do|did|can|will)\b", body):
            return False
        if not body.endswith("?") and not re.match(r"(?:who|when|where|why|how)\b", body):
            return False
        if re.search(
            r"\b(?:should|could|recommend|suggest|watch|see|read|play|something|anything|about|have|got|any|like|good|best|else|know|more|less|find|show|give|with)\b",
            body,
        ):
            return False
        reading = self._reader.read(text)
        words = set(fold(body).split())
        return not (
            reading.items or reading.limits or reading.leanings or reading.comparisons
            or words & self._lexicon.nouns
        )  # fmt: skip

    def _read_rating(self, turn: _Turn, text: str) -> str:
        """Reads "4 out of 5 for the second"; gives the text of the other sentences."""
        pieces = re.split(
            r"(?<=[.!?;])\s+|(?<=/5)(?: for me| from me)?,?\s+(?:and )?|(?<=/10)(?: for me| from me)?,?\s+(?:and )?|,\s+(?:and )?(?=\d+ (?:for|to) )|(?<=stars)(?: for me| from me)?,\s+(?:and )?|,\s+(?=(?:and|but|now|something|anything|what|show|give me|any|more)\b)|\s+(?:but|and) (?=(?:now|something|anything|what|show|give me|any|more|i want|i'd like)\b)",
            text,
        )
        rest = []
        for piece in pieces:
            if turn.rated:  # "4 stars for the first, 2 for the second"
                piece = re.sub(r"^(\d+) (?=(?:for|to)\b)", r"\1 stars ", piece)
            rating = read_rating(piece)
            ids = self._rated_items(piece, rating.start, rating.end, turn) if rating else ()
            if rating and rest and not re.search(r"[a-z]{3}", piece.lower()):
                ids = self._rated_items(rest[-1], 0, 0, turn) or ids  # "I've read that. 2/5"
            if rating is None or not ids:
                rest.append(piece)
                continue
            words = piece.strip(" .!")
            read = ItemRead(
                ids, rating.share >= 0.75, rating.share <= 0.45, 0.45 < rating.share < 0.75, words
            )
            ids, choice = which_items(read, turn.state, turn.number, self.catalog)
            turn.state = with_mentions(turn.state, ids, read, turn.number)
            turn.state = replace(turn.state, spoken_of=ids or turn.state.spoken_of, choice=choice)
            turn.rated = (*turn.rated, *((i, rating.stars) for i in ids))
            turn.does(Act.RATE)
        return " ".join(rest) if Act.RATE in turn.acts else text

    def _rated_items(self, piece: str, start: int, end: int, turn: _Turn) -> tuple[str, ...]:
        without = f"{piece[:start]} {piece[end:]}"
        without = re.sub(
            r"\b(?:i'd|i would|i'll|i|we|would|give|gave|rate|rated|rating|giving|gets?|get|score|deserves?|a|an|is|was|stars?|out|solid|easy|easily|from me|for me|it's)\b|[/:=]",
            " ", without, flags=re.IGNORECASE,
        )  # fmt: skip
        without = re.sub(r"^\W*(?:to|for|of|at|with)\b", " ", without, flags=re.IGNORECASE)
        without = re.sub(r"\b(?:to|for|of|at|with)\W*$", " ", without, flags=re.IGNORECASE)
        text = f"loved {' '.join(without.split()).strip(' ,.!')}"
        items = self._reader.read(text, read_references(text, turn.state, self._lexicon)).items
        found = tuple(dict.fromkeys(i for item in items for i in item.ids))
        if not found and re.search(r"\bit\b|\bthat\b|^loved\W*$", text.lower()):
            found = turn.state.spoken_of[:1]
        return found

    def _read_more(self, turn: _Turn, text: str) -> str:
        """Reads "what else?" and "surprise me" beside other things; gives the rest."""
        pieces = [p for p in _PARTS.split(text) if p and p.strip()]
        rest = []
        for piece in pieces:
            spoken = piece.lower().strip(" ,.!")
            alike = re.search(r"\blike (?:that|it|this|those|these)\b", spoken)
            if len(pieces) > 1 and not alike and self._more.fullmatch(spoken):
                turn.does(Act.MORE)
            elif (
                len(pieces) > 1 and turn.state.last_shown and self._all_seen.fullmatch(spoken)
            ) or (len(pieces) > 1 and turn.state.last_shown and _NONE.fullmatch(spoken)):
                self._read_bare(turn, spoken)
            elif len(pieces) > 1 and _AGREED.fullmatch(spoken):
                continue
            else:
                rest.append(piece)
        text = " ".join(rest) if len(rest) < len(pieces) else text
        if talk.SURPRISE.search(text):
            turn.does(Act.SURPRISE)
            text = re.sub(r"\b(?:with|by)\s*$", "", talk.SURPRISE.sub(" ", text)).strip(" ,.!?-")
            turn.state = replace(turn.state, wish=(), leanings=(), began=turn.number)
        return text

    def _step(
        self, turn: _Turn, text: str, refining: bool = False, corrected: bool = False,
        said_as: Act | None = None,
    ) -> Act:  # fmt: skip
        """Brings the state up to date with a text that says something new; gives what it does.

        With `said_as` it goes by that act, whatever it does to what stands.
        """
        spoken = text.lower().strip()
        state = turn.state
        pointed = read_references(text, state, self._lexicon)
        if any(one.bare for one in pointed) and (
            len(pointed) > 1 or self._reader.read(text, [p for p in pointed if not p.bare]).items
        ):  # "Gravity was great, more like that"
            pointed = [one for one in pointed if not one.bare]
        reading = without_opinions(self._reader.read(text, pointed))
        reading.items = _measured_by(reading.items, spoken)
        reading = validated(reading, turn.heard, self._reader, self._lexicon)
        surprised = Act.SURPRISE in turn.acts
        acts = self._acts_of_items(text, reading, state)
        refines = (
            refining or is_refinement(spoken, reading, state) or Act.CRITIQUE in acts or surprised
        )
        act = Act.REFINE if refines else Act.ASK
        act, *acts_heard = merged_acts((act,), turn.heard, reading, state)
        if unseen(text):
            known = {i for item in reading.items for i in item.ids}
            state = replace(state, seen=tuple(m for m in state.seen if m.item_id not in known))
        judged = {id(item) for item in reading.items}
        state = with_items(state, reading, turn.number, self.catalog)
        if self._says_something(reading) or (judged and not state.choice and not refines):
            new_wish = Act.SURPRISE if surprised else act
            if self._says_something(reading) or any(item.liked for item in reading.items):
                state = with_wishes(
                    state, reading, turn.number, Act.REFINE if surprised else new_wish
                )
        state = with_limits(state, reading, turn.number, act, spoken, self._lexicon)
        turn.state = self._with_people(state, reading)
        if corrected:
            return act
        turn.does(*acts)
        if self._says_something(reading) and not {
            Act.CRITIQUE,
            Act.MORE_LIKE_THIS,
            Act.SURPRISE,
        } & set(turn.acts):
            turn.does(said_as or act)
        turn.does(*acts_heard)
        return act

    def _says_something(self, reading: Reading) -> bool:
        return bool(
            reading.wish or reading.limits or reading.leanings or reading.comparisons
            or reading.tastes or reading.taste_leanings or reading.context or reading.permitted
        )  # fmt: skip

    def _acts_of_items(self, text: str, reading: Reading, state: DialogueState) -> list[Act]:
        acts: list[Act] = []
        spoken = text.lower()
        for item in reading.items:
            start = max(0, spoken.find(item.words.lower()))
            before, behind = spoken[:start], spoken[start + len(item.words) :]
            before = re.split(r"[.;!?]", before)[-1]
            if re.search(r"\bthan(?: (?:the|that|this))?\W*$", before):
                acts.append(Act.CRITIQUE)
            elif item.liked and (_LIKENESS.search(before) or _MANNER_BEHIND.match(behind)):
                compared = _BY_COMPARISON.match(behind.strip(" ,")) and (
                    reading.comparisons or reading.limits or reading.leanings or reading.wish
                )
                acts.append(Act.CRITIQUE if compared else Act.MORE_LIKE_THIS)
            elif item.liked:
                acts.append(Act.LIKE)
            if item.disliked:
                acts.append(Act.REJECT)
            if item.seen:
                acts.append(Act.SEEN)
        similar = self._similar.search(spoken) if Act.LIKE in acts else None
        if similar:
            compared = re.match(r"\W*(?:but|only|just)\b", spoken[similar.end() :])
            acts.append(Act.CRITIQUE if compared else Act.MORE_LIKE_THIS)
        if Act.CRITIQUE in acts:
            acts = [act for act in acts if act is not Act.MORE_LIKE_THIS]
        return list(dict.fromkeys(acts))

    def _with_people(self, state: DialogueState, reading: Reading) -> DialogueState:
        """The state with the persons that a reading speaks of."""
        kinds = {f.name for f in self.catalog.of_kind(Kind.PERSON)}
        names = [
            value for one in reading.limits if set(one.limit.fields) <= kinds
            for value in one.limit.values
        ] + [v for one in reading.leanings if one.field in kinds for v in one.values]  # fmt: skip
        return replace(state, people=tuple(dict.fromkeys(names))) if names else state

    # --- what an edit by hand needs -----------------------------------------------------

    def revise(self, session: Session, state: DialogueState, summary: str) -> Understanding:
        """A state that was edited by hand, as the next turn of a session."""
        turn = _Turn(session, session.turn + 1, replace(state, choice=None), [Act.EDIT], [])
        return self._finish(summary, turn)

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
            ids = self._lexicon.exact(said) or next(
                (
                    ids for first, last, ids, _, _ in self._lexicon.misspelt_titles(said)
                    if (first, last) == (0, len(said))
                ),
                (),
            )  # fmt: skip
            same = tuple(
                i for i in ids
                if not number
                or any(self.catalog[i].numbers.get(name) == float(number) for name in dated)
            )  # fmt: skip
            if same:
                return same
        return ()


# What stands before is taken back: "a comedy. No wait, a drama".
_CORRECTION = re.compile(
    r"[,.;]? ?\b(?:(?:no|oh|um|hmm|actually)[, ]+wait|wait,? (?:no|actually)|scratch that|no,? (?:make (?:that|it)|rather|actually)|"
    r"(?:or |actually,? )?make that|or (?:rather|actually)|on second thoughts?|i mean)\b[ ,.:;!-]+(?=\w)"
    r"|[,.;]+ (?:er+|uh+|um+|sorry|oops)[, ]+(?=\w)|[,.;]+ no,? (?=(?:in|a|an|the|from|make|something|rather)\b(?! (?:first|second|third|last)\b))",
    re.IGNORECASE,
)


_LEADING = re.compile(
    r"^(?:(?:(?:h+m+|er+|uh+|um+)\b[ ,.!]*)|(?:(?:oh|ooh|ah|sorry|(?:just |only )?(?:kidding|joking)|jk|lol|haha|well|right|tbh|nice|cool|great|"
    r"fair enough|i see|oh go on then|go on then|alright|ok|okay|yes|yeah|sure|perfect|awesome)[,.!]+ ))+(?=\w)",
    re.IGNORECASE,
)


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


def _only_points(piece: str, pointed: Sequence[Reference]) -> bool:
    """Whether a text holds a reference and nothing else."""
    left = piece
    for one in reversed(pointed):
        left = left[: one.start] + left[one.end :]
    return bool(pointed) and not left.strip(" ,.;:!?-")


def _measured_by(items: list[ItemRead], spoken: str) -> list[ItemRead]:
    """Items without a liking where they are only what is measured by: "scarier than that"."""
    result = []
    for item in items:
        before = spoken[: max(0, spoken.find(item.words.lower()))]
        measured = re.search(r"\bthan(?: (?:the|that|this))?\W*$", before)
        behind = spoken[len(before) + len(item.words) :]
        if _UNAPPEALING.match(behind):
            item = replace(item, liked=False, disliked=True)
        verdict = _VERDICT.match(behind)
        if verdict and item.seen:
            item = replace(item, liked=bool(verdict["good"]), disliked=not verdict["good"])
        result.append(replace(item, liked=False) if measured else item)
    return result


def _parts_of_correction(text: str) -> Sequence[str]:
    return [part for part in _CORRECTION.split(text) if part.strip(" ,.;:!-?")] or [text]
