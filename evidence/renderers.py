"""The documents of a bundle: each renderer is given the runs, and writes its files into one folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from evidence.results import Runs

Renderer: TypeAlias = Callable[[Runs, Path], None]

RENDERERS: tuple[Renderer, ...] = ()
"""In the order in which they run. The same runs must give the same bytes."""


def render(runs: Runs, folder: Path) -> None:
    """Write every document into a folder, which is made if there are any."""
    for write in RENDERERS:
        folder.mkdir(parents=True, exist_ok=True)
        write(runs, folder)
