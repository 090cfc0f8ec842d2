"""The documents of a bundle: each renderer is given the runs, and writes its files into one folder."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeAlias

from evidence import report
from evidence.background import Background
from evidence.formats import junit, ocsf, oscal, sarif, table
from evidence.processes import spread
from evidence.results import Runs

Renderer: TypeAlias = Callable[[Runs, Path], None]


def renderers(background: Background) -> tuple[Renderer, ...]:
    """Return what every bundle has, what takes longest first. The same input must give the same bytes."""
    page = partial(
        report.write,
        registers=background.registers,
        earlier=background.earlier,
        architecture=background.architecture,
    )
    return (oscal.write, page, ocsf.write, table.write, junit.write, sarif.write)


def render(runs: Runs, background: Background, folder: Path, jobs: int = 1) -> None:
    """Write every document into a folder, some at once; the folder is made."""
    folder.mkdir(parents=True, exist_ok=True)
    for _ in spread(partial(_write, runs, folder), renderers(background), jobs, "writing documents"):
        pass


def _write(runs: Runs, folder: Path, write: Renderer) -> None:
    write(runs, folder)
