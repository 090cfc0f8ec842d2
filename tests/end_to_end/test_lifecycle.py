"""The environment's whole life in the sandbox: made, unchanged, drifted, repaired, taken down."""

import json
import re
from typing import Any

import boto3
import pytest

from tests.end_to_end.conftest import Sandbox
from tests.end_to_end.stores import check_stores

STACK = ("--stack", "sandbox")
PACK = ("--policy-pack", "policy_pack", "--policy-pack-config", "stacks/policy.sandbox.json")


@pytest.fixture
def aws(sandbox: Sandbox) -> Any:
    """`aws("s3")` is a boto3 client of the emulator: what is there, seen without our plugin and our state."""
    exports = dict(re.findall(r"^export (AWS_\w+)='?([^'\n]*)'?$", sandbox.run("env", "--shell", "bash").stdout, re.M))

    def client(service: str, region: str = "us-west-2") -> Any:
        return boto3.client(
            service,
            region_name=region,
            endpoint_url=exports["AWS_ENDPOINT_URL"],
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
        )

    return client


def changes(output: str) -> dict[str, int]:
    """The engine's summary, as {"created": 12, "unchanged": 3}."""
    return {what: int(count) for count, what in re.findall(r"(?:[+~-]+ )?(\d+) (\w+)$", output, re.M)}


@pytest.mark.timeout(600)  # six runs of the whole environment, on a machine that may be busy
def test_up_again_drift_repair_destroy(sandbox: Sandbox, aws: Any) -> None:
    up = sandbox.pulumi("up", *STACK, *PACK, "--yes", "--skip-preview")
    assert up.returncode == 0, up.stdout
    created = changes(up.stdout)["created"]
    assert created > 50
    check_stores(aws)
    aws("sqs").create_queue(QueueName="unjudged")
    with pytest.raises(AssertionError, match="sqs"):
        check_stores(aws)
    aws("sqs").delete_queue(QueueUrl=aws("sqs").list_queues()["QueueUrls"][0])

    again = sandbox.pulumi("up", *STACK, *PACK, "--yes", "--skip-preview")
    assert again.returncode == 0, again.stdout
    assert changes(again.stdout) == {"unchanged": created}

    refresh = sandbox.pulumi("refresh", *STACK, "--yes", "--expect-no-changes")
    assert refresh.returncode == 0, refresh.stdout

    secrets = aws("secretsmanager")
    (secret,) = [one["ARN"] for one in secrets.list_secrets()["SecretList"] if one["Name"].startswith("signing-key")]
    value = secrets.get_secret_value(SecretId=secret)["SecretString"]
    assert len(value) >= 50, "the first rotation gives a secret its value"
    assert value not in sandbox.pulumi("stack", "export", *STACK, "--show-secrets").stdout

    state = json.loads(sandbox.pulumi("stack", "export", *STACK).stdout)["deployment"]["resources"]
    bucket = next(
        resource["outputs"]["bucket"]
        for resource in state
        if resource["type"] == "aws:s3/bucketVersioning:BucketVersioning"
    )
    aws("s3").put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    with pytest.raises(AssertionError, match=re.escape(bucket)):
        check_stores(aws)
    drifted = sandbox.pulumi("refresh", *STACK, "--yes", "--expect-no-changes")
    assert drifted.returncode != 0, "a hand-made change is drift"

    sandbox.pulumi("refresh", *STACK, "--yes")
    repaired = sandbox.pulumi("up", *STACK, *PACK, "--yes", "--skip-preview")
    assert repaired.returncode == 0, repaired.stdout
    assert aws("s3").get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"

    destroy = sandbox.pulumi("destroy", *STACK, "--yes", "--skip-preview")
    assert destroy.returncode == 0, destroy.stdout
    check_nothing_is_left(aws)


def check_nothing_is_left(aws: Any) -> None:
    assert aws("s3").list_buckets()["Buckets"] == []
    assert aws("rds").describe_db_clusters()["DBClusters"] == []
    assert aws("elasticache").describe_replication_groups()["ReplicationGroups"] == []
    assert aws("elasticache").describe_user_groups()["UserGroups"] == []
    assert aws("kafka").list_clusters()["ClusterInfoList"] == []
    assert aws("kafka").list_configurations()["Configurations"] == []
    assert aws("ec2").describe_volumes()["Volumes"] == []
    assert aws("ec2").describe_network_interfaces()["NetworkInterfaces"] == []
    assert aws("iam").list_instance_profiles()["InstanceProfiles"] == []
    assert aws("cloudtrail").describe_trails()["trailList"] == []
    vpcs = aws("ec2").describe_vpcs(Filters=[{"Name": "is-default", "Values": ["false"]}])["Vpcs"]
    assert vpcs == []
    assert aws("sns").list_topics()["Topics"] == []
    assert aws("lambda").list_functions()["Functions"] == []
    assert aws("glue").get_databases()["DatabaseList"] == []
    assert [group["Name"] for group in aws("athena").list_work_groups()["WorkGroups"]] == ["primary"]
    assert aws("cloudwatch").describe_alarms()["MetricAlarms"] == []
    for region in ("us-west-2", "us-west-1"):
        assert aws("config", region).describe_configuration_recorders()["ConfigurationRecorders"] == []
        assert aws("guardduty", region).list_detectors()["DetectorIds"] == []
        assert aws("accessanalyzer", region).list_analyzers()["analyzers"] == []
        assert aws("secretsmanager", region).list_secrets()["SecretList"] == []
        assert aws("backup", region).list_backup_vaults()["BackupVaultList"] == []
        keys = aws("kms", region)
        states = {keys.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["KeyState"] for key in keys.list_keys()["Keys"]}
        assert states <= {"PendingDeletion"}, "a key waits for its deletion window: nothing else may be left"
