"""How the benchmark runs what it measures: nothing that failed counts as measured."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from bench import toolbox
from bench.judges import Workspace, run
from bench.toolbox import Missing, get
from sandbox.console import SandboxError


def test_a_command_that_fails_is_told_with_its_last_line() -> None:
    with pytest.raises(RuntimeError, match="exited with 3: the reason"):
        run(sys.executable, "-c", "import sys; print('more'); print('the reason', file=sys.stderr); sys.exit(3)")


def test_the_pack_is_judged_in_a_process_of_its_own(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    workspace.write(60)
    done = workspace.in_process(60, "whole")
    told = done.json()
    assert 0 < told["judged"] < done.seconds
    assert told["rules"] > 200
    assert told["found"]
    assert workspace.in_process(60, "eight").json()["rules"] == 8


def test_a_state_is_written_in_every_form(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    workspace.write(5)
    for form in ("export", "plan", "plain"):
        assert json.loads(workspace.path(form, 5).read_text())


def test_a_tool_that_cannot_be_had_is_missing_with_the_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEDGEROW_CACHE", str(tmp_path))

    def refuse(_name: str, _folder: Path, _log: Path) -> None:
        raise SandboxError("the registry is not reachable")

    monkeypatch.setattr(toolbox, "_build", refuse)
    assert get("opa") == Missing("opa", "the registry is not reachable")
    assert get("opa") == Missing("opa", "the registry is not reachable")  # nothing half-built counts as whole
