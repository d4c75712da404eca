"""Whether words that spell a title mean it where they stand, for many titles are plain words.

Takes evidence (see `title_evidence`) and says yes or no; claims nothing. One unusual word
needs less than two everyday ones, and a misspelt title more than a plain one.
"""

from __future__ import annotations

from recommender.understanding import title_cues
from recommender.understanding.cues import TITLE_CUES
from recommender.understanding.everyday import EVERYDAY
from recommender.understanding.lexicon import Lexicon
from recommender.understanding.phrases import SERIES
from recommender.understanding.spelling import ARTICLES
from recommender.understanding.title_evidence import TitleEvidence
from recommender.understanding.utterance import Utterance
from recommender.understanding.words import singular, word_set

# Titles of one such word are never meant by a cue alone: "I saw her", "seen the others".
_AMOUNTS = word_set(
    "everything everyone everybody nothing many both enough several half lots plenty people before "
    "twice each other others another last first second one next rest same end her him hers his she "
    "he they them acting ending plot story music time love life 1 2 3 4 5 6 7 8 9 10"
)


class TitleJudge:
    """Judges the titles of one utterance; what is claimed of it so far counts as evidence."""

    def __init__(self, said: Utterance, lexicon: Lexicon) -> None:
        self.said = said
        self.lexicon = lexicon

    def is_meant(self, e: TitleEvidence, ids: tuple[str, ...]) -> bool:
        if e.quoted and not e.slips:
            return True
        before = self.said.words[e.first - 1].folded if e.first else ""
        if before == "no" and not e.proper and len(e.content) < 2:
            return False  # "no witches"
        if not self.lexicon.breaks_fit(e.span, ids):
            return False
        if e.dated and (not e.slips or len("".join(w.folded for w in e.span)) > 3):
            linked = self.said.words[e.last].folded in ("from", "the", "of")
            return not linked or e.proper or (bool(e.content) and not e.plain_value)
        if not e.slips and (self._is_turned_down(e) or self._stands_for_people(e)):
            return True
        if e.slips and not self._slips_are_likely(e):
            return False
        if self.lexicon.is_part_of_title(e.span) and not e.slips:
            proper = e.proper and len(e.strong) > 1
            return (e.cued or e.whole or proper or (e.suggested and bool(e.rare))) and e.closed
        if e.whole:
            return not e.slips or bool(e.strong)
        if all(w.folded.isdigit() for w in e.span):
            return (e.cued or e.called or e.suggested) and e.closed
        if e.indefinite and not e.proper and not e.manner:
            return False
        if e.is_name and not e.called:
            return False  # "Chevy Chase"
        if not e.content:
            return self._small_words_are_meant(e)
        if len(e.span) == 1:
            return self._word_is_meant(e)
        return self._phrase_is_meant(e)

    def _small_words_are_meant(self, e: TitleEvidence) -> bool:
        """Titles such as "Up", "It", "Get Out"."""
        if e.proper and e.closed and len(e.span) > 1 and all(w.capitalised for w in e.span):
            return True
        if e.proper and not e.opens:
            return (e.cued or e.suggested) and e.closed
        return (
            len(e.span) > 1 and e.closed and (e.compared or e.suggested)
            and e.forms[0] not in ("something", "anything", "some", "any", "more")
        )  # fmt: skip

    def _is_turned_down(self, e: TitleEvidence) -> bool:
        """Titles right behind a negation: "that isnt titanic", "not star wars though"."""
        if not e.content or set(e.content) <= _AMOUNTS:
            return False  # "I haven't seen the others"
        several = len(e.content) > 1 and not e.plain_value
        unusual = not any(self.lexicon.is_ordinary(w.folded) for w in e.span)
        if e.negated and e.closed and (several or unusual):
            return True
        behind = e.behind.folded if e.behind else ""
        again = any(other.what == self.lexicon.exact(e.span) for other in self.said.spans)
        if e.negated and ((behind in SERIES and not e.plain_value) or again):
            return True  # "but not a Die Hard film", "not Titanic itself"
        return self.said.is_ruled_out(e.first) and e.closed and not e.plain_value and (
            len(e.content) > 1 or len(e.content[0]) > 4
        )  # fmt: skip

    def _stands_for_people(self, e: TitleEvidence) -> bool:
        return (
            bool(e.strong) and not e.category and e.forms[0] not in _AMOUNTS
            and title_cues.stands_for_people(self.said, self.lexicon, e.first, e.last)
        )  # fmt: skip

    def _word_is_meant(self, e: TitleEvidence) -> bool:
        """Whether a single word is a title: a cue, a capital or its rarity must say so."""
        introduced = e.cued or e.suggested or e.called
        behind = e.behind.folded if e.behind and not e.behind.opens_clause else ""
        plain = e.theme or not e.rare
        if e.category or (behind in self.lexicon.nouns and plain and not self._is_definite(e)):
            return False  # "I like Horror", "vampire movies"
        if e.proper and not (e.opens and not introduced):
            if e.in_longer_name:
                return False
            return e.closed and (introduced or (bool(e.strong) and not e.plain_value))
        everyday = e.plain_value or e.forms[0] in _AMOUNTS or len(e.forms[0]) < 3
        everyday = everyday or e.forms[0] in TITLE_CUES  # "already saw it"
        if not everyday and ((e.compared and e.closed) or (e.opens and e.judged)):
            return True  # "have you seen split", "taken is a good one"
        if e.category or not e.strong or not e.closed:
            return False
        if len(e.forms[0]) < 2 or (title_cues.is_liking(self.said, e.first) and self._is_plural(e)):
            return False  # "if you like robots"
        if e.theme:
            return e.compared
        if e.opens and e.proper and e.in_longer_name:
            return False
        bare = e.judged if e.opens else e.bare
        return introduced or bare or e.alone or (bool(e.rare) and len(e.forms[0]) > 3)

    def _is_definite(self, e: TitleEvidence) -> bool:
        return e.first > 0 and self.said.words[e.first - 1].folded == "the" and e.proper

    def _is_plural(self, e: TitleEvidence) -> bool:
        word = e.forms[0]
        return singular(word) != word and self.lexicon.is_ordinary(singular(word))

    def _phrase_is_meant(self, e: TitleEvidence) -> bool:
        """Whether several words are a title; the more of them are unusual, the surer."""
        told = e.compared or (e.cued and len(e.span) > 3)
        if told and e.closed and e.content and not any(
            match.last - match.first == len(e.span) for match in self.lexicon.values(e.span)
        ):  # fmt: skip
            return True  # "something like little women"
        if e.proper and not (e.opens and len(e.content) < 2):
            return (
                e.closed or e.weight >= 1.3
                or (len(e.span) > 2 and all(w.capitalised for w in e.span))
            )  # fmt: skip
        if e.category or (e.theme and not e.compared):
            return False
        if len(e.span) == 2 and e.forms[0] in ARTICLES and e.forms[1] in _AMOUNTS:
            return False  # "the last", "the others"
        weight = e.weight - 0.5 * e.common
        if e.cued or e.called or e.manner or e.suggested:
            return (e.closed and (e.weight > 0.6 or len(e.span) > 2)) or weight >= 1.5
        if ((e.leads or e.bare) and e.judged and weight > 0.6) or (
            e.alone and e.strong and e.closed
        ):
            return True
        if e.closed:
            return weight >= (1.1 if len(e.span) > 3 else 1 if e.bare else 1.5)
        return weight >= 2

    def _slips_are_likely(self, e: TitleEvidence) -> bool:
        """Whether misspelt words are meant for a title rather than for themselves."""
        slipped = [self.said.words[n] for n in e.slips]
        named = any(
            w.capitalised and n not in e.slips and w.folded not in EVERYDAY
            for n, w in enumerate(e.span, e.first)
        )
        right = [
            w for n, w in enumerate(e.span, e.first)
            if n not in e.slips and w.folded not in EVERYDAY
        ]  # fmt: skip
        unknown = all(self._is_unknown(w.folded, w.singular) for w in slipped)
        if len("".join(e.content)) < 4:
            return False
        if not unknown:
            return len(right) > 1 or (named and e.proper and not e.opens)
        if len(e.span) == 1 and len(e.span[0].folded) < 5 and not e.cued:
            return False
        long = e.closed and len(e.forms[0]) > 5
        return bool(right) or e.cued or e.suggested or (e.proper and (long or not e.opens))

    def _is_unknown(self, word: str, singular: str) -> bool:
        lexicon = self.lexicon
        return not (
            word in EVERYDAY or singular in EVERYDAY or lexicon.is_ordinary(word)
            or lexicon.is_ordinary(singular) or lexicon.is_title_word(word)
            or word in lexicon.names or word in lexicon.first_names
        )  # fmt: skip
