"""Which words of an utterance name items: quoted, cued, listed, capitalised or misspelt.

The lexicon knows how titles are spelt; here is decided whether a title is meant where its
words stand, since many titles are everyday words. What is said of an item is read elsewhere.
"""

from __future__ import annotations

import re

from recommender.understanding.cues import CUE_LINKS, LIKED, LIST_LINKS, TITLE_CUES
from recommender.understanding.lexicon import Lexicon
from recommender.understanding.phrases import MANNER, NEGATORS, SERIES
from recommender.understanding.utterance import Utterance
from recommender.understanding.words import FUNCTION_WORDS, Word


class TitlesInText:
    """Claims the words of an utterance that name items."""

    def __init__(self, said: Utterance, lexicon: Lexicon) -> None:
        self.said = said
        self.lexicon = lexicon

    def claim(self) -> None:
        found = list(self.lexicon.titles(self.said.words))
        self._claim_bare_list()
        claimed = -1
        while claimed != len(
            self.said.spans
        ):  # a title may be known by the one before it in a list
            claimed = len(self.said.spans)
            for first, last, ids in found:
                if any(self.said.taken[first:last]):
                    continue
                ids, end = self._with_year(last, ids)
                if self._title_is_meant(first, last, end):
                    ids, first = self._with_year_before(first, ids)
                    self._claim_title(first, last, end, ids)

    def _claim_bare_list(self) -> None:
        """An utterance of nothing but titles: "jaws, alien and the thing"."""
        pieces: list[list[int]] = [[]]
        for n, word in enumerate(self.said.words):
            if word.opens_clause and pieces[-1]:
                pieces.append([])
            if word.folded in ("and", "or"):
                pieces.append([])
            else:
                pieces[-1].append(n)
        pieces = [piece for piece in pieces if piece]
        found = [self.lexicon.exact([self.said.words[n] for n in piece]) for piece in pieces]
        if len(pieces) > 1 and all(found):
            for piece, ids in zip(pieces, found, strict=True):
                self.said.claim(piece[0], piece[-1] + 1, ids)

    def claim_misspelt(self) -> None:
        budget = 6  # lookups, which are the slowest part of the reading
        for place in range(1, len(self.said.words)):
            if not budget or not self._is_cue(place - 1):
                continue
            free = self._free_run(place)
            if not free:
                continue
            if self.said.words[place].folded in FUNCTION_WORDS - {"the", "a", "an", "my"}:
                continue
            if not self._reads_like_title(place):
                continue
            budget -= 1
            # A slip in the article ("teh matrx") must not hide the title behind it.
            for skip in (0, 1) if free > 1 and len(self.said.words[place].folded) <= 3 else (0,):
                found = self.lexicon.title_with_typo(self.said.words[place + skip : place + free])
                if found:
                    last = place + skip + found[0]
                    ids, end = self._with_year(last, found[1])
                    self._claim_title(place, last, end, ids)
                    break

    def _is_cue(self, place: int) -> bool:
        word = self.said.words[place]
        if word.folded in CUE_LINKS and place:
            return self.said.words[place - 1].folded in LIKED
        return word.folded in TITLE_CUES and not self.said.is_wishing(place)

    def _with_year(self, last: int, ids: tuple[str, ...]) -> tuple[tuple[str, ...], int]:
        """A year behind a title tells films of one name apart and is no limit."""
        at = last
        while at < min(last + 2, len(self.said.words)) and self.said.words[at].folded in (
            "from",
            "the",
            "of",
        ):
            at += 1  # "The Thing from 1982"
        if at < len(self.said.words) and re.fullmatch(
            r"(1[89]|20)\d\d", self.said.words[at].folded
        ):
            year = float(self.said.words[at].folded)
            catalog = self.lexicon.catalog
            same = tuple(i for i in ids if catalog[i].numbers.get("year") == year)
            if same:
                return same, at + 1
        return ids, last

    def _with_year_before(self, first: int, ids: tuple[str, ...]) -> tuple[tuple[str, ...], int]:
        """The same for a year before it: "the 2005 Pride and Prejudice"."""
        before = (
            self.said.words[first - 1].folded if first and not self.said.taken[first - 1] else ""
        )
        same = tuple(
            i for i in ids if f"{self.lexicon.catalog[i].numbers.get('year', 0):.0f}" == before
        )
        return (same, first - 1) if same else (ids, first)

    def _claim_title(self, first: int, last: int, end: int, ids: tuple[str, ...]) -> None:
        behind = [word.folded for word in self.said.words[last : last + 2]]
        if end == last and behind and behind[0] in SERIES:
            # "the Star Wars films" are several; "a Heat movie" may be.
            whole = behind[0] not in ("film", "movie") or self._cue_is_negative(first)
            self.said.claim(first, end + 1, self.lexicon.series(ids) if whole else ids)
        else:
            self.said.claim(first, end, ids)

    def _cue_is_negative(self, first: int) -> bool:
        return any(word.folded in NEGATORS for word in self.said.words[max(0, first - 3) : first])

    def _free_run(self, place: int) -> int:
        count = 0
        while (
            place + count < len(self.said.words)
            and count < 10
            and not self.said.taken[place + count]
        ):
            if count and self.said.words[place + count].opens_clause:
                break
            count += 1
        return count

    def _reads_like_title(self, place: int) -> bool:
        """A misspelt title is looked for only where the words do not read as a plain wish."""
        word = self.said.words[place]
        first = place + (word.folded in ("the", "a", "an"))
        if first >= len(self.said.words):
            return False
        plain = self.said.text[:1].lower() + self.said.text[1:].replace("I ", "i ").replace(
            "I'", "i'"
        )
        return self.said.words[first].text[:1].isupper() or plain == plain.lower()

    def _title_is_meant(self, first: int, last: int, end: int) -> bool:
        span = self.said.words[first:last]
        content = [w for w in span if w.folded not in FUNCTION_WORDS]
        if self._quoted(span[0].start, span[-1].end):
            return True
        if any(word.opens_clause for word in span[1:]) and len(span) < 3:
            return False
        if len(content) >= 3 or (len(span) >= 4 and content):
            return True
        whole = first == 0 and end == len(self.said.words)
        manner = last < len(self.said.words) and self.said.words[last].folded in MANNER
        cue = self._cue_before(first) or (
            manner
            and not self._is_plain_value(span)
            and (len(content) > 1 or not self.lexicon.is_ordinary(span[0].folded))
        )
        closed = manner or end > last or last == len(self.said.words) or self.said.words[last].opens_clause or (
            self.said.words[last].folded in ("and", "but", "or", "with", "yesterday", "already", "so",
                                        "please", "too", "recently", "is", "was", "again", "that",
                                        "in", "from", "by", "very", "because", "which", "where",
                                        "for", "more", "less", "last", "yet", "on", "to", "twice",
                                        "today", "tonight", "instead", "as", "though", "what",
                                        "any", "something", "anything", "years", "when", "than")
            or self.said.words[last].folded in SERIES
            or re.fullmatch(r"(1[89]|20)\d\d", self.said.words[last].folded) is not None
        )  # fmt: skip
        telling = len(content) > 1 and not self._is_plain_value(span)
        if content and self._cue_is_negative(first) and closed and (
            telling or not any(self.lexicon.is_ordinary(w.folded) for w in span)
        ):  # fmt: skip
            return True  # "that isnt titanic"
        if content and self._cue_is_negative(first) and (
            (last < len(self.said.words) and self.said.words[last].folded in SERIES and not self._is_plain_value(span))
            or any(other.what == self.lexicon.exact(span) for other in self.said.spans)
        ):  # fmt: skip
            return True  # "but not a Die Hard film", "not Titanic itself"
        if self.said.is_ruled_out(first) and closed and not self._is_plain_value(span) and (
            len(content) > 1 or (content and len(content[0].folded) > 4)
        ):  # fmt: skip
            return True  # "not star wars though", "but not batman or …"
        if self.lexicon.is_part_of_title(span):
            return (cue or whole) and closed
        if whole:
            return True
        shouted = self.said.text.upper() == self.said.text
        named = content or (span if cue or end > last else [])  # "Up", "Get Out"
        proper = all(w.capitalised for w in named) and not shouted and bool(named)
        if all(w.folded.isdigit() for w in span):
            return cue and closed
        if cue and closed and (content or proper):
            # "like horror" names a genre, "like Horror Express" a film.
            return proper or not self._is_plain_value(span)
        if not proper:
            # "star wars but not the prequels"
            parted = last == len(self.said.words) or self.said.words[last].opens_clause or (
                self.said.words[last].folded in ("but", "except", "or")
            )  # fmt: skip
            opens = first == 0 or span[0].opens_clause
            return opens and parted and len(content) > 1 and not self._is_plain_value(span)
        if first == 0 or span[0].opens_clause:
            # The capital may only mark the sentence.
            return len(content) >= 2 or (closed and not self._is_plain_value(span))
        return closed or len(content) >= 2

    def _is_plain_value(self, span: list[Word]) -> bool:
        plain = set(range(len(span)))
        for match in self.lexicon.values(span):
            if match.last - match.first == len(span):
                return True
            plain -= set(range(match.first, match.last))
        return all(span[n].folded in self.lexicon.nouns | FUNCTION_WORDS for n in plain)

    def _cue_before(self, first: int) -> bool:
        """Whether a word that introduces a title stands before, across "and" and an article."""
        place = first - 1
        if (
            place > 0
            and self.said.words[place].folded in ("and", "or")
            and self.said.words[place].opens_clause
        ):
            place -= 1  # "Jaws, Alien, and The Thing"
            return self.said.taken[place] and self.said.is_item(place)
        while place >= 0 and not self.said.words[place + 1].opens_clause:
            word = self.said.words[place]
            if word.folded in TITLE_CUES:
                return not (word.folded == "like" and self.said.is_wishing(place))
            if word.folded in CUE_LINKS and place and (
                self.said.words[place - 1].folded in TITLE_CUES | self.lexicon.person_labels
            ):  # fmt: skip
                return True
            linking = word.folded in LIST_LINKS
            ends_item = place == first - 1 and self.said.taken[place] and self.said.is_item(place)
            if not linking and (not self.said.taken[place] or ends_item):
                return False
            place -= 1
        # A list after a cue: "I loved Alien, Heat and Her".
        apart = first - 1 > place or self.said.words[first].opens_clause
        return place >= 0 and apart and self.said.taken[place] and self.said.is_item(place)

    def _quoted(self, start: int, end: int) -> bool:
        before, after = self.said.text[:start].rstrip(), self.said.text[end:].lstrip(" ?!.,")
        return before[-1:] in ('"', "“", "«", "‘", "*", "_") and after[:1] in (
            '"', "”", "»", "’", "*", "_",
        )  # fmt: skip
