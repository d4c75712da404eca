"""SASRec: the answers by NumPy are the training's by torch, and it learns what follows what."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_shop import QUICK

from recommender.evaluation.cases import Question
from recommender.evaluation.masked_training import MaskedLearning, MaskedScorer, train_masked
from recommender.evaluation.sequence_training import (
    SequenceLearning,
    SequenceNetwork,
    train_sequential,
)  # fmt: skip
from retrieval.sequential import SequentialMismatchError, load_sequential, save_sequential

COUNT = 12


def network(texts: np.ndarray | None = None) -> SequenceNetwork:
    torch.manual_seed(0)
    made = SequenceNetwork(COUNT, SequenceLearning(width=16, layers=2, heads=2, longest=6), texts)
    for weight in made.parameters():
        torch.nn.init.normal_(weight, std=0.3)
    return made.eval()


@pytest.mark.parametrize("with_texts", [False, True])
def test_numpy_answers_as_torch_does(with_texts: bool) -> None:
    rng = np.random.default_rng(0)
    texts = rng.normal(size=(COUNT, 5)).astype(np.float32) if with_texts else None
    made = network(texts)
    history = np.array([3, 1, 4, 1, 5])
    with torch.no_grad():
        table = made.table()
        states = made(torch.from_numpy(history[None]), table)[0, -1]
        expected = (states @ table[:-1].T + made.bias).numpy()
    assert made.export({}).scores([history])[0] == pytest.approx(expected, abs=1e-4)


def test_what_stands_beside_a_history_changes_nothing() -> None:
    model = network().export({})
    short, long = np.array([2, 7]), np.array([1, 2, 3, 4, 5, 6, 7, 8])  # longer than it can read
    both = model.scores([short, long, np.array([], dtype=np.int64)])
    assert both[0] == pytest.approx(model.scores([short])[0], abs=1e-5)
    assert both[1] == pytest.approx(model.scores([long[-6:]])[0], abs=1e-5)
    assert (both[2] == 0).all()
    some = model.scores_of([short, long], np.array([[0, 5], [11, 3]]))
    assert some == pytest.approx(np.stack([both[0][[0, 5]], both[1][[11, 3]]]), abs=1e-5)


@pytest.mark.parametrize("negatives", [0, 6])
def test_it_learns_a_round(negatives: int) -> None:
    rng = np.random.default_rng(1)
    rounds = [(rng.integers(COUNT) + np.arange(6)) % COUNT for _ in range(300)]
    learning = SequenceLearning(
        width=16, layers=1, heads=1, longest=6, dropout=0.0, rate=0.01, batch=64, epochs=12,
        negatives=negatives,
    )  # fmt: skip
    model = train_sequential([r.astype(np.int32) for r in rounds], COUNT, learning)
    histories = [(start + np.arange(3)) % COUNT for start in range(COUNT)]
    following = model.scores(histories).argmax(axis=1)
    assert (following == (np.arange(COUNT) + 3) % COUNT).mean() > 0.9


def test_bert4rec_learns_a_round() -> None:
    rng = np.random.default_rng(1)
    rounds = [((rng.integers(COUNT) + np.arange(6)) % COUNT).astype(np.int32) for _ in range(300)]
    learning = MaskedLearning(
        width=16, layers=1, longest=6, dropout=0.0, rate=0.02, batch=64, epochs=60, negatives=6
    )
    scorer = MaskedScorer(train_masked(rounds, COUNT, learning))
    everything = np.arange(COUNT, dtype=np.int32)
    questions = [
        Question(str(start), rounds[0][:0] if start == COUNT else (start + everything[:3]) % COUNT,
                 everything)
        for start in range(COUNT + 1)
    ]  # fmt: skip
    scores = scorer.score(questions)
    following = np.array([np.argmax(s) for s in scores[:COUNT]])
    assert (following == (np.arange(COUNT) + 3) % COUNT).mean() > 0.9
    # One asked alone, without the padding that others bring, is answered alike.
    [alone] = scorer.score(questions[-1:])
    assert alone == pytest.approx(scores[-1], abs=1e-5)


def test_the_best_epoch_is_kept_and_waiting_ends() -> None:
    sequences = [np.array([0, 1, 2], np.int32)] * 4
    values = iter([0.1, 0.5, 0.4, 0.3, 0.2, 0.1])
    learning = SequenceLearning(**{**vars(QUICK), "epochs": 6, "patience": 2})
    model = train_sequential(sequences, COUNT, learning, lambda _: next(values))
    assert model.manifest["epoch"] == 2
    assert list(values) == [0.2, 0.1]  # two epochs without a gain were enough


def test_the_same_seed_trains_the_same(tmp_path: Path) -> None:
    sequences = [np.array([0, 1, 2, 3], np.int32), np.array([5, 6, 7], np.int32)]
    one, two = (train_sequential(sequences, COUNT, QUICK) for _ in range(2))
    assert (one.scores(sequences) == two.scores(sequences)).all()
    save_sequential(tmp_path / "model.npz", one)
    kept = load_sequential(tmp_path / "model.npz", {"items": COUNT})
    assert (one.scores(sequences) == kept.scores(sequences)).all()


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    with pytest.raises(SequentialMismatchError, match="no such file yet"):
        load_sequential(path, {})
    save_sequential(path, network().export({"items": COUNT}))
    with pytest.raises(SequentialMismatchError, match="items 12, in use is 13"):
        load_sequential(path, {"items": 13})
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(SequentialMismatchError, match="can't be read"):
        load_sequential(path, {})
