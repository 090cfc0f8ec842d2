"""Finishing what a killed engine left: its lock is released, what it was creating is taken into the state.

The engine notes each creation before it asks for it, and its id afterwards. One that was killed in between leaves a
pending operation: the next `up` would create the resource a second time. Pulumi's own way on is a refresh that imports
pending creations by the ids that somebody looks up; here the AWS plugin's journal has them.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
from collections.abc import Callable, Container, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sandbox.aws_plugin.journal import entries, keep, outcomes
from sandbox.console import Progress, SandboxError, say

if TYPE_CHECKING:
    from sandbox.home import Home
    from sandbox.project import Project

Run = Callable[[list[str]], "subprocess.CompletedProcess[str]"]
_LONGEST_CALL_SECONDS = 60.0
CHANGES = frozenset({"up", "update", "refresh", "destroy", "down", "dn", "import"})


def finish(home: Home, project: Project, stack: str, incarnation: str | None, run: Run) -> None:
    """Bring the stack's state in order after an engine that was killed. `run` runs Pulumi with arguments."""
    from sandbox import project as projects

    locks = list(_locks(home.state, project, stack))
    if any(_alive(lock) for lock in locks):
        return  # another engine is at work: this one will say so
    if locks:
        say(f"note: an engine that worked on stack {stack} was killed: its lock is released")
        _await_plugins(home.created, f"urn:pulumi:{stack}::{project.name}::")
        _drop_cut_attributes(projects.stack_file(home.state, project, stack).parent)
        _check(run(["cancel", stack, "--yes"]))
    pending = projects.pending_creations(projects.stack_file(home.state, project, stack))
    if pending:
        known = outcomes(home.created.glob("*.jsonl"), incarnation)
        _take_in(pending, {urn: entry["id"] for urn, entry in known.items() if "id" in entry}, stack, run)
    _forget(
        home.created,
        f"urn:pulumi:{stack}::{project.name}::",
        projects.urns(projects.stack_file(home.state, project, stack)),
    )


def _take_in(pending: list[str], created: dict[str, str], stack: str, run: Run) -> None:
    there = {urn: created[urn] for urn in pending if urn in created}
    imports = [f"--import-pending-creates={word}" for pair in there.items() for word in pair]
    with Progress(
        f"{len(pending)} resources of stack {stack} were being created when their engine was killed: taking the "
        f"{len(there)} that are there into the state"
    ):
        flags = ["--stack", stack, "--yes", "--skip-preview", "--clear-pending-creates"]
        _check(run(["refresh", *flags, *imports]))


def _locks(state: Path, project: Project, stack: str) -> Iterator[dict[str, Any]]:
    """The locks on the stack, as the engine's file backend writes them (`pkg/backend/diy/lock.go`)."""
    for file in (state / ".pulumi" / "locks" / "organization" / project.name / stack).glob("*.json"):
        try:
            yield json.loads(file.read_text())
        except (OSError, ValueError):
            continue  # released in this moment, or not ours to judge


def _alive(lock: dict[str, Any]) -> bool:
    """Whether the lock's engine may still be at work: one on another machine may."""
    if lock.get("hostname") != socket.gethostname() or not isinstance(lock.get("pid"), int):
        return True
    return _runs(lock["pid"])


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _await_plugins(folder: Path, of_the_stack: str) -> None:
    """Wait until the plugins that a killed engine left have ended: what they are creating is noted by then."""
    for file in folder.glob("*.jsonl"):
        deadline = time.monotonic() + _LONGEST_CALL_SECONDS
        while _runs(int(file.stem)) and any(entry["urn"].startswith(of_the_stack) for entry in entries(file)):
            if time.monotonic() > deadline:
                raise SandboxError(
                    f"the AWS plugin of a killed engine (process {file.stem}) is still at work: try again when it has "
                    "ended"
                )
            time.sleep(0.05)


def _drop_cut_attributes(folder: Path) -> None:
    """Take away what the engine could not write to its end beside its state, which it replaces whole.

    The file backend keeps a file of attributes beside each (gocloud.dev/blob/fileblob): it can do without, but not with
    half of one.
    """
    for file in folder.glob("*.attrs"):
        try:
            json.loads(file.read_bytes())
        except ValueError:
            file.unlink()


def _forget(folder: Path, of_the_stack: str, in_state: Container[str]) -> None:
    """Take from the journals of plugins that have ended what the stack's state has by now: a plugin adopts the rest."""
    for file in folder.glob("*.jsonl"):
        if _runs(int(file.stem)):
            continue
        noted = list(entries(file))
        if any(entry["urn"].startswith(of_the_stack) for entry in noted):
            keep(file, [each for each in noted if "incarnation" in each and each["urn"] not in in_state])


def _check(ended: subprocess.CompletedProcess[str]) -> None:
    if ended.returncode != 0:
        lines = (ended.stderr.strip() or ended.stdout.strip()).splitlines()
        raise SandboxError(f"the engine could not finish what a killed one left: {lines[-1] if lines else 'no reason'}")
