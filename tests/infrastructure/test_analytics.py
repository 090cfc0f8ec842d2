"""The analytics database: nodes that nobody reaches from outside, replicas in other zones, and daily backups."""

import dataclasses
import subprocess

import pytest

from infrastructure.analytics import AnalyticsDatabaseArgs
from infrastructure.node_start import script
from infrastructure.promises import BrokenPromise
from tests.infrastructure.mocks import Registrations

GROUP = "analytics-database-id"
CLIENTS = "analytics-database-clients-id"


def test_nodes_have_no_public_address_no_key_pair_and_metadata_by_token_alone(environment: Registrations) -> None:
    isolated = {
        f"{subnet.name}-id"
        for subnet in environment.of("ec2/subnet:Subnet")
        if subnet.inputs["tags"]["tier"] == "isolated"
    }
    for node in environment.of("ec2/instance:Instance"):
        assert node.inputs["associatePublicIpAddress"] is False
        assert node.inputs["subnetId"] in isolated
        assert node.inputs["metadataOptions"]["httpTokens"] == "required"
        assert node.inputs["metadataOptions"]["httpPutResponseHopLimit"] == 1
        assert "keyName" not in node.inputs
        assert node.inputs["vpcSecurityGroupIds"] == [GROUP]


def test_replicas_of_a_shard_are_in_different_zones_with_their_volumes(environment: Registrations) -> None:
    subnets = {f"{subnet.name}-id": subnet.inputs["availabilityZone"] for subnet in environment.of("ec2/subnet:Subnet")}
    attached = {
        each.inputs["volumeId"]: each.inputs["instanceId"]
        for each in environment.of("ec2/volumeAttachment:VolumeAttachment")
    }
    volumes = {attached[f"{volume.name}-id"]: volume for volume in environment.of("ebs/volume:Volume")}
    zones: dict[str, list[str]] = {}
    for node in environment.of("ec2/instance:Instance"):
        zone = subnets[node.inputs["subnetId"]]
        assert volumes[f"{node.name}-id"].inputs["availabilityZone"] == zone
        zones.setdefault(node.inputs["tags"]["shard"], []).append(zone)
    assert zones
    for of_shard in zones.values():
        assert len(set(of_shard)) == len(of_shard) >= 2


def test_every_disk_is_encrypted_and_every_data_volume_in_the_backup_plan(environment: Registrations) -> None:
    key = environment.one("kms/key:Key", "customer-data-key").state["arn"]
    for node in environment.of("ec2/instance:Instance"):
        root = node.inputs["rootBlockDevice"]
        assert (root["encrypted"], root["kmsKeyId"], root["volumeType"]) == (True, key, "gp3")
        assert root["tags"]["data-class"] == node.inputs["tags"]["data-class"]
    for volume in environment.of("ebs/volume:Volume"):
        assert (volume.inputs["encrypted"], volume.inputs["kmsKeyId"], volume.inputs["type"]) == (True, key, "gp3")
        assert volume.inputs["tags"]["backup"] == "daily"
        assert volume.inputs["tags"]["retention-days"] == "35"


def test_nobody_ends_or_stops_a_node_outside_the_sandbox(environment: Registrations, stack: str) -> None:
    for node in environment.of("ec2/instance:Instance"):
        assert node.inputs["disableApiTermination"] is node.inputs["disableApiStop"] is (stack != "sandbox")


def test_nodes_are_reached_by_clients_and_each_other_over_tls_and_reach_only_aws(environment: Registrations) -> None:
    ingress = [
        (rule.inputs.get("referencedSecurityGroupId"), rule.inputs["fromPort"])
        for rule in environment.of("vpc/securityGroupIngressRule:SecurityGroupIngressRule")
        if rule.inputs["securityGroupId"] == GROUP
    ]
    between = {(GROUP, port) for port in (9010, 9234, 9281, 9440)}
    assert set(ingress) == {(CLIENTS, 8443), (CLIENTS, 9440)} | between
    egress = [
        rule.inputs
        for rule in environment.of("vpc/securityGroupEgressRule:SecurityGroupEgressRule")
        if rule.inputs["securityGroupId"] == GROUP
    ]
    assert all("cidrIpv4" not in rule for rule in egress)
    targets = {rule.get("referencedSecurityGroupId") or rule["prefixListId"] for rule in egress}
    assert targets == {GROUP, "network-endpoints-id", "s3-endpoint-prefix-list"}


def test_a_node_can_be_managed_and_write_backups_but_not_remove_them(environment: Registrations) -> None:
    role = environment.one("iam/role:Role", "analytics-database-node-role").state["name"]
    attached = [
        each.inputs["policyArn"]
        for each in environment.of("iam/rolePolicyAttachment:RolePolicyAttachment")
        if each.inputs["role"] == role
    ]
    assert attached == ["arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"]
    statements = environment.one("iam/rolePolicy:RolePolicy", "analytics-database-node-role-policy").document()
    bucket = environment.one("s3/bucket:Bucket", "analytics-database-backups").state["arn"]
    key = environment.one("kms/key:Key", "backups-key").state["arn"]
    allowed = {
        action: statement["Resource"]
        for statement in statements
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
    }
    assert allowed == {
        "s3:ListBucket": bucket,
        "s3:GetObject": f"{bucket}/*",
        "s3:PutObject": f"{bucket}/*",
        "s3:AbortMultipartUpload": f"{bucket}/*",
        "s3:DeleteObject": f"{bucket}/*/.lock",
        "kms:Decrypt": key,
        "kms:GenerateDataKey": key,
        "ec2:DescribeInstances": "*",
    }


def test_backups_are_locked_for_as_long_as_they_are_kept_and_gone_then(environment: Registrations, stack: str) -> None:
    bucket = environment.one("s3/bucket:Bucket", "analytics-database-backups")
    assert bucket.inputs["objectLockEnabled"] is True
    name = bucket.state["bucket"]
    (lock,) = [
        each.inputs["rule"]["defaultRetention"]
        for each in environment.of("s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration")
        if each.inputs["bucket"] == name
    ]
    assert lock == {"mode": "GOVERNANCE" if stack == "sandbox" else "COMPLIANCE", "days": 35}
    (rule,) = [
        each.inputs["rules"][0]
        for each in environment.of("s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration")
        if each.inputs["bucket"] == name
    ]
    assert rule["expiration"]["days"] + rule["noncurrentVersionExpiration"]["noncurrentDays"] == lock["days"]


def test_one_replica_of_each_shard_backs_it_up_daily(environment: Registrations) -> None:
    bucket = environment.one("s3/bucket:Bucket", "analytics-database-backups").state["bucket"]
    backing_up = [
        node.inputs["tags"]["shard"]
        for node in environment.of("ec2/instance:Instance")
        if f'to="https://{bucket}.s3.us-west-2.amazonaws.com/{node.inputs["tags"]["shard"]}/' in node.inputs["userData"]
        and "OnCalendar=*-*-* 04:00:00 UTC" in node.inputs["userData"]
    ]
    shards = {node.inputs["tags"]["shard"] for node in environment.of("ec2/instance:Instance")}
    assert sorted(backing_up) == sorted(shards)


@pytest.mark.parametrize("replica", [1, 2])
def test_the_first_start_is_a_shell_script_that_keeps_data_and_closes_plain_ports(replica: int) -> None:
    text = script("us-west-2", "backups", "/dev/sdf", 3, replica)
    checked = subprocess.run(["bash", "-n"], input=text, text=True, capture_output=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, "")
    if replica == 1:
        assert text.index("BACKUP ALL") < text.index("INSERT INTO FUNCTION s3('$note'"), "what failed leaves no note"
        assert "set -euo pipefail" in text[text.index("<<'BACKUP'") : text.index("BACKUP ALL")]
    assert "blkid /dev/sdf || mkfs.xfs /dev/sdf" in text, "a volume with data on it is never formatted"
    assert f"<macros><shard>3</shard><replica>{replica}</replica></macros>" in text
    for port in ("http_port", "tcp_port", "interserver_http_port"):
        assert f'<{port} remove="remove"/>' in text


@pytest.mark.parametrize(
    ("change", "promise"),
    [
        ({"shards": 0}, "Business Continuity"),
        ({"replicas": 1}, "Business Continuity"),
        ({"replicas": 4}, "Business Continuity"),
        ({"volume_gib": 1}, "Business Continuity"),
        ({"backup_retention_days": 34}, "Backup: kept 35 days"),
    ],
)
def test_a_database_that_would_break_a_promise_is_refused(change: dict[str, int], promise: str) -> None:
    names = [field.name for field in dataclasses.fields(AnalyticsDatabaseArgs)]
    good = dict.fromkeys(names) | {"shards": 1, "replicas": 2, "volume_gib": 20, "backup_retention_days": 35}
    with pytest.raises(BrokenPromise, match=promise):
        AnalyticsDatabaseArgs(**good | change)  # type: ignore[arg-type] # only the numbers are looked at
