"""Starts, finds and stops the emulator of one sandbox home: `emulator.json` in that home says where it is.

The port outlives the emulator, so that a shell set up with `sandbox env` goes on working after a restart.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
import zlib
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from sandbox.console import SandboxError, say
from sandbox.emulator.server import HOST, IDENTITY_PATH, PORT_TAKEN, code_digest
from sandbox.files import PRIVATE_FILE, locked, private_dir, write
from sandbox.launcher import CHECKOUT

PORTS = range(20_000, 32_000)
"""Below the range that systems hand out to outgoing connections, so that a remembered port stays free."""
ANSWER_SECONDS = 5.0
START_SECONDS = 60.0
STOP_SECONDS = 5.0
SLOW_SECONDS = 2.0


class State(Enum):
    UP = "up"
    DOWN = "down"
    GONE = "gone"
    """It ran, nobody stopped it, and it is no more: it crashed, was killed, or the machine was restarted."""


@dataclass(frozen=True)
class Emulator:
    """What is known of a home's emulator. `started` is an ISO 8601 time in UTC."""

    state: State
    port: int | None = None
    pid: int | None = None
    incarnation: str | None = None
    started: str | None = None
    outdated: bool = False
    """It runs on with code that this checkout no longer has."""

    @property
    def endpoint(self) -> str:
        return f"http://{HOST}:{self.port}"


def record_path(home: Path) -> Path:
    return home / "emulator.json"


def log_path(home: Path) -> Path:
    return home / "emulator.log"


def find(home: Path) -> Emulator:
    """The emulator of `home`: up only if its process lives, answers, and is the one that was recorded."""
    try:
        facts = json.loads(record_path(home).read_text())
        port, pid, incarnation = facts["port"], facts.get("pid"), facts.get("incarnation")
    except FileNotFoundError:
        return Emulator(State.DOWN)
    except (ValueError, KeyError, TypeError) as error:
        raise SandboxError(
            f"{record_path(home)} cannot be read: delete it (a running emulator then ends by itself)"
        ) from error
    if pid is None:
        return Emulator(State.DOWN, port)
    up = _alive(pid) and identity(port) == incarnation
    state = State.UP if up else State.GONE
    return Emulator(state, port, pid, incarnation, facts.get("started"), outdated=facts.get("code") != code_digest())


def identity(port: int) -> str | None:
    """The incarnation of the emulator that answers at `port`; None if nothing there is one."""
    connection = http.client.HTTPConnection(HOST, port, timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", IDENTITY_PATH)
        answer = connection.getresponse()
        return str(json.loads(answer.read())["incarnation"]) if answer.status == http.client.OK else None
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
        return None
    finally:
        connection.close()


def endpoint_of(home: Path) -> str:
    """Where the emulator of `home` answers, or will once it is started."""
    return f"http://{HOST}:{port_of(home)}"


def port_of(home: Path) -> int:
    """Where the emulator is or will be tried first: $HEDGEROW_EMULATOR_PORT, the remembered port, or one by home."""
    return _chosen_port() or find(home).port or PORTS[zlib.crc32(os.fsencode(home)) % len(PORTS)]


def ensure(home: Path) -> tuple[Emulator, State]:
    """The running emulator of `home`, started if need be, and the state it was found in. Raises SandboxError."""
    found = find(home)
    chosen = _chosen_port()
    if found.state is State.UP:
        if chosen not in (None, found.port):
            raise SandboxError(
                f"the emulator already runs on port {found.port}: `python -m sandbox stop` it first, or unset "
                "HEDGEROW_EMULATOR_PORT"
            )
        if found.outdated:
            say(
                "note: the AWS emulator was started by other code than this checkout's and goes on with it: `python -m "
                "sandbox reset` forgets what it holds, and the next command starts the present one"
            )
        return found, found.state
    with locked(home / "emulator.lock", "another command is starting the AWS emulator: waiting for it"):
        again = find(home)
        if again.state is State.UP:
            return again, State.UP
        return _start(home, again, chosen), again.state


def stop(home: Path) -> bool:
    """End the emulator of `home` and keep its port in mind. False if none was running. Raises SandboxError."""
    found = find(home)
    if found.pid is not None and (found.state is State.UP or _is_emulator(home, found.pid)):
        _end(found.pid)
    if found.port is not None:
        write(record_path(home), json.dumps({"port": found.port}))
    return found.state is State.UP


def _start(home: Path, last: Emulator, chosen: int | None) -> Emulator:
    if last.pid is not None and _is_emulator(home, last.pid):
        raise SandboxError(
            f"the AWS emulator (process {last.pid}) runs but does not answer: wait for it, or `python -m sandbox stop` "
            "it and lose what it holds"
        )
    fixed = chosen or last.port
    if fixed is not None:
        started = _try(home, fixed)
        if started is None:
            raise SandboxError(_taken(fixed))
        return started
    first = port_of(home)
    for offset in range(20):
        candidate = PORTS[(first - PORTS.start + offset) % len(PORTS)]
        if _free(candidate) and (started := _try(home, candidate)) is not None:
            return started
    raise SandboxError(
        f"ports {first} to {first + 19} are all taken: choose a free one with HEDGEROW_EMULATOR_PORT=NUMBER"
    )


def _try(home: Path, port: int) -> Emulator | None:
    """Start the emulator at `port` and wait until it answers; None if the port is taken."""
    private_dir(home)
    log = log_path(home)
    with contextlib.suppress(FileNotFoundError):  # what a crashed one said last is worth keeping
        log.replace(log.with_suffix(".previous.log"))
    begun = time.monotonic()
    with os.fdopen(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, PRIVATE_FILE), "ab") as output:
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "sandbox.emulator.server",
                "--port",
                str(port),
                "--record",
                str(record_path(home).absolute()),
            ],
            cwd=CHECKOUT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    told = False
    while time.monotonic() - begun < START_SECONDS:
        code = process.poll()
        if code == PORT_TAKEN:
            return None
        if code is not None:
            raise SandboxError(f"the AWS emulator ended at once: {_last_line(log)} (log: {log})")
        found = find(home)
        if found.state is State.UP and found.pid == process.pid:
            _OUTLIVING.append(process)
            return found
        if not told and time.monotonic() - begun > SLOW_SECONDS:
            say("starting the AWS emulator …")
            told = True
        time.sleep(0.02)
    _end(process.pid)
    raise SandboxError(f"the AWS emulator did not answer within {START_SECONDS:.0f} s (log: {log})")


_OUTLIVING: list[subprocess.Popen[bytes]] = []
"""Emulators outlive the command that started them: kept here so that none is waited for or warned about."""


def _chosen_port() -> int | None:
    text = os.environ.get("HEDGEROW_EMULATOR_PORT")
    if not text:
        return None
    if not text.isdecimal() or not 1024 <= int(text) <= 65535:
        raise SandboxError(f"HEDGEROW_EMULATOR_PORT is {text!r}: it must be a number from 1024 to 65535")
    return int(text)


def _taken(port: int) -> str:
    return (
        f"port {port} of the AWS emulator is taken by another program: end that program, or choose another port with "
        f"HEDGEROW_EMULATOR_PORT=NUMBER (and run `python -m sandbox env` again in shells that use the old one)"
    )


def _free(port: int) -> bool:
    try:
        with socket.create_server((HOST, port)):
            return True
    except OSError:
        return False


def _alive(pid: int) -> bool:
    """Whether process `pid` exists and has not ended. A dead one that nobody reaped, as in a container, has ended."""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in ("Z", "X")
    except ProcessLookupError:
        return False
    except (PermissionError, FileNotFoundError):  # another user's, or a system without /proc
        return not Path("/proc/self").exists() or Path(f"/proc/{pid}").exists()


def _is_emulator(home: Path, pid: int) -> bool:
    """Whether process `pid` is the emulator of `home`: a number alone may by now belong to any program."""
    if Path("/proc/self").exists():
        try:
            command = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").replace("\0", " ")
        except OSError:
            return False
    else:
        command = subprocess.run(
            ["/bin/ps", "-ww", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
        ).stdout
    return f"--record {record_path(home).absolute()}" in command


def _end(pid: int) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        deadline = time.monotonic() + STOP_SECONDS
        while time.monotonic() < deadline:
            if not _alive(pid):
                return
            time.sleep(0.05)
    raise SandboxError(f"the AWS emulator (process {pid}) does not end: end it by hand")


def _last_line(log: Path) -> str:
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return lines[-1] if lines else "it said nothing"
