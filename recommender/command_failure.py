"""How every command says in one line on standard error what failed."""

from __future__ import annotations

import sys


def fail(line: str, status: int) -> int:
    """Print the line and give the exit status: 2 for bad input, 1 for a failure."""
    print(f"error: {line}", file=sys.stderr)
    return status
