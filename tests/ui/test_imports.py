"""What the pages take into memory by being imported."""

from __future__ import annotations

import subprocess
import sys


def test_pages_do_without_pyarrow_which_stays_there_for_whom_it_serves() -> None:
    said = subprocess.run(
        [sys.executable, "-c", "import sys, recommender.ui.server; print('pyarrow' in sys.modules);"
         "import pandas; print(pandas.Series(['a', None]).isna().tolist());"
         "import pyarrow; print(pyarrow.array([1, 2]).to_pylist())"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert said.stdout.split("\n") == ["False", "[False, True]", "[1, 2]", ""]
