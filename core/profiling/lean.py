"""Starting a profiling process without what it never uses."""

import sys
from importlib.abc import MetaPathFinder
from typing import Any


class _NotHere(MetaPathFinder):
    """Says that there is no pandas."""

    def find_spec(self, fullname: str, *_: Any, **__: Any) -> None:
        """Raises ModuleNotFoundError for pandas; knows nothing of all else."""
        if fullname == "pandas":
            raise ModuleNotFoundError("pandas is not needed by a profiling process", name="pandas")


def without_pandas() -> None:
    """Hides pandas from this process: Arrow would import it at the first array, which takes half a second.

    For processes that only profile on DuckDB; nothing there asks for pandas.
    """
    sys.meta_path.insert(0, _NotHere())
