"""What a stack says to the policy pack, on the real engine: its configuration, registers, waivers and remedies."""

from __future__ import annotations

import datetime
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.end_to_end.conftest import ROOT, Sandbox

PACK = str(ROOT / "policy_pack")
PROGRAM = """\
import pulumi
import pulumi_aws as aws
tags = {"owner": "platform", "environment": "test", "service": "keys"}
aws.kms.Key("legacy", enable_key_rotation=False, tags=tags, opts=pulumi.ResourceOptions(protect=True))
"""
RULE = "kms_key_rotates_yearly"
CONFIGS = sorted((ROOT / "stacks").glob("policy.*.json"))


def validated(sandbox: Sandbox, config: Path) -> subprocess.CompletedProcess[str]:
    return sandbox.run("pulumi", "policy", "validate-config", "policy_pack", "--config", str(config))


def test_every_stack_says_something_to_the_pack() -> None:
    assert [path.name.split(".")[1] for path in CONFIGS] == [
        path.name.split(".")[1] for path in sorted((ROOT / "stacks").glob("Pulumi.*.yaml"))
    ]


@pytest.mark.parametrize("config", CONFIGS, ids=lambda path: path.name)
def test_the_engine_finds_the_configuration_of_every_stack_valid(sandbox: Sandbox, config: Path) -> None:
    ended = validated(sandbox, config)
    assert (ended.returncode, ended.stdout) == (0, "Policy Pack configuration is valid.\n"), ended.stderr


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"kms_key_rotates_yearli": "mandatory"}, "there is no rule 'kms_key_rotates_yearli'"),
        ({RULE: {"longest_days": 90}}, f"{RULE} has no setting 'longest_days'"),
        ({RULE: {"longest_period_days": "90"}}, "Expected: integer, given: string"),
        ({RULE: {"longest_period_days": 1}}, "greater than or equal to 90"),
        ({RULE: "blocking"}, '"blocking" is not a valid enforcement level'),
        ({"no_health_data_in_cloud": {"deployment": "clowd"}}, "deployment must be one of"),
        ({"policies_reviewed": {"folder": "nowhere"}}, "nowhere/policies.yaml: No such file or directory"),
    ],
)
def test_a_configuration_that_does_not_fit_is_refused_in_one_line(
    sandbox: Sandbox, tmp_path: Path, given: dict[str, Any], problem: str
) -> None:
    config = tmp_path / "policy.json"
    config.write_text(json.dumps(given), encoding="utf-8")
    ended = validated(sandbox, config)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert problem in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1


def preview(sandbox: Sandbox, project: Path, config: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    (project / "__main__.py").write_text(PROGRAM, encoding="utf-8")
    (project / "policy.json").write_text(json.dumps(config), encoding="utf-8")
    return on(sandbox, project, "preview")


def on(sandbox: Sandbox, project: Path, *command: str) -> subprocess.CompletedProcess[str]:
    config = str(project / "policy.json")
    return sandbox.pulumi(
        "--cwd", str(project), *command, "--stack", "dev", "--policy-pack", PACK, "--policy-pack-config", config
    )


def registers(project: Path, *waivers: dict[str, Any]) -> dict[str, Any]:
    """Give a project registers of its own, and return what makes the pack read them."""
    folder = project / "kept"
    shutil.copytree(ROOT / "registers", folder, dirs_exist_ok=True)
    (folder / "waivers.yaml").write_text(yaml.safe_dump(list(waivers)), encoding="utf-8")
    return {"policies_reviewed": {"folder": "kept"}}


def waiver(project: Path, expires_in: int, name: str = "legacy") -> dict[str, Any]:
    today = datetime.datetime.now(tz=datetime.UTC).date()
    named = yaml.safe_load((project / "Pulumi.yaml").read_text(encoding="utf-8"))["name"]
    return {
        "rule": RULE,
        "resource": f"urn:pulumi:dev::{named}::aws:kms/key:Key::{name}",
        "reason": "it is replaced next month",
        "ticket": "SEC-1",
        "requester": "platform",
        "approver": "security",
        "approved": today - datetime.timedelta(days=30),
        "expires": today + datetime.timedelta(days=expires_in),
    }


def test_a_waived_violation_is_shown_as_waived_and_does_not_block(sandbox: Sandbox, project: Path) -> None:
    blocked = preview(sandbox, project, registers(project))
    assert blocked.returncode != 0
    assert f"[mandatory] [severity: high]  {RULE}" in blocked.stdout
    waived = preview(sandbox, project, registers(project, waiver(project, 10)))
    assert waived.returncode == 0, waived.stdout + waived.stderr
    assert f"[advisory] [severity: high]  {RULE}" in waived.stdout
    assert "waived until " in waived.stdout
    assert "it is replaced next month (SEC-1, requested by platform, approved by security on " in waived.stdout


def test_an_expired_waiver_blocks_and_one_for_nothing_is_reported(sandbox: Sandbox, project: Path) -> None:
    ended = preview(sandbox, project, registers(project, waiver(project, -2), waiver(project, 10, "older")))
    assert ended.returncode != 0
    assert f"[mandatory] [severity: high]  {RULE}" in ended.stdout
    assert "the waiver for this expired on" in ended.stdout
    config = registers(project, waiver(project, -2), waiver(project, 10, "older")) | {RULE: "disabled"}
    ended = preview(sandbox, project, config)
    assert ended.returncode != 0
    assert "[mandatory] [severity: high]  waivers_in_force" in ended.stdout
    assert "::older matches no violation" in ended.stdout


def test_a_malformed_register_stops_every_run_with_its_line(sandbox: Sandbox, project: Path) -> None:
    config = registers(project)
    (project / "kept" / "agreements.yaml").write_text("- id: a\n  kind: oral\n", encoding="utf-8")
    for ended in (preview(sandbox, project, config), on(sandbox, project, "preview"), on(sandbox, project, "up", "-y")):
        assert ended.returncode != 0
        assert "kept/agreements.yaml:2: kind is not dpa or nda" in ended.stdout + ended.stderr


def test_a_remedy_is_shown_and_what_it_changes_is_what_gets_created(sandbox: Sandbox, project: Path) -> None:
    ended = preview(sandbox, project, {RULE: "remediate"})
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert f"[remediate]  {RULE}  (1 resource)" in ended.stdout
    assert "[mandatory]" not in ended.stdout
    assert on(sandbox, project, "up", "--yes", "--skip-preview").returncode == 0
    exported = sandbox.pulumi("--cwd", str(project), "stack", "export", "--stack", "dev")
    (key,) = [
        item for item in json.loads(exported.stdout)["deployment"]["resources"] if item["type"].startswith("aws:")
    ]
    assert key["inputs"]["enableKeyRotation"] is True
    assert key["outputs"]["enableKeyRotation"] is True
