"""Whole conversations with what each turn should come to: acts, state, answers, picks.

`dialogues_films.toml` speaks of the bundled catalog, `dialogues_books.toml` of the books in
`--data DIR/books`; without them that part is left out, and says so. The conversations run
through the recommender as a visitor's do, without a language model. Printed are the share
of turns that come out as expected and every turn that does not.

A turn in the files:

    say       the user's words
    shown     ids (or "title: …") of the picks before, as if these had been shown
    acts      all acts of the turn
    limits    all hard limits after it, in the notation of `limit_in_short`
    liked, disliked, seen     ids after it
    context   kinds of circumstances after it
    wish, no_wish, taste      words that wish and leanings, or tastes, must (not) hold
    answer    texts that the message must hold
    picks     whether there are new picks;  asks: whether the message ends in a question

What is left out of limits, liked, disliked, seen and context stays as the turn before
expects it.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tqdm import tqdm

from recommender.dialogue import DialogueState, Done, Reply
from recommender.engine import Recommender
from recommender.settings import Settings
from retrieval.catalog import Catalog, Kind
from retrieval.limits import Limit

FILMS = Path(__file__).with_name("dialogues_films.toml")
BOOKS = Path(__file__).with_name("dialogues_books.toml")
_STAYING = ("limits", "liked", "disliked", "seen", "context")
_WITHOUT_PICKS = {
    "question", "compare", "why", "greet", "thank", "off_topic", "unsafe", "start_over",
}  # fmt: skip


@dataclass(frozen=True)
class Outcome:
    """One turn of one conversation, and what came out otherwise than expected."""

    dialogue: str
    turn: int
    say: str
    acts: tuple[str, ...]
    wrong: tuple[str, ...]
    broken: tuple[str, ...] = ()  # rules that hold for every reply


@dataclass
class Expected:
    """What holds so far by the file, which a turn changes."""

    held: dict[str, list[str]] = field(default_factory=lambda: {n: [] for n in _STAYING})


def load(path: Path) -> list[dict[str, Any]]:
    """The conversations of a file."""
    dialogues: list[dict[str, Any]] = tomllib.loads(path.read_text(encoding="utf-8"))["dialogue"]
    return dialogues


def run(
    recommender: Recommender, dialogues: list[dict[str, Any]], progress: bool = False
) -> Iterator[Outcome]:
    """Hold every conversation, and compare every turn."""
    for dialogue in tqdm(dialogues, unit="dialogue", disable=not progress):
        session = recommender.open_session()
        expected = Expected()
        given_up: set[str] = set()
        for number, turn in enumerate(dialogue["turn"], start=1):
            if "shown" in turn:
                _show(recommender, session.id, turn["shown"])
            before = recommender.session(session.id)
            reply = _reply(recommender, session.id, turn["say"])
            wrong = tuple(_differences(turn, expected, reply, before.state, recommender.catalog))
            broken = tuple(_broken(reply, before.state))
            given_up |= reply.state.excluded
            acts = tuple(str(a) for a in reply.acts)
            yield Outcome(dialogue["name"], number, turn["say"], acts, wrong, broken)


def _reply(recommender: Recommender, session_id: str, utterance: str) -> Reply:
    *_, last = recommender.reply(session_id, utterance)
    assert isinstance(last, Done)
    return last.reply


def _show(recommender: Recommender, session_id: str, shown: list[str]) -> None:
    """Put picks in the place of those of the turn before."""
    session = recommender.session(session_id)
    if not session.turn:
        raise ValueError("the first turn of a conversation can't have shown anything")
    ids = tuple(item_id(one, recommender.catalog) for one in shown)
    state = replace(session.state, last_shown=ids, shown=(*session.state.shown, *ids))
    recommender.store.update_state(session_id, session.turn, state.as_dict())


def item_id(named: str, catalog: Catalog) -> str:
    """The id that a file names, or that of the one item of a title. Raises `ValueError`."""
    if not named.startswith("title: "):
        if named not in catalog:
            raise ValueError(f"no item {named!r} in catalog {catalog.name!r}")
        return named
    title = named.removeprefix("title: ")
    found = [item.id for item in catalog.items if item.title == title]
    if len(found) != 1:
        raise ValueError(f"{len(found)} items have the title {title!r}, expected one")
    return found[0]


# --- comparing ---------------------------------------------------------------------------


def _differences(
    turn: Mapping[str, Any], expected: Expected, reply: Reply, before: DialogueState,
    catalog: Catalog,
) -> Iterator[str]:  # fmt: skip
    state = reply.state
    found: dict[str, list[str]] = {
        "limits": [limit_in_short(one.limit, catalog) for one in state.limits],
        "liked": [m.item_id for m in state.liked],
        "disliked": [m.item_id for m in state.disliked],
        "seen": [m.item_id for m in state.seen],
        "context": [p.kind for p in state.context],
    }
    acts = [str(act) for act in reply.acts]
    if sorted(acts) != sorted(turn["acts"]):
        yield f"acts {sorted(acts)}, expected {sorted(turn['acts'])}"
    for name in _STAYING:
        if name in turn:
            values = turn[name]
            if name in ("liked", "disliked", "seen"):
                values = [item_id(one, catalog) for one in values]
            expected.held[name] = values
        if sorted(set(found[name])) != sorted(set(expected.held[name])):
            yield f"{name} {sorted(found[name])}, expected {sorted(expected.held[name])}"
    wished = " ".join(
        [p.words for p in state.wish]
        + [f"{one.words} {' '.join(one.values)}" for one in state.leanings]
    ).lower()
    tastes = " ".join(
        [p.words for p in state.taste]
        + [f"{one.words} {' '.join(one.values)}" for one in state.taste_leanings]
    ).lower()
    yield from (
        f"wish “{wished}” lacks “{w}”" for w in turn.get("wish", ()) if w.lower() not in wished
    )
    yield from (
        f"wish “{wished}” holds “{w}”" for w in turn.get("no_wish", ()) if w.lower() in wished
    )
    yield from (
        f"taste “{tastes}” lacks “{w}”" for w in turn.get("taste", ()) if w.lower() not in tastes
    )
    for text in turn.get("answer", ()):
        if text.lower() not in reply.message.lower():
            yield f"message “{reply.message}” lacks “{text}”"
    wants_picks = turn.get("picks", not set(turn["acts"]) <= _WITHOUT_PICKS)
    has_picks = bool(reply.picks)
    if wants_picks != has_picks:
        yield f"{'no picks' if wants_picks else 'picks'}: “{reply.message[:80]}”"
    if "asks" in turn and turn["asks"] != reply.message.rstrip().endswith("?"):
        yield f"message ends in “{reply.message[-40:]}”, expected {'a' if turn['asks'] else 'no'} question"


def _broken(reply: Reply, before: DialogueState) -> Iterator[str]:
    """Rules that no reply may break, whatever a file expects."""
    again = "Nothing new is left" in reply.message
    for pick in reply.picks:
        if pick.item.id in reply.state.excluded:
            yield f"{pick.item.name} is known or turned down"
        if pick.item.id in before.shown and not again:
            yield f"{pick.item.name} was shown before"
        yield from (
            f"{pick.item.name} breaks “{one.words}”"
            for one in reply.state.limits if not one.limit.allows(pick.item)
        )  # fmt: skip


def limit_in_short(limit: Limit, catalog: Catalog) -> str:
    """A limit in the notation of the files.

    year 1980-1989      runtime -120        not year 1980-1989
    genres=Horror|Thriller                  language!=English
    people=Tom Hanks    (whichever fields of persons)
    without zombie      (no keyword and no word of the prose or, of things, the title)
    """
    kinds = {catalog.fields[name].kind for name in limit.fields}
    if limit.of_words(catalog):
        return f"without {limit.values[0]}"
    if limit.values:
        name = "people" if kinds == {Kind.PERSON} else "+".join(limit.fields)
        return f"{name}{'!=' if limit.negated else '='}{'|'.join(sorted(limit.values))}"
    low, high = limit.minimum, limit.maximum
    if limit.negated and high is None and low is not None:
        return f"{limit.fields[0]} -{low - 1:g}"
    if limit.negated and low is None and high is not None:
        return f"{limit.fields[0]} {high + 1:g}-"
    ends = [f"{end:g}" if end is not None else "" for end in (low, high)]
    return f"{'not ' if limit.negated else ''}{limit.fields[0]} {'-'.join(ends)}"


# --- the command -------------------------------------------------------------------------


def report(name: str, outcomes: list[Outcome]) -> dict[str, Any]:
    """Figures of one file, printed and given back."""
    wrong = [o for o in outcomes if o.wrong]
    broken = [o for o in outcomes if o.broken]
    for outcome in outcomes:
        if outcome.wrong or outcome.broken:
            print(f"{outcome.dialogue}, turn {outcome.turn}: {outcome.say}")
            for line in (*outcome.wrong, *outcome.broken):
                print(f"    {line}")
    accuracy = 1 - len(wrong) / len(outcomes)
    dialogues = len({o.dialogue for o in outcomes})
    print(f"{name}: {dialogues} dialogues, {len(outcomes)} turns, accuracy {accuracy:.3f}, "
          f"{len(broken)} turns with a broken rule")  # fmt: skip
    return {"dialogues": dialogues, "turns": len(outcomes), "accuracy": accuracy,
            "broken": len(broken), "wrong": [vars(o) for o in (*wrong, *broken)]}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument(
        "--data", type=Path, default=Path("../shared/data"), help="folder of the books"
    )
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/dialogues.json"))
    arguments = parser.parse_args()
    results = {"films": _run_file(FILMS, "movies")}
    books = arguments.data / "books" / "books.csv.gz"
    if books.is_file():
        results["books"] = _run_file(BOOKS, str(books))
    else:
        print(f"books left out: no {books}")
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(results, indent=1), encoding="utf-8")
    print(f"written to {arguments.out}")


def _run_file(path: Path, catalog: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(catalog=catalog, model="none", store=Path(folder) / "store.db")
        recommender = Recommender(settings, progress=True)
        outcomes = list(run(recommender, load(path), progress=True))
        recommender.close()
    return report(path.stem, outcomes)


if __name__ == "__main__":
    main()
