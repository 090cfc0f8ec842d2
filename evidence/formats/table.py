"""`results.csv`: a row for each result, for spreadsheets. Runs enter.

A cell that a spreadsheet would run as a formula is written with an apostrophe in front (CWE-1236).
"""

from __future__ import annotations

import csv
from pathlib import Path

from evidence.results import Result, Run, Runs

COLUMNS = (
    "stack",
    "origin",
    "time",
    "commit",
    "pack",
    "pack_version",
    "run_complete",
    "rule",
    "verdict",
    "severity",
    "blocking",
    "promise",
    "controls",
    "urn",
    "path",
    "line",
    "message",
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write(runs: Runs, folder: Path) -> None:
    """Write the file. A run without results still has its row, or its silence would read as nothing to judge."""
    with (folder / "results.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(COLUMNS)
        for run in runs():
            rows.writerows(_row(run, result) for result in run.results)
            rows.writerows(_problem(run, problem) for problem in run.problems)


def _head(run: Run) -> list[str]:
    head = (run.stack, run.origin.value, run.time.isoformat(), run.commit, run.pack, run.pack_version)
    return [_cell(text) for text in (*head, "yes" if run.complete else "no")]


def _row(run: Run, result: Result) -> list[str]:
    place = (result.place.path, str(result.place.line)) if result.place else ("", "")
    cells = (
        result.rule,
        result.verdict.value,
        result.severity,
        "yes" if result.blocking else "no",
        result.promise,
        " ".join(result.controls),
        result.urn,
        *place,
        result.message,
    )
    return [*_head(run), *(_cell(text) for text in cells)]


def _problem(run: Run, problem: str) -> list[str]:
    return [*_head(run), "", "incomplete", "", "", "", "", "", "", "", _cell(problem)]


def _cell(text: str) -> str:
    # csv would write a NUL, and no reader takes it.
    text = text.replace("\0", "�")
    return f"'{text}" if text.startswith(_FORMULA) else text
