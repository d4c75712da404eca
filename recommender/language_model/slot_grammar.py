"""Writing within a frame: which tokens may come next, and asking a model where it has a choice."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from recommender.language_model.protocol import Frame

Best = Callable[[Sequence[int], Sequence[int]], int]  # of a text so far and what may follow


def fill(frame: Frame, tokenizer: Any, best: Best, max_tokens: int) -> Iterator[str]:
    """Greedy text of a frame, in pieces.

    The model is asked by `best` only where the frame leaves a choice; what it forces can be
    read along with the next choice, several tokens at once.
    """
    return grown(_filled(SlotGrammar(frame, tokenizer), best, max_tokens), tokenizer)


def _filled(grammar: SlotGrammar, best: Best, max_tokens: int) -> Iterator[int]:
    written: list[int] = []
    while len(written) < max_tokens:
        allowed = grammar.allowed(written)
        if allowed == grammar.end:
            return
        written.append(allowed[0] if len(allowed) == 1 else best(written, allowed))
        yield written[-1]


def grown(tokens: Iterable[int], tokenizer: Any) -> Iterator[str]:
    """The text of tokens as they come, in pieces that end between characters."""
    written: list[int] = []
    told = ""
    for token in tokens:
        written.append(token)
        text = tokenizer.decode(written, skip_special_tokens=True)
        if not text.endswith("\ufffd"):  # half of a character; the next token brings the rest
            yield text[len(told) :]
            told = text


class SlotGrammar:
    """Which tokens may come next so that a text fills the slots of a frame.

    Walks a trie of all phrases of a slot; where a phrase is complete, the phrases of the
    slots that may follow are open as well. A phrase comes once at most, which also keeps a
    small model from going round in circles.
    """

    def __init__(self, frame: Frame, tokenizer: Any) -> None:
        self.end: list[int] = [tokenizer.eos_token_id]  # allowed alone where the text is over
        self._frame = frame
        self._tries: dict[str, _Node] = {}
        self._walked: list[int] = []  # the text that led to the places
        said: dict[str, int] = {}  # numbers for what phrases say
        # Slots may share their phrases, of which there can be many.
        spelled: dict[str, list[int]] = {}
        shared: dict[tuple[bool, tuple[tuple[str, str], ...]], _Node] = {}
        for slot, phrases in frame.phrases.items():
            begins = slot == frame.first
            if (begins, phrases) not in shared:
                trie = shared[begins, phrases] = _Node()
                for phrase, says in phrases:
                    text = phrase if begins or phrase[:1] in ",." else f" {phrase}"
                    if text not in spelled:
                        spelled[text] = tokenizer(text, add_special_tokens=False)["input_ids"]
                    trie.add(spelled[text], said.setdefault(says, len(said)))
            self._tries[slot] = shared[begins, phrases]
        self._places = self._start()

    def _start(self) -> list[_Place]:
        return [_Place(self._frame.first, self._tries[self._frame.first], frozenset())]

    def allowed(self, written: Sequence[int]) -> list[int]:
        """The tokens that may follow; those so far are taken to be of the grammar.

        A text that goes on the last one is not walked again from its start.
        """
        if list(written[: len(self._walked)]) != self._walked:
            self._walked, self._places = [], self._start()
        places = self._places
        for token in written[len(self._walked) :]:
            places = [
                _Place(place.slot, place.node.following[token], place.said)
                for place in self._open(places)
                if token in place.open_tokens()
            ]
        self._walked, self._places = list(written), places
        if any(place.slot in self._frame.last and place.is_complete for place in places):
            return self.end
        following = {token for place in self._open(places) for token in place.open_tokens()}
        return sorted(following) or self.end

    def _open(self, places: Sequence[_Place]) -> list[_Place]:
        """The places themselves, and the beginnings of what may follow a complete phrase."""
        opened = list(places)
        for place in places:
            if place.is_complete:
                said = place.said | {place.node.phrase}
                opened += [
                    _Place(slot, self._tries[slot], said)
                    for slot in self._frame.following[place.slot]
                ]
        return opened


@dataclass(frozen=True)
class _Place:
    """Where a text may stand: in a slot, at a node of its trie, and what it said before.

    There are several while a phrase is also the beginning of another; each keeps its own
    record, since a phrase that only goes on has not yet been said.
    """

    slot: str
    node: _Node
    said: frozenset[int | None]

    @property
    def is_complete(self) -> bool:
        return self.node.phrase is not None and self.node.phrase not in self.said

    def open_tokens(self) -> set[int]:
        """Tokens that lead on to a phrase which says something new."""
        return {t for t, child in self.node.following.items() if not child.below <= self.said}


class _Node:
    """A token of some phrases: what may follow, the phrase that ends here, all below."""

    def __init__(self) -> None:
        self.following: dict[int, _Node] = {}
        self.phrase: int | None = None
        self.below: set[int] = set()

    def add(self, tokens: Sequence[int], number: int) -> None:
        node = self
        for token in tokens:
            node = node.following.setdefault(token, _Node())
            node.below.add(number)
        node.phrase = number
