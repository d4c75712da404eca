"""The tokenizer of a packaged model, by the `tokenizers` library alone.

The transformers library brings torch into the process, which takes more memory than the model
does in 4 bits; what serving needs of a tokenizer is four calls, and they give the same tokens.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

_TOKENIZER, _CONFIG, _TEMPLATE = "tokenizer.json", "tokenizer_config.json", "chat_template.jinja"


class PackedTokenizer:
    """What a folder written by `save_pretrained` says of tokens. Safe to share between threads.

    Raises `OSError` where a file is missing, `ValueError` where one can't be read.
    """

    def __init__(self, folder: Path) -> None:
        from tokenizers import Tokenizer

        config = json.loads((folder / _CONFIG).read_text(encoding="utf-8"))
        text = (folder / _TOKENIZER).read_text(encoding="utf-8")
        self._tokenizer = Tokenizer.from_str(text)
        self._named = {key: value for key, value in config.items() if key.endswith("_token")}
        end = self._tokenizer.token_to_id(self._named["eos_token"])
        if end is None:
            raise ValueError(f"{folder / _TOKENIZER}: lacks the token that ends a text")
        self.eos_token_id = end
        template = folder / _TEMPLATE
        self.chat_template = template.read_text(encoding="utf-8") if template.exists() else ""

    def __call__(self, text: str, *, add_special_tokens: bool = True) -> dict[str, list[int]]:
        read = self._tokenizer.encode(text, add_special_tokens=add_special_tokens)
        return {"input_ids": list(read.ids)}

    def decode(self, tokens: Sequence[int], *, skip_special_tokens: bool = False) -> str:
        return str(self._tokenizer.decode(list(tokens), skip_special_tokens=skip_special_tokens))

    def apply_chat_template(
        self, messages: Sequence[dict[str, str]], *, add_generation_prompt: bool = False
    ) -> list[int]:
        """The tokens of a conversation, as the model has learned to read it."""
        text = self._template.render(
            messages=messages, add_generation_prompt=add_generation_prompt, **self._named
        )
        return self(text, add_special_tokens=False)["input_ids"]

    @cached_property
    def _template(self) -> Any:
        from jinja2.sandbox import ImmutableSandboxedEnvironment

        environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
        return environment.from_string(self.chat_template)
