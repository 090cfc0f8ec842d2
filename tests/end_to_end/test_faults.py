"""What breaks in the middle is said in one line, and the next `up` finishes with nothing lost or doubled."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import textwrap
from pathlib import Path

import boto3

from tests.end_to_end.conftest import Sandbox

KEYS = """
    import pulumi_aws as aws

    for number in range(30):
        aws.kms.Key(f"key-{number}", description=f"key {number}", deletion_window_in_days=7)
"""


def write(project: Path, source: str) -> tuple[str, ...]:
    (project / "__main__.py").write_text(textwrap.dedent(source))
    return ("--cwd", str(project))


def emulator(sandbox: Sandbox) -> tuple[str, int]:
    """The emulator's address and process id."""
    exports = sandbox.run("env", "--shell", "bash").stdout
    address = re.search(r"AWS_ENDPOINT_URL='?(http://127\.0\.0\.1:\d+)", exports)
    assert address, exports
    record = json.loads((sandbox.home / "emulator.json").read_text())
    return address[1], record["pid"]


def keys_in(address: str) -> int:
    """How many KMS keys are really there, asked without our plugin and our state."""
    kms = boto3.client(
        "kms",
        region_name="us-west-2",
        endpoint_url=address,
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )
    return sum(len(page["Keys"]) for page in kms.get_paginator("list_keys").paginate())


def read_until(running: subprocess.Popen[str], word: str, times: int) -> None:
    """Read the output until `word` has been seen in so many lines."""
    assert running.stdout
    for line in running.stdout:
        times -= word in line
        if times == 0:
            return


def descendants_running(sandbox: Sandbox, module: str) -> list[int]:
    """Processes of this sandbox that run `python -m <module>`."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes().split(b"\0")
            environment = (process / "environ").read_bytes()
        except OSError:
            continue
        if module.encode() in command and str(sandbox.home).encode() in environment:
            found.append(int(process.name))
    return found


def test_a_plugin_killed_in_the_middle_loses_and_doubles_nothing(sandbox: Sandbox, project: Path) -> None:
    here = write(project, KEYS)
    up = sandbox.start(*here, "up", "--stack", "dev", "--yes", "--skip-preview", "--parallel", "2")
    read_until(up, "created", times=5)
    for pid in descendants_running(sandbox, "sandbox.aws_plugin"):
        os.kill(pid, signal.SIGKILL)
    rest, _ = up.communicate(timeout=120)
    assert up.returncode != 0
    assert "Traceback" not in rest

    sandbox.pulumi(*here, "refresh", "--stack", "dev", "--yes", "--clear-pending-creates")
    finished = sandbox.pulumi(*here, "up", "--stack", "dev", "--yes", "--skip-preview")
    assert finished.returncode == 0, finished.stdout
    again = sandbox.pulumi(*here, "up", "--stack", "dev", "--yes", "--skip-preview", "--expect-no-changes")
    assert again.returncode == 0, again.stdout

    state = json.loads(sandbox.pulumi(*here, "stack", "export", "--stack", "dev").stdout)["deployment"]
    in_state = {resource["id"] for resource in state["resources"] if resource["type"] == "aws:kms/key:Key"}
    assert len(in_state) == 30
    assert not state.get("pending_operations")


def test_an_emulator_that_crashed_is_noticed_and_state_does_not_pretend(sandbox: Sandbox, project: Path) -> None:
    here = write(project, KEYS.replace("30", "3"))
    assert sandbox.pulumi(*here, "up", "--stack", "dev", "--yes", "--skip-preview").returncode == 0
    _, pid = emulator(sandbox)
    os.kill(pid, signal.SIGKILL)

    status = sandbox.run("status")
    assert status.returncode != 0
    assert "emulator" in status.stdout + status.stderr

    preview = sandbox.pulumi(*here, "preview", "--stack", "dev")
    assert preview.returncode != 0, "three keys are in the state and nowhere else: that is not 'no changes'"
    assert "pulumi refresh" in preview.stdout
    assert "Traceback" not in preview.stdout + preview.stderr

    refresh = sandbox.pulumi(*here, "refresh", "--stack", "dev", "--yes")
    assert refresh.returncode == 0, refresh.stdout
    assert re.search(r"3 deleted", refresh.stdout)
    assert sandbox.pulumi(*here, "up", "--stack", "dev", "--yes", "--skip-preview").returncode == 0
    address, _ = emulator(sandbox)
    assert keys_in(address) == 3


def test_an_emulator_that_dies_in_the_middle_is_one_clear_line(sandbox: Sandbox, project: Path) -> None:
    here = write(project, KEYS)
    up = sandbox.start(*here, "up", "--stack", "dev", "--yes", "--skip-preview", "--parallel", "2")
    read_until(up, "created", times=5)
    address, pid = emulator(sandbox)
    os.kill(pid, signal.SIGKILL)
    rest, _ = up.communicate(timeout=120)
    assert up.returncode != 0
    assert f"the AWS emulator at {address} does not answer" in rest
    assert "Traceback" not in rest

    note = sandbox.pulumi(*here, "refresh", "--stack", "dev", "--yes", "--clear-pending-creates")
    assert note.returncode == 0, note.stdout
    assert "refresh" in note.stderr, "what to do is said before it goes on with a new emulator"
    assert sandbox.pulumi(*here, "up", "--stack", "dev", "--yes", "--skip-preview").returncode == 0
    assert keys_in(address) == 30


def test_a_taken_port_is_one_clear_line(sandbox: Sandbox) -> None:
    sandbox.run("stop")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = subprocess.run(
            [sys.executable, "-m", "sandbox", "start"],
            env=sandbox.environment() | {"HEDGEROW_EMULATOR_PORT": str(port)},
            capture_output=True,
            text=True,
            check=False,
        )
    assert ended.returncode != 0
    assert str(port) in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1


def test_a_type_that_is_not_emulated_previews_and_up_says_so(sandbox: Sandbox, project: Path) -> None:
    here = write(
        project,
        """
        import pulumi_aws as aws

        aws.qldb.Ledger("books", permissions_mode="STANDARD")
        """,
    )
    preview = sandbox.pulumi(*here, "preview", "--stack", "dev")
    assert preview.returncode == 0, preview.stdout
    up = sandbox.pulumi(*here, "up", "--stack", "dev", "--yes", "--skip-preview")
    assert up.returncode != 0
    assert "not emulated" in up.stdout
