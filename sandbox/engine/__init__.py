"""Finds the Pulumi engine, or builds it: PATH and the cache go in, an `Engine` comes out.

An installed Pulumi is used when its version fits. Otherwise the version that go.mod pins is built from its Go module
once, and kept in the cache, which is outside the checkout so that every checkout shares it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.files import write
from sandbox.launcher import is_launcher

MODULE = Path(__file__).parent
COMMAND = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"

Version = tuple[int, int, int]


@dataclass(frozen=True)
class Engine:
    """A Pulumi command line that runs. `version` is like "3.259.0"; `installed`: on PATH, not our own build."""

    path: Path
    version: str
    installed: bool


def cache_dir() -> Path:
    """Where the engine is kept: $HEDGEROW_CACHE, $XDG_CACHE_HOME/hedgerow or ~/.cache/hedgerow."""
    if chosen := os.environ.get("HEDGEROW_CACHE"):
        return Path(chosen).expanduser().absolute()
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if Path(base).is_absolute() else Path.home() / ".cache") / "hedgerow"


def pinned_version() -> str:
    """The version that go.mod requires, like "3.259.0"."""
    match = re.search(
        r"^require github\.com/pulumi/pulumi/pkg/v3 v(\S+)$", (MODULE / "go.mod").read_text(), re.MULTILINE
    )
    if match is None:
        raise ValueError(f"{MODULE / 'go.mod'} requires no github.com/pulumi/pulumi/pkg/v3")
    return match[1]


def build_dir(cache: Path) -> Path:
    """Where the build of exactly these go.mod and go.sum belongs."""
    digest = hashlib.sha256((MODULE / "go.mod").read_bytes() + (MODULE / "go.sum").read_bytes()).hexdigest()
    return cache / "engine" / f"v{pinned_version()}-{digest[:12]}"


def parse_version(text: str) -> Version | None:
    """The three numbers of "v3.259.0" or "3.259.0-dev.1"; None if it is no version."""
    match = re.match(r"v?(\d+)\.(\d+)\.(\d+)", text.strip())
    return (int(match[1]), int(match[2]), int(match[3])) if match else None


def supported(version: Version) -> bool:
    """The Python SDK speaks with an engine of its own version or newer, within one major version."""
    pinned = parse_version(pinned_version())
    return pinned is not None and version[0] == pinned[0] and version >= pinned


def find(cache: Path) -> Engine | None:
    """The engine to use, without building one: a supported one on PATH, else the cached build, else None."""
    return on_path(cache) or cached(cache)


def on_path(cache: Path) -> Engine | None:
    """The first `pulumi` on PATH if it is supported; the script that `sandbox env` puts there is passed over."""
    for folder in os.get_exec_path():
        candidate = Path(folder) / "pulumi"
        if candidate.is_file() and os.access(candidate, os.X_OK) and not is_launcher(candidate):
            version = parse_version(_version_of(candidate, cache / "on-path.json"))
            usable = version is not None and supported(version)
            return Engine(candidate, ".".join(map(str, version or ())), installed=True) if usable else None
    return None


def cached(cache: Path) -> Engine | None:
    """Our own build, if it is whole: its size and time tell, as asking it for its version takes a tenth of a second."""
    folder = build_dir(cache)
    binary = folder / "pulumi"
    try:
        whole = _read_json(folder / "engine.json") == fingerprint(binary)
    except OSError:
        return None
    return Engine(binary, pinned_version(), installed=False) if whole and os.access(binary, os.X_OK) else None


def fingerprint(binary: Path) -> dict[str, Any]:
    """What tells a changed or truncated binary without reading it."""
    stat = binary.stat()
    return {"size": stat.st_size, "mtime_ns": stat.st_mtime_ns}


def _version_of(binary: Path, memo: Path) -> str:
    """What `binary` says its version is; asked once for each state of the file. Empty if it cannot be run."""
    real = binary.resolve()
    state = {"path": str(real), **fingerprint(real)}
    known = _read_json(memo)
    if isinstance(known, dict) and known.get("state") == state:
        return str(known["version"])
    environment = os.environ | {"PULUMI_SKIP_UPDATE_CHECK": "true"}
    try:
        answer = subprocess.run(
            [binary, "version"], env=environment, capture_output=True, text=True, timeout=30, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    with contextlib.suppress(OSError):  # an installed engine needs no cache; without one it is asked again next time
        write(memo, json.dumps({"state": state, "version": answer.stdout.strip()}))
    return answer.stdout.strip()


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        return None
