"""Training of the sequence model that `retrieval/sequential.py` answers with.

Promises the same weights for the same sequences, settings and seed, stopping when the items
kept back for validation are no longer met better. Each place of a sequence predicts the next
item, by cross-entropy against the whole catalog. With `texts` an item's vector is its own
plus a projection of its text's vector, so that rare items lean on their titles; what is
exported holds the sum, and needs no texts.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional
from tqdm import tqdm

from recommender.evaluation.data import Places
from retrieval.sequential import SequentialModel

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SequenceLearning:
    """Settings of the training. `negatives` of 0 means the whole catalog in each step."""

    width: int = 64
    layers: int = 2
    heads: int = 2
    longest: int = 50  # items
    dropout: float = 0.3
    rate: float = 1e-3
    decay: float = 0.01
    batch: int = 256  # users
    epochs: int = 30
    patience: int = 3  # epochs without a gain
    negatives: int = 0
    seed: int = 0


class _Layer(nn.Module):
    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.before, self.between = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.drop = nn.Dropout(dropout)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        count, length, width = x.shape
        joined = self.qkv(self.before(x)).view(count, length, 3, self.heads, -1)
        query, key, value = joined.permute(2, 0, 3, 1, 4)  # (n, heads, l, d/h)
        mixed = functional.scaled_dot_product_attention(query, key, value, is_causal=True)
        x = x + self.drop(self.out(mixed.transpose(1, 2).reshape(count, length, width)))
        inner = functional.gelu(self.up(self.between(x)), approximate="tanh")
        return x + self.drop(self.down(inner))


class SequenceNetwork(nn.Module):
    """The model while it is trained; item `count` pads."""

    def __init__(
        self, count: int, learning: SequenceLearning, texts: NDArray[np.float32] | None
    ) -> None:
        super().__init__()
        self.count, self.learning = count, learning
        self.items = nn.Embedding(count + 1, learning.width, padding_idx=count)
        self.places = nn.Embedding(learning.longest, learning.width)
        for table in (self.items, self.places):
            nn.init.normal_(table.weight, std=0.02)
        self.bias = nn.Parameter(torch.zeros(count))
        self.layers = nn.ModuleList(
            _Layer(learning.width, learning.heads, learning.dropout) for _ in range(learning.layers)
        )
        self.after = nn.LayerNorm(learning.width)
        self.drop = nn.Dropout(learning.dropout)
        self.texts: torch.Tensor | None = None
        if texts is not None:
            self.texts = torch.from_numpy(np.vstack([texts, np.zeros_like(texts[:1])]))
            self.reading = nn.Linear(texts.shape[1], learning.width, bias=False)
            nn.init.normal_(self.reading.weight, std=0.02)

    def table(self) -> torch.Tensor:
        """The vectors of all items and of the padding, (count + 1, d)."""
        weight: torch.Tensor = self.items.weight
        return weight if self.texts is None else weight + self.reading(self.texts)

    def forward(self, ids: torch.Tensor, table: torch.Tensor) -> torch.Tensor:
        x = functional.embedding(ids, table) * math.sqrt(self.learning.width)
        x = self.drop(x + self.places.weight[: ids.shape[1]])
        for layer in self.layers:
            x = layer(x)
        result: torch.Tensor = self.after(x)
        return result

    @torch.no_grad()
    def export(self, manifest: dict[str, Any]) -> SequentialModel:
        """The weights for `retrieval/sequential.py`, which multiplies from the right."""
        weights = {
            "items": self.table(), "bias": self.bias, "places": self.places.weight,
            "after.scale": self.after.weight, "after.shift": self.after.bias,
        }  # fmt: skip
        for number, layer in enumerate(self.layers):
            for name in ("qkv", "out", "up", "down"):
                linear = getattr(layer, name)
                weights[f"{number}.{name}"] = linear.weight.T
                weights[f"{number}.{name}_bias"] = linear.bias
            for name in ("before", "between"):
                norm = getattr(layer, name)
                weights[f"{number}.{name}.scale"] = norm.weight
                weights[f"{number}.{name}.shift"] = norm.bias
        arrays = {k: np.ascontiguousarray(v.detach().numpy()) for k, v in weights.items()}
        return SequentialModel(arrays, {**asdict(self.learning), **manifest})


def train_sequential(
    sequences: Sequence[Places],
    count: int,
    learning: SequenceLearning,
    judge: Callable[[SequentialModel], float] | None = None,
    texts: NDArray[np.float32] | None = None,
    progress: bool = False,
) -> SequentialModel:
    """Train on sequences of places in a catalog of `count` items.

    `judge` says how good a model is, higher is better; the best epoch's is returned. Without
    it all epochs are run and the last is returned.
    """
    torch.manual_seed(learning.seed)
    rng = np.random.default_rng(learning.seed)
    network = SequenceNetwork(count, learning, texts)
    optimizer = torch.optim.AdamW(
        network.parameters(), lr=learning.rate, weight_decay=learning.decay
    )
    useful = [s[-learning.longest - 1 :] for s in sequences if len(s) > 1]
    best: tuple[float, SequentialModel] | None = None
    waited, started = 0, time.perf_counter()
    for epoch in range(1, learning.epochs + 1):
        loss = _epoch(network, optimizer, useful, rng, progress)
        seconds = time.perf_counter() - started
        manifest = {"epoch": epoch, "train_s": round(seconds, 1), "items": count}
        model = network.eval().export(manifest)
        if judge is None:
            best = (0.0, model)
            continue
        value = judge(model)
        log.info("epoch %d: loss %.4f, validation %.4f, %.0f s", epoch, loss, value, seconds)
        if best is None or value > best[0]:
            best, waited = (value, model), 0
        else:
            waited += 1
            if waited >= learning.patience:
                break
    if best is None:
        raise ValueError("epochs must be at least 1")
    return best[1]


def _epoch(
    network: SequenceNetwork, optimizer: torch.optim.Optimizer, sequences: list[Places],
    rng: np.random.Generator, progress: bool,
) -> float:  # fmt: skip
    network.train()
    order = list(batches(sequences, network.learning.batch, network.count, rng))
    total, seen = 0.0, 0
    for ids in tqdm(order, unit="batch", disable=not progress, leave=False):
        inputs, targets = ids[:, :-1], ids[:, 1:]
        table = network.table()
        real = targets != network.count
        states = network(inputs, table)[real]  # (m, d)
        loss = _loss(network, states, targets[real], table, rng)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        total, seen = total + float(loss.detach()) * len(states), seen + len(states)
    return total / max(seen, 1)


def _loss(
    network: SequenceNetwork, states: torch.Tensor, targets: torch.Tensor, table: torch.Tensor,
    rng: np.random.Generator,
) -> torch.Tensor:  # fmt: skip
    many = network.learning.negatives
    if not many or many >= network.count:
        return functional.cross_entropy(states @ table[:-1].T + network.bias, targets)
    # Drawn evenly, as the tasks' random negatives are; one draw serves the whole batch.
    drawn = torch.from_numpy(rng.choice(network.count, many, replace=False))
    others = states @ table[drawn].T + network.bias[drawn]  # (m, many)
    others = others.masked_fill(drawn[None] == targets[:, None], -1e9)
    own = (states * table[targets]).sum(-1) + network.bias[targets]
    # The drawn ones stand for the whole catalog, hence the correction of their weight.
    others = others + math.log((network.count - 1) / many)
    return (torch.logsumexp(torch.cat([own[:, None], others], dim=1), dim=1) - own).mean()


def batches(
    sequences: list[Places], size: int, padding: int, rng: np.random.Generator
) -> Iterator[torch.Tensor]:
    """Shuffled batches of sequences of like length, (users, longest), padded at the end."""
    order = rng.permutation(len(sequences))
    lengths = np.array([len(s) for s in sequences])
    pool = size * 20
    found = []
    for start in range(0, len(order), pool):
        part = order[start : start + pool]
        part = part[np.argsort(lengths[part], kind="stable")]
        found += [part[n : n + size] for n in range(0, len(part), size)]
    for number in rng.permutation(len(found)):
        chosen = [sequences[n] for n in found[number]]
        longest = max(len(s) for s in chosen)
        ids = np.full((len(chosen), longest), padding, dtype=np.int64)
        for row, sequence in enumerate(chosen):
            ids[row, : len(sequence)] = sequence
        yield torch.from_numpy(ids)
