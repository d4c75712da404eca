"""The language model: what is asked of it, loading it, and the engines that answer."""

from recommender.language_model.addresses import without_credentials
from recommender.language_model.hugging_face import HuggingFaceModel
from recommender.language_model.loading import (
    base_checksum,
    load_language_model,
    load_weights,
    prepare_model,
)
from recommender.language_model.openvino_model import OpenVinoModel
from recommender.language_model.packaged import SMALL_MODEL
from recommender.language_model.protocol import Frame, LanguageModel, ModelError, WarmsUp
from recommender.language_model.slot_grammar import SlotGrammar

__all__ = [
    "SMALL_MODEL",
    "Frame",
    "HuggingFaceModel",
    "LanguageModel",
    "ModelError",
    "OpenVinoModel",
    "SlotGrammar",
    "WarmsUp",
    "base_checksum",
    "load_language_model",
    "load_weights",
    "prepare_model",
    "without_credentials",
]
