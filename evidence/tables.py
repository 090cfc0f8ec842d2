"""Results as Parquet, by DuckDB: a run goes in, a file of rows comes out; and the view that queries see.

A table of such files is the same for DuckDB and for Athena: one row for each result, under
`results/stack=STACK/day=DAY/`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson

from evidence.canonical import spell
from evidence.database import opened
from evidence.results import Run
from evidence.store import scratch

COLUMNS = {
    "rule": "VARCHAR",
    "urn": "VARCHAR",
    "verdict": "VARCHAR",
    "message": "VARCHAR",
    "controls": "VARCHAR[]",
    "promise": "VARCHAR",
    "severity": "VARCHAR",
    "blocking": "BOOLEAN",
    "path": "VARCHAR",
    "line": "INTEGER",
    "stack": "VARCHAR",
    "origin": "VARCHAR",
    "time": "TIMESTAMP",
    "commit": "VARCHAR",
    "pack": "VARCHAR",
    "pack_version": "VARCHAR",
}
"""In the order of the file; times are UTC, path and line are null where they aren't known."""

_MEMORY = 512
"""Megabytes that writing a run's rows may take."""


def partition(run: Run) -> str:
    """Return the folder of a run's rows, relative to that of the bundle."""
    return f"results/stack={run.stack}/day={run.time:%Y-%m-%d}"


def file_name(run: Run) -> str:
    """Return the name of a run's files, without an ending: unique within a stack."""
    return f"{run.time:%Y%m%dT%H%M%SZ}-{run.origin.value}"


def write_parquet(run: Run, path: Path) -> None:
    """Write the rows of a run's results. The same run gives the same bytes."""
    with scratch() as folder:
        rows = folder / "rows.json"
        with rows.open("wb") as file:
            for row in _rows(run):
                file.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))
        columns = ", ".join(f"'{name}': '{kind}'" for name, kind in COLUMNS.items())
        with opened(_MEMORY, threads=1) as connection:
            connection.execute(
                f"COPY (SELECT * FROM read_json($rows, format='newline_delimited', columns={{{columns}}})) "  # noqa: S608
                f"TO {quoted(path)} (FORMAT parquet, COMPRESSION zstd)",
                {"rows": str(rows)},
            )


def _rows(run: Run) -> list[dict[str, Any]]:
    shared = {
        "stack": run.stack,
        "origin": run.origin.value,
        "time": spell(run.time),
        "commit": run.commit,
        "pack": run.pack,
        "pack_version": run.pack_version,
    }
    return [
        {
            "rule": result.rule,
            "urn": result.urn,
            "verdict": result.verdict.value,
            "message": result.message,
            "controls": result.controls,
            "promise": result.promise,
            "severity": result.severity,
            "blocking": result.blocking,
            "path": result.place.path if result.place else None,
            "line": result.place.line if result.place else None,
            **shared,
        }
        for result in run.results
    ]


def quoted(text: object) -> str:
    """Return a text as a literal of SQL."""
    return "'" + str(text).replace("'", "''") + "'"
