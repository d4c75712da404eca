"""Examples as tensors: tokens, packed blocks, batches in an order that can be taken up again.

Promises: a scored example becomes one sequence in which the prefix stands once and every
block restarts at the prefix's end, with a mask by which a block sees the prefix and itself;
the order of batches depends on seed and epoch alone, so that a place in it is a number. It
does not touch a model and holds no vocabulary-wide tensor.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, chain
from typing import Any

import torch

_WINDOW = 16  # batches whose examples are sorted by length together; padding costs time
_IGNORED = -100  # the label that cross-entropy skips


@dataclass(frozen=True)
class Encoded:
    """An example in tokens; either blocks with labels, or one target.

    `reference` is, of a pair, the margin of the fitting block before anything was learned.
    """

    id: str
    prefix: tuple[int, ...]
    blocks: tuple[tuple[int, ...], ...] = ()
    labels: tuple[int, ...] = ()
    target: tuple[int, ...] = ()
    reference: float = 0.0

    @property
    def length(self) -> int:
        return len(self.prefix) + sum(map(len, self.blocks)) + len(self.target)

    def cut(self, limit: int) -> Encoded:
        """At most `limit` tokens: the prefix loses its beginning, then negatives go.

        The question ends a prefix and the newest of a history stands last, so the beginning
        is what can best be missed.
        """
        if self.length <= limit:
            return self
        if self.target:
            target = self.target[: limit // 2]
            return Encoded(self.id, self.prefix[-(limit - len(target)) :], target=target)
        pairs = list(zip(self.blocks, self.labels, strict=True))
        while len(pairs) > 1 and sum(len(block) for block, _ in pairs) > limit // 2:
            # The last of those that fit worst.
            least = min(label for _, label in pairs)
            pairs.remove(next(pair for pair in reversed(pairs) if pair[1] == least))
        pairs = [(block[-(limit // 2) :], label) for block, label in pairs]
        room = limit - sum(len(block) for block, _ in pairs)
        kept, labels = zip(*pairs, strict=True)
        return Encoded(self.id, self.prefix[-room:], kept, labels)


@dataclass(frozen=True)
class ScoredBatch:
    """Examples of several blocks, each example one row."""

    ids: torch.Tensor  # (n, t)
    positions: torch.Tensor  # (n, t), each block from the prefix's end
    owner: torch.Tensor  # (n, t): 0 in the prefix, 1… in a block, -1 in the padding
    ends: torch.Tensor  # (n, k), place of each block's last token
    labels: torch.Tensor  # (n, k), 0 where a block does not fit, else its grade
    real: torch.Tensor  # (n, k), False where an example has fewer blocks
    reference: torch.Tensor  # (n,), margins before anything was learned
    examples: int
    tokens: int

    def mask(self, dtype: torch.dtype) -> torch.Tensor:
        """What each token sees, as numbers to add to the attention; shape (n, 1, t, t)."""
        place = torch.arange(self.ids.shape[1], device=self.ids.device)
        mine = self.owner[:, :, None] == self.owner[:, None, :]
        shared = self.owner[:, None, :] == 0
        sees = (mine | shared) & (place[:, None] >= place[None, :])
        hidden = torch.finfo(dtype).min
        return torch.zeros_like(sees, dtype=dtype).masked_fill(~sees, hidden)[:, None]

    def to(self, device: Any) -> ScoredBatch:
        moved: dict[str, Any] = {
            n: v.to(device) for n, v in vars(self).items() if isinstance(v, torch.Tensor)
        }
        return replace(self, **moved)


@dataclass(frozen=True)
class WrittenBatch:
    """Prompts, each with what should follow; -100 in `labels` where nothing is asked."""

    ids: torch.Tensor  # (n, t); for an encoder–decoder the prompts alone
    real: torch.Tensor  # (n, t), 0 in the padding
    labels: torch.Tensor  # (n, t); for an encoder–decoder the targets alone
    examples: int
    tokens: int

    def to(self, device: Any) -> WrittenBatch:
        moved: dict[str, Any] = {
            n: v.to(device) for n, v in vars(self).items() if isinstance(v, torch.Tensor)
        }
        return replace(self, **moved)


def pack(examples: Sequence[Encoded], multiple: int = 1) -> ScoredBatch:
    """Scored examples as one batch; the length is padded to a multiple, for static shapes."""
    longest = max(example.length for example in examples)
    width = -(-longest // multiple) * multiple
    count = max(len(example.blocks) for example in examples)
    ids = torch.zeros((len(examples), width), dtype=torch.long)
    positions, owner = torch.zeros_like(ids), torch.full_like(ids, -1)
    ends = torch.zeros((len(examples), count), dtype=torch.long)
    labels = torch.zeros((len(examples), count))
    real = torch.zeros((len(examples), count), dtype=torch.bool)
    for row, example in enumerate(examples):
        lengths = list(map(len, (example.prefix, *example.blocks)))
        used = sum(lengths)
        places, owners = list(range(lengths[0])), [0] * lengths[0]
        for number, length in enumerate(lengths[1:], start=1):
            places += range(lengths[0], lengths[0] + length)
            owners += [number] * length
        # One tensor a row: of each block its own would take longer than a step on a GPU.
        ids[row, :used] = torch.tensor([*example.prefix, *chain(*example.blocks)])
        positions[row, :used], owner[row, :used] = torch.tensor([places, owners])
        stops = list(accumulate(lengths))[1:]
        ends[row, : len(stops)] = torch.tensor(stops, dtype=torch.long) - 1
        labels[row, : len(example.labels)] = torch.tensor(example.labels).float()
        real[row, : len(example.labels)] = True
    tokens = sum(example.length for example in examples)
    reference = torch.tensor([example.reference for example in examples])
    return ScoredBatch(ids, positions, owner, ends, labels, real, reference, len(examples), tokens)


def join(
    examples: Sequence[Encoded], *, encoder_decoder: bool = False, multiple: int = 1
) -> WrittenBatch:
    """Written examples as one batch."""
    rows = [e.prefix if encoder_decoder else e.prefix + e.target for e in examples]
    asked = [
        e.target if encoder_decoder else (_IGNORED,) * len(e.prefix) + e.target for e in examples
    ]
    ids = _padded(rows, 0, multiple)
    real = _padded([(1,) * len(row) for row in rows], 0, multiple)
    tokens = sum(example.length for example in examples)
    return WrittenBatch(ids, real, _padded(asked, _IGNORED, multiple), len(examples), tokens)


def _padded(rows: Sequence[Sequence[int]], filler: int, multiple: int) -> torch.Tensor:
    width = -(-max(map(len, rows)) // multiple) * multiple
    return torch.tensor([[*row, *[filler] * (width - len(row))] for row in rows])


def epoch_order(
    examples: Sequence[Encoded], size: int, seed: int, epoch: int
) -> list[list[Encoded]]:
    """One epoch as batches of one kind each, in an order that seed and epoch decide."""
    shuffled = list(examples)
    chance = random.Random(f"{seed}/{epoch}")
    chance.shuffle(shuffled)
    batches: list[list[Encoded]] = []
    for start in range(0, len(shuffled), size * _WINDOW):
        window = sorted(shuffled[start : start + size * _WINDOW], key=lambda e: e.length)
        for kind in (
            [e for e in window if e.blocks],
            [e for e in window if not e.blocks],
        ):
            batches += [kind[at : at + size] for at in range(0, len(kind), size)]
    chance.shuffle(batches)
    return batches


def endless(
    examples: Sequence[Encoded], size: int, seed: int, skip: int = 0
) -> Iterator[list[Encoded]]:
    """Batch after batch, epoch after epoch, from the batch with number `skip` on."""
    epoch = 0
    while True:
        batches = epoch_order(examples, size, seed, epoch)
        yield from batches[skip:]
        skip, epoch = max(0, skip - len(batches)), epoch + 1
