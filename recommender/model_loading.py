"""The encoder and the language model on their way: loaded at once, or beside the first turns.

Whoever serves a page need not wait for them. The encoder is waited for by who encodes; without
the language model the reply is a degraded one that says so, and the next turn has it.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass

from recommender.language_model import LanguageModel, WarmsUp
from recommender.opening import open_model
from recommender.settings import Settings
from retrieval.encoder import Encoder, EncoderInBackground, open_encoder

log = logging.getLogger(__name__)
STILL_LOADING = "the language model is still loading"


@dataclass(frozen=True)
class ModelAtHand:
    """A language model, or the reason why there is none."""

    model: LanguageModel | None
    problem: str = ""
    loading: bool = False


class ModelLoading:
    """What the settings name, loaded once. `at_hand` is replaced as a whole when the model is
    there, so that a turn has it from its beginning or not at all."""

    def __init__(
        self,
        settings: Settings,
        encoder: Encoder | None = None,
        model: LanguageModel | None = None,
        *,
        in_background: bool = False,
    ) -> None:
        """`encoder` and `model` stand in for what the settings name.

        Raises `EncoderError`; in the background `wait` does.
        """
        self._settings = settings
        self._thread: threading.Thread | None = None
        self._encoder = None
        if encoder is None and in_background:
            encoder = self._encoder = EncoderInBackground(settings.encoder, settings.data)
        self.encoder = encoder or open_encoder(settings.encoder, settings.data)
        self.at_hand = ModelAtHand(model)
        if model is None and (not in_background or settings.model == "none"):
            self.at_hand = ModelAtHand(*open_model(settings))
        elif model is None:
            self.at_hand = ModelAtHand(None, STILL_LOADING, loading=True)
        if self._encoder is not None or self.at_hand.loading:
            self._thread = threading.Thread(target=self._load, name="loading", daemon=True)
            self._thread.start()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Until all is loaded; gives whether it is. Raises `EncoderError`."""
        if self._thread is not None:
            self._thread.join(timeout_s)
            if self._thread.is_alive():
                return False
        if self._encoder is not None:
            self._encoder.wait()
        return True

    def warm_up(self) -> None:
        """Have the model, if it is there, meet at once what it would prepare turn by turn."""
        if isinstance(self.at_hand.model, WarmsUp):
            self.at_hand.model.warm_up()

    def _load(self) -> None:
        if self._encoder is not None:
            self._encoder.load()
        if not self.at_hand.loading:
            return
        try:
            self.at_hand = ModelAtHand(*open_model(self._settings))
        except Exception as error:  # whatever it is, those who wait are told
            log.exception("loading the language model failed")
            problem = f"the language model can't be loaded ({type(error).__name__})"
            self.at_hand = ModelAtHand(None, problem)
