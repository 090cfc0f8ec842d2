"""Builds the engine from its Go module: go.mod and go.sum go in, `pulumi` in the cache comes out, or a line why not.

The build happens in a folder of its own and is renamed into place at the end, so what is in place is always whole.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from sandbox.console import Progress, SandboxError, say
from sandbox.engine import COMMAND, Engine, build_dir, cached, fingerprint, parse_version, pinned_version
from sandbox.engine.process import last_meaningful_line, run_logged, terminable
from sandbox.engine.toolchain import find_or_install
from sandbox.files import PRIVATE_FILE, locked, private_dir, write

VERSION_VARIABLE = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version"


def build(cache: Path) -> Engine:
    """Our own build of the engine: the cached one if it is whole, else a new one. Raises SandboxError."""
    try:
        folder = private_dir(cache / "engine")
        with terminable(), locked(folder / "lock", "another command is building the Pulumi engine: waiting for it"):
            return cached(cache) or _build(cache, folder)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise SandboxError(_disk_full(cache)) from error
        raise SandboxError(
            f"cannot keep the Pulumi engine in {cache}: {error.strerror or error}; choose another folder with "
            "HEDGEROW_CACHE"
        ) from error


def _build(cache: Path, folder: Path) -> Engine:
    for stale in folder.glob(".building-*"):  # of a build that was killed: we hold the lock, so nobody is at it
        shutil.rmtree(stale, ignore_errors=True)
    log = folder / "build.log"
    log.write_bytes(b"")
    log.chmod(PRIVATE_FILE)
    go = find_or_install(cache, log)
    work = Path(tempfile.mkdtemp(prefix=".building-", dir=folder))
    try:
        packages = _fetch(cache, go, log)
        _compile(cache, go, log, work / "pulumi", packages)
        _check(work / "pulumi")
        write(work / "engine.json", json.dumps(fingerprint(work / "pulumi")))
        final = build_dir(cache)
        shutil.rmtree(final, ignore_errors=True)
        work.replace(final)
    except KeyboardInterrupt:
        say("interrupted: nothing half-built was left; what is compiled so far is kept, so the next build is shorter")
        raise
    finally:
        shutil.rmtree(work, ignore_errors=True)
    engine = cached(cache)
    if engine is None:
        raise SandboxError(f"the Pulumi engine was built, but {build_dir(cache)} cannot be read back")
    return engine


def _fetch(cache: Path, go: Path, log: Path) -> int:
    """Get the sources, checked against go.sum, and return how many packages there are to compile."""
    before = log.stat().st_size
    with Progress(f"fetching the sources of Pulumi {pinned_version()} (once)") as progress:
        command = [str(go), "list", "-mod=readonly", "-deps", COMMAND]
        code = run_logged(command, _environment(), log, lambda _lines: progress.tick())
    if code != 0:
        raise SandboxError(_failure("the sources of the Pulumi engine could not be fetched", cache, log))
    with log.open("rb") as file:
        file.seek(before)
        return sum(not line.startswith(b"go: ") for line in file)


def _compile(cache: Path, go: Path, log: Path, binary: Path, packages: int) -> None:
    what = f"building Pulumi {pinned_version()} (once, about 3 minutes)"
    flags = f"-s -w -X {VERSION_VARIABLE}=v{pinned_version()}"
    command = [str(go), "build", "-v", "-mod=readonly", "-trimpath", "-ldflags", flags, "-o", str(binary), COMMAND]
    with Progress(what) as progress:
        told = "{:,}/{:,} packages".format
        code = run_logged(command, _environment(), log, lambda lines: progress.tick(told(lines, packages)))
    if code != 0:
        raise SandboxError(_failure("the Pulumi engine could not be built", cache, log))


def _check(binary: Path) -> None:
    """Refuse a binary that does not run or is not the version it was built as."""
    home = binary.parent / "home"
    environment = os.environ | {"PULUMI_SKIP_UPDATE_CHECK": "true", "PULUMI_HOME": str(home)}
    try:
        answer = subprocess.run(
            [binary, "version"], env=environment, capture_output=True, text=True, timeout=60, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise SandboxError(f"the Pulumi engine was built but does not run: {error}") from error
    shutil.rmtree(home, ignore_errors=True)
    if parse_version(answer) != parse_version(pinned_version()):
        raise SandboxError(
            f"the Pulumi engine was built as {pinned_version()} but says it is {answer.strip() or 'nothing'}"
        )


def _environment() -> dict[str, str]:
    """The person's own Go settings (proxy, caches), less those that would change what is built."""
    fixed = {"CGO_ENABLED": "0", "GOFLAGS": "", "GOTOOLCHAIN": "local", "GOWORK": "off", "GO111MODULE": "on"}
    return {key: value for key, value in os.environ.items() if key not in ("GOOS", "GOARCH", "GOROOT")} | fixed


def _failure(what: str, cache: Path, log: Path) -> str:
    if "no space left on device" in log.read_text(errors="replace"):
        return _disk_full(cache)
    return f"{what}: {last_meaningful_line(log)} (log: {log})"


def _disk_full(cache: Path) -> str:
    return (
        f"the disk is full: building the Pulumi engine takes some 3 GB in Go's caches (`go env GOCACHE GOMODCACHE`) "
        f"and 0.2 GB in {cache}"
    )
