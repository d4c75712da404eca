"""A catalog of books without a card, for benchmarks: what works for films must work for them.

    python -m benchmarks.books --data DIR

Writes the 6,810 books of `DIR/books/books.csv.gz` as one JSON object a line, under the names of
their columns, and says how each column is understood. Columns that say nothing of a book
(pictures, the second number) are left out. Without the data it says so and does nothing.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import tempfile
from pathlib import Path

from retrieval.catalog import load_catalog

_TEXTS = ("subtitle", "authors", "categories", "description")
_NUMBERS = ("published_year", "average_rating", "num_pages", "ratings_count")


def books_catalog(data: Path, folder: Path) -> Path:
    """Write the catalog of books to `folder`; gives the path of its JSONL file.

    Raises `FileNotFoundError` where `data` holds no books.
    """
    path = folder / "books.jsonl"
    folder.mkdir(parents=True, exist_ok=True)
    with (
        gzip.open(data / "books" / "books.csv.gz", "rt", encoding="utf-8", newline="") as source,
        path.open("w", encoding="utf-8") as target,
    ):
        for row in csv.DictReader(source):
            book: dict[str, str | float] = {"id": row["isbn13"], "title": row["title"]}
            book |= {name: row[name] for name in _TEXTS if row[name].strip()}
            # No book has no pages: a nought stands for what is not known.
            book |= {name: float(row[name]) for name in _NUMBERS if float(row[name] or 0)}
            target.write(json.dumps(book, ensure_ascii=False) + "\n")
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder that holds books/")
    options = parser.parse_args()
    if not (options.data / "books" / "books.csv.gz").is_file():
        print(f"skipped: no books/books.csv.gz in {options.data}")
        return
    with tempfile.TemporaryDirectory() as folder:
        catalog = load_catalog(str(books_catalog(options.data, Path(folder))))
    print(f"{len(catalog):,} {catalog.nouns}")
    for f in catalog.fields.values():
        ranges = ", ".join(f"{name} {dict(ends)}" for name, ends in f.ranges.items())
        print(f"{f.name}: {f.kind}, {f.label!r}{f' in {f.unit}' if f.unit else ''}; {ranges}")


if __name__ == "__main__":
    main()
