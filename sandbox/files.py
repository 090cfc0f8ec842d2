"""Files that only their owner can read, that are whole or absent, and that two processes do not write at once."""

from __future__ import annotations

import fcntl
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sandbox.console import say

PRIVATE_DIR = 0o700
PRIVATE_FILE = 0o600
PRIVATE_PROGRAM = 0o700


def private_dir(path: Path) -> Path:
    path.mkdir(mode=PRIVATE_DIR, parents=True, exist_ok=True)
    return path


def write(path: Path, text: str, mode: int = PRIVATE_FILE) -> None:
    """Replace `path` in one step: neither a reader nor an interrupt finds half a file. An equal file is left alone."""
    try:
        if not path.is_symlink() and path.read_text() == text and path.stat().st_mode & 0o777 == mode:
            return
    except FileNotFoundError:
        pass
    private_dir(path.parent)
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
        temporary.chmod(mode)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def link(path: Path, target: Path) -> None:
    """Make `path` a symbolic link to `target` in one step, whatever it was before."""
    if path.is_symlink() and path.readlink() == target:
        return
    private_dir(path.parent)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(target)
    temporary.replace(path)


@contextmanager
def locked(path: Path, waiting: str) -> Iterator[None]:
    """Hold the lock file `path`; say `waiting` if another process does. The system frees it however that one ends."""
    private_dir(path.parent)
    with path.open("a") as file:
        path.chmod(PRIVATE_FILE)
        for _ in range(20):  # a second: what takes less is not worth a word
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                time.sleep(0.05)
        else:
            say(waiting)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
