"""The packaged model's tokenizer reads and writes what the transformers library does."""

from __future__ import annotations

from pathlib import Path

import pytest

transformers = pytest.importorskip("transformers")

from recommender.language_model.packaged import SMALL_MODEL, unpacked  # noqa: E402
from recommender.language_model.packed_tokenizer import PackedTokenizer  # noqa: E402

DATA = Path(__file__).parents[2] / "data"
TEXTS = [
    "The whale is large.",
    "",
    " yes",
    "Amélie — 2001, “naïve”",
    "a\n\nb\t<|im_end|> c",
    "日本",
]
CHATS = [
    [{"role": "user", "content": "Hello"}],
    [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Two\nlines"}],
    [{"role": "user", "content": "A"}, {"role": "assistant", "content": "B"},
     {"role": "user", "content": "C"}],
]  # fmt: skip


@pytest.fixture(scope="module")
def both() -> tuple[PackedTokenizer, object]:
    folder = unpacked(SMALL_MODEL, DATA)
    if folder is None:
        pytest.skip("the package that carries the model is not installed")
    return PackedTokenizer(folder), transformers.AutoTokenizer.from_pretrained(folder)


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("special", [True, False])
def test_texts(both: tuple[PackedTokenizer, object], text: str, special: bool) -> None:
    ours, library = both
    tokens = library(text, add_special_tokens=special)["input_ids"]  # type: ignore[operator]
    assert ours(text, add_special_tokens=special)["input_ids"] == tokens
    for skip in (True, False):
        assert ours.decode(tokens, skip_special_tokens=skip) == library.decode(  # type: ignore[attr-defined]
            tokens, skip_special_tokens=skip
        )


@pytest.mark.parametrize("chat", CHATS)
@pytest.mark.parametrize("goes_on", [True, False])
def test_conversations(
    both: tuple[PackedTokenizer, object], chat: list[dict[str, str]], goes_on: bool
) -> None:
    ours, library = both
    expected = library.apply_chat_template(  # type: ignore[attr-defined]
        chat, add_generation_prompt=goes_on, return_dict=True
    )["input_ids"]
    assert ours.apply_chat_template(chat, add_generation_prompt=goes_on) == expected
    assert ours.eos_token_id == library.eos_token_id  # type: ignore[attr-defined]
