"""Parquet to records. The only home of pyarrow."""

from __future__ import annotations

import datetime
import io
import shutil
import tempfile
from collections.abc import Iterator
from typing import Any

from retrieval.fields import CatalogError
from retrieval.intake.bounds import Bounds
from retrieval.intake.json_records import flat
from retrieval.intake.records import Record, Refused

MAGIC = b"PAR1"
_UNREADABLE = object()
_BATCH = 512  # rows; a batch of cells at their longest must still fit the memory


def parquet_records(
    stream: io.BufferedReader, name: str, bounds: Bounds
) -> Iterator[Record | Refused]:
    """The rows of a Parquet file; columns within columns become columns of their own.

    Raises `CatalogError` where the file is damaged or too large.
    """
    import pyarrow
    import pyarrow.parquet

    with tempfile.TemporaryFile() as whole:  # its end says where its columns lie
        shutil.copyfileobj(stream, whole)
        whole.seek(0)
        try:
            file = pyarrow.parquet.ParquetFile(whole)
            rows, columns = file.metadata.num_rows, file.metadata.num_columns
            if rows > bounds.rows or columns > bounds.columns:
                raise CatalogError(
                    f"{name}: has {rows:,} rows of {columns:,} columns; expected at most "
                    f"{bounds.rows:,} of {bounds.columns:,}"
                )
            number = 0
            for batch in file.iter_batches(batch_size=_BATCH):
                if batch.nbytes > 16 * bounds.line:
                    raise CatalogError(f"{name}: rows near {number:,} are too large to be read")
                for row, note in _rows(batch):
                    number += 1
                    cells = {key: _simple(value) for key, value in flat(row, bounds).items()}
                    yield Record(number, cells, note)
        except (pyarrow.ArrowException, OSError) as error:
            raise CatalogError(
                f"{name}: not a Parquet file that can be read ({str(error)[:120]})"
            ) from error


def _rows(batch: Any) -> Iterator[tuple[dict[str, Any], str]]:
    """The rows of a batch, each with what had to be left out of it."""
    try:
        rows = batch.to_pylist()
    except (OverflowError, ValueError):  # a date past the calendar, or finer than it goes
        for place in range(batch.num_rows):
            cells = {
                name: _dated(column[place])
                for name, column in zip(batch.schema.names, batch.columns, strict=True)
            }
            left = (
                "read without a date that no calendar has" if _UNREADABLE in cells.values() else ""
            )
            yield {name: None if v is _UNREADABLE else v for name, v in cells.items()}, left
        return
    yield from ((row, "") for row in rows)


def _dated(scalar: Any) -> Any:
    """A value, to the microsecond where it is finer; `_UNREADABLE` where it is no date."""
    import pyarrow

    try:
        if pyarrow.types.is_timestamp(scalar.type):
            scalar = scalar.cast(pyarrow.timestamp("us", scalar.type.tz), safe=False)
        return scalar.as_py()
    except (OverflowError, ValueError):
        return _UNREADABLE


def _simple(value: Any) -> Any:
    """A value as JSON would have it."""
    if isinstance(value, (datetime.datetime, datetime.date)):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    if value is None or isinstance(value, (str, int, float, bool, list)):
        return value
    return str(value)
