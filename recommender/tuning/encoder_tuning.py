"""Tuning the encoder of the retriever by a LoRA adapter on pairs of query and item.

Promises: a query is drawn to the item that fits, away from the items of the other pairs in
its batch and from those that were shown beside it; the kept state ranks validation pairs
best; the checkpoint is what `--encoder checkpoints/NAME` loads. It builds no index.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from prompts.templates import Templates
from recommender.adapter_card import Figure, file_checksum, write_card
from recommender.evaluation.metrics import first_hit, gain, standing
from recommender.tuning.adapter import Masters
from recommender.tuning.checkpoints import encoder_checksum, make_card, save_encoder_adapter
from recommender.tuning.examples import TRAIN, ExampleError, read_examples
from recommender.tuning.loop import Loop, check_folder
from recommender.tuning.options import TuningError, TuningOptions
from recommender.tuning.pairs import Pair, make_pairs
from recommender.tuning.validation import Figures, listwise
from retrieval.catalog import load_catalog
from retrieval.encoder import load_sentence_transformer

_SHARPNESS = 20.0  # a cosine times this is a logit, as in the library's own losses


def read_pairs(options: TuningOptions) -> tuple[list[Pair], list[Pair]]:
    """Pairs to learn from and to be judged by. Raises `TuningError`."""
    texts: dict[str, str] = {}
    if options.catalog:
        catalog = load_catalog(options.catalog)
        texts = {item.id: catalog.describe(item) for item in catalog.items}
    try:
        found = list(make_pairs(read_examples(options.instructions), Templates.load(), texts))
    except ExampleError as error:
        raise TuningError(str(error)) from error
    train = [pair for pair in found if pair.split == TRAIN]
    if not train:
        raise TuningError(
            f"{options.instructions}: no scored example whose words or history can be told from "
            f"its template; make the file again by `instructions make`"
        )
    held_out = [pair for pair in found if pair.split != TRAIN]
    return train, held_out[: options.validation]


class EncoderRun:
    """A run under way: the encoder with its adapter, the pairs, and the loop over both."""

    def __init__(self, options: TuningOptions) -> None:
        from peft import LoraConfig

        self.options = options
        torch.manual_seed(options.seed)
        self.model = load_sentence_transformer(options.encoder, None)
        self.model.max_seq_length = min(self.model.max_seq_length or 512, options.length)
        self.base_checksum = encoder_checksum(self.model)
        # The kind of task keeps the library from wrapping it as a classifier or the like.
        self.model.add_adapter(
            LoraConfig(r=options.rank, lora_alpha=2 * options.rank, lora_dropout=options.dropout,
                       target_modules="all-linear", task_type="FEATURE_EXTRACTION")
        )  # fmt: skip
        for name, parameter in self.model.named_parameters():
            parameter.requires_grad = "lora_" in name
        self.train, self.held_out = read_pairs(options)
        self.masters = Masters(self.model, options)
        self.loop = Loop(
            options, self.masters, file_checksum(options.instructions), len(self.train)
        )
        self._batches = self._from_here()

    def learn(self) -> tuple[float, int]:
        self.model.train()
        loss, tokens = 0.0, 0
        for _ in range(self.options.accumulate):
            pairs = next(self._batches)
            queries, read = self._vectors([pair.query for pair in pairs])
            texts = [p.fitting for p in pairs] + [text for p in pairs for text in p.others]
            items, more = self._vectors(texts)
            part = batch_loss(queries, items, texts) / self.options.accumulate
            part.backward()  # type: ignore[no-untyped-call]
            self.masters.gather()
            loss, tokens = loss + float(part.detach()), tokens + read + more
        return loss, tokens

    def validate(self) -> Figures | None:
        """Each held-out query among the items of all held-out pairs."""
        if not self.held_out:
            return None
        self.model.eval()
        texts = sorted({text for p in self.held_out for text in (p.fitting, *p.others)})
        place = {text: n for n, text in enumerate(texts)}
        queries = self._encoded([pair.query for pair in self.held_out])
        cosines = queries @ self._encoded(texts).T  # (pairs, texts)
        own = [place[pair.fitting] for pair in self.held_out]
        scored = [(row * _SHARPNESS, n) for row, n in zip(cosines, own, strict=True)]
        stands = [standing(row, n) for row, n in scored]
        losses = [listwise(row, [int(k == n) for k in range(len(row))]) for row, n in scored]
        return Figures(
            hit_rate=float(np.mean([first_hit(one) for one in stands])),
            ndcg=float(np.mean([gain(one) for one in stands])),
            loss=float(np.mean(losses)), examples=len(stands),
        )  # fmt: skip

    def _encoded(self, texts: Sequence[str]) -> Any:
        vectors = self.model.encode(
            list(texts), normalize_embeddings=True, show_progress_bar=False, batch_size=64
        )
        return np.asarray(vectors, dtype=np.float64)

    def _vectors(self, texts: Sequence[str]) -> tuple[torch.Tensor, int]:
        """Unit vectors with their gradients, shape (n, d), and the number of tokens."""
        features = self.model.preprocess(list(texts))
        features = {
            name: value.to(self.model.device) if isinstance(value, torch.Tensor) else value
            for name, value in features.items()
        }
        vectors = self.model(features)["sentence_embedding"]
        return functional.normalize(vectors, dim=1), int(features["attention_mask"].sum())

    def _from_here(self) -> Iterator[list[Pair]]:
        """Batches in an order that seed and epoch decide, from where the run stands."""
        size = self.options.batch
        skip = self.loop.place.step * self.options.accumulate
        for epoch in itertools.count():
            order = list(self.train)
            random.Random(f"{self.options.seed}/{epoch}").shuffle(order)
            batches = [order[at : at + size] for at in range(0, len(order), size)]
            yield from batches[skip:]
            skip = max(0, skip - len(batches))


def batch_loss(queries: torch.Tensor, items: torch.Tensor, texts: Sequence[str]) -> torch.Tensor:
    """Softmax of each query over all items of the batch, the one at its own place fitting.

    An item that fits two queries of a batch is no negative of the other.
    """
    logits = queries @ items.T * _SHARPNESS  # (n, items)
    same = torch.tensor(
        [[n != m and texts[n] == texts[m] for m in range(len(texts))] for n in range(len(queries))],
        device=logits.device,
    )
    own = torch.arange(len(queries), device=logits.device)
    return functional.cross_entropy(logits.masked_fill(same, float("-inf")), own)


def tune_encoder(options: TuningOptions, command: str = "") -> Path:
    """Run to the end and write the checkpoint; gives its folder. Raises `TuningError`."""
    check_folder(options)
    run = EncoderRun(options)
    before = run.validate()
    run.loop.go(run.learn, run.validate)
    save_encoder_adapter(run.model, options.out, options.encoder)
    untuned = (
        (Figure("validation ndcg before", before.ndcg, command),) if before and before.ndcg else ()
    )
    card = make_card(
        options, options.encoder, run.base_checksum, file_checksum(options.instructions),
        ("retrieval",), run.loop.facts(), (*untuned, *run.loop.figures(command)),
    )  # fmt: skip
    write_card(options.out, card)
    run.loop.forget_place()
    return options.out
