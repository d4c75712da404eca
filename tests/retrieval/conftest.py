"""A small invented catalog and an encoder that hashes words."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from retrieval.catalog import Catalog, fold, load_catalog

ROWS = [
    {"id": "a", "title": "Deep Harbour", "year": 1979, "genres": ["Horror"], "authors": ["Ann Lee"],
     "pages": 210, "text": "A diver hears knocking from inside a wreck that sank ninety years ago."},
    {"id": "b", "title": "The Salt Road", "year": 1988, "genres": ["Adventure"], "authors": ["Bo Kim"],
     "pages": 340, "text": "Two smugglers cross a white desert with a camel that knows the way home."},
    {"id": "c", "title": "Harbour Lights", "year": 1991, "genres": ["Romance"], "authors": ["Ann Lee"],
     "pages": 180, "text": "A lighthouse keeper falls for the pilot who keeps missing the harbour."},
    {"id": "d", "title": "Zero Zombies", "year": 2004, "genres": ["Horror", "Comedy"],
     "authors": ["Cy Orr"], "pages": 150, "text": "A town waits for zombies that never arrive and grows bored of fear."},
    {"id": "e", "title": "Winter Ledger", "year": 2010, "genres": ["Crime"], "authors": ["Di Paz"],
     "text": "An accountant finds that the village choir launders money through hymn books."},
    {"id": "f", "title": "Glass Orchard", "year": 2016, "genres": ["Fantasy", "Romance"],
     "authors": ["Bo Kim", "Di Paz"], "pages": 420, "text": "Trees of glass ring before storms, and one girl can read their tune."},
]  # fmt: skip


class HashingEncoder:
    """Texts are near when they share words."""

    def __init__(self, name: str = "hashing-128", dimension: int = 128) -> None:
        self.name = name
        self._dimension = dimension

    def encode(self, texts: Sequence[str], progress: bool = False) -> NDArray[np.float32]:
        vectors = np.full((len(texts), self._dimension), 1e-3, dtype=np.float32)
        for row, text in enumerate(texts):
            for word in fold(text).split():
                vectors[row, zlib.crc32(word.encode()) % self._dimension] += 1.0
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.fixture
def encoder() -> HashingEncoder:
    return HashingEncoder()


@pytest.fixture
def write_catalog(tmp_path: Path) -> Callable[..., str]:
    """Write lines (objects, or text as it is) to a catalog file; gives its path."""

    def write(*lines: object, name: str = "books.jsonl") -> str:
        path = tmp_path / name
        text = (line if isinstance(line, str) else json.dumps(line) for line in lines)
        path.write_text("\n".join(text) + "\n", encoding="utf-8")
        return str(path)

    return write


@pytest.fixture
def books(write_catalog: Callable[..., str]) -> Catalog:
    return load_catalog(write_catalog(*ROWS))
