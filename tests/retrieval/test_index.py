"""The dense index: saved with a manifest, refused where it does not fit, filtered inside."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from retrieval.catalog import Catalog
from retrieval.index import DenseIndex, IndexMismatchError, build_index, load_index


@pytest.fixture
def folder(tmp_path: Path, books: Catalog, encoder) -> Path:
    build_index(tmp_path / "index", books, encoder)
    return tmp_path / "index"


def test_a_saved_index_comes_back_the_same(folder: Path, books: Catalog, encoder) -> None:
    index = load_index(folder, books, encoder.name)
    expected = encoder.encode([books.describe(item) for item in books.items])
    np.testing.assert_array_equal(index.vectors, expected)


def test_another_encoder_is_refused_by_name(folder: Path, books: Catalog) -> None:
    with pytest.raises(
        IndexMismatchError, match=r"encoder hashing-128.*asks? for other.*make index"
    ):
        load_index(folder, books, "other")


def test_a_changed_catalog_is_refused(folder: Path, books: Catalog, encoder) -> None:
    books.checksum = "0" * 64
    with pytest.raises(IndexMismatchError, match="catalog checksum"):
        load_index(folder, books, encoder.name)


@pytest.mark.parametrize("keep", [0, 10, -1])
def test_a_truncated_file_is_refused(folder: Path, books: Catalog, encoder, keep: int) -> None:
    file = folder / "vectors.faiss"
    file.write_bytes(file.read_bytes()[:keep])
    with pytest.raises(IndexMismatchError, match=r"cut short.*make index"):
        load_index(folder, books, encoder.name)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"format": 1}'])
def test_a_broken_manifest_is_refused(folder: Path, books: Catalog, encoder, content: str) -> None:
    (folder / "manifest.json").write_text(content)
    with pytest.raises(IndexMismatchError, match="manifest"):
        load_index(folder, books, encoder.name)


def test_a_missing_index_says_what_to_run(tmp_path: Path, books: Catalog) -> None:
    with pytest.raises(IndexMismatchError, match="make index"):
        load_index(tmp_path / "none", books, "any")


def test_building_again_replaces_the_folder_and_leaves_no_draft(
    folder: Path, books: Catalog, encoder
) -> None:
    build_index(folder, books, encoder)
    assert [p.name for p in folder.parent.iterdir() if p.is_dir()] == ["index"]
    manifest = json.loads((folder / "manifest.json").read_text())
    assert (manifest["count"], manifest["encoder"]) == (6, "hashing-128")


def test_a_filter_inside_the_search_loses_nothing() -> None:
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(500, 16)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    allowed = np.zeros(500, dtype=bool)
    allowed[[3, 77, 199, 480, 499]] = True
    places, scores = DenseIndex(vectors).search(vectors[0], 10, allowed)
    cosines = vectors @ vectors[0]
    assert places.tolist() == sorted([3, 77, 199, 480, 499], key=lambda n: -cosines[n])
    np.testing.assert_allclose(scores, cosines[places], atol=1e-5)


def test_an_empty_filter_finds_nothing() -> None:
    vectors = np.eye(4, dtype=np.float32)
    places, scores = DenseIndex(vectors).search(vectors[0], 3, np.zeros(4, dtype=bool))
    assert len(places) == len(scores) == 0
