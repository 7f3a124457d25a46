"""What users are told when a job stops: errors of the engine and the disk as our own."""

from __future__ import annotations

from typing import TypeAlias

import duckdb
import pyarrow as pa

from core.errors import GatehouseError, SourceError, StoreError
from core.profiling.parts import FULL, is_full, line

AS_IT_WAS = "Earlier profiles are as they were."
Caught: TypeAlias = OSError | duckdb.Error | pa.ArrowException


def too_much(model: str, error: Caught) -> GatehouseError:
    """The memory was not enough."""
    return StoreError(
        f"Profiling {model} needs more memory than it may have: {line(error)[:200]}",
        hint="Fewer segments, intersections or versions at once, or shorter --since, need less.",
    )


def disk_full(error: Caught) -> bool:
    """Whether nothing more can be written."""
    return (isinstance(error, OSError) and error.errno in FULL) or is_full(str(error))


def failed(model: str, error: Caught) -> GatehouseError:
    """Anything else: by what it is about."""
    if disk_full(error):
        return StoreError(
            f"The disk is full: profiling {model} wrote nothing.",
            hint="Make room, then run it again; earlier profiles are as they were.",
        )
    if isinstance(error, duckdb.Error):
        return SourceError(
            f"The log of {model} cannot be read: {line(error)}",
            hint=f"{AS_IT_WAS} Mend or remove the file, then run it again.",
        )
    return StoreError(f"Profiling {model} stopped: {line(error)}", hint=AS_IT_WAS)
