"""What queries of all bundles answer, and what they may read."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

from evidence.history import history_sql
from evidence.tables import COLUMNS
from tests.evidence.stores import BROKEN, DOCUMENTATION, DOCUMENTED, Collect, Run, answer


def test_history_counts_each_run_once_however_often_it_was_collected(collect_into: Collect, tmp_path: Path) -> None:
    collect_into(tmp_path / "store")
    once = answer(tmp_path / "store", history_sql("stack"))
    collect_into(tmp_path / "store")
    assert answer(tmp_path / "store", history_sql("stack")) == once
    assert [row[0] for row in once[1]] == ["dev", "prod"]
    assert [row[once[0].index("failed")] for row in once[1]] == [1, 0]


def test_history_by_rule_and_control_finds_the_failure(run: Run, collect_into: Collect, tmp_path: Path) -> None:
    collect_into(tmp_path / "store")
    for by in ("rule", "control", "promise"):
        code, printed, _ = run("history", tmp_path / "store", "--by", by, "--stack", "dev", "--output", "csv")
        rows = list(csv.DictReader(io.StringIO(printed)))
        failed = {row[by] for row in rows if row["failed"] == "1"}
        assert code == 0
        assert failed, f"nothing fails by {by}"
        assert by != "rule" or failed == {BROKEN[0]}


def test_a_query_reads_results_and_nothing_else(run: Run, collect_into: Collect, tmp_path: Path) -> None:
    collect_into(tmp_path / "store")
    sql = "SELECT stack, day, COUNT(*) AS failed FROM results WHERE verdict = 'fail' GROUP BY stack, day"
    code, printed, _ = run("query", sql, tmp_path / "store", "--output", "json")
    assert (code, json.loads(printed)) == (0, {"stack": "dev", "day": "2026-09-21", "failed": 1})
    for forbidden in (
        "SELECT * FROM read_csv('/etc/passwd')",
        f"COPY results TO '{tmp_path}/out.csv'",
        "SET enable_external_access = true",
    ):
        assert run("query", forbidden, tmp_path / "store")[0] == 1
    assert not (tmp_path / "out.csv").exists()


def test_the_queries_of_the_documentation_run(collect_into: Collect, tmp_path: Path) -> None:
    collect_into(tmp_path / "store")
    assert len(DOCUMENTED) >= 2
    for query in DOCUMENTED:
        assert answer(tmp_path / "store", query)[1], query


def test_the_documentation_names_every_column() -> None:
    assert [name for name in COLUMNS if f"`{name}`" not in DOCUMENTATION] == []
