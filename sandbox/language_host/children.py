"""The processes that run programs and policy packs: a request in, a running child out, ended for certain.

A child imports the SDK before it is asked for anything, and the first one is started ahead of that: what the engine
would wait for has then been done, while this host got ready itself.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess  # child processes are what a language host is for: argument lists only, never a shell
import sys
import threading
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

CHILD = Path(__file__).with_name("child.py")
GRACE_SECONDS = 0.3
"""How long a child may take to end after SIGTERM: the user waits for it. (The engine gives the whole host 5 s.)"""


@dataclass(frozen=True)
class ProgramRequest:
    """What `child.py` needs to run a program: the engine's RunRequest in plain JSON values."""

    pwd: str
    program: str
    args: list[str]
    project: str
    stack: str
    organization: str
    root_directory: str
    parallel: int
    dry_run: bool
    monitor: str
    engine: str
    config: dict[str, str]
    config_secret_keys: list[str]
    kind: Literal["program"] = "program"


@dataclass(frozen=True)
class PolicyPackRequest:
    """What `child.py` needs to serve a policy pack. `environment` is added to its own."""

    pwd: str
    engine: str
    directory: str
    environment: dict[str, str]
    kind: Literal["policy-pack"] = "policy-pack"


class Children:
    """The processes that this host has started and not yet seen end.

    Each leads a session of its own, so that ending it also ends what it started in turn.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: dict[subprocess.Popen[bytes], socket.socket] = {}
        self._ready: subprocess.Popen[bytes] | None = None

    def prepare(self) -> None:
        """Start a child under this host's own Python before it is asked for."""
        self._ready = self._launch(Path(sys.executable))

    def start(
        self, python: Path, request: ProgramRequest | PolicyPackRequest, stdout: int = 1, stderr: int = 2
    ) -> subprocess.Popen[bytes]:
        """Hand `request` to a child under `python`, with descriptors for what it writes. Its stdin is its lifeline."""
        with self._lock:
            ready = self._ready if python == Path(sys.executable) else None
            if ready:
                self._ready = None
        child = ready or self._launch(python)
        # Not in arguments or environment: the request may hold secret configuration.
        data = json.dumps(asdict(request)).encode() + b"\n"
        with contextlib.suppress(OSError):  # it ended before it read its request: its exit code and stderr say why
            lifeline = self._running[child]
            lifeline.sendall(data[socket.send_fds(lifeline, [data], [stdout, stderr]) :])
        return child

    def _launch(self, python: Path) -> subprocess.Popen[bytes]:
        lifeline, its_end = socket.socketpair()
        with its_end:
            child = subprocess.Popen([python, CHILD], stdin=its_end.fileno(), start_new_session=True)
        with self._lock:
            self._running[child] = lifeline
        return child

    def wait(self, child: subprocess.Popen[bytes]) -> int:
        """The child's exit code, once it has ended."""
        code = child.wait()
        with self._lock:
            self._running.pop(child).close()
        return code

    def end(self, *children: subprocess.Popen[bytes]) -> None:
        """End these children, or all of them: politely, then after GRACE_SECONDS for good."""
        with self._lock:
            ending = list(children or self._running)
        for child in ending:
            _signal_session(child, signal.SIGTERM)
        for child in ending:
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(GRACE_SECONDS)
            _signal_session(child, signal.SIGKILL)


def _signal_session(child: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):  # all of it has ended
        os.killpg(child.pid, number)
