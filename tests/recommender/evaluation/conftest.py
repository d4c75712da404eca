"""What the tests of evaluation share: a tiny shop, read once, and its scorers."""

from __future__ import annotations

from pathlib import Path

import pytest
from scripted_models import FILMS, HashingEncoder
from tiny_shop import QUICK, write_shop

from recommender.evaluation.data import Behaviour, load_video_games
from recommender.evaluation.masked_training import MaskedLearning
from recommender.evaluation.shelf import Shelf
from recommender.settings import Settings
from retrieval.collaborative import Learning


@pytest.fixture(scope="session")
def shop_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_shop(tmp_path_factory.mktemp("shop"))


@pytest.fixture(scope="session")
def shop(shop_folder: Path) -> Behaviour:
    return load_video_games(shop_folder)


@pytest.fixture(scope="session")
def shelf(shop: Behaviour, tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    return Shelf(
        shop, "test", tmp_path_factory.mktemp("kept"), QUICK,
        Learning(ridge=1.0, fewest=1), masked=MaskedLearning(width=16, epochs=1, batch=16),
        encoder=HashingEncoder(),
    )  # fmt: skip


@pytest.fixture(scope="session")
def film_settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The small catalog without a language model; the index is made once."""
    return Settings(catalog=str(FILMS), data=tmp_path_factory.mktemp("films"), model="none")
