"""Programs on the real engine: what they print, read and fail with arrives as they meant it."""

import json
import signal
import textwrap
from pathlib import Path

import pytest

from tests.end_to_end.conftest import Sandbox


def write(project: Path, source: str) -> None:
    (project / "__main__.py").write_text(textwrap.dedent(source))


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("raise ValueError('boom')", "ValueError: boom"),
        ("import pulumi; raise pulumi.RunError('size must be 1 to 3, not 9')", "error: size must be 1 to 3, not 9"),
        ("import sys; sys.exit(3)", "the program exited with code 3"),
        ("def (", "SyntaxError"),
        ("import no_such_module", "No module named 'no_such_module'"),
        ("import os; os.kill(os.getpid(), 9)", "the program was ended by SIGKILL"),
    ],
    ids=["raises", "run error", "exits", "does not parse", "lacks a module", "is killed"],
)
def test_a_failing_program_fails_the_preview_and_says_why(
    sandbox: Sandbox, project: Path, source: str, said: str
) -> None:
    write(project, source)
    preview = sandbox.pulumi("--cwd", str(project), "preview", "--stack", "dev")
    assert preview.returncode != 0
    assert said in preview.stdout
    assert "sandbox/language_host" not in preview.stdout, "the host's own frames say nothing to the program's author"


def test_a_missing_program_is_one_clear_line(sandbox: Sandbox, project: Path) -> None:
    preview = sandbox.pulumi("--cwd", str(project), "preview", "--stack", "dev")
    assert preview.returncode != 0
    assert f"no __main__.py in {project}" in preview.stdout


def test_config_secrets_organisation_parallelism_and_output_are_forwarded(sandbox: Sandbox, project: Path) -> None:
    here = ("--cwd", str(project))
    sandbox.pulumi(*here, "config", "set", "--stack", "dev", "colour", "green")
    sandbox.pulumi(*here, "config", "set", "--stack", "dev", "--secret", "password", "hush-hush")
    write(
        project,
        """
        import atexit, os, pathlib, sys, pulumi
        from pulumi.runtime import is_dry_run
        from pulumi.runtime.settings import SETTINGS

        seen = pathlib.Path("/proc/self/cmdline").read_bytes() + repr(dict(os.environ)).encode()
        config = pulumi.Config()
        pulumi.export("colour", config.require("colour"))
        pulumi.export("password", config.require_secret("password"))
        pulumi.export("leaked", b"hush-hush" in seen)
        pulumi.export("organisation", pulumi.get_organization())
        pulumi.export("stack", pulumi.get_stack())
        pulumi.export("parallel", SETTINGS.parallel)
        pulumi.export("dry", is_dry_run())
        print("to stdout")
        print("to stderr", file=sys.stderr)
        atexit.register(print, "said at exit")
        """,
    )
    up = sandbox.pulumi(*here, "up", "--stack", "dev", "--yes", "--skip-preview", "--parallel", "7")
    assert up.returncode == 0, up.stdout
    assert {"to stdout", "to stderr", "said at exit"} <= {line.strip() for line in up.stdout.splitlines()}
    assert "hush-hush" not in up.stdout

    outputs = json.loads(sandbox.pulumi(*here, "stack", "output", "--stack", "dev", "--json").stdout)
    assert outputs == {
        "colour": "green",
        "password": "[secret]",
        "leaked": False,
        "organisation": "organization",
        "stack": "dev",
        "parallel": 7,
        "dry": False,
    }


def test_a_hanging_program_ends_with_the_preview(sandbox: Sandbox, project: Path) -> None:
    """Even one that ignores every polite signal: nothing of it is left, and the engine says that it was cancelled."""
    marker = project / "pid"
    write(
        project,
        f"""
        import os, pathlib, signal
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, signal.SIG_IGN)
        pathlib.Path({str(marker)!r}).write_text(str(os.getpid()))
        print("hanging", flush=True)
        while True:
            signal.pause()
        """,
    )
    preview = sandbox.start("--cwd", str(project), "preview", "--stack", "dev")
    assert preview.stdout
    output = []
    for line in preview.stdout:
        output.append(line)
        if "hanging" in line:
            break
    preview.send_signal(signal.SIGINT)
    rest, _ = preview.communicate(timeout=60)
    assert preview.returncode != 0
    assert "canceled" in "".join(output) + rest
    assert "Traceback" not in rest
    assert not Path(f"/proc/{marker.read_text()}").exists()
