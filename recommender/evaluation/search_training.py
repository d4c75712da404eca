"""Baselines of search that are trained: a two-tower model and a query-aware transformer.

Promises the same model for the same cases and seed. Words are hashed into a table, as DSSM
does with parts of words (Huang et al., 2013), so that no vocabulary has to be kept; an item is
its words, for the transformer its own vector besides. Without history there are two towers;
with it the query looks at the history through one layer of attention and stands for both, as
in TEM (Bi et al., arXiv 2005.08936). Neither reads word order.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional
from tqdm import tqdm

from recommender.evaluation.baselines import words_of
from recommender.evaluation.cases import Case, Question
from recommender.evaluation.leaks import words
from retrieval.catalog import Catalog

_BUCKETS = 1 << 14
_REMEMBERED = 20  # items of a history


@dataclass(frozen=True)
class SearchLearning:
    """Settings of the training; `negatives` are drawn evenly, once for each batch."""

    with_history: bool
    width: int = 64
    rate: float = 2e-3
    dropout: float = 0.2
    batch: int = 256
    epochs: int = 8
    negatives: int = 512
    seed: int = 0


class SearchNetwork(nn.Module):
    def __init__(self, catalog: Catalog, learning: SearchLearning) -> None:
        super().__init__()
        torch.manual_seed(learning.seed)
        width = learning.width
        self.learning, self.count = learning, len(catalog)
        self.told = nn.EmbeddingBag(_BUCKETS, width, mode="mean", padding_idx=0)
        self.query, self.item = nn.Linear(width, width), nn.Linear(width, width)
        self.drop = nn.Dropout(learning.dropout)
        self.texts = _padded([_buckets(catalog.brief(item)) for item in catalog.items])
        if learning.with_history:
            self.own = nn.Embedding(self.count + 1, width, padding_idx=self.count)
            nn.init.normal_(self.own.weight, std=0.05)
            self.places = nn.Parameter(torch.zeros(_REMEMBERED + 1, width))
            self.layer = nn.TransformerEncoderLayer(
                width, 2, 2 * width, learning.dropout, batch_first=True, norm_first=True
            )
        self.scale = nn.Parameter(torch.tensor(10.0))
        self.bias = nn.Parameter(torch.zeros(self.count))

    def items(self, places: torch.Tensor) -> torch.Tensor:
        """Vectors of items, (…, d)."""
        flat = places.reshape(-1)
        vectors = torch.tanh(self.item(self.drop(self.told(self.texts[flat]))))
        if self.learning.with_history:
            vectors = vectors + self.own(flat)
        return vectors.view(*places.shape, -1)

    def asked(self, texts: torch.Tensor, histories: torch.Tensor) -> torch.Tensor:
        """Vectors of queries, (n, d); `histories` (n, h) holds latest first, padded."""
        vectors = torch.tanh(self.query(self.drop(self.told(texts))))
        if not self.learning.with_history:
            return vectors
        real = histories < self.count
        past = self.items(histories.clamp(max=self.count - 1)) * real[..., None]
        both = torch.cat([vectors[:, None], past], dim=1) + self.places[: past.shape[1] + 1]
        padding = torch.cat([torch.zeros_like(real[:, :1]), ~real], dim=1)
        result: torch.Tensor = self.layer(both, src_key_padding_mask=padding)[:, 0]
        return result

    def match(self, queries: torch.Tensor, items: torch.Tensor) -> torch.Tensor:
        """Cosines on a learned scale; shapes must broadcast to (…, d)."""
        unit = functional.normalize(queries, dim=-1) * functional.normalize(items, dim=-1)
        return self.scale * unit.sum(-1)


class TrainedSearch:
    """A trained network as a scorer of cases."""

    def __init__(self, network: SearchNetwork, name: str) -> None:
        self.name = name
        self._network = network.eval()

    @torch.no_grad()
    def score(self, questions: Sequence[Question]) -> list[NDArray[np.floating[Any]]]:
        network = self._network
        queries = network.asked(*_read(questions, network.count))
        result: list[NDArray[np.floating[Any]]] = []
        for query, question in zip(queries, questions, strict=True):
            places = torch.from_numpy(question.candidates.astype(np.int64))
            scores = network.match(query, network.items(places)) + network.bias[places]
            result.append(scores.double().numpy())
        return result


def train_search(
    cases: Iterable[Case], catalog: Catalog, learning: SearchLearning, progress: bool = False
) -> SearchNetwork:
    """Train on cases, of which the right candidate alone is looked at."""
    found = list(cases)
    network = SearchNetwork(catalog, learning).train()
    rng = np.random.default_rng(learning.seed)
    optimizer = torch.optim.AdamW(network.parameters(), lr=learning.rate)
    texts, histories = _read([case.question for case in found], network.count)
    rights = torch.tensor([int(c.question.candidates[c.right]) for c in found])
    for _ in tqdm(range(learning.epochs), unit="epoch", disable=not progress, leave=False):
        order = torch.from_numpy(rng.permutation(len(found)))
        for part in order.split(learning.batch):
            loss = _loss(network, texts[part], histories[part], rights[part], rng)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return network


def _loss(
    network: SearchNetwork, texts: torch.Tensor, histories: torch.Tensor, rights: torch.Tensor,
    rng: np.random.Generator,
) -> torch.Tensor:  # fmt: skip
    queries = network.asked(texts, histories)
    many = min(network.learning.negatives, network.count)
    drawn = torch.from_numpy(rng.choice(network.count, many, replace=False))
    unit = functional.normalize(network.items(drawn), dim=-1)
    others = network.scale * functional.normalize(queries, dim=-1) @ unit.T + network.bias[drawn]
    others = others.masked_fill(drawn[None] == rights[:, None], -1e9)
    own = network.match(queries, network.items(rights)) + network.bias[rights]
    return (torch.logsumexp(torch.cat([own[:, None], others], dim=1), dim=1) - own).mean()


def _read(questions: Sequence[Question], padding: int) -> tuple[torch.Tensor, torch.Tensor]:
    texts = _padded([_buckets(words_of(q)) for q in questions])
    histories = np.full((len(questions), _REMEMBERED), padding, dtype=np.int64)
    for row, question in enumerate(questions):
        last = question.history[::-1][:_REMEMBERED]
        histories[row, : len(last)] = last
    return texts, torch.from_numpy(histories)


def _buckets(text: str) -> list[int]:
    # crc32 is the same in every process, unlike Python's own hash; 0 pads.
    return [1 + zlib.crc32(word.encode()) % (_BUCKETS - 1) for word in words(text)]


def _padded(rows: Sequence[Sequence[int]]) -> torch.Tensor:
    longest = max((len(row) for row in rows), default=0) or 1
    table = np.zeros((len(rows), longest), dtype=np.int64)
    for number, row in enumerate(rows):
        table[number, : len(row)] = row
    return torch.from_numpy(table)
