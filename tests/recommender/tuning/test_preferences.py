"""Tuning on preferences: the loss by hand, and judgements that move a ranker their way."""

from __future__ import annotations

import math
import random
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

sys.path.insert(0, str(Path(__file__).parents[1] / "annotation"))

from simulated import PLAIN, pick  # noqa: E402
from toy_task import KINDS, toy_examples  # noqa: E402

from recommender.adapter_card import read_card  # noqa: E402
from recommender.annotation.campaign import Campaign, Source, System  # noqa: E402
from recommender.annotation.export import pairs, write_pairs  # noqa: E402
from recommender.annotation.judgement import Judgement  # noqa: E402
from recommender.annotation.kept import Case  # noqa: E402
from recommender.annotation.records import AnnotationStore  # noqa: E402
from recommender.annotation.slots import Judging  # noqa: E402
from recommender.language_model import load_language_model  # noqa: E402
from recommender.tuning.examples import VALIDATION, Example, read_examples  # noqa: E402
from recommender.tuning.losses import margins, preference_loss  # noqa: E402
from recommender.tuning.options import TuningError, TuningOptions  # noqa: E402
from recommender.tuning.trainer import tune  # noqa: E402


def test_the_loss_of_a_pair_by_hand() -> None:
    scores = torch.tensor([[2.0, 0.5], [1.0, 3.0]])
    labels = torch.tensor([[1.0, 0.0], [1.0, 0.0]])
    margin = margins(scores, labels)
    assert margin.tolist() == [1.5, -2.0]
    assert margins(scores, 1 - labels).tolist() == [-1.5, 2.0]
    loss = preference_loss(margin, torch.tensor([0.5, -2.0]), beta=0.5)
    # −log σ(.5 · 1) and −log σ(0)
    expected = (math.log1p(math.exp(-0.5)) + math.log(2)) / 2
    assert float(loss) == pytest.approx(expected)


def test_the_gradient_is_strongest_where_the_pair_is_wrong() -> None:
    margin = torch.tensor([-3.0, 3.0], requires_grad=True)
    preference_loss(margin, torch.zeros(2), beta=1.0).backward()
    # −β (1 − σ(β margin)) / n, arXiv 2305.18290 section 4
    assert margin.grad is not None
    expected = [-(1 - 1 / (1 + math.exp(-m))) / 2 for m in (-3.0, 3.0)]
    assert margin.grad.tolist() == pytest.approx(expected)


def judged_500(path: Path) -> Path:
    """Pairs of 500 judgements by annotators who like what is asked for, one time in ten not."""
    store = AnnotationStore(":memory:")
    chance = random.Random(3)
    cases = []
    for n in range(250):
        wanted, other = chance.sample(KINDS, 2)
        items = [f"{kind}{chance.randrange(6)}" for kind in (wanted, other)]
        picks = {
            name: [{**pick(item), "block": f" {item} ? Answer:"}]
            for name, item in zip(("first", "second"), items, strict=True)
        }
        text = f"the user likes what is {wanted} . Question: does the user like the thing"
        detail = {"said": [], "instruction": text, "template": "toy", "candidates": []}
        cases.append(Case(f"request {n}", detail, picks, (("first", "second", ""),)))
    campaign = Campaign("Toy", (System("first", "block"), System("second", "block")),
                        Source(told=("x",)), PLAIN, picks=1)  # fmt: skip
    identity, _ = store.create(campaign, cases)
    judging = Judging(store)
    for _ in range(2):
        annotator, _ = store.invite(identity)
        while slot := judging.next_slot(annotator):
            row = store.rows("select turned from annotation_slots where id = ?", [slot])[0]
            left_is_wanted = not row["turned"]
            says_left = left_is_wanted != (chance.random() < 0.1)
            judging.vote(annotator, slot, Judgement("a" if says_left else "b", (), "", ()))
    assert store.rows("select count(*) as n from annotation_votes") == [{"n": 500}]
    assert write_pairs(path, pairs(store, identity)) == 500
    store.close()
    return path


def test_500_judgements_move_the_ranker_the_right_way(tiny_llama: Path, tmp_path: Path) -> None:
    file = judged_500(tmp_path / "pairs.jsonl")
    options = TuningOptions(
        instructions=file, out=tmp_path / "out", model=str(tiny_llama), data=tmp_path,
        objective="dpo", rank=8, learning_rate=5e-3, batch=8, steps=150, validate_every=50,
    )  # fmt: skip
    folder = tune(options)
    held_out = [e for e in read_examples(file) if e.split == VALIDATION]
    assert 60 < len(held_out) < 140
    before = load_language_model(str(tiny_llama), quantization="none")
    after = load_language_model(str(tiny_llama), quantization="none", adapter=str(folder))

    def margin(model: Any, example: Example) -> float:
        scores = model.score(example.prefix, example.blocks)
        return float(scores[0] - scores[1])

    moved = [margin(after, e) - margin(before, e) for e in held_out]
    right = np.mean([margin(after, e) > 0 for e in held_out])
    chance = np.mean([margin(before, e) > 0 for e in held_out])
    assert np.mean(moved) > 1.0
    assert right > 0.78 > 0.65 > chance  # a tenth of the held-out votes are slips
    card = read_card(folder)
    assert card is not None and card.serves == ("ranking",)
    assert (card.settings["objective"], card.settings["beta"]) == ("dpo", 0.5)
    assert card.settings["pairs_right_before"] < 0.65 < card.figures[0].value


def test_a_higher_beta_stays_closer_to_the_beginning(tiny_llama: Path, tmp_path: Path) -> None:
    file = judged_500(tmp_path / "pairs.jsonl")
    before = load_language_model(str(tiny_llama), quantization="none")
    held_out = [e for e in read_examples(file) if e.split == VALIDATION][:40]
    moved = []
    for beta in (0.1, 5.0):
        options = TuningOptions(
            instructions=file, out=tmp_path / f"beta{beta}", model=str(tiny_llama), data=tmp_path,
            objective="dpo", beta=beta, rank=8, learning_rate=5e-3, batch=8, steps=60,
            validate_every=60,
        )  # fmt: skip
        after = load_language_model(
            str(tiny_llama), quantization="none", adapter=str(tune(options))
        )
        differences = [
            np.diff(after.score(e.prefix, e.blocks) - before.score(e.prefix, e.blocks))
            for e in held_out
        ]
        moved.append(float(np.abs(differences).mean()))
    assert moved[0] > 1.5 * moved[1]


def test_a_run_may_begin_from_a_checkpoint(
    tiny_llama: Path, toy_options: Any, tmp_path: Path
) -> None:
    first = tune(toy_options(tiny_llama, steps=60))
    file = judged_500(tmp_path / "pairs.jsonl")
    options = TuningOptions(
        instructions=file, out=tmp_path / "second", model=str(tiny_llama), data=tmp_path,
        objective="dpo", begin=first, learning_rate=1e-3, batch=8, steps=8, validate_every=8,
    )  # fmt: skip
    card = read_card(tune(options))
    assert card is not None
    # The first run taught the same taste, and the second goes on from there.
    assert card.settings["pairs_right_before"] > 0.75
    assert (card.settings["begun_from"], card.settings["rank"]) == ("out", 8)
    with pytest.raises(TuningError, match="no checkpoint with a card"):
        tune(TuningOptions(instructions=file, out=tmp_path / "third", model=str(tiny_llama),
                           data=tmp_path, begin=tmp_path))  # fmt: skip


def test_only_pairs_can_be_preferred(tiny_llama: Path, toy_options: Any) -> None:
    with pytest.raises(TuningError, match=r"has 4 blocks; objective dpo learns from pairs"):
        tune(toy_options(tiny_llama, toy_examples(10), objective="dpo"))
    with pytest.raises(TuningError, match="objective"):
        toy_options(tiny_llama, toy_examples(10), objective="dpo", scoring="labels")
