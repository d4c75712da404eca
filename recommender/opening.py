"""Opening what a recommender needs: the index, what others liked, the language model.

What is derived from files is kept in the data folder and made again where it no longer fits.
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import replace
from pathlib import Path

from recommender.language_model import LanguageModel, ModelError, load_language_model
from recommender.settings import Settings
from retrieval.catalog import Catalog
from retrieval.collaborative import (
    CollaborativeIndex,
    CollaborativeMismatchError,
    learn,
    load_collaborative,
    save_collaborative,
)
from retrieval.encoder import Encoder
from retrieval.index import DenseIndex, IndexMismatchError, build_index, index_folder, load_index
from retrieval.intake.embeddings import CachedEncoder, Encoded
from retrieval.intake.finding import FOLDER, Found
from retrieval.interactions import InteractionsError, read_interactions
from retrieval.milvus import MilvusCollection, MilvusError, MilvusRetriever
from retrieval.retriever import DenseRetriever, RetrieverWeights

log = logging.getLogger(__name__)
CatalogRetriever = DenseRetriever | MilvusRetriever


def open_retriever(
    root: Path, catalog: Catalog, encoder: Encoder, progress: bool, interactions: Path | None = None,
    weights: RetrieverWeights | None = None,
) -> DenseRetriever:  # fmt: skip
    """The retriever over the saved index; an index that does not fit is built again.

    With `interactions` it also goes by what others liked. Raises `InteractionsError`.
    """
    index = open_index(root, catalog, encoder, progress)
    folder = index_folder(root, catalog, encoder.name)
    others = open_collaborative(folder, catalog, interactions) if interactions else None
    return DenseRetriever(catalog, encoder, index, weights, others)


def weights_of(settings: Settings) -> RetrieverWeights:
    """The retriever's weights, with nothing for what the settings leave out."""
    weights = RetrieverWeights()
    return replace(
        weights,
        dense=weights.dense if "dense" in settings.searches else 0.0,
        lexical=weights.lexical if "bm25" in settings.searches else 0.0,
        titles=weights.titles if "bm25" in settings.searches else 0.0,
    )


def open_index(root: Path, catalog: Catalog, encoder: Encoder, progress: bool) -> DenseIndex:
    """The saved index; one that does not fit is built again."""
    folder = index_folder(root, catalog, encoder.name)
    try:
        return load_index(folder, catalog, encoder.name)
    except IndexMismatchError as error:
        log.warning("%s (it is built now)", error)
    return build_index(folder, catalog, encoder, progress=progress)


def open_pushed(
    catalog: Catalog, encoder: Encoder, where: str, weights: RetrieverWeights | None = None
) -> MilvusRetriever:
    """The retriever on a Milvus that the catalog was pushed to. Raises `MilvusError`."""
    collection = MilvusCollection(where, catalog.name)
    try:
        return MilvusRetriever(catalog, encoder, collection, weights)
    except MilvusError:
        collection.close()
        raise


def open_found(
    found: Found, settings: Settings, encoder: Encoder, progress: bool = False
) -> CatalogRetriever:
    """The retriever over a catalog that was found by its name, where the settings want it.

    An imported one has its index beside it, and encodes only what was never encoded before.
    Raises `InteractionsError` or `MilvusError`.
    """
    weights = weights_of(settings)
    if settings.retriever != "faiss":
        return open_pushed(found.catalog, encoder, settings.retriever, weights)
    known = indexed_by(encoder, found, settings)
    root = index_root(found, settings)
    others = settings.interactions if "collaborative" in settings.searches else None
    return open_retriever(root, found.catalog, known, progress, others, weights)


def index_root(found: Found, settings: Settings) -> Path:
    """Below which folder the index of a catalog lies."""
    return settings.data / "index" if found.storage is None else found.storage.folder / "index"


def indexed_by(encoder: Encoder, found: Found, settings: Settings) -> Encoder:
    """The encoder of a catalog's items: one that remembers, where items come and go."""
    if found.storage is None:
        return encoder
    return CachedEncoder(encoder, settings.data / FOLDER)


def open_in_memory(
    catalog: Catalog, settings: Settings, encoder: Encoder, told: Encoded | None = None
) -> DenseRetriever:
    """A retriever that leaves nothing on the disk; `told` hears how many items are encoded."""
    reading = CachedEncoder(encoder, settings.data / FOLDER, keep=False, told=told)
    vectors = reading.encode([catalog.describe(item) for item in catalog.items])
    return DenseRetriever(catalog, encoder, DenseIndex(vectors), weights_of(settings))


def open_collaborative(root: Path, catalog: Catalog, interactions: Path) -> CollaborativeIndex:
    """What a file of interactions teaches of a catalog, learned once and kept under `root`."""
    try:
        content = hashlib.sha256(interactions.read_bytes()).hexdigest()
    except OSError as error:
        raise InteractionsError(
            f"{interactions}: can't be read: {error.strerror}; --interactions names a .csv or "
            f".jsonl file with user, item and, where there is one, rating"
        ) from error
    kept = root / f"interactions-{content[:16]}.npz"
    try:
        return load_collaborative(kept, catalog)
    except CollaborativeMismatchError as error:
        log.info("%s (it is learned now)", error)
    learned = learn(catalog, read_interactions(interactions))
    save_collaborative(kept, learned)
    return learned


def open_model(settings: Settings) -> tuple[LanguageModel | None, str]:
    """The language model of the settings, or None and the reason why there is none."""
    if settings.model == "none":
        return None, "no language model is configured"
    try:
        return load_language_model(
            settings.model, quantization=settings.quantization, adapter=settings.adapter,
            cache=settings.data, ranker=settings.ranker,
        ), ""  # fmt: skip
    except ModelError as error:
        log.warning("%s", error)
        return None, str(error)
