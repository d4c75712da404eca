"""Which items a text rates and how: "4 stars for the first, 2 for the second. Now a comedy".

A rating becomes a judgement of its item; text that rates nothing is given back as it is.
"""

from __future__ import annotations

import re
from dataclasses import replace

from recommender.dialogue import Act
from recommender.understanding.lexicon import Lexicon
from recommender.understanding.ratings import RatingRead, read_rating
from recommender.understanding.reader import Reader
from recommender.understanding.reading import ItemRead
from recommender.understanding.references import read_references
from recommender.understanding.turn_read import TurnRead
from recommender.understanding.update import which_items, with_mentions

_AND = r"(?:,\s+(?:and )?|\s+and\s+)"
_MINE = r"(?: for me| from me)?"
# Where one rating ends and another, or a wish, begins.
_BETWEEN_RATINGS = re.compile(
    "|".join(
        (
            r"(?<=[.!?;])\s+",
            rf"(?<=/5){_MINE}{_AND}",
            rf"(?<=/10){_MINE}{_AND}",
            rf"(?<=stars){_MINE},\s+(?:and )?",
            r",\s+(?:and )?(?=\d+ (?:for|to) )",
            r",\s+(?=(?:and|but|now|something|anything|what|show|give me|any|more)\b)",
            r"\s+(?:but|and) (?=(?:now|something|anything|what|show|give me|any|more|i want|i'd like)\b)",
        )
    )
)
_RATING_WORDS = re.compile(
    r"\b(?:i'd|i would|i'll|i|we|would|give|gave|rate|rated|rating|giving|gets?|get|score|"
    r"deserves?|a|an|is|was|stars?|out|solid|easy|easily|from me|for me|it's)\b|[/:=]",
    re.IGNORECASE,
)
_TO_AT_START = re.compile(r"^\W*(?:to|for|of|at|with)\b", re.IGNORECASE)
_TO_AT_END = re.compile(r"\b(?:to|for|of|at|with)\W*$", re.IGNORECASE)


class RatedItems:
    """Reads ratings of the items of one catalog."""

    def __init__(self, lexicon: Lexicon, reader: Reader) -> None:
        self._catalog = lexicon.catalog
        self._lexicon = lexicon
        self._reader = reader

    def read(self, turn: TurnRead, text: str) -> str:
        """Takes up the ratings in a text; gives the text of its other sentences."""
        rest: list[str] = []
        for piece in _BETWEEN_RATINGS.split(text):
            if turn.rated:  # "4 stars for the first, 2 for the second"
                piece = re.sub(r"^(\d+) (?=(?:for|to)\b)", r"\1 stars ", piece)
            rating = read_rating(piece)
            ids = self._items_of(piece, rating.start, rating.end, turn) if rating else ()
            if rating and rest and not re.search(r"[a-z]{3}", piece.lower()):
                ids = self._items_of(rest[-1], 0, 0, turn) or ids  # "I've read that. 2/5"
            if rating is None or not ids:
                rest.append(piece)
                continue
            self._take_up(turn, rating, ids, piece.strip(" .!"))
        return " ".join(rest) if Act.RATE in turn.acts else text

    def _take_up(
        self, turn: TurnRead, rating: RatingRead, ids: tuple[str, ...], words: str
    ) -> None:
        liked, disliked = rating.share >= 0.75, rating.share <= 0.45
        read = ItemRead(ids, liked, disliked, not liked and not disliked, words)
        ids, choice = which_items(read, turn.state, turn.number, self._catalog)
        turn.state = with_mentions(turn.state, ids, read, turn.number)
        if choice is not None:
            choice = replace(choice, stars=rating.stars)
        turn.state = replace(turn.state, spoken_of=ids or turn.state.spoken_of, choice=choice)
        turn.rated = (*turn.rated, *((i, rating.stars) for i in ids))
        turn.does(Act.RATE)

    def _items_of(self, piece: str, start: int, end: int, turn: TurnRead) -> tuple[str, ...]:
        """The items that a piece is about, without the rating from `start` to `end`."""
        about = _RATING_WORDS.sub(" ", f"{piece[:start]} {piece[end:]}")
        about = _TO_AT_END.sub(" ", _TO_AT_START.sub(" ", about))
        text = f"loved {' '.join(about.split()).strip(' ,.!')}"
        items = self._reader.read(text, read_references(text, turn.state, self._lexicon)).items
        found = tuple(dict.fromkeys(i for item in items for i in item.ids))
        if not found and re.search(r"\bit\b|\bthat\b|^loved\W*$", text.lower()):
            found = turn.state.spoken_of[:1]
        return found
