"""What a server tells of a prompt's tokens and of the one behind them, in each server's form."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

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


def bound_of(found: Found) -> float:
    """At most so likely is a token that is not among those that were told of."""
    return min(found.values())


def echoed(choice: Mapping[str, Any], prompt: str) -> NDArray[np.float64] | None:
    """The log-probability of each token of a prompt, the first is nan; None where it is not
    told."""
    try:
        values = choice["logprobs"]["token_logprobs"]
        if not choice["text"].startswith(prompt) or not values:
            return None
        # One token was written behind the prompt, since not every server writes none.
        return np.array(values[:-1], dtype=np.float64)
    except (LookupError, TypeError, ValueError, AttributeError):
        return None
