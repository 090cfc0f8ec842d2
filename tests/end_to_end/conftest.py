"""A sandbox of its own for each file of tests: the real engine, the plugins as processes, the emulator over HTTP."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Sandbox:
    """Runs `python -m sandbox` on a home of its own."""

    home: Path

    def environment(self) -> dict[str, str]:
        return os.environ | {
            "HEDGEROW_SANDBOX_HOME": str(self.home),
            "PYTHONPATH": str(ROOT),
            "NO_COLOR": "1",
        }

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "sandbox", *arguments],
            cwd=ROOT,
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
        )

    def pulumi(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.run("pulumi", *arguments, "--non-interactive", "--color", "never")

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """`pulumi` with these arguments, left running, its output one stream."""
        return subprocess.Popen(
            [sys.executable, "-m", "sandbox", "pulumi", *arguments, "--non-interactive", "--color", "never"],
            cwd=ROOT,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    own = Sandbox(tmp_path_factory.mktemp("sandbox"))
    yield own
    own.run("stop")


@pytest.fixture
def project(sandbox: Sandbox, tmp_path: Path) -> Path:
    """An empty Pulumi project with a stack `dev`, for programs that a test writes into its `__main__.py`."""
    (tmp_path / "Pulumi.yaml").write_text(f"name: t{abs(hash(tmp_path))}\nruntime: python\n")
    created = sandbox.pulumi("--cwd", str(tmp_path), "stack", "init", "dev")
    assert created.returncode == 0, created.stderr
    return tmp_path
