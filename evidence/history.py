"""Asks the rows of every bundle of a store by SQL: the same that Athena answers on the table of the environment.

The table is `results`: the columns of a row (`evidence.tables.COLUMNS`), and `day`, by which the files are divided. A
bundle that is collected again counts once: of equal rows of one run only one is kept by the views that count.
"""

from __future__ import annotations

import contextlib
import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import IO, Any

import duckdb

from evidence.console import OUT, EvidenceError, printable
from evidence.database import opened
from evidence.store import locate
from evidence.tables import COLUMNS, quoted

_AT_ONCE = 10_000
"""Rows of an answer that are held at once."""

HISTORY = """\
SELECT {name}, time, origin,
       SUM(CASE WHEN verdict = 'pass' THEN 1 ELSE 0 END) AS passed,
       SUM(CASE WHEN verdict = 'fail' THEN 1 ELSE 0 END) AS failed,
       SUM(CASE WHEN verdict = 'undetermined' THEN 1 ELSE 0 END) AS undetermined,
       SUM(CASE WHEN verdict = 'waived' THEN 1 ELSE 0 END) AS waived,
       SUM(CASE WHEN verdict = 'not applicable' THEN 1 ELSE 0 END) AS not_applicable
FROM (SELECT DISTINCT stack, origin, time, rule, urn, verdict, promise{control} FROM results{unnest}) AS verdicts
WHERE {where}
GROUP BY {name}, time, origin
ORDER BY {name}, time, origin"""


def history_sql(by: str, stack: str = "") -> str:
    """Return the query that counts each run's verdicts by `stack`, `rule`, `control` or `promise`.

    DuckDB and Athena both run it.
    """
    unnest = " CROSS JOIN UNNEST(controls) AS cited (control)" if by == "control" else ""
    return HISTORY.format(
        name=by,
        control=", control" if unnest else "",
        unnest=unnest,
        where=f"stack = {quoted(stack)}" if stack else "TRUE",
    )


@contextlib.contextmanager
def connected(where: str, memory: int) -> Iterator[duckdb.DuckDBPyConnection]:
    """Give a connection whose only table is `results`, and which reads no other file.

    Args:
        where: a store, or a single bundle.
        memory: megabytes that a query may take.

    Raises:
        EvidenceError: there is no bundle.
    """
    store, names = locate(where)
    with contextlib.ExitStack() as stack, opened(memory) as connection:
        folders = [
            stack.enter_context(store.fetched(name, "results")) if store else Path(where, "results") for name in names
        ]
        files = sorted(str(file) for folder in folders for file in folder.rglob("*.parquet"))
        if not files:
            raise EvidenceError(f"{where} holds no results")
        connection.execute(f"SET allowed_paths = [{', '.join(map(quoted, files))}]")
        connection.execute("SET enable_external_access = false")
        columns = ", ".join(COLUMNS)
        connection.execute(
            f"CREATE VIEW results AS SELECT {columns}, CAST(CAST(time AS DATE) AS VARCHAR) AS day "  # noqa: S608
            f"FROM read_parquet([{', '.join(map(quoted, files))}], hive_partitioning = false)"
        )
        connection.execute("SET lock_configuration = true")
        yield connection


@contextlib.contextmanager
def ask(where: str, sql: str, memory: int) -> Iterator[tuple[list[str], Iterable[Sequence[Any]]]]:
    """Give the names of the columns and the rows that answer a query, which are read as they are asked for.

    Raises:
        EvidenceError: it can't be run, or needs more memory.
    """
    with connected(where, memory) as connection:
        try:
            answer = connection.execute(sql)
            rows = chain.from_iterable(iter(lambda: answer.fetchmany(_AT_ONCE), []))
            yield [column[0] for column in answer.description or ()], rows
        except duckdb.OutOfMemoryException as error:
            said = str(error).partition("\n")[0]
            raise EvidenceError(f"{said}: ask for less at once, or give it more by --memory") from None


def write_rows(names: Sequence[str], rows: Iterable[Sequence[Any]], form: str, file: IO[str]) -> None:
    """Write rows as `table`, `csv` or `json` (a line for each row); a table is held as a whole."""
    if form == "csv":
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(names)
        writer.writerows(rows)
    elif form == "json":
        for row in rows:
            file.write(json.dumps(dict(zip(names, row, strict=True)), default=str) + "\n")
    else:
        from rich.table import Table

        table = Table(*names, box=None, pad_edge=False)
        for row in rows:
            table.add_row(*(printable(str("" if value is None else value)) for value in row))
        OUT.print(table)
