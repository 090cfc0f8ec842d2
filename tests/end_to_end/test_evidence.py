"""Evidence of what the real engine says: of a preview that is blocked, and of a saved state."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.bundle import read_runs
from evidence.console import EvidenceError
from evidence.results import Origin, Run, Verdict
from evidence.signing import generate_key, load_public_key
from evidence.sources import Source, read_source
from evidence.verification import verify_bundle
from tests.end_to_end.conftest import ROOT, Sandbox

STATE_URN = "urn:pulumi:kept::shop"


@pytest.fixture(scope="module")
def preview(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the log and the JSON of the demonstration's preview, which is blocked."""
    folder = tmp_path_factory.mktemp("preview")
    program = ("--cwd", "demo", "preview", "--stack", "demo", "--policy-pack", "../policy_pack")
    ended = subprocess.run(
        [sys.executable, "-m", "sandbox", "pulumi", *program, "--json", "--event-log", str(folder / "events")],
        cwd=ROOT,
        env=sandbox.environment() | {"PULUMI_DEBUG_COMMANDS": "true"},
        capture_output=True,
        check=False,
    )
    assert ended.returncode != 0, "the demonstration breaks promises"
    (folder / "preview").write_bytes(ended.stdout)
    return folder


@pytest.fixture(scope="module")
def run(preview: Path) -> Run:
    source = Source(preview / "events", places=str(preview / "preview"), program="demo")
    return read_source(source)[0]


def test_the_log_of_a_real_preview_is_understood_to_the_end(run: Run) -> None:
    assert run.complete, run.problems
    assert (run.stack, run.origin, run.pack) == ("demo", Origin.PREVIEW, "hedgerow")
    assert any(result.blocking and result.verdict is Verdict.FAIL for result in run.results)
    assert any(result.verdict is Verdict.PASS for result in run.results)


def test_violations_name_the_line_of_the_program_and_no_machine_path(run: Run) -> None:
    places = {result.place for result in run.results if result.urn.endswith("Bucket::exports")}
    (place,) = places
    assert place is not None
    assert place.path == "demo/__main__.py"
    assert "exports" in (ROOT / place.path).read_text().splitlines()[place.line - 1]


@given(data=st.data())
def test_a_real_log_that_lacks_lines_or_is_cut_is_never_complete(preview: Path, data: st.DataObject) -> None:
    lines = (preview / "events").read_bytes().splitlines(keepends=True)
    missing = data.draw(st.sets(st.integers(0, len(lines) - 1), min_size=1, max_size=5))
    kept = b"".join(line for number, line in enumerate(lines) if number not in missing)
    cut = data.draw(st.none() | st.integers(0, len(kept)))
    spoilt = preview / "spoilt"
    spoilt.write_bytes(kept[:cut])
    try:
        assert not read_source(Source(spoilt))[0].complete
    except EvidenceError:
        assert cut is not None, "only a log without events is refused"


def state() -> Mapping[str, Any]:
    def resource(kind: str, name: str, **more: Any) -> dict[str, Any]:
        return {"urn": f"{STATE_URN}::{kind}::{name}", "type": kind, "custom": False, **more}

    bucket = {"custom": True, "id": "b", "inputs": {"bucket": "b"}, "outputs": {"bucket": "b"}}
    place = {"sourcePosition": "project:///stores.py#7"}
    return {
        "version": 3,
        "deployment": {
            "manifest": {"time": "2026-01-02T03:04:05.678Z", "magic": "", "version": "v3.259.0"},
            "resources": [
                resource("pulumi:pulumi:Stack", "shop-kept"),
                resource("aws:s3/bucket:Bucket", "exports", **bucket, **place),
            ],
        },
    }


@pytest.fixture
def made(sandbox: Sandbox, tmp_path: Path) -> Path:
    """The bundle of a saved state."""
    (tmp_path / "state.json").write_text(json.dumps(state()))
    generate_key(tmp_path / "key.pem")
    engine = ("--pulumi", f"{sys.executable} -m sandbox pulumi", "--policy-config", "", "--program", "shop")
    into = ("--store", str(tmp_path / "store"), "--key", str(tmp_path / "key.pem"))
    ended = subprocess.run(
        [sys.executable, "-m", "evidence", "collect", "--state", str(tmp_path / "state.json"), *engine, *into],
        cwd=ROOT,
        env=sandbox.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert verify_bundle(Path(ended.stdout.strip()), load_public_key(tmp_path / "key.pub.pem"))[1] == []
    return Path(ended.stdout.strip())


def test_a_saved_state_is_judged_with_its_passes(made: Path) -> None:
    (run,) = read_runs(made)()
    assert (run.stack, run.origin, f"{run.time:%Y-%m-%dT%H:%M:%S}") == ("kept", Origin.STATE, "2026-01-02T03:04:05")
    verdicts = {result.verdict for result in run.results}
    assert {Verdict.PASS, Verdict.FAIL, Verdict.NOT_APPLICABLE} <= verdicts
    failed = next(result for result in run.results if result.urn.endswith("::exports") and result.blocking)
    assert failed.place is not None
    assert (failed.place.path, failed.place.line) == ("shop/stores.py", 7)
