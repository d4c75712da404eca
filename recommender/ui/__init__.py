"""The pages. The only room, beside `app.py`, that knows Gradio."""

import importlib
import sys


def _import_pandas_alone() -> None:
    """Import pandas, which Gradio does anyway, without pyarrow, which pandas would take in wherever
    it is installed: 36 MB in a process that serves, where nothing asks for them."""
    if "pandas" in sys.modules or "pyarrow" in sys.modules:
        return
    sys.modules["pyarrow"] = None  # type: ignore[assignment]  # an import fails, and pandas goes on
    try:
        importlib.import_module("pandas")
    finally:
        del sys.modules["pyarrow"]


_import_pandas_alone()  # before a module of this room imports Gradio
