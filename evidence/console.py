"""What the command says to people: everything goes to stderr, so that stdout stays what was asked for."""

from __future__ import annotations

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

OUT = Console(soft_wrap=True, highlight=False)
ERR = Console(stderr=True, soft_wrap=True, highlight=False)


class EvidenceError(Exception):
    """Something a person can act on: its text is one line that says what is wrong and what to do."""


def say(line: str) -> None:
    """Print a line as it is: what comes from a log is text, not markup, and steers no terminal."""
    ERR.print(printable(line), markup=False)


def printable(text: str) -> str:
    """Return the text with control characters spelled out."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def progress() -> Progress:
    """Return a bar that is drawn on a terminal only, and leaves nothing behind."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=ERR,
        transient=True,
        disable=not ERR.is_terminal,
    )
