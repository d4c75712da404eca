"""The dense index of a catalog: build, save, load, search, change.

An index lies in a folder of its own: the vectors (`vectors.faiss`) and a manifest that
says what they were made from. An index whose manifest does not fit the catalog and the
encoder in use is refused, never searched. Small catalogs are searched exactly; large ones by
inverted lists, whose recall against exact search is measured while they are built.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
import tempfile
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from retrieval.catalog import Catalog
from retrieval.encoded import encoded_items, wish_texts
from retrieval.encoder import Encoder
from retrieval.index_plan import (
    QUERIES,
    Budget,
    Facts,
    Steps,
    learned,
    no_steps,
    plan,
    shown_steps,
)
from retrieval.nearest import ChangedVectors, ExactVectors, Vectors, read_vectors

FORMAT = 1  # raised when the text that is encoded, or the layout of the folder, changes
_VECTORS, _CHANGES = "vectors.faiss", "changes.npz"
_HASHED_WHOLE = 64 << 20  # bytes; of a longer file parts are, since a start must not wait
_PART, _PARTS = 64 << 10, 256  # bytes of a part, and how many
log = logging.getLogger(__name__)


class IndexMismatchError(RuntimeError):
    """An index that is missing, damaged or made for something else; says what to run."""


@dataclass(frozen=True)
class Manifest:
    """What an index was made from, and how.

    `vectors` is the SHA-256 of the file of vectors; of a file of more than 64 MB that of its
    size and of 256 parts spread over it, so a flipped bit between them goes unseen. With
    `lists` the search is approximate: `recall` is the share of the 50 nearest that it finds by
    looking into `probes` lists, of the `recall_wanted`; `further` is for searches with filters.
    """

    format: int
    encoder: str
    catalog: str
    catalog_checksum: str
    count: int
    dimension: int
    vectors: str
    lists: int = 0
    codec: str = "fp32"
    probes: int = 0
    further: float = 1.0
    recall: float = 1.0
    recall_wanted: float = 1.0
    changes: str = ""  # the checksum of what changed since the lists were learned


class DenseIndex:
    """Inner-product search over the unit vectors of a catalog's items.

    Made from an array it is exact. It is never written to: `changed` gives another one.
    """

    def __init__(
        self, vectors: Vectors | NDArray[np.float32], facts: Facts | None = None,
        file: Path | None = None,
    ) -> None:  # fmt: skip
        found = ExactVectors.of(vectors) if isinstance(vectors, np.ndarray) else vectors
        self._vectors: Vectors = found
        self.facts = facts or Facts()
        self._file = file  # where lists were written to

    def __len__(self) -> int:
        return self._vectors.count

    @property
    def dimension(self) -> int:
        return self._vectors.dimension

    @property
    def vectors(self) -> NDArray[np.float32]:
        """All vectors, (n, d), in the catalog's order; read back, where they are in lists."""
        if isinstance(self._vectors, ExactVectors):
            return self._vectors.vectors
        return self.vectors_of(np.arange(len(self)))

    def vectors_of(self, places: NDArray[np.int64]) -> NDArray[np.float32]:
        """The vectors at some places, (m, d), as exactly as they are stored."""
        return self._vectors.vectors_of(np.asarray(places, dtype=np.int64))

    @cached_property
    def middle(self) -> NDArray[np.float32]:
        """The mean of the vectors, (d,), of a large index that of 10,000 spread over it."""
        places = np.unique(np.linspace(0, len(self) - 1, min(len(self), 10_000)).astype(np.int64))
        return np.asarray(self.vectors_of(places).mean(axis=0), dtype=np.float32)

    def search(
        self, query: NDArray[np.float32], k: int, allowed: NDArray[np.bool_] | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Places and cosines of the best items, best first; at most k, fewer if fewer pass.

        `query` has shape (d,). `allowed`, shape (n,), is applied inside the search, so that
        a narrow filter costs no candidates.
        """
        available = len(self)
        if allowed is not None:
            available = int(np.count_nonzero(allowed))
            if available == len(self):
                allowed = None
        k = min(k, available)
        if k == 0:
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32)
        return self._vectors.search(np.ascontiguousarray(query, dtype=np.float32), k, allowed)

    def changed(self, before: NDArray[np.int64], added: NDArray[np.float32]) -> DenseIndex:
        """The index of a changed catalog; this one stays as it is, for whoever searches it.

        `before`, shape (n',), holds for each place of the new catalog its place in this one,
        or -1 where the item is new or has another text; `added`, (m, d), the vectors of
        those, in their order.
        """
        before = np.asarray(before, dtype=np.int64)
        added = np.ascontiguousarray(added, dtype=np.float32).reshape(-1, self.dimension)
        new = before < 0
        if int(new.sum()) != len(added):
            raise ValueError(f"{int(new.sum())} places are new, but {len(added)} vectors given")
        held = self._vectors
        if isinstance(held, ExactVectors):
            vectors = np.empty((len(before), self.dimension), dtype=np.float32)
            vectors[~new], vectors[new] = held.vectors[before[~new]], added
            return DenseIndex(vectors)
        base, rows, known = held, np.arange(held.count), added[:0]
        if isinstance(held, ChangedVectors):
            base, rows, known = held.base, held.rows, held.added
        result = np.empty(len(before), dtype=np.int64)
        result[~new] = rows[before[~new]]
        result[new] = base.count + len(known) + np.arange(len(added))
        kept = np.unique(result[result >= base.count])  # what was added and removed again goes
        result[result >= base.count] = base.count + np.searchsorted(
            kept, result[result >= base.count]
        )
        extra = np.concatenate([known, added])[kept - base.count]
        return DenseIndex(ChangedVectors(base, result, extra), self.facts, self._file)

    @property
    def wants_rebuild(self) -> bool:
        """Whether so much changed that lists learned anew would be searched faster."""
        held = self._vectors
        return isinstance(held, ChangedVectors) and (
            len(held.added) * 20 > held.base.count or held.count * 2 < held.base.count
        )


def index_folder(root: Path, catalog: Catalog, encoder_name: str) -> Path:
    """Where the index of this catalog under this encoder lies below `root`."""
    space = hashlib.sha256(encoder_name.encode()).hexdigest()[:8]
    return root / f"{catalog.name}-{space}"


def build_index(
    folder: Path, catalog: Catalog, encoder: Encoder, *, progress: bool = False,
    budget: Budget | None = None, steps: Steps | None = None,
) -> DenseIndex:  # fmt: skip
    """Encode a catalog and save its index; the folder is replaced as a whole or not at all.

    With `progress` the steps are shown in the terminal, or told to `steps`.
    """
    steps = steps or (shown_steps() if progress else no_steps)
    budget = budget or Budget()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}-texts-", dir=folder.parent) as draft:
        vectors = encoded_items(catalog, encoder, budget, Path(draft), progress, steps)
        large = plan(len(catalog), vectors.shape[1], budget).lists
        wishes = encoder.encode(wish_texts(catalog, QUERIES)) if large else None
        index = DenseIndex(*learned(vectors, budget, steps, wishes))
        return save_index(folder, index, catalog, encoder.name)


def save_index(folder: Path, index: DenseIndex, catalog: Catalog, encoder_name: str) -> DenseIndex:
    """Write the index of a catalog; the folder is replaced as a whole or not at all.

    Gives the index as it is read back, which of a large one does not hold all in memory.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    old = draft.with_name(f"{draft.name}-old")
    held = index._vectors
    try:
        if index._file is not None and index._file.is_file():
            os.link(index._file, draft / _VECTORS)  # lists that only others were added to
        else:
            held.write(draft / _VECTORS)
        if isinstance(held, ChangedVectors):
            np.savez(draft / _CHANGES, rows=held.rows, added=held.added)
        manifest = Manifest(
            format=FORMAT, encoder=encoder_name, catalog=catalog.name,
            catalog_checksum=catalog.checksum, count=len(index), dimension=index.dimension,
            vectors=file_checksum(draft / _VECTORS), **asdict(index.facts),
            changes=file_checksum(draft / _CHANGES) if (draft / _CHANGES).exists() else "",
        )  # fmt: skip
        (draft / "manifest.json").write_text(json.dumps(asdict(manifest), indent=1) + "\n")
        if folder.exists():
            os.replace(folder, old)
        os.replace(draft, folder)
    except OSError:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    finally:
        shutil.rmtree(old, ignore_errors=True)
    return load_index(folder, catalog, encoder_name)


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
    for name, expected in ((_VECTORS, manifest.vectors), (_CHANGES, manifest.changes)):
        file = folder / name
        if expected and (not file.exists() or file_checksum(file) != expected):
            raise IndexMismatchError(f"{file}: missing, cut short or changed; {remedy} again")
    return _read(folder, manifest, remedy)


def _read(folder: Path, manifest: Manifest, remedy: str) -> DenseIndex:
    file = folder / _VECTORS
    try:
        vectors = read_vectors(file, manifest.probes, manifest.further)
        if manifest.changes:
            with np.load(folder / _CHANGES, allow_pickle=False) as changes:
                vectors = ChangedVectors(vectors, changes["rows"], changes["added"])
    except (RuntimeError, OSError, ValueError, KeyError) as error:
        cause = str(error).split("\n")[0][:100]
        raise IndexMismatchError(f"{file}: can't be read ({cause}); {remedy} again") from error
    facts = Facts(
        manifest.lists, manifest.codec, manifest.probes, manifest.further, manifest.recall,
        manifest.recall_wanted,
    )  # fmt: skip
    return DenseIndex(vectors, facts, file if manifest.lists else None)


def file_checksum(file: Path) -> str:
    """SHA-256 of a file; of one above 64 MB that of its size and of 256 parts of it."""
    size = file.stat().st_size
    with file.open("rb") as content:
        if size <= _HASHED_WHOLE:
            return hashlib.file_digest(content, "sha256").hexdigest()
        digest = hashlib.sha256(str(size).encode())
        for start in np.linspace(0, max(0, size - _PART), _PARTS).astype(np.int64).tolist():
            content.seek(start)
            digest.update(content.read(_PART))
    return digest.hexdigest()
