"""How a line of what was understood is edited by hand.

An edit gives a new state or raises `EditError` with a sentence for the user; it never guesses
what a text might have meant. Nothing is stored here.
"""

from __future__ import annotations

import re
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from recommender.dialogue import DialogueState, Leaning, Mention, Phrase, StatedLimit
from recommender.understanding.held import (
    ITEMS,
    KINDS,
    PLACES,
    Held,
    Line,
    entries,
    lines,
    stands,
    within,
)
from recommender.understanding.understander import Understander
from recommender.understanding.words import FUNCTION_WORDS, clean
from retrieval.catalog import Kind, fold

__all__ = ["KINDS", "Edit", "EditError", "Line", "apply_edit", "lines", "parse_edit", "summary"]

ACTIONS = ("remove", "change", "add")
MAX_TEXT = 200  # characters of one line
MAX_LINES = 60
_QUOTED = 80  # characters of a value in a summary
_MENTIONED = 4  # items of one name in a message
_NEGATED = re.compile(r"(?:no|not|nothing|never|without)\b", re.IGNORECASE)


class EditError(ValueError):
    """An edit that can't be made; the message tells the user what was expected."""


@dataclass(frozen=True)
class Edit:
    """`key` names the line to remove or change; `kind` is that of a line to add."""

    action: str
    kind: str = ""
    key: str = ""
    text: str = ""


def parse_edit(data: Any) -> Edit:
    """An edit from plain data, checked as far as it can be without a conversation.

    Beside the kinds of lines, "must" and "must_not" name limits. Raises `EditError`.
    """
    if not isinstance(data, Mapping):
        raise EditError("expected an edit with action, kind, key and text")
    action, kind, key, text = (data.get(name) or "" for name in ("action", "kind", "key", "text"))
    if action not in ACTIONS:
        raise EditError(f"action is {_shown(action)}; expected {_any_of(ACTIONS)}")
    if not all(isinstance(one, str) for one in (kind, key, text)):
        raise EditError("kind, key and text of an edit are texts")
    if action == "remove":
        return Edit(action, key=key)
    text = _cleaned(text)
    if action == "change":
        return Edit(action, key=key, text=text)
    if kind in ("must", "must_not"):
        negate = kind == "must_not" and not _NEGATED.match(text)
        kind, text = "limit", f"no {text}" if negate else text
    if kind not in KINDS:
        raise EditError(f"kind is {_shown(kind)}; expected {_any_of(KINDS)}")
    return Edit(action, kind=kind, text=text)


def apply_edit(
    state: DialogueState, edit: Edit, understander: Understander, turn: int
) -> DialogueState:
    """The state after an edit that is made in `turn`. Raises `EditError`."""
    if edit.action == "add":
        after = _added(state, edit.kind, _Text(edit.text, understander, turn))
        if len(lines(after, understander.catalog)) > MAX_LINES:
            raise EditError(f"there are {MAX_LINES} lines already; remove one before you add one")
        return after
    for line, held in entries(state, understander.catalog):
        if line.key == edit.key:
            if edit.action == "remove":
                return _removed(state, line, held)
            return _changed(state, line, held, _Text(edit.text, understander, turn))
    raise EditError("that line is no longer there; choose one of those that stand there now")


def summary(edit: Edit, before: Sequence[Line], after: Sequence[Line]) -> str:
    """What an edit did, in few words: `Removed “not after 1990”`."""
    old = next((line for line in before if line.key == edit.key), None)
    known = {line.key for line in before}
    kind = old.kind if old else edit.kind
    values = [line.value for line in after if line.key not in known and line.kind == kind]
    new = _quoted(", ".join(values) or edit.text)
    added_as = f" as {kind}" if kind in ITEMS else ""
    if edit.action == "add" or old is None:
        return f"Added {new}{added_as}"
    if edit.action == "remove":
        return f"Removed {_quoted(old.value)}"
    return f"Changed {_quoted(old.value)} to {new}"


# --- edits -----------------------------------------------------------------------------


def _removed(state: DialogueState, line: Line, held: tuple[Held, ...]) -> DialogueState:
    after = _without(state, line.kind, held)
    if line.kind in ("limit", "leaning", "context"):
        after = replace(after, wish=_reworded(after.wish, line.words))
    if line.kind in ("wish", "context"):  # what was read from its words goes with it
        after = replace(
            after,
            leanings=tuple(
                one
                for one in after.leanings
                if not (one.turn == line.turn and within(one.words, line.words))
            ),
        )
    return after


def _changed(
    state: DialogueState, line: Line, held: tuple[Held, ...], text: _Text
) -> DialogueState:
    """The state with a line in the place of another; what the old words led to is gone."""
    if fold(text.said) in (fold(line.value), fold(line.words)):
        raise EditError(f"{_quoted(text.said)} is what the line says already")
    new = text.read_as(line.kind)
    rest = _removed(state, line, held)
    if line.kind in ("leaning", "context") and any(
        within(line.words, phrase.words) for phrase in state.wish
    ):
        rest = replace(rest, wish=_reworded(state.wish, line.words, text.said))
    return _with(rest, line.kind, new, _place(state, line.kind, held))


def _added(state: DialogueState, kind: str, text: _Text) -> DialogueState:
    return _with(state, kind, text.read_as(kind), None)


def _place(state: DialogueState, kind: str, held: tuple[Held, ...]) -> int | None:
    standing = getattr(state, PLACES[kind][0])
    return standing.index(held[0]) if held[0] in standing else None


def _with(
    state: DialogueState, kind: str, new: Mapping[str, tuple[Any, ...]], place: int | None
) -> DialogueState:
    """The state with new entries, at `place` of the first list or at its end."""
    main = PLACES[kind][0]
    standing = list(getattr(state, main))
    fresh = [one for one in new[main] if not stands(one, standing)]
    if not fresh:
        raise EditError(f"{_quoted(new[main][0].words)} stands there already")
    at = len(standing) if place is None else place
    changes: dict[str, Any] = {main: (*standing[:at], *fresh, *standing[at:])}
    if kind == "context":
        kinds = {one.kind for one in fresh}
        kept = [one for one in changes[main] if one in fresh or one.kind not in kinds]
        changes[main] = tuple(kept)
    for name, found in new.items():
        if name != main:
            kept = getattr(state, name)
            changes[name] = (*kept, *(one for one in found if not stands(one, kept)))
    other = {"liked": "disliked", "disliked": "liked"}.get(kind)
    if other:
        ids = {one.item_id for one in fresh}
        changes[other] = tuple(m for m in getattr(state, other) if m.item_id not in ids)
    return replace(state, **changes)


def _without(state: DialogueState, kind: str, held: tuple[Held, ...]) -> DialogueState:
    changes: dict[str, Any] = {
        name: tuple(one for one in getattr(state, name) if one not in held) for name in PLACES[kind]
    }
    return replace(state, **changes)


@dataclass(frozen=True)
class _Text:
    """A text that stands on a line of some kind, and how to read it as that."""

    said: str
    understander: Understander
    turn: int

    def read_as(self, kind: str) -> dict[str, tuple[Any, ...]]:
        """The entries that the text makes, by their place in the state."""
        said, turn = self.said, self.turn
        if kind in ITEMS:
            return {kind: (Mention(self._item(), said, turn),)}
        if kind == "limit":
            return {"limits": self._limits()}
        if kind == "context":
            # Each kind of circumstance holds one; one of no known kind is a kind of its own.
            of_kind = self.understander.circumstance(said) or fold(said)
            return {"context": (Phrase(said, turn, of_kind),)}
        leanings = tuple(
            Leaning(field, values, words, turn)
            for field, values, words in self.understander.read_leanings(said)
        )
        if kind == "leaning":
            if not leanings:
                raise EditError(
                    f"{_quoted(said)} leans to nothing in this catalog; add it as a wish instead"
                )
            return {"leanings": leanings}
        beside = "leanings" if kind == "wish" else "taste_leanings"
        return {kind: (Phrase(said, turn),), beside: leanings}

    def _item(self) -> str:
        catalog = self.understander.catalog
        ids = self.understander.link(self.said)
        if not ids:
            raise EditError(
                f"{_quoted(self.said)} is no {catalog.noun} of this catalog; give the title of "
                f"one, for example {_quoted(catalog.items[0].name)}"
            )
        if len(ids) > 1:
            names = [catalog[one].name for one in ids]
            more = ", …" if len(names) > _MENTIONED else ""
            raise EditError(
                f"{_quoted(self.said)} may be {', '.join(names[:_MENTIONED])}{more}; say which"
            )
        return ids[0]

    def _limits(self) -> tuple[StatedLimit, ...]:
        found = self.understander.read_limits(self.said)
        if not found:
            raise EditError(
                f"{_quoted(self.said)} is no limit of this catalog"
                f"{_examples(self.understander) or '; name a value of one of its fields'}"
            )
        return tuple(StatedLimit(limit, self.said, self.turn) for limit in found)


# --- words -----------------------------------------------------------------------------


def _cleaned(text: str) -> str:
    if len(text) > MAX_TEXT:
        raise EditError(f"the text has {len(text):,} characters; at most {MAX_TEXT} are kept")
    try:
        cleaned = clean(text)
    except ValueError:
        cleaned = ""
    if not fold(cleaned):
        raise EditError("the text is empty; say in words what the line should hold")
    return cleaned


def _examples(understander: Understander) -> str:
    """Limits that this catalog does know, from its years and its categories."""
    catalog = understander.catalog
    tried: list[str] = []
    for f in catalog.of_kind(Kind.YEAR)[:1]:
        years = [item.numbers[f.name] for item in catalog.items if f.name in item.numbers]
        tried += [f"before {round(statistics.median(years), -1):.0f}"] if years else []
    for f in catalog.of_kind(Kind.CATEGORY)[-1:]:
        values = [v for one in catalog.vocabulary.get(f.name, {}).values() for v in one]
        tried += values[:1]
    known = [_quoted(text) for text in tried if understander.read_limits(text)]
    return f"; say for example {' or '.join(known)}" if known else ""


def _reworded(wish: Sequence[Phrase], words: str, instead: str = "") -> tuple[Phrase, ...]:
    """A wish without some of its words, or with others in their place."""
    result = []
    for phrase in wish:
        text = re.sub(
            rf"(?<!\w){re.escape(words)}(?!\w)", lambda _: instead, phrase.words, flags=re.I
        )
        text = re.sub(r"\s+", " ", text).strip(" ,.;:-")
        if text == phrase.words:
            result.append(phrase)
        elif any(word not in FUNCTION_WORDS for word in fold(text).split()):
            result.append(replace(phrase, words=text))
    return tuple(result)


def _quoted(text: str) -> str:
    return f"“{text if len(text) <= _QUOTED else text[: _QUOTED - 1].rstrip() + '…'}”"


def _shown(value: Any) -> str:
    return _quoted(str(value)[: _QUOTED * 2]) if value else "missing"


def _any_of(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} or {names[-1]}"
