"""The workflows ask for no more than they need, and the roles trust exactly the tokens that their jobs are given."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from infrastructure.pipeline import DEPLOYMENTS, MAIN_BRANCH, PREVIEWS
from sandbox.engine import pinned_version

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
SUBJECTS = {"preview": PREVIEWS, "deploy": DEPLOYMENTS, "collect": MAIN_BRANCH}
"""What each role trusts."""
EVENTS = {"pull_request", "push", "schedule", "workflow_call", "workflow_dispatch"}
WRITES = {("preview.yml", "alerts", "security-events"), ("preview.yml", "comment", "pull-requests")}


def load(path: Path) -> dict[Any, Any]:
    workflow: dict[Any, Any] = yaml.safe_load(path.read_text())
    return workflow


def jobs() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path in WORKFLOWS:
        for name, job in load(path)["jobs"].items():
            yield path.name, name, job


def steps(action: str) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    for _, name, job in jobs():
        for step in job.get("steps", ()):
            if step.get("uses", "").startswith(f"{action}@"):
                yield name, job, step


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_actions_are_pinned_by_commit_and_say_their_version(path: Path) -> None:
    used = re.findall(r"uses: (?!\./)(.*)", path.read_text())
    assert all(re.fullmatch(r"[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line) for line in used), used
    named = {line.partition("@")[0]: line for line in used}
    assert set(used) == set(named.values()), "one version of each"


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_no_workflow_runs_for_strangers_with_rights_or_reads_a_stored_secret(path: Path) -> None:
    workflow = load(path)
    events = workflow[True]  # YAML 1.1 reads the key `on` as true
    assert set(events) <= EVENTS
    assert "secrets." not in path.read_text()
    assert "secrets: inherit" not in path.read_text()
    assert workflow["permissions"] == {}
    assert workflow["concurrency"]["group"]


def test_each_job_writes_what_it_is_for_alone_and_ends() -> None:
    writing = set()
    for file, name, job in jobs():
        assert "uses" in job or job["timeout-minutes"] <= 150, name
        for what, right in job["permissions"].items():
            assert right in ("read", "write")
            if right == "write" and what != "id-token":
                writing.add((file, name, what))
    assert writing == WRITES


def test_what_may_write_to_a_pull_request_holds_no_identity_and_runs_no_code_of_it() -> None:
    comment = load(ROOT / ".github/workflows/preview.yml")["jobs"]["comment"]
    assert comment["permissions"] == {"contents": "read", "pull-requests": "write"}
    (checkout,) = (step for step in comment["steps"] if step.get("uses", "").startswith("actions/checkout@"))
    assert checkout["with"]["ref"] == "${{ github.event.pull_request.base.sha }}"


def test_no_checkout_leaves_a_token_behind() -> None:
    checkouts = list(steps("actions/checkout"))
    assert checkouts
    assert all(step["with"]["persist-credentials"] is False for _, _, step in checkouts)


def test_roles_trust_the_tokens_of_the_jobs_that_take_them() -> None:
    taken = set()
    for name, job, step in steps("aws-actions/configure-aws-credentials"):
        purpose = step["with"]["role-to-assume"].rpartition("-")[2]
        subject = f"environment:{job['environment']}" if "environment" in job else MAIN_BRANCH
        assert SUBJECTS[purpose] == subject, name
        assert job["permissions"] == {"contents": "read", "id-token": "write"}, name
        assert step["with"].get("role-duration-seconds", 3600) <= 7200
        taken.add(purpose)
    assert taken == set(SUBJECTS)


def test_a_fork_gets_no_role() -> None:
    preview = load(ROOT / ".github/workflows/preview.yml")["jobs"]
    own = "github.event.pull_request.head.repo.full_name == github.repository"
    assert preview["preview"]["if"] == own
    assert preview["fork"]["if"] == own.replace("==", "!=")
    assert preview["fork"]["permissions"] == {"contents": "read"}


def test_only_what_is_on_main_is_deployed_and_no_deployment_is_cancelled() -> None:
    workflow = load(ROOT / ".github/workflows/deploy.yml")
    assert workflow[True] == {"push": {"branches": ["main"]}}
    assert workflow["concurrency"]["cancel-in-progress"] is False
    assert workflow["jobs"]["deploy"]["environment"] == "deploy"


def test_the_engine_is_the_one_that_the_sandbox_builds() -> None:
    versions = {step["with"]["pulumi-version"] for _, _, step in steps("pulumi/actions")}
    assert versions == {pinned_version()}


def test_workflows_name_stacks_that_there_are() -> None:
    known = {path.stem.removeprefix("Pulumi.") for path in (ROOT / "stacks").glob("Pulumi.*.yaml")}
    for _, name, job in jobs():
        for row in job.get("strategy", {}).get("matrix", {}).get("include", ()):
            assert row["stack"] in known, name
            assert row["account"] == f"${{{{ vars.{row['stack'].upper().replace('-', '_')}_ACCOUNT }}}}"
