"""What the sandbox holds, and forgetting it: a home goes in, lines and an exit code come out."""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path

from sandbox import engine as engines
from sandbox import home as homes
from sandbox import project as projects
from sandbox.emulator import lifecycle
from sandbox.emulator.lifecycle import Emulator, State
from sandbox.home import Home
from sandbox.launcher import CHECKOUT

READY, ENDED, NOT_READY = 0, 1, 3


def report() -> tuple[list[str], int]:
    """Lines on the engine, the emulator and the stacks; 0 ready, 1 the emulator ended unexpectedly, 3 not running."""
    home = homes.current()
    engine = engines.find(engines.cache_dir())
    emulator = lifecycle.find(home.folder)
    lines = [f"engine    {_engine(engine)}", f"emulator  {_emulator(home, emulator)}"]
    if project := projects.find(Path.cwd()) or projects.find(CHECKOUT):
        selected = projects.selected_stack(home.pulumi, home.state, project)
        created = projects.created_stacks(home.state, project)
        for position, stack in enumerate(projects.known_stacks(home.state, project)):
            count = projects.resource_count(projects.stack_file(home.state, project, stack))
            holds = f"{count} resources" if stack in created else "not created yet"
            lines.append(
                f"{'stacks' if position == 0 else '':<9} {stack}{' (selected)' if stack == selected else ''}: {holds}"
            )
    if emulator.state is State.GONE:
        return lines, ENDED
    return lines, READY if engine is not None and emulator.state is State.UP else NOT_READY


def summary(home: Home) -> str:
    """What a reset would lose, like "12 resources in 1 stack"."""
    counts = [projects.resource_count(file) for file in projects.stack_files(home.state)]
    return f"{sum(counts)} resources in {len(counts)} stack{'' if len(counts) == 1 else 's'}"


def forget(home: Home) -> None:
    """Stop the emulator and delete the state. The passphrase stays: a Pulumi.<stack>.yaml may hold secrets under it."""
    lifecycle.stop(home.folder)
    for folder in (home.state, home.pulumi, home.config, home.created):
        shutil.rmtree(folder, ignore_errors=True)


def _engine(engine: engines.Engine | None) -> str:
    if engine is None:
        return f"none yet: `python -m sandbox build` builds Pulumi {engines.pinned_version()}"
    return f"Pulumi {engine.version}, {'installed' if engine.installed else 'built from source'}: {engine.path}"


def _emulator(home: Home, emulator: Emulator) -> str:
    since = (
        f" since {datetime.fromisoformat(emulator.started).astimezone():%Y-%m-%d %H:%M:%S}" if emulator.started else ""
    )
    if emulator.state is State.UP:
        outdated = ", with other code than this checkout's" if emulator.outdated else ""
        return f"up{since} at {emulator.endpoint} (process {emulator.pid}){outdated}"
    if emulator.state is State.GONE:
        return f"ended unexpectedly, was up{since} (log: {lifecycle.log_path(home.folder)})"
    return "not running"
