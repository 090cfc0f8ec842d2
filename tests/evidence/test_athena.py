"""What is documented for Athena is SQL that Athena takes, on a table that the rows which are written fit."""

from __future__ import annotations

import pytest
import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError

from evidence.history import history_sql
from evidence.tables import COLUMNS, partition
from infrastructure.evidence_tables import PARTITIONS, RESULT_COLUMNS, RESULTS
from tests.evidence.reporting import run
from tests.evidence.stores import DOCUMENTED

HIVE = {
    "VARCHAR": "string",
    "VARCHAR[]": "array<string>",
    "BOOLEAN": "boolean",
    "INTEGER": "int",
    "TIMESTAMP": "timestamp",
}
QUERIES = [
    *DOCUMENTED,
    *(history_sql(by, stack) for by in ("stack", "rule", "control", "promise") for stack in ("", "a")),
]


def unknown(query: str) -> list[str]:
    """What of a query Athena's dialect doesn't have. Raises ParseError where it isn't a query at all."""
    statements = sqlglot.parse(query, dialect="athena", error_level=sqlglot.ErrorLevel.RAISE)
    assert [type(statement) for statement in statements] == [exp.Select]
    return [function.name for statement in statements if statement for function in statement.find_all(exp.Anonymous)]


@pytest.mark.parametrize("query", QUERIES)
def test_athena_takes_every_query(query: str) -> None:
    assert unknown(query) == []


def test_what_duckdb_alone_takes_is_told() -> None:
    assert unknown("SELECT list_distinct(controls) FROM results") == ["list_distinct"]
    with pytest.raises(ParseError):
        unknown("SELECT rule FROM results WHERE GROUP BY rule")


def test_the_rows_have_the_columns_of_the_environments_table() -> None:
    assert {name: HIVE[kind] for name, kind in COLUMNS.items()} == RESULT_COLUMNS | {"stack": PARTITIONS["stack"]}


def test_the_rows_lie_where_the_environments_table_looks_for_them() -> None:
    one = run()
    values = {"stack": one.stack, "day": f"{one.time:%Y-%m-%d}"}
    assert partition(one) == "/".join([RESULTS, *(f"{name}={values[name]}" for name in PARTITIONS)])
