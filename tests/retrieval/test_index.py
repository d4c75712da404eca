"""The dense index: saved with a manifest, refused where it does not fit, filtered inside."""

from __future__ import annotations

import gc
import json
from pathlib import Path

import numpy as np
import pytest

from retrieval.catalog import Catalog
from retrieval.index import (
    DenseIndex,
    IndexMismatchError,
    build_index,
    file_checksum,
    load_index,
    save_index,
)
from retrieval.index_plan import (
    Budget,
    Plan,
    between_items,
    learned,
    look_further,
    no_steps,
    plan,
)
from retrieval.nearest import InvertedLists, read_vectors


@pytest.fixture
def folder(tmp_path: Path, books: Catalog, encoder) -> Path:
    build_index(tmp_path / "index", books, encoder)
    return tmp_path / "index"


def test_a_saved_index_comes_back_the_same(folder: Path, books: Catalog, encoder) -> None:
    index = load_index(folder, books, encoder.name)
    expected = encoder.encode([books.describe(item) for item in books.items])
    np.testing.assert_array_equal(index.vectors, expected)


def test_vectors_outlive_their_index(folder: Path, books: Catalog, encoder) -> None:
    vectors = load_index(folder, books, encoder.name).vectors
    gc.collect()
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


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


# --- by lists -----------------------------------------------------------------------------


SMALL = Budget(exact_up_to=1_000, recall=0.9)


def clustered(count: int = 6_000, dimension: int = 32, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(40, dimension))
    vectors = centres[rng.integers(40, size=count)] + 0.5 * rng.normal(size=(count, dimension))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def nearest(vectors: np.ndarray, query: np.ndarray, k: int, allowed: np.ndarray) -> set[int]:
    places = np.flatnonzero(allowed)
    return set(places[np.argsort(-(vectors[places] @ query), kind="stable")[:k]].tolist())


@pytest.fixture(scope="module")
def lists() -> DenseIndex:
    return DenseIndex(*learned(clustered(), SMALL, no_steps))


def test_the_finest_storage_that_fits_the_budget_is_planned() -> None:
    assert plan(1_000, 384, Budget()) == Plan()
    assert plan(30_000, 384, Budget(memory_mb=40)).codec == "fp16"
    assert plan(1_000_000, 384, Budget(memory_mb=900)).codec == "fp16"
    assert plan(1_000_000, 384, Budget(memory_mb=512)).codec == "sq8"
    assert plan(1_000_000, 384, Budget(memory_mb=1)) == Plan(2_000, "sq4")


def test_lists_find_what_is_wanted_also_within_filters(lists: DenseIndex) -> None:
    vectors, rng = clustered(), np.random.default_rng(1)
    assert lists.facts.lists and lists.facts.recall >= SMALL.recall
    everything = np.ones(len(vectors), dtype=bool)
    region = vectors @ vectors[7] > np.quantile(vectors @ vectors[7], 0.6)
    for allowed in (everything, rng.random(len(vectors)) < 0.5, region):
        found = []
        for query in vectors[rng.integers(len(vectors), size=40)]:
            places, cosines = lists.search(query, 20, allowed)
            assert allowed[places].all() and len(places) == 20
            assert (np.diff(cosines) <= 0).all()
            found.append(len(set(places.tolist()) & nearest(vectors, query, 20, allowed)) / 20)
        assert np.mean(found) >= SMALL.recall


def test_a_region_is_found_by_wishes_from_elsewhere() -> None:
    """What passes lies together and far from the query, so that the nearest lists hold none."""
    rng = np.random.default_rng(3)

    def near_centres(count: int, apart: float) -> np.ndarray:
        found = centres[rng.integers(300, size=count)] + apart * rng.normal(size=(count, 32))
        return (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float32)

    centres = rng.normal(size=(300, 32))
    vectors, queries = near_centres(24_000, 0.8), near_centres(80, 1.2)
    index = DenseIndex(*learned(vectors, Budget(exact_up_to=0), no_steps, queries[:40]))
    region = vectors @ vectors[7] > np.quantile(vectors @ vectors[7], 0.87)
    found = [
        len(set(index.search(query, 20, region)[0].tolist()) & nearest(vectors, query, 20, region))
        for query in queries[40:]
    ]
    assert np.mean(found) / 20 >= 0.95


def test_how_far_filtered_searches_look_is_learned_and_kept(tmp_path: Path) -> None:
    vectors = clustered(30_000)
    searched, facts = learned(vectors, SMALL, no_steps)
    assert isinstance(searched, InvertedLists) and facts.further == searched.further >= 1
    searched.probes, searched.further = 1, 1.0  # as if the shares met were far from enough
    queries = between_items(vectors, seed=5)
    look_further(searched, vectors, queries, SMALL.recall, no_steps)
    assert searched.further > 1
    allowed = np.random.default_rng(9).random(len(vectors)) < 0.1
    found = [
        len(set(searched.search(query, 50, allowed)[0].tolist())
            & nearest(vectors, query, 50, allowed)) / 50
        for query in between_items(vectors, seed=6)[:100]
    ]  # fmt: skip
    assert np.mean(found) >= SMALL.recall
    searched.write(tmp_path / "lists")
    read = read_vectors(tmp_path / "lists", searched.probes, searched.further)
    same = read.search(queries[0], 50, allowed)[0]
    np.testing.assert_array_equal(same, searched.search(queries[0], 50, allowed)[0])


def test_a_narrow_filter_is_searched_wholly(lists: DenseIndex) -> None:
    vectors = clustered()
    allowed = np.zeros(len(vectors), dtype=bool)
    allowed[::300] = True  # 20 of 6,000
    places, _ = lists.search(vectors[1], 50, allowed)
    assert set(places.tolist()) == set(np.flatnonzero(allowed).tolist())


def test_recall_that_cannot_be_reached_is_told(caplog: pytest.LogCaptureFixture) -> None:
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(2_000, 16)).astype(np.float32)
    noise /= np.linalg.norm(noise, axis=1, keepdims=True)
    tight = Budget(memory_mb=0, exact_up_to=10, recall=0.999)
    searched, facts = learned(noise, tight, no_steps)
    assert facts.codec == "sq4" and facts.recall < facts.recall_wanted == 0.999
    assert isinstance(searched, InvertedLists) and searched.probes == searched.lists
    assert "allow the index more memory" in caplog.text


def test_lists_are_saved_with_what_was_measured(tmp_path: Path, books: Catalog, encoder) -> None:
    folder = tmp_path / "index"
    built = build_index(folder, books, encoder, budget=Budget(exact_up_to=0))
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["lists"] > 0 and manifest["codec"] == "fp16" and manifest["recall"] >= 0.95
    read = load_index(folder, books, encoder.name)
    assert read.facts == built.facts
    np.testing.assert_array_equal(read.vectors, built.vectors)
    np.testing.assert_allclose(
        read.vectors, encoder.encode([books.describe(i) for i in books.items]), atol=2e-3
    )


@pytest.mark.parametrize("budget", [Budget(), Budget(exact_up_to=0)])
def test_a_change_is_seen_by_who_has_the_new_index_alone(
    tmp_path: Path, books: Catalog, encoder, budget: Budget
) -> None:
    index = build_index(tmp_path / "index", books, encoder, budget=budget)
    new = encoder.encode(["a camel", "a harbour of glass"])
    # The first item goes, the second has another text, one comes at the end.
    changed = index.changed(np.array([-1, 2, 3, 4, 5, -1]), new)
    assert changed.search(new[0], 1)[0].tolist() == [0]
    assert changed.search(new[1], 1)[0].tolist() == [5]
    np.testing.assert_allclose(changed.vectors_of(np.array([0, 1, 5])),
                               [new[0], index.vectors[2], new[1]], atol=1e-6)  # fmt: skip
    assert len(index) == 6 and index.search(new[0], 1)[0].tolist() == [1]
    again = changed.changed(np.array([0, 5]), new[:0])
    assert sorted(again.search(new[0], 9)[0].tolist()) == [0, 1]
    assert again.search(new[1], 1, np.array([False, True]))[0].tolist() == [1]
    smaller = Catalog("books", books.items[:2], books.fields.values(), checksum="2")
    save_index(tmp_path / "index", again, smaller, encoder.name)
    read = load_index(tmp_path / "index", smaller, encoder.name)
    np.testing.assert_array_equal(read.vectors, again.vectors)


def test_vectors_that_are_too_few_are_refused(books: Catalog, encoder) -> None:
    index = DenseIndex(encoder.encode(["a", "b"]))
    with pytest.raises(ValueError, match="2 places are new, but 1 vectors"):
        index.changed(np.array([-1, -1]), encoder.encode(["c"]))


def test_damage_to_a_large_file_is_seen_without_reading_all(tmp_path: Path) -> None:
    file = tmp_path / "large"
    with file.open("wb") as content:
        content.truncate(70 << 20)
    whole = file_checksum(file)
    assert file_checksum(file) == whole
    for place, size in ((0, 70 << 20), ((70 << 20) - 1, 70 << 20), (0, (70 << 20) - 1)):
        with file.open("r+b") as content:
            content.truncate(size)
            content.seek(place)
            content.write(b"x")
        assert file_checksum(file) != whole
        with file.open("wb") as content:
            content.truncate(70 << 20)
