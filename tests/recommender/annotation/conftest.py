"""A store of campaigns in a file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from recommender.annotation.records import AnnotationStore


@pytest.fixture
def store(tmp_path: Path) -> Iterator[AnnotationStore]:
    opened = AnnotationStore(tmp_path / "store.db")
    yield opened
    opened.close()
