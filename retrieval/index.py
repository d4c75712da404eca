"""The dense index of a catalog: build, save, load, search. The only home of FAISS.

An index lies in a folder of its own: the vectors (`vectors.faiss`) and a manifest that
says what they were made from. An index whose manifest does not fit the catalog and the
encoder in use is refused, never searched.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

import faiss
import numpy as np
from numpy.typing import NDArray

from retrieval.catalog import Catalog
from retrieval.encoder import Encoder

FORMAT = 1  # raised when the text that is encoded, or the layout of the folder, changes


class IndexMismatchError(RuntimeError):
    """An index that is missing, damaged or made for something else; says what to run."""


@dataclass(frozen=True)
class Manifest:
    """What an index was made from; `vectors` is the SHA-256 of the file of vectors."""

    format: int
    encoder: str
    catalog: str
    catalog_checksum: str
    count: int
    dimension: int
    vectors: str


class DenseIndex:
    """Exact inner-product search over the unit vectors of a catalog's items."""

    def __init__(self, vectors: NDArray[np.float32]) -> None:
        self.vectors = vectors  # (n, d), in the catalog's order
        self._index = faiss.IndexFlatIP(vectors.shape[1])
        self._index.add(vectors)

    def search(
        self, query: NDArray[np.float32], k: int, allowed: NDArray[np.bool_] | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Places and cosines of the best items, best first; at most k, fewer if fewer pass.

        `query` has shape (d,). `allowed`, shape (n,), is applied inside the search, so that
        a narrow filter costs no candidates.
        """
        parameters = None
        available = len(self.vectors)
        if allowed is not None:
            available = int(allowed.sum())
            bitmap = np.packbits(allowed, bitorder="little")
            selector = faiss.IDSelectorBitmap(len(self.vectors), faiss.swig_ptr(bitmap))
            parameters = faiss.SearchParameters(sel=selector)  # type: ignore[call-arg]
        k = min(k, available)
        if k == 0:
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32)
        scores, places = self._index.search(query[None].astype(np.float32), k, params=parameters)
        return places[0], scores[0]


def index_folder(root: Path, catalog: Catalog, encoder_name: str) -> Path:
    """Where the index of this catalog under this encoder lies below `root`."""
    space = hashlib.sha256(encoder_name.encode()).hexdigest()[:8]
    return root / f"{catalog.name}-{space}"


def build_index(
    folder: Path, catalog: Catalog, encoder: Encoder, *, progress: bool = False
) -> DenseIndex:
    """Encode a catalog and save its index; the folder is replaced as a whole or not at all."""
    texts = [catalog.describe(item) for item in catalog.items]
    index = DenseIndex(encoder.encode(texts, progress=progress))
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        faiss.write_index(index._index, str(draft / "vectors.faiss"))
        manifest = Manifest(
            format=FORMAT,
            encoder=encoder.name,
            catalog=catalog.name,
            catalog_checksum=catalog.checksum,
            count=len(catalog),
            dimension=index.vectors.shape[1],
            vectors=_checksum(draft / "vectors.faiss"),
        )
        (draft / "manifest.json").write_text(json.dumps(asdict(manifest), indent=1) + "\n")
        if folder.exists():
            shutil.rmtree(folder)
        os.replace(draft, folder)
    except OSError:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    return index


def load_index(folder: Path, catalog: Catalog, encoder_name: str) -> DenseIndex:
    """Read an index back. Raises `IndexMismatchError` unless it fits in every respect."""
    remedy = "run `make index` to build it"
    try:
        stored = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        manifest = Manifest(**stored)
    except FileNotFoundError:
        raise IndexMismatchError(f"{folder}: there is no index yet; {remedy}") from None
    except (OSError, ValueError, TypeError) as error:
        raise IndexMismatchError(
            f"{folder}: the manifest can't be read ({error}); {remedy} again"
        ) from error
    for what, built, asked in (
        ("format", manifest.format, FORMAT),
        ("encoder", manifest.encoder, encoder_name),
        ("catalog checksum", manifest.catalog_checksum, catalog.checksum),
        ("count", manifest.count, len(catalog)),
    ):
        if built != asked:
            raise IndexMismatchError(
                f"{folder}: the index was built with {what} {built}, the settings ask for "
                f"{asked}; {remedy} again"
            )
    file = folder / "vectors.faiss"
    if not file.exists() or _checksum(file) != manifest.vectors:
        raise IndexMismatchError(f"{file}: missing, cut short or changed; {remedy} again")
    stored_index = faiss.read_index(str(file))
    vectors = stored_index.reconstruct_n(0, stored_index.ntotal)
    return DenseIndex(np.asarray(vectors, dtype=np.float32))


def _checksum(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
