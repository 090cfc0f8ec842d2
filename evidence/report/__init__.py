"""The report that an auditor reads, and its variant for the public.

Enters: the runs of a bundle, one at a time, the registers, the figures of earlier bundles and a picture of the
architecture. Leaves: `report.html` and `report-public.html`, each one self-contained file.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from evidence.report import charts
from evidence.report.page import draw
from evidence.report.private import private
from evidence.report.public import public
from evidence.report.records import Earlier, RegisterEntry
from evidence.report.standing import controls, finder
from evidence.report.summary import Summary
from evidence.results import Runs
from policy_pack.documentation import account
from policy_pack.pack import PACK, Pack

__all__ = ["Earlier", "RegisterEntry", "write"]


def write(  # noqa: PLR0913 - a report has as many sources
    runs: Runs,
    folder: Path,
    *,
    registers: Sequence[RegisterEntry] = (),
    earlier: Sequence[Earlier] = (),
    architecture: str = "",
    pack: Pack = PACK,
    on_run: Callable[[int], None] = lambda _: None,
) -> None:
    """Write `report.html` and `report-public.html` into a folder.

    Args:
        runs: the runs of the bundle; they are read once.
        folder: where the pages are written; it exists.
        registers: rows of registers, in the order in which they are shown.
        earlier: the figures of earlier bundles, in any order, without this one.
        architecture: an SVG picture; empty, where there is none.
        pack: the policy pack that is installed.
        on_run: told after each run how many have been read.
    """
    answers = account(pack)
    summary = Summary(finder(answers))
    for number, run in enumerate(runs(), 1):
        summary.add(run)
        on_run(number)
    found = controls(answers, summary)
    newest = (
        [Earlier(max(run.time for run in summary.runs), summary.complete, summary.verdicts)] if summary.runs else []
    )
    trend = charts.trend([*earlier, *newest])
    draw("public.html.jinja", folder / "report-public.html", public(summary, found, registers, trend))
    draw("report.html.jinja", folder / "report.html", private(summary, found, registers, trend, pack, architecture))
