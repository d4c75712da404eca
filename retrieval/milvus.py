"""The retriever on Milvus: from a local file, or on servers by their address.

Promises the same answers as `retriever` by the same scores: dense search and BM25 are Milvus's
own, with the limits inside both; leanings, wishes and variety are added here. The only home of
pymilvus, which is loaded when it is needed. It trains nothing and knows no interactions.
"""

from __future__ import annotations

import logging
import re
import zlib
from collections.abc import Collection, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from retrieval.catalog import Catalog, Item, Kind
from retrieval.encoder import Encoder
from retrieval.index_plan import Steps
from retrieval.limits import LimitFilter
from retrieval.milvus_words import MOST_VALUES, TITLE, column, expression, listed, row_of, stems
from retrieval.query import Candidate, Query, RetrieverWeights
from retrieval.scoring import Floats, leaning_shares, query_vector, spread, unit

FORMAT = 2  # raised when what a collection holds changes
_AT_ONCE = 500  # items sent at once
_MATCHES = 1_000  # items that BM25 gives
_WAIT_S = 10.0


class MilvusError(RuntimeError):
    """A Milvus that can't be reached, or holds something else; says what to do."""


def is_milvus(where: str) -> bool:
    """Whether a setting names a Milvus: a file ending in .db, or an address."""
    return where.endswith(".db") or "://" in where


def collection_of(catalog_name: str) -> str:
    """The name of a catalog's collection: letters, digits and _, never that of another one."""
    plain = re.sub(r"\W", "_", catalog_name, flags=re.ASCII)
    return f"catalog_{plain}_{zlib.crc32(catalog_name.encode()):08x}"


class MilvusCollection:
    """One catalog's items in Milvus, behind a name that stays while what it stands for changes."""

    def __init__(self, where: str, catalog_name: str) -> None:
        """Raises `MilvusError` where pymilvus is missing or nobody answers."""
        self.name = collection_of(catalog_name)
        self._catalog_name = catalog_name
        self._where = where
        # The server of a file runs in this process, and tells in full of each call it lacks.
        logging.getLogger("grpc._server").setLevel(logging.CRITICAL)
        self.client = _connect(where)

    def close(self) -> None:
        self.client.close()

    def check(self, catalog: Catalog, encoder_name: str) -> None:
        """Raises `MilvusError` unless this catalog under this encoder is there."""
        remedy = f"run `python -m recommender catalog push {catalog.name} --to {self._where}`"
        with _told(self._where):
            if not self.client.has_collection(self.name):
                raise MilvusError(f"{self._where}: holds no catalog {catalog.name!r}; {remedy}")
            held = self.client.describe_alias(self.name)["collection_name"]
            self.client.load_collection(held)  # a file that was just opened has loaded none
            count = self._count()
        if not held.endswith(_space(encoder_name)):
            raise MilvusError(
                f"{self._where}: {catalog.name!r} was pushed with another encoder than "
                f"{encoder_name}, or by an earlier version; {remedy}"
            )
        if count != len(catalog):
            raise MilvusError(
                f"{self._where}: holds {count} items, the catalog has {len(catalog)}; {remedy}"
            )

    def push(self, catalog: Catalog, vectors: Any, encoder_name: str, steps: Steps) -> int:
        """Write a whole catalog anew; readers see the old one until all is there. Its count.

        `vectors` gives the vectors of places, (m, d), by `vectors_of(places)`.
        """
        # Numbered, so that what a push that was cut off left behind is in nobody's way.
        old = self._versions()
        number = max((int(name.rsplit("_", 2)[1]) for name in old), default=0) + 1
        fresh = f"{self.name}_{number}_{_space(encoder_name)}"
        with _told(self._where):
            self._create(fresh, catalog, vectors.dimension)
            for start in range(0, len(catalog), _AT_ONCE):
                items = catalog.items[start : start + _AT_ONCE]
                found = vectors.vectors_of(np.arange(start, start + len(items)))
                self.client.insert(
                    fresh, [row_of(i, v, catalog) for i, v in zip(items, found, strict=True)]
                )
                steps("sending", start + len(items), len(catalog))
            self.client.flush(fresh)
            if self.client.has_collection(self.name):
                self.client.alter_alias(fresh, self.name)
            else:
                self.client.create_alias(fresh, self.name)
            for name in old:
                self.client.drop_collection(name)
            return self._count()

    def update(self, catalog: Catalog, items: Sequence[Item], vectors: Floats) -> None:
        """Add items, or put others in the place of those with their ids."""
        with _told(self._where):
            for start in range(0, len(items), _AT_ONCE):
                part = slice(start, start + _AT_ONCE)
                pairs = zip(items[part], vectors[part], strict=True)
                self.client.upsert(self.name, [row_of(i, v, catalog) for i, v in pairs])

    def remove(self, ids: Collection[str]) -> None:
        """Remove items; unknown ids are passed over."""
        with _told(self._where):
            if ids:
                self.client.delete(self.name, filter=f"id in {listed(ids)}")

    def search(self, column: str, what: Any, k: int, expression: str) -> tuple[list[str], Floats]:
        """Ids and scores of the k best by `vector` (d,) or by `words` (text), within a filter."""
        with _told(self._where):
            hits = self.client.search(
                self.name, data=[what], anns_field=column, limit=k, filter=expression,
                output_fields=["id"],
            )[0]  # fmt: skip
        # The embedded form gives BM25 as a negative distance, servers as a score.
        scores = (
            np.abs([h["distance"] for h in hits])
            if column == "words"
            else [h["distance"] for h in hits]
        )
        return [hit["id"] for hit in hits], np.asarray(scores, dtype=np.float32)

    def vectors_of(self, ids: Sequence[str]) -> Floats:
        """The vectors of items, (m, d), in the order of the ids; unknown ones are left out."""
        with _told(self._where):
            rows = self.client.query(
                self.name, filter=f"id in {listed(ids)}", output_fields=["id", "vector"]
            ) if ids else []  # fmt: skip
        known = {row["id"]: row["vector"] for row in rows}
        return np.array([known[i] for i in ids if i in known], dtype=np.float32)

    def _count(self) -> int:
        rows = self.client.query(self.name, filter="", output_fields=["count(*)"])
        return int(rows[0]["count(*)"])

    def _versions(self) -> list[str]:
        with _told(self._where):
            names = self.client.list_collections()
        return [n for n in names if re.fullmatch(rf"{self.name}_\d+_[0-9a-f]{{8}}", n)]

    def _create(self, name: str, catalog: Catalog, dimension: int) -> None:
        from pymilvus import DataType, Function, FunctionType

        client = self.client
        schema = client.create_schema(auto_id=False)
        schema.add_field("id", DataType.VARCHAR, is_primary=True, max_length=1_000)
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=dimension)
        schema.add_field(
            "text", DataType.VARCHAR, max_length=65_535, enable_analyzer=True,
            analyzer_params={"tokenizer": "standard"},
        )  # fmt: skip
        schema.add_field("words", DataType.SPARSE_FLOAT_VECTOR)
        schema.add_function(Function(
            name="bm25", function_type=FunctionType.BM25, input_field_names=["text"],
            output_field_names=["words"],
        ))  # fmt: skip
        schema.add_field(TITLE, DataType.VARCHAR, max_length=65_535)
        for f in catalog.fields.values():
            if f.kind in (Kind.YEAR, Kind.NUMBER):
                schema.add_field(column(f), DataType.DOUBLE)
            elif f.kind is Kind.TEXT:
                schema.add_field(column(f), DataType.VARCHAR, max_length=65_535)
            else:
                schema.add_field(
                    column(f), DataType.ARRAY, element_type=DataType.VARCHAR,
                    max_capacity=MOST_VALUES, max_length=2_000,
                )  # fmt: skip
        indexes = client.prepare_index_params()
        indexes.add_index("vector", index_type="AUTOINDEX", metric_type="IP")
        indexes.add_index("words", index_type="SPARSE_INVERTED_INDEX", metric_type="BM25")
        client.create_collection(
            name, schema=schema, index_params=indexes, consistency_level="Strong"
        )


class MilvusRetriever:
    """Retrieval from one catalog that was pushed to Milvus."""

    def __init__(
        self, catalog: Catalog, encoder: Encoder, collection: MilvusCollection,
        weights: RetrieverWeights | None = None,
    ) -> None:  # fmt: skip
        """Raises `MilvusError` where something else was pushed."""
        collection.check(catalog, encoder.name)
        self.catalog = catalog
        self.filter = LimitFilter(catalog)  # says which limit would have to give
        self._encoder, self._collection = encoder, collection
        self._weights = weights or RetrieverWeights()

    def retrieve(self, query: Query, k: int) -> list[Candidate]:
        collection, weights = self._collection, self._weights
        within = expression(query.limits, query.without, self.catalog)
        vector = query_vector(query, self._encoder, collection.vectors_of, weights)
        if vector is None:  # nothing is known: the middle of some of the catalog
            vector = unit(self._some_vectors().mean(axis=0))
        found, cosines = collection.search("vector", vector.tolist(), max(4 * k, 200), within)
        words = self._matches(query, within)
        missed = [i for i in list(words)[:k] if i not in set(found)]
        if query.wishes:  # the nearest that break none are looked at too
            kept = expression((*query.limits, *query.wishes), query.without, self.catalog)
            nearest = collection.search("vector", vector.tolist(), k, kept)[0]
            missed += [i for i in nearest if i not in {*found, *missed}]
        ids = [i for i in (*found, *missed) if i in self.catalog]
        known = dict(zip(found, cosines, strict=True))
        known |= dict(
            zip(missed, collection.vectors_of(missed) @ vector if missed else (), strict=True)
        )
        items = [self.catalog[i] for i in ids]
        scores = np.array(
            [weights.dense * known[i] + words.get(i, 0.0) for i in ids], dtype=np.float32
        )
        scores += weights.leaning * leaning_shares(query, items)
        broken = [sum(not wish.allows(item) for wish in query.wishes) for item in items]
        scores -= weights.wish * np.array(broken, dtype=np.float32)
        places = np.array([self.catalog.place[i] for i in ids])
        order = np.lexsort((places, -scores))  # ties by place, so that answers repeat
        if query.varied:
            vectors = collection.vectors_of([ids[n] for n in order])
            order = order[spread(vectors, scores[order], k, weights.variety)]
        return [Candidate(items[n], float(scores[n])) for n in order[:k]]

    def vectors_of(self, ids: Sequence[str]) -> Floats:
        return self._collection.vectors_of(ids)

    def _matches(self, query: Query, within: str) -> dict[str, float]:
        """What the words of a query add, by id, best first."""
        if not query.text or not self._weights.lexical:
            return {}
        words = stems(query.text)
        if not words:
            return {}
        ids, scores = self._collection.search("words", words, _MATCHES, within)
        best = float(scores.max(initial=0.0))
        share = self._weights.lexical / best if best > 0 else 0.0
        return {i: float(score) * share for i, score in zip(ids, scores, strict=True)}

    def _some_vectors(self) -> Floats:
        step = max(1, len(self.catalog) // 1_000)
        return self._collection.vectors_of([item.id for item in self.catalog.items[::step]])


def _space(encoder_name: str) -> str:
    """What tells vectors apart that can't be compared; part of a collection's name, since the
    embedded form keeps no descriptions."""
    return f"{zlib.crc32(f'{FORMAT} {encoder_name}'.encode()):08x}"


def _connect(where: str) -> Any:
    try:
        from pymilvus import MilvusClient
    except ImportError as error:
        raise MilvusError(
            "pymilvus is not installed; run `pip install -r requirements-milvus.txt`, or leave "
            "--retriever at faiss"
        ) from error
    logging.getLogger("pymilvus").setLevel(logging.CRITICAL)  # errors are told below, in a line
    address = where.replace("milvus://", "http://", 1)
    options: dict[str, Any] = {}
    if "://" not in address:
        Path(address).expanduser().parent.mkdir(parents=True, exist_ok=True)
        address = str(Path(address).expanduser())
        # The server of a file is on this machine and turns pings of an idle client away, aloud.
        options["grpc_options"] = {"grpc.keepalive_permit_without_calls": 0}
    with _told(where):
        return MilvusClient(address, timeout=_WAIT_S, **options)


@contextmanager
def _told(where: str) -> Any:
    """Whatever pymilvus raises, as a line that names the server."""
    from pymilvus.exceptions import MilvusException

    try:
        yield
    except MilvusException as error:
        cause = str(error.message).split("\n")[0][:200]
        check = "the address, and that the server runs"
        if "://" not in where:  # one process at a time opens a file
            check = "that no other process has the file open"
        raise MilvusError(f"{where}: {cause}; check {check}") from error
