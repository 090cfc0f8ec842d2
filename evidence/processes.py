"""Shares work out to processes: a function and its inputs go in, results come out in their order, with progress."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import TypeVar

from evidence.console import EvidenceError, progress

Input = TypeVar("Input")
Output = TypeVar("Output")


def spread(work: Callable[[Input], Output], inputs: Sequence[Input], jobs: int, what: str) -> Iterator[Output]:
    """Yield the result of each input; in this process, if there is one job or one input.

    Raises:
        EvidenceError: a process was killed; and whatever the work raises.
    """
    processes = min(jobs, len(inputs))
    with progress() as bar:
        if processes <= 1:
            yield from bar.track(map(work, inputs), len(inputs), description=what)
            return
        with ProcessPoolExecutor(processes, get_context("spawn"), initializer=_leave_interrupts) as pool:
            try:
                yield from bar.track(pool.map(work, inputs), len(inputs), description=what)
            except BrokenProcessPool:
                raise EvidenceError(f"a process was killed while {what}: is there enough memory?") from None


def _leave_interrupts() -> None:
    """An interrupt is for the process that shares out the work."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
