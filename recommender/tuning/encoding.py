"""From a file of examples to what a run reads: tokens, by the way in which scores are asked.

Promises: the tokens are those that serving reads for the same text; a line that can't be
used stops with its number; validation examples are never trained on. The whole file's
tokens are held in memory, its text only for validation.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from tqdm import tqdm

from prompts.templates import Strategy, Templates
from recommender.adapter_card import EXPLAINING, RANKING, file_checksum
from recommender.language_model import HuggingFaceModel
from recommender.tuning.batches import Encoded
from recommender.tuning.examples import TRAIN, Example, ExampleError, read_examples
from recommender.tuning.options import TuningError, TuningOptions

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_AHEAD = 2000  # examples whose texts are read together
_KEPT = 500_000  # blocks whose tokens are kept
BLOCK_END = "? Answer:"  # what closes a block; the other ways to ask need the item alone


@dataclass(frozen=True)
class Sets:
    """What a run learns from and what it is judged by."""

    train: tuple[Encoded, ...]
    validation: tuple[tuple[Example, Encoded], ...]
    checksum: str  # of the file of examples
    explains: bool  # whether reasons are among what is learned
    templates: tuple[str, ...]  # ids of those that the examples to learn from are worded by

    def serves(self) -> tuple[str, ...]:
        """What an adapter that learned this is good for, until measured otherwise."""
        scored = any(example.blocks for example in self.train)
        learned = ((RANKING,) if scored else ()) + ((EXPLAINING,) if self.explains else ())
        return learned or (RANKING,)

    def pairs(self) -> tuple[Encoded, ...]:
        """All that is learned from or judged by."""
        return (*self.train, *(encoded for _, encoded in self.validation))

    def beside(self, reference: Mapping[str, float]) -> Sets:
        """The same, each pair with its margin by the reference, by id."""
        return replace(
            self,
            train=tuple(replace(e, reference=reference[e.id]) for e in self.train),
            validation=tuple(
                (example, replace(e, reference=reference[e.id])) for example, e in self.validation
            ),
        )


def read_sets(options: TuningOptions, model: HuggingFaceModel, end: int | None) -> Sets:
    """Read a file of examples; `end` is the token that ends a written target.

    Raises `TuningError` where a line can't be used or nothing is left to learn from.
    """
    train: list[Encoded] = []
    validation: list[tuple[Example, Encoded]] = []
    templates: set[str] = set()
    explains, known = False, Templates.load().by_id
    reader = TokenReader(model)
    for example in reader.ahead(_read(options.instructions), options.scoring):
        if options.objective == "dpo" and sorted(example.labels) != [0, 1]:
            raise TuningError(
                f"{options.instructions}: example {example.id} has {len(example.blocks)} blocks; "
                f"objective dpo learns from pairs, which `annotate export --pairs` writes"
            )
        encoded = encode(example, reader, options.scoring, end)
        if encoded is None:
            continue
        if not example.scored:  # of one's own templates nothing is known but that they write
            own = known.get(example.template)
            explains = explains or own is None or own.strategy is Strategy.EXPLAIN
        encoded = encoded.cut(options.length)
        if example.split == TRAIN:
            train.append(encoded)
            templates.add(example.template)
        elif len(validation) < options.validation:
            validation.append((example, encoded))
    if not train:
        raise TuningError(
            f"{options.instructions}: no example with split {TRAIN!r} that scoring "
            f"{options.scoring!r} can learn from; `instructions make` writes some"
        )
    digest = file_checksum(options.instructions)
    return Sets(tuple(train), tuple(validation), digest, explains, tuple(sorted(templates)))


class TokenReader:
    """The tokens of texts, many at once: the library reads a list on all cores, a text on one.

    Items recur from example to example, so their tokens are kept, at most `_KEPT` of them.
    """

    def __init__(self, model: HuggingFaceModel) -> None:
        self._model = model
        self._starts: dict[str, tuple[int, ...]] = {}  # of the examples just ahead
        self._blocks: dict[str, tuple[int, ...]] = {}

    def ahead(self, examples: Iterable[Example], scoring: str) -> Iterator[Example]:
        """The same examples, whose texts have been read by the time they come."""
        waiting = iter(examples)
        while chunk := list(islice(waiting, _AHEAD)):
            texts = [asked(example, scoring) for example in chunk if example.scored]
            starts = list(dict.fromkeys(prefix for prefix, _ in texts))
            self._starts = self._read(starts, start=True)
            if len(self._blocks) > _KEPT:
                self._blocks.clear()
            new = dict.fromkeys(block for _, blocks in texts for block in blocks)
            self._blocks |= self._read([b for b in new if b not in self._blocks], start=False)
            yield from chunk

    def tokens(self, text: str, *, start: bool) -> tuple[int, ...]:
        found = (self._starts if start else self._blocks).get(text)
        return tuple(self._model.tokens(text, start=start)) if found is None else found

    def prompt_tokens(self, messages: Sequence[tuple[str, str]]) -> tuple[int, ...]:
        return tuple(self._model.prompt_tokens(messages))

    def _read(self, texts: Sequence[str], *, start: bool) -> dict[str, tuple[int, ...]]:
        read = self._model.tokens_of_each(texts, start=start)
        return dict(zip(texts, map(tuple, read), strict=True))


def encode(
    example: Example, model: HuggingFaceModel | TokenReader, scoring: str, end: int | None
) -> Encoded | None:
    """An example in tokens, or None where this way of scoring can't learn from it."""
    if not example.scored:
        prompt = tuple(model.prompt_tokens([("user", example.prefix)]))
        written = tuple(model.tokens(example.target, start=False))
        return Encoded(example.id, prompt, target=written + (() if end is None else (end,)))
    if scoring != "block" and not any(example.labels):
        return None  # "no" can't be said by a title or a letter
    text, blocks = asked(example, scoring)
    prefix = tuple(model.tokens(text, start=True))
    tokens = [tuple(model.tokens(block, start=False)) for block in blocks]
    if scoring == "block":
        return Encoded(example.id, prefix, tuple(tokens), example.labels)
    place = example.best
    return Encoded(example.id, prefix, target=tokens[place]) if place < len(tokens) else None


def asked(example: Example, scoring: str) -> tuple[str, list[str]]:
    """What is read first and what stands for each candidate, as ranking words it."""
    if scoring == "block":
        return example.prefix, list(example.blocks)
    items = [block.removesuffix(BLOCK_END) for block in example.blocks]
    if scoring == "likelihood":
        noun = example.prefix.rpartition(" the ")[2]  # a question ends with the noun
        return f"{example.prefix} in question?\nAnswer: the {noun}", items
    items = items[: len(_LETTERS)]
    lines = "\n".join(f"{_LETTERS[n]}.{item}" for n, item in enumerate(items))
    letters = [f" {_LETTERS[n]}" for n in range(len(items))]
    return f"{example.prefix} on this list?\n{lines}\nThe best letter is:", letters


def _read(path: Path) -> Iterator[Example]:
    try:
        yield from tqdm(read_examples(path), desc="examples", unit="", leave=False)
    except ExampleError as error:
        raise TuningError(str(error)) from error
