"""The packaged model's tokenizer reads and writes what the transformers library does."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

transformers = pytest.importorskip("transformers")

from recommender.language_model import prepare_model  # noqa: E402
from recommender.language_model.packaged import SMALL_MODEL, unpacked  # noqa: E402
from recommender.language_model.packed_tokenizer import PackedTokenizer  # noqa: E402
from retrieval.device import has_cuda  # noqa: E402

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


def test_the_packaged_model_answers_without_torch() -> None:
    if has_cuda() or unpacked(SMALL_MODEL, DATA) is None:
        pytest.skip("a GPU, or no package, serves in another way")
    prepare_model(SMALL_MODEL, DATA)
    code = (
        "import sys; from pathlib import Path\n"
        "from recommender.language_model import load_language_model\n"
        f"model = load_language_model('auto', adapter='auto', cache=Path({str(DATA)!r}))\n"
        "model.score('A user asks for a film. Does the user want', [' Up?'])\n"
        "assert not {'torch', 'transformers'} & set(sys.modules)\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
