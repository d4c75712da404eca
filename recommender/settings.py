"""The settings of one recommender: one frozen object, checked once.

Every setting can be given by a flag of the command line or by an environment variable
(`INSTRUCTREC_` and the name in capitals); a flag wins.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, get_type_hints

from retrieval.encoder import DEFAULT_ENCODER

QUANTIZATIONS = ("auto", "gguf", "nf4", "none")
SEARCHES = ("dense", "bm25", "collaborative")  # what candidates can be found by
UNDERSTANDINGS = ("auto", "rules", "model")
MODEL_RANKERS = ("block", "labels", "likelihood", "pairwise")  # ways to ask the language model
LEARNED_RANKERS = (
    "popularity", "neighbours", "ease", "sasrec", "sasrec-titles", "bert4rec", "tem",
)  # fmt: skip
BASELINES = (*LEARNED_RANKERS, "bm25", "minilm", "minilm-nearest", "two-tower")
RANKERS = (*MODEL_RANKERS, "retriever", *BASELINES)
_KINDS: Mapping[Any, Any] = {str: str, int: int, float: float, float | None: float}
SPACE_DATA = Path("/data")  # the persistent disk of a Hugging Face Space, where there is one


class SettingsError(ValueError):
    """A setting that can't be used; the message names it and what was expected."""


@dataclass(frozen=True)
class Settings:
    """What to run with. Durations in seconds, counts in items.

    `retriever` "faiss" searches in this process, a file ending in .db or an address ("http://…",
    "milvus://…") is a Milvus that the catalog was pushed to. `search` is what candidates are
    found by, `SEARCHES` with commas; the last needs interactions and is passed over without.
    `interactions` is a file of who took which item, by whose tastes candidates are found too.
    `model` "auto" takes the packaged small model, or a larger one where CUDA is at hand;
    addresses ("http://a:8000,http://b:8000#name") are servers that run one; "none" runs without
    a language model. `quantization` "auto" serves a packaged model in the 4 bits of its file
    where there is no CUDA, and others in "nf4". `rank_weight` is the share of the language model
    in the joined score, the rest is the retriever's; None leaves it to the adapter's card.
    `adapter` "auto" takes the checkpoint that is marked for the model in use, "none" takes
    none. `ranker` is a way to ask the model, the retriever's own order, or a baseline; of
    these `LEARNED_RANKERS` need interactions. A conversation in which nothing was said for
    `retention_days` is forgotten, 0 keeps it until its visitor forgets it.
    `understanding` "rules" reads turns without a model, "model" lets the
    model add what it hears, "auto" does so where the model is able and runs on CUDA.
    `at_once` visitors are answered at a time and `queue` more may wait; the rest are told so.
    """

    catalog: str = "movies"
    interactions: Path | None = None
    retriever: str = "faiss"
    search: str = ",".join(SEARCHES)
    encoder: str = DEFAULT_ENCODER
    model: str = "auto"
    quantization: str = "auto"
    adapter: str = "auto"
    ranker: str = "block"
    rank_weight: float | None = None
    candidates: int = 16
    picks: int = 3
    explained: int = 3
    understanding: str = "auto"
    understand_budget_s: float = 5.0
    rank_budget_s: float = 20.0
    explain_budget_s: float = 20.0
    data: Path = Path("data")
    store: Path | None = None
    retention_days: int = 0
    at_once: int = 1
    queue: int = 32
    host: str = "127.0.0.1"
    port: int = 7860

    def __post_init__(self) -> None:
        self._require(self.quantization in QUANTIZATIONS, "quantization", f"one of {QUANTIZATIONS}")
        self._require(
            self.retriever == "faiss" or self.retriever.endswith(".db") or "://" in self.retriever,
            "retriever", "faiss, a file ending in .db, or an address such as http://host:19530",
        )  # fmt: skip
        self._require(
            self.retriever == "faiss" or self.interactions is None,
            "retriever", "faiss where interactions are given",
        )  # fmt: skip
        self._require(
            set(self.searches) <= set(SEARCHES) and {"dense", "bm25"} & set(self.searches) != set(),
            "search", f"dense or bm25 or both, and of {', '.join(SEARCHES)} any with commas",
        )  # fmt: skip
        self._require(self.ranker in RANKERS, "ranker", f"one of {RANKERS}")
        self._require(
            self.interactions is not None or self.ranker not in LEARNED_RANKERS, "ranker",
            "interactions to learn it from (--interactions FILE), or another ranker",
        )  # fmt: skip
        self._require(
            self.rank_weight is None or 0 <= self.rank_weight <= 1,
            "rank_weight", "a share from 0 to 1",
        )  # fmt: skip
        self._require(1 <= self.candidates <= 100, "candidates", "1 to 100")
        self._require(1 <= self.picks <= self.candidates, "picks", "1 to the number of candidates")
        self._require(self.explained >= 0, "explained", "0 or more")
        self._require(
            self.understanding in UNDERSTANDINGS, "understanding", f"one of {UNDERSTANDINGS}"
        )
        self._require(self.understand_budget_s > 0, "understand_budget_s", "more than 0 seconds")
        self._require(self.rank_budget_s > 0, "rank_budget_s", "more than 0 seconds")
        self._require(self.explain_budget_s > 0, "explain_budget_s", "more than 0 seconds")
        self._require(self.retention_days >= 0, "retention_days", "0 or more")
        self._require(1 <= self.at_once <= 64, "at_once", "1 to 64")
        self._require(0 <= self.queue <= 1000, "queue", "0 to 1000")
        self._require(1 <= self.port <= 65535, "port", "1 to 65535")
        self._require(
            not (self.model == "none" and self.adapter not in ("", "auto", "none")),
            "adapter", "auto or none where model is none",
        )  # fmt: skip
        self._require(
            not (self.model == "none" and self.understanding == "model"),
            "understanding", "auto or rules where model is none",
        )  # fmt: skip

    def _require(self, holds: bool, name: str, expected: str) -> None:
        if not holds:
            raise SettingsError(f"{name} is {getattr(self, name)!r}; expected {expected}")

    @property
    def searches(self) -> tuple[str, ...]:
        """What candidates are found by."""
        return tuple(part.strip() for part in self.search.split(","))

    @property
    def store_path(self) -> Path:
        return self.store or self.data / "store.db"

    @property
    def runs_path(self) -> Path:
        """Where evaluations leave their records, unless they are told another place."""
        return self.data / "evaluation" / "runs"

    @classmethod
    def read(cls, flags: Mapping[str, Any], env: Mapping[str, str] | None = None) -> Settings:
        """Settings from flags (None means not given) and the environment.

        Raises `SettingsError` that names the setting.
        """
        env = os.environ if env is None else env
        hints = get_type_hints(cls)
        values: dict[str, Any] = {}
        if SPACE_DATA.is_dir() and os.access(SPACE_DATA, os.W_OK) and env.get("SPACE_ID"):
            values["data"] = SPACE_DATA
        for name in (f.name for f in fields(cls)):
            raw = env.get(f"INSTRUCTREC_{name.upper()}", env.get(name.upper(), "")
                          if name in ("host", "port") else "")  # fmt: skip
            value = flags.get(name)
            if value is None and raw:
                value = raw
            if value is None:
                continue
            kind = _KINDS.get(hints[name], Path)
            try:
                values[name] = kind(value)
            except (TypeError, ValueError) as error:
                raise SettingsError(f"{name} is {value!r}; expected a {kind.__name__}") from error
        return cls(**values)
