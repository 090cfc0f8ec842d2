"""AWS does what it is asked, and its answer is lost: the next `up` finishes with nothing lost and nothing doubled."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path
from typing import Any

import boto3
import jmespath
import pytest

from tests.end_to_end.conftest import Sandbox
from tests.end_to_end.test_faults import emulator, write

PROGRAM = """
    import json
    import pulumi_aws as aws

    trust = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    tags = {"owner": "platform"}
    aws.iam.Role(
        "role",
        name="lost",
        assume_role_policy=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
        max_session_duration=7200,
        tags=tags,
    )
    aws.s3.Bucket("files", bucket="lost-answers", tags=tags)
    aws.cloudwatch.LogGroup("log", name="lost", retention_in_days=7, tags=tags)
    aws.ebs.Volume("disk", availability_zone="us-west-2a", size=1, tags=tags)
    aws.secretsmanager.Secret("secret", name="lost", recovery_window_in_days=7, tags=tags)
    vpc = aws.ec2.Vpc("net", cidr_block="10.4.0.0/16", tags=tags)
    aws.ec2.Subnet("subnet", vpc_id=vpc.id, cidr_block="10.4.1.0/24", map_public_ip_on_launch=True, tags=tags)
    aws.ec2.SecurityGroup(
        "group",
        name="lost",
        description="lost",
        vpc_id=vpc.id,
        ingress=[{"protocol": "tcp", "from_port": 443, "to_port": 443, "cidr_blocks": ["10.0.0.0/8"]}],
        tags=tags,
    )
"""
ASKED = {
    "named by the program: a role": "Action=CreateRole&",
    "named by the program: a bucket": "PUT /lost-answers",
    "named by the program: a log group": "Logs_20140328.CreateLogGroup",
    "with a client token: a volume": "Action=CreateVolume&",
    "with a client token: a secret": "secretsmanager.CreateSecret",
    "named by AWS, unique by its range: a subnet": "Action=CreateSubnet&",
    "named by AWS, unique by its name: a security group": "Action=CreateSecurityGroup&",
}
OWN = [{"Name": "tag:owner", "Values": ["platform"]}]
LISTED: dict[str, tuple[str, str, str, dict[str, Any]]] = {
    "aws:iam/role:Role": ("iam", "list_roles", "Roles[?RoleName=='lost'].RoleName", {}),
    "aws:s3/bucket:Bucket": ("s3", "list_buckets", "Buckets[].Name", {}),
    "aws:cloudwatch/logGroup:LogGroup": ("logs", "describe_log_groups", "logGroups[].logGroupName", {}),
    "aws:ebs/volume:Volume": ("ec2", "describe_volumes", "Volumes[].VolumeId", {}),
    "aws:secretsmanager/secret:Secret": ("secretsmanager", "list_secrets", "SecretList[].ARN", {}),
    "aws:ec2/vpc:Vpc": ("ec2", "describe_vpcs", "Vpcs[].VpcId", {"Filters": OWN}),
    "aws:ec2/subnet:Subnet": ("ec2", "describe_subnets", "Subnets[].SubnetId", {"Filters": OWN}),
    "aws:ec2/securityGroup:SecurityGroup": (
        "ec2",
        "describe_security_groups",
        "SecurityGroups[?GroupName=='lost'].GroupId",
        {},
    ),
}
UP = ("up", "--stack", "dev", "--yes", "--skip-preview")


def client(address: str, service: str) -> Any:
    keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
    return boto3.client(service, region_name="us-west-2", endpoint_url=address, **keys)


def in_account(address: str) -> dict[str, list[str]]:
    """What is really there, by type, asked without our plugin and our state."""
    return {
        token: sorted(jmespath.search(path, getattr(client(address, service), operation)(**arguments)))
        for token, (service, operation, path, arguments) in LISTED.items()
    }


def in_state(sandbox: Sandbox, here: tuple[str, ...]) -> dict[str, list[str]]:
    state = json.loads(sandbox.pulumi(*here, "stack", "export", "--stack", "dev").stdout)["deployment"]
    assert not state.get("pending_operations")
    resources = [resource for resource in state["resources"] if resource["type"] in LISTED]
    return {token: sorted(one["id"] for one in resources if one["type"] == token) for token in LISTED}


def lose(address: str, matching: str, requests: int = 1, kind: str = "after") -> None:
    body = json.dumps({"kind": kind, "requests": requests, "matching": matching}).encode()
    with urllib.request.urlopen(urllib.request.Request(f"{address}/_sandbox/faults", body, method="PUT")) as answer:  # noqa: S310 - loopback
        assert answer.status == 200


@pytest.fixture
def here(sandbox: Sandbox, project: Path) -> tuple[str, ...]:
    """Where a program is in whose account nothing has been made."""
    sandbox.run("reset", "--yes")
    assert sandbox.run("start").returncode == 0
    created = sandbox.pulumi("--cwd", str(project), "stack", "init", "dev")
    assert created.returncode == 0, created.stderr
    return write(project, PROGRAM)


def test_nothing_is_lost_or_doubled_whichever_answer_is_lost(sandbox: Sandbox, here: tuple[str, ...]) -> None:
    address, _ = emulator(sandbox)
    for what, matching in ASKED.items():
        lose(address, matching)
        up = sandbox.pulumi(*here, *UP)
        assert "Traceback" not in up.stdout + up.stderr, what
        assert "client token" not in what or up.returncode == 0, f"{what}: {up.stdout}"
    finished = sandbox.pulumi(*here, *UP)
    assert finished.returncode == 0, finished.stdout
    held = in_state(sandbox, here)
    assert in_account(address) == held
    assert {token: len(ids) for token, ids in held.items()} == dict.fromkeys(LISTED, 1)
    again = sandbox.pulumi(*here, *UP, "--expect-no-changes")
    assert again.returncode == 0, again.stdout
    refreshed = sandbox.pulumi(*here, "refresh", "--stack", "dev", "--yes", "--expect-no-changes")
    assert refreshed.returncode == 0, refreshed.stdout
    assert list((sandbox.home / "created").glob("*")) == [], "every journal has done its part"


def test_what_failed_and_was_not_done_is_created_by_the_next_up(sandbox: Sandbox, here: tuple[str, ...]) -> None:
    address, _ = emulator(sandbox)
    lose(address, "Action=Create", requests=40, kind="error")
    assert sandbox.pulumi(*here, *UP).returncode != 0
    lose(address, "", requests=0)
    finished = sandbox.pulumi(*here, *UP)
    assert finished.returncode == 0, finished.stdout
    assert in_account(address) == in_state(sandbox, here)


def test_a_network_is_made_twice_as_aws_takes_no_token_for_it(sandbox: Sandbox, here: tuple[str, ...]) -> None:
    """What docs/sandbox.md says of it: the state has the one whose answer came, the other is nobody's."""
    address, _ = emulator(sandbox)
    lose(address, "Action=CreateVpc&")
    assert sandbox.pulumi(*here, *UP).returncode == 0
    there, held = in_account(address), in_state(sandbox, here)
    assert (len(there.pop("aws:ec2/vpc:Vpc")), len(held.pop("aws:ec2/vpc:Vpc"))) == (2, 1)
    assert there == held
