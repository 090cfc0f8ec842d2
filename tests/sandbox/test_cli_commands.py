"""The other commands say what is, do what they say, and end with a code that means something."""

import ast
import os
import pty
import runpy
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox import home as homes
from sandbox.cli import main
from sandbox.home import Home
from tests.sandbox.machine import CHECKOUT, Machine, alive, pinned, wait_until


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    made = Machine(tmp_path / 'it\'s a "$machine"')
    yield made
    made.clear_away()


def test_status_of_a_fresh_machine_says_how_to_begin(machine: Machine) -> None:
    said = machine.run("status")
    assert said.returncode == 3
    assert f"none yet: `python -m sandbox build` builds Pulumi {pinned()}" in said.stdout
    assert "emulator  not running" in said.stdout


def test_status_without_an_emulator_and_with_one(machine: Machine) -> None:
    machine.install_pulumi()
    assert machine.run("status").returncode == 3
    machine.run("start")
    up = machine.run("status")
    assert up.returncode == 0
    assert f"Pulumi {pinned()}, installed: {machine.programs / 'pulumi'}" in up.stdout
    assert f"at http://127.0.0.1:{machine.emulator()['port']} (process {machine.emulator()['pid']})" in up.stdout


def test_status_after_a_crash_says_so_and_names_the_log(machine: Machine) -> None:
    machine.install_pulumi()
    machine.run("start")
    pid = machine.emulator()["pid"]
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not alive(pid), "the emulator ended")
    crashed = machine.run("status")
    assert crashed.returncode == 1
    assert "ended unexpectedly" in crashed.stdout
    assert str(machine.home / "emulator.log") in crashed.stdout


def test_status_counts_what_the_stacks_hold(machine: Machine) -> None:
    machine.install_pulumi()
    machine.run("pulumi", "preview", "-s", "sandbox")
    said = machine.run("status").stdout
    assert "sandbox: 0 resources" in said
    assert "us-west-prod: not created yet" in said


def test_status_changes_nothing(machine: Machine) -> None:
    machine.run("status")
    assert not machine.home.exists()
    assert not machine.cache.exists()


def test_reset_without_a_terminal_needs_a_yes(machine: Machine) -> None:
    machine.install_pulumi()
    machine.run("pulumi", "preview", "-s", "sandbox")
    refused = machine.run("reset")
    assert refused.returncode == 2
    assert "--yes" in refused.stderr
    assert (machine.home / "state" / ".pulumi").exists()


def test_reset_forgets_the_state_and_keeps_the_passphrase_and_the_port(machine: Machine) -> None:
    machine.install_pulumi()
    machine.run("pulumi", "preview", "-s", "sandbox")
    before = machine.emulator()
    passphrase = (machine.home / "passphrase").read_text()
    assert machine.run("reset", "--yes").returncode == 0
    assert not (machine.home / "state").exists()
    assert not alive(before["pid"])
    assert (machine.home / "passphrase").read_text() == passphrase
    assert machine.emulator() == {"port": before["port"]}


ANSWERED = """
import io, sys
from sandbox.cli import main
sys.stdin = io.StringIO({answer!r})
sys.stdin.isatty = lambda: True
sys.exit(main(["reset"]))
"""


@pytest.mark.parametrize(
    ("answer", "forgotten"), [("y\n", True), ("yes\n", True), ("n\n", False), ("\n", False), ("", False)]
)
def test_reset_on_a_terminal_asks_and_takes_only_a_yes(machine: Machine, answer: str, forgotten: bool) -> None:  # noqa: FBT001 - a case
    machine.install_pulumi()
    machine.run("pulumi", "stack", "ls")
    done = subprocess.run(
        [sys.executable, "-c", ANSWERED.format(answer=answer)],
        cwd=CHECKOUT,
        env=machine.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "forgets 0 resources in 1 stack. Go on? [y/N]" in done.stderr
    assert (machine.home / "state").exists() is not forgotten


def test_env_makes_a_shell_see_exactly_what_the_engine_gets(machine: Machine) -> None:
    machine.install_pulumi()
    real = {"AWS_PROFILE": "production", "PULUMI_ACCESS_TOKEN": "pul-real"}
    script = f'eval "$({sys.executable} -m sandbox env --shell bash)" && env -0'
    shell = subprocess.run(
        ["bash", "-c", script], cwd=CHECKOUT, env=machine.environment | real, capture_output=True, text=True, check=True
    )
    environment = dict(line.split("=", 1) for line in shell.stdout.split("\0") if "=" in line)
    endpoint = f"http://127.0.0.1:{machine.emulator()['port']}"
    for name, value in homes.settings(Home(machine.home), endpoint, {}).items():
        assert environment[name] == value
    assert not real.keys() & environment.keys()
    assert environment["PATH"].split(":")[0] == str(machine.home / "bin")


def test_env_twice_adds_the_path_once(machine: Machine) -> None:
    machine.install_pulumi()
    once = f'eval "$({sys.executable} -m sandbox env --shell bash)"'
    shell = subprocess.run(
        ["bash", "-c", f'{once}; {once}; echo "$PATH"'],
        cwd=CHECKOUT,
        env=machine.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert shell.stdout.count(str(machine.home / "bin")) == 1


def test_plain_pulumi_in_such_a_shell_is_the_sandboxs(machine: Machine) -> None:
    machine.install_pulumi()
    script = f'eval "$({sys.executable} -m sandbox env --shell bash)" && cd / && pulumi whatever < /dev/null'
    shell = subprocess.run(
        ["bash", "-c", script], cwd=CHECKOUT, env=machine.environment, capture_output=True, text=True, check=True
    )
    assert '"arguments": ["whatever"]' in shell.stdout


def test_env_for_fish_quotes_as_fish_does() -> None:
    lines = homes.exports(
        Home(Path("/it's a \\ place")), "http://127.0.0.1:1", {"AWS_PROFILE": "x"}, "fish"
    ).splitlines()
    assert lines[0] == "set -e AWS_PROFILE"
    assert r"set -gx PULUMI_HOME '/it\'s a \\ place/pulumi'" in lines
    assert lines[-1] == r"contains -- '/it\'s a \\ place/bin' $PATH; or set -gx PATH '/it\'s a \\ place/bin' $PATH"


@pytest.mark.parametrize(("shell", "starts"), [("/usr/bin/fish", "set -"), ("/bin/zsh", "export "), ("", "export ")])
def test_env_guesses_the_shell(machine: Machine, shell: str, starts: str) -> None:
    machine.install_pulumi()
    assert machine.run("env", SHELL=shell).stdout.startswith(starts)


def test_an_old_python_is_refused_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 10, 13))
    with pytest.raises(SystemExit, match=r"^error: Hedgerow needs Python 3\.11 or newer, and .* is \d+\.\d+"):
        runpy.run_path(str(CHECKOUT / "sandbox" / "__main__.py"), run_name="__main__")


@pytest.mark.parametrize("name", ["__init__.py", "__main__.py"])
def test_what_an_old_python_reads_first_is_in_its_grammar(name: str) -> None:
    source = (CHECKOUT / "sandbox" / name).read_text()
    tree = ast.parse(source, feature_version=(3, 4))
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)]
    assert source.isascii()


def test_a_python_without_the_packages_is_told_to_make_setup(machine: Machine) -> None:
    command = [sys.executable, "-S", "-m", "sandbox", "pulumi", "version"]
    failed = subprocess.run(command, cwd=CHECKOUT, env=machine.environment, capture_output=True, text=True, check=False)
    assert failed.returncode == 1
    assert "run `make setup`" in failed.stderr
    assert failed.stderr.count("\n") == 1


def test_help_shows_every_command_and_an_example_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    said = capsys.readouterr().out
    for command in ("pulumi", "env", "start", "status", "stop", "reset", "build"):
        assert f"\n    {command} " in said
    assert 'eval "$(python -m sandbox env)"' in said


def test_a_command_that_does_not_exist_is_wrong_usage(machine: Machine) -> None:
    assert machine.run("frobnicate").returncode == 2


def test_a_home_that_cannot_be_made_is_one_line(machine: Machine) -> None:
    machine.install_pulumi()
    machine.home.parent.mkdir(exist_ok=True)
    machine.home.write_text("a file where the folder belongs")
    failed = machine.run("pulumi", "version")
    assert failed.returncode == 1
    assert failed.stderr == f"error: File exists: {machine.home}\n"


@pytest.mark.parametrize("columns", ["40", "200"])
def test_progress_on_a_terminal_is_one_line_that_never_wraps(machine: Machine, columns: str) -> None:
    """A real terminal (`script` of util-linux would do too): the line is renewed in place and cut to the width."""
    machine.install_go()
    reader, terminal = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "sandbox", "build"],
        cwd=CHECKOUT,
        env=machine.environment | {"COLUMNS": columns, "LINES": "20"},
        stdin=subprocess.DEVNULL,
        stdout=terminal,
        stderr=terminal,
    ) as process:
        process.wait(timeout=60)
    os.close(terminal)
    said = os.read(reader, 65536).decode()
    os.close(reader)
    renewed = [part.split("\n")[0] for part in said.split("\r\x1b[K") if part.startswith("building")]
    assert len(renewed[0]) == min(int(columns) - 1, len(f"building Pulumi {pinned()} (once, about 3 minutes)"))
