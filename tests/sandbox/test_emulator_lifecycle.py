"""An emulator outlives its command, is found again, is missed when it ends, and keeps its port."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.console import SandboxError
from sandbox.emulator import lifecycle
from sandbox.emulator.lifecycle import State
from tests.sandbox.machine import CHECKOUT, Machine, alive, said, wait_until


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    monkeypatch.delenv("HEDGEROW_EMULATOR_PORT", raising=False)
    made = Machine(tmp_path / "a machine")
    yield made
    made.clear_away()


def test_it_survives_the_command_that_started_it(machine: Machine) -> None:
    started = machine.run("start")
    assert started.returncode == 0, started.stderr
    found = lifecycle.find(machine.home)
    assert found.state is State.UP
    assert found.port is not None
    assert lifecycle.identity(found.port) == found.incarnation


def test_a_second_start_finds_the_first(machine: Machine) -> None:
    machine.run("start")
    first = machine.emulator()
    assert "already runs" in machine.run("start").stderr
    assert machine.emulator() == first


def test_one_that_runs_on_with_other_code_is_told(machine: Machine) -> None:
    machine.run("start")
    assert "other code" not in machine.run("start").stderr
    record = machine.home / "emulator.json"
    record.write_text(json.dumps(machine.emulator() | {"code": "of an earlier checkout"}))
    assert "other code" in machine.run("start").stderr
    assert "other code" in machine.run("status").stdout


def test_starts_at_once_start_one(machine: Machine) -> None:
    with machine.begin("start") as one, machine.begin("start") as other:
        one.communicate(timeout=60)
        other.communicate(timeout=60)
    assert [one.returncode, other.returncode] == [0, 0]
    servers = subprocess.run(["ps", "-ww", "-eo", "command="], capture_output=True, text=True, check=True).stdout
    assert servers.count(f"--record {machine.home}/emulator.json") == 1


def test_a_stopped_emulator_is_down_and_its_port_is_kept(machine: Machine) -> None:
    machine.run("start")
    before = machine.emulator()
    assert machine.run("stop").returncode == 0
    assert lifecycle.find(machine.home).state is State.DOWN
    assert not alive(before["pid"])
    machine.run("start")
    after = machine.emulator()
    assert after["port"] == before["port"]
    assert after["incarnation"] != before["incarnation"]


def test_stopping_what_does_not_run_says_so(machine: Machine) -> None:
    stopped = machine.run("stop")
    assert stopped.returncode == 0
    assert "was not running" in stopped.stderr


def test_a_crash_is_noticed_and_the_next_start_keeps_the_port_and_the_log(machine: Machine) -> None:
    machine.run("start")
    before = machine.emulator()
    (machine.home / "emulator.log").write_text("its last words")
    os.kill(before["pid"], signal.SIGKILL)
    wait_until(lambda: not alive(before["pid"]), "the emulator ended")
    assert lifecycle.find(machine.home).state is State.GONE
    assert machine.run("start").returncode == 0
    assert machine.emulator()["port"] == before["port"]
    assert (machine.home / "emulator.previous.log").read_text() == "its last words"


def test_one_that_hangs_is_not_killed_for_it_unasked(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lifecycle, "ANSWER_SECONDS", 0.2)
    monkeypatch.setattr(lifecycle, "STOP_SECONDS", 0.2)
    machine.run("start")
    pid = machine.emulator()["pid"]
    os.kill(pid, signal.SIGSTOP)
    with pytest.raises(SandboxError, match="runs but does not answer: wait for it"):
        lifecycle.ensure(machine.home)
    assert alive(pid)
    lifecycle.stop(machine.home)
    assert not alive(pid)


def test_another_process_with_its_number_is_not_taken_for_it_nor_ended(machine: Machine) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as stranger:
        machine.home.mkdir(parents=True)
        record = {"port": 1, "pid": stranger.pid, "incarnation": "x", "started": "2026-01-01T00:00:00+00:00"}
        (machine.home / "emulator.json").write_text(json.dumps(record))
        assert lifecycle.find(machine.home).state is State.GONE
        assert lifecycle.stop(machine.home) is False
        assert stranger.poll() is None
        stranger.kill()


def test_another_emulator_at_its_port_is_not_taken_for_it(machine: Machine, tmp_path: Path) -> None:
    machine.run("start")
    other = tmp_path / "other"
    other.mkdir()
    (other / "emulator.json").write_text(json.dumps(machine.emulator() | {"incarnation": "an earlier one"}))
    assert lifecycle.find(other).state is State.GONE


def test_a_remembered_port_that_is_taken_is_one_line(machine: Machine) -> None:
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        port = stranger.getsockname()[1]
        machine.home.mkdir(parents=True)
        (machine.home / "emulator.json").write_text(json.dumps({"port": port}))
        failed = machine.run("start")
    assert failed.returncode == 1
    (error,) = said(failed)
    assert error.startswith(f"error: port {port} of the AWS emulator is taken by another program: end that program")
    assert "HEDGEROW_EMULATOR_PORT" in error


def test_a_first_port_that_is_taken_gives_way_to_the_next(machine: Machine) -> None:
    first = lifecycle.port_of(machine.home)
    with socket.create_server(("127.0.0.1", first)):
        assert machine.run("start").returncode == 0
    assert machine.emulator()["port"] == first + 1


def test_the_port_can_be_chosen(machine: Machine) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    assert machine.run("start", HEDGEROW_EMULATOR_PORT=str(port)).returncode == 0
    assert machine.emulator()["port"] == port


def test_choosing_another_port_than_that_of_the_running_one_is_refused(machine: Machine) -> None:
    machine.run("start")
    failed = machine.run("start", HEDGEROW_EMULATOR_PORT="1025")
    assert failed.returncode == 1
    assert "already runs on port" in failed.stderr


@pytest.mark.parametrize("port", ["80", "70000", "five", "-1"])
def test_a_port_that_is_none_is_refused(port: str, machine: Machine) -> None:
    failed = machine.run("start", HEDGEROW_EMULATOR_PORT=port)
    assert failed.returncode == 1
    assert failed.stderr == f"error: HEDGEROW_EMULATOR_PORT is {port!r}: it must be a number from 1024 to 65535\n"


def test_deleting_the_home_ends_the_emulator(machine: Machine) -> None:
    machine.run("start")
    pid = machine.emulator()["pid"]
    (machine.home / "emulator.json").unlink()
    wait_until(lambda: not alive(pid), "the emulator ended")


def test_a_damaged_record_is_an_error_and_not_a_stopped_emulator(machine: Machine) -> None:
    machine.home.mkdir(parents=True)
    (machine.home / "emulator.json").write_text("{")
    with pytest.raises(SandboxError, match=r"emulator\.json cannot be read: delete it"):
        lifecycle.find(machine.home)
    (machine.home / "emulator.json").unlink()


def test_its_files_are_the_owners_alone(machine: Machine) -> None:
    machine.run("start")
    assert machine.home.stat().st_mode & 0o777 == 0o700
    for name in ("emulator.json", "emulator.log"):
        assert (machine.home / name).stat().st_mode & 0o777 == 0o600


def test_it_does_not_hold_the_terminal_or_the_pipes_of_its_command(machine: Machine) -> None:
    """A command in `$(…)` ends when its emulator is up: nothing of the emulator keeps the pipe open."""
    command = f"echo $({sys.executable} -m sandbox start 2>&1)"
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=CHECKOUT,
        env=machine.environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "the AWS emulator runs at" in done.stdout
    pid = machine.emulator()["pid"]
    assert os.getsid(pid) == pid
