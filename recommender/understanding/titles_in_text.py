"""Which words of an utterance name items: single ones, lists, parts and series.

The lexicon knows how titles are spelt, `title_judge` decides whether one is meant where its
words stand; here they are claimed, the longest first, with years and numbers beside them.
What is said of an item is read elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from recommender.understanding.cues import DISLIKED, LIKED, SEEN
from recommender.understanding.lexicon import Lexicon
from recommender.understanding.phrases import SERIES
from recommender.understanding.spelling import ARTICLES, same
from recommender.understanding.title_evidence import TitleEvidence
from recommender.understanding.title_judge import TitleJudge
from recommender.understanding.utterance import Utterance
from recommender.understanding.words import FUNCTION_WORDS, word_set

_MOST_MEANT = 12  # items that one misspelling may mean; more are chance
# What may stand before a list of titles: "already watched", "we've seen", "I loved".
_LIST_LEADS = (
    SEEN
    | LIKED
    | DISLIKED
    | word_set("i we i've we've ive weve have both all read played finished")
)
_YEAR = re.compile(r"(1[89]|20)\d\d")


@dataclass(frozen=True)
class _Candidate:
    """Words that spell a title, with what the misspelt ones are meant to be."""

    first: int
    last: int
    ids: tuple[str, ...]
    slips: Mapping[int, str] = field(default_factory=dict)
    distance: int = 0  # letters, over all slips
    article: bool = False  # whether the first word is one

    @property
    def rank(self) -> tuple[float, int]:
        """Longer ones come first; a slip weighs a little less than a word."""
        off = 0.6 * len(self.slips) + 0.1 * self.distance + 0.4 * self.article
        return self.first - self.last + off, self.first


class TitlesInText:
    """Claims the words of an utterance that name items."""

    def __init__(self, said: Utterance, lexicon: Lexicon) -> None:
        self.said = said
        self.lexicon = lexicon

    def claim(self) -> None:
        """Claims all titles; one may be known by the one before it in a list."""
        candidates = self._candidates()
        judge = TitleJudge(self.said, self.lexicon)
        self._claim_bare_list()
        claimed = -1
        while claimed != len(self.said.spans):
            claimed = len(self.said.spans)
            for one in candidates:
                if any(self.said.taken[one.first : one.last]):
                    continue
                if len(self.said.spans) > claimed and self._is_within_longer(one, candidates):
                    continue  # what has been claimed since may speak for the longer one
                ids, end = self._with_year(one.last, one.ids)
                evidence = TitleEvidence(
                    self.said, self.lexicon, one.first, one.last, end, one.slips
                )
                if judge.is_meant(evidence, one.ids):
                    ids, first = self._with_year_before(one.first, ids)
                    self._claim_title(first, one.last, end, ids, evidence)
        self._claim_series()

    def _is_within_longer(self, one: _Candidate, candidates: list[_Candidate]) -> bool:
        return any(
            other.first <= one.first and one.last <= other.last and other.rank < one.rank
            and not other.slips and not any(self.said.taken[other.first : other.last])
            for other in candidates
        )  # fmt: skip

    def _candidates(self) -> list[_Candidate]:
        words = self.said.words
        found = [
            _Candidate(first, last, ids, article=words[first].folded in ARTICLES)
            for first, last, ids in self.lexicon.titles(words)
        ]
        misspelt: dict[tuple[int, int, float], _Candidate] = {}
        for first, last, ids, slips, distance in self.lexicon.misspelt_titles(words):
            place = (first, last, distance)
            known = misspelt.get(place)
            both = tuple(dict.fromkeys((*known.ids, *ids))) if known else ids
            misspelt[place] = _Candidate(
                first,
                last,
                both,
                known.slips if known else slips,
                distance,
                words[first].folded in ARTICLES,
            )
        found += [one for one in misspelt.values() if len(one.ids) <= _MOST_MEANT]
        return sorted(found, key=lambda one: one.rank)

    def _claim_bare_list(self) -> None:
        """An utterance of nothing but titles: "jaws, alien and the thing"."""
        start = 0
        while start < len(self.said.words) and self.said.words[start].folded in _LIST_LEADS:
            start += 1  # "seen Jaws, Alien and The Thing"
        pieces: list[list[int]] = [[]]
        for n in range(start, len(self.said.words)):
            if self.said.words[n].opens_clause and pieces[-1]:
                pieces.append([])
            pieces[-1].append(n)
        found = [self._titles_of(piece) for piece in pieces if piece]
        if all(found) and sum(map(len, found)) > 1:
            for first, last, ids in (one for several in found for one in several):
                self.said.claim(first, last, ids)

    def _titles_of(self, piece: list[int]) -> list[tuple[int, int, tuple[str, ...]]]:
        """The titles that a piece is made of, with "and" within or between; none if it is more."""
        words = [self.said.words[n] for n in piece]
        if words and words[0].folded in ("and", "or"):
            return self._titles_of(piece[1:])
        if len(piece) == 1 and words[0].folded in FUNCTION_WORDS | {"yes", "no"}:
            return []
        ids = self.lexicon.exact(words)
        if ids:
            return [(piece[0], piece[-1] + 1, ids)]
        joins = [at for at, word in enumerate(words[1:-1], 1) if word.folded in ("and", "or")]
        for at in joins[::-1] if len(joins) < 7 else ():  # so many joined titles are none
            ids = self.lexicon.exact(words[:at])
            rest = self._titles_of(piece[at + 1 :]) if ids else []
            if rest:
                return [(piece[0], piece[at - 1] + 1, ids), *rest]
        return []

    def _claim_series(self) -> None:
        """Items known by the beginning of their titles alone: "all the Oceans movies"."""
        words = self.said.words
        for at, word in enumerate(words):
            if word.folded not in SERIES or word.folded in ("film", "movie") or word.opens_clause:
                continue
            for first in range(max(0, at - 4), at):
                evidence = TitleEvidence(self.said, self.lexicon, first, at, at)
                span = evidence.span
                if any(w.opens_clause for w in span[1:]) or span[0].folded in FUNCTION_WORDS:
                    continue
                named = all(w.capitalised for w in span) and not evidence.opens
                if len(span) == 1 and (first == 0 or words[first - 1].folded not in ("the", "of")):
                    continue  # "Christmas movies", but "all the Oceans movies"
                if not evidence.strong or evidence.category or not (
                    named or (evidence.rare and not evidence.theme)
                ):  # fmt: skip
                    continue
                ids = self.lexicon.beginning_with(" ".join(same(w.folded) for w in span))
                if len(ids) > 1 and not self.lexicon.exact(span):
                    self.said.claim(first, at + 1, ids)
                    break

    # --- years and numbers beside a title ------------------------------------------------

    def _with_year(self, last: int, ids: tuple[str, ...]) -> tuple[tuple[str, ...], int]:
        """A year behind a title tells items of one name apart and is no limit."""
        words = self.said.words
        at = last
        while at < min(last + 2, len(words)) and words[at].folded in ("from", "the", "of") and (
            not words[at].opens_clause
        ):  # fmt: skip
            at += 1  # "The Thing from 1982"
        if at < len(words) and _YEAR.fullmatch(words[at].folded):
            year = float(words[at].folded)
            catalog = self.lexicon.catalog
            of_year = tuple(i for i in ids if catalog[i].numbers.get("year") == year)
            if of_year:
                return of_year, at + 1
        return ids, last

    def _with_year_before(self, first: int, ids: tuple[str, ...]) -> tuple[tuple[str, ...], int]:
        """The same for a year before it: "the 2005 Pride and Prejudice"."""
        words = self.said.words
        before = words[first - 1].folded if first and not self.said.taken[first - 1] else ""
        if not _YEAR.fullmatch(before):
            return ids, first
        catalog = self.lexicon.catalog
        of_year = tuple(i for i in ids if f"{catalog[i].numbers.get('year', 0):.0f}" == before)
        return (of_year, first - 1) if of_year else (ids, first)

    def _claim_title(
        self, first: int, last: int, end: int, ids: tuple[str, ...], evidence: TitleEvidence
    ) -> None:
        behind = evidence.behind.folded if evidence.behind else ""
        parts, after = self._parts(last, ids)
        if end == last and parts:
            self.said.claim(first, after, parts)
        elif end == last and behind in SERIES:
            # "the Star Wars films" are several; "a Heat movie" may be.
            whole = behind not in ("film", "movie") or evidence.negated
            self.said.claim(first, end + 1, self.lexicon.series(ids) if whole else ids)
        else:
            self.said.claim(first, end, ids)

    def _parts(self, last: int, ids: tuple[str, ...]) -> tuple[tuple[str, ...], int]:
        """Parts of a series behind its name: "Godfather I and II", "Rocky 2, 3 & 4"."""
        numbers: list[int] = []
        at = after = last
        while at < len(self.said.words) and not self.said.taken[at]:
            form = same(self.said.words[at].folded)
            if self.said.words[at].opens_clause and not (numbers and form.isdigit()):
                break
            form = {"i": "1", "v": "5"}.get(form, form)
            if form.isdigit() and len(form) < 3:
                numbers.append(int(form))
                at += 1
                after = at
            elif form in ("and", "or", "part", "parts") and (form[0] == "p" or numbers):
                at += 1
            else:
                break
        found = [self.lexicon.part(ids, number) for number in dict.fromkeys(numbers)]
        if (len(numbers) > 1 and max(numbers) > 1) or (
            numbers == [1] and self.said.words[last].folded != "i"
        ):
            return tuple(dict.fromkeys(i for part in found for i in part)), after
        return (), last
