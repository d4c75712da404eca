"""A language model behind any OpenAI-compatible server: vLLM, SGLang, llama.cpp's, TGI.

A score is one token's log-probabilities: every block goes behind the prefix as a prompt of
its own, whose beginning the server finds in its prefix cache, and one token is asked for.
Texts are chat completions. What a server can't give is found out at the start and told
there, with what to choose instead.
"""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender.language_model.addresses import without_credentials
from recommender.language_model.hugging_face import ABLE
from recommender.language_model.logprobs import Found, bound_of, echoed, next_token
from recommender.language_model.protocol import Frame, ModelError
from recommender.language_model.replicas import Replicas

KEY = "INSTRUCTREC_API_KEY"  # the environment variable with the servers' key
NEED_ECHO = ("labels", "likelihood")  # rankers that read log-probabilities of the prompt
_COMPLETIONS, _CHAT = "/v1/completions", "/v1/chat/completions"
_BATCH = 64  # in one request; all of a reply's candidates as a rule
_MOST = 20  # alternatives that servers tell of a token, without being set to tell more
_FORCED = 100  # the greatest bias there is
_ANSWERS = (" yes", " no")
log = logging.getLogger(__name__)


def load_remote(
    given: str, *, ranker: str = "block", adapter: str = "", answer_s: float = 30.0
) -> RemoteModel:
    """The model at `http://host:port[,http://other:port][#name]`, which can serve a ranker.

    Raises `ModelError`.
    """
    addresses, _, name = given.partition("#")
    if adapter not in ("", "auto", "none"):
        raise ModelError(
            f"adapter {adapter!r} can't be put on a model that a server runs; load it there and "
            f"choose it by its name (--model {without_credentials(addresses)}#NAME)"
        )
    replicas = Replicas(addresses.split(","), os.environ.get(KEY, ""), answer_s)
    try:
        model = _found(replicas, name)
        if ranker in NEED_ECHO:
            model.likelihood("The sky is", [" blue"])
        elif ranker in ("block", "pairwise"):
            model.score("Is the sky", [" blue? Answer:"])
    except ModelError:
        replicas.close()
        raise
    return model


class RemoteModel:
    """A model that servers run. Scores repeat within the rounding of the server's batches."""

    def __init__(
        self, served: str, replicas: Replicas, answers: tuple[int, int] | None = None,
        parameters: int | None = None,
    ) -> None:  # fmt: skip
        """`served` is the name by which it is asked for, `answers` are the tokens of yes and no.

        Without these, answers are looked for among the likeliest tokens alone. `parameters` are
        how many it has, where that is known.
        """
        # llama.cpp calls a model by its file, and where that lies is nobody's concern.
        self.name = PurePosixPath(served).name if served.endswith(".gguf") else served
        self._served = served
        self._replicas = replicas
        self._answers = answers
        self._parameters = parameters

    @property
    def writes_freely(self) -> bool:
        """Who runs a server runs an able model, unless the server itself tells otherwise."""
        return self._parameters is None or self._parameters >= ABLE

    def describe(self) -> dict[str, Any]:
        return {
            "language_model": self.name,
            "quantization": None,
            "adapter": None,
            "device": "remote",
            "servers": list(self._replicas.addresses),
        }

    def close(self) -> None:
        self._replicas.close()

    # --- scores ---------------------------------------------------------------------------

    def score(self, prefix: str, blocks: Sequence[str]) -> NDArray[np.float64]:
        """Raises `ModelError`, also where the server tells no log-probabilities."""
        if not prefix:
            raise ValueError("the prefix is empty")
        # An order of their own, so that the caller's order can't change what is asked.
        prompts = sorted({prefix + block for block in blocks})
        odds: dict[str, float] = {}
        unsure: list[str] = []
        choices = self._completed(prompts, self._one_token())
        for prompt, choice in zip(prompts, choices, strict=True):
            found = next_token(choice)
            yes, no = self._answer(found, 0), self._answer(found, 1)
            if yes is not None and no is not None:
                odds[prompt] = yes - no
            elif self._answers is None:
                bound = bound_of(found)
                odds[prompt] = (bound if yes is None else yes) - (bound if no is None else no)
            else:
                unsure.append(prompt)
        if unsure and self._answers is not None:
            odds.update(zip(unsure, self._forced(unsure, self._answers), strict=True))
        return self._numbers([odds[prefix + block] for block in blocks])

    def _one_token(self) -> dict[str, Any]:
        """How one token is asked for so that yes and no are among those that are told of.

        Servers differ in what they tell. The same bias on both answers leaves their difference
        as it is and lifts them above all others: so SGLang, which tells log-probabilities with
        the bias, and llama.cpp, which does where it is asked for those behind the sampler, whose
        filters let two tokens pass. vLLM tells them without the bias, but of the tokens that are
        named. Each server leaves alone what it does not know.
        """
        asked: dict[str, Any] = {"max_tokens": 1, "temperature": 1, "logprobs": _MOST}
        if self._answers is None:
            return asked
        return asked | {
            "logit_bias": {str(token): _FORCED for token in self._answers},
            "post_sampling_probs": True, "top_k": 2, "top_p": 1, "min_p": 0,
            "logprob_token_ids": list(self._answers), "return_tokens_as_token_ids": True,
        }  # fmt: skip

    def _forced(self, prompts: Sequence[str], answers: tuple[int, int]) -> list[float]:
        """Log-odds where an answer was not told of: each answer is forced, and so told of.

        An older vLLM comes here, for the prompts of which it did not think of an answer.
        """
        told: list[list[float]] = []
        for number, token in enumerate(answers):
            bias = {str(token): _FORCED, str(answers[1 - number]): -_FORCED}
            asked = self._one_token() | {"logit_bias": bias, "post_sampling_probs": False}
            found = [next_token(choice) for choice in self._completed(prompts, asked)]
            values = [self._answer(one, number) for one in found]
            if None in values:
                log.warning("%s tells no log-probability of%r, so a bound counts", self.name,
                            _ANSWERS[number])  # fmt: skip
            told.append([
                bound_of(one) if value is None else value
                for one, value in zip(found, values, strict=True)
            ])  # fmt: skip
        return [yes - no for yes, no in zip(*told, strict=True)]

    def _answer(self, found: Found, number: int) -> float | None:
        """What was told of yes (0) or no (1), by its token or by its text."""
        text = _ANSWERS[number]
        names: list[int | str] = [text, text.strip()]
        if self._answers is not None:
            names.insert(0, self._answers[number])
        return next((found[name] for name in names if name in found), None)

    def likelihood(self, prefix: str, continuations: Sequence[str]) -> NDArray[np.float64]:
        """The prompts' own log-probabilities, of servers that echo them (vLLM, SGLang).

        Raises `ModelError` for others. Such a request reads the prefix again in each prompt.
        """
        if not continuations:
            return np.empty(0)
        prompts = sorted({prefix + text for text in continuations})
        asked = {"max_tokens": 1, "temperature": 0, "logprobs": 1, "echo": True}
        choices = self._completed([prefix, *prompts], asked)
        told = []
        for prompt, choice in zip([prefix, *prompts], choices, strict=True):
            values = echoed(choice, prompt)
            if values is None:
                raise ModelError(
                    f"{self.name}: the server does not tell log-probabilities of a prompt, which "
                    f"--ranker {' and '.join(NEED_ECHO)} read; choose --ranker block, pairwise or "
                    f"retriever, or a server that echoes them (vLLM, SGLang)"
                )
            told.append(values)
        behind = [values[len(told[0]) :] for values in told[1:]]
        means = {
            prompt: float(values.mean()) if len(values) else math.nan
            for prompt, values in zip(prompts, behind, strict=True)
        }
        return self._numbers([means[prefix + text] for text in continuations])

    def _numbers(self, found: Sequence[float]) -> NDArray[np.float64]:
        result = np.array(found, dtype=np.float64)
        if not np.isfinite(result).all():
            raise ModelError(f"{self.name}: a log-probability of the server is no number")
        return result

    def _completed(self, prompts: Sequence[str], asked: dict[str, Any]) -> list[dict[str, Any]]:
        """A completion for each prompt."""
        parts = [list(prompts[n : n + _BATCH]) for n in range(0, len(prompts), _BATCH)]
        bodies = ({"model": self._served, "prompt": part, **asked} for part in parts)
        answers = self._replicas.post(_COMPLETIONS, *bodies)
        choices: list[dict[str, Any]] = []
        for part, answer in zip(parts, answers, strict=True):
            try:
                found = sorted(answer["choices"], key=lambda choice: choice.get("index", 0))
            except (LookupError, TypeError, AttributeError) as error:
                raise ModelError(f"{self.name}: the server's answer has no choices") from error
            if len(found) != len(part):
                raise ModelError(
                    f"{self.name}: {len(part)} prompts, {len(found)} answers of the server; it has "
                    f"to take a list of prompts on {_COMPLETIONS}"
                )
            choices += found
        return choices

    # --- text -----------------------------------------------------------------------------

    def stream(
        self, messages: Sequence[tuple[str, str]], max_tokens: int, frame: Frame | None = None
    ) -> Iterator[str]:
        """Pieces are empty while the server is silent. The frame is left aside: there is no way
        to bind these servers that they share."""
        body = {
            "model": self._served,
            "messages": [{"role": role, "content": text} for role, text in messages],
            "max_tokens": max_tokens, "temperature": 0, "stream": True,
            "chat_template_kwargs": {"enable_thinking": False},  # thoughts would use up the tokens
        }  # fmt: skip
        events = self._replicas.stream(_CHAT, body)
        try:
            for event in events:
                yield "" if event is None else self._piece(event)
        finally:
            events.close()  # type: ignore[attr-defined]

    def _piece(self, event: Any) -> str:
        try:
            if "error" in event:
                raise ModelError(f"{self.name}: the server failed while it wrote")
            choices = event["choices"]  # empty in an event that counts tokens
            return str(choices[0]["delta"].get("content") or "") if choices else ""
        except (LookupError, TypeError, AttributeError) as error:
            raise ModelError(f"{self.name}: an event of the server has no text") from error


def _found(replicas: Replicas, name: str) -> RemoteModel:
    """The one model that all replicas serve, or the one of a name. Raises `ModelError`."""
    served: dict[str, dict[str, Any]] = {}
    problems = []
    for address, answer in replicas.get_each("/v1/models"):
        if isinstance(answer, ModelError):
            problems.append(str(answer))
            continue
        try:
            here = {str(model["id"]): model for model in answer["data"]}
        except (LookupError, TypeError) as error:
            raise ModelError(f"{address}/v1/models lists no models") from error
        chosen = [known for known in here if name in ("", known, PurePosixPath(known).name)]
        if len(chosen) != 1:
            raise ModelError(
                f"{address} serves {', '.join(here) or 'no model'}; expected "
                f"{name or 'one, or add #NAME to the address'}"
            )
        served[chosen[0]] = here[chosen[0]]
    if not served:
        raise ModelError(f"{'; '.join(problems)}; start the server, or choose --model auto")
    for problem in problems:
        log.warning("%s; the other servers are asked", problem)
    if len(served) > 1:
        raise ModelError(f"the servers differ in their models ({', '.join(served)})")
    ((known, about),) = served.items()
    parameters = (about.get("meta") or {}).get("n_params")  # llama.cpp tells it
    return RemoteModel(known, replicas, _answer_tokens(replicas, known), parameters)


def _answer_tokens(replicas: Replicas, served: str) -> tuple[int, int] | None:
    """The first tokens of yes and no; None where the server does not tell tokens."""
    try:
        yes, no = replicas.post(
            "/tokenize",
            # llama.cpp reads "content", vLLM and SGLang "prompt", TGI "inputs".
            *({"model": served, "content": word, "prompt": word, "inputs": word,
               "add_special_tokens": False} for word in _ANSWERS),
        )  # fmt: skip
        first = [
            told["tokens"][0] if isinstance(told, dict) else told[0]["id"] for told in (yes, no)
        ]
        tokens = (int(first[0]), int(first[1]))
    except (ModelError, LookupError, TypeError, ValueError) as error:
        log.info("%s: yes and no are looked for by their text (%s)", served, error)
        return None
    if tokens[0] == tokens[1]:
        raise ModelError(f"{served}: its tokenizer begins yes and no alike; it can't be asked")
    return tokens
