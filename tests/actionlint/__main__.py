"""`python -m tests.actionlint [ARGUMENT…]`: runs actionlint on this repository's workflows.

One on PATH is used; otherwise the version that go.mod pins is built once, checked against go.sum, by the Go that builds
the engine too, and kept in the same cache.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from sandbox.console import Progress, SandboxError, say
from sandbox.engine import cache_dir
from sandbox.engine.process import last_meaningful_line, run_logged, terminable
from sandbox.engine.toolchain import find_or_install
from sandbox.files import locked, private_dir

MODULE = Path(__file__).parent
COMMAND = "github.com/rhysd/actionlint/cmd/actionlint"


def find_or_build(cache: Path) -> Path:
    """Return an actionlint that runs. Raises SandboxError."""
    if found := shutil.which("actionlint"):
        return Path(found)
    pins = b"".join((MODULE / name).read_bytes() for name in ("go.mod", "go.sum"))
    folder = private_dir(cache / "actionlint")
    binary = folder / hashlib.sha256(pins).hexdigest()[:12] / "actionlint"
    with terminable(), locked(folder / "lock", "another command is building actionlint: waiting for it"):
        if not binary.exists():
            _build(cache, folder / "build.log", binary)
    return binary


def _build(cache: Path, log: Path, binary: Path) -> None:
    log.write_bytes(b"")
    go = find_or_install(cache, log)
    binary.parent.mkdir(exist_ok=True)
    partial = binary.with_suffix(".building")
    fixed = {"CGO_ENABLED": "0", "GOFLAGS": "", "GOTOOLCHAIN": "local", "GOWORK": "off"}
    command = [str(go), "build", "-C", str(MODULE), "-mod=readonly", "-trimpath", "-o", str(partial), COMMAND]
    with Progress("building actionlint (once, half a minute)") as progress:
        code = run_logged(command, os.environ | fixed, log, lambda _lines: progress.tick())
    if code != 0:
        raise SandboxError(f"actionlint could not be built: {last_meaningful_line(log)} (log: {log})")
    partial.replace(binary)


def main(arguments: list[str]) -> int:
    """Run it, and return its exit code."""
    try:
        binary = find_or_build(cache_dir())
    except SandboxError as error:
        say(f"error: {error}")
        return 1
    return subprocess.run([binary, *arguments], check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
