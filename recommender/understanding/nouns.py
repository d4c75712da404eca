"""Patterns that hold a catalog's own nouns: "{nouns}" stands for "film", "films", "movie".

So that what is read of films reads of books and games alike.
"""

from __future__ import annotations

import functools
import re

from retrieval.catalog import Catalog


def pattern_of(pattern: str, catalog: Catalog, flags: re.RegexFlag = re.NOFLAG) -> re.Pattern[str]:
    """A pattern with the catalog's nouns in the place of "{nouns}", the longest first."""
    return _compiled(pattern, catalog.all_nouns, flags)


@functools.lru_cache(maxsize=256)
def _compiled(pattern: str, nouns: tuple[str, ...], flags: re.RegexFlag) -> re.Pattern[str]:
    joined = "|".join(map(re.escape, sorted(nouns, key=len, reverse=True)))
    return re.compile(pattern.replace("{nouns}", f"(?:{joined})"), flags)
