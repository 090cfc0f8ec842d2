"""A machine to run the sandbox on: an own home, cache and PATH, with programs that stand in for Go and Pulumi.

The stand-ins are scripts that note what they were called with. They replace a three-minute build and a 115 MB engine;
that the real ones behave so is what tests/end_to_end is for.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sandbox import engine as engines

CHECKOUT = Path(__file__).resolve().parents[2]

FAKE_GO = """\
#!/bin/sh
# FAKE_GO: ok, no-network, broken, disk-full, wrong-version, slow. calls.txt beside this script notes the calls.
here=$(dirname "$0")
echo "$* GOFLAGS=$GOFLAGS CGO_ENABLED=$CGO_ENABLED GOTOOLCHAIN=$GOTOOLCHAIN" >> "$here/calls.txt"
case "$1" in
env) echo "${FAKE_GO_VERSION:-go1.26.8}" ;;
list)
    if [ "$FAKE_GO" = no-network ]; then
        echo 'go: example.org/module@v1.0.0: dial tcp: lookup proxy.invalid: no such host' >&2
        exit 1
    fi
    printf 'unsafe\\ninternal/cpu\\n' ;;
build)
    while [ "$1" != -o ]; do shift; done
    echo unsafe >&2
    case "$FAKE_GO" in
    broken) printf '# example.org/module\\n./file.go:7:2: undefined: nothing\\n' >&2; exit 1 ;;
    disk-full) echo "compile: writing output: write \\$WORK/b001/_pkg_.a: no space left on device" >&2; exit 1 ;;
    slow) echo half > "$2"; echo $$ > "$here/pid"; mv "$here/pid" "$here/building.pid"; exec sleep 600 ;;
    esac
    [ "$FAKE_GO" = wrong-version ] && version=v3.1.0 || version=vVERSION
    printf '#!/bin/sh\\necho %s\\n' "$version" > "$2"
    chmod +x "$2" ;;
esac
"""

FAKE_PULUMI = """\
#!{python}
import json, os, pathlib, sys, urllib.parse
here = pathlib.Path(__file__).resolve().parent
if sys.argv[1:] == ["version"]:
    with (here / "asked.txt").open("a") as asked:
        asked.write("version\\n")
    print("v{version}")
elif sys.argv[1:3] == ["stack", "init"]:
    project = json.loads(pathlib.Path("Pulumi.yaml").read_text())["name"]
    state = pathlib.Path(urllib.parse.unquote(os.environ["PULUMI_BACKEND_URL"].removeprefix("file://")))
    file = state / ".pulumi" / "stacks" / project / (sys.argv[3] + ".json")
    file.parent.mkdir(parents=True, exist_ok=True)
    secrets = {{"type": "passphrase", "state": {{"salt": "v1:salt"}}}}
    file.write_text(json.dumps({{"checkpoint": {{"latest": {{"secrets_providers": secrets}}}}}}))
elif sys.argv[1:3] == ["stack", "select"]:
    (here / "selected.txt").write_text(sys.argv[3])
else:
    json.dump({{"arguments": sys.argv[1:], "environment": dict(os.environ), "stdin": sys.stdin.read()}}, sys.stdout)
    sys.exit(int(os.environ.get("FAKE_EXIT", "0")))
"""


@dataclass
class Machine:
    """Folders of one imagined machine; `environment` is what its commands run with."""

    root: Path
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for folder in (self.programs, self.root / "user"):
            folder.mkdir(parents=True)
        self.environment = {
            "PATH": f"{self.programs}:/usr/bin:/bin",
            "HOME": str(self.root / "user"),
            "HEDGEROW_CACHE": str(self.cache),
            "HEDGEROW_SANDBOX_HOME": str(self.home),
            "PYTHONPATH": str(CHECKOUT),
        }

    @property
    def programs(self) -> Path:
        return self.root / "programs"

    @property
    def home(self) -> Path:
        return self.root / "home"

    @property
    def cache(self) -> Path:
        return self.root / "cache"

    def install_go(self) -> None:
        program(self.programs / "go", FAKE_GO.replace("vVERSION", f"v{pinned()}"))

    def install_pulumi(self, version: str | None = None) -> Path:
        text = FAKE_PULUMI.format(python=sys.executable, version=version or pinned())
        return program(self.programs / "pulumi", text)

    def go_calls(self) -> list[str]:
        file = self.programs / "calls.txt"
        return file.read_text().splitlines() if file.exists() else []

    def run(
        self, *arguments: str, folder: Path = CHECKOUT, stdin: str = "", **more: str
    ) -> subprocess.CompletedProcess[str]:
        """Run `python -m sandbox arguments…` to its end; `more` is added to its environment."""
        return subprocess.run(
            [sys.executable, "-m", "sandbox", *arguments],
            cwd=folder,
            env=self.environment | more,
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def begin(self, *arguments: str, **more: str) -> subprocess.Popen[str]:
        """Start the same and leave it running."""
        return subprocess.Popen(
            [sys.executable, "-m", "sandbox", *arguments],
            cwd=CHECKOUT,
            env=self.environment | more,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def emulator(self) -> dict[str, Any]:
        """What emulator.json says; empty if there is none."""
        file = self.home / "emulator.json"
        return dict(json.loads(file.read_text())) if file.exists() else {}

    def clear_away(self) -> None:
        """End the emulator if there is one."""
        if (pid := self.emulator().get("pid")) is not None and alive(pid):
            os.kill(pid, signal.SIGKILL)


def said(done: subprocess.CompletedProcess[str]) -> list[str]:
    """The lines on stderr, but for the one that a slow machine is told while the emulator starts."""
    return [line for line in done.stderr.splitlines() if not line.startswith("starting the AWS emulator")]


def pinned() -> str:
    return engines.pinned_version()


def program(path: Path, text: str) -> Path:
    path.write_text(text)
    path.chmod(0o755)
    return path


def alive(pid: int) -> bool:
    """Whether process `pid` runs; one that has ended and is not yet reaped does not."""
    state = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout.strip()
    return bool(state) and not state.startswith("Z")


def wait_until(condition: Callable[[], object], what: str) -> None:
    """Wait for something that another process does; fails after a minute, which only a hang takes."""
    for _ in range(1200):
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError(f"never came true: {what}")
