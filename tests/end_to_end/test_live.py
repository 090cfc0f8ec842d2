"""A deployed account is asked whether what was previewed is true, and both answers stand side by side."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from evidence.bundle import read_runs
from evidence.results import Origin, Run, Verdict
from evidence.signing import generate_key
from tests.end_to_end.conftest import ROOT, Sandbox

PROGRAM = """\
import pulumi_aws as aws

key = aws.kms.Key("data", enable_key_rotation=True, deletion_window_in_days=30)
for name in ("ours", "default"):
    bucket = aws.s3.Bucket(name, bucket=f"{name}-of-live-check")
    ours = {"sse_algorithm": "aws:kms", "kms_master_key_id": key.arn}
    default = ours if name == "ours" else {"sse_algorithm": "AES256"}
    aws.s3.BucketServerSideEncryptionConfiguration(
        name, bucket=bucket.bucket, rules=[{"apply_server_side_encryption_by_default": default}]
    )
"""
CONTROL = "SH:S3.17"
Evidence = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def evidence(sandbox: Sandbox, tmp_path: Path) -> Evidence:
    """`python -m evidence` on a store of its own, with the credentials and the endpoint of the sandbox."""
    told = sandbox.run("env", "--shell", "bash").stdout
    exports = dict(re.findall(r"^export (AWS_\w+)='?([^'\n]*)'?$", told, re.M))
    generate_key(tmp_path / "key.pem")
    given = {"HEDGEROW_EVIDENCE_STORE": str(tmp_path / "store"), "HEDGEROW_EVIDENCE_KEY": str(tmp_path / "key.pem")}

    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "evidence", *map(str, arguments)],
            cwd=ROOT,
            env=sandbox.environment() | exports | given,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_what_was_previewed_and_what_is_there_stand_side_by_side(
    sandbox: Sandbox, project: Path, evidence: Evidence, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULUMI_DEBUG_COMMANDS", "true")
    (project / "__main__.py").write_text(PROGRAM)
    on_stack = ("--cwd", str(project), "--stack", "dev")
    pack = ("--policy-pack", str(ROOT / "policy_pack"), "--event-log", str(tmp_path / "events"))
    sandbox.pulumi("preview", *on_stack, *pack)
    collected = evidence("collect", "--event-log", tmp_path / "events", "--policy-config", "")
    assert collected.returncode == 0, collected.stderr
    up = sandbox.pulumi("up", *on_stack, "--yes", "--skip-preview")
    assert up.returncode == 0, up.stdout

    asked = evidence("live", "--stack", "dev", "--policy-config", "")
    assert asked.returncode == 0, asked.stderr
    folder = Path(asked.stdout.strip())
    runs = {run.origin: run for run in read_runs(folder)()}
    assert runs.keys() == {Origin.PREVIEW, Origin.LIVE}
    assert verdicts(runs[Origin.LIVE], "buckets_encrypted_under_our_keys") == {
        "arn:aws:s3:::ours-of-live-check": Verdict.PASS,
        "arn:aws:s3:::default-of-live-check": Verdict.FAIL,
    }
    assert {CONTROL} <= {control for result in runs[Origin.PREVIEW].results for control in result.controls}
    told = section(folder / "documents" / "report.html", "control-sh-s3.17")
    assert re.findall(r'class="origin">(\w+)<', told) == ["preview", "live"]
    assert "buckets_<wbr>encrypted" in told

    verified = evidence("verify", tmp_path / "store", "--key", tmp_path / "key.pub.pem")
    assert (verified.returncode, verified.stdout.count(": verified\n")) == (0, 2), verified.stderr


def verdicts(run: Run, rule: str) -> dict[str, Verdict]:
    return {result.urn: result.verdict for result in run.results if result.rule == rule}


def section(page: Path, anchor: str) -> str:
    """The part of a page that bears an id, to where the next one begins."""
    text = page.read_text(encoding="utf-8")
    start = text.index(f'id="{anchor}"')
    return text[start : text.index('<details class="item', start)]
