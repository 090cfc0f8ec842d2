"""An `up` of the whole environment that is interrupted, however that happens, is finished by the next one.

Nothing is lost and nothing doubled: what the account lists is what the state holds.
"""

from __future__ import annotations

import json
import signal
import subprocess
import urllib.request
from collections import Counter
from typing import Any

import boto3
import jmespath
import pytest

from tests.end_to_end.conftest import Sandbox
from tests.end_to_end.test_faults import descendants_running, emulator

STACK = ("--stack", "sandbox")
UP = ("up", *STACK, "--yes", "--skip-preview")

OWN_VPC = [{"Name": "tag-key", "Values": ["owner"]}]
"""Leaves out what every account has: the default VPC, and what is in it."""

LISTED: dict[str, tuple[str, str, str, dict[str, Any]]] = {
    "aws:backup/plan:Plan": ("backup", "list_backup_plans", "BackupPlansList[].BackupPlanId", {}),
    "aws:backup/vault:Vault": ("backup", "list_backup_vaults", "BackupVaultList[].BackupVaultName", {}),
    "aws:cloudwatch/logGroup:LogGroup": ("logs", "describe_log_groups", "logGroups[].logGroupName", {}),
    "aws:ebs/volume:Volume": ("ec2", "describe_volumes", "Volumes[?Tags[?Key=='backup']].VolumeId", {}),
    "aws:ec2/instance:Instance": ("ec2", "describe_instances", "Reservations[].Instances[].InstanceId", {}),
    "aws:ec2/natGateway:NatGateway": ("ec2", "describe_nat_gateways", "NatGateways[].NatGatewayId", {}),
    "aws:ec2/securityGroup:SecurityGroup": (
        "ec2",
        "describe_security_groups",
        "SecurityGroups[?GroupName!='default'].GroupId",
        {"Filters": OWN_VPC},
    ),
    "aws:ec2/subnet:Subnet": ("ec2", "describe_subnets", "Subnets[].SubnetId", {"Filters": OWN_VPC}),
    "aws:ec2/vpc:Vpc": ("ec2", "describe_vpcs", "Vpcs[].VpcId", {"Filters": OWN_VPC}),
    "aws:ec2/vpcEndpoint:VpcEndpoint": ("ec2", "describe_vpc_endpoints", "VpcEndpoints[].VpcEndpointId", {}),
    "aws:kms/key:Key": ("kms", "list_keys", "Keys[].KeyId", {}),
    "aws:sns/topic:Topic": ("sns", "list_topics", "Topics[].TopicArn", {}),
}
"""How the account lists what the state knows by an id: service, operation, where its answer has the ids, arguments."""

GLOBAL: dict[str, tuple[str, str, str, dict[str, Any]]] = {
    "aws:iam/policy:Policy": ("iam", "list_policies", "Policies[].Arn", {"Scope": "Local"}),
    "aws:iam/role:Role": (
        "iam",
        "list_roles",
        "Roles[?!starts_with(Path, '/aws-service-role/')].RoleName",
        {"MaxItems": 1000},
    ),
    "aws:s3/bucket:Bucket": ("s3", "list_buckets", "Buckets[].Name", {}),
}


def wait_for(running: subprocess.Popen[str], created: int) -> None:
    """Read the engine's output until it has created so many resources."""
    assert running.stdout
    seen = []
    for line in running.stdout:
        seen.append(line)
        created -= " created" in line
        if created == 0:
            return
    raise AssertionError("".join(seen))


def break_emulator(address: str, kind: str, requests: int) -> None:
    body = json.dumps({"kind": kind, "requests": requests}).encode()
    with urllib.request.urlopen(urllib.request.Request(f"{address}/_sandbox/faults", body, method="PUT")) as answer:  # noqa: S310 - loopback
        assert answer.status == 200


def in_account(address: str) -> dict[str, Counter[str]]:
    """What is really there, by type, asked without our plugin and our state."""

    def found(region: str, service: str, operation: str, path: str, arguments: dict[str, Any]) -> Counter[str]:
        client = boto3.client(
            service,
            region_name=region,
            endpoint_url=address,
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
        )
        pages = (
            client.get_paginator(operation).paginate(**{k: v for k, v in arguments.items() if k != "MaxItems"})
            if client.can_paginate(operation)
            else [getattr(client, operation)(**arguments)]
        )
        return Counter(one for page in pages for one in jmespath.search(path, page) or [])

    regional = {token: found("us-west-2", *how) + found("us-west-1", *how) for token, how in LISTED.items()}
    return regional | {token: found("us-west-2", *how) for token, how in GLOBAL.items()}


def in_state(sandbox: Sandbox) -> tuple[dict[str, Counter[str]], list[Any]]:
    state = json.loads(sandbox.pulumi("stack", "export", *STACK).stdout)["deployment"]
    held: dict[str, Counter[str]] = {token: Counter() for token in (*LISTED, *GLOBAL)}
    for resource in state["resources"]:
        if resource["type"] in held:
            held[resource["type"]][resource["id"]] += 1
    return held, state.get("pending_operations") or []


@pytest.mark.timeout(600)  # five runs of the whole environment, on a machine that may be busy
def test_an_environment_interrupted_again_and_again_is_finished_with_nothing_lost_or_doubled(sandbox: Sandbox) -> None:
    killed = sandbox.start(*UP)
    wait_for(killed, created=120)
    killed.kill()
    killed.communicate()

    address, _ = emulator(sandbox)
    failing = sandbox.start(*UP)
    wait_for(failing, created=40)
    break_emulator(address, "error", requests=60)
    output, _ = failing.communicate()
    assert failing.returncode != 0
    assert "told to fail" in output
    assert "Traceback" not in output

    break_emulator(address, "error", requests=0)
    throttled = sandbox.start(*UP)
    wait_for(throttled, created=40)
    break_emulator(address, "throttle", requests=60)
    output, _ = throttled.communicate()
    assert throttled.returncode != 0
    assert "Rate exceeded" in output
    assert "Traceback" not in output

    break_emulator(address, "throttle", requests=0)
    interrupted = sandbox.start(*UP)
    wait_for(interrupted, created=40)
    interrupted.send_signal(signal.SIGINT)
    output, _ = interrupted.communicate()
    assert interrupted.returncode != 0
    assert "Traceback" not in output

    finished = sandbox.pulumi(*UP)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    held, pending = in_state(sandbox)
    assert pending == []
    assert in_account(address) == held
    assert all(held.values()), "every type that is counted is there"
    refreshed = sandbox.pulumi("refresh", *STACK, "--yes", "--skip-preview", "--expect-no-changes")
    assert refreshed.returncode == 0, refreshed.stdout
    assert descendants_running(sandbox, "sandbox.aws_plugin") == []
    assert descendants_running(sandbox, "sandbox.language_host") == []
    assert list((sandbox.home / "created").glob("*")) == [], "every journal has done its part"
