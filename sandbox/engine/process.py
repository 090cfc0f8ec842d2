"""Runs a long command: its output goes into a log file, and no interrupt leaves it running."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

from sandbox.engine import MODULE

POLL_SECONDS = 0.25
GRACE_SECONDS = 5.0
INTERRUPTS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def run_logged(command: list[str], environment: dict[str, str], log: Path, tick: Callable[[int], None]) -> int:
    """Run `command` in the Go module's folder, append what it prints to `log`, and return its exit code.

    `tick` is called all the while with how many lines came. An exception, such as KeyboardInterrupt, ends the command's
    whole process group before it goes on.
    """
    process: subprocess.Popen[bytes] | None = None
    try:
        with signals_held_back():  # one that came before `process` is known would leave the command running
            process = subprocess.Popen(
                command,
                env=environment,
                cwd=MODULE,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            copy = LogCopy(process, log)
            copy.start()
        while (code := process.poll()) is None:
            tick(copy.lines)
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=POLL_SECONDS)
    except BaseException:
        if process is not None:
            _end_group(process)
        raise
    copy.join(timeout=GRACE_SECONDS)
    if copy.error is not None:
        raise copy.error
    return code


class LogCopy(threading.Thread):
    """Copies a process's output into a log and counts its `lines`, but not Go's own remarks ("go: downloading …")."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        super().__init__(daemon=True)
        self.lines = 0
        self.error: OSError | None = None
        self._process = process
        self._log = log

    def run(self) -> None:
        if self._process.stdout is None:
            return
        with self._process.stdout as output, self._log.open("ab", buffering=0) as file:
            for line in output:
                self.lines += not line.startswith(b"go: ")
                if self.error is None:
                    try:
                        file.write(line)
                    except OSError as error:  # keep reading, or the process would wait for us for ever
                        self.error = error


def last_meaningful_line(log: Path) -> str:
    """The last line that is a sentence: not blank, not a package's name alone, not the heading of a group of errors."""
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines()]
    sentences = [line for line in lines if " " in line and not line.startswith("#")]
    return sentences[-1] if sentences else "it said nothing"


@contextmanager
def terminable() -> Iterator[None]:
    """Let SIGTERM and SIGHUP unwind the stack as Ctrl-C does, so that what is half done is cleared away."""

    def unwind(number: int, _frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    before = {number: signal.signal(number, unwind) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def signals_held_back() -> Iterator[None]:
    """Let the signals that interrupt a build wait for the end of the block. Not by a mask: a child would inherit it."""
    held: list[int] = []
    before = {number: signal.signal(number, lambda number, _frame: held.append(number)) for number in INTERRUPTS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for late in held:
            os.kill(os.getpid(), late)


def _end_group(process: subprocess.Popen[bytes]) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            return
        try:
            process.wait(timeout=GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            continue
