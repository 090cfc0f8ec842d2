"""Asks the rows of every bundle of a store by SQL: the same that Athena answers on the table of the environment.

The table is `results`: the columns of a row (`evidence.tables.COLUMNS`), and `day`, by which the files are divided. A
bundle that is collected again counts once: of equal rows of one run only one is kept by the views that count.
"""

from __future__ import annotations

import contextlib
import csv
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

import duckdb

from evidence.console import OUT, EvidenceError, printable
from evidence.store import locate
from evidence.tables import COLUMNS, quoted

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
def connected(where: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """Give a connection whose only table is `results`, and which reads no other file.

    Raises:
        EvidenceError: there is no bundle.
    """
    store, names = locate(where)
    with contextlib.ExitStack() as stack, duckdb.connect() as connection:
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


def ask(where: str, sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Return the names of the columns and the rows that answer a query. Raises EvidenceError if it can't be run."""
    with connected(where) as connection:
        try:
            answer = connection.execute(sql)
            return [column[0] for column in answer.description or ()], answer.fetchall()
        except duckdb.Error as error:
            raise EvidenceError(" ".join(str(error).split())) from None


def write_rows(names: Sequence[str], rows: Sequence[Sequence[Any]], form: str, file: IO[str]) -> None:
    """Write rows as `table`, `csv` or `json` (a line for each row)."""
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
