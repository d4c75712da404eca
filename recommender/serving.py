"""What answers about one catalog: understanding, search, reasons, and the language model's part.

A turn takes all of it at its beginning and keeps it to its end, whatever changes meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from prompts.templates import Templates
from recommender.explanation import Explainer
from recommender.language_model import LanguageModel
from recommender.model_loading import ModelAtHand
from recommender.opening import CatalogRetriever
from recommender.ranking import JoinedRanker, Ranker, RetrieverRanker, make_scorer, weight_of
from recommender.settings import Settings
from recommender.understanding.by_model import ModelReader, is_wanted
from recommender.understanding.understander import Understander
from retrieval.catalog import Catalog

THE_MODEL = "the language model"


@dataclass(frozen=True)
class Roles:
    """What a language model does about a catalog; without one the retriever's order stands."""

    at_hand: ModelAtHand
    ranker: Ranker
    weight: float  # of the model in the score
    reader: ModelReader | None = None

    @property
    def model(self) -> LanguageModel | None:
        return self.at_hand.model


class Serving:
    """All that a reply needs to know of a catalog. Safe to share between threads."""

    def __init__(
        self,
        catalog: Catalog,
        retriever: CatalogRetriever,
        settings: Settings,
        templates: Templates,
        at_hand: Callable[[], ModelAtHand],
        own_ranker: Ranker | None = None,
    ) -> None:
        """`at_hand` gives the model as it stands; `own_ranker` ranks in its place."""
        self.catalog = catalog
        self.retriever = retriever
        self.settings = settings
        self.templates = templates
        self.understander = Understander(catalog)
        self.explainer = Explainer(catalog)
        self._at_hand = at_hand
        self._own_ranker = own_ranker
        self._roles = self._made(at_hand())

    @property
    def roles(self) -> Roles:
        """As they stand now; made anew once, when the language model has come."""
        at_hand, roles = self._at_hand(), self._roles
        if roles.at_hand is not at_hand:
            # Two threads may both make them; they are the same, and one assignment is whole.
            self._roles = roles = self._made(at_hand)
        return roles

    @property
    def who_ranks(self) -> str:
        return THE_MODEL if self._own_ranker is None else f"ranker {self.settings.ranker}"

    def describe_model(self, roles: Roles | None = None) -> dict[str, Any]:
        """What understands, ranks and explains, and by which weight; "degraded" says why
        nothing does, and "loading" is there where that will pass. `roles` are those of a turn."""
        roles = roles or self.roles
        described: dict[str, Any] = {"language_model": None, "quantization": None, "adapter": None}
        if roles.model is not None:
            described.update(roles.model.describe())
        ranks = self._own_ranker is not None or roles.model is not None
        passing = {"loading": True} if roles.at_hand.loading else {}
        return described | passing | {
            "ranker": self.settings.ranker if ranks else "retriever",
            "rank_weight": roles.weight,
            "encoder": self.settings.encoder,
            "understanding": "rules and model" if roles.reader else "rules",
            "degraded": roles.at_hand.problem or None,
        }  # fmt: skip

    def _made(self, at_hand: ModelAtHand) -> Roles:
        model, settings = at_hand.model, self.settings
        if model is None:
            return Roles(at_hand, self._own_ranker or RetrieverRanker(), 0.0)
        reader = None
        if is_wanted(settings.understanding, model):
            reader = ModelReader(model, self.catalog, settings.understand_budget_s)
        if self._own_ranker is not None:
            return Roles(at_hand, self._own_ranker, 0.0, reader)
        weight = weight_of(settings.rank_weight, model)
        if settings.ranker == "retriever":
            return Roles(at_hand, RetrieverRanker(), weight, reader)
        scorer = make_scorer(settings.ranker, model, self.catalog, self.templates)
        return Roles(at_hand, JoinedRanker(scorer, weight), weight, reader)
