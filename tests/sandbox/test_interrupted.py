"""What a killed engine left is finished before the next change, and another engine's work is left alone."""

from __future__ import annotations

import json
import os
import socket
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from sandbox.aws_plugin.journal import Journal
from sandbox.console import SandboxError
from sandbox.home import Home
from sandbox.interrupted import finish
from sandbox.project import Project, stack_file

URNS = tuple(f"urn:pulumi:dev::p::aws:kms/key:Key::key-{number}" for number in range(3))


DOUBTFUL = URNS[0].replace("key-0", "in-doubt")


class Engine:
    """Keeps what it was asked to do."""

    def __init__(self, code: int = 0) -> None:
        self.asked: list[list[str]] = []
        self._code = code

    def __call__(self, arguments: list[str]) -> subprocess.CompletedProcess[str]:
        self.asked.append(arguments)
        return subprocess.CompletedProcess(arguments, self._code, "", "error: first\nerror: last")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project("p", tmp_path / "Pulumi.yaml", tmp_path)


def pending(home: Home, project: Project, *urns: str, known: Sequence[str] = ()) -> None:
    operations = [{"type": "creating", "resource": {"urn": urn}} for urn in urns]
    operations.append({"type": "updating", "resource": {"urn": "urn:another"}})
    file = stack_file(home.state, project, "dev")
    file.parent.mkdir(parents=True)
    latest = {"pending_operations": operations, "resources": [{"urn": urn, "type": "a:b:C"} for urn in known]}
    file.write_text(json.dumps({"checkpoint": {"latest": latest}}))


def lock(home: Home, pid: int, host: str = socket.gethostname()) -> None:
    folder = home.state / ".pulumi" / "locks" / "organization" / "p" / "dev"
    folder.mkdir(parents=True)
    (folder / "one.json").write_text(json.dumps({"pid": pid, "hostname": host}))


def journal(home: Home, name: str, *lines: tuple[str, str, str]) -> None:
    home.created.mkdir(parents=True, exist_ok=True)
    entries = [{"urn": urn, "id": id_, "incarnation": incarnation} for urn, id_, incarnation in lines]
    (home.created / name).write_text("".join(f"{json.dumps(entry)}\n" for entry in entries))


def ended_process() -> int:
    process = subprocess.Popen(["true"])
    process.wait()
    return process.pid


def test_what_was_created_is_imported_and_what_was_not_is_cleared(home: Home, project: Project) -> None:
    pending(home, project, *URNS)
    journal(
        home,
        "999999991.jsonl",
        (URNS[0], "old", "gone"),
        (URNS[0], "first", "now"),
        (URNS[1], "second@us-west-1", "now"),
    )
    journal(home, "999999992.jsonl", (URNS[2], "third", "an emulator that is no more"))
    engine = Engine()
    finish(home, project, "dev", "now", engine)
    [[command, *flags]] = engine.asked
    assert command == "refresh"
    assert "--clear-pending-creates" in flags
    assert [flag.partition("=")[2] for flag in flags if flag.startswith("--import-pending-creates")] == [
        URNS[0],
        "first",
        URNS[1],
        "second@us-west-1",
    ]


def test_what_is_in_doubt_is_not_imported_as_it_may_not_be_there(home: Home, project: Project) -> None:
    pending(home, project, DOUBTFUL)
    journal(home, f"{ended_process()}.jsonl", (URNS[0], "first", "now"))
    (home.created / "999999995.jsonl").write_text(f'{{"urn": "{DOUBTFUL}", "incarnation": "now", "identity": {{}}}}\n')
    engine = Engine()
    finish(home, project, "dev", "now", engine)
    assert not any("--import-pending-creates" in flag for flag in engine.asked[0])
    assert DOUBTFUL in (home.created / "999999995.jsonl").read_text()


def test_of_what_was_created_twice_the_last_counts_for_engine_and_plugin_alike(
    home: Home, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEDGEROW_SANDBOX_HOME", str(home.folder))
    pending(home, project, URNS[0])
    journal(home, "999999991.jsonl", (URNS[0], "first", "now"), (URNS[0], "second", "now"), (URNS[0], "third", "gone"))
    engine = Engine()
    finish(home, project, "dev", "now", engine)
    assert "--import-pending-creates=second" in engine.asked[0]
    unheard = Journal().unheard(URNS[0], "now")
    assert unheard
    assert unheard["id"] == "second"


def test_the_lock_of_a_killed_engine_is_released(home: Home, project: Project) -> None:
    lock(home, ended_process())
    engine = Engine()
    finish(home, project, "dev", "now", engine)
    assert engine.asked == [["cancel", "dev", "--yes"]]


def test_attributes_that_were_cut_short_are_dropped_and_whole_ones_kept(home: Home, project: Project) -> None:
    """The engine can't read the state beside which half a file of them lies."""
    pending(home, project)
    lock(home, ended_process())
    folder = stack_file(home.state, project, "dev").parent
    (folder / "dev.json.attrs").write_text("")
    (folder / "dev.json.bak.attrs").write_text("{}")
    finish(home, project, "dev", "now", Engine())
    assert [file.name for file in folder.glob("*.attrs")] == ["dev.json.bak.attrs"]


@pytest.mark.parametrize("host", [socket.gethostname(), "another-machine"])
def test_an_engine_that_works_is_left_alone(home: Home, project: Project, host: str) -> None:
    pending(home, project, URNS[0])
    lock(home, os.getpid() if host == socket.gethostname() else 1, host)
    engine = Engine()
    finish(home, project, "dev", "now", engine)
    assert engine.asked == []


def test_a_journal_that_was_cut_short_costs_one_line_of_it(home: Home, project: Project) -> None:
    pending(home, project, URNS[0])
    journal(home, "999999991.jsonl", (URNS[0], "first", "now"))
    with (home.created / "999999991.jsonl").open("a") as file:
        file.write('{"urn": "urn:p')
    engine = Engine()
    finish(home, project, "dev", "now", engine)
    assert "--import-pending-creates=first" in engine.asked[0]


def test_the_journals_of_the_dead_keep_what_the_state_lacks(home: Home, project: Project) -> None:
    pending(home, project, URNS[0], known=[URNS[0]])
    journal(home, f"{ended_process()}.jsonl", (URNS[0], "first", "now"))
    journal(home, "999999994.jsonl", (URNS[0], "first", "now"), (URNS[2], "unheard of", "now"))
    (home.created / "999999995.jsonl").write_text(f'{{"urn": "{DOUBTFUL}", "incarnation": "now", "identity": {{}}}}\n')
    journal(home, f"{os.getpid()}.jsonl", (URNS[1], "other", "now"))
    journal(home, "999999993.jsonl", ("urn:pulumi:another::p::aws:kms/key:Key::key", "other", "now"))
    finish(home, project, "dev", "now", Engine())
    left = [entry for file in home.created.iterdir() for entry in file.read_text().splitlines()]
    assert sorted(json.loads(entry)["urn"] for entry in left) == sorted(
        [URNS[1], URNS[2], DOUBTFUL, "urn:pulumi:another::p::aws:kms/key:Key::key"]
    )


def test_an_engine_that_can_not_finish_is_one_line_and_nothing_is_forgotten(home: Home, project: Project) -> None:
    pending(home, project, URNS[0])
    journal(home, f"{ended_process()}.jsonl", (URNS[0], "first", "now"))
    with pytest.raises(SandboxError, match="error: last"):
        finish(home, project, "dev", "now", Engine(code=1))
    assert list(home.created.iterdir())
