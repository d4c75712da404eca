"""Several blocks that fit, by grade: the loss, the figures and what is cut first."""

from __future__ import annotations

from math import log, log2
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from safetensors.torch import load_file  # noqa: E402

from recommender.tuning.batches import Encoded  # noqa: E402
from recommender.tuning.losses import block_loss  # noqa: E402
from recommender.tuning.trainer import tune  # noqa: E402
from recommender.tuning.validation import graded, listwise  # noqa: E402


def loss_of(scores: list[float], labels: list[float]) -> float:
    real = torch.ones(1, len(scores), dtype=torch.bool)
    return float(block_loss(torch.tensor([scores]), torch.tensor([labels]), real))


def test_the_target_is_in_proportion_to_the_gains() -> None:
    # Gains of 3 and 1 and 0: shares of three quarters and one quarter.
    by_hand = log(2 + 3 + 1) - 0.75 * log(2) - 0.25 * log(3)
    assert loss_of([log(2), log(3), 0.0], [2.0, 1.0, 0.0]) == pytest.approx(by_hand)
    assert listwise(np.array([log(2), log(3), 0.0]), [2, 1, 0]) == pytest.approx(by_hand)


def test_one_that_fits_is_plain_cross_entropy() -> None:
    assert loss_of([log(2), 0.0, 0.0], [0.0, 1.0, 0.0]) == pytest.approx(log(4))


def test_padding_takes_no_share() -> None:
    real = torch.tensor([[True, True, False]])
    scores, labels = torch.tensor([[log(3), 0.0, 50.0]]), torch.tensor([[3.0, 0.0, 0.0]])
    assert float(block_loss(scores, labels, real)) == pytest.approx(log(4 / 3))


def test_the_gain_of_a_graded_order_by_hand() -> None:
    hit, ndcg = graded(np.array([1.0, 2.0, 0.0]), [3, 0, 1])
    assert hit == 0
    assert ndcg == pytest.approx((7 / log2(3) + 1 / 2) / (7 + 1 / log2(3)))
    assert graded(np.array([3.0, 2.0, 1.0]), [3, 1, 0]) == (1.0, 1.0)


def test_scores_that_are_all_alike_are_the_worst_order() -> None:
    hit, ndcg = graded(np.zeros(3), [2, 0, 1])
    assert hit == 0 and ndcg < 1


def test_what_fits_worst_is_cut_first() -> None:
    blocks = tuple((n,) * 10 for n in range(4))
    cut = Encoded("a", (9,) * 10, blocks, (1, 0, 3, 0)).cut(40)
    assert cut.labels == (1, 3)
    assert [block[0] for block in cut.blocks] == [0, 2]


@pytest.mark.parametrize(("layers", "still"), [(1, [0]), (0, [])])
def test_the_last_layers_may_learn_alone(
    tiny_llama: Path, toy_options: Any, layers: int, still: list[int]
) -> None:
    folder = tune(toy_options(tiny_llama, layers=layers, steps=3, validation=0))
    tensors = load_file(folder / "adapter_model.safetensors")
    # What LoRA adds is B times A, and B begins at zero.
    moved = {n: bool(t.any()) for n, t in tensors.items() if "lora_B" in n}
    unmoved = {int(n.split(".layers.")[1][0]) for n, m in moved.items() if not m}
    assert sorted(unmoved) == still
    assert any(moved.values())
