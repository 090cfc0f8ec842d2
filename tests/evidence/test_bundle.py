"""A bundle holds what was read, is the same for the same input, and is refused where runs can't be told apart."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

from bench.event_logs import event_log
from evidence.background import Background
from evidence.bundle import read_runs
from evidence.console import EvidenceError
from evidence.renderers import renderers
from evidence.results import Verdict
from evidence.sources import Source, read_source
from evidence.tables import COLUMNS
from tests.evidence.stores import Collect, contents


def test_equal_input_gives_equal_bytes_however_many_processes_read_it(
    tmp_path: Path, logs: list[Path], collect_into: Collect
) -> None:
    one = Path(collect_into(tmp_path / "one"))
    other = Path(collect_into(tmp_path / "other", list(reversed(logs)), jobs=2))
    assert one.name == other.name
    assert contents(one) == contents(other)


def test_a_bundle_gives_back_the_runs_that_were_read_in_the_order_of_stacks(made: Path, logs: list[Path]) -> None:
    expected = [read_source(Source(path, commit="c0ffee"))[0] for path in logs]
    assert list(read_runs(made)()) == expected
    assert list(read_runs(made)()) == expected, "runs can be read as often as one likes"


def test_the_rows_say_what_the_runs_say(made: Path) -> None:
    rows = f"read_parquet('{made}/results/stack=dev/*/*.parquet', hive_partitioning=false)"
    described = duckdb.execute(f"DESCRIBE FROM {rows}").fetchall()
    assert {column[0]: column[1] for column in described} == COLUMNS
    (run,) = (run for run in read_runs(made)() if run.stack == "dev")
    assert [row[:8] for row in duckdb.execute(f"FROM {rows}").fetchall()] == [
        (r.rule, r.urn, r.verdict.value, r.message, list(r.controls), r.promise, r.severity, r.blocking)
        for r in run.results
    ]
    shared = duckdb.execute(f"SELECT DISTINCT stack, origin, time, commit, pack FROM {rows}").fetchall()  # noqa: S608
    assert shared == [("dev", "preview", run.time.replace(tzinfo=None), "c0ffee", "hedgerow")]
    assert any(result.verdict is Verdict.FAIL for result in run.results)


def test_every_document_is_written(made: Path) -> None:
    documents = {path.name for path in (made / "documents").iterdir()}
    assert {"report.html", "report-public.html", "results.csv", "junit.xml", "results.sarif", "ocsf.jsonl"} < documents
    assert len(documents) >= len(renderers(Background()))


def test_a_run_without_results_has_a_file_without_rows(tmp_path: Path, collect_into: Collect) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"".join(line for line in event_log("dev", 1) if b"policy" not in line))
    made = Path(collect_into(tmp_path / "store", [log]))
    (rows,) = made.glob("results/*/*/*.parquet")
    assert duckdb.execute(f"SELECT COUNT(*) FROM '{rows}'").fetchall() == [(0,)]  # noqa: S608
    assert not json.loads((made / "manifest.json").read_text())["complete"]


def test_one_run_given_twice_is_refused(tmp_path: Path, logs: list[Path], collect_into: Collect) -> None:
    with pytest.raises(EvidenceError, match="is a second preview of dev at"):
        collect_into(tmp_path / "store", [logs[0], logs[0]])
    assert not any((tmp_path / "store" / "bundles").iterdir())


def test_two_projects_with_a_stack_of_one_name_are_told_apart(tmp_path: Path, collect_into: Collect) -> None:
    paths = [tmp_path / "a", tmp_path / "b"]
    for number, path in enumerate(paths):
        path.write_bytes(b"".join(event_log("prod", 1, project=path.name, start=1_790_000_000 + number)))
    with pytest.raises(EvidenceError, match="a and b both have a stack prod: collect with --qualified"):
        collect_into(tmp_path / "store", paths)
    assert [read_source(Source(path, qualified=True))[0].stack for path in paths] == ["a.prod", "b.prod"]
