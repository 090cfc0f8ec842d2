"""The steps of the pull request's workflow, on the real engine: a change that breaks promises is blocked."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import boto3
import pytest

from pipeline.markdown import MARKER
from tests.end_to_end.conftest import ROOT, Sandbox

COMPLIANT = """
import pulumi_aws as aws

key = aws.kms.Key(
    "data",
    description="data of the shop",
    enable_key_rotation=True,
    deletion_window_in_days=30,
    tags={"owner": "shop", "environment": "production", "service": "shop", "data-class": "internal"},
)
"""


def run(sandbox: Sandbox, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pipeline", *arguments],
        cwd=ROOT,
        env=sandbox.environment(),
        capture_output=True,
        text=True,
        check=False,
    )


def preview(sandbox: Sandbox, program: Path, stack: str, output: Path, *more: str) -> subprocess.CompletedProcess[str]:
    engine = ("--pulumi", f"{sys.executable} -m sandbox pulumi", "--policy-config", "")
    return run(sandbox, "preview", "--stack", stack, "--program", str(program), "--output", str(output), *engine, *more)


def test_a_change_that_breaks_promises_is_blocked_and_the_comment_says_how_to_mend_it(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    ended = preview(sandbox, Path("demo"), "demo", tmp_path)
    assert ended.returncode == 4, ended.stderr
    said = run(sandbox, "comment", "--input", str(tmp_path), "--stack", "demo", "--print")
    assert said.returncode == 0, said.stderr
    text = said.stdout
    assert text == (tmp_path / "demo" / "comment.md").read_text()
    assert text.startswith(f"{MARKER}\n## Hedgerow\n\n- `demo`: ⛔ blocked by the policy pack\n")
    line = next(line for line in text.splitlines() if line.startswith("- `bucket_versioned`"))
    bucket = next(
        number
        for number, code in enumerate((ROOT / "demo/__main__.py").read_text().splitlines(), 1)
        if "s3.Bucket(" in code
    )
    assert line == f"- `bucket_versioned` (`fail`) on `aws:s3/bucket:Bucket` `exports` at `demo/__main__.py:{bucket}`"
    assert "  - Fix: `give the bucket an aws.s3.BucketVersioning" in text
    assert "**Changes**: 5 create" in text
    sarif = json.loads((tmp_path / "demo" / "results.sarif").read_text())
    assert {result["ruleId"] for result in sarif["runs"][0]["results"]} >= {"bucket_versioned", "no_public_address"}


def test_a_compliant_change_passes(sandbox: Sandbox, project: Path, tmp_path: Path) -> None:
    (project / "__main__.py").write_text(COMPLIANT)
    ended = preview(sandbox, project, "dev", tmp_path / "output")
    text = (tmp_path / "output" / "dev" / "comment.md").read_text()
    assert ended.returncode == 0, text
    assert "- `dev`: ✅ nothing blocks" in text
    assert "- create `aws:kms/key:Key` `data`" in text
    assert "Blocks" not in text


def test_a_program_that_fails_is_no_pass(sandbox: Sandbox, project: Path, tmp_path: Path) -> None:
    (project / "__main__.py").write_text("raise ValueError('<b>@everyone</b>')\n")
    ended = preview(sandbox, project, "dev", tmp_path / "output")
    assert ended.returncode == 3, ended.stderr
    text = (tmp_path / "output" / "dev" / "comment.md").read_text()
    assert "- `dev`: ❓ not judged to the end" in text
    assert "✅" not in text


def test_an_engine_that_cannot_run_leaves_no_summary_of_an_earlier_one(sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev" / "summary.json").write_text("{}")
    ended = run(
        sandbox,
        "preview",
        "--stack",
        "dev",
        "--pulumi",
        "/nowhere/pulumi",
        "--policy-config",
        "",
        "--output",
        str(tmp_path),
    )
    assert ended.returncode == 1
    assert "/nowhere/pulumi can't be run" in ended.stderr
    assert not (tmp_path / "dev" / "summary.json").exists()


def test_what_was_changed_behind_the_programs_back_is_drift(sandbox: Sandbox, project: Path, tmp_path: Path) -> None:
    (project / "__main__.py").write_text(COMPLIANT)
    engine = ("--pulumi", f"{sys.executable} -m sandbox pulumi", "--policy-config", "")
    deployed = run(
        sandbox, "deploy", "--stack", "dev", "--program", str(project), "--output", str(tmp_path / "o"), *engine
    )
    assert deployed.returncode == 0, deployed.stderr
    same = preview(sandbox, project, "dev", tmp_path / "o", "--drift")
    assert same.returncode == 0, (tmp_path / "o" / "dev" / "comment.md").read_text()
    exported = sandbox.pulumi("--cwd", str(project), "stack", "export", "--stack", "dev")
    resources = json.loads(exported.stdout)["deployment"]["resources"]
    key = next(one for one in resources if one["type"] == "aws:kms/key:Key")
    _client(sandbox).disable_key_rotation(KeyId=key["id"])
    drifted = preview(sandbox, project, "dev", tmp_path / "o", "--drift")
    text = (tmp_path / "o" / "dev" / "comment.md").read_text()
    assert drifted.returncode == 5, text
    assert "- update `aws:kms/key:Key` `data`" in text


@pytest.mark.parametrize("arguments", [("preview",), ("deploy", "--stack"), ("comment", "--pull-request", "seven")])
def test_wrong_usage_is_2(sandbox: Sandbox, arguments: tuple[str, ...]) -> None:
    assert run(sandbox, *arguments).returncode == 2


def _client(sandbox: Sandbox) -> Any:
    exports = sandbox.run("env", "--shell", "bash").stdout
    url = next(line.partition("=")[2].strip("'\"") for line in exports.splitlines() if "AWS_ENDPOINT_URL=" in line)
    return boto3.client(
        "kms", endpoint_url=url, region_name="us-west-2", aws_access_key_id="testing", aws_secret_access_key="testing"
    )
