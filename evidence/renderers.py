"""The documents of a bundle: each renderer is given the runs, and writes its files into one folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from evidence.console import progress
from evidence.formats import junit, ocsf, oscal, sarif, table
from evidence.results import Runs

Renderer: TypeAlias = Callable[[Runs, Path], None]

RENDERERS: tuple[Renderer, ...] = (table.write, junit.write, sarif.write, ocsf.write, oscal.write)
"""What every bundle has, in the order in which it is written. The same runs must give the same bytes."""


def render(runs: Runs, folder: Path) -> None:
    """Write every document into a folder, which is made if there are any."""
    with progress() as bar:
        for write in bar.track(RENDERERS, description="writing documents"):
            folder.mkdir(parents=True, exist_ok=True)
            write(runs, folder)
