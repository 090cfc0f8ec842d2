"""DuckDB takes no more memory than it is given, spills to a folder of its own, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from evidence.console import EvidenceError
from evidence.database import opened
from tests.evidence.stores import Run

TOO_MUCH = "SELECT COUNT(*) FROM (SELECT DISTINCT i::VARCHAR || ' is a text that takes memory' FROM range({}) AS t (i))"


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary files go."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr("tempfile.tempdir", None)
    return folder


def setting(connection: duckdb.DuckDBPyConnection, name: str) -> str:
    (row,) = connection.execute("SELECT current_setting(?)::VARCHAR", [name]).fetchall()
    return str(row[0])


@pytest.mark.parametrize(
    ("memory", "cores", "limit", "threads"),
    [(512, 64, "488.2 MiB", "4"), (512, 2, "488.2 MiB", "2"), (20, 4, "19.0 MiB", "1")],
)
def test_a_database_keeps_to_its_memory_and_to_threads_that_have_enough_of_it(
    monkeypatch: pytest.MonkeyPatch, memory: int, cores: int, limit: str, threads: str
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    with opened(memory) as connection:
        assert (setting(connection, "memory_limit"), setting(connection, "threads")) == (limit, threads)


def test_what_is_spilt_is_the_owners_alone_and_gone_afterwards(temporary: Path) -> None:
    with opened(50) as connection:
        folder = Path(setting(connection, "temp_directory"))
        assert folder.parent == temporary
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert list(temporary.iterdir()) == []


def test_what_takes_more_memory_than_there_is_is_answered_all_the_same() -> None:
    with opened(50, threads=1) as connection:
        assert connection.execute(TOO_MUCH.format(2_000_000)).fetchall() == [(2_000_000,)]


def test_what_cannot_be_spilt_is_refused_in_one_line_that_says_what_helps(
    run: Run, collect_into: Callable[..., str], tmp_path: Path
) -> None:
    collect_into(tmp_path / "store")
    sql = "SELECT LENGTH(STRING_AGG(i::VARCHAR, ' is text ')) FROM range({}) AS t (i)"
    code, printed, told = run("query", sql.format(30_000_000), tmp_path / "store", "--memory", 125)
    assert (code, printed, told.count("\n")) == (1, "", 1)
    assert told.endswith("ask for less at once, or give it more by --memory\n")
    assert run("query", sql.format(3), tmp_path / "store", "--memory", 125)[0] == 0
    assert run("query", sql.format(3), tmp_path / "store", "--memory", 1)[0] == 2


def test_an_interrupted_query_ends_as_such_and_leaves_no_file(
    collect_into: Callable[..., str], tmp_path: Path, temporary: Path
) -> None:
    collect_into(tmp_path / "store")
    query = (sys.executable, "-m", "evidence", "query", TOO_MUCH.format(10**12), tmp_path / "store", "--memory", "125")
    with subprocess.Popen(query, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        while not list(temporary.rglob("*.tmp")) and process.poll() is None:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate()
    assert process.returncode == 130
    assert b"Traceback" not in told
    assert list(temporary.iterdir()) == []


def test_what_cannot_be_done_is_one_line() -> None:
    with pytest.raises(EvidenceError, match="not_there") as raised, opened(50) as connection:
        connection.execute("SELECT not_there\nFROM range(3)")
    assert "\n" not in str(raised.value)
