"""What the sandbox says to people: everything goes to stderr, so that stdout stays what the command is asked for."""

from __future__ import annotations

import shutil
import sys
import time
from types import TracebackType

TERMINAL_SECONDS = 0.5
PLAIN_SECONDS = 15.0


class SandboxError(Exception):
    """Something a person can act on: its text is one line that says what is wrong and what to do."""


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


class Progress:
    """Says what is going on and for how long: one line, renewed in place on a terminal, else a line every 15 s."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._started = time.monotonic()
        self._terminal = sys.stderr.isatty()
        self._last = self._started

    def __enter__(self) -> Progress:
        self._print("")
        return self

    def tick(self, detail: str = "") -> None:
        """Show `detail` if it is time to; cheap enough to call in a loop."""
        now = time.monotonic()
        if now - self._last >= (TERMINAL_SECONDS if self._terminal else PLAIN_SECONDS):
            self._last = now
            self._print(f"  {elapsed(now - self._started)}" + (f", {detail}" if detail else ""))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._terminal:
            sys.stderr.write("\r\x1b[K")
        if kind is None:
            say(f"{self._what}  done in {elapsed(time.monotonic() - self._started)}")

    def _print(self, rest: str) -> None:
        if self._terminal:
            width = shutil.get_terminal_size().columns - 1  # a line that wraps could not be renewed in place
            sys.stderr.write(f"\r\x1b[K{f'{self._what}{rest}'[:width]}")
            sys.stderr.flush()
        else:
            say(f"{self._what}{rest}")


def elapsed(seconds: float) -> str:
    """`47s`, `2m05s`."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}m{rest:02d}s" if minutes else f"{rest}s"
