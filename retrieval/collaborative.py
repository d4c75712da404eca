"""What people who liked one item also liked, learned from interactions.

Promises a score for every item of a catalog from a handful of liked ones, and how widely
each item is liked. The method is EASE (Steck, arXiv 1905.03375), a linear autoencoder in
closed form, cut to each item's strongest neighbours. It learns nothing of a visitor, reads
no times, and knows nothing of items that too few people liked.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, sparse

from retrieval.catalog import Catalog
from retrieval.interactions import InteractionsError

FORMAT = 2  # raised when the layout of the file, or what is learned, changes
log = logging.getLogger(__name__)


class CollaborativeMismatchError(RuntimeError):
    """A file that is missing, damaged or learned for another catalog; says what to do."""


@dataclass(frozen=True)
class Learning:
    """How to learn from interactions; measured in `recommender/evaluation/redial.py`.

    A rating of at least `liked_from` counts as liked, as does an interaction without one.
    `ridge` is EASE's lambda. Items that fewer than `fewest` people liked, by the weight of their
    interactions, have no neighbours, others keep their `neighbours` strongest. Only the `most`
    items that most people liked are learned, since time grows with their cube: 8,000 take half
    a gigabyte. With `years_out`, what counts as popular is the likes for each year that an item
    was out, up to so many; 0 asks for no years.
    """

    liked_from: float = 3.5
    ridge: float = 200.0
    fewest: float = 3
    neighbours: int = 100
    most: int = 8000
    years_out: int = 0


@dataclass(frozen=True)
class CollaborativeManifest:
    """What was learned from: which catalog, which interactions, and how many of each."""

    format: int
    catalog: str
    catalog_checksum: str
    interactions_checksum: str
    users: int
    interactions: int  # that count as liked, of items in the catalog
    elsewhere: int  # that speak of items outside the catalog, and teach nothing
    learning: Mapping[str, float]


class CollaborativeIndex:
    """Scores of a catalog's items by who liked them, in the catalog's order.

    `weights`, shape (n, n), holds in row i how much liking item i speaks for the others;
    `counts`, shape (n,), how many people liked each, by the weight of their interactions.
    """

    def __init__(
        self,
        catalog: Catalog,
        weights: sparse.csr_array,
        counts: NDArray[np.float32],
        manifest: CollaborativeManifest,
    ) -> None:
        self.manifest = manifest
        self.counts = counts
        self._place = catalog.place
        self._weights = weights
        spread = np.log1p(counts * _share_of_years(catalog, manifest.learning["years_out"]))
        # Log of the count, scaled so that the most liked item has 1 and an unknown one 0.
        self.popularity = np.asarray(spread / max(float(spread.max()), 1e-9), dtype=np.float32)

    def scores(self, liked: Sequence[str], disliked: Sequence[str] = ()) -> NDArray[np.float32]:
        """How much the tastes of others speak for each item, float32 of shape (n,).

        Scaled so that the greatest is 1 in size; below 0 is against. All 0 where nothing is
        known of these items; unknown ids are passed over.
        """
        return self._spread(*self.matches(liked, disliked))

    def totals(self, liked: Sequence[str], disliked: Sequence[str] = ()) -> NDArray[np.float32]:
        """The same before scaling: sums of EASE's weights, which keep how sure they are."""
        return self._spread(*self._sums(liked, disliked))

    def matches(
        self, liked: Sequence[str], disliked: Sequence[str] = (), fade: float = 1.0
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """The scores that are not 0: places, rising, and how much speaks for each.

        Of `liked`, oldest first, each counts `fade` times as much as the one after it.
        """
        places, sums = self._sums(liked, disliked, fade)
        greatest = float(np.abs(sums).max(initial=0.0))
        return places, sums / np.float32(greatest) if greatest > 0 else sums

    def most_popular(self, allowed: NDArray[np.bool_], k: int) -> NDArray[np.int64]:
        """The places of the k items that most people liked, of those allowed, shape (n,)."""
        found = self._by_popularity[:0]
        for start in range(0, len(self._by_popularity), 10 * k):
            part = self._by_popularity[start : start + 10 * k]
            found = np.concatenate([found, part[allowed[part]]])[:k]
            if len(found) == k:
                break
        return found

    @cached_property
    def _by_popularity(self) -> NDArray[np.int64]:
        """The places of items that somebody liked, most popular first, ties by place."""
        known = np.flatnonzero(self.popularity > 0)
        return known[np.argsort(-self.popularity[known], kind="stable")]

    def _sums(
        self, liked: Sequence[str], disliked: Sequence[str], fade: float = 1.0
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        # Row by row: the library's own sum over rows goes through the whole catalog.
        places, values = [np.empty(0, dtype=np.int64)], [np.empty(0, dtype=np.float32)]
        for ids, sign, each in ((liked, 1, fade), (disliked, -1, 1.0)):
            latest_first = [self._place[i] for i in dict.fromkeys(ids[::-1]) if i in self._place]
            for age, place in enumerate(latest_first):
                start, end = self._weights.indptr[place : place + 2]
                places.append(self._weights.indices[start:end])
                values.append(np.float32(sign * each**age) * self._weights.data[start:end])
        found, back = np.unique(np.concatenate(places), return_inverse=True)
        sums = np.bincount(back, np.concatenate(values), minlength=len(found))
        return found, sums.astype(np.float32)

    def _spread(
        self, places: NDArray[np.int64], values: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        result = np.zeros(len(self.counts), dtype=np.float32)
        result[places] = values
        return result


def learn(
    catalog: Catalog, interactions: Iterable[Mapping[str, Any]], learning: Learning | None = None
) -> CollaborativeIndex:
    """Learn a catalog's neighbours from rows such as `read_interactions` gives.

    A row may have a `weight`, how much it counts beside those of other sources (1 without).
    Someone who liked an item twice counts once. Raises `InteractionsError` where no row
    speaks of the catalog.
    """
    learning = learning or Learning()
    users: dict[str, int] = {}
    pairs: dict[tuple[int, int], float] = {}  # how much each counts
    elsewhere, seen = 0, 0
    digest = hashlib.sha256()
    for row in interactions:
        seen += 1
        rating, weight = row.get("rating"), row.get("weight", 1.0)
        digest.update(f"{row['user']}\0{row['item']}\0{rating}\0{weight}\n".encode())
        if row["item"] not in catalog:
            elsewhere += 1
        elif rating is None or rating >= learning.liked_from:
            pairs[users.setdefault(row["user"], len(users)), catalog.place[row["item"]]] = weight
    if not pairs:
        raise InteractionsError(
            f"none of {seen} interactions is with a liked item of catalog {catalog.name!r}; "
            f"their 'item' must be an id of it, and a rating at least {learning.liked_from:g}"
        )
    if elsewhere:
        log.warning("%d of %d interactions are with items outside the catalog", elsewhere, seen)
    places, worth = np.array(list(pairs), dtype=np.int64), np.array(list(pairs.values()))
    liked = sparse.csr_array(
        # Roots, so that products of two likes of one person have the weight.
        (np.sqrt(worth).astype(np.float32), places.T),
        shape=(len(users), len(catalog)),
    )
    manifest = CollaborativeManifest(
        format=FORMAT, catalog=catalog.name, catalog_checksum=catalog.checksum,
        interactions_checksum=digest.hexdigest(), users=len(users), interactions=len(pairs),
        elsewhere=elsewhere, learning=asdict(learning),
    )  # fmt: skip
    counts = np.bincount(places[:, 1], worth, minlength=len(catalog)).astype(np.float32)
    return CollaborativeIndex(catalog, _ease(liked, counts, learning), counts, manifest)


def save_collaborative(path: Path, index: CollaborativeIndex) -> None:
    """Write an index as one file, which is replaced as a whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    weights = index._weights
    handle, draft = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            np.savez_compressed(
                file, manifest=np.array(json.dumps(asdict(index.manifest))), counts=index.counts,
                values=weights.data, places=weights.indices, rows=weights.indptr,
            )  # fmt: skip
        os.replace(draft, path)
    except OSError:
        Path(draft).unlink(missing_ok=True)
        raise


def load_collaborative(path: Path, catalog: Catalog) -> CollaborativeIndex:
    """Read an index back. Raises `CollaborativeMismatchError` unless it is of this catalog."""
    remedy = "learn it from the interactions"
    try:
        with np.load(path, allow_pickle=False) as stored:
            manifest = CollaborativeManifest(**json.loads(str(stored["manifest"])))
            counts, values = stored["counts"], stored["values"]
            places, rows = stored["places"], stored["rows"]
    except FileNotFoundError:
        raise CollaborativeMismatchError(f"{path}: there is no such file yet; {remedy}") from None
    except Exception as error:
        # A damaged archive fails in zipfile, zlib, NumPy or JSON; the cause is always the file.
        raise CollaborativeMismatchError(
            f"{path}: can't be read ({error}); {remedy} again"
        ) from error
    for what, built, asked in (
        ("format", manifest.format, FORMAT),
        ("catalog checksum", manifest.catalog_checksum, catalog.checksum),
        ("count", len(counts), len(catalog)),
    ):
        if built != asked:
            raise CollaborativeMismatchError(
                f"{path}: learned with {what} {built}, the catalog {catalog.name!r} in use has "
                f"{asked}; {remedy} again"
            )
    weights = sparse.csr_array((values, places, rows), shape=(len(catalog), len(catalog)))
    return CollaborativeIndex(catalog, weights, counts, manifest)


def _ease(
    liked: sparse.csr_array, counts: NDArray[np.float32], learning: Learning
) -> sparse.csr_array:
    """EASE's item-to-item weights, (n, n), zero outside each row's strongest ones."""
    kept = np.flatnonzero(counts >= learning.fewest)
    kept = np.sort(kept[np.argsort(-counts[kept], kind="stable")[: learning.most]])
    part = liked[:, kept]
    gram = (part.T @ part).toarray()  # (m, m), how many liked both
    gram[np.diag_indices_from(gram)] += learning.ridge
    inverse = linalg.inv(gram, overwrite_a=True) if len(kept) else gram
    weights = inverse / -np.diag(inverse) if len(kept) else inverse
    np.fill_diagonal(weights, 0.0)
    many = min(learning.neighbours, max(len(kept) - 1, 0))
    strongest = np.argsort(-np.abs(weights), axis=1, kind="stable")[:, :many]  # (m, many)
    values = np.take_along_axis(weights, strongest, axis=1)
    rows = np.repeat(kept, many)
    return sparse.csr_array(
        (values.ravel().astype(np.float32), (rows, kept[strongest].ravel())),
        shape=(liked.shape[1], liked.shape[1]),
    )


def _share_of_years(catalog: Catalog, most: float) -> NDArray[np.float32]:
    """`most` over the years that each item was out up to its newest, at most that many; (n,)."""
    years = np.array([np.nan if item.year is None else item.year for item in catalog.items])
    if not most or np.isnan(years).all():
        return np.ones(len(years), dtype=np.float32)
    out = np.clip(np.nan_to_num(np.nanmax(years) + 1 - years, nan=most), 1, most)
    return (most / out).astype(np.float32)
