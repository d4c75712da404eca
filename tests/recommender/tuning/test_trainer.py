"""The trainer on tiny models: it learns, it scores as serving does, it goes on after a kill."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from safetensors.torch import load_file  # noqa: E402
from toy_task import toy_examples  # noqa: E402

from recommender.adapter_card import read_card  # noqa: E402
from recommender.evaluation.metrics import first_hit, standing  # noqa: E402
from recommender.language_model import HuggingFaceModel, load_language_model  # noqa: E402
from recommender.tuning.batches import pack  # noqa: E402
from recommender.tuning.encoding import encode  # noqa: E402
from recommender.tuning.examples import Example  # noqa: E402
from recommender.tuning.losses import Objective  # noqa: E402
from recommender.tuning.options import TuningError  # noqa: E402
from recommender.tuning.trainer import tune  # noqa: E402

ROOT = Path(__file__).parents[3]


def in_32_bits(model: HuggingFaceModel) -> HuggingFaceModel:
    return HuggingFaceModel(model.name, model._model.float(), model._tokenizer, "none", "")


def metrics(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("base", ["tiny_llama", "tiny_t5"])
@pytest.mark.parametrize("multiple", [1, 32])
def test_packed_scores_are_those_of_serving(
    base: str, multiple: int, request: pytest.FixtureRequest
) -> None:
    folder = request.getfixturevalue(base)
    model = in_32_bits(load_language_model(str(folder), quantization="none"))
    objective = Objective(model._model, *model.answers)
    # Rows of different length and number of blocks, so that padding could show.
    examples = [toy_examples(1, blocks, seed=blocks)[0] for blocks in (2, 4, 3)]
    encoded = [encode(example, model, "block", None) for example in examples]
    with torch.no_grad():
        packed = objective.scores(pack(encoded, multiple))
    for row, example in enumerate(examples):
        served = model.score(example.prefix, example.blocks)
        count = len(example.blocks)
        np.testing.assert_allclose(packed[row, :count].numpy(), served, atol=2e-4)
        assert served.std() > 1e-3


@pytest.mark.parametrize(
    ("base", "options"),
    [
        ("tiny_llama", {}),
        ("tiny_llama", {"quantization": "nf4", "steps": 120}),
        ("tiny_llama", {"scoring": "likelihood", "steps": 120}),
        ("tiny_llama", {"multiple": 32, "accumulate": 2, "batch": 4}),
    ],
    ids=["block", "nf4", "likelihood", "accumulated"],
)
def test_a_separable_task_is_learned(
    base: str, options: dict[str, Any], request: pytest.FixtureRequest, toy_options: Any
) -> None:
    folder = tune(toy_options(request.getfixturevalue(base), **options))
    lines = metrics(folder)
    assert max(line.get("hr@1", 0) for line in lines) > 0.8  # by chance 0.25
    assert lines[-1]["loss"] < lines[0]["loss"]
    assert (folder / "curves.svg").read_text().lstrip().startswith("<?xml")
    assert not (folder / "state.pt").exists()


def test_an_encoder_decoder_learns_its_examples_by_heart(tiny_t5: Path, toy_options: Any) -> None:
    """Random frozen weights give it nothing to generalize by, but gradients must flow."""
    seen = [replace(e, split="train") for e in toy_examples(40)]
    again = [replace(e, id=f"{e.id}/again", split="validation") for e in seen]
    folder = tune(toy_options(tiny_t5, seen + again, steps=200, learning_rate=3e-3))
    assert max(line.get("hr@1", 0) for line in metrics(folder)) > 0.8  # by chance 0.25


@pytest.mark.skipif(shutil.which("g++") is None, reason="compiling needs a C++ compiler")
def test_compiled_layers_learn_what_others_learn(
    tiny_llama: Path, toy_options: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, compiling = [], torch.nn.Module.compile

    def compile_and_tell(module: Any, *args: Any, **options: Any) -> None:
        made.append(type(module).__name__)
        compiling(module, *args, **options)

    monkeypatch.setattr(torch.nn.Module, "compile", compile_and_tell)
    short = {"steps": 6, "validate_every": 3, "multiple": 32}
    plain = metrics(tune(toy_options(tiny_llama, **short, out=tmp_path / "plain")))
    compiled = metrics(
        tune(toy_options(tiny_llama, **short, out=tmp_path / "compiled", compile=True))
    )
    assert made == ["LlamaDecoderLayer"] * 2  # of the second run alone
    losses = [[line["loss"] for line in lines] for lines in (plain, compiled)]
    np.testing.assert_allclose(*losses, rtol=0.05)  # bfloat16, rounded in other places
    assert losses[0][-1] < losses[0][0]


def test_letters_can_be_tuned(tiny_llama: Path, toy_options: Any) -> None:
    lines = metrics(tune(toy_options(tiny_llama, scoring="labels", steps=12, validate_every=6)))
    assert lines[-1]["loss"] < lines[0]["loss"]
    assert {"hr@1", "ndcg", "validation_loss"} <= set(lines[-1])


def test_the_saved_adapter_scores_in_serving_as_it_was_validated(
    tiny_llama: Path, toy_options: Any
) -> None:
    options = toy_options(tiny_llama)
    folder = tune(options)
    served = load_language_model(str(tiny_llama), quantization="none", adapter=str(folder))
    held_out = [e for e in toy_examples(200) if e.split == "validation"][:40]
    hits = [
        first_hit(standing(served.score(e.prefix, e.blocks), e.labels.index(1))) for e in held_out
    ]
    best = max(metrics(folder), key=lambda line: line.get("ndcg", -1))
    assert np.mean(hits) == pytest.approx(best["hr@1"], abs=0.051)  # rounding of two in forty


def test_written_targets_are_learned_in_the_prompt_that_serving_uses(
    tiny_llama: Path, toy_options: Any
) -> None:
    examples = [
        Example(id=f"w{n}", template="toy", source="toy", user=None,
                split="validation" if n % 5 == 0 else "train",
                prefix=f"the user likes {kind}", target=f" the best is {kind}0 .")
        for n, kind in enumerate(("loud", "calm", "odd", "warm") * 10)
    ]  # fmt: skip
    folder = tune(toy_options(tiny_llama, examples, steps=80))
    model = load_language_model(str(tiny_llama), quantization="none", adapter=str(folder))
    assert (
        "".join(model.stream([("user", "the user likes odd")], 8)).strip() == "the best is odd0 ."
    )


def test_a_yes_or_no_question_is_learned(tiny_llama: Path, toy_options: Any) -> None:
    single = [
        replace(e, id=f"{e.id}/{n}", blocks=(e.blocks[n],), labels=(e.labels[n],),
                items=(e.items[n],))
        for e in toy_examples(150) for n in (e.labels.index(1), (e.labels.index(1) + 1) % 4)
    ]  # fmt: skip
    lines = metrics(tune(toy_options(tiny_llama, single, steps=250)))
    assert min(line.get("validation_loss", 9) for line in lines) < 0.45  # log 2 = .69 by guessing


KILLED = """
import os, signal, sys
from pathlib import Path
from recommender.tuning import loop, trainer
from recommender.tuning.options import TuningOptions

saves = []
save = loop.save_place
def save_and_die(*arguments):
    save(*arguments)
    saves.append(1)
    if len(saves) == 2:
        # In the middle of the steps that follow: a line is out that the place knows nothing of.
        loop.Metrics.write = lambda self, line: (
            self.path.open("a").write('{"step": 99, "lo'), os.kill(os.getpid(), 9))
loop.save_place = save_and_die
trainer.tune(TuningOptions(**eval(sys.argv[1])))
"""


def test_a_killed_run_ends_as_if_it_had_not_been_killed(
    tiny_llama: Path, toy_options: Any, tmp_path: Path
) -> None:
    given = {"steps": 20, "save_every": 5, "validate_every": 4, "dropout": 0.1}
    whole = tune(toy_options(tiny_llama, out=tmp_path / "whole", **given))
    options = toy_options(tiny_llama, out=tmp_path / "killed", **given)
    words = repr(vars(options)).replace("PosixPath(", "Path(")
    died = subprocess.run([sys.executable, "-c", KILLED, words], cwd=ROOT, capture_output=True)
    assert died.returncode == -signal.SIGKILL, died.stderr.decode()
    with pytest.raises(TuningError, match="--resume"):
        tune(options)
    with pytest.raises(TuningError, match="seed 0, now 1"):
        tune(toy_options(tiny_llama, out=tmp_path / "killed", resume=True, seed=1, **given))
    resumed = tune(toy_options(tiny_llama, out=tmp_path / "killed", resume=True, **given))
    one, two = (load_file(f / "adapter_model.safetensors") for f in (whole, resumed))
    assert one.keys() == two.keys()
    assert all(torch.equal(one[name], two[name]) for name in one)
    assert [line["step"] for line in metrics(resumed)] == list(range(1, 21))
    assert [x["loss"] for x in metrics(whole)] == [x["loss"] for x in metrics(resumed)]


def test_a_broken_line_is_named(tiny_llama: Path, toy_options: Any) -> None:
    options = toy_options(tiny_llama)
    lines = options.instructions.read_text().splitlines()
    options.instructions.write_text("\n".join([*lines[:2], lines[2][:40]]))
    with pytest.raises(TuningError, match=r"toy\.jsonl, line 3"):
        tune(options)


def test_a_file_with_nothing_to_learn_is_named(tiny_llama: Path, toy_options: Any) -> None:
    held_out = [e for e in toy_examples(10) if e.split == "validation"]
    with pytest.raises(TuningError, match=r"toy\.jsonl: no example"):
        tune(toy_options(tiny_llama, held_out))


def test_a_run_ends_when_its_minutes_are_over(tiny_llama: Path, toy_options: Any) -> None:
    began = time.monotonic()
    lines = metrics(tune(toy_options(tiny_llama, steps=0, minutes=0.02, validate_every=10**6)))
    assert lines[-1]["lr"] < 1e-2 and time.monotonic() - began < 120
    assert "hr@1" in lines[-1]


@pytest.mark.parametrize(
    ("template", "serves"),
    [("explain-item", ("ranking", "explaining")), ("tie-history-wish", ("ranking",))],
)
def test_an_adapter_explains_only_if_it_learned_reasons(
    tiny_llama: Path, toy_options: Any, template: str, serves: tuple[str, ...]
) -> None:
    text = Example(id="w", template=template, source="toy", user=None, split="train",
                   prefix="the user likes loud", target=" the best is loud0 .")  # fmt: skip
    folder = tune(toy_options(tiny_llama, [*toy_examples(20), text], steps=1))
    card = read_card(folder)
    assert card is not None and card.serves == serves
