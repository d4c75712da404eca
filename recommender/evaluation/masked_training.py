"""BERT4Rec: a sequence model that sees both ways and fills in items that were hidden.

Promises the same model for the same sequences and seed. Some items of each sequence are
hidden, every other time only the last, and the model says which they were (Sun et al.,
arXiv 1904.06690); asked what comes next, it fills in a hidden item after the history. Only
its training differs from what `sequence_training.py` does; the app has no use for it, so it
answers by torch.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional
from tqdm import tqdm

from recommender.evaluation.cases import Question
from recommender.evaluation.data import Places
from recommender.evaluation.sequence_training import batches


@dataclass(frozen=True)
class MaskedLearning:
    """Settings of the training; `hidden` is the share of items that are hidden."""

    width: int = 64
    layers: int = 2
    heads: int = 2
    longest: int = 50
    hidden: float = 0.3
    dropout: float = 0.2
    rate: float = 1e-3
    batch: int = 256
    epochs: int = 20
    negatives: int = 512
    seed: int = 0


class MaskedNetwork(nn.Module):
    """Item `count` pads, item `count + 1` hides. Places count from the end, 0 the latest."""

    def __init__(self, count: int, learning: MaskedLearning) -> None:
        super().__init__()
        torch.manual_seed(learning.seed)
        width = learning.width
        self.count, self.learning = count, learning
        self.items = nn.Embedding(count + 2, width, padding_idx=count)
        self.places = nn.Embedding(learning.longest + 1, width)
        for table in (self.items, self.places):
            nn.init.normal_(table.weight, std=0.02)
        self.bias = nn.Parameter(torch.zeros(count))
        layer = nn.TransformerEncoderLayer(
            width, learning.heads, 4 * width, learning.dropout, "gelu",
            batch_first=True, norm_first=True,
        )  # fmt: skip
        self.layers = nn.TransformerEncoder(
            layer, learning.layers, nn.LayerNorm(width), enable_nested_tensor=False
        )
        self.drop = nn.Dropout(learning.dropout)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        real = ids != self.count
        ages = (real.sum(dim=1, keepdim=True) - 1 - torch.arange(ids.shape[1])).clamp(min=0)
        x = self.items(ids) * math.sqrt(self.learning.width) + self.places(ages)
        result: torch.Tensor = self.layers(self.drop(x), src_key_padding_mask=~real)
        return result


class MaskedScorer:
    """A trained network as a scorer of cases."""

    name = "bert4rec"

    def __init__(self, network: MaskedNetwork) -> None:
        self._network = network.eval()

    @torch.no_grad()
    def score(self, questions: Sequence[Question]) -> list[NDArray[np.floating[Any]]]:
        network = self._network
        cut = [q.history[-network.learning.longest :] for q in questions]
        longest = max((len(history) for history in cut), default=0) + 1
        ids = np.full((len(cut), longest), network.count, dtype=np.int64)
        for row, history in enumerate(cut):
            ids[row, : len(history)] = history
            ids[row, len(history)] = network.count + 1
        ends = torch.tensor([len(history) for history in cut])
        states = network(torch.from_numpy(ids))[torch.arange(len(cut)), ends]
        result: list[NDArray[np.floating[Any]]] = []
        for state, question in zip(states, questions, strict=True):
            places = torch.from_numpy(question.candidates.astype(np.int64))
            scores = network.items(places) @ state + network.bias[places]
            result.append(scores.double().numpy())
        return result


def train_masked(
    sequences: Sequence[Places], count: int, learning: MaskedLearning, progress: bool = False
) -> MaskedNetwork:
    """Train on sequences of places in a catalog of `count` items."""
    network = MaskedNetwork(count, learning).train()
    rng = np.random.default_rng(learning.seed)
    optimizer = torch.optim.AdamW(network.parameters(), lr=learning.rate)
    useful = [s[-learning.longest :] for s in sequences if len(s) > 1]
    steps = learning.epochs * math.ceil(len(useful) / learning.batch)
    slower = torch.optim.lr_scheduler.OneCycleLR(optimizer, learning.rate, total_steps=steps + 1)
    for _ in tqdm(range(learning.epochs), unit="epoch", disable=not progress, leave=False):
        for ids in batches(useful, learning.batch, count, rng):
            loss = _loss(network, ids, rng)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            slower.step()
    return network


def _loss(network: MaskedNetwork, ids: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
    real = ids != network.count
    last = torch.arange(ids.shape[1])[None] == real.sum(dim=1, keepdim=True) - 1
    some = torch.from_numpy(rng.random(ids.shape) < network.learning.hidden) & real
    # As it will be asked: the last alone. Otherwise at least the last, so that none is idle.
    alone = torch.from_numpy(rng.random((len(ids), 1)) < 0.5)
    hidden = torch.where(alone, last, some | (last & ~some.any(dim=1, keepdim=True)))
    states = network(ids.masked_fill(hidden, network.count + 1))[hidden]  # (m, d)
    targets = ids[hidden]
    many = min(network.learning.negatives, network.count)
    drawn = torch.from_numpy(rng.choice(network.count, many, replace=False))
    others = states @ network.items(drawn).T + network.bias[drawn]
    others = others.masked_fill(drawn[None] == targets[:, None], -1e9)
    others = others + math.log(max(network.count - 1, 1) / many)
    own = (states * network.items(targets)).sum(-1) + network.bias[targets]
    together = torch.cat([own[:, None], others], dim=1)
    return functional.cross_entropy(together, torch.zeros_like(targets))
