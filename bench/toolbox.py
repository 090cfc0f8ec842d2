"""Gets what the pack is measured against: pinned versions in, commands that run out, or a line why there is none.

Trivy and OPA are built from their Go modules, with the Go that builds the engine; Checkov has a virtual environment of
its own. All are kept in the engine's cache, under the digest of what pins them.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sandbox.console import Progress, SandboxError
from sandbox.engine import cache_dir
from sandbox.engine.process import last_meaningful_line, run_logged
from sandbox.engine.toolchain import find_or_install
from sandbox.files import locked, private_dir

PINS = Path(__file__).with_name("tools")
_COMMANDS = {"trivy": "github.com/aquasecurity/trivy/cmd/trivy", "opa": "github.com/open-policy-agent/opa"}
_GO = {"CGO_ENABLED": "0", "GOFLAGS": "", "GOTOOLCHAIN": "local", "GOWORK": "off", "GO111MODULE": "on"}
_EXPERIMENTS = {"trivy": "jsonv2", "opa": ""}
NAMES = ("checkov", "trivy", "opa")


@dataclass(frozen=True)
class Tool:
    """A command that runs, and its version."""

    name: str
    command: tuple[str, ...]
    version: str


@dataclass(frozen=True)
class Missing:
    """A tool that could not be had, and why."""

    name: str
    reason: str


def get(name: str) -> Tool | Missing:
    """Find a tool in the cache, or build or install it there."""
    folder = cache_dir() / "bench" / f"{name}-{_digest(name)}"
    log = folder / "build.log"
    try:
        private_dir(folder)
        with locked(folder / "lock", f"another command is getting {name}: waiting for it"):
            if not (folder / "whole").exists():
                log.write_bytes(b"")
                (_install if name == "checkov" else _build)(name, folder, log)
                (folder / "whole").touch()
    except (OSError, SandboxError) as error:
        return Missing(name, str(error))
    command = (str(folder / "venv/bin/python"), "-m", "checkov.main") if name == "checkov" else (str(folder / name),)
    return Tool(name, command, pinned_version(name))


def pinned_version(name: str) -> str:
    """Return the version that is pinned."""
    file, pattern = (
        (PINS / "checkov.txt", r"^checkov==(\S+)")
        if name == "checkov"
        else (PINS / name / "go.mod", r"^require \S+ v(\S+)$")
    )
    found = re.search(pattern, file.read_text(), re.MULTILINE)
    if found is None:
        raise ValueError(f"{file} pins no {name}")
    return found[1]


def _digest(name: str) -> str:
    files = [PINS / "checkov.txt"] if name == "checkov" else [PINS / name / "go.mod", PINS / name / "go.sum"]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]


def _build(name: str, folder: Path, log: Path) -> None:
    go = str(find_or_install(cache_dir(), log))
    partial = folder / ".partial"
    flags = ["-v", "-mod=readonly", "-ldflags", "-s -w"]
    command = [go, "build", "-C", str(PINS / name), *flags, "-o", str(partial), _COMMANDS[name]]
    _run(
        command, f"building {name} {pinned_version(name)} (once, several minutes)", log, GOEXPERIMENT=_EXPERIMENTS[name]
    )
    partial.replace(folder / name)


def _install(name: str, folder: Path, log: Path) -> None:
    what = f"installing {name} {pinned_version(name)} (once)"
    _run([sys.executable, "-m", "venv", "--clear", str(folder / "venv")], what, log)
    pip = [str(folder / "venv/bin/python"), "-m", "pip", "--disable-pip-version-check", "--no-input", "install"]
    _run([*pip, "--require-hashes", "-r", str(PINS / "checkov.txt")], what, log)


def _run(command: Sequence[str], what: str, log: Path, **environment: str) -> None:
    kept = {key: value for key, value in os.environ.items() if key not in {"GOOS", "GOARCH", "GOROOT"}}
    with Progress(what) as progress:
        code = run_logged(
            list(command), kept | _GO | environment, log, lambda lines: progress.tick(f"{lines:,} lines of log")
        )
    if code != 0:
        raise SandboxError(f"{what.partition(' (')[0]} failed: {last_meaningful_line(log)} (log: {log})")
