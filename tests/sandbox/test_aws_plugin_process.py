"""The plugin as a process: how it ends, what it finishes before, and what a bug in it looks like."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2

from sandbox.aws_plugin.values import Secret, encode
from tests.sandbox.aws_plugin_doubles import identity
from tests.sandbox.aws_plugin_served import ABOUT, KEY, URN, configured, error_of, served


@pytest.mark.parametrize("end", ["cancel", signal.SIGINT, signal.SIGTERM])
def test_it_ends_at_once_and_silently(tmp_path: Path, end: str | signal.Signals) -> None:
    """The engine waits for it, up to five seconds, at the end of every preview."""
    with served(None, tmp_path) as plugin:
        configured(plugin.client)
        if isinstance(end, str):
            plugin.client.Cancel(empty_pb2.Empty())
        else:
            plugin.process.send_signal(end)
        output, errors = plugin.process.communicate(timeout=0.9)
        assert (plugin.process.returncode, output, errors) == (0, "", "")


def test_it_ends_when_the_engine_is_gone() -> None:
    parent = (
        "import subprocess as s, sys; p = s.Popen(sys.argv[1:], stdout=s.PIPE, stderr=s.DEVNULL);"
        "p.stdout.readline(); print(p.pid)"
    )
    plugin = [sys.executable, "-m", "sandbox.aws_plugin", "127.0.0.1:1"]
    pid = int(subprocess.run([sys.executable, "-c", parent, *plugin], check=True, capture_output=True).stdout)
    for _ in range(100):
        if not _alive(pid):
            return
        time.sleep(0.1)
    os.kill(pid, signal.SIGKILL)
    pytest.fail("the plugin outlived the engine by ten seconds")


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


SLOW = """
import sys, time
from sandbox.aws_plugin import __main__, handlers
from sandbox.aws_plugin.handlers import Created, Handler

def create(inputs, aws):
    print("creating", flush=True)
    time.sleep({seconds})
    return Created("id-1", inputs)

handlers.find = lambda token: Handler(create, *[None] * 5, frozenset())
sys.exit(__main__.main(sys.argv[1:]))
"""


@contextmanager
def creating(seconds: float, home: Path) -> Iterator[SimpleNamespace]:
    """The plugin amid the creation of a resource that takes so long."""
    program = textwrap.dedent(SLOW.format(seconds=seconds))
    with identity() as emulator, served(emulator.url, home, program) as plugin:
        configured(plugin.client)
        plugin.creation = plugin.client.Create.future(provider_pb2.CreateRequest(**ABOUT, properties=encode({})))
        assert plugin.process.stdout.readline() == "creating\n"
        yield plugin


def test_a_creation_under_way_is_finished_when_the_user_cancels(tmp_path: Path) -> None:
    """The engine waits for it; a resource that nobody remembers would be lost."""
    with creating(1.5, tmp_path) as plugin:
        plugin.client.Cancel(empty_pb2.Empty())
        assert plugin.creation.result().id == "id-1"
        assert plugin.process.wait(timeout=5) == 0


def test_a_creation_under_way_is_reported_before_an_interrupt_ends_all(tmp_path: Path) -> None:
    with creating(0.4, tmp_path) as plugin:
        plugin.process.send_signal(signal.SIGINT)
        assert plugin.creation.result().id == "id-1"
        assert plugin.process.wait(timeout=5) == 0


@pytest.mark.parametrize("cancelled", [True, False])
def test_a_creation_that_takes_long_does_not_hold_up_an_interrupt(tmp_path: Path, *, cancelled: bool) -> None:
    with creating(30, tmp_path) as plugin:
        if cancelled:
            plugin.client.Cancel(empty_pb2.Empty())
        plugin.process.send_signal(signal.SIGINT)
        assert plugin.process.wait(timeout=4) == 0
        with pytest.raises(grpc.RpcError):
            plugin.creation.result()


BROKEN = """
import sys
from sandbox.aws_plugin import __main__, handlers
from sandbox.aws_plugin.handlers import Handler

def create(inputs, aws):
    raise KeyError(inputs["description"])

handlers.find = lambda token: Handler(create, *[None] * 5, frozenset())
sys.exit(__main__.main(sys.argv[1:]))
"""


def test_a_bug_is_one_line_and_a_private_log_without_values(tmp_path: Path) -> None:
    with identity() as emulator, served(emulator.url, tmp_path / "home", BROKEN) as plugin:
        inputs = encode({"description": Secret("hunter2")})
        error = error_of(
            lambda: configured(plugin.client).Create(provider_pb2.CreateRequest(**ABOUT, properties=inputs))
        )
        plugin.process.terminate()
        output, errors = plugin.process.communicate(timeout=5)
    log = tmp_path / "home" / "aws-plugin.log"
    assert error.details() == (
        f"Create of {KEY} failed on a bug of the sandbox's AWS plugin (KeyError), {URN}: see {log}"
    )
    assert error.code() == grpc.StatusCode.INTERNAL  # so that the engine knows that the resource may exist
    assert (output, errors) == ("", "")
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    assert "KeyError" in log.read_text()
    assert "hunter2" not in log.read_text()
