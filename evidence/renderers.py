"""The documents of a bundle: each renderer is given the runs, and writes its files into one folder."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeAlias

from evidence.formats import junit, ocsf, oscal, sarif, table
from evidence.processes import spread
from evidence.results import Runs

Renderer: TypeAlias = Callable[[Runs, Path], None]

RENDERERS: tuple[Renderer, ...] = (oscal.write, ocsf.write, table.write, junit.write, sarif.write)
"""What every bundle has, what takes longest first. The same runs must give the same bytes."""


def render(runs: Runs, folder: Path, jobs: int = 1) -> None:
    """Write every document into a folder, some at once; the folder is made."""
    folder.mkdir(parents=True, exist_ok=True)
    for _ in spread(partial(_write, runs, folder), RENDERERS, jobs, "writing documents"):
        pass


def _write(runs: Runs, folder: Path, write: Renderer) -> None:
    write(runs, folder)
