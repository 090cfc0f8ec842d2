"""The language host over its real protocol. What needs an engine too is in end_to_end/test_language_host.py."""

import importlib.metadata
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.proto import language_pb2, language_pb2_grpc


@pytest.fixture
def host() -> Iterator[SimpleNamespace]:
    """A running language host: its process and a client. Ended as the engine ends it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox.language_host", "127.0.0.1:1"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout
    port = int(process.stdout.readline())
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield SimpleNamespace(process=process, client=language_pb2_grpc.LanguageRuntimeStub(channel))
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=10)


def program(folder: Path, **options: str) -> Any:
    settings = struct_pb2.Struct()
    settings.update(options)
    return language_pb2.ProgramInfo(
        root_directory=str(folder), program_directory=str(folder), entry_point=".", options=settings
    )


def policy_pack(folder: Path, source: str) -> Any:
    (folder / "__main__.py").write_text(textwrap.dedent(source))
    return language_pb2.RunPluginRequest(
        kind="analyzer", pwd=str(folder), args=["127.0.0.1:1"], env=["COLOUR=green"], info=program(folder)
    )


def alive(pid: int) -> bool:
    """Whether the process runs; one that has ended but is not yet waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until_gone(pid: int) -> bool:
    """True once the process has ended; False if it is still there after ten seconds."""
    for _ in range(200):
        if not alive(pid):
            return True
        time.sleep(0.05)
    return False


def test_ends_cleanly_on_interrupt() -> None:
    """The engine stops a host with SIGINT: it ends with code 0 and says nothing."""
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox.language_host", "127.0.0.1:1"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=10)
    assert (process.returncode, out, err) == (0, b"", b"")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_the_child_that_waits_to_be_asked_ends_with_the_host(host: SimpleNamespace, number: signal.Signals) -> None:
    pid = host.process.pid
    (waiting,) = map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
    host.process.send_signal(number)
    assert wait_until_gone(waiting)


def test_a_request_of_any_length_arrives_whole(host: SimpleNamespace, tmp_path: Path) -> None:
    request = policy_pack(tmp_path, "import os, sys; print(len(os.environ['LONG'])); sys.exit(7)")
    request.env.append(f"LONG={'x' * 100_000}")
    request.env.extend(f"V{number}={'y' * 100_000}" for number in range(10))  # more than a socket holds
    responses = list(host.client.RunPlugin(request))
    assert b"".join(response.stdout for response in responses) == b"100000\n"


def test_without_an_engine_it_says_how_it_is_started() -> None:
    ended = subprocess.run([sys.executable, "-m", "sandbox.language_host"], capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert ended.stderr.startswith("usage:")


def test_names_the_plugins_that_installed_packages_ask_for(host: SimpleNamespace, tmp_path: Path) -> None:
    answer = host.client.GetRequiredPackages(language_pb2.GetRequiredPackagesRequest(info=program(tmp_path)))
    found = {(package.name, package.version, package.kind) for package in answer.packages}
    assert ("aws", importlib.metadata.version("pulumi_aws"), "resource") in found
    assert "policy" not in {name for name, _, _ in found}, "pulumi_policy's record says it has no resource plugin"


def test_a_missing_virtual_environment_is_one_clear_line(host: SimpleNamespace, tmp_path: Path) -> None:
    request = language_pb2.RunRequest(info=program(tmp_path, virtualenv="nowhere"), pwd=str(tmp_path))
    with pytest.raises(grpc.RpcError) as refusal:
        host.client.Run(request)
    assert refusal.value.details() == f"no virtual environment at {tmp_path}/nowhere: run `make setup`"


def test_other_plugins_are_refused_not_half_run(host: SimpleNamespace, tmp_path: Path) -> None:
    with pytest.raises(grpc.RpcError) as refusal:
        next(host.client.RunPlugin(language_pb2.RunPluginRequest(kind="resource", info=program(tmp_path))))
    assert refusal.value.code() == grpc.StatusCode.UNIMPLEMENTED


def test_a_packs_output_and_exit_code_reach_the_engine(host: SimpleNamespace, tmp_path: Path) -> None:
    request = policy_pack(
        tmp_path,
        """
        import os, sys
        print("port", os.environ["COLOUR"], flush=True)
        print("trouble", file=sys.stderr, flush=True)
        sys.exit(7)
        """,
    )
    responses = list(host.client.RunPlugin(request))
    assert b"".join(response.stdout for response in responses) == b"port green\n"
    assert b"".join(response.stderr for response in responses) == b"trouble\n"
    assert responses[-1].exitcode == 7


@pytest.mark.parametrize("how", ["cancel", "drop the call", "kill the host"])
def test_no_child_outlives_what_asked_for_it(host: SimpleNamespace, tmp_path: Path, how: str) -> None:
    """Not even one that ignores every polite signal, nor what it has started in turn."""
    request = policy_pack(
        tmp_path,
        """
        import os, signal, subprocess, sys
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, signal.SIG_IGN)
        print(os.getpid(), flush=True)
        while True:
            signal.pause()
        """,
    )
    responses = host.client.RunPlugin(request)
    pid = int(next(responses).stdout)
    assert alive(pid)
    if how == "cancel":
        host.client.Cancel(empty_pb2.Empty())
    elif how == "drop the call":
        responses.cancel()
    else:
        os.kill(host.process.pid, signal.SIGKILL)
    assert wait_until_gone(pid)
