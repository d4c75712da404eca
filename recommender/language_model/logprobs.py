"""What a server tells of the token behind a prompt, in the forms that servers have for it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from recommender.language_model.protocol import ModelError

_LEAST = math.log(1e-38)  # of a probability that was rounded to zero

Found = Mapping[int | str, float]  # log-probabilities by token id, by text where there is no id


def next_token(choice: Mapping[str, Any]) -> Found:
    """What a server tells of the token behind a prompt. Raises `ModelError` where it is nothing."""
    logprobs = choice.get("logprobs") or {}
    found: dict[int | str, float] = {}
    try:
        if "content" in logprobs:  # llama.cpp; as in chats, with ids
            (token, *_) = logprobs["content"]
            for one in token.get("top_probs") or token.get("top_logprobs") or [token]:
                value = one["logprob"] if "logprob" in one else _log(one["prob"])
                found[one["id"] if "id" in one else one["token"]] = value
        else:
            told = dict(logprobs["top_logprobs"][0])
            told[logprobs["tokens"][0]] = logprobs["token_logprobs"][0]
            for text, value in told.items():
                number = text.removeprefix("token_id:")
                found[int(number) if number != text else text] = float(value)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise ModelError(
            "the server tells no log-probabilities of its tokens on /v1/completions, so the model "
            "can't rank; choose --ranker retriever, and it writes the reasons"
        ) from error
    return found


def _log(probability: float) -> float:
    return math.log(probability) if probability > 0 else _LEAST


def bound_of(found: Found, yes: float | None, no: float | None) -> float:
    """Log-odds where an answer is not among the likeliest tokens, and so at most the last of
    them."""
    last = min(found.values())
    return (last if yes is None else yes) - (last if no is None else no)
