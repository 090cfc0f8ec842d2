"""Encryption at rest: every store is encrypted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from policy_pack.tokens import DATABASE_CLUSTER, DATABASE_INSTANCE
from policy_pack.vocabulary import Finding, Props, Resource, Row, Rows, Severity, aws, declare, judge_rows, rule

ENCRYPTION_BY_DEFAULT = "aws:ebs/encryptionByDefault:EncryptionByDefault"
FILE_SYSTEM = "aws:efs/fileSystem:FileSystem"
VOLUME = "aws:ebs/volume:Volume"
CATALOGUE = "aws:glue/dataCatalogEncryptionSettings:DataCatalogEncryptionSettings"
WORKGROUP_RESULTS = ("configuration", "resultConfiguration", "encryptionConfiguration", "encryptionOption")


def _kept_by_athena(holder: Props) -> str | None:
    """Return how results are encrypted that a workgroup leaves with Athena."""
    if holder.where() != "configuration":
        return None
    managed = holder.has("managedQueryResultsConfiguration", "encryptionConfiguration", "kmsKey")
    return "SSE_KMS" if managed else None


ENCRYPTED: dict[str, Rows] = {
    VOLUME: Row(("encrypted",), inherits=("snapshotId",), controls=("SH:EC2.3",)),
    FILE_SYSTEM: Row(("encrypted",), controls=("SH:EFS.1", "SH:EFS.8", "CIS7:3.3.1")),
    DATABASE_CLUSTER: Row(
        ("storageEncrypted",),
        # Amazon RDS API Reference, CreateDBCluster: serverless v1 is always encrypted.
        unset=lambda cluster: cluster.get("engineMode") == "serverless",
        unless=("replicationSourceIdentifier",),
        inherits=("snapshotIdentifier", "globalClusterIdentifier", "restoreToPointInTime"),
        controls=("SH:RDS.27",),
    ),
    "aws:rds/globalCluster:GlobalCluster": Row(
        ("storageEncrypted",), unless=("sourceDbClusterIdentifier",), controls=("SH:RDS.27",)
    ),
    DATABASE_INSTANCE: Row(
        ("storageEncrypted",),
        unless=("replicateSourceDb",),
        inherits=("snapshotIdentifier", "restoreToPointInTime"),
        controls=("SH:RDS.3", "CIS7:3.2.1"),
    ),
    "aws:athena/database:Database": Row(("encryptionConfiguration", "encryptionOption"), ("SSE_KMS", "CSE_KMS")),
    "aws:athena/workgroup:Workgroup": (
        Row(("configuration", "enforceWorkgroupConfiguration"), unset=True, controls=("PH:ATHENA-SSE",)),
        Row(WORKGROUP_RESULTS, ("SSE_KMS", "CSE_KMS"), unset=_kept_by_athena, controls=("PH:ATHENA-SSE",)),
    ),
    "aws:dax/cluster:Cluster": Row(("serverSideEncryption", "enabled"), controls=("SH:DynamoDB.3",)),
    "aws:docdb/cluster:Cluster": Row(
        ("storageEncrypted",), inherits=("snapshotIdentifier", "globalClusterIdentifier", "restoreToPointInTime")
    ),
    "aws:docdb/globalCluster:GlobalCluster": Row(("storageEncrypted",), unless=("sourceDbClusterIdentifier",)),
    "aws:ec2/amiCopy:AmiCopy": Row(("encrypted",), controls=("SH:EC2.3",)),
    "aws:ebs/snapshotCopy:SnapshotCopy": Row(("encrypted",), controls=("SH:EC2.3",)),
    "aws:elasticache/replicationGroup:ReplicationGroup": Row(
        ("atRestEncryptionEnabled",),
        # Amazon ElastiCache API Reference, CreateReplicationGroup: true when using Valkey, else false.
        unset=lambda group: group.get("engine") == "valkey",
        unless=("globalReplicationGroupId",),
        controls=("SH:ElastiCache.4",),
    ),
    "aws:elasticsearch/domain:Domain": Row(("encryptAtRest", "enabled")),
    "aws:kinesis/stream:Stream": Row(("encryptionType",), ("KMS",), unset="NONE", controls=("SH:Kinesis.1",)),
    "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream": Row(
        ("serverSideEncryption", "enabled"),
        unless=("kinesisSourceConfiguration", "mskSourceConfiguration"),
        controls=("SH:DataFirehose.1",),
    ),
    "aws:neptune/cluster:Cluster": Row(
        ("storageEncrypted",),
        unless=("replicationSourceIdentifier",),
        inherits=("snapshotIdentifier", "globalClusterIdentifier"),
    ),
    "aws:neptune/globalCluster:GlobalCluster": Row(("storageEncrypted",), unless=("sourceDbClusterIdentifier",)),
    "aws:opensearch/domain:Domain": Row(("encryptAtRest", "enabled"), controls=("SH:Opensearch.1",)),
    # Amazon Redshift Management Guide, "Encryption at rest": new clusters are encrypted where nothing is said.
    "aws:redshift/cluster:Cluster": Row(
        ("encrypted",), (True, "true"), unset=True, inherits=("snapshotIdentifier", "snapshotArn")
    ),
    "aws:ecr/repository:Repository": Row(
        ("encryptionConfigurations", "encryptionType"), ("KMS", "KMS_DSSE"), unset="AES256", controls=("SH:ECR.5",)
    ),
    "aws:eks/cluster:Cluster": Row(("encryptionConfig", "resources"), ("secrets",), controls=("SH:EKS.3",)),
    CATALOGUE: (
        Row(
            ("dataCatalogEncryptionSettings", "encryptionAtRest", "catalogEncryptionMode"),
            ("SSE-KMS", "SSE-KMS-WITH-SERVICE-ROLE"),
        ),
        Row(("dataCatalogEncryptionSettings", "connectionPasswordEncryption", "returnConnectionPasswordEncrypted")),
    ),
    ENCRYPTION_BY_DEFAULT: Row(("enabled",), unset=True, controls=("SH:EC2.7", "CIS7:6.1.1")),
}


@rule(
    on=ENCRYPTED,
    severity=Severity.HIGH,
    promise="encryption",
    fix="encrypt the store when it is created; an existing one has to be copied into an encrypted one",
)
def storage_encrypted(store: Resource, row: Rows) -> Iterator[Finding]:
    """A stolen disk, backup or snapshot must be unreadable."""
    yield from judge_rows(row, store)


def _catalogue(mode: str) -> Any:
    passwords = {"returnConnectionPasswordEncrypted": True}
    return {"encryptionAtRest": {"catalogEncryptionMode": mode}, "connectionPasswordEncryption": passwords}


def _results(option: str) -> Any:
    return {"result_configuration": {"encryption_configuration": {"encryption_option": option}}}


@storage_encrypted.passes
def encrypted() -> None:
    aws.ebs.Volume("data", availability_zone="us-west-2a", size=100, encrypted=True)
    aws.efs.FileSystem("shared", encrypted=True)
    aws.rds.Cluster("orders", engine="aurora-postgresql", storage_encrypted=True)
    aws.rds.GlobalCluster("orders", global_cluster_identifier="orders", storage_encrypted=True)
    aws.rds.Instance("reports", instance_class="db.t4g.small", storage_encrypted=True)
    aws.athena.Database("events", name="events", encryption_configuration={"encryption_option": "SSE_KMS"})
    aws.athena.Workgroup("analysts", configuration=_results("SSE_KMS"))
    aws.ec2.AmiCopy("web", source_ami_id="ami-1", source_ami_region="us-west-2", encrypted=True)
    aws.ebs.SnapshotCopy("web", source_snapshot_id="snap-1", source_region="us-west-2", encrypted=True)
    aws.elasticache.ReplicationGroup("cache", description="Sessions", at_rest_encryption_enabled=True)
    aws.kinesis.Stream("events", shard_count=1, encryption_type="KMS")
    aws.ecr.Repository("web", encryption_configurations=[{"encryption_type": "KMS"}])
    aws.ebs.EncryptionByDefault("volumes")


@storage_encrypted.passes
def encrypted_of_the_other_kinds() -> None:
    declare("aws:dax/cluster:Cluster", serverSideEncryption={"enabled": True})
    declare("aws:docdb/cluster:Cluster", storageEncrypted=True)
    declare("aws:docdb/globalCluster:GlobalCluster", storageEncrypted=True)
    declare("aws:elasticsearch/domain:Domain", encryptAtRest={"enabled": True})
    declare(CATALOGUE, dataCatalogEncryptionSettings=_catalogue("SSE-KMS"))
    declare("aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream", serverSideEncryption={"enabled": True})
    declare("aws:neptune/cluster:Cluster", storageEncrypted=True)
    declare("aws:neptune/globalCluster:GlobalCluster", storageEncrypted=True)
    declare("aws:opensearch/domain:Domain", encryptAtRest={"enabled": True})
    declare("aws:redshift/cluster:Cluster", encrypted="true")
    declare("aws:eks/cluster:Cluster", encryptionConfig={"provider": {"keyArn": "key"}, "resources": ["secrets"]})


@storage_encrypted.passes
def encrypted_where_nothing_is_said() -> None:
    aws.elasticache.ReplicationGroup("cache", description="Sessions", engine="valkey")
    aws.rds.Cluster("orders", engine="aurora-postgresql", engine_mode="serverless")


@storage_encrypted.fails
def left_unencrypted() -> None:
    aws.rds.Instance("reports", instance_class="db.t4g.small")


@storage_encrypted.fails
def redis_left_at_its_default() -> None:
    aws.elasticache.ReplicationGroup("cache", description="Sessions", engine="redis")


@storage_encrypted.passes
def results_kept_by_athena_under_a_key() -> None:
    kept: Any = {"enabled": True, "encryption_configuration": {"kms_key": "arn:key"}}
    aws.athena.Workgroup("analysts", configuration={"managed_query_results_configuration": kept})


@storage_encrypted.fails
def results_wherever_the_client_wants_them() -> None:
    aws.athena.Workgroup("analysts", configuration={"enforce_workgroup_configuration": True})


@storage_encrypted.fails
def results_encrypted_by_s3() -> None:
    aws.athena.Workgroup("analysts", configuration=_results("SSE_S3"))


@storage_encrypted.fails
def a_catalogue_in_plain_text() -> None:
    declare(CATALOGUE, dataCatalogEncryptionSettings=_catalogue("DISABLED"))


@storage_encrypted.fails
def images_left_to_ecr() -> None:
    aws.ecr.Repository("web")


@storage_encrypted.fails
def volumes_not_encrypted_by_default() -> None:
    aws.ebs.EncryptionByDefault("volumes", enabled=False)


@storage_encrypted.undetermined
def decided_by_another_resource() -> None:
    marker = aws.ssm.Parameter("encrypt", type="String", value="yes")
    aws.ebs.Volume(
        "data",
        availability_zone="us-west-2a",
        size=100,
        encrypted=marker.arn.apply(lambda arn: arn.endswith("encrypt")),
    )


@storage_encrypted.undetermined
def as_the_snapshot_was() -> None:
    aws.rds.Instance("reports", instance_class="db.t4g.small", snapshot_identifier="reports-2026")
