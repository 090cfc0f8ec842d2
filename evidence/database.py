"""Opens DuckDB within bounds: how much memory it may take goes in, a connection comes out.

What needs more is spilt to a folder under TMPDIR that is its owner's alone, and gone with the connection. By itself
DuckDB would take four fifths of the machine's memory, and spill into the folder that it was started in.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

import duckdb

from evidence.console import EvidenceError
from evidence.store import scratch

MEMORY_OF_THREAD = 125
"""Megabytes that DuckDB needs for each thread ("Environment", "Minimum Required Memory" in its guides)."""


@contextlib.contextmanager
def opened(memory: int, threads: int | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """Give a connection to a database of its own, which holds nothing yet.

    Args:
        memory: megabytes that it may take.
        threads: how many it may use; as many as the machine and its memory allow by default.

    Raises:
        EvidenceError: what it was asked to do failed.
    """
    with scratch() as spilt:
        bounds: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": f"{memory}MB",
            "threads": threads or min(os.cpu_count() or 1, max(1, memory // MEMORY_OF_THREAD)),
            "temp_directory": str(spilt),
        }
        try:
            with duckdb.connect(config=bounds) as connection:
                yield connection
        except duckdb.Error as error:
            raise EvidenceError(" ".join(str(error).split())) from None
        except RuntimeError as error:
            if str(error) != "Query interrupted":  # what DuckDB raises instead of KeyboardInterrupt
                raise
            raise KeyboardInterrupt from None
